//! The symptoms that checks of an intermediary may name.
//!
//! A symptom is something observed on either side. The table of checks says which symptom is a
//! failure and which a warning.

use super::origin::{BYE, Log};
use crate::audit::exchange::Exchange;
use crate::audit::frames::CLOSE;
use crate::audit::probes::Spoken;
use crate::audit::request_reader::Request;
use crate::audit::response_reader::Head;

/// The records of both sides of the proxy, in which symptoms are detected.
pub(crate) struct Seen<'a> {
    /// The exchange on the client's side.
    pub(crate) exchange: &'a Exchange,
    /// The record of the origin's side.
    pub(crate) log: &'a Log,
    /// A plain request as it was sent, if the proxy forwards it changed; else `None`.
    pub(crate) changed: Option<&'a [u8]>,
}

/// The detection of a symptom: returns a sentence if it is seen.
pub(crate) type Symptom = fn(&Seen<'_>) -> Option<String>;

/// The symptoms of an intermediary: name, detection, description.
pub(crate) const SYMPTOMS: &[(&str, Symptom, &str)] = &[
    // Symptoms at the origin.
    ("unforwarded", unforwarded, "the origin gets no request"),
    ("unseen", unseen, "the origin gets no request, and the client no 101"),
    ("unoffered", unoffered, "no offer of websocket reaches the origin"),
    ("offer-seen", offer_seen, "an offer reaches the origin"),
    ("upgrade-seen", upgrade_seen, "Upgrade reaches the origin"),
    (
        "upgrade-without-option",
        upgrade_without_option,
        "Upgrade reaches the origin without Connection: Upgrade",
    ),
    ("settings-seen", settings_seen, "HTTP2-Settings reaches the origin"),
    ("settings-alone", settings_alone, "HTTP2-Settings reaches the origin without Upgrade"),
    ("hop-seen", hop_seen, "a field that Connection names reaches the origin"),
    ("content-lost", content_lost, "the content does not reach the origin as it was sent"),
    ("content-cut", content_cut, "the client gets the 101, and the origin not all of the content"),
    (
        "tunnel",
        tunnel,
        "the request after the offer reaches the origin byte for byte, and alone it is changed",
    ),
    ("no-via", no_via, "the origin gets no Via"),
    // Symptoms of the responses to the client.
    ("unanswered", unanswered, "the origin's answer does not reach the client"),
    ("not-5xx", not_5xx, "the client gets no 5xx"),
    ("next-lost", next_lost, "the next request is not answered, and the connection stays open"),
    (
        "closed-unsaid",
        closed_unsaid,
        "the connection is closed before the next request is answered, and no answer announces it",
    ),
    ("stays-open", stays_open, "the connection stays open after the answer"),
    ("unnamed-426", unnamed_426, "the 426 reaches the client without Upgrade"),
    ("bare-426", bare_426, "the 426 reaches the client with Upgrade, without Connection: Upgrade"),
    ("no-426", no_426, "no 426 reaches the client"),
    (
        "framed-tunnel",
        framed_tunnel,
        "a 2xx to CONNECT reaches the client with Content-Length or Transfer-Encoding",
    ),
    // Symptoms of the switch.
    ("switched", switched, "the client gets a 101"),
    ("misnamed", misnamed, "the client gets a 101 to another protocol than it has offered"),
    (
        "tunnelled",
        tunnelled,
        "the proxy answers CONNECT with a 2xx, though nothing listens at its target",
    ),
    (
        "answered-after-refusal",
        answered_after_refusal,
        "what follows the refused CONNECT is answered as a request",
    ),
    ("lost-switch", lost_switch, "the origin answers 101, and the client does not get it"),
    (
        "bare-101",
        bare_101,
        "the 101 reaches the client without Upgrade, or without Connection: Upgrade",
    ),
    ("interim-lost", interim_lost, "the client gets the 101, and not all of the 1xx before it"),
    ("length-relayed", length_relayed, "the 101 reaches the client with Content-Length"),
    (
        "leftover-lost",
        leftover_lost,
        "the bytes in the segment of the 101 do not reach the client, or not first",
    ),
    ("mute", mute, "after the 101 a message to the origin does not come back"),
    ("end-lost", end_lost, "what the origin says after the client's end does not reach the client"),
];

/// Splits a name in a table of checks into a symptom and a kind of proxy.
///
/// `Some(true)` stands for forward proxies (`-of-proxy`), `Some(false)` for others (`-of-gateway`),
/// `None` for both.
pub(crate) fn named(word: &str) -> (&str, Option<bool>) {
    match (word.strip_suffix("-of-proxy"), word.strip_suffix("-of-gateway")) {
        (Some(name), _) => (name, Some(true)),
        (_, Some(name)) => (name, Some(false)),
        _ => (word, None),
    }
}

/// Returns whether a name in a table means that symptom and this kind of proxy.
pub(crate) fn means(word: &str, name: &str, is_forward: bool) -> bool {
    let (named, whose) = named(word);
    named == name && whose.is_none_or(|whose| whose == is_forward)
}

impl Seen<'_> {
    /// Returns the head of the 101 that the client received.
    fn switch(&self) -> Option<&Head> {
        self.heads().find(|head| head.status == 101)
    }

    fn heads(&self) -> impl Iterator<Item = &Head> {
        self.exchange.answers.iter().filter_map(|answer| answer.head.as_ref())
    }

    /// Describes in a sentence what reached the origin and the client.
    ///
    /// It is the reason of a check that passes without a symptom to report.
    pub(crate) fn summary(&self) -> String {
        let requests = self.log.requests.len();
        let upgrade = self.log.requests.iter().find_map(|request| request.field("upgrade"));
        let offer = upgrade.map_or(String::new(), |value| format!(", with Upgrade: {value}"));
        let number =
            if requests == 1 { "1 request".into() } else { format!("{requests} requests") };
        format!("the origin got {number}{offer}; the client got {}", self.status())
    }

    fn status(&self) -> String {
        self.exchange.status().map_or("nothing".into(), |status| status.to_string())
    }
}

// Symptoms at the origin.

fn unforwarded(seen: &Seen<'_>) -> Option<String> {
    seen.log
        .requests
        .is_empty()
        .then(|| format!("the origin got no request, the client {}", seen.status()))
}

/// Detects that the origin got no request, and the client no 101.
fn unseen(seen: &Seen<'_>) -> Option<String> {
    unforwarded(seen).filter(|_| seen.switch().is_none())
}

/// Detects that no offer of websocket reached the origin.
fn unoffered(seen: &Seen<'_>) -> Option<String> {
    let offers = seen.log.requests.iter().flat_map(|request| &request.offers);
    let is_offered = offers.into_iter().any(|(token, _)| token.eq_ignore_ascii_case("websocket"));
    (!is_offered).then(|| {
        format!("no offer of websocket has reached the origin; the client got {}", seen.status())
    })
}

/// Detects that an offer reached the origin.
fn offer_seen(seen: &Seen<'_>) -> Option<String> {
    let (token, _) = seen.log.requests.iter().flat_map(|request| &request.offers).next()?;
    Some(format!("the origin got an offer of {token}"))
}

/// Detects that `Upgrade` reached the origin.
fn upgrade_seen(seen: &Seen<'_>) -> Option<String> {
    let value = seen.log.requests.iter().find_map(|request| request.field("upgrade"))?;
    Some(format!("the origin got Upgrade: {value}"))
}

fn upgrade_without_option(seen: &Seen<'_>) -> Option<String> {
    let bare = |request: &&Request| {
        request.field("upgrade").is_some() && !request.lists("connection", "upgrade")
    };
    let request = seen.log.requests.iter().find(bare)?;
    let connection = request
        .field("connection")
        .map_or("no Connection".into(), |value| format!("Connection: {value}"));
    Some(format!(
        "the origin got Upgrade: {}, and {connection}",
        request.field("upgrade").unwrap_or_default()
    ))
}

fn settings_seen(seen: &Seen<'_>) -> Option<String> {
    seen.log.requests.iter().find_map(|request| request.field("http2-settings"))?;
    Some("the origin got HTTP2-Settings".into())
}

/// Detects HTTP2-Settings at the origin without the Upgrade field it belongs to.
fn settings_alone(seen: &Seen<'_>) -> Option<String> {
    settings_seen(seen)
        .filter(|_| upgrade_seen(seen).is_none())
        .map(|what| format!("{what}, without Upgrade"))
}

fn hop_seen(seen: &Seen<'_>) -> Option<String> {
    seen.log.requests.iter().find_map(|request| request.field("x-hop"))?;
    Some("the origin got X-Hop, which Connection names".into())
}

fn content_lost(seen: &Seen<'_>) -> Option<String> {
    let request = seen.log.requests.first()?;
    (request.content != b"hello" || !request.is_whole).then(|| {
        format!("of the content `hello` the origin got `{}`", request.content.escape_ascii())
    })
}

/// Detects that the client got the 101, but the origin not all of the content.
fn content_cut(seen: &Seen<'_>) -> Option<String> {
    seen.switch()?;
    content_lost(seen)
}

/// Detects that a later request reached the origin unchanged, as in a tunnel.
///
/// Detects nothing for a proxy that forwards the request unchanged in any case.
fn tunnel(seen: &Seen<'_>) -> Option<String> {
    let sent = seen.changed?;
    (seen.log.requests.iter().skip(1).any(|request| request.head == sent)).then(|| {
        "the request after the offer reached the origin byte for byte; alone it is changed".into()
    })
}

fn no_via(seen: &Seen<'_>) -> Option<String> {
    let is_missing = seen.log.requests.first()?.field("via").is_none();
    is_missing.then(|| "the origin got no Via".into())
}

// Symptoms of the responses to the client.

fn unanswered(seen: &Seen<'_>) -> Option<String> {
    let first = seen.exchange.first();
    let is_relayed = first.is_some_and(|first| first.is_whole)
        && seen.exchange.came.windows(7).any(|window| window == b"origin\n");
    (!is_relayed).then(|| {
        format!("the answer of the origin was not relayed; the client got {}", seen.status())
    })
}

fn not_5xx(seen: &Seen<'_>) -> Option<String> {
    let is_5xx = seen.exchange.status().is_some_and(|status| (500..600).contains(&status));
    let what = if seen.exchange.has_ended {
        "the connection was closed"
    } else {
        "the connection stayed open"
    };
    (!is_5xx).then(|| format!("the client got {} and no 5xx, and {what}", seen.status()))
}

/// Detects that the next request got no response, and the connection stayed open.
///
/// Only after a complete first response that lets the connection persist.
fn next_lost(seen: &Seen<'_>) -> Option<String> {
    let first = seen.exchange.first().filter(|first| first.is_whole)?;
    (first.persists && !seen.exchange.is_complete() && !seen.exchange.has_ended)
        .then(|| "the next request was not answered, and the connection stayed open".into())
}

fn closed_before_next(seen: &Seen<'_>) -> Option<String> {
    let is_answered = seen.exchange.first().is_some_and(|first| first.is_whole);
    (is_answered && !seen.exchange.is_complete() && next_lost(seen).is_none())
        .then(|| "the connection was closed before the next request was answered".into())
}

/// Detects that the connection closed before the next response, unannounced.
///
/// It is announced if the first response does not let the connection persist.
fn closed_unsaid(seen: &Seen<'_>) -> Option<String> {
    closed_before_next(seen).filter(|_| seen.exchange.first().is_some_and(|first| first.persists))
}

fn stays_open(seen: &Seen<'_>) -> Option<String> {
    let is_answered = seen.exchange.first().is_some_and(|first| first.is_whole);
    (is_answered && !seen.exchange.has_ended)
        .then(|| "the connection stayed open after the answer".into())
}

fn unnamed_426(seen: &Seen<'_>) -> Option<String> {
    let head = seen.heads().find(|head| head.status == 426)?;
    (!head.has("upgrade")).then(|| {
        "the 426 reached the client without Upgrade, which its Connection has named".into()
    })
}

fn bare_426(seen: &Seen<'_>) -> Option<String> {
    let head = seen.heads().find(|head| head.status == 426)?;
    (head.has("upgrade") && !head.lists("connection", "upgrade"))
        .then(|| "the 426 reached the client without Connection: Upgrade".into())
}

fn no_426(seen: &Seen<'_>) -> Option<String> {
    let is_relayed = seen.heads().any(|head| head.status == 426);
    (!is_relayed)
        .then(|| format!("the proxy does not relay a 426; the client got {}", seen.status()))
}

fn framed_tunnel(seen: &Seen<'_>) -> Option<String> {
    let head = seen.heads().find(|head| (200..300).contains(&head.status))?;
    let field = ["Content-Length", "Transfer-Encoding"].into_iter().find(|name| head.has(name))?;
    Some(format!("the client got {} to CONNECT, with {field}", head.status))
}

// Symptoms of the switch.

fn switched(seen: &Seen<'_>) -> Option<String> {
    let head = seen.switch()?;
    Some(format!(
        "the client got a 101, to {}",
        head.all("upgrade").next().unwrap_or("what it does not say")
    ))
}

/// Detects a 101 at the client to a protocol other than websocket.
fn misnamed(seen: &Seen<'_>) -> Option<String> {
    let named =
        seen.switch()?.all("upgrade").find(|each| !each.eq_ignore_ascii_case("websocket"))?;
    Some(format!("the client got a 101 to {named}, which it has not offered"))
}

fn tunnelled(seen: &Seen<'_>) -> Option<String> {
    let status = seen.exchange.status().filter(|status| (200..300).contains(status))?;
    Some(format!("CONNECT to a port without a listener was answered {status}"))
}

/// Detects that bytes after a rejected CONNECT were responded to as a request.
fn answered_after_refusal(seen: &Seen<'_>) -> Option<String> {
    let status = seen.exchange.answers.get(1)?.status()?;
    Some(format!("CONNECT was refused, and what follows it was answered as a request, {status}"))
}

/// Detects that the origin sent a 101 which the client did not receive.
fn lost_switch(seen: &Seen<'_>) -> Option<String> {
    (seen.log.has_switched && seen.switch().is_none())
        .then(|| format!("the origin has answered 101, and the client got {}", seen.status()))
}

fn bare_101(seen: &Seen<'_>) -> Option<String> {
    let head = seen.switch()?;
    match (head.has("upgrade"), head.lists("connection", "upgrade")) {
        (false, _) => Some("the 101 reached the client without Upgrade".into()),
        (true, false) => Some("the 101 reached the client without Connection: Upgrade".into()),
        (true, true) => None,
    }
}

/// Detects that the client received the 101 but not all 1xx responses before it.
fn interim_lost(seen: &Seen<'_>) -> Option<String> {
    seen.switch()?;
    let sent = seen.log.interim;
    let came = seen.exchange.first().map_or(0, |first| first.interim.len());
    (came < sent)
        .then(|| format!("of {sent} interim responses before the 101 {came} reached the client"))
}

fn length_relayed(seen: &Seen<'_>) -> Option<String> {
    seen.switch()?
        .has("content-length")
        .then(|| "the 101 reached the client with Content-Length".into())
}

/// Detects that the origin's frame in the segment of its 101 did not arrive first.
///
/// The client must have received the 101.
fn leftover_lost(seen: &Seen<'_>) -> Option<String> {
    seen.switch()?;
    let frames = seen.exchange.frames();
    let is_first = frames.first().is_some_and(|frame| frame.payload == b"left");
    (!is_first).then(|| {
        "the bytes in the segment of the 101 did not reach the client, or not first".into()
    })
}

/// Detects that the client's message was not echoed by the origin after the 101.
fn mute(seen: &Seen<'_>) -> Option<String> {
    seen.switch()?;
    (seen.exchange.spoken != Some(Spoken::Yes)).then(|| {
        "after the 101 a message to the origin, which sends it back, did not come back".into()
    })
}

/// Detects that the origin's Close frame did not reach the client.
///
/// The origin sends it after the client's half-close. The client must have received the 101.
fn end_lost(seen: &Seen<'_>) -> Option<String> {
    seen.switch()?;
    let has_come = seen
        .exchange
        .frames()
        .iter()
        .any(|frame| frame.opcode == CLOSE && frame.payload == BYE[2..]);
    (!has_come).then(|| {
        "what the origin says once it has seen the end of the client did not reach the client"
            .into()
    })
}
