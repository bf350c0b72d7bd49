//! Tests of the server, in memory: request bytes in, response bytes out.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::Full;
use switchover::Blame;
use switchover_tokio::{
    Body, BoxError, Config, Error, HttpService, Timeouts, serve_connection, serve_connection_until,
    service_fn,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::Instant;

use crate::common::{GET, config};

type Answer = Result<Response<Full<Bytes>>, BoxError>;

/// Returns all bytes that a server sends in response, and its result.
///
/// The client shuts down its sending direction after the request.
async fn said<H>(handler: H, request: &str) -> (String, Result<(), Error>)
where
    H: HttpService<Error: Into<BoxError>, Content: http_body::Body<Error: Into<BoxError>>>,
{
    let (mut client, server) = tokio::io::duplex(1 << 20);
    client.write_all(request.as_bytes()).await.expect("room");
    let mut answer = String::new();
    let config = config();
    let serving = serve_connection(server, handler, &config);
    let asking = async {
        client.shutdown().await.expect("an end");
        client.read_to_string(&mut answer).await.expect("text");
    };
    let (ended, ()) = tokio::join!(serving, asking);
    (answer, ended)
}

async fn hello(_: Request<Body>) -> Answer {
    Ok(Response::new("hello".into()))
}

async fn echo(request: Request<Body>) -> Answer {
    let content = request.into_body().read(1000).await?;
    Ok(match content {
        Some(content) => Response::new(content.into()),
        None => Response::builder().status(413).body("too much".into())?,
    })
}

/// Checks that the future of a connection has at most 1,500 bytes.
///
/// With the feature `tracing` it may have 1,600. An idle connection needs little other memory.
#[tokio::test]
async fn the_future_of_a_connection_is_small() {
    let (_client, server) = tokio::io::duplex(1);
    let config = config();
    let serving = serve_connection(server, service_fn(hello), &config);
    let size = std::mem::size_of_val(&serving);
    // A span of `tracing` is in the future, too.
    let most = if cfg!(feature = "tracing") { 1_600 } else { 1_500 };
    assert!(size <= most, "{size} bytes");
}

#[tokio::test]
async fn requests_are_answered_one_after_the_other() {
    let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let (answer, ended) = said(service_fn(hello), &request.repeat(2)).await;
    assert!(ended.is_ok(), "{ended:?}");
    assert_eq!(answer, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello".repeat(2));
}

#[tokio::test]
async fn a_head_is_answered_without_content() {
    let (answer, _) = said(service_fn(hello), "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(answer, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n");
}

#[tokio::test]
async fn content_is_read_whole_or_in_chunks() {
    let length = "POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 5\r\n\r\nhello";
    let chunked = "POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n";
    for request in [length, chunked] {
        let (answer, ended) = said(service_fn(echo), request).await;
        assert!(ended.is_ok(), "{ended:?}");
        assert_eq!(answer, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", "{request}");
    }
}

#[tokio::test]
async fn a_malformed_request_gets_its_status() {
    let (answer, ended) = said(service_fn(hello), "GET / HTTP/1.1\r\n\r\n").await;
    assert!(
        answer
            .starts_with("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n"),
        "{answer}"
    );
    assert!(matches!(ended, Err(Error::Protocol(_))), "{ended:?}");
}

#[tokio::test]
async fn a_client_that_waits_gets_its_100_when_the_content_is_read() {
    let (mut client, server) = tokio::io::duplex(1000);
    let config = config();
    let serving = serve_connection(server, service_fn(echo), &config);
    let asking = async {
        let head =
            "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\ncontent-length: 5\r\n\r\n";
        client.write_all(head.as_bytes()).await.expect("room");
        expect(&mut client, "HTTP/1.1 100 Continue\r\n\r\n").await;
        client.write_all(b"hello").await.expect("room");
        expect(&mut client, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello").await;
        drop(client);
    };
    let (ended, ()) = tokio::join!(serving, asking);
    assert!(ended.is_ok(), "{ended:?}");
}

async fn expect(client: &mut DuplexStream, wanted: &str) {
    let mut got = vec![0; wanted.len()];
    tokio::time::timeout(Duration::from_secs(10), client.read_exact(&mut got))
        .await
        .expect("in time")
        .expect("bytes");
    assert_eq!(String::from_utf8_lossy(&got), wanted);
}

/// A body of given frames, all ready at once.
struct Frames(VecDeque<Result<Frame<Bytes>, BoxError>>);

impl Frames {
    fn of(pieces: &[&'static str]) -> Self {
        Self(
            pieces
                .iter()
                .map(|piece| Ok(Frame::data(Bytes::from_static(piece.as_bytes()))))
                .collect(),
        )
    }

    fn and(mut self, frame: Result<Frame<Bytes>, BoxError>) -> Self {
        self.0.push_back(frame);
        self
    }
}

impl http_body::Body for Frames {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Poll::Ready(self.0.pop_front())
    }
}

#[tokio::test]
async fn content_is_streamed_in_chunks_with_trailers() {
    let handler = service_fn(async |_| {
        let mut trailers = http::HeaderMap::new();
        trailers.insert("digest", "x".parse()?);
        Ok::<_, BoxError>(Response::new(
            Frames::of(&["a", "bc"]).and(Ok(Frame::trailers(trailers))),
        ))
    });
    let (answer, ended) = said(handler, GET).await;
    assert!(ended.is_ok(), "{ended:?}");
    let wanted = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\ndigest: x\r\n\r\n";
    assert_eq!(answer, wanted);
}

#[tokio::test]
async fn content_to_http_1_0_ends_with_the_connection() {
    let handler = service_fn(async |_| Ok::<_, BoxError>(Response::new(Frames::of(&["a", "bc"]))));
    let (answer, _) = said(handler, "GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n").await;
    assert_eq!(answer, "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nabc");
}

#[tokio::test]
async fn a_date_is_added_once() {
    for own in [false, true] {
        let handler = service_fn(move |_| async move {
            let mut response = Response::new(Body::empty());
            if own {
                response.headers_mut().insert("date", "Thu, 01 Jan 1970 00:00:00 GMT".parse()?);
            }
            Ok::<_, BoxError>(response)
        });
        let (mut client, server) = tokio::io::duplex(1000);
        client.write_all(GET.as_bytes()).await.expect("room");
        client.shutdown().await.expect("an end");
        serve_connection(server, handler, &Config::default()).await.expect("served");
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.expect("text");
        let dates: Vec<_> = answer.lines().filter_map(|line| line.strip_prefix("date: ")).collect();
        assert_eq!(dates.len(), 1, "{answer}");
        assert_eq!(dates[0] == "Thu, 01 Jan 1970 00:00:00 GMT", own);
        assert!(httpdate::parse_http_date(dates[0]).is_ok());
    }
}

// Handlers and bodies that fail, and clients that are slow.

async fn panics(_: Request<Body>) -> Answer {
    panic!("it must not take the client with it")
}

async fn never_answers(_: Request<Body>) -> Answer {
    std::future::pending().await
}

#[tokio::test]
async fn a_handler_that_fails_is_a_500() {
    let handler = service_fn(async |_| Err::<Response<Body>, BoxError>("out of order".into()));
    let (answer, ended) = said(handler, &GET.repeat(2)).await;
    assert_eq!(
        answer,
        "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    assert!(matches!(ended, Err(Error::Handler(_))), "{ended:?}");
}

#[tokio::test]
async fn a_handler_that_panics_is_a_500_and_the_panic_goes_on() {
    let (mut client, server) = tokio::io::duplex(1000);
    client.write_all(GET.as_bytes()).await.expect("room");
    client.shutdown().await.expect("an end");
    let served =
        tokio::spawn(async move { serve_connection(server, service_fn(panics), &config()).await });
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.expect("text");
    assert_eq!(
        answer,
        "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    assert!(served.await.expect_err("a panic").is_panic());
}

#[tokio::test]
async fn content_of_another_length_is_an_error() {
    for (length, begins) in [(3, "HTTP/1.1 500 "), (7, "HTTP/1.1 500 ")] {
        let handler = service_fn(move |_| async move {
            Ok::<_, BoxError>(
                Response::builder().header("content-length", length).body(Body::from("hello"))?,
            )
        });
        let (answer, ended) = said(handler, GET).await;
        assert!(answer.starts_with(begins), "{length}: {answer}");
        assert!(
            matches!(ended, Err(Error::Protocol(error)) if error.blame() == Blame::Local),
            "{ended:?}"
        );
    }
    // If the head was sent before the error, the client sees from its length that content is
    // missing.
    let handler = service_fn(async |_| {
        Ok::<_, BoxError>(
            Response::builder().header("content-length", 7).body(Frames::of(&["a", "b"]))?,
        )
    });
    let (answer, ended) = said(handler, GET).await;
    assert_eq!(answer, "HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\nab");
    assert!(ended.is_err());
}

#[tokio::test]
async fn a_body_that_fails_cuts_the_answer() {
    let handler = service_fn(async |_| {
        Ok::<_, BoxError>(Response::new(
            Frames::of(&["a", "b"]).and(Err("the disk is gone".into())),
        ))
    });
    let (answer, ended) = said(handler, GET).await;
    assert!(answer.ends_with("\r\n\r\n1\r\na\r\n1\r\nb\r\n"), "{answer}");
    assert!(matches!(ended, Err(Error::Body(_))), "{ended:?}");
}

#[tokio::test]
async fn a_body_that_is_kept_fails_after_the_answer() {
    let (sender, mut receiver) = tokio::sync::mpsc::channel(1);
    let handler = service_fn(async |request: Request<Body>| {
        sender.send(request.into_body()).await?;
        Ok::<_, BoxError>(Response::new(Body::empty()))
    });
    let request =
        "POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    let (answer, ended) = said(handler, request).await;
    assert!(ended.is_ok(), "{ended:?}");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    let body = receiver.recv().await.expect("kept");
    assert!(matches!(body.read(10).await, Err(Error::Content(_))));
}

#[tokio::test]
async fn what_is_not_read_is_dropped_up_to_a_limit() {
    let request = |len: usize| {
        format!("POST / HTTP/1.1\r\nHost: a\r\ncontent-length: {len}\r\n\r\n{}", "x".repeat(len))
    };
    let (answer, ended) = said(service_fn(hello), &format!("{}{GET}", request(50_000))).await;
    assert!(ended.is_ok(), "{ended:?}");
    assert_eq!(answer.matches("HTTP/1.1 200 OK").count(), 2, "{answer}");
    // Above the limit the server closes instead, and sends `Connection: close`.
    let (answer, _) = said(service_fn(hello), &format!("{}{GET}", request(900_000))).await;
    assert_eq!(answer.matches("HTTP/1.1 200 OK").count(), 1, "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn each_wait_has_its_deadline() {
    // The bytes from the client, the beginning of the response, and the seconds until the end.
    let half = "GET / HTTP/1.1\r\nHo";
    let content = "POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 5\r\n\r\nhel";
    for (sent, begins, seconds) in [
        ("", "", 60),
        (GET, "HTTP/1.1 200 OK\r\n", 60),
        (half, "HTTP/1.1 408 Request Timeout\r\n", 30),
        (content, "HTTP/1.1 408 Request Timeout\r\n", 30),
    ] {
        let (mut client, server) = tokio::io::duplex(1000);
        client.write_all(sent.as_bytes()).await.expect("room");
        let begun = Instant::now();
        let serving =
            tokio::spawn(
                async move { serve_connection(server, service_fn(echo), &config()).await },
            );
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.expect("text");
        assert!(answer.starts_with(begins), "{sent}: {answer}");
        assert_eq!(begun.elapsed().as_secs(), seconds, "{sent}");
        drop(client);
        serving.await.expect("no panic").ok();
    }
}

#[tokio::test(start_paused = true)]
async fn a_byte_now_and_then_earns_no_time() {
    let (mut client, server) = tokio::io::duplex(1000);
    let begun = Instant::now();
    let serving =
        tokio::spawn(async move { serve_connection(server, service_fn(echo), &config()).await });
    for byte in GET.bytes() {
        if client.write_all(&[byte]).await.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
    assert!(matches!(serving.await.expect("no panic"), Err(Error::TimedOut(_))));
    assert!(begun.elapsed().as_secs() < 50, "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_never_answers_is_given_up() {
    let (mut client, server) = tokio::io::duplex(1000);
    client.write_all(GET.as_bytes()).await.expect("room");
    let serving = tokio::spawn(async move {
        let timeouts = Timeouts { handler: Some(Duration::from_secs(7)), ..Timeouts::default() };
        serve_connection(server, service_fn(never_answers), &Config { timeouts, ..config() }).await
    });
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.expect("text");
    assert_eq!(
        answer,
        "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    drop(client);
    assert!(serving.await.expect("no panic").is_err());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_is_given_up() {
    let (mut client, server) = tokio::io::duplex(100);
    client.write_all(GET.as_bytes()).await.expect("room");
    let begun = Instant::now();
    let handler =
        service_fn(async |_| Ok::<_, BoxError>(Response::new(Body::from(vec![b'x'; 100_000]))));
    let ended = serve_connection(server, handler, &config()).await;
    assert!(matches!(ended, Err(Error::TimedOut(_))), "{ended:?}");
    assert_eq!(begun.elapsed().as_secs(), 30);
}

#[tokio::test]
async fn a_server_that_stops_ends_with_the_answer_under_way() {
    let (mut client, server) = tokio::io::duplex(1000);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let mut stop = Some(stop);
    let handler = service_fn(move |_| {
        let _ = stop.take().map(|stop| stop.send(()));
        async { Ok::<_, BoxError>(Response::new(Body::from("the last"))) }
    });
    client.write_all(GET.repeat(2).as_bytes()).await.expect("room");
    client.shutdown().await.expect("an end");
    serve_connection_until(server, handler, &config(), async { drop(stopped.await) })
        .await
        .expect("served");
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.expect("text");
    assert_eq!(answer, "HTTP/1.1 200 OK\r\ncontent-length: 8\r\nconnection: close\r\n\r\nthe last");
}

#[tokio::test]
async fn a_client_that_goes_ends_the_handler_where_that_is_wanted() {
    let (mut client, server) = tokio::io::duplex(1000);
    client.write_all(GET.as_bytes()).await.expect("room");
    drop(client);
    let ended = serve_connection(
        server,
        service_fn(never_answers),
        &Config { half_close: false, ..config() },
    )
    .await;
    assert!(matches!(ended, Err(Error::Disconnected(_))), "{ended:?}");
}

#[tokio::test]
async fn a_preface_of_http_2_has_no_handler() {
    let (_client, server) = tokio::io::duplex(1000);
    let http = switchover::Config { http2_preface: true, ..switchover::Config::default() };
    let ended =
        serve_connection(server, service_fn(hello), &Config { http: http.into(), ..config() })
            .await;
    assert!(matches!(ended, Err(Error::Misuse(_))), "{ended:?}");
}
