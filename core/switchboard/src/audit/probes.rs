//! Probes that show whether the new protocol is spoken after a switch.
//!
//! The probe is a Ping or a message for WebSocket, a preface for HTTP/2, a ClientHello for TLS.

use rustls::ClientConnection;
use rustls::pki_types::ServerName;

use super::frames::{self, CLOSE, FrameReader, PING, PONG};
use super::nonce::{self, Nonce};
use crate::tls;

/// A client's connection preface with an empty SETTINGS (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// The result of a probe, from all bytes received since the switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spoken {
    /// The peer speaks the new protocol.
    Yes,
    /// The peer ended a WebSocket with a Close frame, without an answer to the probe.
    End,
    /// The bytes do not belong to the new protocol.
    Other,
    /// The bytes received so far do not suffice to decide.
    Unknown,
}

/// The expected answer to a probe of a new protocol.
///
/// For WebSocket, also the frames received since the switch.
pub(crate) struct Probe {
    protocol: &'static str,
    word: [u8; nonce::LEN],
    /// The opcode of the WebSocket frame that answers the probe.
    answer: u8,
    frames: FrameReader,
}

impl Probe {
    /// Returns a probe of a protocol and the bytes to send.
    ///
    /// `None` for a protocol that the audit cannot probe. A WebSocket is sent a frame with
    /// `opcode`: a Ping, or a message that comes back.
    pub(crate) fn of(protocol: &str, nonce: &Nonce, opcode: u8) -> Option<(Self, Vec<u8>)> {
        let protocol = kind(protocol);
        let opening = match protocol {
            "websocket" => frames::masked(opcode, &nonce.probe),
            "h2c" => PREFACE.to_vec(),
            "tls" => client_hello()?,
            _ => return None,
        };
        let answer = if opcode == PING { PONG } else { opcode };
        let (word, frames) = (nonce.probe, FrameReader::of_server());
        Some((Self { protocol, word, answer, frames }, opening))
    }

    /// Rates all bytes that were received since the switch.
    ///
    /// `came` has to begin with the bytes that the previous call was given.
    pub(crate) fn judge(&mut self, came: &[u8]) -> Spoken {
        match self.protocol {
            "websocket" => {
                self.frames.read(came);
                let mut frames = self.frames.frames.iter();
                let is_answer = |frame: &frames::Frame| {
                    frame.opcode == self.answer && frame.payload == self.word
                };
                match () {
                    () if frames.clone().any(is_answer) => Spoken::Yes,
                    () if frames.any(|frame| frame.opcode == CLOSE) => Spoken::End,
                    () if self.frames.is_broken => Spoken::Other,
                    () => Spoken::Unknown,
                }
            }
            // The first frame must be SETTINGS on stream 0, without the ACK flag.
            "h2c" => match came {
                [_, _, _, 4, flags, 0, 0, 0, 0, ..] if flags & 1 == 0 => Spoken::Yes,
                [_, _, _, kind, ..] if *kind != 4 => Spoken::Other,
                _ if came.len() < 9 => Spoken::Unknown,
                _ => Spoken::Other,
            },
            // A handshake or an alert record: the two sides need not support the same versions.
            _ => match came {
                [21 | 22, 3, ..] => Spoken::Yes,
                [_, _, ..] => Spoken::Other,
                _ => Spoken::Unknown,
            },
        }
    }
}

fn kind(protocol: &str) -> &'static str {
    match protocol.to_ascii_lowercase().as_str() {
        "websocket" => "websocket",
        "h2c" => "h2c",
        name if name.starts_with("tls/") => "tls",
        _ => "",
    }
}

fn client_hello() -> Option<Vec<u8>> {
    let name = ServerName::try_from("localhost").ok()?;
    let mut tls = ClientConnection::new(tls::client().ok()?, name).ok()?;
    let mut hello = Vec::new();
    tls.write_tls(&mut hello).ok()?;
    Some(hello)
}
