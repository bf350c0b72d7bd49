//! Relays between the probe's new protocol and standard input and output.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use switchover::End;
use switchover::masque::{Capsules, Datagram};
use tungstenite::protocol::{Role, WebSocket};
use tungstenite::{Error, Message};

use crate::duplex::Input;
use crate::transport::Stream;

/// The server's silence at which the relay of a WebSocket or of UDP is ended.
///
/// It counts once standard input has ended. A WebSocket has no half-close: many servers discard
/// pending messages when they receive a Close.
const QUIET: Duration = Duration::from_secs(1);

/// The limit of unsent automatic replies, such as pongs, in bytes.
///
/// The probe fails if a server causes more of them without reading.
pub(crate) const UNREAD: usize = 4 << 20;

/// The time to wait for the server's Close, or for EOF after both Close frames.
const CLOSING: Duration = Duration::from_secs(5);

/// Copies standard input to the server, and the server's bytes to standard output.
///
/// `early` was received before the relay began; `end` is set if the server's direction has ended
/// already. Returns when the server's direction ends; fails if it was truncated.
pub(crate) fn pipe(line: &mut Stream, early: &[u8], end: Option<End>) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    print(&mut stdout, early)?;
    if let Some(end) = end {
        return whole(end);
    }
    line.feed(io::stdin());
    while let Some(input) = line.next(None)? {
        match input {
            Input::Peer(bytes) => print(&mut stdout, &bytes)?,
            Input::PeerEnd(end) => return whole(end),
            Input::Local(bytes) => line.send(bytes)?,
            Input::LocalEnd => line.finish()?,
        }
    }
    Ok(())
}

/// Returns an error if the connection was truncated, because bytes may be missing.
pub(crate) fn whole(end: End) -> io::Result<()> {
    match end {
        End::Clean => Ok(()),
        End::Truncated => {
            Err(io::Error::new(ErrorKind::UnexpectedEof, "the server has cut the connection"))
        }
    }
}

/// Relays lines of standard input as WebSocket messages, and messages as lines.
///
/// A line is sent as a text message, or as a binary one if it is not UTF-8. Closes once standard
/// input has ended and the server is silent for `QUIET`. `early` was received before the relay
/// began; `peer_ended` is true if the server's bytes have ended already.
pub(crate) fn messages(
    line: &mut Stream,
    early: &[u8],
    peer_ended: bool,
) -> Result<(), Box<dyn std::error::Error>> {
    let wire = Wire { inbox: early.iter().copied().collect(), peer_ended, outbox: Vec::new() };
    let mut frames = WebSocket::from_raw_socket(wire, Role::Client, None);
    let (mut typed, mut timeout, mut closed_by) = (Vec::new(), None, None);
    let (mut said, mut answers, mut left) = (0, 0, usize::MAX);
    line.feed(io::stdin());
    while print_messages(&mut frames)? {
        let outbox = std::mem::take(&mut frames.get_mut().outbox);
        answers += outbox.len() - said;
        line.send(outbox)?;
        answers = answers.min(line.unsent());
        if answers > UNREAD {
            return Err("the server sends pings, and does not read the pongs".into());
        }
        if !frames.can_read() {
            // Both sides have sent Close; the server must close the TCP connection (RFC 6455,
            // 7.1.1), whatever it still sends. One that is slow to do so is no error.
            let by = *closed_by.get_or_insert_with(|| Instant::now() + CLOSING);
            if Instant::now() >= by {
                return Ok(());
            }
        }
        match line.next(closed_by.or(timeout.map(|timeout| Instant::now() + timeout)))? {
            None if closed_by.is_some() => return Ok(()),
            // The server cannot answer what has not left yet.
            None if timeout == Some(QUIET) && (1..left).contains(&line.unsent()) => {
                left = line.unsent();
            }
            None if timeout == Some(QUIET) => {
                close(&mut frames)?;
                timeout = Some(CLOSING);
            }
            None => return Err("the server does not answer the Close".into()),
            Some(Input::Peer(bytes)) => frames.get_mut().inbox.extend(bytes),
            Some(Input::PeerEnd(_)) => frames.get_mut().peer_ended = true,
            Some(Input::Local(bytes)) => send_lines(&mut frames, &mut typed, &bytes)?,
            Some(Input::LocalEnd) => {
                if !typed.is_empty() {
                    send(&mut frames, std::mem::take(&mut typed))?;
                }
                timeout = Some(QUIET);
            }
        }
        said = frames.get_mut().outbox.len();
    }
    Ok(())
}

/// Relays lines of standard input as UDP datagrams, and datagrams as lines.
///
/// Returns when the server closes, or a second after the end of the input and the server's last
/// bytes. `early` was received before the relay began; `end` is set if the server's direction
/// has ended already.
pub(crate) fn datagrams(
    line: &mut Stream,
    early: &[u8],
    mut end: Option<End>,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut stdout = io::stdout().lock();
    let (mut capsules, mut typed, mut timeout) =
        (Capsules::new(Capsules::UDP_PAYLOAD), Vec::new(), None);
    capsules.receive(early);
    line.feed(io::stdin());
    loop {
        while let Some(datagram) = capsules.next_datagram()? {
            // Datagrams of other contexts have no agreed meaning: RFC 9298, section 4.
            if datagram.context == 0 {
                stdout.write_all(datagram.payload)?;
                print(&mut stdout, b"\n")?;
            }
        }
        if let Some(end) = end {
            capsules.finish()?;
            return Ok(whole(end)?);
        }
        match line.next(timeout.map(|timeout| Instant::now() + timeout))? {
            Some(Input::Peer(bytes)) => capsules.receive(&bytes),
            Some(Input::PeerEnd(how)) => end = Some(how),
            Some(Input::Local(bytes)) => {
                typed.extend_from_slice(&bytes);
                while let Some(end) = typed.iter().position(|&byte| byte == b'\n') {
                    line.send(datagram(&typed[..end]))?;
                    typed.drain(..=end);
                }
            }
            Some(Input::LocalEnd) => {
                if !typed.is_empty() {
                    line.send(datagram(&std::mem::take(&mut typed)))?;
                }
                timeout = Some(QUIET);
            }
            None => return Ok(line.finish()?),
        }
    }
}

fn datagram(line: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    Datagram { context: 0, payload: &line[..line.len().min(Capsules::UDP_PAYLOAD)] }
        .write(&mut out);
    out
}

/// Prints all complete messages; returns `false` once the WebSocket has ended.
fn print_messages(frames: &mut WebSocket<Wire>) -> Result<bool, Box<dyn std::error::Error>> {
    let mut stdout = io::stdout().lock();
    loop {
        match frames.read() {
            Ok(message @ (Message::Text(_) | Message::Binary(_))) => {
                stdout.write_all(&message.into_data())?;
                print(&mut stdout, b"\n")?;
            }
            Ok(_) => {}
            Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
            Err(Error::ConnectionClosed) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
    }
}

fn send_lines(
    frames: &mut WebSocket<Wire>,
    line: &mut Vec<u8>,
    mut bytes: &[u8],
) -> Result<(), Box<Error>> {
    while let Some(end) = bytes.iter().position(|&byte| byte == b'\n') {
        line.extend_from_slice(&bytes[..end]);
        bytes = &bytes[end + 1..];
        send(frames, std::mem::take(line))?;
    }
    line.extend_from_slice(bytes);
    Ok(())
}

fn send(frames: &mut WebSocket<Wire>, line: Vec<u8>) -> Result<(), Box<Error>> {
    let message = String::from_utf8(line)
        .map_or_else(|error| Message::binary(error.into_bytes()), Message::text);
    let outcome = frames.send(message);
    if_open(outcome)
}

fn close(frames: &mut WebSocket<Wire>) -> Result<(), Box<Error>> {
    let outcome = frames.close(None);
    if_open(outcome)
}

/// Turns the errors of a message sent after the server's Close into success.
fn if_open(outcome: Result<(), Error>) -> Result<(), Box<Error>> {
    match outcome {
        Err(Error::ConnectionClosed | Error::AlreadyClosed | Error::Protocol(_)) | Ok(()) => Ok(()),
        Err(error) => Err(Box::new(error)),
    }
}

fn print(stdout: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    stdout.write_all(bytes)?;
    stdout.flush()
}

/// The in-memory stream of tungstenite, so that its calls never block.
struct Wire {
    inbox: VecDeque<u8>,
    peer_ended: bool,
    outbox: Vec<u8>,
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.inbox.read(buffer)? {
            0 if !self.peer_ended => Err(ErrorKind::WouldBlock.into()),
            len => Ok(len),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.outbox.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
