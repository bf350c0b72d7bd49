//! A socket and a `Connection`: what the engine writes goes out, what comes goes in, until something has happened.

use std::error::Error;
use std::io;
use std::time::Duration;

use switchover::{Awaiting, Connection, End, Paused, Step};
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// Bytes that are read at a time.
const PIECE: usize = 16 * 1024;

/// Bytes that wait to be sent before more are asked for.
const ENOUGH: usize = 4 * PIECE;

/// How long a peer is read from that should have ended: as long as it goes on without a pause of `LULL`, and no longer.
pub(crate) const LINGER: Duration = Duration::from_secs(4);
pub(crate) const LULL: Duration = Duration::from_secs(1);

/// Longer than any connection lasts.
const NEVER: Duration = Duration::from_secs(1 << 30);

/// An argument that is the address of a server.
pub(crate) fn host_and_port(text: &str) -> Result<String, &'static str> {
    let (host, port) = text.rsplit_once(':').ok_or("HOST:PORT is wanted")?;
    let is_address = !host.is_empty() && !text.contains('/') && port.parse::<u16>().is_ok();
    if is_address { Ok(text.into()) } else { Err("HOST:PORT is wanted, without http://") }
}

/// How long a peer may keep us waiting: `patience` for a message, and a millisecond more for each byte, never more than
/// `patience` in all. So a peer that sends or takes a byte a second is given up, one with much content is not.
pub(crate) struct Pace {
    patience: Duration,
    /// Since when we wait; `None` while we do not.
    since: Option<Instant>,
}

impl Pace {
    pub(crate) fn new(patience: Duration) -> Self {
        Self { patience, since: None }
    }

    /// Until when we wait for the peer, if we do.
    pub(crate) fn until(&mut self, waits: bool) -> Instant {
        if waits {
            return *self.since.get_or_insert_with(Instant::now) + self.patience;
        }
        self.renew();
        Instant::now() + NEVER
    }

    /// The peer has sent or taken so much.
    pub(crate) fn earn(&mut self, len: usize) {
        self.since = self.since.map(|since| (since + Duration::from_millis(len as u64)).min(Instant::now()));
    }

    /// The peer has done its part; the next wait is a new one.
    pub(crate) fn renew(&mut self) {
        self.since = None;
    }
}

/// One side: a socket and its connection.
pub(crate) struct Side {
    pub(crate) stream: TcpStream,
    pub(crate) connection: Connection,
    /// Written by the engine, not yet sent.
    pub(crate) out: Vec<u8>,
    pub(crate) pace: Pace,
}

impl Side {
    /// What the engine has written already is sent first.
    pub(crate) fn new(stream: TcpStream, connection: Connection, out: Vec<u8>, patience: Duration) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream, connection, out, pace: Pace::new(patience) })
    }

    /// Whether more may be written before some of it is sent.
    pub(crate) fn has_room(&self) -> bool {
        self.out.len() < ENOUGH
    }

    /// Whether no message is under way.
    pub(crate) fn is_idle(&self) -> bool {
        self.connection.awaiting() == Awaiting::Request && self.connection.unread().is_empty()
    }

    /// Sends something, or takes something if `takes`: what can be done first. The peer is waited for no longer than it
    /// may take: if it has to send something (`owes`), or to take what is there.
    pub(crate) async fn work(&mut self, takes: bool, owes: bool) -> io::Result<()> {
        let interest = match (self.out.is_empty(), takes) {
            (true, false) => return std::future::pending().await,
            (true, true) => Interest::READABLE,
            (false, false) => Interest::WRITABLE,
            (false, true) => Interest::READABLE | Interest::WRITABLE,
        };
        let deadline = self.pace.until(owes || !self.out.is_empty());
        let ready = timeout_at(deadline, self.stream.ready(interest)).await??;
        if takes && ready.is_readable() {
            self.take()?;
        }
        if ready.is_writable() && !self.out.is_empty() {
            match self.stream.try_write(&self.out) {
                Ok(len) => {
                    self.out.drain(..len);
                    self.pace.earn(len);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Takes what has come, without waiting for it.
    pub(crate) fn take(&mut self) -> io::Result<()> {
        let space = self.connection.receive_buffer(PIECE).map_err(io::Error::other)?;
        match self.stream.try_read(space) {
            Ok(0) => self.connection.receive_eof(End::Clean),
            Ok(len) => {
                self.connection.commit(len);
                self.pace.earn(len);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => self.connection.receive_eof(End::Truncated),
        }
        Ok(())
    }

    /// Sends what the engine has written.
    pub(crate) async fn flush(&mut self) -> io::Result<()> {
        while !self.out.is_empty() {
            self.work(false, true).await?;
        }
        self.pace.renew();
        Ok(())
    }

    /// The next event, or what is to be done first; sends and reads as needed.
    pub(crate) async fn advance(&mut self) -> Result<Option<Paused>, Failure> {
        loop {
            match self.connection.advance()? {
                Step::Event => return Ok(None),
                Step::Paused(why) => return Ok(Some(why)),
                // Answers that are not taken are a reason to read no further request.
                Step::NeedData => self.work(self.has_room(), true).await?,
            }
        }
    }

    /// Moves on to the next event; false if it needs more bytes or a decision first. Fails once the connection is over.
    pub(crate) fn has_event(&mut self) -> Result<bool, Failure> {
        match self.connection.advance()? {
            Step::Paused(Paused::Closed) => Err("the peer has closed before the end".into()),
            step => Ok(step == Step::Event),
        }
    }

    /// Ends the connection, so that the peer sees the last of what was sent: where bytes are left unread, a close takes
    /// back what is on its way (RFC 9112, 9.6).
    pub(crate) async fn end(mut self) -> io::Result<()> {
        if self.connection.must_reset() {
            return Ok(());
        }
        self.flush().await?;
        self.stream.shutdown().await?;
        let mut piece = vec![0; PIECE];
        let rest = async { while matches!(timeout(LULL, self.stream.read(&mut piece)).await, Ok(Ok(1..))) {} };
        // A peer that goes on and on does not want to see it.
        timeout(LINGER, rest).await.or(Ok(()))
    }
}

/// An answer that ends with its connection would look complete however it ends: if it is not, the connection is reset
/// (RFC 9112, 8).
impl Drop for Side {
    fn drop(&mut self) {
        if self.connection.must_reset() {
            let _ = self.stream.set_zero_linger();
        }
    }
}
