//! The sizes of sets that must not shrink, such as vectors, cases and rows.
//!
//! The sizes stand in `numbers.txt` and nowhere else.

use std::process::Command;

use crate::home;

/// Returns the number of a set by the file, and whether it is frozen.
fn known(name: &str) -> Option<(bool, usize)> {
    let text = std::fs::read_to_string(home().join("tools/numbers.txt")).expect("numbers.txt");
    let mut lines = text.lines().filter_map(|line| line.trim_start().split_once(' '));
    let (number, _) = lines.find(|(_, known)| *known == name)?;
    let frozen = number.strip_prefix('=');
    Some((frozen.is_some(), frozen.unwrap_or(number).parse().ok()?))
}

/// Checks that a set has as many members as the file says.
///
/// It may have more where it is not frozen.
///
/// A set without a row must have one at least. `BLESS=1` renews a number that is wrong, and prints
/// both.
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
