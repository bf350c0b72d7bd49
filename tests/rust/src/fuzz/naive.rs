//! Invariant: the engine and a reader written from RFC 9112 agree on any input.
//!
//! Both find the same messages, or both reject the input. The tables `OURS` and `THEIRS` list the
//! allowed differences, each with its reason. The other reader is in `naive/`.
//!
//! The fuzz input is a byte of flags and the peer's bytes.

use switchover::ErrorKind::{self, *};
use switchover::{Config, Connection, End, Event, Paused, RequestHead, ResponseHead, Role, Step};

use crate::message::Messages;
use crate::naive::{self, Ending, Line, Message, Reading};

/// Checks the module's invariant for one fuzz input.
pub fn check(data: &[u8]) {
    crate::path::choose();
    let Some((&flags, input)) = data.split_first() else { return };
    let case = Case::new(flags, input);
    let (ours, theirs) = (case.ours(), case.theirs());
    if let Err(difference) = compare(&case, &ours, &theirs) {
        panic!("{difference}\n  {}\n  here: {ours:?}\n  naive: {theirs:?}", input.escape_ascii());
    }
}

struct Case<'i> {
    input: &'i [u8],
    role: Role,
    ended: bool,
    /// The methods of the client's requests, whose responses are the input.
    asked: Vec<&'static str>,
}

/// The reason why the engine reads no further.
#[derive(Debug, PartialEq)]
enum Stop {
    Ended(Ending),
    Error(ErrorKind),
}

impl<'i> Case<'i> {
    fn new(flags: u8, input: &'i [u8]) -> Self {
        let has = |bit: u8| flags & 1 << bit != 0;
        let asked = match flags >> 2 & 7 {
            0 => vec!["CONNECT"],
            1 => vec!["HEAD"],
            2 => vec!["GET", "GET"],
            3 => vec!["GET", "HEAD", "GET"],
            4 => vec!["HEAD", "HEAD", "GET", "GET"],
            _ => vec!["GET"],
        };
        Self { input, role: if has(0) { Role::Client } else { Role::Server }, ended: has(1), asked }
    }

    fn theirs(&self) -> Reading {
        let (messages, ending) = match self.role {
            Role::Server => naive::requests(self.input),
            Role::Client => naive::responses(self.input, &self.asked, self.ended),
        };
        match ending {
            Ending::Inside if self.ended => {
                (messages, Ending::Refused("8: the input ended too early"))
            }
            ending => (messages, ending),
        }
    }

    fn ours(&self) -> (Vec<Message>, Stop) {
        // The transport counts as secure, so that https targets are accepted.
        let config = Config { secure: true, ..Config::default() };
        let mut connection = Connection::with_config(self.role, config);
        if self.role == Role::Client {
            for method in &self.asked {
                let target = if *method == "CONNECT" { "a:1" } else { "/" };
                let request = RequestHead::new(method, target, &[("Host", "a:1")]);
                connection.send_request(&request, &[], &mut Vec::new()).expect("a plain request");
            }
        }
        connection.receive(self.input).expect("room");
        if self.ended {
            connection.receive_eof(End::Clean);
        }
        let mut messages = Messages::default();
        let stop = self.read(&mut connection, &mut messages);
        (messages.complete.into_iter().map(Message::from).collect(), stop)
    }

    fn read(&self, connection: &mut Connection, messages: &mut Messages) -> Stop {
        loop {
            match connection.advance() {
                Err(error) => return Stop::Error(error.kind()),
                Ok(Step::NeedData) => {
                    let is_inside = messages.current.is_some();
                    return Stop::Ended(self.rest(connection, is_inside));
                }
                Ok(Step::Paused(Paused::Closed)) => return Stop::Ended(Ending::Closed),
                Ok(Step::Paused(_))
                    if messages.complete.last().is_some_and(|last| last.method == "CONNECT") =>
                {
                    return Stop::Ended(Ending::Tunnel);
                }
                Ok(Step::Paused(_)) => {
                    let length = [("Content-Length", "0")];
                    connection
                        .send_response(&ResponseHead::new(200, &length), &mut Vec::new())
                        .expect("an answer");
                }
                Ok(Step::Event) => {
                    let event = connection.event().expect("an event");
                    messages.add(&event);
                    if let Event::Switched(_) = event {
                        return Stop::Ended(Ending::Tunnel);
                    }
                }
            }
        }
    }

    /// Returns whether the input ends inside a message or between two messages.
    ///
    /// Called once the engine needs more input. A client that awaits a response counts as inside.
    fn rest(&self, connection: &Connection, is_inside: bool) -> Ending {
        let is_awaited = self.role == Role::Client && connection.unanswered() > 0;
        let is_begun = !connection.unread().is_empty();
        if is_inside || is_awaited || is_begun { Ending::Inside } else { Ending::Between }
    }
}

impl From<crate::message::Message> for Message {
    fn from(message: crate::message::Message) -> Self {
        Self {
            method: message.method.into(),
            target: message.target.into(),
            status: message.status,
            minor: message.minor,
            fields: message.fields,
            content: message.content,
            trailers: message.trailers,
        }
    }
}

/// An allowed difference: a reader's errors, a test of the input, the reason.
type Row<W> = (W, fn(&Case<'_>) -> bool, &'static str);

/// The errors of the engine where the other reader reads on, or needs more input.
const OURS: &[Row<&[ErrorKind]>] = &[
    (&[MethodTooLong], |case| case.input.len() > 32, "our limit: no method has more than 32 bytes"),
    (
        &[EmptyLines],
        |case| case.has(b"\r\n\r\n\r\n\r\n\r"),
        "our limit: RFC 9112, 2.2 asks for one empty line",
    ),
    (
        &[StartLineTooLong],
        |case| case.input.len() > 8_192,
        "our limit: RFC 9112, 3 asks for 8,000 bytes",
    ),
    (
        &[FieldLineTooLong],
        |case| case.input.len() > 16_384,
        "our limit: RFC 9110, 5.4 leaves it to us",
    ),
    (&[TooManyFields], |case| case.count(b':') > 128, "our limit: RFC 9110, 5.4 leaves it to us"),
    (&[HeadTooLarge], |case| case.input.len() > 65_536, "our limit: RFC 9110, 5.4 leaves it to us"),
    (
        &[ChunkLineTooLong],
        |case| case.input.len() > 1_024,
        "our limit: RFC 9112, 7.1.1 asks for one",
    ),
    (
        &[ChunkExtensionsTooLong],
        |case| case.input.len() > 4_096,
        "our limit: RFC 9112, 7.1.1 asks for one",
    ),
    (
        &[TrailersTooLarge],
        |case| case.input.len() > 8_192,
        "our limit: RFC 9110, 5.4 leaves it to us",
    ),
    (
        &[TooManyInformational],
        |case| case.count_of(b"HTTP/1.") > 32,
        "our limit: RFC 9110, 15.2 has none",
    ),
    (
        &[BadStatusLine],
        |case| case.has(b" 0"),
        "RFC 9110, 15: a status code is from 100 on; a lower one may be taken for a 5xx",
    ),
    (
        &[CodingUnknown],
        |case| case.role == Role::Client,
        "RFC 9112, 6.1: a coding that is not known could only be passed on undecoded",
    ),
    (
        &[ContentLengthInvalid],
        |case| case.has(b",") || case.lines_named(b"content-length") > 1,
        "RFC 9110, 8.6: a list of lengths may be refused, and one with empty members is",
    ),
    (
        &[TargetForm],
        |case| {
            case.targets().any(|target| {
                target.windows(2).any(|two| two[0] == b':' && two[1] != b'/')
                    || target.ends_with(b":")
            })
        },
        "RFC 9112, 3.2.3: `host:port` is for CONNECT alone, and a URI without `/` after its scheme looks like it",
    ),
    (
        &[TargetAuthority],
        |case| case.targets().any(|target| target.windows(3).any(|three| three == b"://")),
        "RFC 3986, 3.2: the authority of a URI whose scheme is not http",
    ),
    (
        &[TargetAuthority],
        |case| case.has(b":0"),
        "RFC 9110, 9.3.6: a CONNECT to an invalid port, and 0 is none",
    ),
    (
        &[CodingInvalid],
        |case| case.has_empty_coding(),
        "RFC 9112, 6.1: readers differ on whether a Transfer-Encoding without a coding frames anything",
    ),
];

/// The errors of the other reader where the engine reads on, or needs more input.
const THEIRS: &[Row<&str>] = &[
    (
        "9.2: not asked for",
        |case| case.input.ends_with(b"\r") || case.input.ends_with(b"\n"),
        "RFC 9112, 2.2: an empty line is dropped where nothing was asked for; it is no response",
    ),
    (
        "7: a transfer coding is a token and its parameters",
        |case| case.role == Role::Client,
        "RFC 9112, 7: the parameters of a response's coding are not judged, since it is passed on as it is",
    ),
];

impl Case<'_> {
    /// Returns the second word of each line of the input: in request lines, the target.
    fn targets(&self) -> impl Iterator<Item = &[u8]> {
        let lines = self.input.split(|&byte| byte == b'\n');
        lines.filter_map(|line| line.split(|&byte| byte == b' ').nth(1))
    }

    fn lines_named(&self, name: &[u8]) -> usize {
        let lines = self.input.split(|&byte| byte == b'\n');
        let names = lines.map(|line| line.split(|&byte| byte == b':').next().unwrap_or_default());
        names.filter(|other| other.eq_ignore_ascii_case(name)).count()
    }

    fn has_empty_coding(&self) -> bool {
        let lines =
            self.input.split(|&byte| byte == b'\n').filter_map(|line| line.split_at_checked(18));
        let mut values = lines.filter(|(name, _)| name.eq_ignore_ascii_case(b"transfer-encoding:"));
        values.any(|(_, value)| value.iter().all(|byte| b" \t\r,".contains(byte)))
    }

    fn has(&self, piece: &[u8]) -> bool {
        self.count_of(piece) > 0
    }

    fn count_of(&self, piece: &[u8]) -> usize {
        self.input.windows(piece.len()).filter(|window| *window == piece).count()
    }

    fn count(&self, byte: u8) -> usize {
        self.input.iter().filter(|other| **other == byte).count()
    }
}

fn compare(case: &Case<'_>, ours: &(Vec<Message>, Stop), theirs: &Reading) -> Result<(), String> {
    let both = ours.0.iter().zip(&theirs.0);
    if let Some((index, (one, other))) =
        both.enumerate().find(|(_, (one, other))| !are_same(one, other))
    {
        return Err(format!("message {index} differs: {one:?} and {other:?}"));
    }
    match (&ours.1, theirs.1) {
        (Stop::Error(_), Ending::Refused(_)) if ours.0.len() == theirs.0.len() => Ok(()),
        (Stop::Ended(ending), other) if *ending == other && ours.0.len() == theirs.0.len() => {
            Ok(())
        }
        // The engine reports EOF as a closed connection.
        (Stop::Ended(Ending::Closed), Ending::Between)
            if case.ended && ours.0.len() == theirs.0.len() =>
        {
            Ok(())
        }
        (Stop::Error(kind), _) if ours.0.len() <= theirs.0.len() => {
            // The engine may reject a line before it is complete. Then the other reader must reject
            // the input as well, in one of the ways to complete it.
            if theirs.1 == Ending::Inside && ours.0.len() == theirs.0.len() && is_hopeless(case) {
                return Ok(());
            }
            let fits = |row: &&Row<&[ErrorKind]>| row.0.contains(kind) && row.1(case);
            OURS.iter().find(fits).map(drop).ok_or(format!("{} is refused here alone", kind.name()))
        }
        (_, Ending::Refused(clause)) => {
            let fits = |row: &&Row<&str>| row.0 == clause && row.1(case);
            THEIRS
                .iter()
                .find(fits)
                .map(drop)
                .ok_or(format!("taken here alone, refused by {clause}"))
        }
        _ => Err("they end in different ways".into()),
    }
}

/// Returns whether two messages are equal, up to the whitespace in field values.
///
/// An obs-fold counts as whitespace (RFC 9112, section 5.2).
fn are_same(one: &Message, other: &Message) -> bool {
    let spaced = |value: &[u8]| -> Vec<Vec<u8>> {
        let words = value.split(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
        words.filter(|word| !word.is_empty()).map(<[u8]>::to_vec).collect()
    };
    let line = |(name, value): &Line| (name.clone(), spaced(value));
    let fields = |message: &Message| -> Vec<_> {
        message.fields.iter().chain(&message.trailers).map(line).collect()
    };
    let parts = |message: &Message| {
        (message.status, message.minor, message.trailers.len(), fields(message))
    };
    (&one.method, &one.target, &one.content) == (&other.method, &other.target, &other.content)
        && parts(one) == parts(other)
}

/// Returns whether the other reader rejects each of three completions of the input.
///
/// A completion ends the last line, and the head or the trailers that it is in.
fn is_hopeless(case: &Case<'_>) -> bool {
    [&b"\r\n\r\n"[..], b"\n\r\n\r\n", b" \r\n\r\n"].iter().all(|end| {
        let input = [case.input, end].concat();
        matches!(
            Case { input: &input, asked: case.asked.clone(), ..*case }.theirs().1,
            Ending::Refused(_)
        )
    })
}
