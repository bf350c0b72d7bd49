//! Tests of calls that a test vector cannot express, most of them mistakes.

use switchover::binding::{KnownField, index_of, selection_from_bits, selection_to_bits};
use switchover::h2c::Splice;
use switchover::{
    Config, Connection, End, ErrorKind, Event, Field, FieldSource, Limits, Next, Order, Paused,
    RequestHead, ResponseHead, Role, Step,
};

fn server_with(request: &[u8]) -> Connection {
    let mut server = Connection::new(Role::Server);
    server.receive(request).expect("room");
    assert_eq!(server.advance(), Ok(Step::Event));
    server
}

#[test]
fn a_selection_of_another_connection_accepts_nothing_that_is_not_offered_here() {
    let one = server_with(
        b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: bar, foo/2\r\nConnection: upgrade\r\n\r\n",
    );
    let foreign = one.select(&["foo/2"], Order::Client).expect("an offer");
    let mut out = Vec::new();

    let mut shorter =
        server_with(b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: bar\r\nConnection: upgrade\r\n\r\n");
    let refused = shorter.accept(foreign, &(), &mut out).map_err(|error| error.kind());
    assert_eq!(refused, Err(ErrorKind::NotOffered));

    // Here `websocket` has the place of `foo/2`, without the key that makes it eligible.
    let mut other = server_with(
        b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: bar, websocket\r\nConnection: upgrade\r\n\r\n",
    );
    let refused = other.accept(foreign, &(), &mut out).map_err(|error| error.kind());
    assert_eq!(refused, Err(ErrorKind::NotOffered));
    assert!(out.is_empty());
}

#[test]
fn a_splice_of_a_request_without_an_offer_depends_on_nothing_before() {
    let bare = "GET / HTTP/1.1\r\nHost: a\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n";
    let offer = "GET / HTTP/1.1\r\nHost: a\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nUpgrade: h2c\r\n\
        Connection: upgrade, HTTP2-Settings\r\n\r\n";
    let mut server = Connection::new(Role::Server);
    for request in [bare, offer, bare] {
        server.receive(request.as_bytes()).expect("room");
        let Ok(Next::Event(Event::Request(request))) = server.next_event() else {
            panic!("a request")
        };
        assert!(Splice::new(&request, b"", &()).is_ok());
        assert_eq!(server.advance(), Ok(Step::Event));
        let answer = ResponseHead::new(200, &[("Content-Length", "0")]);
        server.send_response(&answer, &mut Vec::new()).expect("an answer");
    }
}

#[test]
fn a_pipeline_has_an_end() {
    let mut client = Connection::new(Role::Client);
    let mut out = Vec::new();
    let request = RequestHead::new("GET", "/", &[("Host", "a")]);
    let sent =
        (0..100).take_while(|_| client.send_request(&request, &[], &mut out).is_ok()).count();
    assert_eq!(sent, 64);
    let refused = client.send_request(&request, &[], &mut out).map_err(|error| error.kind());
    assert_eq!(refused, Err(ErrorKind::PipelineFull));
    assert_eq!(client.unanswered(), 64);
    // Each request gets its own response, which depends on its method.
    for _ in 0..64 {
        client.receive(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").expect("room");
        assert_eq!((client.advance(), client.advance()), (Ok(Step::Event), Ok(Step::Event)));
    }
    assert_eq!((client.unanswered(), client.advance()), (0, Ok(Step::NeedData)));
}

#[test]
fn an_echo_sends_the_slice_that_it_was_shown() {
    let mut server = server_with(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
    let mut out = Vec::new();
    server
        .send_response(&ResponseHead::new(200, &[("Content-Length", "5")]), &mut out)
        .expect("an answer");
    let start = out.len();
    assert_eq!(server.advance(), Ok(Step::Event));
    // No copy: the caller writes prefix and suffix around the slice in the event.
    let parts = server.send_data_parts(5).expect("content");
    if let Some(Event::Data(data)) = server.event() {
        [parts.prefix(), data, parts.suffix()].iter().for_each(|part| out.extend_from_slice(part));
    }
    assert_eq!(&out[start..], b"hello");
}

#[test]
fn the_event_is_over_with_the_next_inbound_call() {
    let mut server = server_with(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhello");
    assert!(matches!(server.event(), Some(Event::Request(_))));
    assert!(matches!(server.next_event(), Ok(Next::Event(Event::Data(b"hello")))));
    server.receive(b" you").expect("room");
    assert!(server.event().is_none());
    assert!(matches!(server.next_event(), Ok(Next::Event(Event::Data(b" you")))));
}

#[test]
fn what_is_read_straight_into_the_buffer_is_received() {
    let mut server = Connection::new(Role::Server);
    let request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    server.receive_buffer(request.len()).expect("room");
    assert_eq!((server.commit(0), server.advance()), (0, Ok(Step::NeedData)));
    let space = server.receive_buffer(request.len()).expect("room");
    space[..request.len()].copy_from_slice(request);
    assert_eq!((server.commit(request.len()), server.advance()), (request.len(), Ok(Step::Event)));
    // The caller cannot have written more bytes than there was space.
    let space = server.receive_buffer(1).expect("room").len();
    assert_eq!(server.commit(space + 1_000_000), 0);
}

#[test]
fn every_call_on_a_connection_that_is_over_is_refused() {
    let mut server = Connection::new(Role::Server);
    server.receive_eof(End::Clean);
    assert!(matches!(server.next_event(), Ok(Next::Paused(Paused::Closed))));
    let mut out = Vec::new();
    assert!(server.receive(b"x").is_err());
    assert!(server.receive_buffer(1).is_err());
    assert!(server.send_response(&ResponseHead::new(200, &()), &mut out).is_err());
    assert!(server.send_informational(&ResponseHead::new(103, &()), &mut out).is_err());
    assert!(server.send_data(b"x", &mut out).is_err());
    assert!(server.send_end(&(), &mut out).is_err());
    assert!(server.close_after_response().is_err());
    assert!(server.skip_content().is_err());
    assert!(server.resume_http().is_err());
    assert!(server.abandon().is_ok());
    assert!(out.is_empty());
    assert!(matches!(server.next_event(), Ok(Next::Paused(Paused::Closed))));
}

#[test]
fn a_connection_can_move_between_threads() {
    fn is_send<T: Send>() {}
    fn is_error<T: std::error::Error + Send + Sync + 'static>() {}
    is_send::<Connection>();
    is_error::<switchover::Error>();
}

#[test]
fn what_came_before_a_request_is_not_its_answer() {
    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";
    let request = RequestHead::new("GET", "/", &[("Host", "a")]);
    let mut out = Vec::new();

    // Before any request, and after the previous response, whether or not `advance` was called
    // before.
    for asks_before in [false, true] {
        let mut client = Connection::new(Role::Client);
        if asks_before {
            client.send_request(&request, &[], &mut out).expect("a request");
            client.receive(b"HTTP/1.1 204 X\r\n\r\n").expect("room");
        }
        client.receive(ANSWER).expect("room");
        if asks_before {
            assert_eq!((client.advance(), client.advance()), (Ok(Step::Event), Ok(Step::Event)));
        }
        let refused = client.send_request(&request, &[], &mut out).map_err(|error| error.kind());
        assert_eq!(refused, Err(ErrorKind::UnreadInput));
        assert_eq!(client.advance().map_err(|error| error.kind()), Err(ErrorKind::Unsolicited));
    }
}

#[test]
fn a_connection_that_has_answered_a_101_is_not_handed_over() {
    for leftover in [&b""[..], b"hello"] {
        let mut server = server_with(
            b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: TLS/1.3\r\nConnection: upgrade\r\n\r\n",
        );
        assert_eq!(server.advance(), Ok(Step::Event));
        let selection = server.select(&["TLS/1.3"], Order::Client).expect("an offer");
        server.accept(selection, &(), &mut Vec::new()).expect("a 101");
        assert_eq!(server.advance(), Ok(Step::Event));
        let _ = server.receive(leftover);
        server.take_leftover();
        server.resume_http().expect("above TLS");
        assert_eq!(server.hand_over().map_err(|error| error.kind()), Err(ErrorKind::Answered));
    }
}

#[test]
fn no_number_of_passed_bytes_is_too_large_for_what_follows() {
    let mut client = Connection::new(Role::Client);
    client
        .send_request(&RequestHead::new("GET", "/", &[("Host", "a")]), &[], &mut Vec::new())
        .expect("a request");
    client.receive(b"HTTP/1.1 200 OK\r\n\r\n").expect("room");
    assert_eq!(client.advance(), Ok(Step::Event));
    for len in [u64::MAX, i64::MAX as u64] {
        assert_eq!(
            client.pass_content(len).map_err(|error| error.kind()),
            Err(ErrorKind::LengthExceeded)
        );
    }
    client.pass_content(1 << 62).expect("until the connection closes");
    client.receive(b"x").expect("room");
    assert!(matches!(client.next_event(), Ok(Next::Event(Event::Data(b"x")))));
    assert_eq!(client.position(), (1 << 62) + 20);
}

/// A client's connection does not persist if bytes follow its last response.
///
/// A vector cannot express this, as the number of these bytes depends on the transport.
#[test]
fn a_client_with_bytes_that_no_request_asked_for_does_not_persist() {
    let mut client = Connection::new(Role::Client);
    client
        .send_request(&RequestHead::new("GET", "/", &[("Host", "a")]), &[], &mut Vec::new())
        .expect("a request");
    client
        .receive(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\n\r\n")
        .expect("room");
    assert_eq!(client.advance(), Ok(Step::Event));
    assert!(client.persists(), "the response is not complete");
    assert!(matches!(client.next_event(), Ok(Next::Event(Event::Data(b"hi")))));
    assert!(!client.persists());
    assert_eq!(client.advance(), Ok(Step::Event));
    assert!(!client.persists());
    assert_eq!(client.advance().map_err(|error| error.kind()), Err(ErrorKind::Unsolicited));
    assert!(!client.persists());
}

#[test]
fn a_refused_field_line_is_named() {
    let mut server = Connection::new(Role::Server);
    server.receive(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").expect("room");
    assert_eq!(server.advance(), Ok(Step::Event));
    for (name, value, kind) in [
        ("a b", "c", ErrorKind::InvalidName),
        ("a", "b\r\nc: d", ErrorKind::InvalidValue),
        ("Upgrade", "foo", ErrorKind::ReservedField),
        ("Sec-WebSocket-Accept", "x", ErrorKind::ReservedField),
        ("Content-Length", "x", ErrorKind::FramingConflict),
    ] {
        let fields = [("Fine", "1"), ("Fine", "2"), (name, value), ("Fine", "3")];
        let error = server
            .send_response(&ResponseHead::new(200, &fields), &mut Vec::new())
            .expect_err(name);
        assert_eq!((error.kind(), error.field()), (kind, Some(2)), "{error}");
        assert!(error.to_string().ends_with(": field line 3"), "{error}");
    }
    server.send_response(&ResponseHead::new(200, &()), &mut Vec::new()).expect("chunked");
    let error = server
        .send_end(&[("Digest", "x"), ("Host", "b")], &mut Vec::new())
        .expect_err("no trailer");
    assert_eq!((error.kind(), error.field()), (ErrorKind::TrailerForbidden, Some(1)));
    let error =
        server.accept(selection_from_bits([9; 4]), &(), &mut Vec::new()).expect_err("stale");
    assert_eq!((error.field(), error.offset(), error.needed()), (None, None, None));
}

#[test]
fn an_end_that_comes_too_early_says_how_many_bytes_are_missing() {
    let mut server = server_with(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let head = ResponseHead::new(200, &[("Content-Length", "3")]);
    server.send_response(&head, &mut Vec::new()).expect("a response");
    server.send_data(b"a", &mut Vec::new()).expect("a byte");
    let error = server.send_end(&(), &mut Vec::new()).expect_err("two bytes are missing");
    assert_eq!((error.kind(), error.field()), (ErrorKind::LengthShort, None));
    assert!(error.to_string().ends_with("(error 913): 2 bytes missing"), "{error}");
}

#[test]
fn a_commit_takes_no_more_than_was_given_and_nothing_that_has_moved() {
    let mut server = Connection::new(Role::Server);
    server.receive(b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\n").expect("room");
    assert_eq!(server.commit(usize::MAX), 0);
    let space = server.receive_buffer(28).expect("room");
    space[..28].copy_from_slice(b"GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
    // Between the calls `advance` and `send_response` use the buffer, so the space has moved.
    assert_eq!(server.advance(), Ok(Step::Event));
    server.send_response(&ResponseHead::new(204, &()), &mut Vec::new()).expect("an answer");
    assert_eq!((server.advance(), server.advance()), (Ok(Step::Event), Ok(Step::NeedData)));
    assert_eq!(server.commit(28), 0);
    assert_eq!(server.advance(), Ok(Step::NeedData), "no byte is read twice");
    let space = server.receive_buffer(28).map(|space| space.len()).expect("room");
    assert_eq!(
        (server.commit(space + 1), server.commit(0)),
        (0, 0),
        "more than there is, and nothing"
    );
    assert_eq!((server.commit(space), server.commit(1)), (space, 0), "one commit for each space");
    // A request for more space than the limit of buffered bytes gets at least that much.
    assert!(server.receive_buffer(usize::MAX).is_ok_and(|space| space.len() >= 131_072));
    server.release();
    server.receive(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").expect("room");
    assert_eq!(server.advance(), Ok(Step::Event));
}

#[test]
fn framing_fields_are_seen_wherever_they_stand() {
    let limits = Limits { fields: 100_000, head: 1 << 20, ..Limits::DEFAULT };
    for fillers in [65_533, 65_534, 65_535, 65_536] {
        let mut server =
            Connection::with_config(Role::Server, Config { limits, ..Config::default() });
        let filler = "a:\r\n".repeat(fillers);
        let request = format!(
            "POST / HTTP/1.1\r\nHost: a\r\n{filler}Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
        );
        server.receive(request.as_bytes()).expect("room");
        assert_eq!((server.advance(), server.advance()), (Ok(Step::Event), Ok(Step::Event)));
        assert!(matches!(server.event(), Some(Event::Data(b"hi"))), "{fillers}");
    }
}

#[test]
fn folds_cost_no_more_than_their_bytes() {
    let head = |folds: usize| format!("HTTP/1.1 200 x\r\nA: x\r\n{}\r\n", " \r\n".repeat(folds));
    let mut client = Connection::new(Role::Client);
    client
        .send_request(&RequestHead::new("GET", "/", &[("Host", "a")]), &[], &mut Vec::new())
        .expect("a request");
    client.receive(head(20_000).as_bytes()).expect("room");
    assert_eq!(client.advance(), Ok(Step::Event));
    match client.event() {
        Some(Event::Response(response)) => assert_eq!(response.fields().get("a"), Some(&b"x"[..])),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_advertisement_outlives_a_release() {
    let mut server = Connection::new(Role::Server);
    server.advertise(&["foo/2"]).expect("a list");
    server.release();
    server.receive(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").expect("room");
    assert_eq!(server.advance(), Ok(Step::Event));
    let mut out = Vec::new();
    server.send_response(&ResponseHead::new(204, &()), &mut out).expect("an answer");
    assert!(String::from_utf8_lossy(&out).contains("Upgrade: foo/2\r\n"));
}

#[test]
fn a_tunnel_speaks_nothing_of_an_accept_that_failed() {
    let mut server =
        server_with(b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: foo/2\r\nConnection: upgrade\r\n\r\n");
    let selection = server.select(&["foo/2"], Order::Client).expect("an offer");
    assert!(server.accept(selection, &(), &mut &mut [0; 4][..]).is_err());
    let mut out = Vec::new();
    server
        .send_response(&ResponseHead::new(403, &[("Content-Length", "0")]), &mut out)
        .expect("an answer");
    server.receive(b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n").expect("room");
    while !matches!(server.event(), Some(Event::Request(request)) if request.method() == "CONNECT")
    {
        assert_eq!(server.advance(), Ok(Step::Event));
    }
    server.send_response(&ResponseHead::new(200, &()), &mut out).expect("a tunnel");
    assert!(server.agreed().is_empty());
}

#[test]
fn an_end_between_the_101_and_its_event_is_the_new_protocols() {
    let mut server = server_with(
        b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: foo/2\r\nConnection: upgrade\r\n\r\nbye",
    );
    let selection = server.select(&["foo/2"], Order::Client).expect("an offer");
    server.accept(selection, &(), &mut Vec::new()).expect("a 101");
    server.receive_eof(End::Clean);
    assert!(matches!(server.next_event(), Ok(Next::Event(Event::EndOfMessage(_)))));
    match server.next_event() {
        Ok(Next::Event(Event::Switched(switched))) => assert_eq!(switched.leftover, b"bye"),
        other => panic!("{other:?}"),
    }
    assert!(server.may_speak(), "the server may still answer a client that has closed its half");
}

#[test]
fn a_selection_survives_a_boundary() {
    let mut server = server_with(
        b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: a, TLS/1.2\r\nConnection: upgrade\r\n\r\n",
    );
    let selection = server.select(&["TLS/1.2"], Order::Client).expect("an offer");
    let mut out = Vec::new();
    // Numbers that no selection of this request has are rejected.
    let [cycle, offer, ..] = selection_to_bits(selection);
    for bits in [
        [0; 4],
        [u32::MAX; 4],
        [cycle, offer, 0, 0],
        [cycle, offer, u32::MAX, 4],
        [cycle, offer, 0, 200],
    ] {
        assert!(server.accept(selection_from_bits(bits), &(), &mut out).is_err(), "{bits:?}");
    }
    assert_eq!(selection_from_bits(selection_to_bits(selection)), selection);
    server.accept(selection_from_bits(selection_to_bits(selection)), &(), &mut out).expect("a 101");
}

#[test]
fn a_known_field_is_found_where_it_stands_and_a_secret_is_not_shown() {
    let server =
        server_with(b"GET / HTTP/1.1\r\nCookie: cake\r\nhOST: a\r\nTE: trailers\r\nte: x\r\n\r\n");
    let Some(Event::Request(request)) = server.event() else { panic!("no request") };
    let fields = request.fields();
    assert_eq!(index_of(&fields, KnownField::Host), Some(1));
    assert_eq!(index_of(&fields, KnownField::Te), Some(2));
    assert_eq!(index_of(&fields, KnownField::Upgrade), None);
    let shown = format!("{request:?}");
    assert!(shown.contains("trailers") && !shown.contains("cake"), "{shown}");
}

/// A field source whose value changes from the second reading on.
struct Fickle(core::cell::Cell<u32>);

impl FieldSource for Fickle {
    fn each<'s>(&'s self, each: &mut dyn FnMut(Field<'s>)) {
        let asked = self.0.replace(self.0.get() + 1);
        let value = if asked == 0 { &b"harmless"[..] } else { b"x\r\nTransfer-Encoding: chunked" };
        each(Field { name: b"Host", value: b"a" });
        each(Field { name: b"X-Given", value });
    }
}

#[test]
fn a_source_that_changes_its_mind_gets_no_line_break_out() {
    let fickle = || Fickle(core::cell::Cell::new(0));
    let mut sent = Vec::new();
    let mut client = Connection::new(Role::Client);
    client
        .send_request(&RequestHead::new("GET", "/", &fickle()), &["foo"], &mut sent)
        .expect("a request");

    let offer = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: foo\r\nConnection: upgrade\r\n\r\n";
    let mut server = server_with(offer);
    let selection = server.select(&["foo"], Order::Client).expect("foo is offered");
    server.accept(selection, &fickle(), &mut sent).expect("a 101");

    let mut server = server_with(offer);
    server.send_informational(&ResponseHead::new(103, &fickle()), &mut sent).expect("a 103");
    server.send_response(&ResponseHead::new(200, &fickle()), &mut sent).expect("an answer");
    server.send_end(&Fickle(core::cell::Cell::new(0)), &mut sent).expect_err("Host is no trailer");
    server.send_end(&Later(&fickle()), &mut sent).expect("an end");

    let text = String::from_utf8(sent).expect("text");
    assert_eq!(text.matches("X-Given: harmless\r\n").count(), 5, "{text}");
    assert!(!text.contains("X-Given: x"), "{text}");
}

/// The fields of another source, except its first field.
struct Later<'a>(&'a dyn FieldSource);

impl FieldSource for Later<'_> {
    fn each<'s>(&'s self, each: &mut dyn FnMut(Field<'s>)) {
        let mut is_first = true;
        self.0.each(&mut |field| {
            if !std::mem::replace(&mut is_first, false) {
                each(field);
            }
        });
    }
}

#[test]
fn the_authority_of_a_request_is_its_targets_before_it_is_hosts() {
    for (request, authority) in [
        ("GET / HTTP/1.1\r\nHost: a:1\r\n\r\n", Some("a:1")),
        ("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", Some("b")),
        ("CONNECT c:443 HTTP/1.1\r\nHost: a\r\n\r\n", Some("c:443")),
        ("OPTIONS * HTTP/1.1\r\nHost:\r\n\r\n", Some("")),
        ("GET / HTTP/1.0\r\n\r\n", None),
    ] {
        let server = server_with(request.as_bytes());
        let Some(Event::Request(request)) = server.event() else { panic!("a request") };
        assert_eq!(request.authority(), authority, "{request:?}");
    }
}

/// `Debug` shows no secret of the public types that hold one, in several states.
#[test]
fn no_secret_is_shown_by_debug() {
    const SECRETS: [&str; 4] = ["c2VjcmV0OnBhc3M=", "id=31a8f0", "proxy-31a8f1", "set-31a8f2"];
    let fields = "Host: a\r\nAuthorization: Basic c2VjcmV0OnBhc3M=\r\nCookie: id=31a8f0\r\n\
        Proxy-Authorization: proxy-31a8f1\r\nSet-Cookie: set-31a8f2\r\n";
    let mut shown = String::new();
    let offer = "Upgrade: h2c, foo\r\nConnection: upgrade, http2-settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n";
    let mut server = Connection::new(Role::Server);
    let request = format!("GET / HTTP/1.1\r\n{fields}{offer}\r\n");
    server.receive(&request.as_bytes()[..80]).expect("room");
    server.advance().expect("a part");
    shown += &format!("{server:?}");
    server.receive(&request.as_bytes()[80..]).expect("room");
    let next = server.next_event().expect("a request");
    shown += &format!("{next:?}");
    let request = server.request().expect("a request with an offer is kept");
    let fields = request.fields();
    shown += &format!("{server:?} {request:?} {fields:?} {:?}", fields.iter().collect::<Vec<_>>());
    // A splice holds HPACK, in which a password may be encoded, so it shows none of that.
    let splice = format!("{:?}", Splice::new(&request, b"", &()).expect("h2c is offered"));
    assert!(splice.len() < 200 && splice.starts_with("Splice { is_done: false"), "{splice}");
    shown += &format!("{:?}", server.event());
    let selection = server.select(&["foo"], Order::Client).expect("foo is offered");
    server.accept(selection, &(), &mut Vec::new()).expect("a 101");
    while let Ok(Step::Event) = server.advance() {
        shown += &format!("{:?} {server:#?}", server.event());
    }

    let mut client = Connection::new(Role::Client);
    let given = [("Host", "a"), ("Authorization", SECRETS[0])];
    client
        .send_request(&RequestHead::new("GET", "/", &given), &[], &mut Vec::new())
        .expect("a request");
    client
        .receive(b"HTTP/1.1 200 OK\r\nSet-Cookie: set-31a8f2\r\nContent-Length: 0\r\n\r\n")
        .expect("room");
    while let Ok(Step::Event) = client.advance() {
        shown += &format!("{:?} {client:?}", client.event());
    }
    assert!(shown.contains("Connection { role: Server"), "{shown}");
    for secret in SECRETS {
        let decimals = format!("{:?}", &secret.as_bytes()[..6]);
        assert!(
            !shown.contains(secret) && !shown.contains(decimals.trim_matches(['[', ']'])),
            "{secret} in {shown}"
        );
    }
}
