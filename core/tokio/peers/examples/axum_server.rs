//! An example axum router on this adapter: a page, an echo, WebSocket and `foo/2`.

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use axum::routing::{any, get, post};
use futures_util::{SinkExt, StreamExt};
use switchover_tokio::upgrade::{self, Offers};
use switchover_tokio::{Config, Upgraded, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::Role;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or(8080);
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let router = Router::new()
        .route("/plain", get(async || "plain\n"))
        .route("/echo", post(async |content: Body| content))
        .route("/ws", any(async |offers: Offers| answer(&offers, "websocket", frames)))
        .route("/foo", any(async |offers: Offers| answer(&offers, "foo/2", shout)));
    let stop = async { drop(tokio::signal::ctrl_c().await) };
    serve(listener, router, &Config::default(), stop).await;
    Ok(())
}

/// Switches to `protocol` if it is offered, and otherwise responds with a 426.
fn answer<F: Future<Output = ()> + Send + 'static>(
    offers: &Offers,
    protocol: &str,
    speak: impl FnOnce(Upgraded) -> F + Send + 'static,
) -> Response {
    match offers.select([protocol]) {
        Some(chosen) => chosen.accept(speak),
        None => upgrade::require(&[protocol], Body::empty()),
    }
}

/// Speaks WebSocket, and returns each message to its sender.
async fn frames(stream: Upgraded) {
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
    while let Some(Ok(message)) = socket.next().await {
        if (message.is_text() || message.is_binary()) && socket.send(message).await.is_err() {
            break;
        }
    }
}

/// Speaks `foo/2`, and returns everything in upper case.
async fn shout(mut stream: Upgraded) {
    let mut bytes = [0; 4096];
    while let Ok(length @ 1..) = stream.read(&mut bytes).await {
        bytes.make_ascii_uppercase();
        if stream.write_all(&bytes[..length]).await.is_err() {
            break;
        }
    }
}
