//! A host of the hostile kit: axum's own `WebSocketUpgrade`.
//!
//! `switchover_tokio` serves it.

use axum::Router;
use axum::body::Body;
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::routing::{any, get, post};
use switchover_tokio::Config;
use switchover_tokio::hyper::WithOnUpgrade;

#[path = "common.rs"]
#[allow(dead_code, reason = "what another driver needs")]
mod common;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let router = Router::new()
        .route("/plain", any(async || "plain\n"))
        .route("/echo", post(async |content: Body| content))
        .route("/self", get(async || common::tasks()))
        .route("/megabyte", get(async || vec![b'x'; 1 << 20]))
        .route("/waits", any(async || std::future::pending::<&str>().await))
        .route(
            "/raises-switched",
            any(async |socket: WebSocketUpgrade| {
                socket.on_upgrade(async |_| std::panic::panic_any(common::PANIC))
            }),
        )
        .route("/ws", any(async |socket: WebSocketUpgrade| socket.on_upgrade(echo)));
    common::run(WithOnUpgrade(router), &Config::default()).await
}

async fn echo(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        if socket.send(message).await.is_err() {
            break;
        }
    }
}
