//! Tests of the client in memory, against a scripted server or the adapter's.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body as _;
use http_body::Frame;
use http_body_util::{BodyExt, Empty, Full};
use switchover::{ErrorKind, Why};
use switchover_tokio::client::{Client, Outcome, connect, upgrade};
use switchover_tokio::{
    Body, BoxError, Config, Error, Timeout, Timeouts, Upgraded, serve_connection, service_fn,
    upgrade as upgrades,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};
use tokio::time::{Instant, sleep, timeout};

use crate::common::{Asked, Frames};

/// Returns a client, and the task of a server that follows a script.
///
/// The script is a list of requests and responses. The server waits for each request, sends its
/// response, and closes at the end. The task returns all other bytes that the client sent.
fn scripted(
    script: &'static [(&str, &str)],
) -> (Client<DuplexStream>, tokio::task::JoinHandle<String>) {
    let (client, mut server) = tokio::io::duplex(100_000);
    let serving = tokio::spawn(async move {
        for (request, response) in script {
            let mut got = vec![0; request.len()];
            let read =
                tokio::time::timeout(Duration::from_secs(10), server.read_exact(&mut got)).await;
            assert!(read.is_ok_and(|read| read.is_ok()), "no {request}");
            assert_eq!(String::from_utf8_lossy(&got), *request);
            server.write_all(response.as_bytes()).await.expect("room");
        }
        server.shutdown().await.expect("an end");
        let mut rest = String::new();
        server.read_to_string(&mut rest).await.expect("text");
        rest
    });
    (connect(client, &Config::default()), serving)
}

/// Returns a client of a server that sends content back as it comes.
fn echoed() -> Client<DuplexStream> {
    let (client, server) = tokio::io::duplex(1000);
    tokio::spawn(async move {
        let echo = service_fn(async |request: Request<Body>| {
            Ok::<_, BoxError>(Response::new(request.into_body()))
        });
        serve_connection(server, echo, &Config::default()).await
    });
    connect(client, &Config::default())
}

fn get(uri: &str) -> Request<Empty<Bytes>> {
    Request::get(uri).body(Empty::new()).expect("a request")
}

/// Returns a request whose content waits for a 100.
fn expecting(content: &'static str) -> Request<Full<Bytes>> {
    let request = Request::post("http://a/").header("expect", "100-continue");
    request.body(content.into()).expect("a request")
}

async fn text(response: Response<Body>) -> String {
    String::from_utf8(response.into_body().read(1000).await.expect("whole").expect("short").into())
        .expect("text")
}

#[tokio::test]
async fn requests_follow_each_other_on_one_connection() {
    let (mut client, serving) = scripted(&[
        (
            "GET /a?b HTTP/1.1\r\nhost: example.org\r\n\r\n",
            "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
        ),
        (
            "GET / HTTP/1.1\r\nhost: a\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        ),
        ("GET / HTTP/1.1\r\nhost: a\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n"),
    ]);
    assert_eq!(
        text(client.send(get("http://me@example.org/a?b")).await.expect("an answer")).await,
        "hello"
    );
    // A response whose content is not read is discarded.
    client.send(get("http://a/")).await.expect("an answer");
    assert_eq!(client.send(get("http://a/")).await.expect("an answer").status(), 204);
    assert!(client.persists());
    client.close().await.expect("all was sent");
    assert_eq!(serving.await.expect("no panic"), "");
}

#[tokio::test]
async fn content_has_a_length_or_is_chunked() {
    let (mut client, serving) = scripted(&[
        (
            "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nhi",
            "HTTP/1.1 204 No Content\r\n\r\n",
        ),
        (
            "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 204 No Content\r\n\r\n",
        ),
    ]);
    for content in ["hi", ""] {
        let request =
            Request::post("http://a/").body(Full::<Bytes>::from(content)).expect("a request");
        assert_eq!(client.send(request).await.expect("an answer").status(), 204);
    }
    drop(client);
    serving.await.expect("no panic");
}

/// Checks that a request's content is sent and awaited as far as its length.
///
/// The body may be longer, fail later, or not end.
#[tokio::test(start_paused = true)]
async fn nothing_is_sent_or_awaited_behind_the_promised_length() {
    let endings: [fn() -> Frames; 3] = [
        || Frames::of(["hel", "lo, and more"]),
        || Frames::of(["hel", "lo"]).then_fails(Duration::ZERO),
        || Frames::of(["hel", "lo"]).then_fails(Duration::MAX),
    ];
    for ending in endings {
        const SENT: &str = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello";
        const ANSWER: &str = "HTTP/1.1 204 No Content\r\n\r\n";
        let (mut client, serving) = scripted(&[(SENT, ANSWER), (SENT, ANSWER)]);
        for _ in 0..2 {
            let request = Request::post("http://a/").header("content-length", "5").body(ending());
            let request = request.expect("a request");
            assert_eq!(client.send(request).await.expect("an answer").status(), 204);
        }
        client.close().await.expect("all was sent");
        serving.await.expect("no panic");
    }
}

#[tokio::test(start_paused = true)]
async fn a_100_is_waited_for_and_not_for_ever() {
    const HEAD: &str =
        "POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n";
    for (script, seconds) in [
        (
            &[(HEAD, "HTTP/1.1 100 Continue\r\n\r\n"), ("hi", "HTTP/1.1 204 No Content\r\n\r\n")][..],
            0,
        ),
        (&[(HEAD, ""), ("hi", "HTTP/1.1 204 No Content\r\n\r\n")], 1),
    ] {
        let (mut client, _serving) = scripted(script);
        let begun = Instant::now();
        assert_eq!(client.send(expecting("hi")).await.expect("an answer").status(), 204);
        assert_eq!(begun.elapsed().as_secs(), seconds);
    }
}

#[tokio::test]
async fn an_echo_goes_both_ways_at_once() {
    let mut client = echoed();
    let content: Vec<u8> = (0..1_000_000u32).map(|at| at as u8).collect();
    for _ in 0..2 {
        let request = Request::post("http://a/")
            .body(Full::<Bytes>::from(content.clone()))
            .expect("a request");
        let response = client.send(request).await.expect("an answer");
        let echoed = response
            .into_body()
            .read(content.len())
            .await
            .expect("whole")
            .expect("no more than that");
        assert!(echoed == content);
    }
}

#[tokio::test]
async fn a_response_that_is_held_is_in_the_way() {
    let (mut client, _serving) =
        scripted(&[("GET", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello")]);
    let held = client.send(get("http://a/")).await.expect("an answer");
    assert!(matches!(client.send(get("http://a/")).await, Err(Error::Misuse(_))));
    assert_eq!(text(held).await, "hello");
}

/// Checks that a body whose end was not read takes nothing of a next response.
#[tokio::test]
async fn a_body_ends_with_its_last_data() {
    let (mut client, _serving) = scripted(&[
        ("GET / HTTP/1.1\r\nhost: a\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nfirst"),
        ("GET / HTTP/1.1\r\nhost: a\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecond"),
    ]);
    let mut held = client.send(get("http://a/")).await.expect("an answer").into_body();
    let data = held.frame().await.expect("a frame").expect("data").into_data().expect("data");
    assert_eq!((&data[..], held.is_end_stream()), (&b"first"[..], true));
    let response = client.send(get("http://a/")).await.expect("an answer");
    assert!(held.frame().await.is_none());
    assert_eq!(text(response).await, "second");
}

/// R9112-9.2-2: bytes that arrive while no request is in progress are not a response.
///
/// They may arrive before the first request, or between two.
#[tokio::test]
async fn what_no_one_has_asked_for_is_no_answer() {
    const LATE: &str =
        "HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    for (is_first, said) in [(true, LATE), (false, LATE), (true, ""), (false, "")] {
        let (stream, mut server) = tokio::io::duplex(1000);
        let mut client = connect(stream, &Config::default());
        if !is_first {
            let answered = async {
                server.read_exact(&mut [0; 27]).await.expect("a request");
                server.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.expect("room");
            };
            let (outcome, ()) = tokio::join!(client.send(get("http://a/")), answered);
            assert_eq!(outcome.expect("an answer").status(), 204);
        }
        server.write_all(said.as_bytes()).await.expect("room");
        server.shutdown().await.expect("an end");
        let outcome = client.send(get("http://a/")).await;
        let is_known = match &outcome {
            Err(Error::Protocol(error)) => error.kind() == ErrorKind::UnreadInput,
            Err(Error::Disconnected(_)) => said.is_empty(),
            _ => false,
        };
        assert!(is_known, "{said:?}: {outcome:?}");
        // Nothing was sent, so the caller may send the request on another connection.
        assert!(!client.persists());
        assert!(client.send(get("http://a/")).await.is_err());
        drop(client);
        let mut heard = String::new();
        server.read_to_string(&mut heard).await.expect("text");
        assert_eq!(heard, "");
    }
}

#[tokio::test]
async fn a_server_that_breaks_the_protocol_is_an_error() {
    for (answer, wanted) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n", ErrorKind::ContentLengthInvalid),
        (
            "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: bar\r\n\r\n",
            ErrorKind::SwitchNotOffered,
        ),
        (
            "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\n\r\n",
            ErrorKind::SwitchWithoutUpgrade,
        ),
    ] {
        let (stream, mut server) = tokio::io::duplex(1000);
        server.write_all(answer.as_bytes()).await.expect("room");
        let outcome = upgrade(Asked::new(stream), get("http://a/"), &["foo"]).await;
        assert!(
            matches!(&outcome, Err(Error::Protocol(error)) if error.kind() == wanted),
            "{outcome:?}"
        );
    }
}

#[tokio::test]
async fn an_offer_is_accepted() {
    let asked = "GET / HTTP/1.1\r\nhost: a\r\nupgrade: foo/2, bar\r\nconnection: Upgrade\r\n\r\n";
    let head = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: bar\r\nX: 1\r\n\r\nearly ";
    let (mut client, serving) =
        scripted(Box::leak(Box::new([(asked, head), ("hello", "and late")])));
    let outcome = client.upgrade(get("http://a/"), &["foo/2", "bar"]).await.expect("an answer");
    let Outcome::Upgraded(mut stream) = outcome else { panic!("{outcome:?}") };
    assert_eq!(
        (stream.protocol(), &stream.response().expect("a client's").headers()["x"]),
        ("bar", &"1".parse().expect("a value"))
    );
    stream.write_all(b"hello").await.expect("room");
    let mut heard = String::new();
    stream.read_to_string(&mut heard).await.expect("text");
    assert_eq!(heard, "early and late");
    assert!(matches!(client.send(get("http://a/")).await, Err(Error::Misuse(_))));
    drop(stream);
    assert_eq!(serving.await.expect("no panic"), "");
}

#[tokio::test]
async fn an_offer_is_declined_and_the_connection_goes_on() {
    let asked = "GET / HTTP/1.1\r\nhost: a\r\nupgrade: foo\r\nconnection: Upgrade\r\n\r\n";
    let (mut client, _serving) = scripted(Box::leak(Box::new([
        (asked, "HTTP/1.1 200 OK\r\nSet-Cookie: secret\r\ncontent-length: 2\r\n\r\nno"),
        ("GET /b HTTP/1.1\r\nhost: a\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n"),
    ])));
    let outcome = client.upgrade(get("http://a/"), &["foo"]).await.expect("an answer");
    let Outcome::Declined(declined) = outcome else { panic!("{outcome:?}") };
    // A program may print this before it exits.
    let said = format!("{declined:?}");
    assert!(
        said.starts_with("Declined { status: 200, why: Some(\"") && !said.contains("secret"),
        "{said}"
    );
    assert_eq!((declined.why, text(declined.response).await.as_str()), (Some(Why::Declined), "no"));
    assert_eq!(client.send(get("http://a/b")).await.expect("an answer").status(), 204);
}

#[tokio::test]
async fn a_426_says_what_to_offer() {
    let asked = "GET / HTTP/1.1\r\nhost: a\r\nupgrade: foo\r\nconnection: Upgrade\r\n\r\n";
    let (mut client, _serving) = scripted(Box::leak(Box::new([
        (
            asked,
            "HTTP/1.1 426 No\r\nconnection: upgrade\r\nupgrade: foo/2, bar\r\ncontent-length: 0\r\n\r\n",
        ),
        (
            asked,
            "HTTP/1.1 200 OK\r\nconnection: upgrade\r\nupgrade: foo/2\r\ncontent-length: 0\r\n\r\n",
        ),
    ])));
    let outcome = client.upgrade(get("http://a/"), &["foo"]).await.expect("an answer");
    let declined = outcome.into_result().expect_err("declined");
    assert_eq!(
        (declined.why, &*declined.required),
        (Some(Why::Required), &["foo/2".into(), "bar".into()][..])
    );
    assert!(declined.to_string().ends_with(": foo/2, bar"), "{declined}");
    // A 200 may advertise protocols too, but does not require an upgrade.
    let outcome = client.upgrade(get("http://a/"), &["foo"]).await.expect("an answer");
    assert!(outcome.into_result().expect_err("declined").required.is_empty());
}

#[tokio::test]
async fn a_tunnel_is_asked_for_again_with_credentials() {
    let (mut client, _serving) = scripted(&[
        (
            "CONNECT b:1 HTTP/1.1\r\nhost: b:1\r\n\r\n",
            "HTTP/1.1 407 Who Are You\r\ncontent-length: 3\r\n\r\nwho",
        ),
        (
            "CONNECT b:1 HTTP/1.1\r\nhost: b:1\r\nproxy-authorization: me\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\nin",
        ),
    ]);
    let request = || Request::connect("b:1");
    let outcome = client
        .upgrade(request().body(Empty::<Bytes>::new()).expect("a request"), &[])
        .await
        .expect("an answer");
    let Outcome::Declined(declined) = outcome else { panic!("{outcome:?}") };
    assert_eq!(declined.response.status(), 407);
    drop(declined);
    let again = request()
        .header("proxy-authorization", "me")
        .body(Empty::<Bytes>::new())
        .expect("a request");
    let Outcome::Upgraded(mut tunnel) = client.upgrade(again, &[]).await.expect("an answer") else {
        panic!("declined")
    };
    let mut heard = [0; 2];
    tunnel.read_exact(&mut heard).await.expect("bytes");
    assert_eq!((&heard, tunnel.protocol()), (b"in", ""));
}

/// Checks that a WebSocket handshake succeeds, with the client's key and version.
#[tokio::test]
async fn a_websocket_handshake_is_complete() {
    let (client, server) = tokio::io::duplex(1000);
    tokio::spawn(async move {
        let handler = service_fn(async |request: Request<Body>| {
            let chosen = upgrades::select(&request, ["websocket"]).expect("it is offered");
            assert_eq!(chosen.subprotocols(), ["chat"]);
            let mut response: Response<Body> =
                chosen.accept(async |mut stream| drop(stream.write_all(b"hi").await));
            response.headers_mut().insert("sec-websocket-protocol", "chat".parse()?);
            Ok::<_, BoxError>(response)
        });
        serve_connection(server, handler, &Config::default()).await
    });
    let request = Request::get("http://a/")
        .header("sec-websocket-protocol", "chat")
        .body(Empty::<Bytes>::new());
    let outcome =
        upgrade(client, request.expect("a request"), &["websocket"]).await.expect("an answer");
    let mut stream = outcome.into_result().expect("accepted");
    let mut heard = String::new();
    stream.read_to_string(&mut heard).await.expect("text");
    assert_eq!(heard, "hi");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_silent_is_given_up() {
    let (stream, _server) = tokio::io::duplex(1000);
    let begun = Instant::now();
    let outcome = connect(stream, &Config::default()).send(get("http://a/")).await;
    assert!(matches!(outcome, Err(Error::TimedOut(Timeout::Response))), "{outcome:?}");
    assert_eq!(begun.elapsed().as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn the_time_for_a_response_begins_once_the_request_was_sent() {
    let timeouts = Timeouts {
        response: Some(Duration::from_secs(2)),
        content: Some(Duration::from_secs(2)),
        ..Timeouts::default()
    };
    for (early, late) in [
        ("", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n", "hi"),
    ] {
        let (stream, mut server) = tokio::io::duplex(1000);
        let serving = tokio::spawn(async move {
            server.write_all(early.as_bytes()).await.expect("room");
            let (mut got, mut piece) = (0, [0; 1000]);
            while got < 200_000 {
                sleep(Duration::from_millis(50)).await;
                got += server.read(&mut piece).await.expect("bytes");
            }
            server.write_all(late.as_bytes()).await.expect("room");
            server
        });
        let mut client = connect(stream, &Config { timeouts, ..Config::default() });
        let request = Request::post("http://a/").body(Full::new(Bytes::from(vec![0; 200_000])));
        let response = client.send(request.expect("a request")).await.expect("a response");
        assert_eq!(text(response).await, "hi");
        serving.await.expect("a server");
    }
}

/// Checks that a request fails after an earlier one was cancelled.
///
/// The response that then arrives belongs to the cancelled request.
#[tokio::test(start_paused = true)]
async fn a_request_that_was_given_up_is_in_the_way() {
    let (stream, mut server) = tokio::io::duplex(1000);
    let mut client = connect(stream, &Config::default());
    let given_up =
        tokio::time::timeout(Duration::from_secs(1), client.send(get("http://a/1"))).await;
    assert!(given_up.is_err());
    assert!(!client.persists());
    server.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n1").await.expect("room");
    let outcome = client.send(get("http://a/2")).await;
    assert!(matches!(outcome, Err(Error::Misuse(_))), "{outcome:?}");
}

/// A transport whose writes fail after some bytes, while reads return a response.
///
/// It is not a socket.
struct Halved {
    takes: usize,
    /// The kind of error with which writes fail after `takes` bytes.
    fails: io::ErrorKind,
    said: &'static [u8],
}

impl AsyncRead for Halved {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // At most 20 bytes for each read.
        let (now, later) = self.said.split_at(self.said.len().min(20));
        to.put_slice(now);
        self.said = later;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Halved {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let taken = bytes.len().min(self.takes);
        self.takes -= taken;
        Poll::Ready(if taken > 0 { Ok(taken) } else { Err(self.fails.into()) })
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Checks that a response is read although the server stops reading the request.
///
/// A server may respond early, with the reason, and read no more.
#[tokio::test]
async fn an_answer_is_read_although_the_request_is_not_taken() {
    let said = b"HTTP/1.1 413 Content Too Large\r\ncontent-length: 61\r\n\r\nThat is more than there is room for. Ten bytes would be fine.";
    for fails in [io::ErrorKind::BrokenPipe, io::ErrorKind::ConnectionReset] {
        let response = answered_early(fails, said).await;
        assert_eq!(response.status(), 413);
        assert!(text(response).await.ends_with("fine."));
    }
}

/// Returns the response to a long request of which only 10,000 bytes are written.
///
/// Every later write fails with the error `fails`; `said` is what the server sends.
async fn answered_early(fails: io::ErrorKind, said: &'static [u8]) -> Response<Body> {
    let mut client = connect(Asked::new(Halved { takes: 10_000, fails, said }), &Config::default());
    let request = Request::post("http://a/")
        .body(Full::<Bytes>::from(vec![b'x'; 100_000]))
        .expect("a request");
    client.send(request).await.expect("an answer")
}

/// Checks that a response ended by a clean EOF is complete after a failed write.
///
/// This holds for transports that are not sockets, such as TLS.
#[tokio::test]
async fn an_end_in_order_before_a_reset_is_one() {
    let said = b"HTTP/1.1 200 OK\r\n\r\nall of it";
    for fails in [io::ErrorKind::BrokenPipe, io::ErrorKind::ConnectionReset] {
        let response = answered_early(fails, said).await;
        assert_eq!(text(response).await, "all of it");
    }
}

#[tokio::test]
async fn content_that_fails_is_the_callers_error() {
    let body = |pieces: Vec<Result<Frame<Bytes>, BoxError>>| Pieces(pieces.into_iter());
    for answer in ["", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel"] {
        let (stream, mut server) = tokio::io::duplex(1000);
        server.write_all(answer.as_bytes()).await.expect("room");
        let mut client = connect(Asked::new(stream), &Config::default());
        let pieces = vec![Ok(Frame::data(Bytes::from("abc"))), Err("the disk is gone".into())];
        let outcome =
            client.send(Request::post("http://a/").body(body(pieces)).expect("a request")).await;
        assert!(matches!(outcome, Err(Error::Body(_))), "{outcome:?}");
        drop(client);
        let mut heard = String::new();
        server.read_to_string(&mut heard).await.expect("text");
        assert!(!heard.ends_with("0\r\n\r\n"), "whole, as the server sees it: {heard}");
    }
}

struct Pieces<I>(I);

impl<I: Iterator<Item = Result<Frame<Bytes>, BoxError>> + Unpin> http_body::Body for Pieces<I> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<I::Item>> {
        Poll::Ready(self.0.next())
    }
}

/// Checks that trailers that nobody reads do not hinder the next request.
#[tokio::test(start_paused = true)]
async fn trailers_that_nobody_reads_do_not_hinder_the_next_request() {
    const ASKED: &str = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
    const TRAILERS: &str =
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nx: y\r\n\r\n";
    let (mut client, _serving) =
        scripted(&[(ASKED, TRAILERS), (ASKED, "HTTP/1.1 204 No Content\r\n\r\n")]);
    let begun = Instant::now();
    drop(client.send(get("http://a/")).await.expect("an answer"));
    let second = client.send(get("http://a/")).await.expect("an answer");
    assert_eq!((second.status().as_u16(), begun.elapsed().as_secs()), (204, 0));
}

/// Checks that an early response is received whole, though its request then fails.
///
/// The failure is the error of the next request, which the connection cannot send.
#[tokio::test(start_paused = true)]
async fn content_that_fails_does_not_spoil_an_early_answer() {
    let (stream, mut server) = tokio::io::duplex(1000);
    let answered = tokio::spawn(async move {
        server.read_exact(&mut [0; 40]).await.expect("a request");
        let head = "HTTP/1.1 413 Content Too Large\r\ncontent-length: 10\r\n\r\n12345";
        server.write_all(head.as_bytes()).await.expect("room");
        sleep(Duration::from_secs(10)).await;
        server.write_all(b"67890").await.expect("room");
        server
    });
    let mut client = connect(stream, &Config::default());
    let failing = Frames::of(["begun"]).then_fails(Duration::from_secs(5));
    let request = Request::post("http://a/").body(failing).expect("a request");
    let response = client.send(request).await.expect("an answer");
    assert_eq!(response.status(), 413);
    assert_eq!(text(response).await, "1234567890");
    assert!(matches!(client.send(get("http://a/")).await, Err(Error::Body(_))));
    drop(answered.await.expect("no panic"));
}

/// Checks that the response of an echo fails once the request's content has failed.
#[tokio::test(start_paused = true)]
async fn content_that_fails_ends_for_a_server_that_has_begun_to_answer() {
    let mut client = echoed();
    let failing = Frames::of(["begun"]).then_fails(Duration::from_secs(5));
    let request = Request::post("http://a/").body(failing).expect("a request");
    let begun = Instant::now();
    let response = client.send(request).await.expect("an answer");
    assert!(response.into_body().read(100).await.is_err());
    assert_eq!(begun.elapsed().as_secs(), 5);
}

/// Checks that a connection does not persist once a write has timed out.
#[tokio::test(start_paused = true)]
async fn a_connection_that_takes_nothing_does_not_persist() {
    let (stream, _server) = tokio::io::duplex(100);
    let mut client = connect(stream, &Config::default());
    let content = Full::<Bytes>::from(vec![0; 1_000_000]);
    let request = Request::post("http://a/").body(content).expect("a request");
    let outcome = client.send(request).await;
    assert!(matches!(outcome, Err(Error::TimedOut(_))), "{outcome:?}");
    assert!(!client.persists());
}

/// Checks that the client omits the content if a 401 precedes the 100.
///
/// With that response the server has said that it does not want the content.
#[tokio::test]
async fn content_that_is_not_wanted_stays() {
    for close in ["connection: close\r\n", ""] {
        let (stream, mut server) = tokio::io::duplex(100_000);
        let mut client = connect(stream, &Config::default());
        let response = format!("HTTP/1.1 401 Unauthorized\r\n{close}content-length: 2\r\n\r\nno");
        let (response, ()) = tokio::join!(client.send(expecting("content")), async {
            tokio::time::sleep(Duration::from_millis(10)).await;
            server.write_all(response.as_bytes()).await.expect("room");
        });
        assert_eq!(text(response.expect("an answer")).await, "no");
        assert!(!client.persists());
        let again = tokio::time::timeout(Duration::from_secs(10), client.send(get("http://a/")))
            .await
            .expect("in time");
        // The server's stream ends inside the first request, whose content was not sent.
        assert!(matches!(&again, Err(Error::Disconnected(_))), "{again:?}");
        drop(client);
        let mut heard = String::new();
        server.read_to_string(&mut heard).await.expect("text");
        assert!(heard.ends_with("\r\n\r\n"), "{heard}");
    }
}

/// Checks that content is sent after an early 2xx whose end does not arrive.
///
/// A server that streams may send the head before it reads, as hyper's does. One that responds
/// without reading resets the connection at its end if there is content that it has not read.
#[tokio::test(start_paused = true)]
async fn content_is_sent_after_the_head_of_a_success() {
    for (status, close, rest, is_wanted) in [
        ("200 OK", "", "", true),
        ("200 OK", "", "3\r\nyes\r\n", true),
        ("200 OK", "connection: close\r\n", "", true),
        ("200 OK", "", "3\r\nyes\r\n0\r\n\r\n", false),
        ("200 OK", "", "3\r\nyes\r\n0\r\nA: b\r\n\r\n", false),
        ("302 Found", "", "", false),
        ("404 Not Found", "", "", false),
    ] {
        let (stream, mut server) = tokio::io::duplex(100_000);
        let mut client = connect(stream, &Config::default());
        let serving = tokio::spawn(async move {
            let mut heard = [0; 1000];
            let head = server.read(&mut heard).await.expect("a head");
            assert!(heard[..head].ends_with(b"\r\n\r\n"));
            let head =
                format!("HTTP/1.1 {status}\r\n{close}transfer-encoding: chunked\r\n\r\n{rest}");
            server.write_all(head.as_bytes()).await.expect("room");
            let content = timeout(Duration::from_secs(10), server.read(&mut heard)).await;
            if !rest.ends_with("\r\n\r\n") {
                server.write_all(b"4\r\nlast\r\n0\r\n\r\n").await.expect("room");
            }
            content.map(|length| heard[..length.expect("content")].to_vec())
        });
        let response = client.send(expecting("content")).await.expect("an answer");
        assert!(!text(response).await.is_empty());
        let content = serving.await.expect("no panic");
        let case = format!("{status} {close} {rest}");
        assert_eq!(content.ok().as_deref(), is_wanted.then_some(&b"content"[..]), "{case}");
        assert_eq!(client.persists(), is_wanted && close.is_empty(), "{case}");
    }
}

/// Checks that a client which withholds its content does not end its direction.
///
/// Servers take such an end for a client that has left.
#[tokio::test(start_paused = true)]
async fn a_client_that_withholds_its_content_stays() {
    let (stream, mut server) = tokio::io::duplex(100_000);
    let mut client = connect(stream, &Config::default());
    let serving = tokio::spawn(async move {
        sleep(Duration::from_millis(10)).await;
        server.write_all(b"HTTP/1.1 200 OK\r\n\r\nhel").await.expect("room");
        let mut heard = [0; 1000];
        let head = server.read(&mut heard).await.expect("a head");
        assert!(heard[..head].ends_with(b"\r\n\r\n"));
        let more = timeout(Duration::from_millis(900), server.read(&mut heard)).await;
        assert!(more.is_err(), "{more:?}");
        server.write_all(b"lo").await.expect("room");
    });
    let response = client.send(expecting("content")).await.expect("an answer");
    assert_eq!(text(response).await, "hello");
    serving.await.expect("no panic");
}

const TO_TLS: &str =
    "HTTP/1.1 101 Switching Protocols\r\nupgrade: TLS/1.0, HTTP/1.1\r\nconnection: Upgrade\r\n\r\n";

/// Upgrades to TLS by a request, and returns the response received above TLS.
///
/// A layer that changes no bytes stands in for TLS.
async fn above_tls(
    script: &'static [(&str, &str)],
) -> Result<(Client<Upgraded>, Response<Body>), Error> {
    let (mut client, _) = scripted(script);
    let request = Request::post("http://a/").body(Full::<Bytes>::from("hi")).expect("a request");
    let (stream, http) = switched(client.upgrade(request, &["TLS/1.0"]).await).into_http_over_tls();
    http.receive(stream, &Config::default()).await
}

fn switched(outcome: Result<Outcome, Error>) -> Upgraded {
    outcome.expect("an answer").into_result().expect("accepted")
}

const ASKS: &str = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\nupgrade: TLS/1.0\r\nconnection: Upgrade\r\n\r\nhi";

/// Checks that the response arrives above TLS, and that more requests may follow.
///
/// The rule is in RFC 2817, section 3.3.
#[tokio::test]
async fn the_answer_comes_above_a_new_layer_and_more_may_follow() {
    let (mut client, response) = above_tls(&[
        (ASKS, TO_TLS),
        ("", "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 404 Not Found\r\ncontent-length: 5\r\n\r\nsorry"),
        ("GET /b HTTP/1.1\r\nhost: a\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n"),
    ])
    .await
    .expect("an answer");
    assert_eq!(response.status(), 404);
    assert_eq!(text(response).await, "sorry");
    assert_eq!(client.send(get("https://a/b")).await.expect("an answer").status(), 204);
}

#[tokio::test]
async fn an_answer_above_a_new_layer_may_not_come() {
    for (above, wanted) in
        [("", "ended before the response"), ("HTTP/1.1 2", "ended inside a message")]
    {
        let script: &[_] = Box::leak(Box::new([(ASKS, TO_TLS), ("", above)]));
        let error = above_tls(script).await.map(|_| ()).expect_err("no answer");
        assert!(error.to_string().contains(wanted), "{error}");
    }
}

/// Checks that `receive` above TLS fails in a server, and after a client's CONNECT.
///
/// After CONNECT no response is due. A server sends the response instead.
#[tokio::test]
async fn only_what_has_switched_goes_on_above() {
    let (mut client, _) =
        scripted(&[("CONNECT a:443 HTTP/1.1\r\nhost: a:443\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n")]);
    let request = Request::connect("a:443").body(Empty::<Bytes>::new()).expect("a request");
    let (stream, http) = switched(client.upgrade(request, &[]).await).into_http_over_tls();
    let error = http.receive(stream, &Config::default()).await.map(|_| ()).expect_err("a tunnel");
    assert!(matches!(error, Error::Protocol(error) if error.kind() == ErrorKind::NothingOwed));

    let (ours, theirs) = tokio::io::duplex(1000);
    let serving = tokio::spawn(async move {
        let handler = service_fn(async |request: Request<Body>| {
            let chosen = upgrades::select(&request, ["TLS/1.0"]).ok_or("it is offered")?;
            Ok::<Response<Body>, BoxError>(chosen.accept(async |upgraded| {
                let (stream, http) = upgraded.into_http_over_tls();
                let error = http
                    .receive(stream, &Config::default())
                    .await
                    .map(|_| ())
                    .expect_err("a server");
                assert!(matches!(error, Error::Misuse(_)), "{error}");
            }))
        });
        serve_connection(theirs, handler, &Config::default()).await
    });
    drop(switched(upgrade(ours, get("http://a/"), &["TLS/1.0"]).await));
    serving.await.expect("no panic").expect("served");
}

/// Returns a client and the response to its request, which is not sent completely.
///
/// The server responds first, then receives to the end; its task returns the number of bytes.
async fn answered_before_the_rest(
    head: &'static str,
) -> (Client<DuplexStream>, Response<Body>, tokio::task::JoinHandle<usize>) {
    let (client, mut server) = tokio::io::duplex(1000);
    let serving = tokio::spawn(async move {
        server.write_all(head.as_bytes()).await.expect("room");
        sleep(Duration::from_millis(100)).await;
        let mut received = Vec::new();
        server.read_to_end(&mut received).await.expect("an end in order");
        received.len()
    });
    let mut client = connect(client, &Config::default());
    let request = Request::post("http://a/").body(Full::new(Bytes::from(vec![0; 1_000_000])));
    let response = client.send(request.expect("a request")).await.expect("a response");
    (client, response, serving)
}

#[tokio::test(start_paused = true)]
async fn a_client_that_closes_sends_the_rest_of_its_request() {
    for head in [
        "HTTP/1.1 202 A\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 202 A\r\ncontent-length: 2\r\n\r\nhi",
    ] {
        let (client, response, serving) = answered_before_the_rest(head).await;
        assert!(!client.has_sent() && client.persists());
        text(response).await;
        client.close().await.expect("all was sent");
        assert!(serving.await.expect("a server") > 1_000_000);
    }
}

/// Checks that `close` completes although another task reads the response.
#[tokio::test(start_paused = true)]
async fn a_client_closes_beside_a_task_that_reads_its_response() {
    let (client, response, serving) =
        answered_before_the_rest("HTTP/1.1 202 A\r\ncontent-length: 2\r\n\r\nhi").await;
    let closing = tokio::spawn(client.close());
    tokio::task::yield_now().await;
    assert_eq!(text(response).await, "hi");
    let closed = tokio::time::timeout(Duration::from_secs(10), closing).await.expect("an end");
    closed.expect("no panic").expect("all was sent");
    assert!(serving.await.expect("a server") > 1_000_000);
}

/// Checks that `close` completes although the response does not end.
///
/// Then the reader of the response gets an error, whether it waits or had cancelled an earlier
/// read.
#[tokio::test(start_paused = true)]
async fn a_client_closes_beside_a_response_that_does_not_end() {
    for stays in [true, false] {
        let head = "HTTP/1.1 202 A\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n";
        let (client, response, serving) = answered_before_the_rest(head).await;
        let reading = tokio::spawn(async move {
            let mut body = response.into_body();
            body.frame().await.expect("content").expect("content");
            if !stays {
                let read = tokio::time::timeout(Duration::from_millis(50), body.frame()).await;
                assert!(read.is_err());
                sleep(Duration::from_secs(100)).await;
            }
            body.frame().await
        });
        tokio::task::yield_now().await;
        let closing = tokio::spawn(client.close());
        let closed = tokio::time::timeout(Duration::from_secs(10), closing).await.expect("an end");
        closed.expect("no panic").expect("all was sent");
        assert!(serving.await.expect("a server") > 1_000_000);
        let limit = Duration::from_secs(if stays { 1 } else { 200 });
        let read = tokio::time::timeout(limit, reading).await.expect("an end").expect("no panic");
        assert!(matches!(read, Some(Err(Error::Cancelled(_)))), "{read:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn rfc9112_9_5_a_refused_request_is_not_sent_on_and_that_is_told() {
    for head in [
        "HTTP/1.1 413 No\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 202 A\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    ] {
        let (client, _response, serving) = answered_before_the_rest(head).await;
        assert!(!client.persists());
        assert!(client.close().await.is_err());
        assert!(serving.await.expect("a server") < 1_000_000);
    }
    let (mut client, response, _serving) =
        answered_before_the_rest("HTTP/1.1 405 No\r\ncontent-length: 0\r\n\r\n").await;
    drop(response);
    let failed = client.send(get("http://a/")).await.err();
    assert!(matches!(failed, Some(Error::Disconnected(_))), "{failed:?}");
}

#[tokio::test(start_paused = true)]
async fn an_endless_response_that_was_dropped_does_not_hold_up_the_next_request() {
    let (client, mut server) = tokio::io::duplex(1000);
    tokio::spawn(async move {
        server.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await?;
        loop {
            server.write_all(b"5\r\nevent\r\n").await?;
            sleep(Duration::from_millis(100)).await;
        }
        #[expect(unreachable_code, reason = "it gives the type of the errors")]
        io::Result::Ok(())
    });
    let mut client = connect(client, &Config::default());
    drop(client.send(get("http://a/")).await.expect("a response"));
    let begun = Instant::now();
    let failed = client.send(get("http://a/")).await.err();
    assert!(matches!(failed, Some(Error::Cancelled(_))), "{failed:?}");
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

/// Returns whether an idle connection is closed within an hour of paused time.
async fn closes<S: switchover_tokio::Transport>(client: &mut Client<S>) -> bool {
    tokio::time::timeout(Duration::from_secs(3600), client.closed()).await.is_ok()
}

/// Checks that `closed` completes when an idle connection takes no further request.
///
/// It does after the server's FIN, after bytes that nobody has asked for, and after a response with
/// `Connection: close`.
#[tokio::test(start_paused = true)]
async fn an_idle_connection_tells_that_it_is_closed() {
    for said in ["", "HTTP/1.1 408 Request Timeout\r\n\r\n"] {
        let (stream, mut server) = tokio::io::duplex(1000);
        let mut client = connect(stream, &Config::default());
        assert!(!client.is_closed() && !closes(&mut client).await, "it is open");
        let answered = async {
            server.read_exact(&mut [0; 27]).await.expect("a request");
            let response = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
            server.write_all(response).await.expect("room");
        };
        let (response, ()) = tokio::join!(client.send(get("http://a/")), answered);
        // While the response is unread, what comes is its own.
        assert!(!client.is_closed() && !closes(&mut client).await, "a response is unread");
        assert_eq!(text(response.expect("an answer")).await, "hello");
        assert!(!client.is_closed(), "{said:?}");
        let waiting = async { closes(&mut client).await };
        let (is_closed, ()) = tokio::join!(waiting, async {
            tokio::time::sleep(Duration::from_secs(1000)).await;
            if said.is_empty() {
                server.shutdown().await.expect("an end");
            } else {
                server.write_all(said.as_bytes()).await.expect("room");
            }
        });
        assert!(is_closed && client.is_closed(), "{said:?}");
        let unsent = client.try_send(get("http://a/")).await.expect_err("it is closed");
        let request = unsent.request.expect("nothing was sent");
        assert_eq!((request.uri().path(), unsent.error.is_disconnect()), ("/", true), "{said:?}");
    }
    let (mut client, _serving) =
        scripted(&[("GET", "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")]);
    client.send(get("http://a/")).await.expect("an answer");
    assert!(client.is_closed() && closes(&mut client).await);
}

/// Checks that `closed` waits for the end of a response, then for the server's FIN.
///
/// Another task reads the response, or drops it before, or drops it while `closed` waits.
#[tokio::test(start_paused = true)]
async fn a_connection_tells_that_it_is_closed_after_its_response() {
    for reader in ["reads", "drops", "drops later"] {
        let (stream, mut server) = tokio::io::duplex(1000);
        let mut client = connect(stream, &Config::default());
        let begun = async {
            server.read_exact(&mut [0; 27]).await.expect("a request");
            let response = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhe";
            server.write_all(response).await.expect("room");
        };
        let (response, ()) = tokio::join!(client.send(get("http://a/")), begun);
        let response = response.expect("an answer");
        let reading = tokio::spawn(async move {
            match reader {
                "reads" => drop(text(response).await),
                "drops" => drop(response),
                _ => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    drop(response);
                }
            }
        });
        let ending = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(100)).await;
            server.write_all(b"llo").await.expect("room");
            tokio::time::sleep(Duration::from_secs(100)).await;
            server.shutdown().await.expect("an end");
        });
        let since = tokio::time::Instant::now();
        let is_closed = closes(&mut client).await;
        assert!(is_closed && since.elapsed().as_secs() == 100, "{reader}: {:?}", since.elapsed());
        reading.await.expect("no panic");
        ending.await.expect("no panic");
    }
}

/// Checks that nothing leaves of a request with less content than its length.
#[tokio::test]
async fn half_a_request_is_not_sent() {
    let (transport, mut server) = tokio::io::duplex(4096);
    let mut client = connect(transport, &Config::default());
    let request = Request::post("http://a/").header("content-length", "5");
    let request = request.body(Empty::<Bytes>::new()).expect("a request");
    assert!(matches!(client.send(request).await, Err(Error::Protocol(_))));
    assert!(!client.has_sent());
    let closing = tokio::spawn(client.close());
    let mut received = Vec::new();
    server.read_to_end(&mut received).await.expect("an end");
    assert_eq!(received, b"");
    assert!(closing.await.expect("no panic").is_err());
}

/// Checks that a request is not given back once a part of it may have been sent.
#[tokio::test]
async fn a_request_that_was_sent_is_not_given_back() {
    let (stream, mut server) = tokio::io::duplex(1000);
    let mut client = connect(stream, &Config::default());
    let ended = async {
        server.read_exact(&mut [0; 27]).await.expect("a request");
        drop(server);
    };
    let (failed, ()) = tokio::join!(client.try_send(get("http://a/")), ended);
    let failed = failed.expect_err("no answer");
    assert!(failed.request.is_none() && failed.error.is_disconnect(), "{failed:?}");
    let (mut client, _serving) = scripted(&[("GET", "HTTP/1.1 204 No Content\r\n\r\n")]);
    assert_eq!(client.try_send(get("http://a/")).await.expect("an answer").status(), 204);
}

/// Checks that an upgraded stream returns its transport and the unread bytes.
///
/// They came right after the 101. A downcast to another type gives the stream back.
#[tokio::test]
async fn an_upgraded_stream_gives_its_transport_back() {
    let (stream, mut server) = tokio::io::duplex(1000);
    let answered = async {
        server.read_exact(&mut [0; 27]).await.expect("a request");
        let switched = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: foo\r\n\
            connection: upgrade\r\n\r\nhello";
        server.write_all(switched).await.expect("room");
        server
    };
    let request = get("http://a/");
    // The transport is boxed by its user too.
    let boxed: Box<dyn switchover_tokio::Transport> = Box::new(stream);
    let (outcome, mut server) = tokio::join!(upgrade(boxed, request, &["foo"]), answered);
    let upgraded = outcome.expect("an answer").into_result().expect("a switch");
    let upgraded = upgraded.downcast::<tokio::net::TcpStream>().expect_err("it is no socket");
    let (mut stream, first) = upgraded.downcast::<DuplexStream>().expect("the transport");
    assert_eq!(first, "hello");
    stream.write_all(b"bye").await.expect("room");
    let mut heard = vec![0; 64];
    let length = server.read(&mut heard).await.expect("bytes");
    assert!(heard[..length].ends_with(b"bye"), "{heard:?}");
}

/// Content of a request that forwards the response's body, or only owns that body.
struct Mirror {
    shared: Arc<Mutex<Mirrored>>,
    polls: bool,
}

#[derive(Default)]
struct Mirrored {
    body: Option<Body>,
    has_ended: bool,
    waker: Option<Waker>,
}

impl http_body::Body for Mirror {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let mut shared = self.shared.lock().expect("no panic");
        shared.waker = Some(context.waker().clone());
        let has_ended = shared.has_ended;
        match &mut shared.body {
            _ if has_ended => Poll::Ready(None),
            Some(body) if self.polls => Pin::new(body).poll_frame(context),
            _ => Poll::Pending,
        }
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        let body = self.shared.lock().expect("no panic").body.take();
        drop(body);
    }
}

/// Checks that a request's content may poll and drop the response's body.
///
/// A mutex that is locked twice would block the thread, so the test runs in one of its own.
#[test]
fn content_of_a_request_may_use_the_body_of_its_response() {
    for polls in [true, false] {
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            tell.send(runtime.expect("a runtime").block_on(mirrored(polls)))
        });
        let received = told.recv_timeout(Duration::from_secs(20)).expect("no lock is taken twice");
        let expected = if polls { "5\r\nhello\r\n0\r\n\r\n" } else { "0\r\n\r\n" };
        assert_eq!(received, expected);
    }
}

/// Returns the content of a `Mirror` as a server receives it.
async fn mirrored(polls: bool) -> String {
    let (client, mut server) = tokio::io::duplex(1000);
    let serving = tokio::spawn(async move {
        let mut received = Vec::new();
        while !received.ends_with(b"\r\n\r\n") {
            server.read_buf(&mut received).await.expect("a head");
        }
        let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n";
        server.write_all(head.as_bytes()).await.expect("room");
        if polls {
            server.write_all(b"0\r\n\r\n").await.expect("room");
        }
        let mut content = String::new();
        server.read_to_string(&mut content).await.expect("an end");
        content
    });
    let shared = Arc::new(Mutex::new(Mirrored::default()));
    let mut client = connect(client, &Config::default());
    let content = Mirror { shared: shared.clone(), polls };
    let request = Request::post("http://a/").body(content).expect("a request");
    let mut body = client.send(request).await.expect("a response").into_body();
    if !polls {
        body.frame().await.expect("content").expect("content");
    }
    {
        let mut shared = shared.lock().expect("no panic");
        (shared.body, shared.has_ended) = (Some(body), !polls);
        shared.waker.take().into_iter().for_each(Waker::wake);
    }
    client.close().await.expect("all was sent");
    serving.await.expect("no panic")
}
