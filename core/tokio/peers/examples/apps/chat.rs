//! A chat: what one WebSocket sends, all receive.

use axum::Router;
use axum::extract::ws::{Message, WebSocket};
use axum::extract::{Path, State, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::any;
use futures_util::{SinkExt, StreamExt};
use tokio::sync::broadcast;

type Room = broadcast::Sender<String>;

/// Returns a router with one room.
pub(crate) fn app() -> Router {
    Router::new().route("/chat/{name}", any(join)).with_state(Room::new(100))
}

async fn join(
    Path(name): Path<String>,
    State(room): State<Room>,
    upgrade: WebSocketUpgrade,
) -> Response {
    upgrade.protocols(["chat"]).on_upgrade(async move |socket| talk(socket, &name, &room).await)
}

async fn talk(socket: WebSocket, name: &str, room: &Room) {
    let (mut sink, mut stream) = socket.split();
    let mut heard = room.subscribe();
    let _ = room.send(format!("{name} joined"));
    loop {
        tokio::select! {
            line = heard.recv() => {
                let Ok(line) = line else { break };
                if sink.send(Message::text(line)).await.is_err() {
                    break;
                }
            }
            message = stream.next() => match message {
                Some(Ok(Message::Text(text))) => drop(room.send(format!("{name}: {text}"))),
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => {}
            },
        }
    }
    let _ = room.send(format!("{name} left"));
}
