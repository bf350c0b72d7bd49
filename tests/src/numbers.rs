//! How many there are: of vectors, cases, rows. The numbers stand in `numbers.txt` and nowhere else.

use std::process::Command;

use crate::home;

/// The number that the file has under that name.
pub fn number(name: &str) -> Option<usize> {
    let text = std::fs::read_to_string(home().join("numbers.txt")).expect("numbers.txt");
    let mut lines = text.lines().filter_map(|line| line.trim_start().split_once(' '));
    lines.find(|(_, known)| *known == name).and_then(|(number, _)| number.parse().ok())
}

/// Fails unless the file has exactly that number under that name. `BLESS=1` renews it, and prints both.
pub fn check(name: &str, found: usize) {
    if std::env::var_os("BLESS").is_some() {
        let renewed = Command::new(home().join("numbers")).args([name, &found.to_string()]).status();
        assert!(renewed.is_ok_and(|status| status.success()), "{name} cannot be renewed");
    }
    assert_eq!(number(name), Some(found), "{name}: numbers.txt and what there is; BLESS=1 renews it");
}
