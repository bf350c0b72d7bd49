//! Tests of bodies, their errors and trailers, and of waits for a switch.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, Full};
use switchover_tokio::client::connect;
use switchover_tokio::{
    Body, BoxError, Config, Error, Timeouts, serve_connection, service_fn, upgrade,
};
use tokio::io::AsyncWriteExt;
use tokio::sync::{mpsc, oneshot};

use crate::common::{Asked, CHUNKED, Frames, GET, config, expect, rest, send, served_by, soon};

/// The event that ends a request whose body another task reads.
#[derive(Clone, Copy, Debug)]
enum Then {
    Fail,
    Panic,
    Answer,
    NeverAnswer,
    BeDropped,
    SeeTheClientGo,
}

#[tokio::test]
async fn a_body_in_another_task_ends_with_its_connection() {
    for then in [
        Then::Fail,
        Then::Panic,
        Then::Answer,
        Then::NeverAnswer,
        Then::BeDropped,
        Then::SeeTheClientGo,
    ] {
        let (bodies, mut body) = mpsc::channel(1);
        let handler = service_fn(move |request: Request<Body>| {
            let bodies = bodies.clone();
            async move {
                bodies.send(request.into_body()).await?;
                match then {
                    Then::Fail => Err::<Response<Body>, BoxError>("out of order".into()),
                    Then::Panic => panic!("out of order"),
                    Then::Answer => Ok(Response::new(Body::empty())),
                    _ => std::future::pending().await,
                }
            }
        });
        let timeouts = Timeouts { handler: Some(Duration::from_millis(50)), ..Timeouts::default() };
        let timeouts =
            if matches!(then, Then::NeverAnswer) { timeouts } else { Timeouts::default() };
        let (mut client, serving) = served_by(1000, Config { timeouts, ..config() }, handler);
        send(&mut client, CHUNKED).await;
        let mut body = soon(body.recv()).await.expect("a request");
        let reading = tokio::spawn(async move { body.frame().await });
        tokio::task::yield_now().await;
        match then {
            Then::BeDropped => serving.abort(),
            Then::SeeTheClientGo => drop(client),
            _ => {}
        }
        let frame = soon(reading).await.expect("no panic");
        let Some(Err(Error::Content(error))) = &frame else { panic!("{then:?}: {frame:?}") };
        let is_known = match then {
            Then::SeeTheClientGo => error.is_disconnect(),
            _ => matches!(**error, Error::Cancelled(_)),
        };
        assert!(is_known, "{then:?}: {frame:?}");
    }
}

/// Checks that an error in the request's content gets a 400.
///
/// An error of the same type that the handler got on another connection gets a 500.
#[tokio::test]
async fn whose_error_it_is_decides_the_status() {
    let proxy = service_fn(async |request: Request<Body>| {
        let (stream, server) = tokio::io::duplex(100);
        if request.uri() == "/late" {
            let timeouts = Timeouts { response: Some(Duration::ZERO), ..Timeouts::default() };
            let mut client =
                switchover_tokio::client::connect(stream, &Config { timeouts, ..config() });
            let asked = client.send(Request::get("http://b/").body(Body::empty())?).await;
            drop(server);
            asked?;
        }
        request.into_body().read(100).await?;
        Ok::<_, BoxError>(Response::new(Body::empty()))
    });
    for (request, status) in [
        ("GET /late HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), "500"),
        (format!("{CHUNKED}x"), "400"),
    ] {
        let (mut client, _serving) = served_by(1000, config(), proxy);
        send(&mut client, &request).await;
        expect(&mut client, &format!("HTTP/1.1 {status} ")).await;
    }
}

/// Checks that one task can read a body and run its connection.
///
/// Reader and connection share a waker, as with `join!` and `select!`.
#[tokio::test]
async fn a_body_is_read_beside_its_connection_in_one_task() {
    let (bodies, mut body) = mpsc::channel(1);
    let (done, read) = oneshot::channel();
    let mut read = Some(read);
    let handler = service_fn(move |request: Request<Body>| {
        let (bodies, read) = (bodies.clone(), read.take());
        async move {
            bodies.send(request.into_body()).await?;
            let content: Bytes = read.expect("one request").await?;
            Ok::<_, BoxError>(Response::new(Full::<Bytes>::new(content)))
        }
    });
    let (mut client, server) = tokio::io::duplex(1000);
    let config = config();
    let serving = serve_connection(server, handler, &config);
    let reading = async {
        let body = body.recv().await.expect("a request");
        // The connection was polled and waits.
        tokio::time::sleep(Duration::from_millis(10)).await;
        done.send(body.read(100).await.expect("whole").expect("short")).expect("a handler");
    };
    let asking = async {
        send(&mut client, &format!("{CHUNKED}3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")).await;
        expect(&mut client, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabcde").await;
        client.shutdown().await.expect("an end");
    };
    let (served, (), ()) = soon(async { tokio::join!(serving, reading, asking) }).await;
    served.expect("served");
}

#[tokio::test]
async fn trailers_end_content_on_either_side() {
    let handler = service_fn(async |request: Request<Body>| {
        let collected = request.into_body().collect().await?;
        let trailer = collected
            .trailers()
            .map(|trailers| trailers["digest"].to_str())
            .transpose()?
            .map(String::from);
        let content = format!("{:?} {trailer:?}", collected.to_bytes());
        Ok::<_, BoxError>(Response::new(Full::<Bytes>::from(content)))
    });
    let (mut client, _serving) = served_by(1000, config(), handler);
    let content = "3\r\nabc\r\n0\r\ndigest: x\r\n\r\n";
    send(&mut client, &format!("{CHUNKED}{content}")).await;
    expect(&mut client, "HTTP/1.1 200 OK\r\ncontent-length: 16\r\n\r\nb\"abc\" Some(\"x\")").await;

    let (stream, mut server) = tokio::io::duplex(1000);
    let mut client = connect(Asked::new(stream), &config());
    send(&mut server, &format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{content}"))
        .await;
    let response =
        client.send(Request::get("http://a/").body(Body::empty()).expect("a request")).await;
    let collected = soon(response.expect("an answer").into_body().collect()).await.expect("whole");
    assert_eq!(collected.trailers().expect("trailers")["digest"], "x");
    assert_eq!(collected.to_bytes(), "abc");
}

/// Checks that a body which has ended stays at its end.
///
/// A later read does not return content of the next response.
#[tokio::test]
async fn a_body_stays_at_its_end() {
    let (stream, mut server) = tokio::io::duplex(1000);
    let mut client = connect(Asked::new(stream), &config());
    let get = || Request::get("http://a/").body(Body::empty()).expect("a request");
    send(&mut server, "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n1").await;
    let mut first = client.send(get()).await.expect("an answer").into_body();
    while let Some(frame) = soon(first.frame()).await {
        frame.expect("content");
    }
    let answers = async {
        for _ in 0..2 {
            expect(&mut server, "GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
        }
        send(&mut server, "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n2").await;
    };
    let (second, ()) = tokio::join!(client.send(get()), answers);
    let second = second.expect("an answer").into_body();
    assert!(soon(first.frame()).await.is_none());
    assert_eq!(soon(second.read(10)).await.expect("whole").expect("short"), "2");
}

// Callbacks and tasks that wait for a protocol switch.

/// Checks that a task which waits for a switch gets `None` if none happens.
///
/// The handler's other response ends the wait, even if the request is still alive.
#[tokio::test]
async fn who_waits_for_a_switch_that_does_not_come_is_told() {
    let (outcomes, mut outcome) = mpsc::channel(1);
    let handler = service_fn(move |request: Request<Body>| {
        let outcomes = outcomes.clone();
        let switched = upgrade::on(&request);
        tokio::spawn(async move {
            let is_switched = switched.await.is_some();
            outcomes.send(is_switched).await.expect("a test");
            drop(request);
        });
        async { Ok::<_, BoxError>(Response::new(Full::<Bytes>::from("no"))) }
    });
    let (mut client, _serving) = served_by(1000, config(), handler);
    send(&mut client, "GET / HTTP/1.1\r\nHost: a\r\nconnection: upgrade\r\nupgrade: foo\r\n\r\n")
        .await;
    expect(&mut client, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nno").await;
    assert_eq!(soon(outcome.recv()).await, Some(false));
}

/// Checks that the callback for a new protocol is dropped if it is not used.
///
/// The callback may own the request, which in turn owns the callback.
#[tokio::test]
async fn what_is_not_to_speak_is_dropped() {
    struct Told(Option<oneshot::Sender<()>>);
    impl Drop for Told {
        fn drop(&mut self) {
            drop(self.0.take());
        }
    }
    let (sender, dropped) = oneshot::channel::<()>();
    let mut told = Some(Told(Some(sender)));
    let handler = service_fn(move |request: Request<Body>| {
        let told = told.take();
        let chosen = upgrade::select(&request, ["foo"]).expect("it is offered");
        let _unsent: Response<Body> = chosen.accept(async move |_| drop((request, told)));
        async { Ok::<_, BoxError>(Response::new(Full::<Bytes>::from("no"))) }
    });
    let (mut client, serving) = served_by(1000, config(), handler);
    send(&mut client, "GET / HTTP/1.1\r\nHost: a\r\nconnection: upgrade\r\nupgrade: foo\r\n\r\n")
        .await;
    expect(&mut client, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nno").await;
    assert!(soon(dropped).await.is_err());
    drop(client);
    soon(serving).await.expect("no panic").expect("served");
}

#[tokio::test]
async fn trailers_are_left_out_where_there_is_no_place_for_them() {
    let answer = |length: Option<usize>| {
        let mut response = Response::builder();
        if let Some(length) = length {
            response = response.header("content-length", length);
        }
        let mut trailers = http::HeaderMap::new();
        trailers.insert("digest", http::HeaderValue::from_static("x"));
        response.body(Frames::of(["abc"]).and(Frame::trailers(trailers))).expect("a response")
    };
    for (request, length, wanted) in [
        (GET, Some(3), "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc"),
        ("GET / HTTP/1.0\r\n\r\n", None, "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nabc"),
        (
            "GET / HTTP/1.0\r\n\r\n",
            Some(3),
            "HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\nabc",
        ),
    ] {
        let handler = service_fn(move |_| async move { Ok::<_, BoxError>(answer(length)) });
        let (mut client, serving) = served_by(1000, config(), handler);
        send(&mut client, request).await;
        client.shutdown().await.expect("an end");
        assert_eq!(rest(&mut client).await, wanted, "{length:?} {request}");
        soon(serving).await.expect("no panic").expect("served");
    }
}
