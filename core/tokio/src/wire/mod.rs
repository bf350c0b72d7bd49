//! A stream with its engine, alike for a server and a client.

mod output;
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
use crate::config::Timeouts;
use crate::error::Error;
use crate::observe::ObservedConnection;
use output::OutputBuffer;
pub(crate) use stream::Stream;
pub(crate) use timer::{Alarm, Deadline};

/// Bytes that are read at a time.
const PIECE: usize = 16 * 1024;

/// The idle time after which a connection releases its memory.
const PARKED_AFTER: Duration = Duration::from_secs(1);

/// The time to read on from a peer that should have ended.
///
/// It ends earlier after a pause of `LINGER_IDLE`.
pub(crate) const LINGER_MAX: Duration = Duration::from_secs(4);
const LINGER_IDLE: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 1024 * 1024;

/// A stream and its engine.
pub(crate) struct Wire<S> {
    pub(crate) stream: Stream<S>,
    pub(crate) http: ObservedConnection,
    pub(crate) out: OutputBuffer,
    pub(crate) timeouts: Timeouts,
    /// The deadline for what the peer has to send.
    pub(crate) receiving: Deadline,
    /// The deadline for what the peer has to take.
    writing: Deadline,
    memory: Memory,
    pub(crate) alarm: Alarm,
    writes: Writes,
    /// The peer has sent its last byte, or its direction has failed.
    is_read_closed: bool,
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
    /// Closes with a FIN.
    Open,
    /// Closes with a reset: see [`Wire::arm_reset`].
    OpenOrReset,
    /// Part of what had to be sent may have left, and nothing more will.
    Broken,
}

impl<S: Transport> Wire<S> {
    pub(crate) fn new(stream: S, http: ObservedConnection, timeouts: Timeouts) -> Self {
        Self {
            stream: Stream::new(stream),
            http,
            out: OutputBuffer::default(),
            timeouts,
            receiving: Deadline::default(),
            writing: Deadline::default(),
            memory: Memory::Held,
            alarm: Alarm::default(),
            writes: Writes::Open,
            is_read_closed: false,
        }
    }

    /// Sends the bytes that wait; ready once all of them have left.
    pub(crate) fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        while !self.out.is_empty() {
            match self.out.poll_write(Pin::new(&mut self.stream), context) {
                Poll::Ready(Ok(len)) => self.writing.earn_from_system(len),
                Poll::Ready(Err(error)) => {
                    self.writes = Writes::Broken;
                    return Poll::Ready(Err(error.into()));
                }
                Poll::Pending => {
                    self.writing.wait_for("to take what is sent", self.timeouts.write);
                    return self.poll_timeout(context);
                }
            }
        }
        // A stream that gathers, as TLS does, learns that this is all.
        match Pin::new(&mut self.stream).poll_flush(context) {
            Poll::Ready(flushed) => {
                self.writing.clear();
                if flushed.is_err() {
                    self.writes = Writes::Broken;
                }
                Poll::Ready(Ok(flushed?))
            }
            Poll::Pending => {
                self.writing.wait_for("to take what is sent", self.timeouts.write);
                self.poll_timeout(context)
            }
        }
    }

    /// Waits until more output may be written.
    pub(crate) fn poll_writable(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        while self.out.is_full() {
            ready!(self.poll_send(context))?;
        }
        Poll::Ready(Ok(()))
    }

    /// Reads once; also ready if the peer has ended.
    pub(crate) fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if self.is_read_closed {
            return Poll::Ready(Err(Error::gone("the peer has ended")));
        }
        let is_idle = self.is_idle();
        let earns = self.http.awaiting() == Awaiting::Content;
        let read = if is_idle {
            self.poll_receive_copied(context)
        } else {
            self.poll_receive_in_place(context)
        };
        match read {
            Poll::Ready(Ok(0)) => {
                self.is_read_closed = true;
                self.http.receive_eof(End::Clean);
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Ok(len)) => {
                if earns {
                    self.receiving.extend(len);
                }
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => {
                self.is_read_closed = true;
                self.http.receive_eof(End::Truncated);
                Poll::Ready(Err(error))
            }
            Poll::Pending => self.poll_timeout(context),
        }
    }

    /// Receives between two messages, so that an idle connection needs no memory.
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

    /// Checks the deadlines; call it when nothing else can progress.
    pub(crate) fn poll_timeout<T>(&mut self, context: &mut Context<'_>) -> Poll<Result<T, Error>> {
        loop {
            let parking = match self.memory {
                Memory::HeldUntil(until) => Some((until, "")),
                Memory::Held | Memory::Released => None,
            };
            let deadlines = [self.writing.until(), self.receiving.until(), parking];
            let first = deadlines.into_iter().flatten().min_by_key(|(until, _)| *until);
            let Some((until, what)) = first else { return Poll::Pending };
            ready!(self.alarm.poll(until, context));
            if !what.is_empty() {
                if self.writing.until() == first {
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

    /// Returns whether no message has begun.
    pub(crate) fn is_idle(&self) -> bool {
        self.http.unread().is_empty() && self.http.state().is_idle()
    }

    /// Starts the timeout for the next request.
    pub(crate) fn wait_for_request(&mut self, timeout: Option<Duration>) -> Option<Instant> {
        let begun = self.receiving.wait_for("a request", timeout);
        if let Memory::Held = self.memory {
            self.memory = Memory::HeldUntil(begun.unwrap_or_else(Instant::now) + PARKED_AFTER);
        }
        begun
    }

    /// Clears the deadline, as what was waited for has come.
    pub(crate) fn clear(&mut self) {
        self.receiving.clear();
        self.memory = Memory::Held;
    }

    /// Returns whether the peer has closed its direction.
    pub(crate) fn is_read_closed(&self) -> bool {
        self.is_read_closed
    }

    /// Releases memory of a connection that has been idle for a while.
    ///
    /// To do so at each pause would cost more than a response.
    fn park(&mut self) {
        self.memory = Memory::Released;
        self.http.release();
        self.out.release();
    }

    /// Returns whether memory was released, and nothing has come since.
    pub(crate) fn is_parked(&self) -> bool {
        matches!(self.memory, Memory::Released)
    }

    pub(crate) async fn flush(&mut self) -> Result<(), Error> {
        poll_fn(|context| self.poll_send(context)).await
    }

    /// Drops what has not left: the peer takes no more.
    pub(crate) fn discard_output(&mut self) {
        self.out = OutputBuffer::default();
    }

    /// Sends the 100 that the peer waits for.
    ///
    /// RFC 9110, section 10.1.1.
    pub(crate) fn ask_for_content(&mut self) -> Result<(), Error> {
        if self.http.owes() == Owes::Continue {
            self.http
                .send_informational(&switchover::ResponseHead::new(100, &()), self.out.text())?;
        }
        Ok(())
    }

    /// Waits for content with a timeout; `None` is its end.
    ///
    /// The peer may take so long for it.
    pub(crate) fn poll_content(
        &mut self,
        context: &mut Context<'_>,
        timeout: Option<Duration>,
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
                        Err(error) => {
                            Err(Error::Io(io::Error::new(io::ErrorKind::InvalidData, error)))
                        }
                    }));
                }
                Ok(Next::NeedData) => {
                    self.ask_for_content()?;
                    // What the peer has not taken does not keep us from reading what it has sent.
                    let sent = self.poll_send(context);
                    self.receiving.wait_for("content", timeout);
                    match (self.poll_receive(context), sent) {
                        (Poll::Ready(received), _) => received?,
                        (Poll::Pending, Poll::Ready(Err(error))) => {
                            return Poll::Ready(Some(Err(error)));
                        }
                        (Poll::Pending, _) => return Poll::Pending,
                    }
                }
                Ok(_) => return Poll::Ready(Some(Err(Error::ContentTooLarge))),
                Err(error) => return Poll::Ready(Some(Err(error.into()))),
            }
        }
    }

    /// Frames content, large pieces without a copy.
    pub(crate) fn write_data(&mut self, mut data: impl Buf) -> Result<(), Error> {
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

    /// Writes the end of content, with trailers.
    ///
    /// Trailers that have no place there are left out, as anyone on their way may do (RFC 9110,
    /// section 6.5.1).
    pub(crate) fn write_end(&mut self, trailers: Option<HeaderMap>) -> Result<(), Error> {
        let (http, out) = (&mut self.http, self.out.text());
        let trailers = trailers.unwrap_or_default();
        let mut lines: Vec<_> =
            trailers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        loop {
            match (http.send_end(&lines, out), lines.len()) {
                (Err(error), 1..) if error.kind() == ErrorKind::TrailerForbidden => {
                    match error.field() {
                        Some(index) => drop(lines.remove(index)),
                        // Without chunks there are no trailers at all.
                        None => lines.clear(),
                    }
                }
                (ended, _) => return Ok(ended?),
            }
        }
    }

    /// Makes a drop of the connection a reset, as its content is close-delimited.
    ///
    /// After a FIN the client would take a truncated response for complete (RFC 9112, section 8).
    /// TLS shows it by the missing alert.
    pub(crate) fn arm_reset(&mut self) {
        let is_set = || self.stream.socket().is_some_and(|socket| socket.set_zero_linger().is_ok());
        if self.http.closing() == Closing::Reset && self.writes == Writes::Open && is_set() {
            self.writes = Writes::OpenOrReset;
        }
    }

    /// Ends the connection as the engine says.
    ///
    /// The peer so gets the last of what was sent (RFC 9112, section 9.6).
    pub(crate) async fn end(mut self) {
        // A slow peer gets the last answer in the time that any answer has.
        let is_cut = self.http.closing() == Closing::Reset || self.writes == Writes::Broken;
        if is_cut || self.flush().await.is_err() {
            return;
        }
        if let Some(socket) = self.stream.socket().filter(|_| self.writes == Writes::OpenOrReset) {
            // It has been said to the end, so nothing waits for the socket to be closed.
            #[allow(
                deprecated,
                reason = "a linger of none does not block, and nothing else takes back one of zero"
            )]
            let _ = socket.set_linger(None);
        }
        // A client that has been idle for a while has got all that was sent.
        let lingers = self.http.closing() == Closing::Linger && !self.is_parked();
        let end = async {
            self.stream.shutdown().await?;
            let (mut piece, mut dropped) = (vec![0; if lingers { PIECE } else { 0 }], 0);
            while lingers
                && dropped < LINGER_BYTES
                && let Ok(Ok(len @ 1..)) = timeout(LINGER_IDLE, self.stream.read(&mut piece)).await
            {
                dropped += len;
            }
            Ok::<_, io::Error>(())
        };
        // A peer that goes on and on does not want to see it.
        let _ = timeout(LINGER_MAX, end).await;
    }
}
