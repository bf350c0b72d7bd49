//! The server: HTTP/1.1, and two protocols for clients that offer them.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use http::{Method, Request, Response, StatusCode};
use switchover_tokio::{Body, BoxError, Config, Upgraded, serve, service_fn, upgrade};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_tungstenite::{WebSocketStream, tungstenite::protocol::Role};

use crate::LINE;

pub(crate) async fn listen(address: SocketAddr) -> Result<(), BoxError> {
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    // WASI has no signals: the host stops the component.
    serve(listener, service_fn(answer), &Config::default(), std::future::pending()).await;
    Ok(())
}

async fn answer(request: Request<Body>) -> Result<Response<Body>, BoxError> {
    if let Some(chosen) = upgrade::select(&request, ["foo/2", "websocket"]) {
        return Ok(match chosen.protocol() {
            "websocket" => chosen.accept(echo),
            _ => {
                let line = format!("foo/2 answers {} {}\n", request.method(), request.uri().path());
                chosen.accept(|stream| shout(stream, line))
            }
        });
    }
    Ok(match *request.method() {
        Method::GET if request.uri().path() == "/ws" => {
            upgrade::require(&["websocket"], "This is a WebSocket.\n".into())
        }
        Method::GET | Method::HEAD => Response::new("Offer foo/2 or websocket.\n".into()),
        Method::POST => Response::new(request.into_body()),
        _ => Response::builder().status(StatusCode::NOT_IMPLEMENTED).body(Body::empty())?,
    })
}

/// Speaks `foo/2`: responds to the request, then returns each line in upper case.
async fn shout(stream: Upgraded, response: String) {
    let (mut stream, mut line) = (BufReader::new(stream), response.into_bytes());
    while stream.write_all(&line).await.is_ok() {
        line.clear();
        let Ok(1..) = (&mut stream).take(LINE).read_until(b'\n', &mut line).await else { break };
        line.make_ascii_uppercase();
    }
}

/// Returns each message of a WebSocket.
async fn echo(stream: Upgraded) {
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
    while let Some(Ok(message)) = socket.next().await {
        if (message.is_text() || message.is_binary()) && socket.send(message).await.is_err() {
            break;
        }
    }
}
