//! The needs of the checks of a server, and how the user can meet them.

use super::exchange::Exchange;
use super::finding::Missing;

/// The needs that a server check may name, besides the IDs of other checks.
///
/// Each has its name, the reason if it is not met, and the remedy. Those from `answered` on are
/// decided by the control, which is the exchange without the part under test.
pub(crate) const NEEDS: &[(&str, &str, &str)] = &[
    ("websocket", "no WebSocket resource was named", "say --websocket PATH"),
    ("token", "no protocol was named", SAY_OFFER),
    (
        "connect-udp",
        "no proxy of UDP was named",
        "say --offer connect-udp=PATH, with a target in the path",
    ),
    ("cleartext", "it is about cleartext", "give an http URL"),
    (
        "heard",
        "a request with an unknown offer is not answered at all (S01)",
        "have the server answer it as without the offer",
    ),
    ("answered", "the control is not answered either", "name another resource"),
    (
        "persistent",
        "the second request of the control is not answered either",
        "name a resource that keeps the connection, and takes requests one behind the other",
    ),
    (
        "closing",
        "the control is not answered and then closed either",
        "name a resource at which `Connection: close` closes it",
    ),
    (
        "continue",
        "the control gets no 100 either",
        "name a resource that takes a POST, by --post PATH",
    ),
    (
        "refused-400",
        "the control is not answered 400 either",
        "audit the server itself, and nothing before it that would add a Host; then mend what it \
         does without one",
    ),
];
pub(crate) const SAY_OFFER: &str = "say --offer TOKEN=PATH";

/// Returns the need as unmet if the control exchange does not meet it; else `None`.
pub(crate) fn missing_in_control(need: &str, control: &Exchange) -> Option<Missing> {
    let is_answered = control.first().is_some_and(|first| first.is_whole);
    let has_continued =
        || control.first().is_some_and(|first| first.interim.iter().any(|head| head.status == 100));
    let is_met = match need {
        "answered" => is_answered,
        "persistent" => control.is_complete(),
        "closing" => is_answered && control.has_ended,
        "continue" => has_continued(),
        "refused-400" => control.status() == Some(400),
        _ => true,
    };
    if is_met { None } else { lack(need) }
}

/// Returns the reason and the remedy of the unmet need with that name.
///
/// `None` for a name that is not in `NEEDS`.
pub(crate) fn lack(need: &str) -> Option<Missing> {
    NEEDS
        .iter()
        .find(|(name, ..)| *name == need)
        .map(|(_, what, remedy)| Missing::new(*what, *remedy))
}
