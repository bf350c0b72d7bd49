//! Invariant: a client and a server joined by queues read what the other one sent.
//!
//! The invariant holds for any split of the queued bytes and any calls that `step` makes.
//! Both ends finish in states that agree, unless one failed with an expected error or gave up.
//!
//! The fuzz input is a tape. It says which end moves, what it decides, and how many of the sent
//! bytes arrive.

use std::io::Write;

use switchover::binding::{Bound, EventParts, EventPlace};
use switchover::state::{Phase, Rx, Tx};
use switchover::{
    Connection, End, ErrorKind, Event, Limits, Paused, RequestHead, Role, Step, SwitchedBy,
};

use super::moves::{Move, Whole};
use super::said::{Said, add_content, holds, lines};
use super::tape::Tape;
use crate::message::{Lines, owned};

/// Checks the module's invariant for one fuzz input.
pub fn check(data: &[u8]) {
    let mut tape = Tape::new(data);
    let mut pair = Pair { client: Side::new(Role::Client), server: Side::new(Role::Server) };
    for _ in 0..400 {
        if tape.is_over() {
            break;
        }
        pair.step(&mut tape);
    }
    pair.finish();
}

struct Side {
    connection: Connection,
    /// The bytes that this end has sent and that have not arrived.
    wire: Vec<u8>,
    said: Vec<Said>,
    heard: Vec<Said>,
    /// The new protocol's bytes that this end sent; `got` has those that it received.
    spoken: Vec<u8>,
    got: Vec<u8>,
    /// True from the sending of a head to the end of its message.
    ///
    /// The head of an interim response does not count.
    is_open: bool,
    has_told_end: bool,
    /// True once this end may leave a message unfinished.
    has_given_up: bool,
    /// True once this end has called `skip_content`, which emits no `Data` events.
    has_skipped: bool,
    /// The number of entries of `heard` that were compared and can no longer grow.
    compared: usize,
    failure: Option<ErrorKind>,
    is_over: bool,
}

impl Side {
    fn new(role: Role) -> Self {
        Self {
            connection: Connection::new(role),
            wire: Vec::new(),
            said: Vec::new(),
            heard: Vec::new(),
            spoken: Vec::new(),
            got: Vec::new(),
            is_open: false,
            has_told_end: false,
            has_given_up: false,
            has_skipped: false,
            compared: 0,
            failure: None,
            is_over: false,
        }
    }

    /// Makes the call of a decision; if it succeeds, records in `said` what it sent.
    fn make(&mut self, decision: Move) -> bool {
        if let Move::Note { status, has_content, closes } = decision {
            return self.write(status, has_content, closes);
        }
        let decision = match decision {
            // With fewer than five bytes of a request the method is unknown and may be HEAD. The
            // client of a HEAD does not expect content.
            Move::Whole { how: Whole::Reject, status, answer, .. }
                if self.connection.unread().len() < 5 =>
            {
                Move::Whole { how: Whole::Reject, status, answer, len: 0 }
            }
            decision => decision,
        };
        let (before, state) = (self.wire.len(), self.connection.state());
        if let Err(error) = decision.make(&mut self.connection, &mut self.wire) {
            assert_eq!(self.wire.len(), before, "{error} wrote");
            assert_eq!(self.connection.state(), state, "{error} changed the state");
            return false;
        }
        let has_written = self.wire.len() > before;
        assert!(state.tx == Tx::Open || !has_written, "HTTP left a direction that carries none");
        let is_client = self.connection.role() == Role::Client;
        let fields = lines(decision.fields());
        match decision {
            Move::Request(_) => {
                let (method, target) = decision.request_line().expect("it is one");
                self.say(Said::Request { method: method.into(), target: target.into(), fields });
            }
            Move::Response { status, .. } => self.say(Said::Response { status, fields }),
            Move::Whole { how, status, len, .. } => {
                // A client that has sent no request accepts no response.
                self.has_given_up |= how == Whole::Reject;
                self.say(Said::Response { status, fields });
                if len > 0 && !self.wire[before..].ends_with(b"\r\n\r\n") {
                    add_content(&mut self.said, &[b'x'; 256][..len]);
                }
            }
            Move::Require { .. } => self.say(Said::Response { status: 426, fields }),
            Move::Informational { status, .. } => self.said.push(Said::Response { status, fields }),
            Move::Accept { .. } if has_written => {
                if state.continue_unsent() {
                    self.said.push(Said::Response { status: 100, fields: Vec::new() });
                }
                self.said.push(Said::Switch(self.connection.agreed().to_string()));
            }
            Move::Data(len) | Move::Parts(len) => add_content(&mut self.said, &[b'x'; 256][..len]),
            // A client may truncate its request with `close` or `abandon`.
            Move::CLOSE if is_client => self.has_given_up = true,
            Move::ABANDON => self.has_given_up = true,
            Move::SKIP => self.has_skipped = true,
            _ => {}
        }
        let trailers =
            if matches!(decision, Move::End(_)) { lines(decision.fields()) } else { Vec::new() };
        self.note_end(trailers);
        true
    }

    /// Announces a response with `note_response`, then writes it without the engine.
    ///
    /// The response has `Connection: close` if the engine says that the connection does not
    /// persist and no tunnel begins. Returns `false`, and writes nothing, on an error.
    fn write(&mut self, status: u16, has_content: bool, closes: bool) -> bool {
        let state = self.connection.state();
        let Ok(persists) = self.connection.note_response(status, has_content, closes) else {
            assert_eq!(self.connection.state(), state, "a refusal changed the state");
            return false;
        };
        let tunnels = self.connection.state().tx == Tx::Switched;
        let close = if persists || tunnels { "" } else { "Connection: close\r\n" };
        let framing = match status {
            _ if has_content => "Transfer-Encoding: chunked\r\n",
            204 | 304 => "",
            _ if tunnels => "",
            _ => "Content-Length: 0\r\n",
        };
        write!(self.wire, "HTTP/1.1 {status} Own\r\n{close}{framing}\r\n").expect("a vector");
        self.say(Said::Response { status, fields: Vec::new() });
        if has_content {
            self.wire.extend_from_slice(b"3\r\nxxx\r\n0\r\n\r\n");
            add_content(&mut self.said, b"xxx");
            let before = self.wire.len();
            self.connection.send_end(&(), &mut self.wire).expect("the end of what was written");
            assert_eq!(self.wire.len(), before, "the end is written twice");
        }
        self.note_end(Vec::new());
        true
    }

    fn say(&mut self, head: Said) {
        self.said.push(head);
        self.is_open = true;
    }

    fn note_end(&mut self, trailers: Lines) {
        let state = self.connection.state();
        let (phase, tunnels) = match self.connection.role() {
            Role::Client => (state.request, false),
            Role::Server => (state.response, state.tx == Tx::Switched),
        };
        if self.is_open && phase != Phase::Body {
            self.is_open = false;
            if phase == Phase::Done && !tunnels {
                self.said.push(Said::End(trailers));
            }
        }
    }

    /// Processes the arrived bytes until the engine pauses, needs data or fails.
    fn listen(&mut self, other_has_given_up: bool) {
        if self.is_over {
            return;
        }
        for _ in 0..1_000 {
            match self.connection.advance() {
                Ok(Step::Event) => self.hear(),
                Ok(step) => {
                    self.is_over |= step == Step::Paused(Paused::Closed);
                    return;
                }
                Err(error) => {
                    let is_honest = match error.kind() {
                        ErrorKind::NoResponse => true,
                        ErrorKind::Truncated | ErrorKind::Unsolicited => other_has_given_up,
                        ErrorKind::TooManyInformational => {
                            let is_informational = |said: &&Said| {
                                matches!(said, Said::Response { status: 100..=199, .. })
                            };
                            let heard =
                                self.heard.iter().rev().take_while(is_informational).count();
                            // This end reads nothing more, so it may leave a message unfinished.
                            self.has_given_up = true;
                            heard == Limits::DEFAULT.informational as usize
                        }
                        _ => false,
                    };
                    assert!(is_honest, "{:?}: {error}", self.connection.role());
                    self.failure = Some(error.kind());
                    return;
                }
            }
        }
        panic!("it never pauses");
    }

    fn hear(&mut self) {
        let event = self.connection.event().expect("an event");
        let EventParts { place, request, response, fields, bytes } = EventParts::of(&event);
        let fields = fields.map(owned).unwrap_or_default();
        let heard = match (place, request, response) {
            (EventPlace::Content, ..) => return add_content(&mut self.heard, bytes),
            (EventPlace::End, ..) => Said::End(fields),
            (EventPlace::Head, Some(request), _) => Said::Request {
                method: request.method().into(),
                target: request.target().into(),
                fields,
            },
            (_, _, Some(response)) => match event {
                Event::Switched(switched) if switched.by == SwitchedBy::Upgrade => {
                    Said::Switch(switched.protocols.to_string())
                }
                _ => Said::Response { status: response.status(), fields },
            },
            _ => return,
        };
        self.heard.push(heard);
    }

    /// Reads the arrived bytes, then makes this end's default calls if any are due.
    fn go_on(&mut self, other_has_given_up: bool) {
        self.listen(other_has_given_up);
        let state = self.connection.state();
        match self.connection.role() {
            Role::Client if state.request == Phase::Body => drop(self.send_the_rest()),
            Role::Server if !self.is_over && self.is_its_turn() && state.tx == Tx::Open => {
                let _ = self.make(Move::OK) || self.send_the_rest() || self.make(Move::ABANDON);
            }
            _ => {}
        }
    }

    fn send_the_rest(&mut self) -> bool {
        // No Content-Length in these tests is larger than 10.
        let was_open = self.is_open;
        (0..10).any(|_| self.make(Move::END) || !self.make(Move::Data(1)));
        was_open && !self.is_open
    }

    /// Returns whether the engine waits for a call of this end, at a pause or an error.
    ///
    /// Must be called after `listen`, when no event is left.
    fn is_its_turn(&mut self) -> bool {
        matches!(self.connection.advance(), Ok(Step::Paused(_)) | Err(_))
    }

    fn speak(&mut self, bytes: &[u8]) {
        if self.connection.may_speak() {
            self.wire.extend_from_slice(bytes);
            self.spoken.extend_from_slice(bytes);
        }
    }

    fn take_leftover(&mut self) {
        let taken = self.connection.take_leftover();
        self.got.splice(..0, taken);
    }
}

struct Pair {
    client: Side,
    server: Side,
}

impl Pair {
    fn sides(&mut self, is_client: bool) -> (&mut Side, &mut Side) {
        if is_client {
            (&mut self.client, &mut self.server)
        } else {
            (&mut self.server, &mut self.client)
        }
    }

    fn step(&mut self, tape: &mut Tape<'_>) {
        let what = tape.byte();
        let is_client = what & 1 == 0;
        let (one, other) = self.sides(is_client);
        match what >> 1 & 7 {
            0..=3 => match Move::read(tape) {
                // Both ends resume HTTP together, once no bytes are in the queues.
                Some(Move::RESUME) => self.resume(),
                // After `hand_over` another reader would receive the bytes. `pass_content` and
                // `set_limits` are tested by the fuzz target `connection`.
                Some(Move::HandOver | Move::Pass(_) | Move::Limits(_)) => {}
                Some(decision) => drop(one.make(decision)),
                None => one.listen(other.has_given_up),
            },
            4 => one.listen(other.has_given_up),
            5 if what >> 4 == 0 => one.connection.release(),
            5 if what >> 4 == 1 => one.speak(b"in the new protocol"),
            5 => one.go_on(other.has_given_up),
            _ => {
                let len = if what >> 4 == 0 { usize::MAX } else { tape.below(256) };
                self.deliver(is_client, len);
            }
        }
    }

    /// Delivers up to `len` of the bytes that one end has sent.
    ///
    /// Delivers EOF as well, once the sender is closed and its queue is empty.
    fn deliver(&mut self, from_client: bool, len: usize) {
        let (from, to) = self.sides(from_client);
        let piece: Vec<u8> = from.wire.drain(..len.min(from.wire.len())).collect();
        match to.connection.receive(&piece) {
            Err(error) if error.kind() == ErrorKind::Switched => to.got.extend_from_slice(&piece),
            // A closed or failed engine receives nothing more: its bytes are discarded.
            _ => {}
        }
        if from.wire.is_empty() && from.connection.state().tx == Tx::Closed && !from.has_told_end {
            from.has_told_end = true;
            to.connection.receive_eof(End::Clean);
        }
        to.listen(from.has_given_up);
        self.compare(from_client);
    }

    /// Compares the received parts of messages with the sent ones.
    fn compare(&mut self, from_client: bool) {
        let (from, to) = self.sides(from_client);
        let has_skipped = to.has_skipped;
        let is_counted = |said: &&Said| !has_skipped || !matches!(said, Said::Content(_));
        let (heard, said): (Vec<&Said>, Vec<&Said>) = (
            to.heard.iter().filter(is_counted).collect(),
            from.said.iter().filter(is_counted).collect(),
        );
        assert!(heard.len() <= said.len(), "{heard:?} was heard, {said:?} was said");
        let last = heard.len().saturating_sub(1);
        // Earlier parts were compared on arrival. The last one may be content that has grown.
        let first = if to.has_skipped { 0 } else { std::mem::replace(&mut to.compared, last) };
        for (index, (heard, said)) in heard.into_iter().zip(said).enumerate().skip(first) {
            let is_same = match (heard, said) {
                (Said::Content(heard), Said::Content(said)) => {
                    said.starts_with(heard) && (index == last || said == heard)
                }
                (
                    Said::Request { method, target, fields },
                    Said::Request { method: said_method, target: said_target, fields: said },
                ) => (method, target) == (said_method, said_target) && holds(fields, said),
                (
                    Said::Response { status, fields },
                    Said::Response { status: said_status, fields: said },
                ) => status == said_status && holds(fields, said),
                (heard, said) => heard == said,
            };
            assert!(
                is_same,
                "{heard:?} was heard, {said:?} was said as number {index} of {:?}",
                from.said
            );
        }
    }

    fn resume(&mut self) {
        let is_quiet = self.client.wire.is_empty() && self.server.wire.is_empty();
        let is_ready = |side: &Side| side.connection.state().is_switched() && !side.has_given_up;
        if !is_quiet || !is_ready(&self.client) || !is_ready(&self.server) {
            return;
        }
        self.compare_spoken();
        let outcomes =
            [&mut self.client, &mut self.server].map(|side| side.connection.resume_http());
        assert_eq!(outcomes[0], outcomes[1], "both resume or neither does");
        // From here on, `spoken` and `got` have only bytes of the next protocol.
        for side in [&mut self.client, &mut self.server] {
            side.spoken.clear();
            side.got.clear();
        }
    }

    fn compare_spoken(&mut self) {
        for is_client in [true, false] {
            let (one, other) = self.sides(is_client);
            one.listen(other.has_given_up);
            one.take_leftover();
            assert_eq!(
                one.got.escape_ascii().to_string(),
                other.spoken.escape_ascii().to_string(),
                "the new protocol"
            );
        }
    }

    /// Delivers all bytes and makes default calls on both ends until neither moves.
    ///
    /// Then checks that both ends agree.
    fn finish(&mut self) {
        let mut before = [(0, 0, 0, None); 2];
        for _ in 0..500 {
            self.deliver(true, usize::MAX);
            self.server.go_on(self.client.has_given_up);
            self.deliver(false, usize::MAX);
            self.client.go_on(self.server.has_given_up);
            let now = [&self.client, &self.server].map(|side| {
                (side.said.len(), side.heard.len(), side.wire.len(), Some(side.connection.state()))
            });
            if now == before {
                return self.agree();
            }
            before = now;
        }
        panic!("they never come to an end");
    }

    fn agree(&mut self) {
        let (client, server) = (self.client.connection.state(), self.server.connection.state());
        let has_failed = self.client.failure.is_some() || self.server.failure.is_some();
        let has_given_up = self.client.has_given_up || self.server.has_given_up;
        if has_failed || has_given_up {
            return;
        }
        let shown = format!("\n  client {client:?}\n  server {server:?}");
        let has_skipped = self.client.has_skipped || self.server.has_skipped;
        let is_all =
            |heard: &Side, said: &Side| has_skipped || heard.heard.len() == said.said.len();
        assert!(
            is_all(&self.client, &self.server),
            "not all that the server said was heard{shown}"
        );
        // A request that a closed server did not read may be repeated on another connection.
        let is_read = server.rx != Rx::Closed;
        assert!(
            !is_read || is_all(&self.server, &self.client),
            "not all that the client said was heard{shown}"
        );
        assert_eq!(client.is_switched(), server.is_switched(), "one has switched alone{shown}");
        if client.is_switched() {
            let agreed =
                [&self.client, &self.server].map(|side| side.connection.agreed().to_string());
            assert_eq!(agreed[0], agreed[1], "they speak different protocols");
            return self.compare_spoken();
        }
        assert!(client.is_idle() || server.tx == Tx::Closed, "the client waits for ever{shown}");
        assert!(server.is_idle() || server.is_over(), "the server waits for ever{shown}");
        // If the client can send another request, the server must accept it.
        let again = self.client.connection.send_request(
            &RequestHead::new("GET", "/", &[("Host", "a")]),
            &[],
            &mut Vec::new(),
        );
        assert!(
            again.is_err() || server.next_cycle(),
            "the client may ask, the server does not listen{shown}"
        );
    }
}
