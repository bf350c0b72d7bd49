//! Transcript entries as lines in the language of the test vectors.
//!
//! Marks: `<` received, `=` event of the engine, `!` decision, `?` error of a rejected decision,
//! `>` sent.

use switchover::{Error, Event, FieldSource, ResponseHead, Switched};
use switchover_tokio::observe::Decision;

use super::escape::escape;
use super::redact::{HIDDEN, Redactor, is_hidden};
use super::{By, What};

/// The most bytes that are shown of one input or output of the engine.
pub(super) const MOST: usize = 4096;
/// The most bytes that are shown of one read or write after a switch.
pub(super) const MOST_SPOKEN: usize = 512;

/// The most bytes of received content or leftover that are shown in full.
///
/// More are shown as a length and a checksum.
const SHORT: usize = 160;

/// The most bytes of a received or sent line that one transcript line shows.
const LONG_LINE: usize = 4000;

/// Returns the lines of one transcript entry; a remark, for instance, has none.
pub(super) fn of(what: &What<'_>) -> Vec<String> {
    match what {
        What::Received(bytes, secrecy) => marked(bytes, MOST, '<', (*secrecy).clone()),
        What::Ended(end) => vec![format!("<end {}", end.name())],
        What::Came(event, position) => came(event, *position),
        What::MessageEnded(position) => vec![format!("= end @{position}")],
        What::Paused(why) => vec![format!("= paused {}", why.name())],
        What::Failed(error) => vec![failed(error)],
        What::Decided(decision, wrote) => with_output(format!("! {decision}"), wrote),
        What::Gave(content, wrote) => {
            with_output(format!("! data {}", word(&content[..content.len().min(MOST)])), wrote)
        }
        What::Refused(decision, error) => {
            vec![format!("! {decision}"), format!("? {}", error.kind().name())]
        }
        What::UpgradedWrite(By::Peer, bytes) => {
            marked(bytes, MOST_SPOKEN, '<', Redactor::default())
        }
        What::UpgradedWrite(By::Us, bytes) => marked(bytes, MOST_SPOKEN, '>', Redactor::default()),
        What::Whispered(By::Peer, _) => vec![format!("<< {HIDDEN}")],
        What::Whispered(By::Us, _) => vec![format!(">> {HIDDEN}")],
        What::Opened { .. } | What::State(_) | What::Remark(_) | What::Verdict(..) => Vec::new(),
    }
}

/// Returns a decision as a line of a test vector, without mark and output.
pub(super) fn words(decision: &Decision<'_>) -> String {
    match *decision {
        Decision::Request(head, offer) => {
            let offer =
                if offer.is_empty() { String::new() } else { format!(" offer {}", list(offer)) };
            format!("request {} {}{offer}{}", head.method, head.target, fields(head.fields))
        }
        Decision::Inform(head) => format!("inform {}{}", status(head), fields(head.fields)),
        Decision::Response(head) => format!("response {}{}", status(head), fields(head.fields)),
        Decision::Respond(head, content) => whole("respond", head, content),
        Decision::Reject(head, content) => whole("reject", head, content),
        Decision::Accept(selection, protocols, lines) => {
            format!(
                "accept {}{}",
                protocols.get(selection.preference()).unwrap_or(&""),
                fields(lines)
            )
        }
        Decision::Require(protocols, lines) => {
            format!("require {}{}", list(protocols), fields(lines))
        }
        Decision::Advertise(protocols) => format!("advertise {}", list(protocols)),
        Decision::End(trailers) => format!("end{}", fields(trailers)),
        Decision::Skip => "skip".into(),
        Decision::Close => "close".into(),
        Decision::Abandon => "abandon".into(),
        Decision::Resume => "resume".into(),
        Decision::Take => "take".into(),
        _ => "data".into(),
    }
}

/// Returns a status code, with the reason phrase if it is not the registered one.
fn status(head: &ResponseHead<'_>) -> String {
    let is_usual = head.reason == ResponseHead::usual_reason(head.status).as_bytes();
    let reason = if is_usual { String::new() } else { format!(" {}", word(head.reason)) };
    head.status.to_string() + &reason
}

fn whole(verb: &str, head: &ResponseHead<'_>, content: &[u8]) -> String {
    let content =
        if content.is_empty() { String::new() } else { format!(" content {}", word(content)) };
    format!("{verb} {}{content}{}", status(head), fields(head.fields))
}

fn with_output(decision: String, wrote: &[u8]) -> Vec<String> {
    [decision].into_iter().chain(marked(wrote, MOST, '>', Redactor::default())).collect()
}

fn came(event: &Event<'_>, position: u64) -> Vec<String> {
    match event {
        Event::Data(data) if data.len() > SHORT => {
            vec![format!("= data {} bytes {:016x}", data.len(), checksum(data))]
        }
        Event::Data(_) => vec![format!("= {event}")],
        Event::Switched(Switched { leftover, .. }) if !leftover.is_empty() => {
            vec![format!("= {event} @{position}"), format!("= leftover {}", summary(leftover))]
        }
        _ => vec![format!("= {event} @{position}")],
    }
}

fn summary(bytes: &[u8]) -> String {
    match bytes.len() {
        0..=SHORT => format!("\"{}\"", escape(bytes)),
        len => format!("{len} bytes {:016x}", checksum(bytes)),
    }
}

/// Returns the FNV-1a checksum, with which vectors identify long content.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// Returns the line for an error by the peer: number, name, status and offset.
fn failed(error: &Error) -> String {
    let or_none = |number: Option<u64>| number.map_or("-".into(), |number| number.to_string());
    let (status, offset) = (or_none(error.status().map(u64::from)), or_none(error.offset()));
    format!("= error {} {} {status} @{offset}", error.code(), error.kind().name())
}

/// Returns the first `most` bytes as lines of a transcript, each with the mark.
///
/// Each piece of `bytes` up to a CRLF has a line of its own. The mark is doubled for a piece that
/// no CRLF ends.
fn marked(bytes: &[u8], most: usize, mark: char, mut secrecy: Redactor) -> Vec<String> {
    let (mut lines, mut rest) = (Vec::new(), &bytes[..bytes.len().min(most)]);
    while !rest.is_empty() {
        let end = rest.windows(2).take(LONG_LINE).position(|pair| pair == b"\r\n");
        let (line, after) = rest.split_at(end.unwrap_or(rest.len().min(LONG_LINE)));
        lines.push(match end {
            Some(0) => mark.to_string(),
            Some(_) => format!("{mark} {}", secrecy.shown(line)),
            None => format!("{mark}{mark} {}", secrecy.shown(line)),
        });
        let (ending, after) = after.split_at(if end.is_some() { 2 } else { 0 });
        secrecy.pass(ending);
        rest = after;
    }
    lines
}

/// Returns a field line as escaped text, with a credential field's value hidden.
pub(super) fn text(line: &[u8]) -> String {
    Redactor::default().shown(line)
}

/// Returns bytes as a word in the line of a test vector that describes a decision.
///
/// `|`, which would end the word, and outer spaces, which would be trimmed, are escaped.
fn word(bytes: &[u8]) -> String {
    let text = escape(bytes).replace('|', "\\x7c");
    let inner = text.trim_matches(' ');
    let lead = text.len() - text.trim_start_matches(' ').len();
    let spaces = |count: usize| "\\x20".repeat(count);
    spaces(lead) + inner + &spaces(text.len() - lead - inner.len())
}

/// Returns field lines in the form of a test vector: each after a ` | `.
///
/// Values of credential fields are hidden.
fn fields(fields: &dyn FieldSource) -> String {
    let mut text = String::new();
    fields.each(&mut |field| {
        let value = if is_hidden(field) { HIDDEN.into() } else { word(field.value) };
        text.push_str(&format!(" | {}: {value}", word(field.name)));
    });
    text
}

/// Returns a list of protocols in the form of a test vector: separated by `; `.
fn list(protocols: &[&str]) -> String {
    protocols.join("; ")
}
