//! Tests of the timeouts, with tokio's paused clock.
//!
//! The clock advances only while all tasks wait. Many tests also count polls, because a waiting
//! task must not poll in a loop.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use switchover_tokio::client::connect;
use switchover_tokio::{
    Body, BoxError, Config, Error, Timeout, Timeouts, serve_connection, service_fn,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

use crate::common::{Asked, CHUNKED, Frames, GET, config, expect, rest, send, served_by};

/// Returns the output of a future, the seconds it took and how often it was polled.
///
/// Panics if the future takes 1000 seconds or more.
async fn counted<F: Future>(future: F) -> (F::Output, u64, u32) {
    let (begun, mut polls, mut future) = (Instant::now(), 0, pin!(future));
    let outcome = poll_fn(|context| {
        polls += 1;
        future.as_mut().poll(context)
    });
    let outcome =
        tokio::time::timeout(Duration::from_secs(1000), outcome).await.expect("an end of the wait");
    (outcome, begun.elapsed().as_secs(), polls)
}

async fn hello(_: Request<Body>) -> Result<Response<Full<Bytes>>, BoxError> {
    Ok(Response::new("hello".into()))
}

async fn echo(request: Request<Body>) -> Result<Response<Full<Bytes>>, BoxError> {
    Ok(Response::new(request.into_body().collect().await?.to_bytes().into()))
}

async fn large(_: Request<Body>) -> Result<Response<Full<Bytes>>, BoxError> {
    Ok(Response::new(vec![b'x'; 100_000].into()))
}

/// Reads up to the end, a piece every 900 ms; returns the number of bytes.
async fn read_slowly(client: &mut DuplexStream) -> usize {
    let (mut got, mut piece) = (0, [0; 1000]);
    loop {
        sleep(Duration::from_millis(900)).await;
        match client.read(&mut piece).await.expect("bytes") {
            0 => return got,
            len => got += len,
        }
    }
}

/// Checks a server's timeouts for the first byte, for a head and for content.
///
/// A 408 follows an incomplete request.
#[tokio::test(start_paused = true)]
async fn a_server_waits_as_long_as_it_says_and_does_not_spin() {
    let content = "POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 5\r\n\r\nhel";
    for (sent, outcome, seconds) in [
        ("", "", 60),
        (GET, "HTTP/1.1 200 OK\r\n", 60),
        ("GET / HTTP/1.1\r\nHo", "HTTP/1.1 408 Request Timeout\r\n", 30),
        (&format!("{GET}GET /"), "HTTP/1.1 200 OK\r\n", 30),
        (content, "HTTP/1.1 408 Request Timeout\r\n", 30),
        (&format!("{CHUNKED}1"), "HTTP/1.1 408 Request Timeout\r\n", 30),
    ] {
        let (mut client, server) = tokio::io::duplex(1000);
        send(&mut client, sent).await;
        let (config, answering) =
            (config(), tokio::spawn(async move { rest_of(&mut client).await }));
        let (ended, elapsed, polls) =
            counted(serve_connection(server, service_fn(echo), &config)).await;
        assert_eq!(elapsed, seconds, "{sent:?}: {ended:?}");
        assert!(polls < 30, "{sent:?}: {polls} polls");
        let answer = answering.await.expect("no panic");
        assert!(answer.starts_with(outcome), "{sent:?}: {answer}");
    }
}

/// Returns everything that the client receives until the end, without a timeout.
async fn rest_of(client: &mut DuplexStream) -> String {
    let mut rest = String::new();
    client.read_to_string(&mut rest).await.expect("text");
    rest
}

/// Checks that another byte of a message does not restart its timeout.
#[tokio::test(start_paused = true)]
async fn a_byte_now_and_then_is_too_slow() {
    let requests: [(&str, bool); 5] = [
        (GET, true),
        ("POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 100\r\n\r\n", false),
        (CHUNKED, false),
        // The handler does not read the content of this request.
        ("POST /unread HTTP/1.1\r\nHost: a\r\ncontent-length: 100\r\n\r\n", false),
        ("\r\n", true),
    ];
    for (request, from_the_start) in requests {
        let handler = service_fn(async |request: Request<Body>| match request.uri().path() {
            "/unread" => hello(request).await,
            _ => echo(request).await,
        });
        let (mut client, server) = tokio::io::duplex(1000);
        tokio::spawn(async move {
            if !from_the_start {
                send(&mut client, request).await;
            }
            let bytes = if from_the_start {
                request
            } else if request == CHUNKED {
                "1\r\nx\r\n"
            } else {
                "x"
            };
            for byte in bytes.bytes().cycle() {
                sleep(Duration::from_secs(5)).await;
                if client.write_all(&[byte]).await.is_err() {
                    break;
                }
            }
        });
        let config = config();
        let (ended, elapsed, polls) = counted(serve_connection(server, handler, &config)).await;
        assert!((30..=70).contains(&elapsed), "{request:?}: {elapsed} s, {ended:?}");
        assert!(polls < 100, "{request:?}: {polls} polls");
    }
}

/// Checks that a long body may exceed the timeout for content.
///
/// The timeout grows with the content received. The time for which the handler works does not
/// count.
#[tokio::test(start_paused = true)]
async fn long_content_may_take_long() {
    let handler = service_fn(async |request: Request<Body>| {
        let (mut body, mut len) = (request.into_body(), 0);
        while let Some(frame) = body.frame().await {
            len += frame?.into_data().map_or(0, |data| data.len());
            sleep(Duration::from_secs(20)).await;
        }
        Ok::<_, BoxError>(Response::new(Full::<Bytes>::from(len.to_string())))
    });
    let (mut client, _serving) = served_by(10_000, config(), handler);
    send(&mut client, "POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 120000\r\n\r\n").await;
    for _ in 0..20 {
        sleep(Duration::from_secs(25)).await;
        client.write_all(&[b'x'; 6000]).await.expect("room");
    }
    let mut status = [0; 15];
    client.read_exact(&mut status).await.expect("an answer");
    assert_eq!(&status, b"HTTP/1.1 200 OK");
}

/// Checks that content which arrives while the handler works extends the timeout.
#[tokio::test(start_paused = true)]
async fn content_that_comes_while_the_handler_works_extends_the_timeout() {
    let handler = service_fn(async |request: Request<Body>| {
        let (mut body, mut len) = (request.into_body(), 0);
        while let Some(frame) = body.frame().await {
            len += frame?.into_data().map_or(0, |data| data.len());
            sleep(Duration::from_secs(5)).await;
        }
        Ok::<_, BoxError>(Response::new(Full::<Bytes>::from(len.to_string())))
    });
    let (mut client, _serving) = served_by(100_000, config(), handler);
    send(&mut client, "POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 200010\r\n\r\n").await;
    for _ in 0..10 {
        sleep(Duration::from_secs(20)).await;
        client.write_all(b"x").await.expect("room");
        sleep(Duration::from_secs(3)).await;
        client.write_all(&[b'x'; 20_000]).await.expect("room");
    }
    let mut status = [0; 15];
    client.read_exact(&mut status).await.expect("an answer");
    assert_eq!(&status, b"HTTP/1.1 200 OK");
}

/// Checks that a handler which dropped the request's content may respond late.
#[tokio::test(start_paused = true)]
async fn content_that_is_not_waited_for_any_more_is_not_late() {
    let handler = service_fn(async |request: Request<Body>| {
        let mut body = request.into_body();
        let read = tokio::time::timeout(Duration::from_secs(1), body.frame()).await;
        assert!(read.is_err());
        drop(body);
        sleep(Duration::from_secs(100)).await;
        Ok::<_, BoxError>(Response::new(Full::<Bytes>::from("hello")))
    });
    let (mut client, _serving) = served_by(1000, config(), handler);
    send(&mut client, CHUNKED).await;
    let mut status = [0; 15];
    client.read_exact(&mut status).await.expect("an answer");
    assert_eq!(String::from_utf8_lossy(&status), "HTTP/1.1 200 OK");
}

#[tokio::test(start_paused = true)]
async fn patience_without_an_end_is_for_ever() {
    let for_ever = Some(Duration::MAX);
    let timeouts = Timeouts {
        idle: for_ever,
        head: for_ever,
        content: for_ever,
        write: for_ever,
        handler: for_ever,
        response: for_ever,
        expect_continue: Duration::MAX,
        shutdown: None,
    };
    let config = Config { timeouts, ..config() };
    let (mut client, _serving) = served_by(1000, config.clone(), service_fn(echo));
    for piece in [GET, "GET / HT", "TP/1.1\r\nHost: a\r\n\r\n"] {
        sleep(Duration::from_secs(100_000)).await;
        send(&mut client, piece).await;
    }
    expect(&mut client, &"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".repeat(2)).await;

    let (stream, mut server) = tokio::io::duplex(1000);
    let mut client = connect(stream, &config);
    let request =
        Request::post("http://a/").header("expect", "100-continue").body(Full::<Bytes>::from("hi"));
    let asking = tokio::spawn(async move { client.send(request.expect("a request")).await });
    sleep(Duration::from_secs(100_000)).await;
    send(&mut server, "HTTP/1.1 204 No Content\r\n\r\n").await;
    assert_eq!(asking.await.expect("no panic").expect("an answer").status(), 204);
}

/// Checks that a response stays whole after a read of request content was given up.
#[tokio::test(start_paused = true)]
async fn a_read_that_was_given_up_does_not_cut_the_response() {
    let handler = service_fn(async |request: Request<Body>| {
        let mut content = request.into_body();
        content.frame().await.expect("a frame")?;
        let late = tokio::time::timeout(Duration::from_secs(1), content.frame()).await;
        assert!(late.is_err(), "nothing more comes");
        Ok::<Response<Full<Bytes>>, BoxError>(Response::new(vec![b'x'; 100_000].into()))
    });
    let (mut client, _serving) = served_by(1000, config(), handler);
    send(&mut client, "POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 10\r\n\r\n123").await;
    let got = read_slowly(&mut client).await;
    assert!(got > 100_000, "{got}");
}

// Timeouts for writes.

/// Checks that a response with `Connection: close` has the usual write timeout.
#[tokio::test(start_paused = true)]
async fn the_last_answer_reaches_a_slow_client() {
    let (mut client, serving) = served_by(1000, config(), service_fn(large));
    send(&mut client, "GET / HTTP/1.1\r\nHost: a\r\nconnection: close\r\n\r\n").await;
    let got = read_slowly(&mut client).await;
    assert!(got > 100_000, "{got}");
    drop(client);
    serving.await.expect("no panic").expect("served");
}

/// A stream that buffers writes, as TLS does, and whose flush never completes.
struct Gathers(DuplexStream);

impl AsyncRead for Gathers {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, to)
    }
}

impl AsyncWrite for Gathers {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_is_given_up() {
    for gathers in [false, true] {
        let (mut client, server) = tokio::io::duplex(100);
        send(&mut client, GET).await;
        let config = config();
        let (ended, elapsed, polls) = match gathers {
            false => counted(serve_connection(server, service_fn(large), &config)).await,
            true => counted(serve_connection(Gathers(server), service_fn(hello), &config)).await,
        };
        assert!(matches!(ended, Err(Error::TimedOut(Timeout::Write))), "{gathers}: {ended:?}");
        assert!(
            (30..=34).contains(&elapsed) && polls < 30,
            "{gathers}: {elapsed} s, {polls} polls"
        );
    }
}

/// A stream over a kernel with large send buffers.
///
/// Once its buffer is full, the kernel accepts more only after a megabyte has left.
struct Deep {
    room: usize,
    leaving: Pin<Box<Sleep>>,
    /// The time in which a megabyte leaves the buffer.
    megabyte: Duration,
}

impl AsyncRead for Deep {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let is_first = self.room == Self::ALL;
        if is_first {
            to.put_slice(GET.as_bytes());
            self.room -= 1;
        }
        if is_first { Poll::Ready(Ok(())) } else { Poll::Pending }
    }
}

impl Deep {
    const ALL: usize = 3 << 20;
}

impl AsyncWrite for Deep {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.room == 0 {
            std::task::ready!(self.leaving.as_mut().poll(context));
            self.room = 1 << 20;
        }
        let taken = bytes.len().min(self.room);
        self.room -= taken;
        if self.room == 0 {
            let left = Instant::now() + self.megabyte;
            self.leaving.as_mut().reset(left);
        }
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Checks that bytes in the send buffer prolong a slow client's write timeout.
///
/// A client that reads ten kilobytes a second does not time out. A client that reads one kilobyte a
/// second does, after ten times the usual timeout.
#[tokio::test(start_paused = true)]
async fn what_the_system_has_taken_earns_a_slow_client_time() {
    let answer = service_fn(async |_: Request<Body>| {
        Ok::<_, BoxError>(Response::new(Full::new(Bytes::from(vec![b'x'; 8 << 20]))))
    });
    let mut config = config();
    config.timeouts.idle = Some(Duration::from_secs(300));
    for (megabyte, seconds) in [(100, 600 + 300), (900, 300)] {
        let megabyte = Duration::from_secs(megabyte);
        let stream = Deep { room: Deep::ALL, leaving: Box::pin(sleep(megabyte)), megabyte };
        let (ended, elapsed, polls) = counted(serve_connection(stream, answer, &config)).await;
        assert_eq!(elapsed, seconds, "{ended:?}");
        assert!(
            matches!(ended, Err(Error::TimedOut(Timeout::Write))) == (seconds == 300),
            "{ended:?}"
        );
        assert!(polls < 50, "{polls} polls");
    }
}

/// Checks how long the server reads after the last response.
///
/// It reads for four seconds from a client that goes on sending; for one second from a silent one.
#[tokio::test(start_paused = true)]
async fn an_end_does_not_linger() {
    for (goes_on, seconds) in [(true, 4), (false, 1)] {
        let (mut client, server) = tokio::io::duplex(1000);
        send(&mut client, "GET / HTTP/1.1\r\nHost: a\r\nconnection: close\r\n\r\n").await;
        let config = config();
        tokio::spawn(async move {
            while !goes_on || client.write_all(b"more").await.is_ok() {
                sleep(Duration::from_millis(500)).await;
            }
        });
        let (ended, elapsed, polls) =
            counted(serve_connection(server, service_fn(hello), &config)).await;
        ended.expect("served");
        assert_eq!(elapsed, seconds, "{polls} polls");
        assert!(polls < 50, "{polls}");
    }
}

// Timeouts for the handler.

#[tokio::test(start_paused = true)]
async fn a_handler_that_never_answers_is_given_up() {
    /// A service that is never ready.
    #[derive(Clone)]
    struct Busy;
    impl tower_service::Service<Request<Body>> for Busy {
        type Response = Response<Body>;
        type Error = BoxError;
        type Future = std::future::Ready<Result<Response<Body>, BoxError>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
            Poll::Pending
        }

        fn call(&mut self, _: Request<Body>) -> Self::Future {
            unreachable!("it was never ready")
        }
    }
    for busy in [false, true] {
        let timeouts = Timeouts { handler: Some(Duration::from_secs(7)), ..Timeouts::default() };
        let config = Config { timeouts, ..config() };
        let (mut client, server) = tokio::io::duplex(1000);
        send(&mut client, GET).await;
        client.shutdown().await.expect("an end");
        let never =
            service_fn(async |_| std::future::pending::<Result<Response<Body>, BoxError>>().await);
        let (ended, elapsed, polls) = match busy {
            false => counted(serve_connection(server, never, &config)).await,
            true => counted(serve_connection(server, Busy, &config)).await,
        };
        assert!(matches!(ended, Err(Error::Handler(_))), "{ended:?}");
        assert!(elapsed == 7 && polls < 20, "{busy}: {elapsed} s, {polls} polls");
        let wanted =
            "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        assert_eq!(rest(&mut client).await, wanted);
    }
}

/// Checks that an idle connection closes soon when the server shuts down.
///
/// It closes at once if there was no response, or if that is two seconds old. If the response is
/// 100 ms old, it closes after a second, because the client may still be reading.
#[tokio::test(start_paused = true)]
async fn an_idle_connection_does_not_linger_when_the_server_stops() {
    for (sent, idle_for, wanted) in [("", 2000, 0), (GET, 2000, 0), (GET, 100, 1000)] {
        let (mut client, server) = tokio::io::duplex(1000);
        send(&mut client, sent).await;
        let (config, stop) = (config(), sleep(Duration::from_millis(idle_for)));
        let begun = Instant::now();
        switchover_tokio::serve_connection_until(server, service_fn(hello), &config, stop)
            .await
            .expect("served");
        let lingered = begun.elapsed().as_millis() as u64 - idle_for;
        assert!((wanted..wanted + 5).contains(&lingered), "{sent:?} {idle_for}: {lingered} ms");
    }
}

/// Checks that a connection lingers after an error that follows a long pause.
///
/// Otherwise the client's unread bytes would reset the connection, and it may lose the response.
#[tokio::test(start_paused = true)]
async fn a_wrong_head_after_a_pause_is_answered_and_lingers() {
    for (late, status, seconds) in [("GET\r\n\r\n", "400", 5 + 1), ("GET / HT", "408", 5 + 30 + 1)]
    {
        let (mut client, serving) = served_by(1000, config(), service_fn(hello));
        let sending = tokio::spawn(async move {
            send(&mut client, GET).await;
            sleep(Duration::from_secs(5)).await;
            send(&mut client, late).await;
            let text = rest_of(&mut client).await;
            // The client stays open for longer than the server lingers.
            sleep(Duration::from_secs(5)).await;
            text
        });
        let (ended, elapsed, _) = counted(serving).await;
        assert!(ended.expect("no panic").is_err(), "{late:?}");
        assert_eq!(elapsed, seconds, "{late:?}");
        assert!(sending.await.expect("no panic").contains(&format!("HTTP/1.1 {status} ")));
    }
}

/// Checks that the server discards at most about 1 MiB after the last response.
///
/// The client goes on sending after a response with `Connection: close`.
#[tokio::test(start_paused = true)]
async fn what_is_dropped_after_the_last_answer_is_bounded() {
    let (mut client, serving) = served_by(64 * 1024, config(), service_fn(hello));
    let mut sent = 0;
    send(&mut client, "GET / HTTP/1.1\r\nHost: a\r\nconnection: close\r\n\r\n").await;
    while client.write_all(&[0; 16 * 1024]).await.is_ok() {
        sent += 16 * 1024;
    }
    assert!((1024 * 1024..1200 * 1024).contains(&sent), "{sent} bytes");
    serving.await.expect("no panic").expect("served");
}

/// Checks that a head which arrives slowly times out.
///
/// Further bytes do not prolong the timeout of a head.
#[tokio::test(start_paused = true)]
async fn a_head_that_comes_byte_by_byte_is_late() {
    let (mut client, serving) = served_by(1000, config(), service_fn(hello));
    let sending = tokio::spawn(async move {
        for _ in 0..100 {
            sleep(Duration::from_secs(1)).await;
            if client.write_all(b"GET / HTTP/1.1\r\nA: 0123456789").await.is_err() {
                break;
            }
        }
        rest_of(&mut client).await
    });
    let (ended, elapsed, _) = counted(serving).await;
    assert!(matches!(ended, Ok(Err(Error::TimedOut(_)))), "{ended:?}");
    // 30 seconds from the first byte, and then the lingering close.
    assert!((31..=36).contains(&elapsed), "{elapsed} s");
    assert!(sending.await.expect("no panic").starts_with("HTTP/1.1 408 "));
}

// Timeouts of a client.

fn get() -> Request<Body> {
    Request::get("http://a/").body(Body::empty()).expect("a request")
}

#[tokio::test(start_paused = true)]
async fn a_client_waits_as_long_as_it_says_and_does_not_spin() {
    for (answer, what, seconds) in [
        ("", Timeout::Response, 60),
        ("HTTP/1.1 2", Timeout::Response, 60),
        ("HTTP/1.1 103 Early Hints\r\n\r\n", Timeout::Response, 60),
        ("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel", Timeout::Content, 30),
        ("HTTP/1.1 200 OK\r\n\r\nhel", Timeout::Content, 30),
    ] {
        let (stream, mut server) = tokio::io::duplex(1000);
        send(&mut server, answer).await;
        let mut client = connect(Asked::new(stream), &config());
        let asking = async { client.send(get()).await?.into_body().read(10).await };
        let (outcome, elapsed, polls) = counted(asking).await;
        assert!(
            matches!(outcome, Err(Error::TimedOut(told)) if told == what),
            "{answer:?}: {outcome:?}"
        );
        assert!(elapsed == seconds && polls < 20, "{answer:?}: {elapsed} s, {polls} polls");
    }
}

/// Checks that a response may take longer than the timeout for content.
///
/// Each received piece restarts the timeout, as a stream of events needs.
#[tokio::test(start_paused = true)]
async fn a_response_may_go_on_and_on() {
    let (stream, mut server) = tokio::io::duplex(1000);
    tokio::spawn(async move {
        send(&mut server, "HTTP/1.1 200 OK\r\n\r\n").await;
        for _ in 0..20 {
            sleep(Duration::from_secs(25)).await;
            send(&mut server, "x").await;
        }
    });
    let mut client = connect(stream, &config());
    let content = client.send(get()).await.expect("an answer").into_body().read(1000).await;
    assert_eq!(content.expect("whole").expect("short"), "x".repeat(20));
}

/// Checks that the timeout for the response starts after the request's last byte.
#[tokio::test(start_paused = true)]
async fn a_long_request_does_not_make_the_response_late() {
    let timeouts = Timeouts { content: None, ..Timeouts::default() };
    let (stream, _serving) = served_by(1000, Config { timeouts, ..config() }, service_fn(echo));
    let mut client = connect(stream, &config());
    let body =
        Frames::of(["0", "1", "2", "3", "4", "5", "6", "7"]).each_after(Duration::from_secs(20));
    let response = client.send(Request::post("http://a/").body(body).expect("a request")).await;
    let content =
        response.expect("an answer").into_body().read(100).await.expect("whole").expect("short");
    assert_eq!(content, "01234567");
}

/// Checks that sending a request times out if the server does not read.
#[tokio::test(start_paused = true)]
async fn a_server_that_takes_nothing_is_given_up() {
    let (stream, _server) = tokio::io::duplex(100);
    let mut client = connect(stream, &config());
    let request = Request::post("http://a/")
        .body(Full::<Bytes>::from(vec![b'x'; 100_000]))
        .expect("a request");
    let (outcome, elapsed, polls) = counted(client.send(request)).await;
    assert!(matches!(outcome, Err(Error::TimedOut(Timeout::Write))), "{outcome:?}");
    assert!(elapsed == 30 && polls < 20, "{elapsed} s, {polls} polls");
}

/// Checks that every request with `Expect: 100-continue` waits for its 100.
#[tokio::test(start_paused = true)]
async fn a_100_is_waited_for_each_time() {
    let (stream, mut server) = tokio::io::duplex(1000);
    let mut client = connect(stream, &config());
    for _ in 0..3 {
        let answering = async {
            let mut head = [0; 80];
            let len = server.read(&mut head).await.expect("a head");
            assert!(
                head[..len].ends_with(b"\r\n\r\n"),
                "{}",
                String::from_utf8_lossy(&head[..len])
            );
            sleep(Duration::from_millis(900)).await;
            send(&mut server, "HTTP/1.1 100 Continue\r\n\r\n").await;
            expect(&mut server, "hi").await;
            send(&mut server, "HTTP/1.1 204 No Content\r\n\r\n").await;
        };
        let request = Request::post("http://a/")
            .header("expect", "100-continue")
            .body(Full::<Bytes>::from("hi"));
        let ((outcome, _, polls), ()) =
            tokio::join!(counted(client.send(request.expect("a request"))), answering);
        assert_eq!(outcome.expect("an answer").status(), 204);
        assert!(polls < 20, "{polls} polls");
        sleep(Duration::from_secs(10)).await;
    }
}

/// Checks that a timeout of the content is reported only once.
///
/// A handler may ignore the error and respond. The response then has the usual write timeout.
#[tokio::test(start_paused = true)]
async fn a_time_that_is_over_is_told_once() {
    let forgiving = service_fn(async |request: Request<Body>| {
        let late = request.into_body().collect().await.is_err();
        assert!(late, "nothing more comes");
        Ok::<_, BoxError>(Response::new(Full::new(Bytes::from(vec![b'x'; 1000]))))
    });
    let (mut client, serving) = served_by(100, config(), forgiving);
    send(
        &mut client,
        "POST / HTTP/1.1\r\nHost: a\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhel",
    )
    .await;
    // The client reads the response only after 40 seconds.
    sleep(Duration::from_secs(40)).await;
    let answer = rest(&mut client).await;
    assert!(answer.ends_with(&"x".repeat(1000)), "{answer}");
    drop(serving);
}
