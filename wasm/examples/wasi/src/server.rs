//! The server: HTTP/1.1, and two protocols for clients that offer them.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use http::{Method, Request, Response, StatusCode};
use switchover_tokio::{Body, BoxError, Config, Listener, Upgraded, serve, service_fn, upgrade};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use crate::{LINE, TIMEOUT};

pub(crate) async fn listen(addresses: &[SocketAddr]) -> Result<(), BoxError> {
    let listener = TcpListener::bind(addresses).await?;
    println!("listening on {}", listener.local_addr()?);
    // WASI has no signals: the host stops the component.
    let never = std::future::pending();
    serve(listener.with_limit(1000), service_fn(answer), &Config::default(), never).await;
    Ok(())
}

async fn answer(request: Request<Body>) -> Result<Response<Body>, BoxError> {
    if let Some(chosen) = upgrade::select(&request, ["foo/2", "websocket"]) {
        let line = format!("foo/2 answers {} {}\n", request.method(), request.uri().path());
        return Ok(match chosen.protocol() {
            "websocket" => chosen.accept(echo),
            _ => chosen.accept(|stream| shout(stream, line)),
        });
    }
    Ok(match *request.method() {
        Method::GET | Method::HEAD if request.uri().path() == "/ws" => {
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
    while let Ok(Ok(())) = timeout(TIMEOUT, stream.write_all(&line)).await {
        line.clear();
        let read = timeout(TIMEOUT, (&mut stream).take(LINE).read_until(b'\n', &mut line)).await;
        let Ok(Ok(1..)) = read else { break };
        line.make_ascii_uppercase();
    }
}

/// Sends each text or binary message of a WebSocket back.
async fn echo(stream: Upgraded) {
    let limits = WebSocketConfig::default().max_message_size(Some(1 << 20));
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, Some(limits)).await;
    while let Ok(Some(Ok(message))) = timeout(TIMEOUT, socket.next()).await {
        if message.is_text() || message.is_binary() {
            let Ok(Ok(())) = timeout(TIMEOUT, socket.send(message)).await else { break };
        }
    }
}
