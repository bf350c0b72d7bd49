//! A socket and a `Connection`: what the engine writes goes out, what comes goes in, until something has happened.

use std::error::Error;
use std::io;
use std::time::Duration;

use switchover::{Connection, End, Paused, Role, Step};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// How long a peer may take before something comes of it.
const PATIENCE: Duration = Duration::from_secs(30);

/// Octets that are read at a time.
const PIECE: usize = 16 * 1024;

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

    async fn fill(&mut self) -> Result<(), Failure> {
        let space = self.connection.receive_buffer(PIECE)?;
        match timeout(PATIENCE, self.stream.read(space)).await? {
            Ok(0) => self.connection.receive_eof(End::Clean),
            Ok(len) => {
                self.connection.commit(len);
            }
            Err(_) => self.connection.receive_eof(End::Truncated),
        }
        Ok(())
    }

    /// The next event, or what the host has to do first; reads as needed.
    pub(crate) async fn advance(&mut self) -> Result<Option<Paused>, Failure> {
        loop {
            match self.connection.advance()? {
                Step::Event => return Ok(None),
                Step::Paused(why) => return Ok(Some(why)),
                Step::NeedData => {
                    self.flush().await?;
                    self.fill().await?;
                }
            }
        }
    }
}
