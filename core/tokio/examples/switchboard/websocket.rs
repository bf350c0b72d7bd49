//! WebSocket after the handshake: tungstenite reads and writes the frames, the engine has done everything before.

use std::io;
use std::time::{Duration, Instant};

use tungstenite::protocol::frame::CloseFrame;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{Role, WebSocket, WebSocketConfig};
use tungstenite::{Error, Message};

use crate::socket::Socket;

/// The largest message that is echoed.
const LARGEST: usize = 4 << 20;

/// How long a client may be silent.
const PATIENCE: Duration = Duration::from_secs(60);

/// Sends every message back until one side closes, beginning with the bytes that came along with HTTP. How many
/// messages it was.
pub(crate) fn echo(leftover: Vec<u8>, socket: &Socket) -> Result<u64, Box<Error>> {
    let config = WebSocketConfig::default().max_message_size(Some(LARGEST)).max_frame_size(Some(LARGEST));
    let mut frames = WebSocket::from_partially_read(socket, leftover, Role::Server, Some(config));
    let mut messages = 0;
    loop {
        socket.set_deadline(Instant::now() + PATIENCE);
        match frames.read() {
            Ok(message @ (Message::Text(_) | Message::Binary(_))) => {
                messages += 1;
                frames.send(message)?;
            }
            // tungstenite answers pings and closes itself, with the next read.
            Ok(_) => {}
            Err(Error::ConnectionClosed) => return Ok(messages),
            Err(error) => {
                say_goodbye(&mut frames, &error);
                return Err(Box::new(error));
            }
        }
    }
}

/// RFC 6455, 7.4.1: why we close, if the client still wants to know.
pub(crate) fn say_goodbye(frames: &mut WebSocket<&Socket>, error: &Error) {
    let code = match error {
        Error::Io(error) if error.kind() == io::ErrorKind::ConnectionAborted => CloseCode::Restart,
        Error::Io(_) => CloseCode::Away,
        Error::Capacity(_) => CloseCode::Size,
        Error::Utf8(_) => CloseCode::Invalid,
        _ => CloseCode::Protocol,
    };
    let _ = frames.close(Some(CloseFrame { code, reason: "".into() }));
}
