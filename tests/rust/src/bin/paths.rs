//! Prints the ways to scan that this machine has, the one that programs get first.
//!
//! Tests take one as `SCAN`.

fn main() {
    for path in switchover::binding::ScanPath::available() {
        println!("{}", path.name());
    }
}
