//! Invariant: through an `h2c::Splice`, the `h2` crate responds to each request.
//!
//! The client conforms to HTTP/2. Its first request is the upgraded HTTP/1.1 request.
//! The invariant holds for any split of the bytes and any flow-control windows of `h2`.
//! Bytes of a client that are not HTTP/2 pass unchanged.
//!
//! The fuzz input is a tape.

use switchover::binding::fallible;
use switchover::h2c::Splice;
use switchover::{Connection, Role, Step};

use super::http2_server::Engine;
use super::tape::Tape;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const FIRST_WINDOW: i64 = 65_535;
const LONGEST: usize = 16_384;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;

/// Checks the module's invariant for one fuzz input.
pub fn check(data: &[u8]) {
    let mut tape = Tape::new(data);
    if tape.flag() { keeps_to_http2(&mut tape) } else { anything(&mut tape) }
}

/// Returns the `h2c::Splice` of an upgraded request with `body` bytes of content.
fn splice(body: usize, settings: &str) -> Splice {
    let mut server = Connection::new(Role::Server);
    let head = format!(
        "POST /1 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\
         HTTP2-Settings: {settings}\r\nContent-Length: {body}\r\n\r\n"
    );
    server.receive(head.as_bytes()).expect("room");
    assert_eq!(server.advance(), Ok(Step::Event));
    let (request, content) = (server.request().expect("the request"), vec![b'u'; body]);
    let splice = if body.is_multiple_of(2) {
        Splice::new(&request, &content, &())
    } else {
        fallible::splice(&request, &content, &()).expect("memory")
    };
    splice.expect("it can be taken along")
}

fn put(kind: u8, flags: u8, stream: u32, payload: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&(payload.len() as u32).to_be_bytes()[1..]);
    out.extend_from_slice(&[kind, flags]);
    out.extend_from_slice(&stream.to_be_bytes());
    out.extend_from_slice(payload);
}

// Arbitrary bytes from the client and from the HTTP/2 engine.

fn anything(tape: &mut Tape<'_>) {
    let (body, begins) = (tape.below(300), tape.flag());
    let steps: Vec<(bool, &[u8])> = (0..60).map(|_| (tape.flag(), tape.piece())).collect();
    let whole = pass(body, begins, &steps, usize::MAX);
    let bytes = pass(body, begins, &steps, 1);
    assert!(whole == bytes, "another outcome, a byte at a time");
    let client: Vec<u8> = steps
        .iter()
        .filter(|(is_client, _)| *is_client)
        .flat_map(|(_, piece)| *piece)
        .copied()
        .collect();
    if !begins && !client.starts_with(&PREFACE[..PREFACE.len().min(client.len())]) {
        assert_eq!(whole.0, client, "it is no HTTP/2 and does not pass as it is");
    }
    let engine: Vec<u8> = steps
        .iter()
        .filter(|(is_client, _)| !is_client)
        .flat_map(|(_, piece)| *piece)
        .copied()
        .collect();
    if begins && ends_with_a_frame(&engine) {
        assert!(whole.0.len() >= PREFACE.len() + 18 + client.len(), "something is lost");
    }
}

/// Returns whether these bytes of the HTTP/2 engine end at the end of a frame.
///
/// Only then is a WINDOW_UPDATE after them a frame; otherwise it is part of another.
fn ends_with_a_frame(mut bytes: &[u8]) -> bool {
    while let [one, two, three, rest @ ..] = bytes {
        let len = u32::from_be_bytes([0, *one, *two, *three]) as usize + 6;
        let Some(rest) = rest.get(len..) else { return false };
        bytes = rest;
    }
    bytes.is_empty()
}

/// Returns all bytes that a splice passes to the HTTP/2 engine, and to the client.
fn pass(body: usize, begins: bool, steps: &[(bool, &[u8])], piece: usize) -> (Vec<u8>, Vec<u8>) {
    let mut splice = splice(body, "AAMAAABk");
    let (mut for_engine, mut for_client) = (Vec::new(), Vec::new());
    if begins {
        splice.client_sent(&[PREFACE, b"\0\0\0\x04\0\0\0\0\0"].concat());
    }
    for (is_client, bytes) in steps {
        for bytes in bytes.chunks(piece) {
            // The functions for bindings do the same.
            match (is_client, bytes.len()) {
                (true, 1) => fallible::client_sent(&mut splice, bytes).expect("memory"),
                (true, _) => splice.client_sent(bytes),
                (false, 1) => fallible::engine_sent(&mut splice, bytes).expect("memory"),
                (false, _) => splice.engine_sent(bytes),
            }
            for_engine.extend(splice.take_for_engine());
            for_client.extend(splice.take_for_client());
        }
    }
    if piece == 1 {
        fallible::client_ended(&mut splice).expect("memory");
    } else {
        splice.client_ended();
    }
    // The largest window that an engine can grant, so that no content waits for one.
    let mut update = Vec::new();
    put(WINDOW_UPDATE, 0, 0, &0x7fff_ffff_u32.to_be_bytes(), &mut update);
    splice.engine_sent(&update);
    for_engine.extend(splice.take_for_engine());
    for_client.extend(splice.take_for_client());
    (for_engine, for_client)
}

// A client that conforms to HTTP/2.

fn keeps_to_http2(tape: &mut Tape<'_>) {
    let body = [0, 1, 1_000, 0, 100, 16_385, 10, 65_535][tape.below(8)];
    let settings = tape.pick(&["AAMAAABkAAQAAP__", "", "AAQAAP__AAMAAABk"]);
    let window = tape.pick(&[65_535, 16_384, 1 << 20, 100, 1_000, 70_000]);
    let mut play = Play {
        splice: splice(body, settings),
        client: Client::new(),
        engine: Engine::new(window, tape.pick(&[65_535, 1 << 20, 70_000])),
    };
    play.client.streams.push(Stream {
        id: 1,
        left: 0,
        window: 0,
        len: body,
        answer: Vec::new(),
        is_answered: false,
    });
    for _ in 0..200 {
        if tape.is_over() {
            break;
        }
        play.step(tape);
    }
    play.finish(body);
}

struct Play {
    splice: Splice,
    client: Client,
    engine: Engine,
}

impl Play {
    fn step(&mut self, tape: &mut Tape<'_>) {
        match tape.byte() % 16 {
            0 | 1 => {
                let len = match tape.byte() {
                    0..=99 => 0,
                    100..=199 => tape.below(300),
                    200..=245 => tape.below(10_000),
                    _ => 70_000,
                };
                self.client.open(len, tape.byte());
            }
            2..=4 => self.client.upload(tape.byte() as usize, tape.below(0x1_0000), tape.byte()),
            5 => put(PING, 0, 0, b"12345678", &mut self.client.out),
            6 => self.client.give(tape.below(0x1_0000) as u32 + 1),
            7 => self.client.set(tape.byte()),
            8 => {
                put(PRIORITY, 0, self.client.last_stream(), &[0, 0, 0, 0, 16], &mut self.client.out)
            }
            9 => put(0xfa, tape.byte(), 0, tape.piece(), &mut self.client.out),
            10..=12 => self.deliver_to_engine(tape.below(0x1_0000) + 1),
            13 => self.engine.poll(tape.flag()),
            _ => self.deliver_to_client(tape.below(0x1_0000) + 1),
        }
    }

    fn deliver_to_engine(&mut self, len: usize) {
        if !self.splice.wants_client() {
            return;
        }
        let piece: Vec<u8> = self.client.out.drain(..len.min(self.client.out.len())).collect();
        self.splice.client_sent(&piece);
        self.pass();
    }

    fn deliver_to_client(&mut self, len: usize) {
        let piece: Vec<u8> = {
            let mut wire = self.engine.wire.borrow_mut();
            let len = len.min(wire.written.len());
            wire.written.drain(..len).collect()
        };
        self.splice.engine_sent(&piece);
        self.pass();
    }

    fn pass(&mut self) {
        self.engine.wire.borrow_mut().unread.extend(self.splice.take_for_engine());
        self.client.receive(&self.splice.take_for_client());
    }

    fn finish(&mut self, body: usize) {
        for _ in 0..2_000 {
            let before = (self.client.out.len(), self.client.answered(), self.engine.is_quiet());
            self.deliver_to_engine(usize::MAX);
            self.engine.poll(true);
            self.deliver_to_client(usize::MAX);
            for place in 0..self.client.streams.len() {
                self.client.upload(place, 0xffff, 0);
            }
            let is_over = self.client.out.is_empty() && self.engine.is_quiet();
            if is_over && before == (0, self.client.answered(), true) {
                break;
            }
        }
        let unanswered: Vec<u32> = self
            .client
            .streams
            .iter()
            .filter(|stream| !stream.is_answered)
            .map(|stream| stream.id)
            .collect();
        assert!(unanswered.is_empty(), "streams {unanswered:?} have no answer: {:?}", self.splice);
        for stream in &self.client.streams {
            assert_eq!(
                stream.answer,
                format!("POST /{} {}", stream.id, stream.len).as_bytes(),
                "stream {}",
                stream.id
            );
        }
        assert_eq!(self.client.unacknowledged, 0, "an ACK for each SETTINGS of the client's");
        assert!(!self.splice.is_waiting(), "something was left after: {:?}", self.splice);
        assert!(
            self.splice.is_done() || body > 0,
            "the splice is still in the way: {:?}",
            self.splice
        );
    }
}

struct Stream {
    id: u32,
    /// The bytes of content still to send; `window` limits them, `len` is their total.
    left: usize,
    window: i64,
    len: usize,
    answer: Vec<u8>,
    is_answered: bool,
}

struct Client {
    out: Vec<u8>,
    received: Vec<u8>,
    window: i64,
    initial_window: i64,
    streams: Vec<Stream>,
    /// The number of SETTINGS frames sent, less the ACKs received.
    unacknowledged: i32,
}

impl Client {
    fn new() -> Self {
        let mut out = PREFACE.to_vec();
        put(SETTINGS, 0, 0, &[0, 4, 0, 0x10, 0, 0], &mut out);
        Self {
            out,
            received: Vec::new(),
            window: FIRST_WINDOW,
            initial_window: FIRST_WINDOW,
            streams: Vec::new(),
            unacknowledged: 1,
        }
    }

    fn last_stream(&self) -> u32 {
        self.streams.last().map_or(1, |stream| stream.id)
    }

    fn answered(&self) -> usize {
        self.streams.iter().filter(|stream| stream.is_answered).count()
    }

    /// Sends a request with `len` bytes of content still to come.
    ///
    /// `cut` decides whether, and where, its field block is split into a CONTINUATION. The client
    /// sends no more than 12 requests.
    fn open(&mut self, len: usize, cut: u8) {
        if self.streams.len() >= 12 {
            return;
        }
        let id = self.last_stream() + 2;
        let path = format!("/{id}");
        // HPACK: POST and http of the static table, then a literal path and authority.
        let mut block = vec![0x83, 0x86, 0x04, path.len() as u8];
        block.extend_from_slice(path.as_bytes());
        block.extend_from_slice(b"\x01\x01a");
        let end_stream = if len == 0 { END_STREAM } else { 0 };
        let (first, rest) = block.split_at(cut as usize % (block.len() + 1));
        if rest.is_empty() || cut & 0x80 == 0 {
            put(HEADERS, end_stream | END_HEADERS, id, &block, &mut self.out);
        } else {
            put(HEADERS, end_stream, id, first, &mut self.out);
            put(CONTINUATION, END_HEADERS, id, rest, &mut self.out);
        }
        let window = self.initial_window;
        self.streams.push(Stream {
            id,
            left: len,
            window,
            len,
            answer: Vec::new(),
            is_answered: false,
        });
    }

    /// Sends up to `most` bytes of content, as stream and connection windows allow.
    fn upload(&mut self, place: usize, most: usize, padding: u8) {
        let place = place % self.streams.len();
        let stream = &mut self.streams[place];
        if stream.left == 0 {
            return;
        }
        let room = stream.window.min(self.window).clamp(0, LONGEST as i64) as usize;
        let padding = if padding > 200 { padding as usize - 200 } else { 0 };
        let overhead = if padding > 0 { padding + 1 } else { 0 };
        let len = room.saturating_sub(overhead).min(stream.left).min(most);
        if len == 0 {
            return;
        }
        stream.left -= len;
        stream.window -= (len + overhead) as i64;
        self.window -= (len + overhead) as i64;
        let end_stream = if stream.left == 0 { END_STREAM } else { 0 };
        let mut payload = vec![b'u'; len];
        if padding > 0 {
            payload.insert(0, padding as u8);
            payload.resize(len + overhead, 0);
        }
        put(
            DATA,
            end_stream | if padding > 0 { PADDED } else { 0 },
            stream.id,
            &payload,
            &mut self.out,
        );
    }

    /// Sends a WINDOW_UPDATE that adds `len` bytes to the connection's window.
    fn give(&mut self, len: u32) {
        put(WINDOW_UPDATE, 0, 0, &len.to_be_bytes(), &mut self.out);
    }

    fn set(&mut self, what: u8) {
        let setting: &[u8] =
            [&[0, 4, 0, 1, 0, 0][..], &[0, 3, 0, 0, 0, 100], &[], &[0, 6, 0, 1, 0, 0]]
                [what as usize % 4];
        put(SETTINGS, 0, 0, setting, &mut self.out);
        self.unacknowledged += 1;
    }

    fn receive(&mut self, bytes: &[u8]) {
        self.received.extend_from_slice(bytes);
        while let Some(header) = self.received.first_chunk::<9>() {
            let len = u32::from_be_bytes([0, header[0], header[1], header[2]]) as usize;
            if self.received.len() < 9 + len {
                return;
            }
            let frame: Vec<u8> = self.received.drain(..9 + len).collect();
            let stream = u32::from_be_bytes([frame[5] & 0x7f, frame[6], frame[7], frame[8]]);
            self.take(frame[3], frame[4], stream, &frame[9..]);
        }
    }

    fn take(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let number =
            || i64::from(u32::from_be_bytes(payload.try_into().expect("four bytes")) & 0x7fff_ffff);
        match kind {
            DATA | HEADERS => {
                let stream = self
                    .streams
                    .iter_mut()
                    .find(|other| other.id == stream)
                    .expect("a stream of ours");
                if kind == DATA {
                    stream.answer.extend_from_slice(payload);
                }
                stream.is_answered |= flags & END_STREAM != 0;
            }
            3 => panic!("stream {stream} was reset: {payload:?}"),
            SETTINGS if flags & ACK != 0 => {
                self.unacknowledged -= 1;
                assert!(
                    self.unacknowledged >= 0,
                    "an ACK for settings that the client has not sent"
                );
            }
            SETTINGS => {
                for setting in
                    payload.as_chunks::<6>().0.iter().filter(|setting| setting[..2] == [0, 4])
                {
                    let window = i64::from(u32::from_be_bytes([
                        setting[2], setting[3], setting[4], setting[5],
                    ]));
                    let change = window - std::mem::replace(&mut self.initial_window, window);
                    self.streams.iter_mut().for_each(|stream| stream.window += change);
                }
                put(SETTINGS, ACK, 0, &[], &mut self.out);
            }
            7 => panic!("the engine has given up: {payload:?} {}", payload[8..].escape_ascii()),
            WINDOW_UPDATE if stream == 0 => self.window += number(),
            WINDOW_UPDATE => {
                if let Some(stream) = self.streams.iter_mut().find(|other| other.id == stream) {
                    stream.window += number();
                }
            }
            _ => {}
        }
    }
}
