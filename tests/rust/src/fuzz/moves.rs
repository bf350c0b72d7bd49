//! Decisions of a caller, that is calls on a connection, read from a tape.
//!
//! They are all methods in the core's table `VERBS` by which a caller decides something. Some
//! arguments are valid only in some states of the connection, and some never.

use switchover::{Connection, Error, Limits, Order, Prepared, RequestHead, ResponseHead};

use super::tape::Tape;
use crate::plain::{PLAIN, plain};
use crate::verbs::check_refusal;

type Pairs = &'static [(&'static str, &'static str)];

/// The key of the example in RFC 6455, section 1.3.
const KEY: (&str, &str) = ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
const HOST: (&str, &str) = ("Host", "a:1");
const CHUNKED: (&str, &str) = ("Transfer-Encoding", "chunked");

/// The requests of a `Move`: method, target, field lines and offered protocols.
const REQUESTS: &[(&str, &str, Pairs, &[&str])] = &[
    ("GET", "/", &[HOST], &[]),
    ("HEAD", "/", &[HOST], &[]),
    ("GET", "/", &[HOST], &["foo/2", "bar"]),
    ("GET", "/", &[HOST], &["foo/2", "TLS/1.2"]),
    (
        "GET",
        "/",
        &[
            HOST,
            KEY,
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Protocol", "chat, superchat"),
            ("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"),
        ],
        &["websocket"],
    ),
    ("POST", "/", &[HOST, ("Content-Length", "3")], &["foo/2"]),
    ("POST", "/", &[HOST, CHUNKED, ("Expect", "100-continue")], &["TLS/1.2"]),
    ("POST", "/", &[HOST, ("Content-Length", "5"), ("Expect", "100-continue")], &[]),
    ("CONNECT", "a:1", &[HOST], &[]),
    ("GET", "/", &[HOST, ("Connection", "close")], &[]),
    ("OPTIONS", "*", &[HOST], &[]),
    ("GET", "http://a:1/b?c", &[HOST, ("TE", "trailers")], &[]),
    ("GET", "/", &[HOST, ("HTTP2-Settings", "AAMAAABkAAQAAP__")], &["h2c"]),
    (
        "POST",
        "/",
        &[HOST, ("HTTP2-Settings", "AAMAAABk"), ("Content-Length", "3")],
        &["h2c", "foo/2"],
    ),
    ("GET", "/.well-known/masque/udp/192.0.2.6/443/", &[HOST], &["connect-udp"]),
    ("PUT", "/", &[HOST, CHUNKED], &[]),
    ("POST", "/", &[HOST], &[]),
    ("TRACE", "/", &[HOST], &[]),
    ("GET", "/", &[HOST, ("Bad\r\nName", "")], &[]),
    ("GET", "/", &[HOST, ("Content-Length", "3"), CHUNKED], &[]),
    ("GET", "/", &[], &[]),
];

/// The lists of field lines that responses may have.
const ANSWERS: &[Pairs] = &[
    &[("Content-Length", "0")],
    &[],
    &[("Content-Length", "3")],
    &[CHUNKED],
    &[("Connection", "close")],
    &[("Connection", "close"), ("Content-Length", "0")],
    &[("Connection", "keep-alive"), ("Server", "example")],
    &[("Bad\r\nName", "")],
    &[("Content-Length", "3"), CHUNKED],
    &[("Capsule-Protocol", "?1")],
    &[("Sec-WebSocket-Protocol", "chat")],
    &[("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits=10")],
    &[("Upgrade", "foo/2")],
];
const STATUSES: &[u16] =
    &[200, 204, 205, 206, 304, 403, 404, 407, 421, 426, 500, 501, 599, 101, 600, 0];
const INTERIM: &[u16] = &[100, 103, 102, 199, 101, 200];
const PREFERENCES: &[&[&str]] = &[
    &["foo/2", "TLS/1.2", "bar", "websocket", "h2c", "connect-udp"],
    &["TLS/1.2, HTTP/1.1", "foo/2"],
    &["bar, foo/2"],
    &["websocket"],
    &["h2c"],
    &["nothing"],
];
const LISTS: &[&[&str]] = &[&["foo/2"], &["websocket", "TLS/1.2"], &["not a protocol"], &[]];
const TRAILERS: &[Pairs] =
    &[&[], &[("X-Sum", "1")], &[("Content-Length", "1")], &[("Bad\nName", "")]];

const LIMITS: &[Limits] = &[
    Limits { content: 3, ..Limits::DEFAULT },
    Limits { head: 64, fields: 2, content: 0, ..Limits::DEFAULT },
    Limits { chunk_line: 2, drain: 1, ..Limits::DEFAULT },
];

/// A decision of the caller: a call on the connection, with all its arguments.
///
/// It is read from the tape before it is made. So a run can skip it and still read the same
/// decisions after it. A `usize` is an index into a table of this file, or a length in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Move {
    Request(usize),
    Response {
        status: u16,
        answer: usize,
    },
    Whole {
        how: Whole,
        status: u16,
        answer: usize,
        len: usize,
    },
    Note {
        status: u16,
        has_content: bool,
        closes: bool,
    },
    Informational {
        status: u16,
        answer: usize,
    },
    Accept {
        preferences: usize,
        by: Order,
        answer: usize,
        early: bool,
    },
    Require {
        list: usize,
        answer: usize,
    },
    Advertise(usize),
    Data(usize),
    Parts(usize),
    End(usize),
    /// A method without arguments, by its short name in the test vectors.
    Plain(&'static str),
    TakeEnd,
    HandOver,
    /// A call of `pass_content`, with the number of bytes.
    Pass(usize),
    Limits(usize),
}

/// The method that sends a response with all its content in one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whole {
    Respond,
    Prepared,
    Reject,
}

impl Move {
    pub(crate) const GET: Self = Self::Request(0);
    pub(crate) const OK: Self = Self::Response { status: 200, answer: 0 };
    pub(crate) const END: Self = Self::End(0);
    pub(crate) const SKIP: Self = Self::Plain("skip");
    pub(crate) const CLOSE: Self = Self::Plain("close");
    pub(crate) const ABANDON: Self = Self::Plain("abandon");
    pub(crate) const RESUME: Self = Self::Plain("resume");

    /// Reads the caller's next call from the tape.
    ///
    /// `None` leaves the choice to the fuzz target.
    pub(crate) fn read(tape: &mut Tape<'_>) -> Option<Self> {
        let answer = |tape: &mut Tape<'_>| tape.below(ANSWERS.len());
        Some(match tape.byte() % 40 {
            1..=6 => Self::Request(tape.below(REQUESTS.len())),
            7..=10 => Self::Response { status: tape.pick(STATUSES), answer: answer(tape) },
            11 => Self::Informational { status: tape.pick(INTERIM), answer: 1 },
            12 => Self::Informational { status: tape.pick(INTERIM), answer: answer(tape) },
            13..=15 => Self::accept(tape, false),
            16 => Self::accept(tape, true),
            17 => Self::Require { list: tape.below(LISTS.len()), answer: answer(tape) },
            18 => Self::Advertise(tape.below(LISTS.len())),
            19 | 20 => Self::Data(tape.below(256)),
            21 => Self::Data(3),
            22 => Self::Parts(tape.below(256)),
            23 | 24 => Self::END,
            25 => Self::End(tape.below(TRAILERS.len())),
            which @ 26..=29 => Self::Plain(PLAIN[usize::from(which - 26)].short),
            30 => Self::whole(tape, Whole::Respond),
            31 => Self::whole(tape, Whole::Prepared),
            32 => Self::whole(tape, Whole::Reject),
            33 => Self::Note {
                status: tape.pick(STATUSES),
                has_content: tape.flag(),
                closes: tape.flag(),
            },
            34 => Self::TakeEnd,
            35 => Self::HandOver,
            36 | 37 => Self::Pass(tape.below(256)),
            38 => Self::Plain(PLAIN[tape.below(PLAIN.len())].short),
            39 => Self::Limits(tape.below(LIMITS.len())),
            _ => return None,
        })
    }

    fn whole(tape: &mut Tape<'_>, how: Whole) -> Self {
        let (status, answer) = (tape.pick(STATUSES), tape.below(ANSWERS.len()));
        Self::Whole { how, status, answer, len: tape.pick(&[0, 3, 3, 255]) }
    }

    fn accept(tape: &mut Tape<'_>, early: bool) -> Self {
        let by = tape.pick(&[Order::Client, Order::Server]);
        let answer = tape.pick(&[1, 1, 9, 10, 11, 6, 0]);
        Self::Accept { preferences: tape.below(PREFERENCES.len()), by, answer, early }
    }

    /// Returns the name of the called method in the core's table `VERBS`.
    fn verb(self) -> &'static str {
        match self {
            Self::Request(_) => "send_request",
            Self::Response { .. } => "send_response",
            Self::Whole { how: Whole::Respond, .. } => "respond",
            Self::Whole { how: Whole::Prepared, .. } => "respond_prepared",
            Self::Whole { how: Whole::Reject, .. } => "reject",
            Self::Note { .. } => "note_response",
            Self::Informational { .. } => "send_informational",
            Self::Accept { .. } => "accept",
            Self::Require { .. } => "require",
            Self::Advertise(_) => "advertise",
            Self::Data(_) => "send_data",
            Self::Parts(_) => "send_data_parts",
            Self::End(_) => "send_end",
            Self::Plain(short) => plain(short).map_or(short, |plain| plain.name),
            Self::TakeEnd => "take_end",
            Self::HandOver => "hand_over",
            Self::Pass(_) => "pass_content",
            Self::Limits(_) => "set_limits",
        }
    }

    /// Makes the call, and checks that the core's table `VERBS` lists any error of it.
    ///
    /// Content is a run of the letter `x`. An error from the preparation of a response is not
    /// checked. `Pass` makes no call, and `Accept` makes none if `select` finds no eligible offer.
    pub(crate) fn make(
        self,
        connection: &mut Connection,
        out: &mut impl bytes::BufMut,
    ) -> Result<(), Error> {
        // Errors of a prepared response occur already in its preparation.
        let prepared = match self {
            Self::Whole { how: Whole::Prepared, status, answer, len } => Some(Prepared::new(
                &ResponseHead::new(status, &ANSWERS[answer]),
                &[b'x'; 256][..len],
            )?),
            _ => None,
        };
        self.made(connection, prepared, out).inspect_err(|error| check_refusal(self.verb(), error))
    }

    fn made(
        self,
        connection: &mut Connection,
        prepared: Option<Prepared>,
        out: &mut impl bytes::BufMut,
    ) -> Result<(), Error> {
        match self {
            Self::Request(index) => {
                let (method, target, fields, offer) = REQUESTS[index];
                connection.send_request(&RequestHead::new(method, target, &fields), offer, out)
            }
            Self::Response { status, answer } => {
                connection.send_response(&ResponseHead::new(status, &ANSWERS[answer]), out)
            }
            Self::Whole { how, status, answer, len } => {
                let (response, content) =
                    (ResponseHead::new(status, &ANSWERS[answer]), &[b'x'; 256][..len]);
                match how {
                    Whole::Respond => connection.respond(&response, content, out),
                    Whole::Reject => connection.reject(&response, content, out),
                    Whole::Prepared => {
                        connection.respond_prepared(&prepared.expect("it was prepared"), out)
                    }
                }
            }
            Self::Note { status, has_content, closes } => {
                connection.note_response(status, has_content, closes).map(drop)
            }
            Self::TakeEnd => {
                connection.take_end();
                Ok(())
            }
            Self::HandOver => connection.hand_over().map(|bytes| out.put_slice(&bytes)),
            // The caller of `make` calls `pass_content` itself, since it has the bytes.
            Self::Pass(_) => Ok(()),
            Self::Limits(index) => connection.set_limits(&LIMITS[index]),
            Self::Informational { status, answer } => {
                connection.send_informational(&ResponseHead::new(status, &ANSWERS[answer]), out)
            }
            Self::Accept { preferences, by, answer, early } => {
                match (connection.select(PREFERENCES[preferences], by), early) {
                    (Some(selection), true) => {
                        connection.accept(selection.early(), &ANSWERS[answer], out)
                    }
                    (Some(selection), false) => connection.accept(selection, &ANSWERS[answer], out),
                    (None, _) => Ok(()),
                }
            }
            Self::Require { list, answer } => {
                connection.require(LISTS[list], &ANSWERS[answer], out)
            }
            Self::Advertise(list) => connection.advertise(LISTS[list]),
            Self::Data(len) => connection.send_data(&[b'x'; 256][..len], out),
            Self::Parts(len) => {
                // The caller writes these bytes, so the engine does not check the space for them.
                let parts = connection.send_data_parts(len as u64)?;
                [parts.prefix(), &[b'x'; 256][..len], parts.suffix()]
                    .iter()
                    .for_each(|part| out.put_slice(part));
                Ok(())
            }
            Self::End(index) => connection.send_end(&TRAILERS[index], out),
            Self::Plain(short) => plain(short).map_or(Ok(()), |plain| (plain.call)(connection)),
        }
    }

    /// Returns whether the engine writes the call's output and checks the space for it.
    pub(crate) fn is_written_by_the_engine(self) -> bool {
        !matches!(self, Self::Parts(_) | Self::HandOver)
    }

    /// Returns the field lines of the head or the trailers that the call sends.
    pub(crate) fn fields(self) -> Pairs {
        match self {
            Self::Request(index) => REQUESTS[index].2,
            Self::Response { answer, .. }
            | Self::Whole { answer, .. }
            | Self::Informational { answer, .. }
            | Self::Accept { answer, .. }
            | Self::Require { answer, .. } => ANSWERS[answer],
            Self::End(index) => TRAILERS[index],
            _ => &[],
        }
    }

    /// Returns the method and the target of a sent request; `None` for other calls.
    pub(crate) fn request_line(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Request(index) => Some((REQUESTS[index].0, REQUESTS[index].1)),
            _ => None,
        }
    }
}
