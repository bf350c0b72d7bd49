//! Probes that show whether the new protocol is spoken after a switch.
//!
//! The probe is a Ping for WebSocket, a preface for HTTP/2, a ClientHello for TLS.

use rustls::ClientConnection;
use rustls::pki_types::ServerName;

use super::script::PING;
use crate::tls;

/// A client's connection preface with an empty SETTINGS (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// A WebSocket frame (RFC 6455, section 5.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) opcode: u8,
    pub(crate) payload: Vec<u8>,
}

/// The number of received bytes in which frames are searched.
const LOOKED_AT: usize = 64 * 1024;

pub(crate) const CLOSE: u8 = 8;
pub(crate) const PONG: u8 = 10;

/// The result of a probe, from the bytes that followed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spoken {
    /// The peer speaks the new protocol.
    Yes,
    /// The peer speaks the new protocol, and ends it.
    End,
    /// The bytes do not belong to the new protocol.
    Other,
    /// The bytes received so far do not suffice to decide.
    Unknown,
}

/// Returns the bytes to send as a probe; `None` if there is none for the protocol.
pub(crate) fn opening(protocol: &str) -> Option<Vec<u8>> {
    match kind(protocol) {
        "websocket" => Some(PING.to_vec()),
        "h2c" => Some(PREFACE.to_vec()),
        "tls" => client_hello(),
        _ => None,
    }
}

/// Checks whether received bytes are a response to the probe.
pub(crate) fn judge(protocol: &str, came: &[u8]) -> Spoken {
    match kind(protocol) {
        "websocket" => {
            let frames = frames(came);
            let has = |opcode| frames.iter().any(|frame| frame.opcode == opcode);
            match () {
                () if has(PONG) => Spoken::Yes,
                () if has(CLOSE) => Spoken::End,
                () => Spoken::Unknown,
            }
        }
        // The first frame must be SETTINGS on stream 0, without the ACK flag.
        "h2c" => match came {
            [_, _, _, 4, flags, 0, 0, 0, 0, ..] if flags & 1 == 0 => Spoken::Yes,
            _ if came.len() < 9 => Spoken::Unknown,
            _ => Spoken::Other,
        },
        // A handshake or an alert record: the two sides need not support the same versions.
        "tls" => match came {
            [21 | 22, 3, ..] => Spoken::Yes,
            [_, _, ..] => Spoken::Other,
            _ => Spoken::Unknown,
        },
        _ => Spoken::Unknown,
    }
}

/// Parses the complete frames in the first `LOOKED_AT` bytes, and unmasks them.
pub(crate) fn frames(bytes: &[u8]) -> Vec<Frame> {
    let mut bytes = &bytes[..bytes.len().min(LOOKED_AT)];
    let mut frames = Vec::new();
    while let Some((frame, len)) = frame(bytes) {
        frames.push(frame);
        bytes = &bytes[len..];
    }
    frames
}

fn frame(bytes: &[u8]) -> Option<(Frame, usize)> {
    let (&[first, second], rest) = bytes.split_first_chunk::<2>()?;
    let (len, rest) = match second & 0x7f {
        126 => rest
            .split_first_chunk::<2>()
            .map(|(len, rest)| (u64::from(u16::from_be_bytes(*len)), rest))?,
        127 => rest.split_first_chunk::<8>().map(|(len, rest)| (u64::from_be_bytes(*len), rest))?,
        len => (u64::from(len), rest),
    };
    let (mask, rest) = match second & 0x80 {
        0 => ([0; 4], rest),
        _ => rest.split_first_chunk::<4>().map(|(mask, rest)| (*mask, rest))?,
    };
    let len = usize::try_from(len).ok()?;
    let payload =
        rest.get(..len)?.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
    Some((Frame { opcode: first & 15, payload }, bytes.len() - rest.len() + len))
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
