//! The parts of messages that the ends of a pair sent or received.

use crate::message::Lines;

/// A part of a message that one end sent, or that the other end received.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Said {
    Request {
        method: String,
        target: String,
        fields: Lines,
    },
    Response {
        status: u16,
        fields: Lines,
    },
    /// A 101 response, with the protocols that both ends speak after it.
    Switch(String),
    Content(Vec<u8>),
    End(Lines),
}

pub(super) fn add_content(list: &mut Vec<Said>, content: &[u8]) {
    match list.last_mut() {
        _ if content.is_empty() => {}
        Some(Said::Content(before)) => before.extend_from_slice(content),
        _ => list.push(Said::Content(content.to_vec())),
    }
}

pub(super) fn lines(fields: &[(&str, &str)]) -> Lines {
    fields
        .iter()
        .map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()))
        .collect()
}

/// Returns whether all sent field lines were received.
///
/// `Connection` is left out, since the engine writes it.
pub(super) fn holds(heard: &Lines, said: &Lines) -> bool {
    said.iter().all(|line| line.0 == b"Connection" || heard.contains(line))
}
