//! A socket and the engine: the server's run loop.

use std::io::{self, ErrorKind, Read, Write};
use std::time::Instant;

use switchover::state::Tx;
use switchover::{Awaiting, Blame, End, Error, Event, Paused, Step};

use crate::engine::Engine;
use crate::socket::Socket;

/// Bytes that are read at a time, and that may wait to be written while more are produced.
const PIECE: usize = 16 * 1024;

/// What is read from the socket goes into the engine, what the engine writes goes out.
pub(crate) struct Wire {
    pub(crate) socket: Socket,
    pub(crate) engine: Engine,
    /// Written by the engine, not yet sent.
    pub(crate) out: Vec<u8>,
    /// The peer has been told that nothing more comes.
    has_ended: bool,
    /// Since when the peer is waited for, which begins anew with each event; and how much content it has sent since.
    since: Option<Instant>,
    octets: u64,
}

/// Why the events have ended before the connection did.
#[derive(Debug)]
pub(crate) enum Ended {
    /// The peer broke the protocol; it may be told so once.
    ByPeer(Error),
    /// The caller called out of order.
    ByHost(Error),
    /// The caller left something undone.
    Owing(Paused),
    /// The peer takes too long.
    Slow,
    /// The socket failed.
    Io(io::Error),
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        match error.blame() {
            Blame::Peer => Self::ByPeer(error),
            Blame::Local => Self::ByHost(error),
        }
    }
}

impl From<io::Error> for Ended {
    fn from(error: io::Error) -> Self {
        if error.kind() == ErrorKind::TimedOut { Self::Slow } else { Self::Io(error) }
    }
}

impl Wire {
    pub(crate) fn new(socket: Socket, engine: Engine) -> Self {
        Self { socket, engine, out: Vec::new(), has_ended: false, since: None, octets: 0 }
    }

    /// Moves on to the next event; sends and reads as needed on the way. The session answers each request with the
    /// event that ends it, so the engine never has to wait for the caller. False once the connection is over.
    pub(crate) fn advance(&mut self) -> Result<bool, Ended> {
        loop {
            match self.engine.advance()? {
                Step::NeedData => {
                    self.flush()?;
                    // RFC 9112, 9.6: we have said the last there is to say; what the peer still sends is read.
                    if self.engine.state().tx == Tx::Closed && !self.has_ended {
                        self.has_ended = true;
                        self.socket.finish();
                    }
                    self.fill()?;
                }
                Step::Event => {
                    self.count_event();
                    return Ok(true);
                }
                Step::Paused(Paused::Closed) => return Ok(false),
                Step::Paused(why) => return Err(Ended::Owing(why)),
            }
        }
    }

    /// Sends what the engine has written.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        if !self.out.is_empty() {
            // Not all at once: a client that takes nothing is given up before it could have taken all.
            for piece in self.out.chunks(PIECE / 8) {
                self.socket.set_deadline(Instant::now() + self.socket.allowance(piece.len() as u64));
                (&self.socket).write_all(piece)?;
            }
            (&self.socket).flush()?;
            self.out.clear();
        }
        Ok(())
    }

    /// [`flush`](Self::flush), if it is worth a system call.
    pub(crate) fn flush_if_full(&mut self) -> io::Result<()> {
        if self.out.len() < PIECE { Ok(()) } else { self.flush() }
    }

    fn fill(&mut self) -> Result<(), Ended> {
        let deadline = self.deadline();
        self.socket.set_deadline(deadline);
        match self.engine.read_from(PIECE, |space| (&self.socket).read(space))? {
            Ok(0) => self.engine.receive_eof(End::Clean),
            Ok(_) => {}
            // A TLS connection that ends without saying so is cut off, too.
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof) => {
                self.engine.receive_eof(End::Truncated)
            }
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => {
                // The server stops: an idle connection closes now, others say `close` in their answer. Where that
                // head has left already, the deadlines end it.
                let _ = self.engine.close_after_response();
                self.socket.ignore_stop();
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// A new message gives the peer new time, more content only as much as a slow link needs for it. So a request
    /// head that comes byte by byte has no more time than one that does not come at all.
    fn deadline(&mut self) -> Instant {
        let content = if self.engine.ask().awaiting() == Awaiting::Content { self.octets } else { 0 };
        *self.since.get_or_insert_with(Instant::now) + self.socket.allowance(content)
    }

    fn count_event(&mut self) {
        if let Some(Event::Data(data)) = self.engine.ask().event() {
            self.octets += data.len() as u64;
        } else {
            (self.since, self.octets) = (None, 0);
        }
    }
}
