//! The reference: a server that passes every check of the audit.
//!
//! A mutant differs in its response to the first bytes of one check.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use switchover::{Connection, End, Event, Next, Order, Owes, Paused, ResponseHead, Role};

use crate::audit::frames::{CLOSE, Frame, PONG, frames, masked, unmasked};

/// The read timeout, longer than any wait of an audit, so that nothing hangs.
const LIMIT: Duration = Duration::from_secs(60);

/// The fault of a mutant of the reference server.
pub(super) struct Wrong {
    /// The first bytes of the connections on which the mutant is wrong.
    pub(super) begin: Vec<u8>,
    /// The wrong response that the mutant sends.
    pub(super) answer: Vec<u8>,
    /// The behaviour of the mutant after the wrong response.
    pub(super) then: Then,
}

#[derive(Clone, Copy)]
pub(super) enum Then {
    /// Reads without responding, until the client closes.
    Hold,
    /// Sends a second response after a short wait, then reads without responding.
    Late,
    /// After the wrong response, handles further bytes as the reference server does.
    GoOn,
    /// Speaks WebSocket, as the reference server does.
    Frames,
    /// Speaks WebSocket with the masked frames of a client.
    Masked,
    /// Speaks WebSocket, and treats the request's content as its first frames.
    Content,
    /// Sends bytes without end.
    Flood,
    /// Closes the connection at once.
    Slam,
}

/// Serves connections in a thread, until the process ends.
pub(super) fn serve(listener: TcpListener, wrong: Option<Wrong>) {
    let wrong = Arc::new(wrong);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let wrong = Arc::clone(&wrong);
            // Errors are ignored: the audit has closed the connection.
            thread::spawn(move || {
                Peer { stream, http: Connection::new(Role::Server), line: Default::default() }
                    .run(wrong.as_ref().as_ref())
            });
        }
    });
}

struct Peer {
    stream: TcpStream,
    http: Connection,
    /// The method and target of the latest request.
    line: (String, String),
}

impl Wrong {
    /// Returns whether received bytes are the request that the mutant answers wrongly.
    ///
    /// Content of the same length counts: its random words are new on each connection.
    fn begins(&self, bytes: &[u8]) -> bool {
        let head = |bytes: &[u8]| bytes.windows(4).position(|window| window == b"\r\n\r\n");
        let (Some(end), Some(begin)) = (head(bytes), head(&self.begin)) else {
            return bytes == self.begin;
        };
        bytes.len() == self.begin.len() && bytes[..end] == self.begin[..begin]
    }
}

impl Peer {
    fn run(&mut self, wrong: Option<&Wrong>) -> io::Result<()> {
        self.stream.set_read_timeout(Some(LIMIT))?;
        self.stream.set_nodelay(true)?;
        let mut is_first = true;
        while let Some(bytes) = self.read()? {
            let is_first = std::mem::take(&mut is_first);
            if let Some(wrong) = wrong.filter(|wrong| is_first && wrong.begins(&bytes)) {
                self.stream.write_all(&wrong.answer)?;
                match wrong.then {
                    Then::GoOn => continue,
                    Then::Hold => return self.hold(),
                    Then::Late => {
                        thread::sleep(Duration::from_millis(50));
                        self.stream
                            .write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")?;
                        return self.hold();
                    }
                    Then::Frames => return self.speak("websocket", Vec::new()),
                    Then::Masked => return self.speak("masked", Vec::new()),
                    Then::Flood => loop {
                        self.stream.write_all(&[0; 16_384])?;
                    },
                    Then::Slam => return Ok(()),
                    Then::Content => return self.speak("websocket", content(&bytes)),
                }
            }
            self.http.receive(&bytes).map_err(io::Error::other)?;
            if let Some(protocol) = self.answer()? {
                let leftover = self.http.take_leftover().to_vec();
                return self.speak(&protocol, leftover);
            }
            if self.http.owes() == Owes::Nothing && !self.http.persists() {
                return Ok(());
            }
        }
        self.http.receive_eof(End::Clean);
        Ok(())
    }

    /// Reads bytes; `None` at the end of the connection.
    fn read(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut piece = vec![0; 16_384];
        let len = self.stream.read(&mut piece)?;
        piece.truncate(len);
        Ok((len > 0).then_some(piece))
    }

    fn hold(&mut self) -> io::Result<()> {
        while self.read()?.is_some() {}
        Ok(())
    }

    /// Responds to all received requests; returns the protocol after a switch.
    fn answer(&mut self) -> io::Result<Option<String>> {
        let (mut out, mut switched) = (Vec::new(), None);
        loop {
            match self.http.next_event() {
                Ok(Next::Event(Event::Request(request))) => {
                    self.line = (request.method().into(), request.target().into());
                }
                Ok(Next::Event(Event::Switched(to))) => {
                    switched = Some(to.protocols.to_string());
                    break;
                }
                Ok(Next::Event(_)) => {}
                Ok(Next::Paused(Paused::Closed)) => break,
                Ok(Next::Paused(_)) => {
                    respond(&mut self.http, &self.line, &mut out).map_err(io::Error::other)?
                }
                Ok(Next::NeedData) => {
                    if self.http.owes() != Owes::Continue {
                        break;
                    }
                    self.http
                        .send_informational(&ResponseHead::new(100, &()), &mut out)
                        .map_err(io::Error::other)?;
                }
                Err(error) => {
                    let status = error.status().unwrap_or(400);
                    // Fails if a response was begun already, which is ignored.
                    let _ = self.http.respond(&ResponseHead::new(status, &()), b"", &mut out);
                    break;
                }
            }
        }
        self.stream.write_all(&out)?;
        Ok(switched)
    }

    /// Speaks the new protocol until the client closes, or sends what is no frame.
    ///
    /// Responds to a Ping with a Pong, to a message with an echo, to a preface with SETTINGS.
    fn speak(&mut self, protocol: &str, mut came: Vec<u8>) -> io::Result<()> {
        loop {
            match protocol {
                "websocket" | "masked"
                    if came
                        .first()
                        .is_some_and(|first| ![0, 1, 2, 8, 9, 10].contains(&(first & 0x7f))) =>
                {
                    return self.stream.write_all(&unmasked(CLOSE, &[3, 234]));
                }
                "websocket" | "masked" => {
                    let framed = if protocol == "masked" { masked } else { unmasked };
                    for Frame { opcode, payload } in frames(&came) {
                        let opcode = if opcode == 9 { PONG } else { opcode };
                        self.stream.write_all(&framed(opcode, &payload))?;
                    }
                    came.clear();
                }
                "h2c" if came.starts_with(b"PRI * ") => {
                    self.stream.write_all(b"\0\0\0\x04\0\0\0\0\0")?;
                    came.clear();
                }
                _ => {}
            }
            match self.read()? {
                Some(bytes) => came.extend_from_slice(&bytes),
                None => return Ok(()),
            }
        }
    }
}

/// Responds to a request by its path: switches for an offer of the path's protocol.
///
/// The paths are those of WebSocket, HTTP/2 and UDP. Any other request gets a response in HTTP.
fn respond(
    http: &mut Connection,
    (method, target): &(String, String),
    out: &mut Vec<u8>,
) -> Result<(), switchover::Error> {
    let place = target.rsplit('/').next().unwrap_or_default();
    let (token, fields): (_, &[(&str, &str)]) = match place {
        "ws" => ("websocket", &[]),
        "h2c" => ("h2c", &[]),
        "udp" => ("connect-udp", &[("Capsule-Protocol", "?1")]),
        _ => ("", &[]),
    };
    if let Some(selection) = http.select(&[token], Order::Client) {
        return http.accept(selection, &fields, out);
    }
    if method == "CONNECT" {
        return http.respond(&ResponseHead::new(501, &()), b"", out);
    }
    if place == "ws" {
        http.require(&["websocket"], &[("Content-Length", "0")], out)?;
        return http.send_end(&(), out);
    }
    http.respond(&ResponseHead::new(200, &()), b"plain\n", out)
}

/// Returns the content that follows the head in these bytes.
fn content(request: &[u8]) -> Vec<u8> {
    let end = request.windows(4).position(|window| window == b"\r\n\r\n").expect("a whole head");
    request[end + 4..].to_vec()
}
