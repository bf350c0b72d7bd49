//! Tests of responses in special cases: invalid, early, truncated or endless.
//!
//! They check the bytes that the server sends then, and how much content waits in memory.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, Full};
use switchover_tokio::client::connect;
use switchover_tokio::{
    Body, BoxError, Config, serve_connection, serve_connection_until, service_fn, upgrade,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::common::{Asked, CHUNKED, Frames, GET, config, expect, rest, send, served_by, soon};

/// Returns the bytes that a client receives from a handler with the given response.
///
/// The client shuts down its sending direction after the request.
async fn answered(
    request: &str,
    status: u16,
    fields: &[(&str, &str)],
    content: &'static str,
) -> String {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers
            .append(name.parse::<HeaderName>().expect("a name"), value.parse().expect("a value"));
    }
    let handler = service_fn(move |_| {
        let mut response = Response::new(Full::<Bytes>::from(content));
        *response.status_mut() = status.try_into().expect("a status");
        *response.headers_mut() = headers.clone();
        async { Ok::<_, BoxError>(response) }
    });
    let (mut client, serving) = served_by(10_000, config(), handler);
    send(&mut client, request).await;
    client.shutdown().await.expect("an end");
    let answer = rest(&mut client).await;
    drop(soon(serving).await.expect("no panic"));
    answer
}

#[tokio::test]
async fn an_answer_that_contradicts_itself_does_not_reach_the_wire() {
    let head = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n";
    let error =
        "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let hello = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
    for (request, status, fields, content, wanted) in [
        // Statuses that are not final responses.
        (GET, 100, &[][..], "", error),
        (GET, 103, &[("link", "x")], "", error),
        (GET, 101, &[("upgrade", "foo"), ("content-length", "3")], "abc", error),
        // Statuses without content.
        (GET, 204, &[], "hello", "HTTP/1.1 204 No Content\r\n\r\n"),
        (GET, 204, &[("content-length", "5")], "hello", "HTTP/1.1 204 No Content\r\n\r\n"),
        (GET, 205, &[], "hello", "HTTP/1.1 205 Reset Content\r\ncontent-length: 0\r\n\r\n"),
        (
            GET,
            304,
            &[("content-length", "9")],
            "hello",
            "HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n",
        ),
        // The response to HEAD has the Content-Length of the response to GET.
        (head, 200, &[], "hello", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"),
        (head, 200, &[("content-length", "9")], "", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n"),
        (head, 404, &[], "hello", "HTTP/1.1 404 Not Found\r\ncontent-length: 5\r\n\r\n"),
        // Framing fields that the handler sets.
        (GET, 200, &[("transfer-encoding", "chunked")], "hello", hello),
        (
            GET,
            200,
            &[("transfer-encoding", "gzip, chunked"), ("content-length", "5")],
            "hello",
            "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
        ),
        (GET, 200, &[("content-length", "5"), ("content-length", "6")], "hello", error),
        (GET, 200, &[("content-length", "x")], "hello", error),
        (GET, 200, &[("content-length", "6")], "hello", error),
        // Fields for the connection, and CONNECT.
        (
            GET,
            200,
            &[("connection", "close")],
            "hello",
            "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello",
        ),
        (
            GET,
            200,
            &[("upgrade", "foo"), ("upgrade", "bar/2")],
            "hello",
            "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nupgrade: foo, bar/2\r\nconnection: Upgrade\r\n\r\nhello",
        ),
        (
            "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n",
            200,
            &[],
            "",
            "HTTP/1.1 501 Not Implemented\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        ),
    ] {
        let answer = answered(request, status, fields, content).await;
        assert_eq!(answer, wanted, "{status} {fields:?} {content:?} to {request}");
    }
}

/// Checks that the Content-Length a handler sets on a 204 or 205 is not sent.
///
/// Routers add the length that a GET's content would have (RFC 9110, section 8.6). A 304 keeps it.
/// A 205 to GET gets a length of 0.
#[tokio::test]
async fn a_status_without_content_has_no_length_whatever_the_method_is() {
    let head = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n";
    let length: &[(&str, &str)] = &[("content-length", "5")];
    for (status, wanted) in [(204, "204 No Content\r\n"), (205, "205 Reset Content\r\n")] {
        for (fields, content) in [
            (length, ""),
            (length, "hello"),
            (&[("content-length", "0")], ""),
            (&[], "hello"),
            (&[], ""),
        ] {
            for request in [GET, head] {
                let framing =
                    if status == 205 && request == GET { "content-length: 0\r\n" } else { "" };
                let answer = answered(request, status, fields, content).await;
                assert_eq!(
                    answer,
                    format!("HTTP/1.1 {wanted}{framing}\r\n"),
                    "{fields:?} {content:?} {request}"
                );
            }
        }
    }
    for request in [GET, head] {
        let answer = answered(request, 304, length, "").await;
        assert_eq!(answer, "HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n", "{request}");
        let answer = answered(request, 304, &[], "").await;
        assert_eq!(answer, "HTTP/1.1 304 Not Modified\r\n\r\n", "{request}");
    }
}

/// Checks that only the forbidden trailers are omitted.
///
/// RFC 9110, section 6.5.1, says which trailers are forbidden.
#[tokio::test]
async fn one_forbidden_trailer_does_not_take_the_others_along() {
    for (names, wanted) in [
        (&["x-t", "set-cookie", "x-u", "content-length"][..], "0\r\nx-t: 1\r\nx-u: 1\r\n\r\n"),
        (&["content-length"], "0\r\n\r\n"),
    ] {
        let handler = service_fn(move |_| async move {
            let trailers = names
                .iter()
                .map(|name| (HeaderName::from_static(name), "1".parse().expect("a value")));
            Ok::<_, BoxError>(Response::new(
                Frames::of(["hi"]).and(Frame::trailers(trailers.collect())),
            ))
        });
        let (mut client, _serving) = served_by(10_000, config(), handler);
        for _ in 0..2 {
            send(&mut client, GET).await;
            expect(
                &mut client,
                &format!(
                    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n{wanted}"
                ),
            )
            .await;
        }
        // A response to HTTP/1.0 has no trailers.
        send(&mut client, "GET / HTTP/1.0\r\n\r\n").await;
        assert_eq!(rest(&mut client).await, "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhi");
    }
}

/// A body whose size hint does not shrink as frames are read.
struct Constant(Frames, u64);

impl http_body::Body for Constant {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Pin::new(&mut self.0).poll_frame(context)
    }

    fn size_hint(&self) -> http_body::SizeHint {
        http_body::SizeHint::with_exact(self.1)
    }
}

#[tokio::test]
async fn a_length_is_the_one_before_the_first_frame() {
    let handler = service_fn(async |_| {
        Ok::<_, BoxError>(Response::new(Constant(Frames::of(["hello", "!"]), 6)))
    });
    let (mut client, _serving) = served_by(10_000, config(), handler);
    send(&mut client, GET).await;
    expect(&mut client, "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nhello!").await;
}

/// Checks that a response's content is sent and awaited as far as its length.
///
/// The body may be longer. An error of the body after that length must not affect the next
/// response.
#[tokio::test]
async fn nothing_is_sent_or_awaited_behind_the_promised_length() {
    let endings: [fn() -> Frames; 4] = [
        || Frames::of(["hel", "lo, and more", "still more"]),
        || Frames::of(["hel", "lo"]).then_fails(Duration::ZERO),
        || Frames::of(["hel", "lo"]).then_fails(Duration::MAX),
        || Frames::of(["hel", "lo", "!"]),
    ];
    for ending in endings {
        let handler = service_fn(move |request: Request<Body>| async move {
            let response = Response::new(Constant(ending(), 5));
            let (mut head, content) = response.into_parts();
            match request.uri().path() {
                "/own" => drop(head.headers.insert("content-length", 5.into())),
                "/list" => {
                    head.headers.insert("content-length", HeaderValue::from_static("5, 5"));
                }
                _ => {}
            }
            Ok::<_, BoxError>(Response::from_parts(head, content))
        });
        // With it a list becomes a number.
        let tidy = switchover::Config { tidy: true, ..switchover::Config::clone(&config().http) };
        let config = Config { http: Arc::new(tidy), ..config() };
        let (mut client, _serving) = served_by(10_000, config, handler);
        for path in ["/own", "/list", "/", "/own", "/list", "/"] {
            send(&mut client, &format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")).await;
            expect(&mut client, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello").await;
        }
    }
}

#[tokio::test]
async fn content_that_breaks_its_own_promise_is_cut() {
    for frames in [&[][..], &["hello"]] {
        let handler = service_fn(move |_| async move {
            Ok::<_, BoxError>(Response::new(Constant(Frames::of(frames.iter().copied()), 6)))
        });
        let (mut client, _serving) = served_by(10_000, config(), handler);
        send(&mut client, GET).await;
        let wanted = format!("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n{}", frames.concat());
        assert_eq!(rest(&mut client).await, wanted);
    }
}

/// Checks that a size hint of `u64::MAX` is not sent as a Content-Length.
///
/// The content is sent chunked instead.
#[tokio::test]
async fn a_length_that_cannot_be_counted_is_none() {
    let handler = service_fn(async |_| {
        Ok::<_, BoxError>(Response::new(Constant(Frames::of(["hello", "!"]), u64::MAX)))
    });
    let (mut client, _serving) = served_by(10_000, config(), handler);
    send(&mut client, GET).await;
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    expect(&mut client, &format!("{head}5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n")).await;
}

/// Checks that pending interim responses use bounded memory.
///
/// If a handler sends too many while its client does not read, some are discarded.
#[tokio::test]
async fn interim_responses_wait_in_bounded_memory() {
    let handler = service_fn(async |request: Request<Body>| {
        let sender = switchover_tokio::informational(&request).expect("they are configured");
        for number in 0..100_000 {
            sender.send(Response::builder().status(103).header("x-number", number).body(())?);
            if number % 1000 == 0 {
                tokio::task::yield_now().await;
            }
        }
        Ok::<_, BoxError>(Response::new(Body::from("hello")))
    });
    let (mut client, _serving) =
        served_by(100, switchover_tokio::Config { informational: true, ..config() }, handler);
    send(&mut client, GET).await;
    client.shutdown().await.expect("an end");
    let answer = rest(&mut client).await;
    assert!(
        answer.ends_with("\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"),
        "{answer}"
    );
    assert!(answer.contains("x-number: 0\r\n") && answer.len() < 200_000, "{} bytes", answer.len());
}

/// Checks that an early response has `Connection: close` if it is the last.
///
/// A server may respond before it has received the whole request. If it will not read the rest, it
/// says that the connection closes.
#[tokio::test]
async fn an_early_answer_says_whether_it_is_the_last() {
    let length = |len| format!("POST / HTTP/1.1\r\nHost: a\r\ncontent-length: {len}\r\n\r\n");
    let expecting =
        "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\ncontent-length: 5\r\n\r\n".into();
    for (request, is_last) in [
        (length(1000), false),
        (length(1_000_000), true),
        (expecting, true),
        (CHUNKED.to_string(), true),
        (format!("{CHUNKED}3\r\nabc\r\n"), true),
        (format!("{CHUNKED}3\r\nabc\r\n0\r\n\r\n"), false),
        (format!("{CHUNKED}3\r\nabc\r\n0\r\n\r\n{GET}"), false),
    ] {
        let handler = service_fn(async |_| {
            Ok::<_, BoxError>(Response::builder().status(413).body(Body::empty())?)
        });
        let (mut client, _serving) = served_by(10_000, config(), handler);
        send(&mut client, &request).await;
        let close = if is_last { "connection: close\r\n" } else { "" };
        expect(
            &mut client,
            &format!("HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\n{close}\r\n"),
        )
        .await;
    }
}

/// Checks that a 100 is sent before a response whose body is the request's content.
///
/// A client that waits for the 100 would send no content after the response.
#[tokio::test]
async fn an_echo_asks_for_the_content_that_it_answers_with() {
    let handler = service_fn(async |request: Request<Body>| {
        Ok::<_, BoxError>(Response::new(request.into_body()))
    });
    let (mut client, _serving) = served_by(10_000, config(), handler);
    for _ in 0..2 {
        send(
            &mut client,
            "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\ncontent-length: 5\r\n\r\n",
        )
        .await;
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n";
        expect(&mut client, &format!("HTTP/1.1 100 Continue\r\n\r\n{head}")).await;
        send(&mut client, "hello").await;
        expect(&mut client, "hello").await;
    }
}

/// Checks that a handler may switch protocols while the server shuts down.
///
/// The code for the new protocol still runs then.
#[tokio::test]
async fn a_switch_is_made_while_the_server_stops() {
    let (mut client, server) = tokio::io::duplex(1000);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let mut stop = Some(stop);
    let handler = service_fn(move |request: Request<Body>| {
        drop(stop.take());
        let chosen = upgrade::select(&request, ["foo"]).expect("it is offered");
        let answer: Response<Body> =
            chosen.accept(async |mut stream| drop(stream.write_all(b"hi").await));
        async { Ok::<_, BoxError>(answer) }
    });
    send(&mut client, "GET / HTTP/1.1\r\nHost: a\r\nconnection: upgrade\r\nupgrade: foo\r\n\r\n")
        .await;
    soon(serve_connection_until(server, handler, &config(), async { drop(stopped.await) }))
        .await
        .expect("served");
    let answer = rest(&mut client).await;
    assert!(answer.starts_with("HTTP/1.1 101 ") && answer.ends_with("\r\n\r\nhi"), "{answer}");
}

// An HTTP/1.0 client considers content complete when the connection closes, unless by a reset.

/// The behaviour of a response body after its data frame, if it has one.
enum Then {
    Pends,
    Panics,
    Fails,
    Ends,
}

struct Says(Option<&'static str>, Then);

impl http_body::Body for Says {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match (self.0.take(), &self.1) {
            (Some(text), _) => Poll::Ready(Some(Ok(Frame::data(text.into())))),
            (None, Then::Pends) => Poll::Pending,
            (None, Then::Panics) => panic!("out of order"),
            (None, Then::Fails) => Poll::Ready(Some(Err("out of order".into()))),
            (None, Then::Ends) => Poll::Ready(None),
        }
    }
}

#[tokio::test]
async fn what_is_cut_is_not_taken_for_whole() {
    for (then, is_whole) in
        [(Then::Pends, false), (Then::Panics, false), (Then::Fails, false), (Then::Ends, true)]
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let mut client =
            TcpStream::connect(listener.local_addr().expect("an address")).await.expect("a server");
        let (server, _) = listener.accept().await.expect("a client");
        let mut then = Some(then);
        let handler = service_fn(move |_| {
            let body = Says(Some("half"), then.take().expect("one request"));
            async { Ok::<_, BoxError>(Response::new(body)) }
        });
        let serving =
            tokio::spawn(async move { serve_connection(server, handler, &config()).await });
        client.write_all(b"GET / HTTP/1.0\r\n\r\n").await.expect("a server");
        let mut got = Vec::new();
        let ended = soon(async {
            while !got.ends_with(b"half") {
                match client.read_u8().await {
                    Ok(byte) => got.push(byte),
                    // A reset may discard bytes that were not read yet.
                    Err(error) => return Err(error),
                }
            }
            // The pending body would wait forever, so the server's task is aborted.
            serving.abort();
            client.read_to_end(&mut got).await
        });
        let ended = ended.await;
        assert_eq!(ended.is_ok(), is_whole, "{ended:?}");
    }
}

/// Checks that the reset of a cut response does not discard the response before it.
#[tokio::test]
async fn a_reset_follows_the_response_before_it() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let mut client = TcpStream::connect(address).await.expect("a server");
    let (server, _) = listener.accept().await.expect("a client");
    let handler = service_fn(|request: Request<Body>| {
        let (text, then) = match request.uri().path() {
            "/whole" => ("whole", Then::Ends),
            _ => ("half", Then::Fails),
        };
        async move { Ok::<_, BoxError>(Response::new(Says(Some(text), then))) }
    });
    let both = "GET /whole HTTP/1.1\r\nHost: a\r\n\r\nGET /cut HTTP/1.0\r\n\r\n";
    client.write_all(both.as_bytes()).await.expect("a server");
    soon(serve_connection(server, handler, &config())).await.expect_err("content that fails");
    let mut got = Vec::new();
    let ended = soon(client.read_to_end(&mut got)).await;
    assert_eq!(ended.expect_err("a reset").kind(), std::io::ErrorKind::ConnectionReset);
    let got = String::from_utf8(got).expect("text");
    assert!(got.contains("\r\n\r\n5\r\nwhole\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n"), "{got}");
}

#[tokio::test]
async fn content_that_panics_at_once_is_a_500() {
    let handler = service_fn(async |_| Ok::<_, BoxError>(Response::new(Says(None, Then::Panics))));
    let (mut client, serving) = served_by(1000, config(), handler);
    send(&mut client, GET).await;
    client.shutdown().await.expect("an end");
    let wanted =
        "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    assert_eq!(rest(&mut client).await, wanted);
    assert!(soon(serving).await.expect_err("a panic").is_panic());
}

// Back-pressure.

/// Endless content, and the number of its bytes that were polled so far.
struct Endless(Arc<AtomicUsize>);

impl http_body::Body for Endless {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let piece = Bytes::from_static(&[b'x'; 10_000]);
        self.0.fetch_add(piece.len(), Ordering::Relaxed);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }
}

/// The limit in bytes of data that may be produced or sent but not received.
const MUCH: usize = 1_000_000;

#[tokio::test]
async fn what_a_peer_does_not_take_is_not_made() {
    // A client that does not read.
    let made = Arc::new(AtomicUsize::new(0));
    let counted = made.clone();
    let handler = service_fn(move |_| {
        let body = Endless(counted.clone());
        async { Ok::<_, BoxError>(Response::new(body)) }
    });
    let (mut client, _serving) = served_by(1000, config(), handler);
    send(&mut client, GET).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let before = made.load(Ordering::Relaxed);
    assert!((1..MUCH).contains(&before), "{before}");
    let mut read = vec![0; 3 * MUCH];
    soon(client.read_exact(&mut read)).await.expect("content");
    let after = made.load(Ordering::Relaxed);
    assert!((3 * MUCH - 100_000..4 * MUCH).contains(&after), "{after}");

    // A server that does not read.
    let made = Arc::new(AtomicUsize::new(0));
    let (stream, _server) = tokio::io::duplex(1000);
    let request = Request::post("http://a/").body(Endless(made.clone())).expect("a request");
    let asked =
        tokio::time::timeout(Duration::from_millis(100), connect(stream, &config()).send(request))
            .await;
    assert!(asked.is_err());
    let made = made.load(Ordering::Relaxed);
    assert!((1..MUCH).contains(&made), "{made}");
}

#[tokio::test]
async fn what_is_not_read_is_not_taken() {
    // A handler that does not read.
    let handler = service_fn(async |request: Request<Body>| {
        let _kept = request;
        std::future::pending::<Result<Response<Body>, BoxError>>().await
    });
    for head in [CHUNKED, "POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 100000000\r\n\r\n", GET] {
        let (mut client, _serving) = served_by(1000, config(), handler);
        send(&mut client, head).await;
        let mut taken = 0;
        while let Ok(len) =
            tokio::time::timeout(Duration::from_millis(100), client.write(&[b'1'; 1000])).await
        {
            taken += len.expect("a server");
            assert!(taken < MUCH, "{head}");
        }
    }
    // A client that sends requests without an end, and does not read the responses.
    let large = service_fn(async |_| {
        Ok::<_, BoxError>(Response::new(Full::<Bytes>::from(vec![b'x'; 60_000])))
    });
    let (mut client, _serving) = served_by(1000, config(), large);
    let mut asked = 0;
    while let Ok(len) =
        tokio::time::timeout(Duration::from_millis(100), client.write(GET.as_bytes())).await
    {
        asked += len.expect("a server");
        assert!(asked < MUCH);
    }
    // A caller that does not read.
    let (stream, mut server) = tokio::io::duplex(1000);
    send(&mut server, "HTTP/1.1 200 OK\r\n\r\n").await;
    let mut client = connect(Asked::new(stream), &config());
    let response = client.send(Request::get("http://a/").body(Body::empty()).expect("a request"));
    let mut body = response.await.expect("an answer").into_body();
    let mut taken = 0;
    while let Ok(len) =
        tokio::time::timeout(Duration::from_millis(100), server.write(&[b'x'; 1000])).await
    {
        taken += len.expect("a client");
        assert!(taken < MUCH);
    }
    let frame = soon(body.frame()).await.expect("content").expect("content");
    assert!(frame.into_data().expect("content").len() < MUCH);
}

/// Checks that an echo works over a transport that buffers seven bytes.
#[tokio::test]
async fn an_echo_needs_no_room() {
    let echo = service_fn(async |request: Request<Body>| {
        Ok::<_, BoxError>(Response::new(request.into_body()))
    });
    let (stream, _serving) = served_by(7, config(), echo);
    let mut client = connect(stream, &config());
    let body = Frames::of(["some", "of", "it"]);
    let response =
        soon(client.send(Request::post("http://a/").body(body).expect("a request"))).await;
    let content = soon(response.expect("an answer").into_body().read(100)).await.expect("whole");
    assert_eq!(content.expect("short"), "someofit");
}
