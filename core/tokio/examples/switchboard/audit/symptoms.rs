//! The vocabulary of the verdicts: what may be seen in a server's answers. A table says which of it is a failure, which a
//! warning.

use super::exchange::Exchange;
use super::speech::Spoken;

/// What there is to look at.
pub(crate) struct Seen<'a> {
    pub(crate) exchange: &'a Exchange,
    /// What came without that which is tried.
    pub(crate) control: Option<&'a Exchange>,
    /// How many requests were sent.
    pub(crate) requests: usize,
}

/// Says what is seen, if it is.
pub(crate) type Symptom = fn(&Seen<'_>) -> Option<String>;

/// All of them, by name.
pub(crate) const SYMPTOMS: &[(&str, Symptom)] = &[
    ("switched", switched),
    ("differs", differs),
    ("silent", silent),
    ("closed-unanswered", closed_unanswered),
    ("says-close", says_close),
    ("lost", lost),
    ("closed-before-next", closed_before_next),
    ("next-differs", next_differs),
    ("unreadable", unreadable),
    ("open", open),
    ("close-unsaid", close_unsaid),
    ("declined", declined),
    ("bad-switch", bad_switch),
    ("mute", mute),
    ("not-an-error", not_an_error),
    ("no-version", no_version),
];

/// The connection was switched, or a 101 says so.
fn switched(seen: &Seen<'_>) -> Option<String> {
    let answer = seen.exchange.answers.iter().find(|answer| answer.status() == Some(101))?;
    let to = answer.head.as_ref()?.all("upgrade").next().unwrap_or("nothing that it names");
    Some(format!("the server switched: 101, to {to}"))
}

/// The status is not that of the control.
fn differs(seen: &Seen<'_>) -> Option<String> {
    let (status, without) = (seen.exchange.status()?, seen.control?.status()?);
    (status != without && status != 101).then(|| format!("the status is {status}, without the offer it is {without}"))
}

/// Nothing was answered, and the connection is open.
fn silent(seen: &Seen<'_>) -> Option<String> {
    let is_silent = seen.exchange.status().is_none() && !seen.exchange.has_ended && unreadable(seen).is_none();
    is_silent.then(|| "no answer came in time, and the connection stayed open".into())
}

/// Nothing was answered, and the connection is closed.
fn closed_unanswered(seen: &Seen<'_>) -> Option<String> {
    let is_closed = seen.exchange.status().is_none() && seen.exchange.has_ended;
    is_closed.then(|| "the connection was closed without an answer".into())
}

/// The answer closes the connection, which the control's does not.
fn says_close(seen: &Seen<'_>) -> Option<String> {
    let closes = |exchange: &Exchange| exchange.first().is_some_and(|answer| answer.is_whole && !answer.persists);
    let is_due = closes(seen.exchange) && !closes(seen.control?) && !is_101(seen);
    is_due.then(|| "the answer closes the connection, which it does not without the offer".into())
}

fn is_101(seen: &Seen<'_>) -> bool {
    seen.exchange.status() == Some(101)
}

/// A request after the first has no answer, although the connection was to persist.
fn lost(seen: &Seen<'_>) -> Option<String> {
    let first = seen.exchange.first().filter(|first| first.is_whole && first.persists)?;
    let is_lost = !seen.exchange.is_complete(seen.requests) && first.status() != Some(101);
    is_lost.then(|| match seen.exchange.has_ended {
        true => "the next request was not answered: the connection was closed, though the first answer did not say so"
            .into(),
        false => "the next request was not answered, though the connection persists".into(),
    })
}

/// A request after the first has no answer, as the first one has closed the connection.
fn closed_before_next(seen: &Seen<'_>) -> Option<String> {
    let first = seen.exchange.first().filter(|first| first.is_whole && first.status() != Some(101))?;
    (!first.persists).then(|| "the first answer closes the connection, so the next request was not answered".into())
}

/// The last answer has not the status of the control's.
fn next_differs(seen: &Seen<'_>) -> Option<String> {
    let status = seen.exchange.last_of(seen.requests)?.status()?;
    let without = seen.control?.last_of(seen.requests)?.status()?;
    (status != without).then(|| format!("the next request was answered {status}, without the offer it is {without}"))
}

/// An answer is no HTTP/1.1 that can be read, which the control's is.
fn unreadable(seen: &Seen<'_>) -> Option<String> {
    let error = |exchange: &Exchange| exchange.answers.iter().find_map(|answer| answer.error);
    let error = error(seen.exchange).filter(|error| !(600..700).contains(&error.code()) && !is_end(error.code()))?;
    Some(format!("an answer cannot be read: {}", because(&error)))
}

/// That the input ended is told by other symptoms.
fn is_end(code: u16) -> bool {
    matches!(code, 501 | 502)
}

fn because(error: &switchover::Error) -> String {
    let kind = error.kind();
    format!("{} ({}, error {} of the engine)", kind.text(), kind.clause(), kind.code())
}

/// The connection is open, though it was to be closed.
fn open(seen: &Seen<'_>) -> Option<String> {
    let is_due = seen.exchange.first().is_some_and(|first| first.is_whole && !first.persists);
    (is_due && !seen.exchange.has_ended).then(|| "the connection stayed open".into())
}

/// The connection was closed, and the answer does not say so.
fn close_unsaid(seen: &Seen<'_>) -> Option<String> {
    let first = seen.exchange.first().filter(|first| first.is_whole)?;
    let says = first.head.as_ref()?.lists("connection", "close");
    (seen.exchange.has_ended && !says)
        .then(|| "the connection was closed, and the answer does not say `Connection: close`".into())
}

/// It answered something else than 101.
fn declined(seen: &Seen<'_>) -> Option<String> {
    match seen.exchange.status() {
        Some(101) => None,
        Some(status) => Some(format!("the offer was declined with {status}")),
        None => silent(seen).or_else(|| closed_unanswered(seen)),
    }
}

/// The 101 breaks a rule.
fn bad_switch(seen: &Seen<'_>) -> Option<String> {
    let error =
        seen.exchange.answers.iter().filter(|answer| answer.status() == Some(101)).find_map(|answer| answer.error)?;
    Some(format!("the 101 breaks a rule: {}", because(&error)))
}

/// After the 101 the new protocol is not spoken.
fn mute(seen: &Seen<'_>) -> Option<String> {
    let protocol = seen.exchange.answers.iter().find_map(|answer| answer.switched.as_deref())?;
    match seen.exchange.spoken? {
        Spoken::Yes => None,
        Spoken::No => Some(format!("after the 101 {protocol} came to its end, or was something else")),
        Spoken::Unknown if seen.exchange.has_ended => Some("after the 101 the connection was closed".into()),
        Spoken::Unknown => Some(format!("after the 101 nothing was answered in {protocol}")),
    }
}

/// A status below 400 where an error is due.
fn not_an_error(seen: &Seen<'_>) -> Option<String> {
    let status = seen.exchange.status().filter(|status| *status < 400 && *status != 101)?;
    Some(format!("the status is {status}, which is no error"))
}

/// The response does not say which versions of the WebSocket protocol are understood.
fn no_version(seen: &Seen<'_>) -> Option<String> {
    let head = seen.exchange.first()?.head.as_ref()?;
    (!head.has("sec-websocket-version")).then(|| format!("the {} has no Sec-WebSocket-Version", head.status))
}
