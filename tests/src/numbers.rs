//! How many there are: of vectors, cases, rows.
//!
//! The numbers stand in `numbers.txt` and nowhere else.

use std::process::Command;

use crate::home;

/// The number that the file has under that name.
pub fn number(name: &str) -> Option<usize> {
    known(name).map(|(_, number)| number)
}

/// The same, and whether the set is frozen.
fn known(name: &str) -> Option<(bool, usize)> {
    let text = std::fs::read_to_string(home().join("numbers.txt")).expect("numbers.txt");
    let mut lines = text.lines().filter_map(|line| line.trim_start().split_once(' '));
    let (number, _) = lines.find(|(_, known)| *known == name)?;
    let frozen = number.strip_prefix('=');
    Some((frozen.is_some(), frozen.unwrap_or(number).parse().ok()?))
}

/// Fails where there are fewer than the file has under that name, or others than a frozen set has.
/// `BLESS=1` renews the number, and prints both.
pub fn check(name: &str, found: usize) {
    if std::env::var_os("BLESS").is_some() {
        let renewed =
            Command::new(home().join("numbers")).args([name, &found.to_string()]).status();
        assert!(renewed.is_ok_and(|status| status.success()), "{name} cannot be renewed");
    }
    let (is_frozen, number) = known(name).unwrap_or_else(|| panic!("numbers.txt has no {name:?}"));
    let is_right = if is_frozen { found == number } else { found >= number };
    assert!(is_right, "{name}: numbers.txt has {number}, there are {found}; BLESS=1 renews it");
}
