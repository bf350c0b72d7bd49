//! Tests of a client that receives a 101 with a protocol that it did not offer.
//!
//! hyper's client accepts it; the adapter's returns an error.

use bytes::Bytes;
use http::Request;
use http_body_util::Empty;
use hyper_util::rt::TokioIo;
use switchover::ErrorKind;
use switchover_tokio::{Error, client};
use switchover_tokio_peers::within;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

/// Returns the client's end of a connection whose server switches to `bar`.
///
/// The server waits for a request before that.
fn switches_to_bar() -> DuplexStream {
    let (client, mut server) = tokio::io::duplex(1000);
    tokio::spawn(async move {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.push(server.read_u8().await.expect("a request"));
        }
        let head =
            "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: bar\r\n\r\nbar!";
        server.write_all(head.as_bytes()).await.expect("room");
        // Keep the connection open until the client closes it.
        drop(server.read_to_end(&mut request).await);
    });
    client
}

#[tokio::test]
async fn hyper_speaks_on() {
    let stream = switches_to_bar();
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("a client");
    tokio::spawn(async move { drop(connection.with_upgrades().await) });
    let request = Request::get("/")
        .header("host", "a")
        .header("connection", "upgrade")
        .header("upgrade", "foo/2");
    let request = request.body(Empty::<Bytes>::new()).expect("a request");
    let response = within(sender.send_request(request)).await.expect("an answer");
    assert_eq!(response.status(), 101);
    let mut stream = TokioIo::new(hyper::upgrade::on(response).await.expect("hyper takes it"));
    let mut heard = [0; 4];
    within(stream.read_exact(&mut heard)).await.expect("bytes");
    assert_eq!(&heard, b"bar!");
}

#[tokio::test]
async fn ours_is_an_error() {
    let stream = switches_to_bar();
    let request = Request::get("http://a/").body(Empty::<Bytes>::new()).expect("a request");
    let outcome = within(client::upgrade(stream, request, &["foo/2"])).await;
    assert!(
        matches!(outcome, Err(Error::Protocol(error)) if error.kind() == ErrorKind::SwitchNotOffered)
    );
}
