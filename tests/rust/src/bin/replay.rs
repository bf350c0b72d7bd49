//! Checks every file of some folders with a target: `replay TARGET FOLDER…`.
//!
//! For coverage, and for crashes in number.

use switchover_tests::fuzz::target;

fn main() -> std::io::Result<()> {
    let mut words = std::env::args().skip(1);
    let name = words.next().expect("replay TARGET FOLDER…");
    let target = target(&name).expect("a target");
    let mut checked = 0;
    for folder in words {
        for entry in std::fs::read_dir(folder)? {
            // Fuzzing may go on meanwhile, and put a smaller file in the place of one.
            if let Ok(bytes) = std::fs::read(entry?.path()) {
                (target.check)(&bytes);
                checked += 1;
            }
        }
    }
    println!("{name}: {checked} files");
    Ok(())
}
