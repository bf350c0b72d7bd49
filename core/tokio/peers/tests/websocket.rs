//! Tests of WebSocket with tokio-tungstenite, on both sides of the adapter.

use std::convert::Infallible;

use futures_util::{SinkExt, StreamExt};
use http::{Request, Response};
use switchover_tokio::{Body, service_fn, upgrade};
use switchover_tokio_peers::{Served, within};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::{Error, Message};

async fn echo(request: Request<Body>) -> Result<Response<Body>, Infallible> {
    let Some(chosen) = upgrade::select(&request, ["websocket"]) else {
        return Ok(upgrade::require(&["websocket"], "WebSocket is spoken here.\n".into()));
    };
    Ok(chosen.accept(async |stream| {
        let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
        while let Some(Ok(message)) = socket.next().await {
            if (message.is_text() || message.is_binary()) && socket.send(message).await.is_err() {
                break;
            }
        }
    }))
}

#[tokio::test]
async fn messages_are_echoed() {
    let served = Served::by(service_fn(echo)).await;
    let (mut socket, answer) =
        within(tokio_tungstenite::connect_async(format!("ws://{}/", served.address)))
            .await
            .expect("accepted");
    assert_eq!(answer.status(), 101);
    for len in [0, 1, 125, 126, 65_535, 65_536, 1_000_000] {
        socket.send(Message::text("x".repeat(len))).await.expect("a server");
        let echoed = within(socket.next()).await.expect("a message").expect("a message");
        assert_eq!(echoed.into_text().expect("text").len(), len);
    }
    socket.close(None).await.expect("a server");
    assert!(matches!(within(socket.next()).await, Some(Ok(Message::Close(_)))));
    served.stop().await;
}

#[tokio::test]
async fn our_client_opens_one() {
    let served = Served::by(service_fn(echo)).await;
    let stream = tokio::net::TcpStream::connect(served.address).await.expect("a server");
    let request = Request::get(served.url("/")).body(Body::empty()).expect("a request");
    let outcome = within(switchover_tokio::client::upgrade(stream, request, &["websocket"]))
        .await
        .expect("an answer");
    let stream = outcome.into_result().expect("accepted");
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Client, None).await;
    socket.send(Message::text("hello")).await.expect("a server");
    assert_eq!(
        within(socket.next()).await.expect("a message").expect("text"),
        Message::text("hello")
    );
    drop(socket);
    served.stop().await;
}

#[tokio::test]
async fn what_offers_nothing_is_told_what_would_do() {
    let served = Served::by(service_fn(echo)).await;
    let answer = reqwest::get(served.url("/")).await.expect("an answer");
    assert_eq!(
        (answer.status().as_u16(), answer.headers()["upgrade"].as_bytes()),
        (426, &b"websocket"[..])
    );
    // A handshake that violates a rule of RFC 6455.
    let request = Request::get(format!("ws://{}/", served.address))
        .header("host", "a")
        .header("connection", "upgrade");
    let request = request.header("upgrade", "websocket").header("sec-websocket-version", "12");
    let request = request
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .body(())
        .expect("a request");
    let outcome = within(tokio_tungstenite::connect_async(request)).await;
    assert!(matches!(outcome, Err(Error::Http(answer)) if answer.status() == 426));
    served.stop().await;
}
