//! Work to be counted, not timed: `count INPUT TIMES` takes every message of an input that often, from the bytes to the
//! answer, on the scan path that the variable `SCAN` names. `tests/instructions` runs it under callgrind.

use switchover::binding::ScanPath;
use switchover::gateway::EndToEnd;
use switchover::{Connection, FieldSource, Order, RequestHead, ResponseHead, Role, Step};
use switchover_benches::inputs;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (Some(name), Some(times)) = (arguments.next(), arguments.next().and_then(|times| times.parse::<usize>().ok()))
    else {
        panic!("count INPUT TIMES");
    };
    let wanted = std::env::var("SCAN").unwrap_or_else(|_| "sse2".into());
    let path = ScanPath::available().find(|path| format!("{path:?}").to_lowercase() == wanted);
    assert!(path.is_some_and(ScanPath::force), "no scan path {wanted} here");
    if name == "hops" {
        return (0..times).for_each(|_| forward());
    }
    let messages = match name.as_str() {
        "handshake" => vec![inputs::WEBSOCKET.to_vec()],
        "k" => inputs::distinct(),
        _ => inputs::small().into_iter().filter(|input| input.name == name).map(|input| input.octets).collect(),
    };
    assert!(!messages.is_empty(), "no input {name}");
    let mut connection = Connection::new(Role::Server);
    let mut out = Vec::with_capacity(1024);
    if name == "handshake" {
        return (0..times).for_each(|_| handshake(&mut out));
    }
    for message in messages.iter().cycle().take(messages.len() * times) {
        out.clear();
        if name == "d" {
            ask(&mut connection, &mut out);
        }
        connection.receive(message).expect("room");
        let mut events = 0;
        while let Ok(Step::Event) = connection.advance() {
            events += usize::from(connection.event().is_some());
        }
        if name == "d" {
            assert_eq!((events, connection.may_speak()), (1, true));
        } else {
            connection.send_response(&ResponseHead::new(204, &()), &mut out).expect("an answer");
            assert_eq!(events, 2);
        }
    }
}

/// What passes an intermediary of a request whose `Connection` lists as many options as the limits let through.
fn forward() {
    let options = "a,b,".repeat(4_000);
    let mut fields = vec![("Host", "a"), ("Connection", options.as_str())];
    fields.resize(100, ("X-Given", "1"));
    let mut kept = 0;
    EndToEnd(&fields).each(&mut |_| kept += 1);
    assert_eq!(kept, 99);
}

/// A WebSocket accepted, on a connection of its own.
fn handshake(out: &mut Vec<u8>) {
    out.clear();
    let mut server = Connection::new(Role::Server);
    server.receive(inputs::WEBSOCKET).expect("room");
    while let Ok(Step::Event) = server.advance() {}
    let selection = server.select(&["websocket"], Order::Server).expect("an offer");
    server.accept(selection, &(), out).expect("a switch");
    assert!(server.may_speak());
}

/// A new client, since a switch is the end of it, that offers what the 101 accepts.
fn ask(connection: &mut Connection, out: &mut Vec<u8>) {
    *connection = Connection::new(Role::Client);
    let fields = [("Host", "example.com"), ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", inputs::KEY)];
    connection.send_request(&RequestHead::new("GET", "/", &fields), &["websocket"], out).expect("an offer");
}
