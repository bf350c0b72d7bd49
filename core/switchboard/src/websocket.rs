//! The server's WebSockets after the opening handshake, with frames by tungstenite.
//!
//! The engine has performed the opening handshake.

use std::io;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use switchover_tokio::Upgraded;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tungstenite::protocol::frame::CloseFrame;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{Role, WebSocketConfig};
use tungstenite::{Error, Message};

/// The largest message that is echoed, in bytes.
const LARGEST: usize = 4 << 20;

/// The most bytes that may wait to be sent on a WebSocket.
///
/// If a client pings without reading the pongs, only the latest pong is sent once so many bytes
/// wait (RFC 6455, section 5.5.3).
const MOST_WAITING: usize = 2 * LARGEST;

/// The time to wait for the client's next message in an echo, or for a write.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The most extra time for writing a message, as a multiple of its time limit.
///
/// Each byte of the message adds a millisecond.
const EARNED_MAX: u32 = 9;

pub(crate) type Frames<'s> = WebSocketStream<&'s mut Upgraded>;

/// Creates a server's WebSocket on a stream, after the opening handshake.
///
/// A received message or frame with more than `largest` bytes is an error.
pub(crate) async fn frames(stream: &mut Upgraded, largest: usize) -> Frames<'_> {
    let config = WebSocketConfig::default()
        .max_message_size(Some(largest))
        .max_frame_size(Some(largest))
        .max_write_buffer_size(MOST_WAITING);
    WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await
}

/// Sends every text and binary message back until the client closes.
///
/// Returns the number of messages. Fails if `stop` resolves first, or a read or write fails or is
/// too slow; the client then gets a Close.
pub(crate) async fn echo(
    stream: &mut Upgraded,
    stop: impl Future<Output = ()>,
) -> Result<u64, Box<Error>> {
    let mut frames = frames(stream, LARGEST).await;
    let outcome = tokio::select! {
        outcome = echo_all(&mut frames) => outcome,
        () = stop => Err(Error::Io(io::Error::other("the server stops")).into()),
    };
    if let Err(error) = &outcome {
        say_goodbye(&mut frames, error).await;
    }
    outcome
}

async fn echo_all(frames: &mut Frames<'_>) -> Result<u64, Box<Error>> {
    let mut messages = 0;
    while let Some(message) = timeout(TIMEOUT, frames.next()).await.map_err(late)? {
        // tungstenite responds to Ping and Close frames.
        if let message @ (Message::Text(_) | Message::Binary(_)) = message? {
            messages += 1;
            send(frames, message, TIMEOUT).await?;
        }
    }
    Ok(messages)
}

pub(crate) async fn send(
    frames: &mut Frames<'_>,
    message: Message,
    limit: Duration,
) -> Result<(), Box<Error>> {
    // A client that reads slowly has a millisecond more for each byte, up to `EARNED_MAX` limits.
    let earned = Duration::from_millis(message.len() as u64).min(limit * EARNED_MAX);
    let limit = limit + earned;
    Ok(timeout(limit, frames.send(message)).await.map_err(late)??)
}

fn late(elapsed: tokio::time::error::Elapsed) -> Error {
    Error::Io(elapsed.into())
}

/// Sends a WebSocket Close frame with the status code for an error.
///
/// Ignores failures.
///
/// RFC 6455, section 7.4.1.
pub(crate) async fn say_goodbye(frames: &mut Frames<'_>, error: &Error) {
    let code = match error {
        Error::Io(_) => CloseCode::Away,
        Error::Capacity(_) => CloseCode::Size,
        Error::Utf8(_) => CloseCode::Invalid,
        _ => CloseCode::Protocol,
    };
    let _ = timeout(TIMEOUT, frames.close(Some(CloseFrame { code, reason: "".into() }))).await;
}
