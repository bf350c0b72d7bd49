//! Tests of listeners, and of the peer's address.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Request, Response};
use switchover_tokio::{
    Body, BoxError, Config, Listener, PeerAddr, accept, serve, serve_connection_until, service_fn,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::common::GET;

const WAIT: Duration = Duration::from_secs(60);
const LAST: &str = "GET / HTTP/1.1\r\nHost: a\r\nconnection: close\r\n\r\n";

/// Answers with the peer's address as the type `A`, or `none`.
async fn tell<A: std::fmt::Debug + Clone + Send + Sync + 'static>(
    request: Request<Body>,
) -> Result<Response<Body>, BoxError> {
    let address = request.extensions().get::<PeerAddr<A>>();
    let told = address.map_or("none".into(), |PeerAddr(address)| format!("{address:?}"));
    Ok(Response::new(Body::from(told)))
}

async fn answer<S>(mut stream: S, request: &str) -> String
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    stream.write_all(request.as_bytes()).await.expect("a server");
    let mut rest = String::new();
    timeout(WAIT, stream.read_to_string(&mut rest)).await.expect("in time").expect("text");
    rest.rsplit_once("\r\n\r\n").map_or(rest.clone(), |(_, content)| content.to_owned())
}

/// A custom `Listener` for streams in memory, which first returns the given errors.
struct Piped(mpsc::Receiver<(DuplexStream, &'static str)>, VecDeque<io::ErrorKind>);

impl Listener for Piped {
    type Stream = DuplexStream;
    type Address = &'static str;

    async fn accept(&mut self) -> io::Result<(DuplexStream, &'static str)> {
        if let Some(kind) = self.1.pop_front() {
            return Err(kind.into());
        }
        match self.0.recv().await {
            Some(accepted) => Ok(accepted),
            None => std::future::pending().await,
        }
    }
}

/// Returns a listener for streams in memory, and the function that connects to it.
fn piped(errors: &[io::ErrorKind]) -> (Piped, impl AsyncFn(&'static str) -> DuplexStream + use<>) {
    let (connections, accepted) = mpsc::channel(16);
    let connect = async move |name| {
        let (client, server) = tokio::io::duplex(64 * 1024);
        connections.send((server, name)).await.expect("a listener");
        client
    };
    (Piped(accepted, errors.iter().copied().collect()), connect)
}

#[tokio::test]
async fn a_request_over_tcp_has_the_address_of_its_peer() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let serving = tokio::spawn(async move {
        let config = Config::default();
        serve(listener, service_fn(tell::<SocketAddr>), &config, std::future::pending()).await;
    });
    let client = TcpStream::connect(address).await.expect("a server");
    let own = client.local_addr().expect("an address").to_string();
    // The second request of a connection has it as well.
    let both = format!("{GET}{LAST}");
    let mut client = client;
    client.write_all(both.as_bytes()).await.expect("a server");
    let mut rest = String::new();
    timeout(WAIT, client.read_to_string(&mut rest)).await.expect("in time").expect("text");
    assert_eq!(rest.matches(&own).count(), 2, "{rest}");
    serving.abort();
}

#[tokio::test]
async fn an_accepted_connection_has_the_address_that_it_is_given() {
    let (listener, connect) = piped(&[]);
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(accept(
        listener,
        async { drop(stopped.await) },
        |stream, name, stopping| async move {
            let config =
                if name == "b" { Config::default() } else { Config::default().for_peer(name) };
            let handler = service_fn(tell::<&str>);
            serve_connection_until(stream, handler, &config, stopping.wait())
                .await
                .expect("served");
        },
    ));
    assert_eq!(answer(connect("a").await, LAST).await, "\"a\"");
    assert_eq!(answer(connect("b").await, LAST).await, "none");
    stop.send(()).expect("a server");
    timeout(WAIT, serving).await.expect("in time").expect("no panic");
}

/// Returns a listener on a Unix socket, and the path of the socket.
#[cfg(unix)]
fn unix_listener(name: &str) -> (tokio::net::UnixListener, std::path::PathBuf) {
    let path = std::env::temp_dir().join(format!("switchover-{}-{name}", std::process::id()));
    (tokio::net::UnixListener::bind(&path).expect("a socket"), path)
}

#[cfg(unix)]
#[tokio::test]
async fn a_unix_socket_is_served() {
    use tokio::net::UnixStream;

    type Address = Arc<tokio::net::unix::SocketAddr>;
    let (listener, path) = unix_listener("served");
    let serving = tokio::spawn(async move {
        let config = Config::default();
        serve(listener, service_fn(tell::<Address>), &config, std::future::pending()).await;
    });
    let client = UnixStream::connect(&path).await.expect("a server");
    assert_eq!(answer(client, LAST).await, "(unnamed)");
    serving.abort();
    std::fs::remove_file(path).expect("the socket");
}

/// Checks that a client of a Unix socket ends its handler by a close.
///
/// A half-close does not end the handler: its response is sent.
#[cfg(unix)]
#[tokio::test]
async fn a_client_that_closes_its_unix_socket_ends_a_silent_handler() {
    use tokio::net::UnixStream;

    let (listener, path) = unix_listener("closed");
    let (started, mut handlers) = mpsc::channel(2);
    let (answer, answers) = tokio::sync::watch::channel(false);
    let handler = service_fn(move |_: Request<Body>| {
        let (started, mut answers) = (started.clone(), answers.clone());
        async move {
            let (running, ended) = oneshot::channel::<()>();
            let _ = started.send(ended).await;
            let _ = answers.wait_for(|answer| *answer).await;
            drop(running);
            Ok::<_, BoxError>(Response::new(Body::default()))
        }
    });
    let serving = tokio::spawn(async move {
        serve(listener, handler, &Config::default(), std::future::pending()).await;
    });
    let mut clients = Vec::new();
    for _ in 0..2 {
        let mut client = UnixStream::connect(&path).await.expect("a server");
        client.write_all(LAST.as_bytes()).await.expect("sent");
        clients.push((client, handlers.recv().await.expect("a request")));
    }
    let (mut half_closed, mut waits) = clients.pop().expect("a client");
    let (closed, ended) = clients.pop().expect("a client");
    half_closed.shutdown().await.expect("half-closed");
    drop(closed);
    timeout(WAIT, ended).await.expect("the handler has ended").expect_err("nothing is sent");
    assert_eq!(waits.try_recv(), Err(oneshot::error::TryRecvError::Empty));
    answer.send(true).expect("a handler");
    let mut response = String::new();
    timeout(WAIT, half_closed.read_to_string(&mut response)).await.expect("in time").expect("text");
    assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
    serving.abort();
    std::fs::remove_file(path).expect("the socket");
}

#[tokio::test]
async fn a_stream_is_tapped_before_its_first_byte() {
    let (listener, connect) = piped(&[]);
    let (told, mut tells) = mpsc::channel(1);
    let listener = listener.tap_io(move |stream| {
        let told = told.clone();
        // The server gets the other end of a new pipe, whose request is there already.
        let (mut own, other) = tokio::io::duplex(1024);
        drop(std::mem::replace(stream, other));
        tokio::spawn(async move {
            own.write_all(LAST.as_bytes()).await.expect("a server");
            let mut rest = String::new();
            own.read_to_string(&mut rest).await.expect("text");
            told.send(rest).await.expect("a test");
        });
    });
    let serving = tokio::spawn(async move {
        let config = Config::default();
        serve(listener, service_fn(tell::<&str>), &config, std::future::pending()).await;
    });
    let mut client = connect("tapped").await;
    // The first pipe was closed.
    assert_eq!(timeout(WAIT, client.read(&mut [0])).await.expect("in time").expect("an end"), 0);
    let answer = timeout(WAIT, tells.recv()).await.expect("in time").expect("an answer");
    assert!(answer.ends_with("\"tapped\""), "{answer}");
    serving.abort();
}

/// Checks that `on_error` gets each error of `accept`, and that the server goes on.
///
/// After an error of the listener itself, as a lack of memory, it first waits 50 ms.
#[tokio::test(start_paused = true)]
async fn errors_of_a_listener_are_told_and_survived() {
    let errors = [io::ErrorKind::ConnectionAborted, io::ErrorKind::OutOfMemory];
    let (listener, connect) = piped(&errors);
    let told = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&told);
    let listener =
        listener.on_error(move |error| hears.lock().expect("no panic").push(error.kind()));
    let serving = tokio::spawn(async move {
        let config = Config::default();
        serve(listener, service_fn(tell::<&str>), &config, std::future::pending()).await;
    });
    let begun = tokio::time::Instant::now();
    assert_eq!(answer(connect("a").await, LAST).await, "\"a\"");
    assert_eq!(begun.elapsed().as_millis(), 50);
    assert_eq!(*told.lock().expect("no panic"), errors);
    serving.abort();
}

/// Checks that a connection beyond the limit waits until another has ended.
#[tokio::test(start_paused = true)]
async fn no_more_connections_are_accepted_than_the_limit() {
    let (listener, connect) = piped(&[]);
    let listener = listener.with_limit(1).tap_io(|_| {}).on_error(|_| {}).with_limit(5);
    assert_eq!(listener.limit(), 1);
    let serving = tokio::spawn(async move {
        let config = Config::default();
        serve(listener, service_fn(tell::<&str>), &config, std::future::pending()).await;
    });
    let mut first = connect("first").await;
    first.write_all(GET.as_bytes()).await.expect("a server");
    let mut piece = [0; 256];
    let length = timeout(WAIT, first.read(&mut piece)).await.expect("in time").expect("an answer");
    assert!(piece[..length].ends_with(b"\"first\""));
    let mut second = connect("second").await;
    second.write_all(LAST.as_bytes()).await.expect("a pipe");
    let mut rest = String::new();
    let early = timeout(Duration::from_secs(10), second.read_to_string(&mut rest)).await;
    assert!(early.is_err(), "{rest}");
    drop(first);
    timeout(WAIT, second.read_to_string(&mut rest)).await.expect("in time").expect("text");
    assert!(rest.ends_with("\"second\""), "{rest}");
    serving.abort();
}
