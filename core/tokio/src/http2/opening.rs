//! The filter by which any HTTP/2 client receives the response to an upgrade.
//!
//! The response is on stream 1, though the client does not support upgrades (RFC 7540, section
//! 3.2).
//!
//! The client repeats the request on stream 1, and the filter drops its HEADERS, so that the server
//! does not see them. The filter hides two differences:
//!
//! - Header compression has a state (RFC 7541, section 2.3). The server's table lacks the lines
//!   that the client adds to its own with the dropped request. So a SETTINGS frame of the filter
//!   first sets the size of the table to 0, which empties it. After the request, a second one
//!   restores the default size. The client receives both before the server's first frame; its ACKs
//!   for them are dropped.
//! - A fast server may respond before the client has repeated the request. Bytes from the server
//!   are held until it has.

use std::io;

/// The length of a client's connection preface (RFC 9113, section 3.4).
const PREFACE: usize = 24;

/// The length of a frame header: length, type, flags, stream.
///
/// RFC 9113, section 4.1.
const HEADER: usize = 9;

const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const CONTINUATION: u8 = 9;

const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// A SETTINGS frame with HEADER_TABLE_SIZE 0; `USUAL_TABLE` has the default, 4,096.
///
/// RFC 9113, section 6.5.2.
const NO_TABLE: [u8; 15] = [0, 0, 6, SETTINGS, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0];
const USUAL_TABLE: [u8; 15] = [0, 0, 6, SETTINGS, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0x10, 0];

/// A filter between a server that got an HTTP/1.1 request and an HTTP/2 client.
pub(super) struct Opening {
    asked: Asked,
    /// The number of the filter's SETTINGS that the client has yet to acknowledge.
    acks: u8,
    /// Bytes from the server, held until the client has repeated the request.
    held: Vec<u8>,
    for_client: Vec<u8>,
    for_server: Vec<u8>,
    /// The received part of an incomplete frame header from the client.
    header: Vec<u8>,
    /// The number of bytes to forward or drop until the next frame; first `PREFACE`.
    left: usize,
    drops: bool,
}

/// The state of the client's repeated request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    NotYet,
    /// The header block of the repeated request has begun.
    Begun,
    Whole,
}

impl Opening {
    pub(super) fn new() -> Self {
        Self {
            asked: Asked::NotYet,
            acks: 2,
            held: Vec::new(),
            for_client: NO_TABLE.to_vec(),
            for_server: Vec::new(),
            header: Vec::new(),
            left: PREFACE,
            drops: false,
        }
    }

    /// Decides whether the frame with this header is forwarded or dropped.
    ///
    /// Fails if it is a first request with content or not on stream 1, or a second one too early.
    fn begin(&mut self, [a, b, c, kind, flags, stream @ ..]: [u8; HEADER]) -> io::Result<()> {
        self.left = u32::from_be_bytes([0, a, b, c]) as usize;
        self.drops = match kind {
            HEADERS if self.asked == Asked::NotYet => {
                if stream != [0, 0, 0, 1] || flags & END_STREAM == 0 {
                    return Err(misuse(
                        "the first request has to be that of the upgrade again, without its \
                         content",
                    ));
                }
                self.asked = Asked::Begun;
                true
            }
            CONTINUATION => self.asked == Asked::Begun,
            // This request may refer to lines of the dropped one in the compression table.
            HEADERS if self.acks == 2 => {
                return Err(misuse("a second request has to wait for the server's SETTINGS"));
            }
            SETTINGS if flags & ACK != 0 && self.acks > 0 => {
                self.acks -= 1;
                true
            }
            _ => false,
        };
        if !self.drops {
            self.for_server.append(&mut self.header);
        } else if matches!(kind, HEADERS | CONTINUATION) && flags & END_HEADERS != 0 {
            self.asked = Asked::Whole;
            self.for_client.extend_from_slice(&USUAL_TABLE);
            self.for_client.append(&mut self.held);
        }
        self.header.clear();
        Ok(())
    }
}

fn misuse(advice: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, advice)
}

impl super::StreamFilter for Opening {
    fn peer_sent(&mut self, bytes: &[u8]) {
        let waits = self.asked != Asked::Whole;
        if waits { &mut self.held } else { &mut self.for_client }.extend_from_slice(bytes);
    }

    /// Ignores the server's end: the server is read only once no bytes are held.
    fn peer_ended(&mut self) {}

    fn engine_sent(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            if self.left > 0 {
                let (piece, rest) = bytes.split_at(bytes.len().min(self.left));
                if !self.drops {
                    self.for_server.extend_from_slice(piece);
                }
                self.left -= piece.len();
                bytes = rest;
            } else {
                let (piece, rest) = bytes.split_at(bytes.len().min(HEADER - self.header.len()));
                self.header.extend_from_slice(piece);
                bytes = rest;
                if let Ok(header) = <[u8; HEADER]>::try_from(&self.header[..]) {
                    self.begin(header)?;
                }
            }
        }
        Ok(())
    }

    fn take_for_engine(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.for_client)
    }

    fn take_for_peer(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.for_server)
    }

    fn wants_peer(&self) -> bool {
        self.asked == Asked::Whole
    }

    fn is_waiting(&self) -> bool {
        false
    }

    fn is_done(&self) -> bool {
        let is_between = self.header.is_empty() && (self.left == 0 || !self.drops);
        self.asked == Asked::Whole && self.acks == 0 && is_between
    }
}

#[cfg(test)]
mod tests {
    use super::super::StreamFilter;
    use super::*;

    const START: &[u8; PREFACE] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

    fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
        let header = [0, 0, payload.len() as u8, kind, flags, 0, 0, 0, stream];
        [&header[..], payload].concat()
    }

    fn settings() -> Vec<u8> {
        [&START[..], &frame(SETTINGS, 0, 0, &[0, 2, 0, 0, 0, 0])].concat()
    }

    /// Checks that the repeated request and the filter's SETTINGS ACKs are dropped.
    ///
    /// The filter sends two SETTINGS. The client's writes are split anywhere.
    #[test]
    fn the_request_and_two_acks_do_not_leave() {
        let ack = || frame(SETTINGS, ACK, 0, b"");
        let update = || frame(8, 0, 0, &[0, 1, 0, 0]);
        let request =
            [frame(HEADERS, END_STREAM, 1, b"head"), frame(CONTINUATION, END_HEADERS, 1, b"rest")]
                .concat();
        let next = || frame(HEADERS, END_STREAM | END_HEADERS, 3, b"next");
        let written = [settings(), ack(), update(), request, ack(), ack(), next()].concat();
        let wanted = [settings(), update(), ack(), next()].concat();
        for step in 1..=written.len() {
            let mut opening = Opening::new();
            assert_eq!(opening.take_for_engine(), NO_TABLE);
            opening.peer_sent(b"server");
            assert!(opening.take_for_engine().is_empty() && !opening.wants_peer());
            for piece in written.chunks(step) {
                opening.engine_sent(piece).expect("in order");
            }
            assert_eq!(opening.take_for_peer(), wanted, "{step}");
            assert_eq!(opening.take_for_engine(), [&USUAL_TABLE[..], b"server"].concat());
            assert!(opening.is_done() && opening.wants_peer());
        }
    }

    /// Checks that a second request before the client's ACK of NO_TABLE is an error.
    ///
    /// It may refer to compressed lines of the first request, which the server never received.
    #[test]
    fn a_second_request_before_the_table_is_empty_is_an_error() {
        let mut opening = Opening::new();
        opening.engine_sent(&settings()).expect("in order");
        let whole = END_STREAM | END_HEADERS;
        opening.engine_sent(&frame(HEADERS, whole, 1, b"head")).expect("in order");
        let error =
            opening.engine_sent(&frame(HEADERS, whole, 3, b"next")).expect_err("out of order");
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        assert_eq!(opening.take_for_peer(), settings());
    }

    #[test]
    fn a_first_request_that_is_not_stream_1_is_an_error() {
        let mut opening = Opening::new();
        opening.engine_sent(&settings()).expect("in order");
        opening
            .engine_sent(&frame(HEADERS, END_STREAM | END_HEADERS, 3, b"head"))
            .expect_err("another stream");
    }
}
