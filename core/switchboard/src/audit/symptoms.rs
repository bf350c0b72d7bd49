//! The symptoms that checks of a server may name.
//!
//! A symptom is something observed in a response or a connection. The table of checks says which
//! symptom is a failure and which a warning.

use switchover::Error;

use super::exchange::Exchange;
use super::frames::PONG;
use super::head_rules::{with_one_framing, with_option, with_upgrade, without_framing};
use super::probes::Spoken;
use super::response_reader::{Answer, Head};

/// The exchange of a check and its control, in which symptoms are detected.
pub(crate) struct Seen<'a> {
    pub(crate) exchange: &'a Exchange,
    /// The control: the exchange without the part under test; `None` if there is none.
    pub(crate) control: Option<&'a Exchange>,
}

/// The detection of a symptom: returns a sentence if it is seen.
pub(crate) type Symptom = fn(&Seen<'_>) -> Option<String>;

/// The symptoms of an exchange: name, detection, description.
pub(crate) const SYMPTOMS: &[(&str, Symptom, &str)] = &[
    // Symptoms of the response.
    ("differs", differs, "the status is another one than that of the control"),
    ("odd-status", odd_status, "the status is neither that of the control, nor 400 or 426"),
    ("refused", refused, "the status is an error, and that of the control is not"),
    ("server-error", server_error, "the status is a 5xx, and that of the control is not"),
    ("not-an-error", not_an_error, "the status is neither an error nor 101"),
    ("not-400", not_400, "the status is neither 400 nor 101"),
    ("no-version", no_version, "the answer has no Sec-WebSocket-Version"),
    ("silent", silent, "no whole answer comes in time, and the connection stays open"),
    ("closed-unanswered", closed_unanswered, "the connection is closed without a whole answer"),
    ("unreadable", unreadable, "an answer cannot be read as HTTP/1.1"),
    (
        "waits-for-content",
        waits_for_content,
        "neither a 100 nor a final status comes before the content is sent",
    ),
    ("framed-tunnel", framed_tunnel, "a 2xx to CONNECT has Content-Length or Transfer-Encoding"),
    // Symptoms of the connection.
    (
        "says-close",
        says_close,
        "the answer closes the connection, which that of the control does not",
    ),
    ("stays-open", stays_open, "the connection stays open after the answer"),
    (
        "open-after-close",
        open_after_close,
        "the answer announces the end of the connection, which stays open",
    ),
    ("close-unsaid", close_unsaid, "the connection is closed, and the answer does not announce it"),
    ("lost", lost, "the next request is not answered, and the connection stays open"),
    (
        "closed-unsaid-before-next",
        closed_unsaid_before_next,
        "the connection is closed before the next request is answered, and no answer announces it",
    ),
    (
        "next-differs",
        next_differs,
        "the next request is answered with another status than in the control",
    ),
    ("extra", extra, "more answers come than there are requests"),
    // Symptoms of the switch.
    ("switched", switched, "the server answers 101"),
    ("declined", declined, "no 101 comes"),
    ("bad-switch", bad_switch, "the 101 breaks a rule"),
    ("misnamed", misnamed, "the 101 names x-audit, which no server speaks"),
    ("mute", mute, "after the 101 the new protocol is not spoken"),
    ("left", left, "after the 101 the server ends the new protocol by itself"),
    ("unspoken", unspoken, "the audit knows no words of the protocol"),
    (
        "content-as-frames",
        content_as_frames,
        "the content of the handshake is read as a frame, and answered",
    ),
    ("no-100-before-101", no_100_before_101, "the 101 comes without a 100 before it"),
    (
        "subprotocol-unasked",
        subprotocol_unasked,
        "the 101 has a subprotocol that was not asked for, or several",
    ),
    ("extended", extended, "the 101 accepts an extension"),
    ("deflated", deflated, "the 101 accepts permessage-deflate"),
    (
        "window-ignored",
        window_ignored,
        "the 101 accepts permessage-deflate without the window that was asked for",
    ),
    ("no-capsules", no_capsules, "the 101 has no Capsule-Protocol"),
];

/// A rule for a head; `None` if it does not apply to that head.
pub(crate) type HeadRule = fn(&Head) -> Option<Result<(), String>>;

/// The rules for all heads of the run: name, rule, description of a violation.
pub(crate) const HEAD_RULES: &[(&str, HeadRule, &str)] = &[
    (
        "426-without-upgrade",
        |head| (head.status == 426).then(|| with_upgrade(head)),
        "a 426 has no Upgrade",
    ),
    (
        "101-without-upgrade",
        |head| (head.status == 101).then(|| with_upgrade(head)),
        "a 101 has no Upgrade",
    ),
    (
        "upgrade-without-option",
        |head| head.has("upgrade").then(|| with_option(head)),
        "an answer has Upgrade, and no Connection: upgrade",
    ),
    (
        "framed-1xx",
        |head| (head.status < 200).then(|| without_framing(head)),
        "a 1xx has Content-Length or Transfer-Encoding",
    ),
    (
        "two-framings",
        |head| Some(with_one_framing(head)),
        "an answer has Content-Length and Transfer-Encoding, or lengths that differ",
    ),
];

impl Seen<'_> {
    fn first(&self) -> Option<&Answer> {
        self.exchange.first()
    }

    /// Returns the first response if it is complete, and no response was a switch.
    fn answered(&self) -> Option<&Answer> {
        self.first().filter(|first| first.is_whole && !self.exchange.has_switched())
    }

    /// Returns the head of the first response, if it is a 101.
    fn switch(&self) -> Option<&Head> {
        self.first()?.head.as_ref().filter(|head| head.status == 101)
    }

    /// Describes the responses in a sentence, for a check that passes.
    pub(crate) fn summary(&self) -> String {
        if let Some(answer) = self.exchange.answers.iter().find(|answer| answer.switched.is_some())
        {
            let spoken = match self.exchange.spoken {
                Some(Spoken::Yes) => ", and the new protocol is spoken",
                Some(Spoken::End) => ", and the server ended the new protocol",
                _ => "",
            };
            let protocol = answer.switched.as_deref().unwrap_or_default();
            return format!("the server switched to {protocol}{spoken}");
        }
        let statuses = |exchange: &Exchange| -> Vec<_> {
            exchange.answers.iter().filter_map(Answer::status).collect()
        };
        let came = statuses(self.exchange);
        let told = came.iter().map(u16::to_string).collect::<Vec<_>>().join(", ");
        let end = if self.exchange.has_ended { "; the connection was closed" } else { "" };
        match self.control.map(statuses) {
            _ if came.is_empty() => format!("the server answered nothing{end}"),
            Some(without) if without == came => {
                format!("the server answered {told}, as without what is tried{end}")
            }
            _ => format!("the server answered {told}{end}"),
        }
    }

    /// Returns the first statuses of the check and of its control.
    ///
    /// `None` if one of the two has none, or if that of the check is 101.
    fn statuses(&self) -> Option<(u16, u16)> {
        let statuses = (self.exchange.status()?, self.control?.status()?);
        (statuses.0 != 101).then_some(statuses)
    }
}

// Symptoms of the response.

/// Detects a status, other than 101, that differs from the control exchange's.
fn differs(seen: &Seen<'_>) -> Option<String> {
    let (status, without) = seen.statuses()?;
    (status != without)
        .then(|| format!("the status is {status}; without what is tried it is {without}"))
}

/// Detects a status that is neither that of the control, nor 101, 400 or 426.
fn odd_status(seen: &Seen<'_>) -> Option<String> {
    differs(seen).filter(|_| !matches!(seen.exchange.status(), Some(400 | 426)))
}

/// Detects an error status where the control exchange has none.
fn refused(seen: &Seen<'_>) -> Option<String> {
    let (status, without) = seen.statuses()?;
    (status >= 400 && without < 400)
        .then(|| format!("it is refused with {status}; without what is tried it is {without}"))
}

fn server_error(seen: &Seen<'_>) -> Option<String> {
    let (status, without) = seen.statuses()?;
    (status >= 500 && without < 500).then(|| format!("the server has failed with {status}"))
}

fn not_an_error(seen: &Seen<'_>) -> Option<String> {
    let status = seen.exchange.status().filter(|status| *status < 400 && *status != 101)?;
    Some(format!("the status is {status}, which is no error"))
}

fn not_400(seen: &Seen<'_>) -> Option<String> {
    let status = seen.exchange.status().filter(|status| !matches!(status, 101 | 400))?;
    Some(format!("the status is {status}, and 400 is due"))
}

/// Detects a response, other than a 101, without Sec-WebSocket-Version.
fn no_version(seen: &Seen<'_>) -> Option<String> {
    let head = seen.first()?.head.as_ref().filter(|head| head.status != 101)?;
    (!head.has("sec-websocket-version"))
        .then(|| format!("the {} has no Sec-WebSocket-Version", head.status))
}

/// Detects that no response came in time, and the connection stayed open.
///
/// A complete or malformed response counts as one, and so does a 101 or a tunnel.
pub(crate) fn silent(seen: &Seen<'_>) -> Option<String> {
    (is_unanswered(seen) && !seen.exchange.has_ended)
        .then(|| "no whole answer came in time; the connection stayed open".into())
}

/// Detects that the connection was closed without a response.
///
/// A complete or malformed response counts as one, and so does a 101 or a tunnel.
fn closed_unanswered(seen: &Seen<'_>) -> Option<String> {
    (is_unanswered(seen) && seen.exchange.has_ended)
        .then(|| "the connection was closed without a whole answer".into())
}

fn is_unanswered(seen: &Seen<'_>) -> bool {
    let is_head_alone = |answer: &Answer| answer.status() == Some(101) || answer.switched.is_some();
    let is_answered =
        |answer: &Answer| answer.is_whole || is_head_alone(answer) || fault(answer).is_some();
    !seen.first().is_some_and(is_answered)
}

/// Detects a response that the engine rejects.
///
/// Truncation does not count, nor a switch whose rules the response breaks.
fn unreadable(seen: &Seen<'_>) -> Option<String> {
    let error = seen.exchange.answers.iter().find_map(fault)?;
    Some(format!("an answer cannot be read: {}", because(&error)))
}

/// Returns the engine's error for a response, if it is malformed.
///
/// Truncation does not count, nor a switch whose rules the response breaks.
fn fault(answer: &Answer) -> Option<Error> {
    answer.error.filter(|error| !matches!(error.code(), 501 | 502 | 600..700))
}

fn because(error: &Error) -> String {
    let kind = error.kind();
    format!("{} ({}, error {} of the engine)", kind.text(), kind.clause(), kind.code())
}

/// Detects that no response began while the audit waited to send the content.
///
/// Any 1xx is a beginning. A connection that ends during the wait is not reported.
fn waits_for_content(seen: &Seen<'_>) -> Option<String> {
    seen.exchange
        .waited_in_vain
        .then(|| "neither a 100 nor a final status came before the content was sent".into())
}

/// Detects a 2xx to CONNECT with Content-Length or Transfer-Encoding.
///
/// A server that responds so to any CONNECT, as if it were a GET, is not reported.
fn framed_tunnel(seen: &Seen<'_>) -> Option<String> {
    let framed = |exchange: &Exchange| {
        let head = exchange.first()?.head.as_ref()?;
        let names = ["Content-Length", "Transfer-Encoding"];
        let field = names.into_iter().find(|name| head.has(name))?;
        (200..300).contains(&head.status).then_some((head.status, field))
    };
    let (status, field) = framed(seen.exchange)?;
    seen.control
        .and_then(framed)
        .is_none()
        .then(|| format!("CONNECT was answered {status}, which opens a tunnel, with {field}"))
}

// Symptoms of the connection.

/// Detects a response that closes the connection, unlike that of the control.
fn says_close(seen: &Seen<'_>) -> Option<String> {
    let control = seen.control?.first()?;
    let is_due = seen.answered().is_some_and(|first| !first.persists)
        && control.is_whole
        && control.persists;
    is_due.then(|| "the answer closes the connection; without what is tried it does not".into())
}

/// Detects a connection that stays open after a complete response.
fn stays_open(seen: &Seen<'_>) -> Option<String> {
    (seen.answered().is_some() && !seen.exchange.has_ended)
        .then(|| "the connection stayed open after the answer".into())
}

/// Detects an open connection after a response that announces its end.
fn open_after_close(seen: &Seen<'_>) -> Option<String> {
    let is_due = seen.answered().is_some_and(|first| !first.persists);
    (is_due && !seen.exchange.has_ended)
        .then(|| "the answer announces the end of the connection, which stayed open".into())
}

/// Detects a closed connection whose end the response did not announce.
fn close_unsaid(seen: &Seen<'_>) -> Option<String> {
    let is_unsaid = seen.answered().is_some_and(|first| first.persists) && seen.exchange.has_ended;
    is_unsaid.then(|| {
        "the connection was closed, and the answer does not say `Connection: close`".into()
    })
}

/// Detects that a later request got no response, and the connection stayed open.
///
/// Only after a complete first response that lets the connection persist.
fn lost(seen: &Seen<'_>) -> Option<String> {
    let is_due = seen.answered().is_some_and(|first| first.persists) && is_next_unanswered(seen);
    (is_due && !seen.exchange.has_ended)
        .then(|| "the next request was not answered, and the connection stayed open".into())
}

/// Detects that the connection closed before a later response, unannounced.
///
/// It is announced if the first response does not let the connection persist.
fn closed_unsaid_before_next(seen: &Seen<'_>) -> Option<String> {
    let is_unsaid =
        seen.answered()?.persists && is_next_unanswered(seen) && seen.exchange.has_ended;
    is_unsaid.then(|| {
        "the connection was closed before the next request was answered, and no answer says so"
            .into()
    })
}

fn is_next_unanswered(seen: &Seen<'_>) -> bool {
    !seen.exchange.is_complete() && unreadable(seen).is_none()
}

/// Detects that the last of several responses has another status in the control.
fn next_differs(seen: &Seen<'_>) -> Option<String> {
    let (status, without) = (seen.exchange.last()?.status()?, seen.control?.last()?.status()?);
    let is_next = seen.exchange.asked.len() > 1;
    (is_next && status != without).then(|| {
        format!("the next request was answered {status}; without what is tried it is {without}")
    })
}

/// Detects bytes after the last expected response, on a persistent connection.
fn extra(seen: &Seen<'_>) -> Option<String> {
    let is_over =
        seen.exchange.is_complete() && seen.exchange.last().is_some_and(|last| last.persists);
    (is_over && !seen.exchange.rest().is_empty())
        .then(|| "more answers came than there were requests".into())
}

// Symptoms of the switch.

/// Detects that one of the responses is a 101.
fn switched(seen: &Seen<'_>) -> Option<String> {
    let heads = seen.exchange.answers.iter().filter_map(|answer| answer.head.as_ref());
    let head = heads.into_iter().find(|head| head.status == 101)?;
    Some(format!(
        "the server switched: 101, to {}",
        head.all("upgrade").next().unwrap_or("what it does not say")
    ))
}

/// Detects that the first response is not a 101, or that none came.
pub(crate) fn declined(seen: &Seen<'_>) -> Option<String> {
    match seen.exchange.status() {
        Some(101) => None,
        Some(status) => Some(format!("the offer was declined with {status}")),
        None => silent(seen).or_else(|| closed_unanswered(seen)).or_else(|| unreadable(seen)),
    }
}

/// Detects that the first response is a 101 that the engine rejects.
fn bad_switch(seen: &Seen<'_>) -> Option<String> {
    let error = seen.switch().and(seen.first()?.error)?;
    Some(format!("the 101 breaks a rule: {}", because(&error)))
}

/// Detects a 101 that names x-audit, which the request offers but no server speaks.
fn misnamed(seen: &Seen<'_>) -> Option<String> {
    let named = seen.switch()?.all("upgrade").find(|value| value.contains("x-audit"))?;
    Some(format!("the 101 names {named}, and no server speaks x-audit"))
}

/// Detects that the server does not speak the new protocol after the 101.
///
/// The bytes that follow the 101 are not of that protocol, or no answer to the probe comes and the
/// connection stays open.
fn mute(seen: &Seen<'_>) -> Option<String> {
    let protocol = seen.first()?.switched.as_deref()?;
    match seen.exchange.spoken? {
        Spoken::Other => Some(format!("after the 101 came something else than {protocol}")),
        Spoken::Unknown if !seen.exchange.has_ended => {
            Some(format!("after the 101 nothing was answered in {protocol}"))
        }
        _ => None,
    }
}

/// Detects that the server ended the new protocol without responding to the probe.
///
/// It has sent a Close frame of WebSocket, or closed the connection.
fn left(seen: &Seen<'_>) -> Option<String> {
    let protocol = seen.first()?.switched.as_deref()?;
    match seen.exchange.spoken? {
        Spoken::End => Some(format!("after the 101 the server ended {protocol} by itself")),
        Spoken::Unknown if seen.exchange.has_ended => {
            Some("after the 101 the server closed the connection".into())
        }
        _ => None,
    }
}

/// Detects a switch to a protocol in which the audit has no message to send.
fn unspoken(seen: &Seen<'_>) -> Option<String> {
    let protocol = seen.first()?.switched.as_deref()?;
    seen.exchange.spoken.is_none().then(|| format!("the audit knows no words of {protocol}"))
}

/// Detects a response to the content of the handshake, which is a Ping frame.
fn content_as_frames(seen: &Seen<'_>) -> Option<String> {
    let content = &seen.exchange.nonce.content;
    let frames = seen.exchange.frames();
    let answer = frames
        .iter()
        .find(|frame| frame.payload.windows(content.len()).any(|window| window == content))?;
    let how = if answer.opcode == PONG { "a pong" } else { "a message" };
    seen.switch()
        .map(|_| format!("the content of the handshake was read as a frame: {how} answers it"))
}

fn no_100_before_101(seen: &Seen<'_>) -> Option<String> {
    let has_continued = seen.first()?.interim.iter().any(|head| head.status == 100);
    (seen.switch().is_some() && !has_continued)
        .then(|| "the 101 came without a 100 before it".into())
}

/// Detects a subprotocol that was not requested, or more than one.
fn subprotocol_unasked(seen: &Seen<'_>) -> Option<String> {
    let chosen: Vec<_> = seen.switch()?.all("sec-websocket-protocol").collect();
    let fields = seen
        .exchange
        .asked
        .first()?
        .fields
        .iter()
        .filter(|(name, _)| name == "sec-websocket-protocol");
    let asked: Vec<_> = fields.flat_map(|(_, value)| value.split(',')).map(str::trim).collect();
    let is_right = chosen.is_empty() || chosen.len() == 1 && asked.contains(&chosen[0]);
    (!is_right).then(|| format!("the 101 has Sec-WebSocket-Protocol: {}", chosen.join(", ")))
}

/// Detects that the 101 accepts an extension.
fn extended(seen: &Seen<'_>) -> Option<String> {
    let accepted = seen.switch()?.all("sec-websocket-extensions").next()?;
    Some(format!("the 101 has Sec-WebSocket-Extensions: {accepted}"))
}

/// Detects that the 101 accepts permessage-deflate.
fn deflated(seen: &Seen<'_>) -> Option<String> {
    extended(seen).filter(|_| deflate(seen).is_some())
}

/// Detects a 101 that accepts permessage-deflate without the requested window.
///
/// The request asks for `server_max_window_bits=8`.
fn window_ignored(seen: &Seen<'_>) -> Option<String> {
    let mut parameters =
        deflate(seen)?.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let is_kept = parameters.any(|(name, value)| {
        name.trim() == "server_max_window_bits" && value.trim().trim_matches('"') == "8"
    });
    extended(seen).filter(|_| !is_kept)
}

fn deflate<'a>(seen: &'a Seen<'_>) -> Option<&'a str> {
    let all = seen.switch()?.all("sec-websocket-extensions").flat_map(|value| value.split(','));
    all.into_iter().find(|extension| extension.trim().starts_with("permessage-deflate"))
}

fn no_capsules(seen: &Seen<'_>) -> Option<String> {
    (!seen.switch()?.has("capsule-protocol")).then(|| "the 101 has no Capsule-Protocol".into())
}
