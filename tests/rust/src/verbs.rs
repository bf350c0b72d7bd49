//! The check that a method returns only errors that the core's `VERBS` lists.

use switchover::binding::VERBS;
use switchover::{Blame, Error, ErrorKind};

/// Asserts that `VERBS` lists an error for the method that returned it.
pub(crate) fn check_refusal(verb: &str, error: &Error) {
    let row = VERBS
        .iter()
        .find(|row| row.name == verb)
        .unwrap_or_else(|| panic!("{verb} is in no table"));
    // After an error of the peer, calls return that error; the table lists it as `Failed`.
    let kind = if error.blame() == Blame::Peer { ErrorKind::Failed } else { error.kind() };
    assert!(
        row.errors.contains(&kind),
        "{verb} is refused with {}, which is not listed",
        kind.name()
    );
}
