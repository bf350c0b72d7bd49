//! Lines in the language of the test vectors: `<` was received, `=` came out of the engine, `!` was decided, `>` was sent,
//! `?` was refused.

use switchover::{Error, Event, FieldSource, Switched};

use super::{By, What};

/// Octets of one piece that are written out.
pub(super) const MOST: usize = 16 * 1024;

/// Content of this length or less is written out where it comes out of the engine.
const SHORT: usize = 160;

/// A line of the wire this long is written as a run of octets.
const LONG_LINE: usize = 4000;

/// The lines of one thing; a remark is none.
pub(super) fn of(what: &What<'_>) -> Vec<String> {
    match what {
        What::Received(octets) => marked(octets, '<'),
        What::Ended(end) => vec![format!("<end {}", end.name())],
        What::Came(event, position) => came(event, *position),
        What::Failed(error) => vec![failed(error)],
        What::Decided(decision, wrote) => with_output(format!("! {decision}"), wrote),
        What::Gave(content, wrote) => with_output(format!("! data {}", word(content)), wrote),
        What::Refused(decision, error) => vec![format!("! {decision}"), format!("? {}", error.kind().name())],
        What::Spoke(By::Peer, octets) => marked(octets, '<'),
        What::Spoke(By::Us, octets) => marked(octets, '>'),
        What::Opened { .. } | What::State(_) | What::Remark(_) | What::Verdict(..) => Vec::new(),
    }
}

fn with_output(decision: String, wrote: &[u8]) -> Vec<String> {
    [decision].into_iter().chain(marked(wrote, '>')).collect()
}

fn came(event: &Event<'_>, position: u64) -> Vec<String> {
    match event {
        Event::Data(data) if data.len() > SHORT => {
            vec![format!("= data {} octets {:016x}", data.len(), checksum(data))]
        }
        Event::Data(_) | Event::Closed { .. } => vec![format!("= {event}")],
        Event::Switched(Switched { leftover, .. }) if !leftover.is_empty() => {
            vec![format!("= {event} @{position}"), format!("= leftover {}", summary(leftover))]
        }
        _ => vec![format!("= {event} @{position}")],
    }
}

fn summary(octets: &[u8]) -> String {
    match octets.len() {
        0..=SHORT => format!("\"{}\"", escape(octets)),
        len => format!("{len} octets {:016x}", checksum(octets)),
    }
}

/// FNV-1a, by which a vector knows long content.
fn checksum(octets: &[u8]) -> u64 {
    octets
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, &octet| (hash ^ u64::from(octet)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// The peer's error: number, name, the status to answer with, its place.
fn failed(error: &Error) -> String {
    let or_none = |number: Option<u64>| number.map_or("-".into(), |number| number.to_string());
    let (status, offset) = (or_none(error.status().map(u64::from)), or_none(error.offset()));
    format!("= error {} {} {status} @{offset}", error.code(), error.kind().name())
}

/// Octets as lines: one for each of the wire, and a run of octets where they are not lines.
pub(super) fn marked(octets: &[u8], mark: char) -> Vec<String> {
    let (mut lines, mut rest) = (Vec::new(), &octets[..octets.len().min(MOST)]);
    while !rest.is_empty() {
        match rest.windows(2).take(LONG_LINE).position(|pair| pair == b"\r\n") {
            Some(0) => {
                lines.push(mark.to_string());
                rest = &rest[2..];
            }
            Some(end) => {
                lines.push(format!("{mark} {}", escape(&rest[..end])));
                rest = &rest[end + 2..];
            }
            None => {
                let (piece, behind) = rest.split_at(rest.len().min(LONG_LINE));
                lines.push(format!("{mark}{mark} {}", escape(piece)));
                rest = behind;
            }
        }
    }
    lines
}

/// Octets as one line of ASCII.
pub(super) fn escape(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len());
    for &octet in octets {
        match octet {
            b'\r' => text.push_str("\\r"),
            b'\n' => text.push_str("\\n"),
            b'\t' => text.push_str("\\t"),
            0 => text.push_str("\\0"),
            b'\\' => text.push_str("\\\\"),
            0x20..=0x7e => text.push(octet.into()),
            _ => text.push_str(&format!("\\x{octet:02x}")),
        }
    }
    text
}

/// Octets as a decision has them: what would end them is written as an octet.
fn word(octets: &[u8]) -> String {
    let text = escape(octets).replace('|', "\\x7c");
    let inner = text.trim_matches(' ');
    let lead = text.len() - text.trim_start_matches(' ').len();
    let spaces = |count: usize| "\\x20".repeat(count);
    spaces(lead) + inner + &spaces(text.len() - lead - inner.len())
}

/// Field lines as a decision has them.
pub(crate) fn fields(fields: &dyn FieldSource) -> String {
    let mut text = String::new();
    fields.each(&mut |field| {
        text.push_str(&format!(" | {}: {}", word(field.name), word(field.value)));
    });
    text
}

/// Protocols as a decision has them.
pub(crate) fn list(protocols: &[&str]) -> String {
    protocols.join("; ")
}
