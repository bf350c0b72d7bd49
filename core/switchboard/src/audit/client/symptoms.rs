//! The symptoms that checks of a client may name.
//!
//! A symptom is something observed in a session. The table of checks says which symptom is a
//! failure and which a warning.

use super::session::{ClientSession, is_request};

/// The client's session in one check, and the keys of the whole run.
///
/// The symptoms are detected in them.
pub(crate) struct Seen<'a> {
    pub(crate) visit: &'a ClientSession,
    /// The Sec-WebSocket-Key values of all handshakes of the run.
    pub(crate) keys: &'a [String],
}

/// The detection of a symptom: returns a sentence if it is seen.
pub(crate) type Symptom = fn(&Seen<'_>) -> Option<String>;

/// The symptoms of a client: name, detection, description.
pub(crate) const SYMPTOMS: &[(&str, Symptom, &str)] = &[
    // Symptoms of the client's requests.
    ("bad-request", bad_request, "the request breaks a rule"),
    ("early", early, "the client goes on before its offer is answered"),
    ("same-key", same_key, "two handshakes have the same key"),
    // Symptoms of the switch.
    ("unopened", unopened, "the client does not speak the new protocol"),
    ("unheard", unheard, "the client speaks the new protocol, and does not answer the ping"),
    ("unacknowledged", unacknowledged, "the client does not acknowledge the server's SETTINGS"),
    ("leaves-at-once", leaves_at_once, "the client leaves as soon as it is open"),
    ("opened", opened, "the client speaks the new protocol"),
    ("left-open", left_open, "the client sends nothing, and leaves the connection open"),
    // Symptoms of later requests.
    ("asked-again", asked_again, "the client asks again on the same connection"),
    ("no-retry", no_retry, "the client does not ask again"),
    ("bad-retry", bad_retry, "the next request breaks a rule"),
    (
        "hasty-retry",
        hasty_retry,
        "the next request comes on the same connection before the answer is complete",
    ),
];

impl Seen<'_> {
    /// Describes in a sentence what the client did, for a check that passes.
    pub(crate) fn summary(&self) -> String {
        let visit = self.visit;
        if visit.requests.is_empty() {
            return format!("{} handshakes, each with a key of its own", self.keys.len());
        }
        let answered = if visit.has_pong() { ", and answers the ping" } else { "" };
        let what = match () {
            () if visit.is_open() => format!("the client speaks the new protocol{answered}"),
            () if visit.has_left() => "the client sends a Close frame and nothing else".into(),
            () if visit.requests.len() > 1 => "the client asks again".into(),
            () if visit.has_ended => "the client closes the connection".into(),
            () => "the client sends nothing more".into(),
        };
        let code = visit.ended.as_ref().and_then(|ended| ended.code);
        code.map_or(what.clone(), |code| format!("{what}; its command ends with {code}"))
    }
}

fn bad_request(seen: &Seen<'_>) -> Option<String> {
    seen.visit.first()?.fault().map(|fault| format!("the request breaks a rule: {fault}"))
}

/// Detects bytes that the client sent between its first request and the response.
///
/// Only after a request with an offer. Pipelined requests are allowed, except after a WebSocket
/// handshake.
fn early(seen: &Seen<'_>) -> Option<String> {
    let (early, first) = (&seen.visit.early, seen.visit.first()?);
    let offers =
        |token: &str| first.offers.iter().any(|(each, _)| each.eq_ignore_ascii_case(token));
    let is_wrong = offers("websocket") || !first.offers.is_empty() && !is_request(early);
    (!early.is_empty() && is_wrong)
        .then(|| format!("{} bytes followed the offer before it was answered", early.len()))
}

fn same_key(seen: &Seen<'_>) -> Option<String> {
    let mut keys = seen.keys.to_vec();
    keys.sort();
    let same = keys.windows(2).find(|pair| pair[0] == pair[1])?;
    Some(format!(
        "{} of {} handshakes had the key {}",
        keys.iter().filter(|key| **key == same[0]).count(),
        keys.len(),
        same[0]
    ))
}

/// Detects that the client does not speak the new protocol.
fn unopened(seen: &Seen<'_>) -> Option<String> {
    let what = match () {
        () if seen.visit.is_open() => return None,
        () if seen.visit.has_left() => {
            "after the 101 the client sent a Close frame and nothing else"
        }
        () if seen.visit.has_ended => "after the 101 the client closed the connection",
        () => "after the 101 the client sent nothing",
    };
    Some(what.into())
}

/// Detects that the client speaks WebSocket, but does not answer the Ping.
fn unheard(seen: &Seen<'_>) -> Option<String> {
    (seen.visit.is_open() && !seen.visit.has_pong()).then(|| {
        "the ping was not answered, which it is when it comes a moment after the 101".into()
    })
}

/// Detects that the client speaks HTTP/2, but does not acknowledge SETTINGS.
fn unacknowledged(seen: &Seen<'_>) -> Option<String> {
    (seen.visit.is_open() && !seen.visit.has_acknowledged())
        .then(|| "the server's SETTINGS were not acknowledged".into())
}

/// Detects that the client ends normally without having spoken the new protocol.
///
/// It sends a Close frame without an error code, or its command ends with exit status 0.
fn leaves_at_once(seen: &Seen<'_>) -> Option<String> {
    let is_content = seen.visit.ended.as_ref().is_some_and(|ended| ended.code == Some(0));
    (!seen.visit.is_open() && (seen.visit.has_left_normally() || is_content))
        .then(|| "the client leaves as soon as it is open".into())
}

/// Detects that the client speaks the new protocol.
fn opened(seen: &Seen<'_>) -> Option<String> {
    seen.visit.is_open().then(|| "the client speaks the new protocol".into())
}

/// Detects that the client leaves the connection open and sends no new protocol.
///
/// It has sent no bytes of it and no Close frame, and has not closed the connection.
fn left_open(seen: &Seen<'_>) -> Option<String> {
    (!seen.visit.is_open() && !seen.visit.has_left() && !seen.visit.has_ended)
        .then(|| "the client sent nothing, and left the connection open".into())
}

/// Detects that the client sent another request, and all on the same connection.
fn asked_again(seen: &Seen<'_>) -> Option<String> {
    let is_same = seen.visit.requests.len() > 1 && !seen.visit.has_moved;
    is_same.then(|| "the client asked again on the same connection".into())
}

fn no_retry(seen: &Seen<'_>) -> Option<String> {
    (seen.visit.requests.len() < 2)
        .then(|| "the client does not ask again after a 426, which it need not".into())
}

fn bad_retry(seen: &Seen<'_>) -> Option<String> {
    seen.visit.requests.get(1)?.fault().map(|fault| format!("the retry breaks a rule: {fault}"))
}

fn hasty_retry(seen: &Seen<'_>) -> Option<String> {
    seen.visit.was_hasty.then(|| {
        "the retry came on the same connection before the content of the 426 was there".into()
    })
}
