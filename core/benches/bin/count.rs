//! A program whose instructions are counted: `count INPUT TIMES [MODE]`.
//!
//! INPUT is an input of the benches (`a` to `f2`, `k`) or a task of its own, such as `handshake`.
//! The program serves every message, or does the task, TIMES times. MODE is how the messages come:
//! `serial` (the default), `pipelined` (16 in one read) or `bytes` (a byte at a time). Pipelined,
//! each of the TIMES has 16 copies. The variable `SCAN` (`sse2`) names the engine's byte scanner.
//! `tests/tools/instructions` and `core/benches/subtract` run the program under callgrind.

use std::hint::black_box;

use switchover::binding::ScanPath;
use switchover::gateway::EndToEnd;
use switchover::{
    Connection, Event, FieldSource, Order, Prepared, RequestHead, ResponseHead, Role, Step,
};
use switchover_benches::inputs;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (Some(name), Some(times)) =
        (arguments.next(), arguments.next().and_then(|times| times.parse::<usize>().ok()))
    else {
        panic!("count INPUT TIMES [MODE]");
    };
    let mode = arguments.next().unwrap_or_default();
    let wanted = std::env::var("SCAN").unwrap_or_else(|_| "sse2".into());
    let path = ScanPath::available().find(|path| format!("{path:?}").to_lowercase() == wanted);
    assert!(path.is_some_and(ScanPath::force), "no scan path {wanted} here");
    let mut out = Vec::with_capacity(1024);
    match name.as_str() {
        "hops" => (0..times).for_each(|_| forward()),
        "handshake" => (0..times).for_each(|_| handshake(&mut out)),
        "d" => (0..times).for_each(|_| ask(&mut out)),
        "hello" | "prepared" => {
            let head = ResponseHead::new(200, &HELLO);
            let prepared =
                (name == "prepared").then(|| Prepared::new(&head, b"hello").expect("a response"));
            serve(&[inputs::MINIMAL.to_vec()], READ, times, &mut out, |connection, out| {
                match &prepared {
                    Some(prepared) => connection.respond_prepared(prepared, out),
                    None => connection.respond(&head, b"hello", out),
                }
            });
        }
        "date" => serve(&[inputs::MINIMAL.to_vec()], READ, times, &mut out, |connection, out| {
            connection.respond(&ResponseHead::new(204, &[HELLO[0]]), b"", out)
        }),
        _ => {
            let (input, mode) = if name == "slow" { ("b", "bytes") } else { (&*name, &*mode) };
            let answer = |connection: &mut Connection, out: &mut Vec<u8>| {
                connection.send_response(&ResponseHead::new(204, &()), out)
            };
            if mode == "pipelined" {
                serve_pipelined(&messages(input), times, &mut out, answer);
            } else {
                let read = if mode == "bytes" { 1 } else { READ };
                serve(&messages(input), read, times, &mut out, answer);
            }
        }
    }
}

/// The fields of a typical response with five bytes of text.
const HELLO: [(&str, &str); 2] =
    [("Date", "Fri, 20 Nov 2026 12:00:00 GMT"), ("Content-Type", "text/plain")];

/// The number of bytes that a server reads at once.
const READ: usize = 65_536;

/// The number of requests that a pipelining client sends at once.
const PIPELINED: usize = 16;

/// Returns the messages of the input `name`.
fn messages(name: &str) -> Vec<Vec<u8>> {
    match name {
        "k" => inputs::distinct(),
        "chunks" => vec![inputs::chunked(16)],
        "offers" => vec![inputs::offers(&inputs::protocols(32), 90)],
        _ => {
            let known = if name.starts_with('f') { inputs::all() } else { inputs::small() };
            let input = known.into_iter().find(|input| input.name == name);
            vec![input.unwrap_or_else(|| panic!("no input {name}")).bytes]
        }
    }
}

/// Serves all messages `times` times on one connection, from bytes to response.
///
/// `read` is the number of bytes received at a time.
fn serve<E: std::fmt::Debug>(
    messages: &[Vec<u8>],
    read: usize,
    times: usize,
    out: &mut Vec<u8>,
    answer: impl Fn(&mut Connection, &mut Vec<u8>) -> Result<(), E>,
) {
    let mut connection = Connection::new(Role::Server);
    for message in messages.iter().cycle().take(messages.len() * times) {
        out.clear();
        let mut ends = 0;
        for piece in message.chunks(read) {
            connection.receive(piece).expect("room");
            while let Ok(Step::Event) = connection.advance() {
                ends += usize::from(matches!(
                    connection.event(),
                    Some(Event::Request(_) | Event::EndOfMessage(_))
                ));
            }
        }
        answer(&mut connection, out).expect("an answer");
        assert_eq!(ends, 2);
    }
}

/// Serves [`PIPELINED`] copies of each message in one read, `times` times.
fn serve_pipelined<E: std::fmt::Debug>(
    messages: &[Vec<u8>],
    times: usize,
    out: &mut Vec<u8>,
    answer: impl Fn(&mut Connection, &mut Vec<u8>) -> Result<(), E>,
) {
    let repeated: Vec<_> = messages.iter().map(|message| message.repeat(PIPELINED)).collect();
    let mut connection = Connection::new(Role::Server);
    for requests in repeated.iter().cycle().take(messages.len() * times) {
        out.clear();
        connection.receive(requests).expect("room");
        for _ in 0..PIPELINED {
            while let Ok(Step::Event) = connection.advance() {
                black_box(connection.event());
            }
            answer(&mut connection, out).expect("an answer");
        }
        assert!(connection.unread().is_empty());
    }
}

/// Filters the fields of a request, as a proxy does before it forwards them.
///
/// `Connection` lists about as many options as the default limits allow.
fn forward() {
    let options = "a,b,".repeat(4_000);
    let mut fields = vec![("Host", "a"), ("Connection", options.as_str())];
    fields.resize(100, ("X-Given", "1"));
    let mut kept = 0;
    EndToEnd(&fields).each(&mut |_| kept += 1);
    assert_eq!(kept, 99);
}

/// Accepts a WebSocket on a new connection.
fn handshake(out: &mut Vec<u8>) {
    out.clear();
    let mut server = Connection::new(Role::Server);
    server.receive(inputs::WEBSOCKET).expect("room");
    while let Ok(Step::Event) = server.advance() {}
    let selection = server.select(&["websocket"], Order::Server).expect("an offer");
    server.accept(selection, &(), out).expect("a switch");
    assert!(server.may_speak());
}

/// Offers a WebSocket on a new client connection, and receives the 101.
///
/// The connection is new each time, because the switch ends HTTP on it.
fn ask(out: &mut Vec<u8>) {
    out.clear();
    let mut client = Connection::new(Role::Client);
    let fields = [
        ("Host", "example.com"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", inputs::KEY),
    ];
    client
        .send_request(&RequestHead::new("GET", "/", &fields), &["websocket"], out)
        .expect("an offer");
    client.receive(inputs::SWITCHING).expect("room");
    while let Ok(Step::Event) = client.advance() {}
    assert!(client.may_speak());
}
