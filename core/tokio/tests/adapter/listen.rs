//! Tests of a listener on a loopback port, and of its shutdown.

use std::net::SocketAddr;
use std::time::Duration;

use http::{Request, Response};
use switchover_tokio::{
    Body, BoxError, Config, ShutdownSignal, Timeouts, accept, serve, serve_connection_until,
    service_fn, upgrade,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::time::{self, Instant, timeout};

use crate::common::GET;

const WAIT: Duration = Duration::from_secs(60);

async fn said(mut stream: TcpStream) -> String {
    let mut rest = String::new();
    timeout(WAIT, stream.read_to_string(&mut rest)).await.expect("in time").expect("text");
    rest
}

/// Returns a client whose connection has switched to `foo`.
async fn switched(address: SocketAddr) -> TcpStream {
    let mut client = TcpStream::connect(address).await.expect("a server");
    let offer = GET.replace("\r\n\r\n", "\r\nconnection: upgrade\r\nupgrade: foo\r\n\r\n");
    client.write_all(offer.as_bytes()).await.expect("a server");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(
            timeout(WAIT, client.read_u8()).await.expect("in time").expect("more of the head"),
        );
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "), "{head:?}");
    client
}

#[tokio::test]
async fn a_server_that_stops_ends_what_is_under_way() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (asked, mut was_asked) = tokio::sync::watch::channel(false);
    let handler = service_fn(move |_: Request<Body>| {
        asked.send_replace(true);
        async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            Ok::<_, BoxError>(Response::new(Body::from("hello")))
        }
    });
    let (stop, stopped) = oneshot::channel::<()>();
    let config = Config { date: false, ..Config::default() };
    let serving = tokio::spawn(async move {
        serve(listener, handler, &config, async { drop(stopped.await) }).await;
    });
    let idle = TcpStream::connect(address).await.expect("a server");
    let mut busy = TcpStream::connect(address).await.expect("a server");
    busy.write_all(GET.as_bytes()).await.expect("a server");
    timeout(WAIT, was_asked.wait_for(|&was_asked| was_asked))
        .await
        .expect("in time")
        .expect("a handler");
    stop.send(()).expect("a server");
    assert_eq!(said(idle).await, "");
    assert_eq!(
        said(busy).await,
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello"
    );
    timeout(WAIT, serving).await.expect("in time").expect("no panic");
    assert!(TcpStream::connect(address).await.is_err(), "it still listens");
}

/// Checks that a switched connection is notified of the server's shutdown.
///
/// The server does not close it; its handler may end it.
#[tokio::test]
async fn what_has_switched_sees_that_the_server_stops() {
    async fn switch(
        request: Request<Body>,
        stopping: ShutdownSignal,
    ) -> Result<Response<Body>, BoxError> {
        let chosen = upgrade::select(&request, ["foo"]).ok_or("no offer")?;
        Ok(chosen.accept(async |mut stream| {
            stopping.wait().await;
            let _ = stream.write_all(b"bye").await;
        }))
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (stop, stopped) = oneshot::channel::<()>();
    let serve = |stream, _, stopping: ShutdownSignal| async move {
        let handler = service_fn(|request| switch(request, stopping.clone()));
        serve_connection_until(stream, handler, &Config::default(), stopping.clone().wait())
            .await
            .expect("served");
    };
    let serving = tokio::spawn(accept(listener, async { drop(stopped.await) }, serve));
    let client = switched(address).await;
    stop.send(()).expect("a server");
    assert_eq!(said(client).await, "bye");
    timeout(WAIT, serving).await.expect("in time").expect("no panic");
}

/// Checks that connections which do not end are dropped after the shutdown timeout.
///
/// This holds for a switched connection whose client stays, and for a handler that does not
/// respond. If that timeout is `None`, they are kept.
#[tokio::test]
async fn what_does_not_end_is_dropped_after_the_shutdown_timeout() {
    async fn stay(request: Request<Body>) -> Result<Response<Body>, BoxError> {
        match upgrade::select(&request, ["foo"]) {
            Some(chosen) => Ok(chosen.accept(async |_stream| std::future::pending().await)),
            None => std::future::pending().await,
        }
    }
    let usual = Timeouts::default().shutdown;
    for (shutdown, seconds) in [(usual, 10), (Some(Duration::ZERO), 0), (None, 1000)] {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel::<()>();
        let config =
            Config { timeouts: Timeouts { shutdown, ..Timeouts::default() }, ..Config::default() };
        let mut serving = tokio::spawn(async move {
            serve(listener, service_fn(stay), &config, async { drop(stopped.await) }).await;
        });
        let mut waiting = TcpStream::connect(address).await.expect("a server");
        waiting.write_all(GET.as_bytes()).await.expect("a server");
        let switched = switched(address).await;
        time::pause();
        let begun = Instant::now();
        stop.send(()).expect("a server");
        let ended = timeout(Duration::from_secs(1000), &mut serving).await;
        assert_eq!((ended.is_ok(), begun.elapsed().as_secs()), (shutdown.is_some(), seconds));
        serving.abort();
        time::resume();
        assert_eq!(said(switched).await, "");
        let _ = timeout(WAIT, waiting.read_to_end(&mut Vec::new())).await.expect("in time");
    }
}
