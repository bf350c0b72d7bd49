//! The session of a client: all its connections for one check.
//!
//! The client sends a request, receives the check's scripted response, and its behaviour on the
//! wire is recorded.

use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rustls::ServerConfig;

use super::identity::Identity;
use super::launcher::{Call, ClientLauncher, Ended, GLANCE};
use crate::audit::finding::{End, Missing, Received};
use crate::audit::frames::{self, CLOSE, Frame, PONG, frames};
use crate::audit::request_reader::{Request, RequestReader};
use crate::audit::response_script::{self, PAYLOAD, PING, Step};
use crate::audit::table::{Check, What};
use crate::audit::timeline::{Switch, Timeline};
use crate::audit::wire::{WaitResult, Wire};

/// The opcodes that show an open WebSocket: data, Ping and Pong, but not Close.
const TALK: [u8; 5] = [0, 1, 2, frames::PING, PONG];
/// The bytes that begin a client's HTTP/2 preface (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// A Close frame with the status code 1000.
const LEAVE: &[u8] = b"\x88\x02\x03\xe8";
const NOT_HERE: &[u8] = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// The times that the scripted server waits.
#[derive(Clone, Copy)]
pub(crate) struct Times {
    /// The timeout of each longer wait, such as for a request or a reaction.
    ///
    /// The wait for the first connection has another timeout.
    pub(crate) timeout: Duration,
    /// The length of `~ pause` in a response script, and of other short waits.
    pub(crate) pause: Duration,
}

/// The number of a client's requests at which an observation until `Asked` ends.
const MOST_ASKED: usize = 3;

/// The recorded behaviour of a client in one session.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClientSession {
    /// The client's requests, in order; the first ones get the check's responses.
    pub(crate) requests: Vec<Request>,
    /// The bytes received after the first request and before its response.
    pub(crate) early: Vec<u8>,
    /// The bytes sent to the client on all connections.
    pub(crate) sent: Vec<u8>,
    /// The bytes received from the client on all connections.
    pub(crate) came: Vec<u8>,
    /// The bytes received after the last request, on its connection.
    pub(crate) after: Vec<u8>,
    /// True if the client has closed or reset the last connection.
    pub(crate) has_ended: bool,
    /// True if a request came on another connection than the first.
    pub(crate) has_moved: bool,
    /// True if a request came before the previous response was complete.
    ///
    /// Only requests on the same connection count, and only if the check responds to them.
    pub(crate) was_hasty: bool,
    pub(crate) timeline: Timeline,
    /// The exit of the client's command; `None` without a command.
    pub(crate) ended: Option<Ended>,
}

/// The condition that ends the observation of a client after the last response.
///
/// A timeout, or the client that closes, ends the observation too.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    /// The client has sent bytes of the new protocol, or a Close frame.
    Opened,
    /// The client has sent a Pong.
    Pong,
    /// The client has acknowledged HTTP/2's SETTINGS.
    Acknowledged,
    /// The client has sent `MOST_ASKED` requests in all, on any connections.
    Asked,
    /// The check's responses were sent; there is no further wait.
    Answered,
}

impl ClientSession {
    pub(crate) fn first(&self) -> Option<&Request> {
        self.requests.first()
    }

    /// Returns all received bytes, how the last connection ended, and the timeline.
    pub(crate) fn received(&self) -> Received {
        Received {
            bytes: self.came.clone(),
            end: if self.has_ended { End::Closed } else { End::Open },
            timeline: Timeline { switch: self.switch(), ..self.timeline.clone() },
        }
    }

    /// Returns the switch to the client's first offered protocol, if a 101 was sent.
    fn switch(&self) -> Option<Switch> {
        let find = |bytes: &[u8], from: usize| {
            let rest = self.sent.get(from..)?;
            Some(from + rest.windows(bytes.len()).position(|window| window == bytes)?)
        };
        let head = find(b" 101 ", 0)?;
        let sent = find(b"\r\n\r\n", head)? + 4;
        let protocol = self.first()?.offers.first()?.0.clone();
        Some(Switch { protocol, sent, came: self.came.len() - self.after.len() })
    }

    /// Returns whether the client has spoken the new protocol after its last request.
    ///
    /// WebSocket frames after a Close frame do not count.
    pub(crate) fn is_open(&self) -> bool {
        self.speaks(&self.after)
    }

    /// Returns whether bytes of the client show that it speaks the new protocol.
    ///
    /// They do if they begin with a preface of HTTP/2, or have a WebSocket frame before any Close
    /// frame. For an unknown protocol, any bytes do that do not begin a request.
    fn speaks(&self, bytes: &[u8]) -> bool {
        let is_unknown =
            || !self.offers("websocket") && !self.offers("h2c") && self.offers_anything();
        bytes.starts_with(PREFACE)
            || spoken(bytes)
                .iter()
                .take_while(|frame| frame.opcode != CLOSE)
                .any(|frame| TALK.contains(&frame.opcode))
            || !bytes.is_empty() && !is_request(bytes) && is_unknown()
    }

    fn offers(&self, token: &str) -> bool {
        self.first().is_some_and(|first| {
            first.offers.iter().any(|(each, _)| each.eq_ignore_ascii_case(token))
        })
    }

    fn offers_anything(&self) -> bool {
        self.first().is_some_and(|first| !first.offers.is_empty())
    }

    /// Returns whether the client has sent a Pong with the payload of the audit's Ping.
    pub(crate) fn has_pong(&self) -> bool {
        has_pong(&self.after)
    }

    /// Returns whether the client has sent a Close frame of WebSocket.
    pub(crate) fn has_left(&self) -> bool {
        has_left(&self.after)
    }

    /// Returns whether the client has closed the WebSocket without an error.
    ///
    /// The status code is 1000, 1001 or absent (RFC 6455, section 7.4.1).
    pub(crate) fn has_left_normally(&self) -> bool {
        let is_normal = |code: &[u8]| matches!(code, [] | [3, 0xe8 | 0xe9, ..]);
        spoken(&self.after).iter().any(|frame| frame.opcode == CLOSE && is_normal(&frame.payload))
    }

    /// Returns whether the client has acknowledged HTTP/2's SETTINGS.
    pub(crate) fn has_acknowledged(&self) -> bool {
        has_acknowledged(&self.after)
    }
}

fn has_pong(bytes: &[u8]) -> bool {
    spoken(bytes).iter().any(|frame| frame.opcode == PONG && frame.payload == PAYLOAD)
}

fn has_left(bytes: &[u8]) -> bool {
    spoken(bytes).iter().any(|frame| frame.opcode == CLOSE)
}

/// Returns the complete WebSocket frames in a client's bytes.
///
/// Returns none if the first frame has no mask bit, which a client's frames must have.
fn spoken(bytes: &[u8]) -> Vec<Frame> {
    if bytes.get(1).is_some_and(|second| second & 0x80 != 0) { frames(bytes) } else { Vec::new() }
}

fn has_acknowledged(bytes: &[u8]) -> bool {
    let mut rest = bytes.strip_prefix(PREFACE).unwrap_or_default();
    while let Some((head, after)) = rest.split_first_chunk::<9>() {
        if head[3] == 4 && head[4] & 1 == 1 {
            return true;
        }
        let len = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        rest = after.get(len..).unwrap_or_default();
    }
    false
}

/// Runs one check with the client; returns its session, or why no request came.
///
/// Starts the client, sends it the check's responses, and observes it.
pub(crate) fn visit(
    caller: &ClientLauncher,
    identity: Option<&Identity>,
    check: &Check,
    times: Times,
    until: Until,
) -> io::Result<Result<ClientSession, Missing>> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    let port = listener.local_addr()?.port();
    let call = caller.call(port, check.id, identity)?;
    let config = identity.map(|identity| Arc::clone(&identity.config));
    let mut house = ScriptedServer {
        listener,
        config,
        call,
        times,
        visit: ClientSession::default(),
        refused: None,
    };
    let deadline = Instant::now() + caller.timeout(times.timeout);
    let Some(mut talk) = house.admit(deadline)? else { return Ok(Err(house.absent())) };
    house.play(check, &mut talk, until)?;
    let ScriptedServer { call, mut visit, .. } = house;
    visit.came.extend_from_slice(&talk.incoming.came);
    visit.after = talk.incoming.rest().to_vec();
    visit.has_ended = talk.incoming.has_ended;
    if visit.is_open() && !visit.has_ended {
        let _ = talk.wire.send(LEAVE);
        visit.sent.extend_from_slice(LEAVE);
    }
    visit.timeline.extend(&talk.wire.leave());
    visit.ended = call.end(grace(check, times));
    Ok(Ok(visit))
}

/// Returns the time that a command gets to end by itself.
///
/// It is the full timeout if the check looks at the exit status, else only `times.pause`.
fn grace(check: &Check, times: Times) -> Duration {
    let is_judged = check.rules.moot.contains(&"leaves-at-once");
    if is_judged { times.timeout } else { times.pause }
}

/// The scripted server of one check.
struct ScriptedServer {
    listener: TcpListener,
    /// The TLS configuration, if the client connects with TLS.
    config: Option<Arc<ServerConfig>>,
    call: Call,
    times: Times,
    visit: ClientSession,
    /// The error of the last failed TLS handshake.
    refused: Option<io::Error>,
}

/// A connection of the client, and the reader of its requests.
struct Talk {
    wire: Wire,
    incoming: RequestReader,
}

impl ScriptedServer {
    /// Accepts connections until a request begins on one, and returns that connection.
    ///
    /// Returns `None` if no request begins in time, or before the client's command ends.
    fn admit(&mut self, deadline: Instant) -> io::Result<Option<Talk>> {
        // Connections without a request may be many, so the total time is limited.
        let latest = deadline.max(Instant::now()) + self.times.timeout;
        loop {
            let was_over = self.call.is_over();
            let left = latest.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            match self.listener.accept() {
                Ok((socket, _)) => {
                    socket.set_nonblocking(false)?;
                    let Some(wire) = self.wire(socket, self.times.timeout.min(left))? else {
                        continue;
                    };
                    let mut talk = Talk { wire, incoming: RequestReader::new() };
                    talk.listen(self.times.timeout.min(left), RequestReader::is_done);
                    // A connection without a request was opened in advance, and is dropped.
                    if talk.incoming.has_begun() {
                        return Ok(Some(talk));
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if was_over || Instant::now() > deadline {
                        return Ok(None);
                    }
                    thread::sleep(GLANCE);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Wraps an accepted connection, with the server's side of TLS if it is configured.
    ///
    /// Returns `None` if the TLS handshake fails.
    fn wire(&mut self, socket: TcpStream, timeout: Duration) -> io::Result<Option<Wire>> {
        let Some(config) = self.config.clone() else {
            return Wire::new(socket, timeout).map(Some);
        };
        match Wire::accept(socket, config, timeout) {
            Ok(wire) => Ok(Some(wire)),
            Err(error) => {
                self.refused = Some(error);
                Ok(None)
            }
        }
    }

    /// Returns the reason why no request of the client came, with its remedy.
    fn absent(&self) -> Missing {
        match &self.refused {
            None => Missing::new("no client came", "have it ask for {url} or {ws}"),
            Some(error) => Missing::new(
                format!("no client came through the handshake of TLS ({error})"),
                "have it trust the certificate in {ca}, or any",
            ),
        }
    }

    /// Sends the check's responses, and observes the client's reaction.
    fn play(&mut self, check: &Check, talk: &mut Talk, until: Until) -> io::Result<()> {
        let sections = response_script::sections(&check.lines);
        let pings = check.lines.iter().any(|line| matches!(line.what, What::Bytes("PING")));
        for (number, section) in sections.iter().enumerate() {
            if number > 0 && !self.wait_for_next(talk)? {
                return Ok(());
            }
            self.visit.requests.extend(talk.incoming.requests.last().cloned());
            let Some(request) = self.visit.requests.last().cloned() else { return Ok(()) };
            if number == 0 {
                talk.listen(self.times.pause.min(Duration::from_millis(100)), |incoming| {
                    !incoming.rest().is_empty()
                });
                self.visit.early = talk.incoming.rest().to_vec();
            }
            for step in response_script::steps(section, &request).map_err(io::Error::other)? {
                self.visit.was_hasty |=
                    number + 1 < sections.len() && is_request(talk.incoming.rest());
                self.take(talk, &step);
            }
        }
        match until {
            Until::Pong => talk.listen(self.times.timeout, |incoming| has_pong(incoming.rest())),
            Until::Acknowledged => {
                talk.listen(self.times.timeout, |incoming| has_acknowledged(incoming.rest()))
            }
            Until::Opened => {
                let visit = self.visit.clone();
                let speaks = |incoming: &RequestReader| {
                    visit.speaks(incoming.rest()) || has_left(incoming.rest())
                };
                talk.listen(self.times.pause, speaks);
                if !speaks(&talk.incoming)
                    && !talk.incoming.has_ended
                    && !pings
                    && self.expects_frames()
                {
                    // An open WebSocket without messages to send still responds to a Ping.
                    self.take(talk, &Step::Send(PING.into()));
                }
                talk.listen(self.times.timeout, speaks);
            }
            Until::Answered => {}
            Until::Asked => {
                while self.visit.requests.len() < MOST_ASKED && self.wait_for_next(talk)? {
                    self.visit.requests.extend(talk.incoming.requests.last().cloned());
                    self.take(talk, &Step::Send(NOT_HERE.into()));
                }
            }
        }
        Ok(())
    }

    /// Returns whether a 101 was sent to a client that offered websocket.
    fn expects_frames(&self) -> bool {
        let has = |bytes: &[u8]| self.visit.sent.windows(bytes.len()).any(|window| window == bytes);
        self.visit.offers("websocket") && has(b" 101 ")
    }

    /// Waits for another request of the client, on this connection or a new one.
    ///
    /// A new connection replaces this one in `talk`. Returns `false` if no request comes in time,
    /// or before the client ends.
    fn wait_for_next(&mut self, talk: &mut Talk) -> io::Result<bool> {
        let may_ask_here = spoken(talk.incoming.rest()).is_empty() && !talk.incoming.is_full();
        if may_ask_here {
            talk.incoming.expect_next();
        }
        let deadline = Instant::now() + self.times.timeout;
        while Instant::now() < deadline {
            if may_ask_here && talk.incoming.is_done() {
                return Ok(true);
            }
            if let Some(other) = self.admit(Instant::now())? {
                let before = std::mem::replace(talk, other);
                self.visit.came.extend(before.incoming.came);
                self.visit.timeline.extend(&before.wire.leave());
                self.visit.has_moved = true;
                return Ok(true);
            }
            if self.call.is_over() && talk.incoming.has_ended {
                break;
            }
            thread::sleep(GLANCE);
            talk.listen(GLANCE, RequestReader::is_done);
        }
        Ok(false)
    }

    fn take(&mut self, talk: &mut Talk, step: &Step) {
        match step {
            Step::Send(bytes) => {
                self.visit.sent.extend_from_slice(bytes);
                // A peer that has closed is noticed at the next read.
                let _ = talk.wire.send(bytes);
            }
            Step::Pause => talk.listen(self.times.pause, |_| false),
            Step::End => talk.wire.end(),
        }
    }
}

impl Talk {
    /// Reads until a condition holds, the client closes, or `time` has passed.
    ///
    /// Stops also when more was received than the audit reads of a connection.
    fn listen(&mut self, time: Duration, is_enough: impl Fn(&RequestReader) -> bool) {
        let deadline = Instant::now() + time;
        while !is_enough(&self.incoming) && !self.incoming.has_ended && !self.incoming.is_full() {
            match self.wire.next(deadline) {
                WaitResult::Bytes(bytes) => self.incoming.receive(&bytes),
                WaitResult::End(end) => self.incoming.end(end),
                WaitResult::Nothing => return,
            }
        }
    }
}

/// Returns whether bytes begin with two upper-case letters, as a request does.
pub(crate) fn is_request(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(u8::is_ascii_uppercase)
        && bytes.get(1).is_some_and(u8::is_ascii_uppercase)
}
