//! Tests of the features that a proxy needs, as a server and as a client.
//!
//! They check which metadata is forwarded beside requests and responses, and which side caused an
//! error or a delay.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty, Full};
use switchover::{Blame, ErrorKind};
use switchover_tokio::client::{check, connect};
use switchover_tokio::{
    Body, BoxError, Config, Error, HttpService, ReasonPhrase, informational, serve_connection,
    service_fn, upgrade,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use crate::common::Frames;
use crate::common::{GET, expect, send, served_by};

type Answer = Result<Response<Body>, BoxError>;

fn config() -> Config {
    Config { date: false, informational: true, ..Config::default() }
}

/// Returns all bytes that a server sends in response to the given request.
///
/// The client shuts down its sending direction after the request.
async fn said<H>(handler: H, request: &str) -> String
where
    H: HttpService<Error: Into<BoxError>, Content: http_body::Body<Error: Into<BoxError>>>,
{
    let (mut client, server) = tokio::io::duplex(100_000);
    client.write_all(request.as_bytes()).await.expect("room");
    client.shutdown().await.expect("an end");
    let (mut answer, config) = (String::new(), config());
    let (served, read) = tokio::join!(
        serve_connection(server, handler, &config),
        client.read_to_string(&mut answer)
    );
    served.and(read.map_err(Error::from)).expect("served");
    answer
}

fn get(uri: &str) -> Request<Empty<Bytes>> {
    Request::get(uri).body(Empty::new()).expect("a request")
}

fn post<B>(content: B) -> Request<B> {
    Request::post("http://a/").body(content).expect("a request")
}

/// Reads from the server's end of the stream until the bytes `ending` arrive.
///
/// Returns the same end of the stream.
async fn came(mut server: DuplexStream, ending: &str) -> DuplexStream {
    let mut got = Vec::new();
    while !got.ends_with(ending.as_bytes()) {
        got.push(server.read_u8().await.expect("more of the request"));
    }
    server
}

#[tokio::test]
async fn a_handler_sends_interim_responses() {
    let handler = service_fn(async |request: Request<Body>| {
        let sender = informational(&request).expect("it is in the config");
        for (status, link) in [(103, "a"), (200, "no"), (101, "no")] {
            sender.send(Response::builder().status(status).header("link", link).body(())?);
        }
        let later = sender.clone();
        // Sent from another task, which the handler awaits.
        tokio::spawn(async move {
            later.send(Response::builder().status(104).body(()).expect("a response"))
        })
        .await?;
        let mut answer = Response::new(Body::from("hello"));
        answer.extensions_mut().insert(sender);
        Ok::<_, BoxError>(answer)
    });
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
    let interim = "HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\nHTTP/1.1 104 \r\n\r\n";
    let got = said(handler, &"GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(2)).await;
    assert_eq!(got, format!("{interim}{answer}").repeat(2));
    let got = said(handler, "GET / HTTP/1.0\r\n\r\n").await;
    assert!(got.starts_with("HTTP/1.1 200 OK\r\n"), "{got}");
}

/// Checks that sending an interim response wakes the connection's task.
///
/// The handler is still pending, because it waits for something else.
#[tokio::test]
async fn an_interim_response_wakes_the_connection() {
    let (mut client, server) = tokio::io::duplex(1000);
    let handler = service_fn(async |request: Request<Body>| {
        let sender = informational(&request).expect("it is in the config");
        std::thread::spawn(move || {
            sender.send(Response::builder().status(103).body(()).expect("a response"))
        });
        std::future::pending::<Answer>().await
    });
    let serving = tokio::spawn(async move { serve_connection(server, handler, &config()).await });
    client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("room");
    let mut got = [0; 28];
    let read = tokio::time::timeout(Duration::from_secs(10), client.read_exact(&mut got))
        .await
        .expect("in time");
    assert!(read.is_ok() && got.starts_with(b"HTTP/1.1 103 Early Hints\r\n"), "{got:?}");
    serving.abort();
}

/// Checks that an interim response is sent once the full output has room.
///
/// The handler is still pending.
#[tokio::test]
async fn an_interim_response_follows_a_large_one() {
    let handler = service_fn(async |request: Request<Body>| {
        let sender = informational(&request).expect("it is in the config");
        let large = Response::builder().status(103).header("link", "a".repeat(70_000));
        sender.send(large.body(())?);
        tokio::task::yield_now().await;
        sender.send(Response::builder().status(104).body(())?);
        std::future::pending::<Answer>().await
    });
    let (mut client, _serving) = served_by(1000, config(), handler);
    send(&mut client, GET).await;
    let large = format!("HTTP/1.1 103 Early Hints\r\nlink: {}\r\n\r\n", "a".repeat(70_000));
    expect(&mut client, &format!("{large}HTTP/1.1 104 \r\n\r\n")).await;
}

#[tokio::test]
async fn a_request_has_no_informational_sender_unless_it_is_asked_for() {
    let (mut client, server) = tokio::io::duplex(1000);
    let handler = service_fn(async |request: Request<Body>| {
        Ok::<_, BoxError>(Response::new(Body::from(informational(&request).is_none().to_string())))
    });
    client
        .write_all(b"GET / HTTP/1.1\r\nHost: a\r\nconnection: close\r\n\r\n")
        .await
        .expect("room");
    let mut got = String::new();
    let config = Config::default();
    let (served, read) =
        tokio::join!(serve_connection(server, handler, &config), client.read_to_string(&mut got));
    assert!(served.is_ok() && read.is_ok() && got.ends_with("true"), "{got}");
}

#[tokio::test]
async fn a_client_hears_of_interim_responses() {
    let (stream, server) = tokio::io::duplex(1000);
    let (sender, heard) = std::sync::mpsc::channel();
    let mut client = connect(stream, &Config::default());
    client.on_informational(move |response| {
        sender.send((response.status().as_u16(), response.headers().len())).expect("room")
    });
    let serving = async {
        let mut server = came(server, "\r\n\r\n").await;
        let interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n";
        server
            .write_all(format!("{interim}HTTP/1.1 204 No Content\r\n\r\n").as_bytes())
            .await
            .expect("room");
    };
    let (answer, ()) = tokio::join!(client.send(get("http://a/")), serving);
    assert_eq!(answer.expect("an answer").status(), 204);
    assert_eq!(heard.try_iter().collect::<Vec<_>>(), [(100, 0), (103, 1)]);
}

#[tokio::test]
async fn a_reason_of_its_own_passes_both_ways() {
    let (stream, server) = tokio::io::duplex(1000);
    let mut client = connect(stream, &Config::default());
    let serving = async {
        let mut server = came(server, "\r\n\r\n").await;
        server
            .write_all(b"HTTP/1.1 404 Gone Fishing\r\ncontent-length: 0\r\n\r\n")
            .await
            .expect("room");
        let mut server = came(server, "\r\n\r\n").await;
        server
            .write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")
            .await
            .expect("room");
    };
    let asking = async {
        let fishing = client.send(get("http://a/")).await.expect("an answer");
        (fishing, client.send(get("http://a/")).await.expect("an answer"))
    };
    let ((fishing, usual), ()) = tokio::join!(asking, serving);
    let reason = fishing.extensions().get::<ReasonPhrase>().cloned().expect("another reason");
    assert_eq!(
        (reason.as_bytes(), usual.extensions().get::<ReasonPhrase>()),
        (&b"Gone Fishing"[..], None)
    );
    let handler = service_fn(move |_| {
        let mut response = Response::builder().status(404).body(Body::empty()).expect("a response");
        response.extensions_mut().insert(reason.clone());
        std::future::ready(Ok::<_, BoxError>(response))
    });
    let got = said(handler, "GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(got, "HTTP/1.1 404 Gone Fishing\r\ncontent-length: 0\r\n\r\n");
}

/// Checks that OPTIONS for a whole server is distinguished from OPTIONS for a path.
///
/// In OPTIONS, `http://b` is not `http://b/` (RFC 9112, section 3.2.4).
#[tokio::test]
async fn options_of_a_server_as_a_whole_are_told_apart() {
    for (target, wanted) in [
        ("*", "* of a"),
        ("http://b:1", "* of b:1"),
        ("http://b/", "http://b/ of a"),
        ("/://", "/:// of a"),
    ] {
        let handler = service_fn(async |request: Request<Body>| {
            let host = request.headers()["host"].to_str()?;
            Ok::<_, BoxError>(Response::new(Body::from(format!("{} of {host}", request.uri()))))
        });
        let got = said(handler, &format!("OPTIONS {target} HTTP/1.1\r\nHost: a\r\n\r\n")).await;
        assert!(got.ends_with(&format!("\r\n\r\n{wanted}")), "{target}: {got}");
    }
}

/// Checks that no Date is added to a 101 that has one already.
///
/// A proxy that forwards another server's 101 also forwards its Date.
#[tokio::test]
async fn a_101_with_a_date_gets_no_other() {
    let (mut client, server) = tokio::io::duplex(1000);
    let handler = service_fn(async |request: Request<Body>| {
        let chosen = upgrade::select(&request, ["foo"]).ok_or("no offer")?;
        let mut response: Response<Body> = chosen.accept(|_| std::future::ready(()));
        response.headers_mut().insert("date", "Sun, 06 Nov 1994 08:49:37 GMT".parse()?);
        Ok::<_, BoxError>(response)
    });
    let offer = "GET / HTTP/1.1\r\nHost: a\r\nconnection: upgrade\r\nupgrade: foo\r\n\r\n";
    client.write_all(offer.as_bytes()).await.expect("room");
    let mut got = String::new();
    let config = Config::default();
    let (served, read) =
        tokio::join!(serve_connection(server, handler, &config), client.read_to_string(&mut got));
    served.and(read.map_err(Error::from)).expect("served");
    assert_eq!(got.matches("date: ").count(), 1, "{got}");
}

/// Checks that the request after a declined offer is served.
///
/// A declined offer is no reason to close (RFC 9931, section 5). The next request is parsed as
/// strictly as any other (RFC 9931, section 3).
#[tokio::test]
async fn what_follows_a_declined_offer_is_the_next_request() {
    let hello = || service_fn(async |_| Ok::<_, BoxError>(Response::new(Body::from("hello"))));
    let offer = "POST / HTTP/1.1\r\nHost: a\r\nconnection: upgrade\r\nupgrade: foo\r\ncontent-length: 2\r\n\r\nhi";
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
    assert_eq!(said(hello(), &offer.repeat(2)).await, answer.repeat(2));
}

/// Checks that a handler may send several 100 responses, and all are forwarded.
///
/// A proxy forwards every 100 that its server sends, whether or not the client waits for one (RFC
/// 9110, section 15.2).
#[tokio::test]
async fn a_100_is_passed_on_however_often() {
    let handler = service_fn(async |request: Request<Body>| {
        let sender = informational(&request).ok_or("no sender")?;
        for _ in 0..2 {
            sender.send(Response::builder().status(100).body(())?);
        }
        Ok::<_, BoxError>(Response::new(Body::from("hello")))
    });
    let got = said(handler, "GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(got.matches("HTTP/1.1 100 Continue\r\n\r\n").count(), 2, "{got}");
    assert!(got.ends_with("\r\n\r\nhello"), "{got}");
}

#[tokio::test]
async fn a_request_that_may_not_be_sent_is_known_before_there_is_a_connection() {
    let trace =
        Request::trace("http://a/").header("content-length", "2").body(Full::<Bytes>::from("hi"));
    for (error, wanted) in [
        (check(&trace.expect("a request"), &[], &config()), ErrorKind::FramingConflict),
        (check(&get("/"), &[], &config()), ErrorKind::InvalidHost),
    ] {
        let Err(Error::Protocol(error)) = error else { panic!("{error:?}") };
        assert_eq!((error.kind(), error.blame()), (wanted, Blame::Local));
    }
    assert!(check(&get("http://a/"), &["foo/1"], &config()).is_ok());
}

/// Checks that an error of a request's body fails the request at once.
///
/// The client does not wait for the server.
#[tokio::test]
async fn a_body_that_fails_fails_the_request_at_once() {
    let (stream, _server) = tokio::io::duplex(1000);
    let failing = Frames::of(["hi"]).then_fails(Duration::ZERO);
    let outcome = connect(stream, &config()).send(post(failing)).await;
    assert!(
        matches!(&outcome, Err(Error::Body(error)) if error.to_string() == "the source has failed"),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_body_shorter_than_it_says_is_an_error() {
    let (stream, _server) = tokio::io::duplex(1000);
    let request =
        Request::post("http://a/").header("content-length", "3").body(Full::<Bytes>::from("hi"));
    let outcome = connect(stream, &config()).send(request.expect("a request")).await;
    assert!(
        matches!(&outcome, Err(Error::Protocol(error)) if error.kind() == ErrorKind::LengthShort),
        "{outcome:?}"
    );
}

/// Checks that the timeout for a response starts after the request's last byte.
#[tokio::test(start_paused = true)]
async fn a_long_request_is_no_late_answer() {
    let (stream, server) = tokio::io::duplex(1000);
    let (content, slow) = slow_body();
    tokio::spawn(async move {
        for _ in 0..10 {
            tokio::time::sleep(Duration::from_secs(20)).await;
            slow.send(Bytes::from_static(b"x")).await.expect("it is read");
        }
    });
    let serving = async {
        let mut server = came(server, "0\r\n\r\n").await;
        server.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.expect("room");
    };
    let mut client = connect(stream, &config());
    let (answer, ()) = tokio::join!(client.send(post(content)), serving);
    assert_eq!(answer.expect("an answer").status(), 204);
    assert!(client.has_sent());
}

#[tokio::test(start_paused = true)]
async fn an_early_answer_is_seen_to_be_one() {
    let (stream, server) = tokio::io::duplex(1000);
    let (content, slow) = slow_body();
    let serving = async {
        let mut server = came(server, "\r\n\r\n").await;
        server.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n").await.expect("room");
        tokio::time::sleep(Duration::from_secs(100)).await;
        slow.send(Bytes::from_static(b"more")).await.expect("it is read");
        drop(slow);
        // The server echoes the request's content, which is still being sent.
        let mut server = came(server, "4\r\nmore\r\n0\r\n\r\n").await;
        server.write_all(b"more").await.expect("room");
    };
    let asking = async {
        let mut client = connect(stream, &config());
        let answer = client.send(post(content)).await.expect("an answer");
        assert!(!client.has_sent());
        assert_eq!(
            answer.into_body().read(10).await.expect("whole").as_deref(),
            Some(&b"more"[..])
        );
        assert!(client.has_sent());
    };
    tokio::join!(asking, serving);
}

/// Checks that an upload of one byte a second times out.
///
/// The handler reads each byte at once, and each prolongs the timeout by a millisecond only.
#[tokio::test(start_paused = true)]
async fn a_client_that_sends_a_byte_a_second_is_given_up() {
    let (mut client, server) = tokio::io::duplex(1000);
    let echo = service_fn(async |request: Request<Body>| {
        Ok::<_, BoxError>(Response::new(request.into_body()))
    });
    let serving = tokio::spawn(async move { serve_connection(server, echo, &config()).await });
    let begun = tokio::time::Instant::now();
    client
        .write_all(b"POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 1000\r\n\r\n")
        .await
        .expect("room");
    while client.write_all(b"x").await.is_ok() && begun.elapsed() < Duration::from_secs(100) {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    // After the timeout the server lingers: it reads for some seconds more.
    assert!((30..=36).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
    let outcome = serving.await.expect("no panic");
    assert!(matches!(&outcome, Err(Error::Body(_))), "{outcome:?}");
}

/// Checks that a slow handler does not use up the client's timeout for content.
#[tokio::test(start_paused = true)]
async fn the_time_that_a_handler_takes_is_not_the_clients() {
    let (mut client, server) = tokio::io::duplex(1000);
    let slow = service_fn(async |request: Request<Body>| {
        let (mut content, mut count) = (request.into_body(), 0);
        while let Some(frame) = content.frame().await {
            count += frame?.data_ref().map_or(0, Bytes::len);
            tokio::time::sleep(Duration::from_secs(40)).await;
        }
        Ok::<_, BoxError>(Response::new(Body::from(count.to_string())))
    });
    let serving = tokio::spawn(async move { serve_connection(server, slow, &config()).await });
    client
        .write_all(b"POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: chunked\r\n\r\n")
        .await
        .expect("room");
    for _ in 0..3 {
        client.write_all(b"1\r\nx\r\n").await.expect("room");
        tokio::time::sleep(Duration::from_secs(41)).await;
    }
    client.write_all(b"0\r\n\r\n").await.expect("room");
    client.shutdown().await.expect("an end");
    let mut got = String::new();
    client.read_to_string(&mut got).await.expect("text");
    assert!(got.ends_with("\r\n\r\n3"), "{got}");
    serving.await.expect("no panic").expect("served");
}

/// Returns a body whose data come from a channel, and the channel's sender.
fn slow_body()
-> (impl http_body::Body<Data = Bytes, Error = BoxError> + Send, tokio::sync::mpsc::Sender<Bytes>) {
    let (sender, mut receiver) = tokio::sync::mpsc::channel(1);
    (Slow(move |context: &mut std::task::Context<'_>| receiver.poll_recv(context)), sender)
}

struct Slow<F>(F);

impl<F> http_body::Body for Slow<F>
where
    F: FnMut(&mut std::task::Context<'_>) -> std::task::Poll<Option<Bytes>> + Unpin,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, BoxError>>> {
        (self.0)(context).map(|data| data.map(|data| Ok(http_body::Frame::data(data))))
    }
}
