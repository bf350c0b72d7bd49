//! A socket and a `Connection`: what the engine writes goes out, what comes goes in, until something has happened.

use std::error::Error;
use std::io;
use std::time::Duration;

use switchover::{Connection, End, Paused, Role, Step};
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::TcpStream;
use tokio::time::timeout;

pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// How long a peer may take before something comes of it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Octets that are read at a time.
const PIECE: usize = 16 * 1024;

/// Octets that wait to be sent before more are asked for.
const ENOUGH: usize = 4 * PIECE;

/// How long a peer is read from that should have ended.
const LINGER: Duration = Duration::from_secs(1);

/// An argument that is the address of a server.
pub(crate) fn host_and_port(text: &str) -> Result<String, &'static str> {
    let (host, port) = text.rsplit_once(':').ok_or("HOST:PORT is wanted")?;
    let is_address = !host.is_empty() && !text.contains('/') && port.parse::<u16>().is_ok();
    if is_address { Ok(text.into()) } else { Err("HOST:PORT is wanted, without http://") }
}

/// One side: a socket and its connection.
pub(crate) struct Side {
    pub(crate) stream: TcpStream,
    pub(crate) connection: Connection,
    /// Written by the engine, not yet sent.
    pub(crate) out: Vec<u8>,
}

impl Side {
    pub(crate) fn new(stream: TcpStream, role: Role) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream, connection: Connection::new(role), out: Vec::new() })
    }

    /// Sends what the engine has written.
    pub(crate) async fn flush(&mut self) -> io::Result<()> {
        let out = std::mem::take(&mut self.out);
        timeout(PATIENCE, self.stream.write_all(&out)).await?
    }

    /// Whether more may be written before some of it is sent.
    pub(crate) fn has_room(&self) -> bool {
        self.out.len() < ENOUGH
    }

    /// Sends something, or takes something if `takes`: what can be done first.
    pub(crate) async fn work(&mut self, takes: bool) -> Result<(), Failure> {
        let interest = match (self.out.is_empty(), takes) {
            (true, false) => return std::future::pending().await,
            (true, true) => Interest::READABLE,
            (false, false) => Interest::WRITABLE,
            (false, true) => Interest::READABLE | Interest::WRITABLE,
        };
        let ready = self.stream.ready(interest).await?;
        if takes && ready.is_readable() {
            self.take()?;
        }
        if ready.is_writable() && !self.out.is_empty() {
            match self.stream.try_write(&self.out) {
                Ok(len) => drop(self.out.drain(..len)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Takes what has come, without waiting for it.
    pub(crate) fn take(&mut self) -> Result<(), Failure> {
        let space = self.connection.receive_buffer(PIECE)?;
        match self.stream.try_read(space) {
            Ok(0) => self.connection.receive_eof(End::Clean),
            Ok(len) => {
                self.connection.commit(len);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => self.connection.receive_eof(End::Truncated),
        }
        Ok(())
    }

    /// Ends the connection, so that the peer sees the last of what was sent: where octets are left unread, a close takes
    /// back what is on its way (RFC 9112, 9.6).
    pub(crate) async fn end(mut self) -> io::Result<()> {
        self.flush().await?;
        self.stream.shutdown().await?;
        let mut piece = vec![0; PIECE];
        let rest = async { while matches!(self.stream.read(&mut piece).await, Ok(1..)) {} };
        // Who goes on and on does not want to see it.
        timeout(LINGER, rest).await.or(Ok(()))
    }

    /// The next event, or what the host has to do first; reads as needed.
    pub(crate) async fn advance(&mut self) -> Result<Option<Paused>, Failure> {
        loop {
            match self.connection.advance()? {
                Step::Event => return Ok(None),
                Step::Paused(why) => return Ok(Some(why)),
                Step::NeedData => {
                    self.flush().await?;
                    timeout(PATIENCE, self.stream.readable()).await??;
                    self.take()?;
                }
            }
        }
    }
}
