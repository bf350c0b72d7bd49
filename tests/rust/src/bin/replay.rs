//! A program that runs a fuzz target on all files of folders.
//!
//! `replay TARGET FOLDER…` is used to measure coverage, and to check many crashes at once. Each
//! file is checked once for each scan path of this machine.

use switchover::binding::ScanPath;
use switchover_tests::fuzz::target;

fn main() -> std::io::Result<()> {
    let mut words = std::env::args().skip(1);
    let name = words.next().expect("replay TARGET FOLDER…");
    let target = target(&name).expect("a target");
    let paths: Vec<ScanPath> = ScanPath::available().collect();
    let mut checked = 0;
    for folder in words {
        for entry in std::fs::read_dir(folder)? {
            // A fuzzer that runs at the same time may replace a file by a smaller one.
            if let Ok(bytes) = std::fs::read(entry?.path()) {
                // The fastest path is the last one, so that it stays in use.
                for path in paths.iter().rev() {
                    assert!(path.force(), "{path:?} is available");
                    (target.check)(&bytes);
                }
                checked += 1;
            }
        }
    }
    println!("{name}: {checked} files");
    Ok(())
}
