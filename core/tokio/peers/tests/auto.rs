//! The tests of hyper-util's `auto` server, by their names there, on this adapter.
//!
//! Those of its builder are left out, as are the two of `http2_only`. A server of HTTP/2 alone
//! needs only an HTTP/2 library. `graceful_shutdown` differs in its outcome: here a
//! connection without a request ends without an error.

use std::convert::Infallible;
use std::future::ready;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use switchover_tokio::{Body, Config, serve_connection_until, service_fn};
use switchover_tokio_peers::{Served, within};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

const BODY: &[u8] = b"Hello, world!";

async fn hello(_: Request<Body>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new(Full::new(Bytes::from_static(BODY))))
}

async fn both() -> Served {
    Served::with(service_fn(hello), Config::default().with_h2(service_fn(hello))).await
}

async fn http1_only_server() -> Served {
    Served::by(service_fn(hello)).await
}

async fn connect_h1(served: &Served) -> http1::SendRequest<Empty<Bytes>> {
    let stream = TcpStream::connect(served.address).await.expect("a server");
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("HTTP/1.1");
    tokio::spawn(connection);
    sender
}

async fn connect_h2(served: &Served) -> http2::SendRequest<Empty<Bytes>> {
    let stream = TcpStream::connect(served.address).await.expect("a server");
    let handshake = http2::Builder::new(TokioExecutor::new()).handshake(TokioIo::new(stream));
    let (sender, connection) = handshake.await.expect("a preface");
    tokio::spawn(connection);
    sender
}

/// Returns a request with a host, which hyper's client does not add.
fn request(served: &Served) -> Request<Empty<Bytes>> {
    let request = Request::get(served.url("/")).header("host", served.address.to_string());
    request.body(Empty::new()).expect("a request")
}

async fn content(response: Response<hyper::body::Incoming>) -> Bytes {
    within(response.into_body().collect()).await.expect("content").to_bytes()
}

/// Checks that a client of HTTP/1.1 gets its response.
async fn answers_http1(served: &Served) {
    let mut sender = connect_h1(served).await;
    let response = within(sender.send_request(request(served))).await.expect("a response");
    assert_eq!(content(response).await, BODY);
}

#[tokio::test]
async fn http1() {
    answers_http1(&both().await).await;
}

#[tokio::test]
async fn http2() {
    let served = both().await;
    let mut sender = connect_h2(&served).await;
    let response = within(sender.send_request(request(&served))).await.expect("a response");
    assert_eq!(content(response).await, BODY);
}

#[tokio::test]
async fn http1_only() {
    answers_http1(&http1_only_server().await).await;
}

#[tokio::test]
async fn http1_only_fail_if_client_is_http2() {
    let served = http1_only_server().await;
    let mut sender = connect_h2(&served).await;
    within(sender.send_request(request(&served))).await.expect_err("should fail");
}

#[tokio::test]
async fn graceful_shutdown() {
    let config = Config::default().with_h2(service_fn(hello));
    let (mut client, server) = tokio::io::duplex(1024);
    let serving = serve_connection_until(server, service_fn(hello), &config, ready(()));
    within(serving).await.expect("an idle connection");
    assert_eq!(
        within(client.read_u8()).await.expect_err("closed").kind(),
        std::io::ErrorKind::UnexpectedEof
    );
}
