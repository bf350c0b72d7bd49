//! Property tests of the order of frames that `h2c::Splice` sends to an engine.
//!
//! Frames, windows and cuts are random. Everything that the client has sent arrives, in an
//! equivalent order, and never more than the engine's window allows.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, RngSeed};
use switchover::h2c::Splice;
use switchover::{Connection, Role, Step};
use switchover_tests::random::seed;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const FIRST_WINDOW: i64 = 65_535;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;

#[derive(Clone, Debug, PartialEq)]
struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: Vec<u8>,
}

impl Frame {
    fn new(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Self {
        Self { kind, flags, stream, payload: payload.to_vec() }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = (self.payload.len() as u32).to_be_bytes()[1..].to_vec();
        bytes.extend_from_slice(&[self.kind, self.flags]);
        bytes.extend_from_slice(&self.stream.to_be_bytes());
        bytes.extend_from_slice(&self.payload);
        bytes
    }

    /// Parses bytes that consist of whole frames.
    fn read(mut bytes: &[u8]) -> Vec<Self> {
        let mut frames = Vec::new();
        while !bytes.is_empty() {
            let len = u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]]) as usize;
            let stream = u32::from_be_bytes([bytes[5], bytes[6], bytes[7], bytes[8]]);
            frames.push(Self::new(bytes[3], bytes[4], stream, &bytes[9..9 + len]));
            bytes = &bytes[9 + len..];
        }
        frames
    }

    fn is_block(&self) -> bool {
        matches!(self.kind, HEADERS | CONTINUATION)
    }

    fn is_ack(&self) -> bool {
        self.kind == SETTINGS && self.flags & ACK != 0
    }
}

/// A step of a test case.
#[derive(Clone, Debug)]
enum Move {
    /// The client sends frames that must follow each other, such as a header block.
    Client(Vec<Frame>),
    /// The next bytes that the client sent arrive at the splice, as many as given.
    Arrive(usize),
    /// The engine sends a WINDOW_UPDATE of at most that many bytes for the connection.
    Give(u32),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let stream = prop_oneof![Just(3u32), Just(5), Just(7)];
    let data = (stream.clone(), 0usize..20_000, any::<bool>(), any::<bool>()).prop_map(
        |(stream, len, ends, padded)| {
            let flags =
                if ends { END_STREAM } else { 0 } | if padded && len > 0 { PADDED } else { 0 };
            vec![Frame::new(DATA, flags, stream, &vec![0; len])]
        },
    );
    let block = (stream.clone(), 1usize..4).prop_map(|(stream, frames)| {
        let kind = |index| if index == 0 { HEADERS } else { CONTINUATION };
        let flags = |index| if index + 1 == frames { END_HEADERS } else { 0 };
        (0..frames).map(|index| Frame::new(kind(index), flags(index), stream, b"block")).collect()
    });
    let other = prop_oneof![
        Just(Frame::new(PING, 0, 0, b"12345678")),
        Just(Frame::new(SETTINGS, ACK, 0, b"")),
        Just(Frame::new(SETTINGS, 0, 0, b"")),
        stream.prop_map(|stream| Frame::new(WINDOW_UPDATE, 0, stream, &[0, 0, 0, 1])),
    ];
    let client = prop_oneof![4 => data, 2 => block, 2 => other.prop_map(|frame| vec![frame])];
    let one = prop_oneof![
        3 => client.prop_map(Move::Client),
        3 => (1usize..30_000).prop_map(Move::Arrive),
        1 => (1u32..20_000).prop_map(Move::Give),
    ];
    vec(one, 1..60)
}

fn splice(body: usize) -> Splice {
    let mut server = Connection::new(Role::Server);
    let head = format!(
        "POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\
         HTTP2-Settings: AAMAAABk\r\nContent-Length: {body}\r\n\r\n"
    );
    server.receive(head.as_bytes()).expect("room");
    assert_eq!(server.advance(), Ok(Step::Event));
    Splice::new(&server.request().expect("the request"), &vec![b'a'; body], &())
        .expect("it can be taken along")
}

/// The two sides of a splice, and the connection's window as each side knows it.
struct Play {
    splice: Splice,
    /// The frames that the client has sent.
    sent: Vec<Frame>,
    on_the_way: Vec<u8>,
    client_window: i64,
    engine_window: i64,
    /// The bytes that the engine received after the request of the upgrade (stream 1).
    ///
    /// The last frame may be incomplete.
    got: Vec<u8>,
}

impl Play {
    fn new(body: usize) -> Self {
        let mut play = Self {
            splice: splice(body),
            sent: Vec::new(),
            on_the_way: Vec::new(),
            client_window: FIRST_WINDOW,
            engine_window: FIRST_WINDOW - body as i64,
            got: Vec::new(),
        };
        play.splice.client_sent(&[PREFACE, &Frame::new(SETTINGS, 0, 0, b"").bytes()].concat());
        let start = play.splice.take_for_engine();
        let frames = Frame::read(start.strip_prefix(PREFACE).expect("the preface first"));
        assert_eq!(
            frames[0],
            Frame::new(SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 100]),
            "the settings of the request"
        );
        assert_eq!(frames[1], Frame::new(SETTINGS, 0, 0, b""), "the client's own");
        assert!(frames[2..].iter().all(|frame| frame.stream == 1) && frames[2].kind == HEADERS);
        let content: usize = frames[3..].iter().map(|frame| frame.payload.len()).sum();
        assert_eq!(
            (content, frames.last().expect("a frame").flags & END_STREAM),
            (body, END_STREAM)
        );
        play.splice.engine_sent(&Frame::new(SETTINGS, ACK, 0, b"").bytes());
        play
    }

    fn make(&mut self, next: Move) {
        match next {
            Move::Client(frames) => {
                let data: i64 = frames
                    .iter()
                    .filter(|frame| frame.kind == DATA)
                    .map(|frame| frame.payload.len() as i64)
                    .sum();
                // The client respects its window: it skips frames that exceed it.
                if data <= self.client_window {
                    self.client_window -= data;
                    self.on_the_way.extend(frames.iter().flat_map(Frame::bytes));
                    self.sent.extend(frames);
                }
            }
            Move::Arrive(len) => {
                let piece: Vec<u8> =
                    self.on_the_way.drain(..len.min(self.on_the_way.len())).collect();
                self.splice.client_sent(&piece);
            }
            Move::Give(len) => {
                // The engine returns only window that data has used.
                let len = i64::from(len).min(FIRST_WINDOW - self.engine_window);
                if len > 0 {
                    self.engine_window += len;
                    self.splice.engine_sent(
                        &Frame::new(WINDOW_UPDATE, 0, 0, &(len as u32).to_be_bytes()).bytes(),
                    );
                }
            }
        }
        for frame in Frame::read(&self.splice.take_for_client()) {
            assert_eq!((frame.kind, frame.stream), (WINDOW_UPDATE, 0), "all else was dropped");
            self.client_window +=
                i64::from(u32::from_be_bytes(frame.payload.try_into().expect("four bytes")));
        }
        let before = whole(&self.got);
        self.got.extend(self.splice.take_for_engine());
        for frame in &Frame::read(&self.got[..whole_len(&self.got)])[before..] {
            self.engine_window -= if frame.kind == DATA { frame.payload.len() as i64 } else { 0 };
        }
        assert!(self.engine_window >= 0, "the engine's window is overrun");
    }

    fn finish(&mut self) {
        self.make(Move::Arrive(usize::MAX));
        // The engine returns all the window that was used, until the splice is done.
        for _ in 0..1_000 {
            self.make(Move::Give(FIRST_WINDOW as u32));
        }
        assert!(self.splice.is_done(), "{:?}", self.splice);
        assert_eq!(self.client_window, self.engine_window, "both mean the same window");
    }
}

/// Returns the length of the complete frames at the beginning of `bytes`.
fn whole_len(bytes: &[u8]) -> usize {
    let mut at = 0;
    while bytes.len() - at >= 9 {
        let len = u32::from_be_bytes([0, bytes[at], bytes[at + 1], bytes[at + 2]]) as usize;
        if bytes.len() - at < 9 + len {
            break;
        }
        at += 9 + len;
    }
    at
}

fn whole(bytes: &[u8]) -> usize {
    Frame::read(&bytes[..whole_len(bytes)]).len()
}

/// Returns the frames of one stream, with adjacent unpadded DATA frames joined.
///
/// The splice may split a DATA frame, but only one without padding.
fn of_stream(frames: &[Frame], stream: u32) -> Vec<Frame> {
    let mut joined: Vec<Frame> = Vec::new();
    for frame in frames.iter().filter(|frame| frame.stream == stream) {
        match joined.last_mut() {
            Some(last)
                if frame.kind == DATA
                    && last.kind == DATA
                    && (last.flags | frame.flags) & PADDED == 0 =>
            {
                last.payload.extend_from_slice(&frame.payload);
                last.flags |= frame.flags;
            }
            _ => joined.push(frame.clone()),
        }
    }
    joined
}

/// Configures a test with the seed of the run.
///
/// Cases that failed before run first; proptest stores them in a file.
fn config(cases: u32) -> ProptestConfig {
    println!("again: SEED={:#x} cargo test -p switchover-tests --test splice_order", seed());
    let persistence = FileFailurePersistence::WithSource("proptest-regressions");
    ProptestConfig {
        cases,
        failure_persistence: Some(Box::new(persistence)),
        rng_seed: RngSeed::Fixed(seed()),
        ..ProptestConfig::default()
    }
}

/// If the client's bytes end inside a DATA frame, the frame stays incomplete.
///
/// The payload is split as the window grows, and its last part stays an incomplete frame.
#[test]
fn an_incomplete_frame_stays_incomplete() {
    for (body, sent) in [(60_000, 2), (60_000, 5_535), (60_000, 9_999), (65_535, 0), (65_535, 2)] {
        let mut play = Play::new(body);
        let frame = Frame::new(DATA, END_STREAM, 3, &[b'a'; 10_000]).bytes();
        play.splice.client_sent(&frame[..9 + sent]);
        play.splice.client_ended();
        // One byte of window first, as then each part is as short as it can be.
        for len in [1, 1, 30_000] {
            play.make(Move::Give(len));
        }
        let whole = Frame::read(&play.got[..whole_len(&play.got)]);
        assert!(whole.iter().all(|frame| frame.kind == DATA && frame.flags == 0));
        let payload: usize = whole.iter().map(|frame| frame.payload.len()).sum();
        let rest = &play.got[whole_len(&play.got)..];
        assert_eq!(rest.len() - 9 + payload, sent, "after content of {body}");
        let left = Frame::new(DATA, END_STREAM, 3, &vec![b'a'; 10_000 - payload]).bytes();
        assert!(left.starts_with(rest) && !play.splice.is_waiting());
    }
}

/// A frame longer than the splice may queue is passed on to the engine at once.
#[test]
fn an_endless_header_block_is_not_queued() {
    let mut play = Play::new(5);
    let data = Frame::new(DATA, 0, 3, &[0; 16_384]).bytes();
    let block = Frame::new(HEADERS, END_STREAM, 3, b"block").bytes();
    play.splice.client_sent(&[&data.repeat(4)[..], &block].concat());
    assert!(play.splice.is_waiting());
    play.splice.take_for_engine();
    play.splice.client_sent(&[0xff, 0xff, 0xff, CONTINUATION, 0, 0, 0, 0, 3]);
    play.splice.client_sent(&[0; 300_000]);
    assert_eq!(play.splice.take_for_engine().len(), 9 + 300_000);
}

proptest! {
    #![proptest_config(config(400))]

    /// The engine gets all that the client sent, in order within each request's stream.
    ///
    /// Header blocks and ACKs keep their order across streams, too. DATA may be split, and waits
    /// for the window, which the content on stream 1 has used (R7540-3.2-7).
    #[test]
    fn what_the_engine_gets_is_what_was_sent(body in 0usize..=65_535, moves in moves()) {
        let mut play = Play::new(body);
        moves.into_iter().for_each(|next| play.make(next));
        play.finish();
        let got = Frame::read(&play.got);
        for stream in [0, 3, 5, 7] {
            let all = |frames: &[Frame]| {
                // Of the frames on stream 0, only the ACKs must keep their order.
                let frames: Vec<Frame> =
                    frames.iter().filter(|frame| stream != 0 || frame.is_ack()).cloned().collect();
                of_stream(&frames, stream)
            };
            prop_assert_eq!(all(&got), all(&play.sent), "stream {}", stream);
        }
        let in_order = |frames: &[Frame]| -> Vec<Frame> {
            frames.iter().filter(|frame| frame.is_block() || frame.is_ack()).cloned().collect()
        };
        prop_assert_eq!(in_order(&got), in_order(&play.sent));
        for pair in got.windows(2) {
            let is_open = pair[0].is_block() && pair[0].flags & END_HEADERS == 0;
            prop_assert!(!is_open || pair[1].kind == CONTINUATION, "a frame inside a header block");
        }
        let count = |frames: &[Frame], kind| frames.iter().filter(|frame| frame.kind == kind).count();
        for kind in [PING, SETTINGS, WINDOW_UPDATE] {
            prop_assert_eq!(count(&got, kind), count(&play.sent, kind));
        }
    }

    /// Random bytes on either side cause no panic.
    #[test]
    fn rubbish_is_passed_or_held(
        body in 0usize..300,
        starts in any::<bool>(),
        pieces in vec((any::<bool>(), vec(any::<u8>(), 0..40)), 0..40),
        ends in any::<bool>(),
    ) {
        let mut splice = splice(body);
        if starts {
            splice.client_sent(&[PREFACE, &Frame::new(SETTINGS, 0, 0, b"").bytes()].concat());
        }
        for (is_client, piece) in &pieces {
            if *is_client { splice.client_sent(piece) } else { splice.engine_sent(piece) }
            splice.take_for_engine();
            splice.take_for_client();
        }
        if ends {
            splice.client_ended();
            // Only data that waits for the stream's window may remain.
            splice.engine_sent(&Frame::new(WINDOW_UPDATE, 0, 0, &0x7fff_ffffu32.to_be_bytes()).bytes());
            splice.take_for_engine();
        }
    }
}
