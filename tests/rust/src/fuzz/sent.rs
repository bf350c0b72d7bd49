//! Invariant: other parsers find the messages that an engine sent, unchanged.
//!
//! The invariant holds for any sequence of calls. The parsers are an engine of the other role,
//! httparse, and `naive`, the reader written from the RFCs alone. httparse reads only the first
//! head. A call that returns an error writes nothing.
//!
//! The fuzz input is a tape: a role, then heads, contents and trailers of any bytes.

use switchover::binding::Bound;
use switchover::state::Tx;
use switchover::{
    Config, Connection, End, Error, Limits, Prepared, RequestHead, ResponseHead, Role, Step,
};

use super::heads::{METHODS, OFFERS, TARGETS, as_fields, bytes, lines, text};
use super::tape::Tape;
use crate::message::{Line, Message, Messages};
use crate::naive::{self, Ending};

/// Checks the module's invariant for one fuzz input.
pub fn check(data: &[u8]) {
    let mut tape = Tape::new(data);
    if tape.flag() { requests(&mut tape) } else { responses(&mut tape) }
}

fn requests(tape: &mut Tape<'_>) {
    let config = Config {
        secure: tape.flag(),
        bare_h2c: tape.flag(),
        tidy: tape.flag(),
        ..Config::default()
    };
    let is_tidied = config.tidy;
    let mut client = Connection::with_config(Role::Client, config);
    let (mut wire, mut said) = (Vec::new(), Vec::new());
    for _ in 0..8 {
        let (method, target) = (text(tape, METHODS), text(tape, TARGETS));
        let mut fields = lines(tape, 6);
        if !tape.byte().is_multiple_of(4) {
            fields.push((b"Host".to_vec(), b"a:1".to_vec()));
        }
        let (offer, before) = (tape.pick(OFFERS), wire.len());
        let given = as_fields(&fields);
        if client
            .send_request(&RequestHead::new(&method, &target, &given), offer, &mut wire)
            .is_err()
        {
            assert_eq!(wire.len(), before, "it is refused and writes");
        } else {
            let mut message = Message { method, target, fields, ..Message::default() };
            finish(&mut client, tape, &mut wire, &mut message);
            said.push(message);
        }
        if tape.is_over() {
            break;
        }
    }
    read_requests(&wire, &said, is_tidied);
}

/// Sends content and ends the message, after more content if its length needs it.
///
/// A message that lacks 10,000 bytes or more is abandoned.
fn finish(
    connection: &mut Connection,
    tape: &mut Tape<'_>,
    wire: &mut Vec<u8>,
    message: &mut Message,
) {
    for _ in 0..4 {
        let (piece, before) = (tape.piece(), wire.len());
        let sent = match tape.flag() {
            true => connection.send_data(piece, wire),
            false => connection.send_data_parts(piece.len() as u64).map(|parts| {
                [parts.prefix(), piece, parts.suffix()]
                    .iter()
                    .for_each(|part| wire.extend_from_slice(part));
            }),
        };
        match sent {
            Ok(()) => message.content.extend_from_slice(piece),
            Err(_) => assert_eq!(wire.len(), before, "it is refused and writes"),
        }
    }
    let trailers = lines(tape, 4);
    if connection.send_end(&as_fields(&trailers), wire).is_ok() {
        message.trailers = trailers;
        return;
    }
    // Sends the content that Content-Length announced and that is still missing.
    for _ in 0..=9_999 {
        if connection.send_end(&(), wire).is_ok() || connection.state().tx != Tx::Open {
            return;
        }
        match connection.send_data(b"z", wire) {
            Ok(()) => message.content.push(b'z'),
            Err(_) => return,
        }
    }
    connection.abandon().expect("it is open");
    wire.clear();
    message.status = CUT;
}

/// A status that marks an abandoned message.
///
/// No message of a run with such a message is compared.
const CUT: u16 = u16::MAX;

/// Returns whether a message is complete and has no transfer coding but chunked.
///
/// The engine sends messages with other codings, but does not decode them.
fn is_readable(message: &Message) -> bool {
    let codings =
        message.fields.iter().filter(|line| line.0.eq_ignore_ascii_case(b"Transfer-Encoding"));
    let mut codings =
        codings.flat_map(|line| line.1.split(|&byte| byte == b',')).map(<[u8]>::trim_ascii);
    message.status != CUT
        && codings.all(|coding| coding.is_empty() || coding.eq_ignore_ascii_case(b"chunked"))
}

fn read_requests(wire: &[u8], said: &[Message], is_tidied: bool) {
    if !said.iter().all(is_readable) {
        return;
    }
    // A client without TLS may send an https target to a proxy, and methods of any length: the
    // server must accept both.
    let limits = Limits { method: 1_000, ..Limits::DEFAULT };
    let mut server =
        Connection::with_config(Role::Server, Config { secure: true, limits, ..Config::default() });
    server.receive(wire).expect("room");
    let mut heard = Messages::default();
    hear(&mut server, &mut heard)
        .unwrap_or_else(|error| panic!("{error}: {}", wire.escape_ascii()));
    compare(&heard.complete, said, is_tidied, "the engine");
    let (messages, ending) = naive::requests(wire);
    assert!(
        !matches!(ending, Ending::Refused(_) | Ending::Inside),
        "{ending:?}: {}",
        wire.escape_ascii()
    );
    compare(
        &messages.into_iter().map(of_naive).collect::<Vec<_>>(),
        said,
        is_tidied,
        "the reader of RFC 9112",
    );
    if let Some(first) = said.first() {
        let mut space = [httparse::EMPTY_HEADER; 64];
        let mut head = httparse::Request::new(&mut space);
        let read = head.parse(wire);
        assert!(
            matches!(read, Ok(status) if status.is_complete()),
            "httparse: {read:?} {}",
            wire.escape_ascii()
        );
        assert_eq!(
            (head.method, head.path, head.version),
            (Some(&first.method[..]), Some(&first.target[..]), Some(1))
        );
        compare_fields(&of_httparse(head.headers), first, is_tidied, "httparse");
    }
}

/// The requests to which the server responds, each as its method and its bytes.
const ASKED: &[(&str, &str)] = &[
    ("GET", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("HEAD", "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("GET", "GET / HTTP/1.0\r\n\r\n"),
    ("GET", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
    (
        "POST",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nUpgrade: foo/2\r\nConnection: upgrade\r\n\r\n",
    ),
    ("CONNECT", "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n"),
    ("GET", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
];

fn responses(tape: &mut Tape<'_>) {
    let config = Config { tidy: tape.flag(), ..Config::default() };
    let is_tidied = config.tidy;
    let mut server = Connection::with_config(Role::Server, config.clone());
    // `asked` has the method of each request and the offset in `wire` where its response ends.
    let (mut wire, mut said, mut asked) = (Vec::new(), Vec::new(), Vec::<(&str, usize)>::new());
    for _ in 0..8 {
        let (method, request) = tape.pick(ASKED);
        if server.receive(request.as_bytes()).is_err() {
            break;
        }
        while let Ok(Step::Event) = server.advance() {}
        let (mut message, mut is_whole) = (Message::default(), false);
        for _ in 0..4 {
            message = Message {
                status: if tape.flag() {
                    200 + tape.byte() as u16
                } else {
                    tape.below(0x1_0000) as u16
                },
                reason: bytes(tape, &["OK", "", "No\r\nway", "\u{e9}"]),
                fields: lines(tape, 6),
                ..Message::default()
            };
            let (before, given) = (wire.len(), as_fields(&message.fields));
            let head =
                ResponseHead { status: message.status, reason: &message.reason, fields: &given };
            let content = tape.piece();
            let sent = match tape.below(4) {
                0 | 1 => server.send_response(&head, &mut wire).map(|()| false),
                2 => server.respond(&head, content, &mut wire).map(|()| true),
                _ => Prepared::with_config(&head, content, config.clone())
                    .and_then(|prepared| server.respond_prepared(&prepared, &mut wire))
                    .map(|()| true),
            };
            if let Ok(is_sent) = sent {
                is_whole = is_sent;
                if is_whole && method != "HEAD" {
                    message.content = content.to_vec();
                }
                break;
            }
            assert_eq!(wire.len(), before, "it is refused and writes");
            message.status = 0;
        }
        if message.status == 0 {
            message = Message { status: 204, reason: b"No Content".to_vec(), ..Message::default() };
            if server.send_response(&ResponseHead::new(204, &()), &mut wire).is_err() {
                break;
            }
        }
        if !is_whole && matches!(server.state().tx, Tx::Open | Tx::Closed) {
            finish(&mut server, tape, &mut wire, &mut message);
        }
        if server.state().tx == Tx::Switched {
            // A tunnel is neither closed nor kept alive by its first message.
            message.fields.retain(|(name, _)| !name.eq_ignore_ascii_case(b"Connection"));
        }
        said.push(message);
        asked.push((method, wire.len()));
        if tape.is_over() || server.state().tx != Tx::Open {
            break;
        }
    }
    read_responses(&wire, &said, is_tidied, &asked);
}

fn read_responses(wire: &[u8], said: &[Message], is_tidied: bool, asked: &[(&str, usize)]) {
    if !said.iter().all(is_readable) {
        return;
    }
    let mut heard = Messages::default();
    let mut client = Connection::new(Role::Client);
    let mut start = 0;
    for (method, end) in asked {
        let (target, fields) = (if *method == "CONNECT" { "a:1" } else { "/" }, [("Host", "a:1")]);
        let offer: &[&str] = if *method == "POST" { &["foo/2"] } else { &[] };
        client
            .send_request(&RequestHead::new(method, target, &fields), offer, &mut Vec::new())
            .expect("it was answered");
        client.receive(&wire[start..*end]).expect("room");
        hear(&mut client, &mut heard)
            .unwrap_or_else(|error| panic!("{error}: {}", wire.escape_ascii()));
        start = *end;
    }
    client.receive_eof(End::Clean);
    hear(&mut client, &mut heard)
        .unwrap_or_else(|error| panic!("{error}: {}", wire.escape_ascii()));
    compare(&heard.complete, said, is_tidied, "the engine");
    let (messages, ending) =
        naive::responses(wire, &asked.iter().map(|(method, _)| *method).collect::<Vec<_>>(), true);
    assert!(
        !matches!(ending, Ending::Refused(_) | Ending::Inside),
        "{ending:?}: {}",
        wire.escape_ascii()
    );
    compare(
        &messages.into_iter().map(of_naive).collect::<Vec<_>>(),
        said,
        is_tidied,
        "the reader of RFC 9112",
    );
    if let Some(first) = said.first() {
        let mut space = [httparse::EMPTY_HEADER; 64];
        let mut head = httparse::Response::new(&mut space);
        let read = head.parse(wire);
        assert!(
            matches!(read, Ok(status) if status.is_complete()),
            "httparse: {read:?} {}",
            wire.escape_ascii()
        );
        assert_eq!((head.code, head.version), (Some(first.status), Some(1)));
        compare_fields(&of_httparse(head.headers), first, is_tidied, "httparse");
    }
}

/// Reads what the connection has received, and adds the messages to `messages`.
///
/// A server responds to each request at once with a 403, which declines every offer.
fn hear(connection: &mut Connection, messages: &mut Messages) -> Result<(), Error> {
    loop {
        match connection.advance()? {
            Step::NeedData => return Ok(()),
            Step::Paused(_)
                if connection.role() == Role::Server && connection.state().tx == Tx::Open =>
            {
                let length = [("Content-Length", "0")];
                connection
                    .send_response(&ResponseHead::new(403, &length), &mut Vec::new())
                    .expect("an answer");
            }
            Step::Paused(_) => return Ok(()),
            Step::Event => messages.add(&connection.event().expect("an event")),
        }
    }
}

fn of_naive(message: naive::Message) -> Message {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("ASCII");
    Message {
        method: text(message.method),
        target: text(message.target),
        status: message.status,
        fields: message.fields,
        content: message.content,
        trailers: message.trailers,
        ..Message::default()
    }
}

fn of_httparse(fields: &[httparse::Header<'_>]) -> Vec<Line> {
    fields.iter().map(|field| (field.name.as_bytes().to_vec(), field.value.to_vec())).collect()
}

fn compare(heard: &[Message], said: &[Message], is_tidied: bool, reader: &str) {
    assert_eq!(
        heard.len(),
        said.len(),
        "{reader} finds another number of messages: {heard:?} {said:?}"
    );
    for (heard, said) in heard.iter().zip(said) {
        assert_eq!(
            (&heard.method, &heard.target, heard.status),
            (&said.method, &said.target, said.status),
            "{reader}"
        );
        assert!(
            heard.reason.is_empty() || heard.reason == said.reason,
            "{reader} finds another reason"
        );
        assert_eq!(heard.content, said.content, "{reader} finds other content");
        compare_fields(&heard.fields, said, is_tidied, reader);
        if is_tidied {
            assert!(
                heard.trailers.len() <= said.trailers.len(),
                "{reader} finds trailers that were not said"
            );
        } else {
            compare_lines(&heard.trailers, &said.trailers.iter().collect::<Vec<_>>(), reader);
        }
    }
}

/// The fields that `Config::tidy` may remove, merge or replace.
const TIDIED: &[&str] = &[
    "Capsule-Protocol",
    "Content-Length",
    "Expect",
    "Host",
    "HTTP2-Settings",
    "Sec-WebSocket-Accept",
    "Sec-WebSocket-Key",
    "Transfer-Encoding",
    "Upgrade",
];

/// Checks that a parser found the sent fields in their order.
///
/// In requests Host is first. Any further field must be one that the engine adds by itself. With
/// `Config::tidy` the fields in `TIDIED` are not compared; of `Connection` only the options are.
fn compare_fields(heard: &[Line], said: &Message, is_tidied: bool, reader: &str) {
    let is = |line: &Line, name: &str| line.0.eq_ignore_ascii_case(name.as_bytes());
    // `Config::tidy` may remove, merge or replace these fields.
    let is_put_right = |line: &Line| is_tidied && TIDIED.iter().any(|name| is(line, name));
    let given: Vec<&Line> =
        said.fields.iter().filter(|line| !is(line, "Connection") && !is_put_right(line)).collect();
    let (hosts, others): (Vec<&Line>, Vec<&Line>) = given.iter().partition(|line| is(line, "Host"));
    let is_request = heard.first().is_some_and(|line| is(line, "Host"));
    let given = if is_request { [hosts, others].concat() } else { given };
    let plain: Vec<Line> = heard
        .iter()
        .filter(|line| !is(line, "Connection") && !is_put_right(line))
        .cloned()
        .collect();
    let (told, added) = plain.split_at(given.len().min(plain.len()));
    compare_lines(told, &given, reader);
    let ours = ["Upgrade", "Content-Length", "Transfer-Encoding", "Capsule-Protocol"];
    for line in added {
        assert!(
            ours.iter().any(|name| is(line, name)),
            "{reader} finds {line:?}, which was not said"
        );
    }
    // Each option that was sent in Connection is still in it.
    let options = |lines: &[Line]| -> Vec<Vec<u8>> {
        let lines = lines.iter().filter(|line| is(line, "Connection"));
        let members =
            lines.flat_map(|line| line.1.split(|&byte| byte == b',')).map(<[u8]>::trim_ascii);
        members.filter(|member| !member.is_empty()).map(<[u8]>::to_ascii_lowercase).collect()
    };
    let heard_options = options(heard);
    for option in options(&said.fields) {
        let is_ours = option == b"keep-alive" || option == b"upgrade";
        assert!(
            is_ours || heard_options.contains(&option),
            "{reader} misses the option {} in {heard:?}",
            option.escape_ascii()
        );
    }
}

fn compare_lines(heard: &[Line], said: &[&Line], reader: &str) {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let trimmed = |value: &[u8]| -> Vec<u8> {
        let start = value.iter().position(|byte| !blank(byte)).unwrap_or(value.len());
        let end = value.iter().rposition(|byte| !blank(byte)).map_or(start, |last| last + 1);
        value[start..end].to_vec()
    };
    let said: Vec<Line> = said.iter().map(|(name, value)| (name.clone(), trimmed(value))).collect();
    assert_eq!(heard, said, "{reader} finds other field lines");
}
