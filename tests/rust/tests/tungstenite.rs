//! Tests of the WebSocket handshake with tungstenite, in both roles, over sockets.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use switchover::{Connection, Event, Order, RequestHead, Role, Step, websocket};
use tungstenite::client::IntoClientRequest;
use tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tungstenite::protocol::{Role as WebSocketRole, WebSocket};
use tungstenite::{Message, accept_hdr, client};

/// Returns two connected sockets whose reads time out.
fn pair() -> (UnixStream, UnixStream) {
    let pair = UnixStream::pair().expect("two sockets");
    for end in [&pair.0, &pair.1] {
        end.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
    }
    pair
}

/// Reads from the stream until `advance` returns something other than `NeedData`.
fn advance(connection: &mut Connection, stream: &mut UnixStream) -> Step {
    loop {
        let step = connection.advance().expect("a peer that keeps to the rules");
        if step != Step::NeedData {
            return step;
        }
        let space = connection.receive_buffer(1).expect("room");
        let len = stream.read(space).expect("bytes in time");
        assert!(len > 0, "the peer has closed");
        connection.commit(len);
    }
}

/// Reads one message from the other side, and sends it back.
fn echo_once(stream: UnixStream, leftover: Vec<u8>) {
    let mut frames = WebSocket::from_partially_read(stream, leftover, WebSocketRole::Server, None);
    let message = frames.read().expect("a message");
    frames.send(message).expect("it is sent back");
}

#[test]
fn tungstenite_as_the_client() {
    let (theirs, mut ours) = pair();
    let server = thread::spawn(move || {
        let mut connection = Connection::new(Role::Server);
        let mut out = Vec::new();
        while advance(&mut connection, &mut ours) == Step::Event {
            if let Some(Event::EndOfMessage(_)) = connection.event() {
                break;
            }
        }
        let selection =
            connection.select(&["websocket"], Order::Client).expect("a handshake that is in order");
        let request = connection.request().expect("a request with an offer is kept");
        let subprotocol =
            switchover::websocket::select_subprotocol(&request, &["v2", "v1"], Order::Server)
                .expect("v2 is offered");
        connection
            .accept(selection, &[("Sec-WebSocket-Protocol", subprotocol)], &mut out)
            .expect("a 101");
        ours.write_all(&out).expect("it is sent");
        while connection.advance() == Ok(Step::Event) {}
        echo_once(ours, connection.take_leftover().to_vec());
    });
    let mut request = "ws://localhost/chat".into_client_request().expect("a request");
    request.headers_mut().insert("Sec-WebSocket-Protocol", "v1, v2".parse().expect("a value"));
    let (mut frames, response) = client(request, theirs).expect("the handshake");
    assert_eq!(response.headers()["Sec-WebSocket-Protocol"], "v2");
    frames.send(Message::text("hello")).expect("sent");
    assert_eq!(frames.read().expect("a message"), Message::text("hello"));
    server.join().expect("the server's end");
}

#[test]
#[allow(clippy::result_large_err, reason = "tungstenite's own type")]
fn tungstenite_as_the_server() {
    let (theirs, mut ours) = pair();
    let server = thread::spawn(move || {
        let choose = |request: &Request,
                      mut response: Response|
         -> Result<Response, ErrorResponse> {
            assert_eq!(request.headers()["Sec-WebSocket-Protocol"], "v1, v2");
            response.headers_mut().insert("Sec-WebSocket-Protocol", "v1".parse().expect("a value"));
            Ok(response)
        };
        let mut frames = accept_hdr(theirs, choose).expect("the handshake");
        // The WebSocket server sends the first message.
        frames.send(Message::text("welcome")).expect("sent");
        let message = frames.read().expect("a message");
        frames.send(message).expect("sent");
    });
    let mut connection = Connection::new(Role::Client);
    let mut out = Vec::new();
    let key = websocket::key(b"sixteen bytes !!");
    let fields = [
        ("Host", "localhost"),
        ("Sec-WebSocket-Key", &key),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Protocol", "v1, v2"),
    ];
    let request = RequestHead::new("GET", "/chat", &fields);
    connection.send_request(&request, &["websocket"], &mut out).expect("a request");
    ours.write_all(&out).expect("it is sent");
    assert_eq!(advance(&mut connection, &mut ours), Step::Event);
    let Some(Event::Switched(switched)) = connection.event() else { panic!("no switch") };
    let response = switched.response.expect("a 101");
    assert_eq!(response.fields().get("sec-websocket-protocol"), Some(&b"v1"[..]));
    let leftover = connection.take_leftover().to_vec();
    let mut frames = WebSocket::from_partially_read(ours, leftover, WebSocketRole::Client, None);
    assert_eq!(frames.read().expect("a message"), Message::text("welcome"));
    frames.send(Message::text("hello")).expect("sent");
    assert_eq!(frames.read().expect("a message"), Message::text("hello"));
    server.join().expect("the server's end");
}
