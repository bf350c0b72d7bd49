//! The check of the sizes of sets that must not shrink, such as vectors or cases.
//!
//! The expected sizes are in `tools/numbers.txt` and nowhere else.

use std::process::Command;

use crate::home;

/// Returns a set's row in `numbers.txt`: whether it is frozen, and its size.
///
/// `None` if the file has no row for the set.
fn known(name: &str) -> Option<(bool, usize)> {
    let text = std::fs::read_to_string(home().join("tools/numbers.txt")).expect("numbers.txt");
    let mut lines = text.lines().filter_map(|line| line.trim_start().split_once(' '));
    let (number, _) = lines.find(|(_, known)| *known == name)?;
    let frozen = number.strip_prefix('=');
    Some((frozen.is_some(), frozen.unwrap_or(number).parse().ok()?))
}

/// Asserts that a set has at least the size that `numbers.txt` expects.
///
/// A frozen set must have exactly that size, and a set without a row at least one member. With
/// `BLESS=1` a wrong number is replaced in the file, and both numbers are printed.
pub fn check(name: &str, found: usize) {
    if known(name).is_some() && std::env::var_os("BLESS").is_some() {
        let renewed =
            Command::new(home().join("tools/numbers")).args([name, &found.to_string()]).status();
        assert!(renewed.is_ok_and(|status| status.success()), "{name} cannot be renewed");
    }
    let (is_frozen, number) = known(name).unwrap_or((false, 1));
    let is_right = if is_frozen { found == number } else { found >= number };
    assert!(
        is_right,
        "{name}: there should be {number}, there are {found}; BLESS=1 renews numbers.txt"
    );
}
