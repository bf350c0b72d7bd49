//! A stream, and the engine that its bytes pass through: what is the same for a server and a client.

mod outgoing;
mod stream;
mod timer;

use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use http::HeaderMap;
use http_body::Frame;
use switchover::{Awaiting, Closing, End, ErrorKind, Event, Next, Owes};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::{Instant, timeout};

use crate::Transport;
use crate::config::Patience;
use crate::error::Error;
use crate::observe::Observed;
use outgoing::Outgoing;
pub(crate) use stream::Stream;
pub(crate) use timer::{Alarm, Deadline};

/// Bytes that are read at a time.
const PIECE: usize = 16 * 1024;

/// How long a connection is idle before it gives back its memory.
const PARKED_AFTER: Duration = Duration::from_secs(1);

/// How long, and how much, is still read from a peer that should have ended: as long as it goes on without a pause of `LULL`.
pub(crate) const LINGER: Duration = Duration::from_secs(4);
const LULL: Duration = Duration::from_secs(1);
const LINGERING: usize = 1024 * 1024;

/// A stream and its engine.
pub(crate) struct Wire<S> {
    pub(crate) stream: Stream<S>,
    pub(crate) http: Observed,
    pub(crate) out: Outgoing,
    pub(crate) patience: Patience,
    /// The peer has something to send.
    pub(crate) receiving: Deadline,
    /// The peer has something to take.
    sending: Deadline,
    memory: Memory,
    pub(crate) alarm: Alarm,
    writes: Writes,
    /// The peer has sent its last byte, or its direction has failed.
    has_ended: bool,
}

/// The memory of a connection, which one that is idle gives back after a while.
#[derive(Clone, Copy)]
enum Memory {
    Held,
    /// The connection is idle: until then.
    HeldUntil(Instant),
    Released,
}

/// Our direction, and what becomes of it if the stream is dropped.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Writes {
    /// It ends with a FIN.
    Open,
    /// It ends with a reset: see [`Wire::reset_if_cut`].
    OpenOrReset,
    /// Part of what had to be sent may have left, and nothing more will.
    Broken,
}

impl<S: Transport> Wire<S> {
    pub(crate) fn new(stream: S, http: Observed, patience: Patience) -> Self {
        Self {
            stream: Stream::new(stream),
            http,
            out: Outgoing::default(),
            patience,
            receiving: Deadline::default(),
            sending: Deadline::default(),
            memory: Memory::Held,
            alarm: Alarm::default(),
            writes: Writes::Open,
            has_ended: false,
        }
    }

    /// Sends what waits; ready once all of it has left.
    pub(crate) fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        while !self.out.is_empty() {
            match self.out.poll_write(Pin::new(&mut self.stream), context) {
                Poll::Ready(Ok(len)) => self.sending.earn_from_system(len),
                Poll::Ready(Err(error)) => {
                    self.writes = Writes::Broken;
                    return Poll::Ready(Err(error.into()));
                }
                Poll::Pending => {
                    self.sending.wait_for("to take what is sent", self.patience.sending);
                    return self.poll_late(context);
                }
            }
        }
        // A stream that gathers, as TLS does, learns that this is all.
        match Pin::new(&mut self.stream).poll_flush(context) {
            Poll::Ready(flushed) => {
                self.sending.clear();
                if flushed.is_err() {
                    self.writes = Writes::Broken;
                }
                Poll::Ready(Ok(flushed?))
            }
            Poll::Pending => {
                self.sending.wait_for("to take what is sent", self.patience.sending);
                self.poll_late(context)
            }
        }
    }

    /// Ready once more may be made.
    pub(crate) fn poll_room(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        while self.out.is_full() {
            ready!(self.poll_send(context))?;
        }
        Poll::Ready(Ok(()))
    }

    /// Reads once. Ready also where the peer has ended.
    pub(crate) fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if self.has_ended {
            return Poll::Ready(Err(Error::gone("the peer has ended")));
        }
        let is_idle = self.is_idle();
        let earns = self.http.awaiting() == Awaiting::Content;
        let read = if is_idle { self.poll_receive_copied(context) } else { self.poll_receive_in_place(context) };
        match read {
            Poll::Ready(Ok(0)) => {
                self.has_ended = true;
                self.http.receive_eof(End::Clean);
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Ok(len)) => {
                if earns {
                    self.receiving.earn(len);
                }
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => {
                self.has_ended = true;
                self.http.receive_eof(End::Truncated);
                Poll::Ready(Err(error))
            }
            Poll::Pending => self.poll_late(context),
        }
    }

    /// Between two messages, so that a connection that waits needs no memory for it.
    fn poll_receive_copied(&mut self, context: &mut Context<'_>) -> Poll<Result<usize, Error>> {
        let mut space = [MaybeUninit::uninit(); PIECE];
        let mut space = ReadBuf::uninit(&mut space);
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut space))?;
        if !space.filled().is_empty() {
            self.http.receive(space.filled())?;
        }
        Poll::Ready(Ok(space.filled().len()))
    }

    fn poll_receive_in_place(&mut self, context: &mut Context<'_>) -> Poll<Result<usize, Error>> {
        let mut space = ReadBuf::new(self.http.receive_buffer(PIECE)?);
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut space))?;
        let len = space.filled().len();
        self.http.commit(len);
        Poll::Ready(Ok(len))
    }

    /// Whether one of the deadlines is over; call it where nothing else can be done.
    pub(crate) fn poll_late<T>(&mut self, context: &mut Context<'_>) -> Poll<Result<T, Error>> {
        loop {
            let parking = match self.memory {
                Memory::HeldUntil(until) => Some((until, "")),
                Memory::Held | Memory::Released => None,
            };
            let deadlines = [self.sending.until(), self.receiving.until(), parking];
            let first = deadlines.into_iter().flatten().min_by_key(|(until, _)| *until);
            let Some((until, what)) = first else { return Poll::Pending };
            ready!(self.alarm.poll(until, context));
            if !what.is_empty() {
                if self.sending.until() == first {
                    self.writes = Writes::Broken;
                } else {
                    // It is said once: an answer may follow, which has its own time.
                    self.receiving.clear();
                }
                return Poll::Ready(Err(Error::TimedOut(what)));
            }
            self.park();
        }
    }

    /// Nothing has come of the next message, and nothing is under way.
    pub(crate) fn is_idle(&self) -> bool {
        self.http.unread().is_empty() && self.http.state().is_idle()
    }

    /// The peer may take so long for its next request.
    pub(crate) fn wait_for_request(&mut self, patience: Option<Duration>) -> Option<Instant> {
        let begun = self.receiving.wait_for("a request", patience);
        if let Memory::Held = self.memory {
            self.memory = Memory::HeldUntil(begun.unwrap_or_else(Instant::now) + PARKED_AFTER);
        }
        begun
    }

    /// What was waited for has come.
    pub(crate) fn clear(&mut self) {
        self.receiving.clear();
        self.memory = Memory::Held;
    }

    /// Whether the peer has ended its direction.
    pub(crate) fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Gives back memory, as the connection has been idle for a while: to do so at each pause would cost more than an answer.
    fn park(&mut self) {
        self.memory = Memory::Released;
        self.http.release();
        self.out.release();
    }

    /// Whether it has, and nothing has come since.
    pub(crate) fn is_parked(&self) -> bool {
        matches!(self.memory, Memory::Released)
    }

    pub(crate) async fn flush(&mut self) -> Result<(), Error> {
        poll_fn(|context| self.poll_send(context)).await
    }

    /// Drops what has not left: the peer takes no more.
    pub(crate) fn forget(&mut self) {
        self.out = Outgoing::default();
    }

    /// Sends the 100 that the peer waits for before it sends its content (RFC 9110, 10.1.1).
    pub(crate) fn ask_for_content(&mut self) -> Result<(), Error> {
        if self.http.owes() == Owes::Continue {
            self.http.send_informational(&switchover::ResponseHead::new(100, &()), self.out.text())?;
        }
        Ok(())
    }

    /// The next of the content that comes, or `None` at its end. The peer may take so long for it.
    pub(crate) fn poll_content(
        &mut self,
        context: &mut Context<'_>,
        patience: Option<Duration>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        loop {
            match self.http.next_event() {
                Ok(Next::Event(Event::Data(data))) => {
                    let data = Bytes::copy_from_slice(data);
                    self.receiving.pause();
                    return Poll::Ready(Some(Ok(Frame::data(data))));
                }
                Ok(Next::Event(Event::EndOfMessage(trailers))) => {
                    let trailers = (!trailers.is_empty()).then(|| HeaderMap::try_from(trailers));
                    self.receiving.clear();
                    return Poll::Ready(trailers.map(|trailers| match trailers {
                        Ok(trailers) => Ok(Frame::trailers(trailers)),
                        Err(error) => Err(Error::Io(io::Error::new(io::ErrorKind::InvalidData, error))),
                    }));
                }
                Ok(Next::NeedData) => {
                    self.ask_for_content()?;
                    // What the peer has not taken does not keep us from reading what it has sent.
                    let sent = self.poll_send(context);
                    self.receiving.wait_for("content", patience);
                    match (self.poll_receive(context), sent) {
                        (Poll::Ready(received), _) => received?,
                        (Poll::Pending, Poll::Ready(Err(error))) => return Poll::Ready(Some(Err(error))),
                        (Poll::Pending, _) => return Poll::Pending,
                    }
                }
                Ok(_) => return Poll::Ready(Some(Err(Error::ContentTooLarge))),
                Err(error) => return Poll::Ready(Some(Err(error.into()))),
            }
        }
    }

    /// Frames content, large pieces without a copy.
    pub(crate) fn put(&mut self, mut data: impl Buf) -> Result<(), Error> {
        let len = data.remaining();
        if len > 0 {
            let data = data.copy_to_bytes(len);
            let parts = self.http.send_data_parts(&data)?;
            self.out.text().extend_from_slice(parts.prefix());
            self.out.push(data);
            self.out.text().extend_from_slice(parts.suffix());
        }
        Ok(())
    }

    /// Ends content. Trailers that have no place there are left out, as anyone on their way may do (RFC 9110, 6.5.1).
    pub(crate) fn put_end(&mut self, trailers: Option<HeaderMap>) -> Result<(), Error> {
        let (http, out) = (&mut self.http, self.out.text());
        let trailers = trailers.unwrap_or_default();
        let mut lines: Vec<_> = trailers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        loop {
            match (http.send_end(&lines, out), lines.len()) {
                (Err(error), 1..) if error.kind() == ErrorKind::TrailerForbidden => match error.field() {
                    Some(index) => drop(lines.remove(index)),
                    // Without chunks there are no trailers at all.
                    None => lines.clear(),
                },
                (ended, _) => return Ok(ended?),
            }
        }
    }

    /// Content has begun whose end is that of the connection: should that be dropped before, for whatever reason, the socket is
    /// reset. After a FIN the client would take what it has for all of it (RFC 9112, 8). TLS shows it by the alert that is missing.
    pub(crate) fn reset_if_cut(&mut self) {
        let is_set = || self.stream.socket().is_some_and(|socket| socket.set_zero_linger().is_ok());
        if self.http.closing() == Closing::Reset && self.writes == Writes::Open && is_set() {
            self.writes = Writes::OpenOrReset;
        }
    }

    /// Ends the connection as the engine says, so that the peer gets the last of what was sent (RFC 9112, 9.6).
    pub(crate) async fn end(mut self) {
        // A slow peer gets the last answer in the time that any answer has.
        let is_cut = self.http.closing() == Closing::Reset || self.writes == Writes::Broken;
        if is_cut || self.flush().await.is_err() {
            return;
        }
        if let Some(socket) = self.stream.socket().filter(|_| self.writes == Writes::OpenOrReset) {
            // It has been said to the end, so nothing waits for the socket to be closed.
            #[allow(deprecated, reason = "a linger of none does not block, and nothing else takes back one of zero")]
            let _ = socket.set_linger(None);
        }
        // A client that has been idle for a while has got all that was sent.
        let lingers = self.http.closing() == Closing::Linger && !self.is_parked();
        let end = async {
            self.stream.shutdown().await?;
            let (mut piece, mut dropped) = (vec![0; if lingers { PIECE } else { 0 }], 0);
            while lingers
                && dropped < LINGERING
                && let Ok(Ok(len @ 1..)) = timeout(LULL, self.stream.read(&mut piece)).await
            {
                dropped += len;
            }
            Ok::<_, io::Error>(())
        };
        // A peer that goes on and on does not want to see it.
        let _ = timeout(LINGER, end).await;
    }
}
