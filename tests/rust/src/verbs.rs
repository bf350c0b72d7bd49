//! The refusals of a verb: the core's table, held against what occurs.

use switchover::binding::VERBS;
use switchover::{Blame, Error, ErrorKind};

/// Checks that a verb gives no error but those of its row.
pub(crate) fn check_refusal(verb: &str, error: &Error) {
    let row = VERBS
        .iter()
        .find(|row| row.name == verb)
        .unwrap_or_else(|| panic!("{verb} is in no table"));
    // After the peer's error a call says which one it was.
    let kind = if error.blame() == Blame::Peer { ErrorKind::Failed } else { error.kind() };
    assert!(
        row.errors.contains(&kind),
        "{verb} is refused with {}, which is not listed",
        kind.name()
    );
}
