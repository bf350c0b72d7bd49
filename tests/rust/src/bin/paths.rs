//! A program that prints the names of the scan paths that this machine supports.
//!
//! A scan path is the choice of CPU instructions that the engine scans bytes with. The first one
//! is the default. If the variable `SCAN` is set, most tests use the one that it names.

fn main() {
    for path in switchover::binding::ScanPath::available() {
        println!("{}", path.name());
    }
}
