//! Property tests on random input.
//!
//! Most test cases are sequences of bytes from which all choices are read, so proptest can shrink a
//! failure. Each test prints the seed of its run; the same seed makes the same cases.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, RngSeed};
use switchover::binding::Bound;
use switchover::state::Tx;
use switchover::{
    Connection, End, Error, ErrorKind, Event, Order, RequestHead, ResponseHead, Role, Step,
};
use switchover_tests::home;
use switchover_tests::path::{choose, sample};
use switchover_tests::random::seed;
use switchover_tests::script::input;
use switchover_tests::vector::{Vector, load};

/// A sequence of random bytes, from which a test case reads its choices.
struct Tape<'t>(std::slice::Iter<'t, u8>);

impl<'t> Tape<'t> {
    fn new(bytes: &'t [u8]) -> Self {
        Self(bytes.iter())
    }

    /// Returns a number from 0 to `bound` - 1; returns 0 at the end of the tape.
    fn below(&mut self, bound: usize) -> usize {
        self.0.next().map_or(0, |&byte| byte as usize % bound)
    }

    fn is_over(&self) -> bool {
        self.0.as_slice().is_empty()
    }
}

/// Returns a connection's events, answered pauses and errors as text.
///
/// Adjacent content is merged, and equal lines in a row are one. A server sends the same response
/// to every request. A client sends two requests first, and answers no pause.
fn log(role: Role, pieces: &[&[u8]]) -> Vec<String> {
    let mut connection = Connection::new(role);
    let (mut log, mut content) = (Vec::new(), Vec::new());
    if role == Role::Client {
        for offer in [&[][..], &["foo/2", "bar"][..]] {
            let host = [("Host", "a")];
            connection
                .send_request(&RequestHead::new("GET", "/", &host), offer, &mut Vec::new())
                .expect("a plain request");
        }
    }
    for piece in pieces.iter().copied().map(Some).chain([None]) {
        match piece {
            // A caller would discard bytes that the connection rejects.
            Some(piece) => drop(connection.receive(piece)),
            None => connection.receive_eof(End::Clean),
        }
        drain(&mut connection, &mut log, &mut content);
    }
    if !content.is_empty() {
        log.push(format!("{content:?}"));
    }
    log
}

fn drain(connection: &mut Connection, log: &mut Vec<String>, content: &mut Vec<u8>) {
    loop {
        let (line, goes_on) = match connection.advance() {
            Ok(Step::NeedData) => return,
            Ok(Step::Paused(why)) => {
                if connection.role() == Role::Client
                    || connection.state().tx == Tx::Switched
                    || !answer(connection)
                {
                    return;
                }
                (format!("{why:?}"), true)
            }
            Ok(Step::Event) => match connection.event() {
                Some(Event::Data(data)) => {
                    content.extend_from_slice(data);
                    continue;
                }
                Some(Event::Switched(switched)) => {
                    (format!("switched {:?}", switched.protocols), true)
                }
                Some(event) => (format!("{event:?}"), true),
                None => ("an event that cannot be seen".into(), false),
            },
            Err(error) => (format!("{error}"), false),
        };
        if !content.is_empty() {
            log.push(format!("{:?}", std::mem::take(content)));
        }
        if log.last() != Some(&line) {
            log.push(line);
        }
        if !goes_on {
            return;
        }
    }
}

fn answer(connection: &mut Connection) -> bool {
    let length = [("Content-Length", "0")];
    connection.send_response(&ResponseHead::new(200, &length), &mut Vec::new()).is_ok()
}

/// Returns the role of a vector and its input, cut and with a few bytes changed.
///
/// The input is cut at 3,000 bytes.
fn mutated(vectors: &[Vector], tape: &mut Tape<'_>) -> (Role, Vec<u8>) {
    let vector = &vectors[(tape.below(256) * 256 + tape.below(256)) % vectors.len()];
    let mut bytes = input(vector);
    bytes.truncate(3000);
    for _ in 0..tape.below(5) {
        let at = (tape.below(256) * 256 + tape.below(256)) % bytes.len().max(1);
        match tape.below(3) {
            0 if at < bytes.len() => bytes[at] = tape.below(256) as u8,
            1 => bytes.insert(at, b"\r\n\0 \t:;,0aZ\""[tape.below(12)]),
            _ if at < bytes.len() => drop(bytes.remove(at)),
            _ => {}
        }
    }
    (vector.role, bytes)
}

/// Returns the offers in these field lines, and each 101 of a server to them.
fn offered(lines: &str) -> Vec<String> {
    let request = format!(
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\n\
         HTTP2-Settings: AAMAAABk\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{lines}\r\n"
    );
    let server = || {
        let mut server = Connection::new(Role::Server);
        server.receive(request.as_bytes()).expect("room");
        while let Ok(Step::Event) = server.advance() {}
        server
    };
    let mut shown = vec![match server().request() {
        Some(request) => match request.offers() {
            Ok(offers) => format!("{:?} {:?}", request.offer_count(), offers.collect::<Vec<_>>()),
            Err(none) => format!("{none:?}"),
        },
        None => "no request".into(),
    }];
    let stacks =
        ["websocket", "h2c", "foo", "foo/2", "FOO/2", "TLS/1.2, HTTP/1.1", "TLS/1.2", "HTTP/1.1"];
    for order in [Order::Client, Order::Server] {
        for first in 0..stacks.len() {
            let mut server = server();
            let Some(selection) = server.select(&stacks[first..], order) else {
                shown.push("none".into());
                continue;
            };
            let mut out = Vec::new();
            let accepted = server.accept(selection, &(), &mut out).map_err(|error| error.kind());
            shown.push(format!("{} {accepted:?} {}", selection.preference(), out.escape_ascii()));
        }
    }
    shown
}

/// Configures a test with the seed of the run.
///
/// Cases that failed before run first; proptest stores them in a file.
fn config(cases: u32) -> ProptestConfig {
    println!("again: SEED={:#x} cargo test -p switchover-tests --test properties", seed());
    let persistence = FileFailurePersistence::WithSource("proptest-regressions");
    ProptestConfig {
        cases,
        failure_persistence: Some(Box::new(persistence)),
        rng_seed: RngSeed::Fixed(seed()),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config(3000 / sample() as u32))]

    /// The output of a connection does not depend on how its input was cut.
    ///
    /// The input is a test vector with a few changes; `bytes` chooses it, the changes and a size.
    #[test]
    fn cuts_make_no_difference(bytes in vec(any::<u8>(), 0..60)) {
        thread_local!(static VECTORS: Vec<Vector> = load(&home().join("vectors")));
        VECTORS.with(|vectors| {
            let mut tape = Tape::new(&bytes);
            let (role, bytes) = mutated(vectors, &mut tape);
            let whole = log(role, &[&bytes]);
            let one = log(role, &bytes.chunks(1).collect::<Vec<_>>());
            let some = log(role, &bytes.chunks(1 + tape.below(40)).collect::<Vec<_>>());
            prop_assert_eq!(&whole, &one);
            prop_assert_eq!(&whole, &some);
            Ok(())
        })?;
    }

    /// An empty `Upgrade` line beside another changes no offer, selection or 101.
    ///
    /// One line with one protocol has fast paths, several lines have not.
    #[test]
    fn an_empty_upgrade_line_makes_no_difference(
        list in "(websocket|h2c|TLS/1\\.2|HTTP/1\\.1|connect-udp|foo|Foo/2|,|, | |/|;){0,4}",
        websocket in "Sec-WebSocket-(Version: 1[23]|Protocol: a)\r\n",
    ) {
        let alone = offered(&format!("{websocket}Upgrade: {list}\r\n"));
        prop_assert_eq!(&alone, &offered(&format!("{websocket}Upgrade: {list}\r\nUpgrade:\r\n")));
        prop_assert_eq!(&alone, &offered(&format!("{websocket}Upgrade:\r\nUpgrade: {list}\r\n")));
    }

    /// A request made of random valid parts parses to the same parts.
    #[test]
    fn what_is_encoded_is_parsed(
        method in "[!#$%&'*+.^_`|~0-9A-Za-z-]{1,20}",
        path in "/[!\"$-~]{0,40}",
        names in vec("[A-Za-z][a-z0-9-]{0,10}X", 0..10),
        value in "([!-~\u{80}-\u{ff}]([ \t!-~]{0,20}[!-~])?)?",
        content in vec(any::<u8>(), 0..300),
        step in 1usize..50,
    ) {
        choose();
        prop_assume!(method != "CONNECT" && method != "TRACE");
        let mut fields = vec![("Host".to_owned(), "a".to_owned()), ("Transfer-Encoding".to_owned(), "chunked".to_owned())];
        fields.extend(names.iter().map(|name| (name.clone(), value.clone())));
        let mut wire = Vec::new();
        let mut client = Connection::new(Role::Client);
        client.send_request(&RequestHead::new(&method, &path, &fields), &["foo/2", "bar"], &mut wire).expect("a legal request");
        content.chunks(step).for_each(|piece| client.send_data(piece, &mut wire).expect("content"));
        client.send_end(&[("X-Sum", "1")], &mut wire).expect("an end");
        let mut server = Connection::new(Role::Server);
        let mut got = Vec::new();
        wire.chunks(step).for_each(|piece| {
            server.receive(piece).expect("room");
            while let Ok(Step::Event) = server.advance() {
                match server.event() {
                    Some(Event::Request(request)) => {
                        assert_eq!((request.method(), request.target()), (&method[..], &path[..]));
                        let expected: Vec<_> = fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
                        let all: Vec<_> = request.fields().iter().map(|field| (field.name, field.value)).collect();
                        assert_eq!(&all[..expected.len()], &expected[..]);
                        assert_eq!(request.offers().expect("an offer").count(), 2);
                    }
                    Some(Event::Data(data)) => got.extend_from_slice(data),
                    Some(Event::EndOfMessage(trailers)) => assert_eq!(trailers.get("x-sum"), Some(&b"1"[..])),
                    other => panic!("{other:?}"),
                }
            }
        });
        prop_assert_eq!(got, content);
    }

    /// Two correct ends make random calls, many of which return an error.
    ///
    /// Nothing panics, and a call that fails writes nothing. Neither end rejects bytes of the
    /// other, unless the other one closed or aborted too early.
    #[test]
    fn random_decisions_never_break_the_wire(bytes in vec(any::<u8>(), 0..400)) {
        choose();
        let mut tape = Tape::new(&bytes);
        let mut pair = Pair::new();
        while !tape.is_over() {
            pair.step(&mut tape)?;
        }
    }

    /// Random input from the peer and random calls cause no panic.
    #[test]
    fn random_input_and_decisions_never_panic(bytes in vec(any::<u8>(), 0..300)) {
        choose();
        let mut tape = Tape::new(&bytes);
        let role = if tape.below(2) == 0 { Role::Client } else { Role::Server };
        let mut end = Side::new(role);
        while !tape.is_over() {
            match tape.below(4) {
                0 => {
                    let piece = FRAGMENTS[tape.below(FRAGMENTS.len())];
                    let _ = end.connection.receive(piece);
                }
                1 => {
                    let _ = end.connection.advance();
                    let _ = end.connection.event();
                }
                2 => end.decide(&mut tape)?,
                _ => match tape.below(14) {
                    0 => end.connection.receive_eof(End::Truncated),
                    4 => drop(end.connection.resume_http()),
                    5 => {
                        let piece = FRAGMENTS[tape.below(FRAGMENTS.len())];
                        if let Ok(space) = end.connection.receive_buffer(piece.len()) {
                            space[..piece.len()].copy_from_slice(piece);
                            end.connection.commit(tape.below(piece.len() + 2));
                        }
                    }
                    1 => end.connection.release(),
                    2 => drop(end.connection.take_leftover()),
                    _ => {}
                },
            }
        }
    }
}

/// Bytes that begin, continue or break a message.
const FRAGMENTS: &[&[u8]] = &[
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n",
    b"Expect: 100-continue\r\n",
    b"Upgrade: foo/2\r\nConnection: upgrade\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"\r\n",
    b"abc",
    b"3\r\nabc\r\n",
    b"0\r\n\r\n",
    b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n",
    b"HTTP/1.1 101 X\r\nUpgrade: foo/2\r\nConnection: upgrade\r\n\r\n",
    b"HTTP/1.1 100 X\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n\r\n",
    b"\0",
    b"\n",
    b"GET / HTTP/1.0\r\n\r\n",
];

/// One end of a connection, and the bytes that it sent but that have not arrived.
struct Side {
    connection: Connection,
    sent: Vec<u8>,
    told_end: bool,
    abandoned: bool,
}

impl Side {
    fn new(role: Role) -> Self {
        Self {
            connection: Connection::new(role),
            sent: Vec::new(),
            told_end: false,
            abandoned: false,
        }
    }

    /// Makes a random call, valid or not.
    ///
    /// A call that fails must write nothing and change nothing.
    fn decide(&mut self, tape: &mut Tape<'_>) -> Result<(), TestCaseError> {
        let (before, state) = (self.sent.len(), self.connection.state());
        let is_switched = state.tx == Tx::Switched;
        let outcome = self.call(tape);
        if let Err(error) = outcome {
            prop_assert_eq!(self.sent.len(), before, "{} wrote", error);
            prop_assert_eq!(self.connection.state(), state, "{} changed the state", error);
        }
        prop_assert!(!is_switched || self.sent.len() == before, "HTTP left a switched direction");
        Ok(())
    }

    fn call(&mut self, tape: &mut Tape<'_>) -> Result<(), Error> {
        let (connection, out) = (&mut self.connection, &mut self.sent);
        let host = ("Host", "a:1");
        match tape.below(25) {
            22 => connection.send_request(&RequestHead::new("GET", "/", &[host]), &["foo/2"], out),
            23 => connection.advertise(&["foo/2"]),
            24 => match connection.send_data_parts(3) {
                Ok(parts) => {
                    [parts.prefix(), b"abc", parts.suffix()]
                        .iter()
                        .for_each(|part| out.extend_from_slice(part));
                    Ok(())
                }
                Err(error) => Err(error),
            },
            0 => connection.send_request(&RequestHead::new("GET", "/", &[host]), &[], out),
            1 => connection.send_request(&RequestHead::new("HEAD", "/", &[host]), &[], out),
            2 => connection.send_request(
                &RequestHead::new("GET", "/", &[host]),
                &["foo/2", "TLS/1.2"],
                out,
            ),
            3 => connection.send_request(
                &RequestHead::new("POST", "/", &[host, ("Content-Length", "3")]),
                &["foo/2"],
                out,
            ),
            4 => {
                let fields = [host, ("Transfer-Encoding", "chunked"), ("Expect", "100-continue")];
                connection.send_request(&RequestHead::new("POST", "/", &fields), &["TLS/1.2"], out)
            }
            5 => connection.send_request(&RequestHead::new("CONNECT", "a:1", &[host]), &[], out),
            6 => connection.send_request(
                &RequestHead::new("GET", "/", &[host, ("Connection", "close")]),
                &[],
                out,
            ),
            7 | 8 => connection.send_data(b"abc", out),
            9 | 10 => connection.send_end(&(), out),
            11 => connection.send_end(&[("X-A", "b")], out),
            12 => connection
                .send_informational(&ResponseHead::new([100, 103, 101][tape.below(3)], &()), out),
            13 => connection.send_response(
                &ResponseHead::new([200, 204, 304, 404, 205][tape.below(5)], &()),
                out,
            ),
            14 => {
                connection.send_response(&ResponseHead::new(200, &[("Content-Length", "3")]), out)
            }
            15 => connection.send_response(
                &ResponseHead::new(403, &[("Connection", "close"), ("Content-Length", "0")]),
                out,
            ),
            16 | 17 => match connection.select(&["TLS/1.2", "foo/2"], Order::Client) {
                Some(selection) if tape.below(2) == 0 => {
                    connection.accept(selection.early(), &(), out)
                }
                Some(selection) => connection.accept(selection, &(), out),
                None => Ok(()),
            },
            18 => connection.require(&["foo/2"], &[("Content-Length", "0")], out),
            19 => {
                // A client closes with an incomplete request if that is not finished by then.
                self.abandoned |= connection.role() == Role::Client;
                connection.close_after_response()
            }
            20 => connection.skip_content(),
            _ if tape.below(6) == 0 => {
                self.abandoned = true;
                connection.abandon()
            }
            _ => connection.send_response(&ResponseHead::new(200, &[("Bad\r\nName", "")]), out),
        }
    }

    /// Consumes the connection's events until it pauses or needs data.
    ///
    /// Both ends are correct, so an error of the peer fails the test, unless the other end aborted
    /// or closed.
    fn observe(&mut self, other_abandoned: bool) -> Result<(), TestCaseError> {
        for _ in 0..1000 {
            match self.connection.advance() {
                Ok(Step::Event) => {}
                Ok(_) => return Ok(()),
                Err(error) => {
                    // A server may close an idle connection. An end that aborts may leave half a
                    // message.
                    let is_honest = match error.kind() {
                        ErrorKind::NoResponse => true,
                        ErrorKind::Truncated => other_abandoned,
                        _ => false,
                    };
                    prop_assert!(is_honest, "{:?}: {}", self.connection.role(), error);
                    return Ok(());
                }
            }
        }
        prop_assert!(false, "it never pauses");
        Ok(())
    }
}

struct Pair {
    ends: [Side; 2],
}

impl Pair {
    fn new() -> Self {
        Self { ends: [Side::new(Role::Client), Side::new(Role::Server)] }
    }

    fn step(&mut self, tape: &mut Tape<'_>) -> Result<(), TestCaseError> {
        let which = tape.below(2);
        match tape.below(3) {
            0 => self.ends[which].decide(tape),
            1 => self.deliver(which, tape),
            _ => {
                let other_abandoned = self.ends[1 - which].abandoned;
                self.ends[which].observe(other_abandoned)
            }
        }
    }

    /// Delivers some of the bytes that one end has sent to the other end.
    ///
    /// After the last byte of a closed end it delivers the end of the stream.
    fn deliver(&mut self, from: usize, tape: &mut Tape<'_>) -> Result<(), TestCaseError> {
        let (left, right) = self.ends.split_at_mut(1);
        let (from, to) =
            if from == 0 { (&mut left[0], &mut right[0]) } else { (&mut right[0], &mut left[0]) };
        let len = from.sent.len().min(1 + tape.below(64));
        let piece: Vec<u8> = from.sent.drain(..len).collect();
        // A caller discards bytes that the connection does not accept any more.
        let _ = to.connection.receive(&piece);
        if from.sent.is_empty() && from.connection.state().tx == Tx::Closed && !from.told_end {
            from.told_end = true;
            to.connection.receive_eof(End::Clean);
        }
        to.observe(from.abandoned)
    }
}
