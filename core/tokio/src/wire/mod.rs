//! The transport of a connection with its HTTP engine, in servers and in clients.

mod output;
mod promise;
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
use crate::error::{Error, Timeout};
use crate::observe::ObservedConnection;
use output::OutputBuffer;
pub(crate) use promise::Promise;
pub(crate) use stream::{Stream, bound_unsent};
pub(crate) use timer::{Alarm, Deadline};

/// The space in bytes for one read from the transport.
///
/// The engine's buffer may offer more or less.
const PIECE: usize = 16 * 1024;

/// The idle time after which a server's connection releases its memory.
const PARKED_AFTER: Duration = Duration::from_secs(1);

/// The interval at which a reset is looked for while nothing is read.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The longest time to read and discard input after the last byte sent.
///
/// Reading ends earlier at the peer's end, after a pause of `LINGER_IDLE`, or after `LINGER_BYTES`.
pub(crate) const LINGER_MAX: Duration = Duration::from_secs(4);
pub(crate) const LINGER_IDLE: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 1024 * 1024;

/// The transport of a connection, its HTTP engine, and its deadlines.
pub(crate) struct Wire<S> {
    pub(crate) stream: Stream<S>,
    pub(crate) http: ObservedConnection,
    pub(crate) out: OutputBuffer,
    write_timeout: Option<Duration>,
    /// The deadline for the peer to send what is awaited.
    pub(crate) receiving: Deadline,
    /// The deadline for the peer to accept the waiting output.
    writing: Deadline,
    memory: Memory,
    pub(crate) alarm: Alarm,
    /// The time at which [`poll_reset`](Self::poll_reset) looks for a reset again.
    looks_again: Option<Instant>,
    writes: Writes,
    reads: Reads,
}

/// The state of a connection's memory, which an idle server releases after a while.
#[derive(Clone, Copy)]
enum Memory {
    Held,
    /// The connection is idle, and releases its memory at this time.
    HeldUntil(Instant),
    Released,
}

/// The state of the peer's direction.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reads {
    Open,
    /// The peer has sent its last byte, or the engine receives no more.
    Ended,
    /// The peer's direction has ended, and the system probes the connection.
    Probed,
    /// A read has failed: the peer has gone.
    Failed,
}

/// The state of the sending direction, with the effect of dropping the stream.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Writes {
    /// Output can be sent, and dropping the stream closes it with a FIN.
    Open,
    /// Output can be sent, and dropping the stream resets it: see [`Wire::arm_reset`].
    OpenOrReset,
    /// Output may have been sent in part, and no more can be sent.
    Broken,
}

impl<S: Transport> Wire<S> {
    pub(crate) fn new(
        stream: Stream<S>,
        http: ObservedConnection,
        write_timeout: Option<Duration>,
    ) -> Self {
        Self {
            stream,
            http,
            out: OutputBuffer::default(),
            write_timeout,
            receiving: Deadline::default(),
            writing: Deadline::default(),
            memory: Memory::Held,
            alarm: Alarm::default(),
            looks_again: None,
            writes: Writes::Open,
            reads: Reads::Open,
        }
    }

    /// Sends the waiting output; ready once all of it was sent.
    pub(crate) fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        while !self.out.is_empty() {
            match self.out.poll_write(Pin::new(&mut self.stream), context) {
                Poll::Ready(Ok(len)) => self.writing.earn_from_system(len),
                Poll::Ready(Err(error)) => {
                    self.writes = Writes::Broken;
                    return Poll::Ready(Err(error.into()));
                }
                Poll::Pending => return self.poll_write_timeout(context),
            }
        }
        // A buffering stream, such as TLS, must be flushed.
        match Pin::new(&mut self.stream).poll_flush(context) {
            Poll::Ready(flushed) => {
                self.writing.clear();
                if flushed.is_err() {
                    self.writes = Writes::Broken;
                }
                Poll::Ready(Ok(flushed?))
            }
            Poll::Pending => self.poll_write_timeout(context),
        }
    }

    /// Waits while output cannot be sent, and fails after the write timeout.
    fn poll_write_timeout(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.writing.wait_for(Timeout::Write, self.write_timeout);
        let phase = ready!(self.writing.poll_timeout(&mut self.alarm, context));
        self.writes = Writes::Broken;
        Poll::Ready(Err(Error::TimedOut(phase)))
    }

    /// Waits until the output buffer has room.
    pub(crate) fn poll_writable(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        while self.out.is_full() {
            ready!(self.poll_send(context))?;
        }
        Poll::Ready(Ok(()))
    }

    /// Reads once from the transport; fails if its end was read before.
    pub(crate) fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if self.is_read_closed() {
            return Poll::Ready(Err(Error::Disconnected("the peer has ended")));
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
                self.reads = Reads::Ended;
                self.http.receive_eof(End::Clean);
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Ok(len)) => {
                self.memory = Memory::Held;
                if earns {
                    self.receiving.extend(len);
                }
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => {
                self.reads = Reads::Ended;
                self.http.receive_eof(End::Truncated);
                match &error {
                    // TLS without its close alert. A request that is complete gets its response.
                    Error::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                        return Poll::Ready(Ok(()));
                    }
                    Error::Io(_) => self.reads = Reads::Failed,
                    _ => {}
                }
                Poll::Ready(Err(error))
            }
            Poll::Pending => self.poll_timeout(context),
        }
    }

    /// Reads into the stack first, because an idle connection may have no buffer.
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

    /// Fails if a deadline has passed; call it when no other I/O can progress.
    ///
    /// Releases the memory of a connection that has been idle for a while.
    pub(crate) fn poll_timeout<T>(&mut self, context: &mut Context<'_>) -> Poll<Result<T, Error>> {
        loop {
            let parking = match self.memory {
                Memory::HeldUntil(until) => Some((until, None)),
                Memory::Held | Memory::Released => None,
            };
            let deadlines = [self.writing.until(), self.receiving.until()];
            let phases =
                deadlines.map(|deadline| deadline.map(|(until, phase)| (until, Some(phase))));
            let first =
                phases.into_iter().chain([parking]).flatten().min_by_key(|(until, _)| *until);
            let Some((until, phase)) = first else { return Poll::Pending };
            ready!(self.alarm.poll(until, context));
            if let Some(phase) = phase {
                if self.writing.until() == Some((until, phase)) {
                    self.writes = Writes::Broken;
                } else {
                    // The timeout is reported once: a response with its own timeout may follow.
                    self.receiving.clear();
                }
                return Poll::Ready(Err(Error::TimedOut(phase)));
            }
            self.park();
        }
    }

    /// Returns whether all messages are complete, and no received bytes are unread.
    pub(crate) fn is_idle(&self) -> bool {
        self.http.unread().is_empty() && self.http.state().is_idle()
    }

    /// Starts or continues the timeout for the next request; `None` disables it.
    ///
    /// Also schedules the release of memory, unless it is scheduled or done. Returns the current
    /// time if the clock starts now.
    pub(crate) fn wait_for_request(&mut self, timeout: Option<Duration>) -> Option<Instant> {
        let begun = self.receiving.wait_for(Timeout::Idle, timeout);
        if let Memory::Held = self.memory {
            self.memory = Memory::HeldUntil(begun.unwrap_or_else(Instant::now) + PARKED_AFTER);
        }
        begun
    }

    /// Clears the deadline of the peer and the release of memory, as a request arrived.
    pub(crate) fn clear(&mut self) {
        self.receiving.clear();
        self.memory = Memory::Held;
    }

    /// Returns whether output can still be sent: no write has failed or timed out.
    pub(crate) fn is_writable(&self) -> bool {
        self.writes != Writes::Broken
    }

    /// Returns whether the peer's direction has ended, also by an error.
    pub(crate) fn is_read_closed(&self) -> bool {
        self.reads != Reads::Open
    }

    /// Waits for a reset by a peer from which nothing is read now.
    ///
    /// More bytes than the engine buffers hide it from a read, and the runtime wakes nobody for an
    /// error alone. So this looks each second. Below TLS it sees what [`Config::with_socket`] lets
    /// it see. A peer that has closed its socket altogether resets a TCP connection after about a
    /// minute, when the system probes it. A closed Unix socket is seen at once.
    pub(crate) fn poll_reset(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.reads == Reads::Ended {
            self.stream.probe();
            self.reads = Reads::Probed;
        }
        while let Some(has_gone) = self.stream.peer_has_gone() {
            if has_gone {
                self.reads = Reads::Failed;
                return Poll::Ready(());
            }
            let until = *self.looks_again.get_or_insert_with(|| Instant::now() + LOOK_EVERY);
            ready!(self.alarm.poll(until, context));
            self.looks_again = None;
        }
        Poll::Pending
    }

    /// Returns whether a read has failed, as it does after a reset by the peer.
    ///
    /// An end of TLS without a close alert does not count.
    pub(crate) fn is_reset(&self) -> bool {
        self.reads == Reads::Failed
    }

    /// Releases the memory of a connection that has been idle for a while.
    ///
    /// To release it after each message would cost more than a response.
    fn park(&mut self) {
        self.memory = Memory::Released;
        self.http.release();
        self.out.release();
    }

    /// Returns whether memory was released, and nothing has arrived since.
    pub(crate) fn is_parked(&self) -> bool {
        matches!(self.memory, Memory::Released)
    }

    pub(crate) async fn flush(&mut self) -> Result<(), Error> {
        poll_fn(|context| self.poll_send(context)).await
    }

    /// Discards unsent output, after sending has failed or was given up.
    pub(crate) fn discard_output(&mut self) {
        self.out = OutputBuffer::default();
    }

    /// Queues the 100 that the peer waits for, if any.
    ///
    /// RFC 9110, section 10.1.1.
    pub(crate) fn ask_for_content(&mut self) -> Result<(), Error> {
        if self.http.owes() == Owes::Continue {
            self.http
                .send_informational(&switchover::ResponseHead::new(100, &()), self.out.text())?;
        }
        Ok(())
    }

    /// Waits for content or trailers; returns `None` at an end without trailers.
    ///
    /// `timeout` limits the whole content, and its clock stops from each piece to the next call. It
    /// starts anew if the caller clears `receiving`.
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
                    // Output that the peer does not receive must not keep us from reading its
                    // input.
                    let sent = self.poll_send(context);
                    self.receiving.wait_for(Timeout::Content, timeout);
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

    /// Frames and queues content; large pieces are not copied.
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
    /// Trailers that are not permitted are left out, as an intermediary may do too (RFC 9110,
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
                        // Content that is not chunked has no trailers at all.
                        None => lines.clear(),
                    }
                }
                (ended, _) => return Ok(ended?),
            }
        }
    }

    /// Makes a drop of the stream a reset while close-delimited content is sent.
    ///
    /// After a FIN the client would take a truncated response for complete (RFC 9112, section 8).
    /// TLS shows the truncation by the missing close alert.
    pub(crate) fn arm_reset(&mut self) {
        if self.http.closing() == Closing::Reset
            && self.writes == Writes::Open
            && self.stream.arm_reset()
        {
            self.writes = Writes::OpenOrReset;
        }
    }

    /// Closes the connection in the way that the engine asks for.
    ///
    /// To linger, it reads and discards for a while, so that the peer receives the last bytes sent
    /// (RFC 9112, section 9.6). A reset follows the responses before the one that is cut, except
    /// for bytes that the system has not sent yet.
    pub(crate) async fn end(&mut self) {
        // A slow peer has the usual time for the last response.
        if self.writes == Writes::Broken || self.flush().await.is_err() {
            return;
        }
        if self.http.closing() == Closing::Reset {
            return;
        }
        // All content was sent, so the socket need not be reset any more.
        if self.writes == Writes::OpenOrReset {
            self.stream.disarm_reset();
        }
        // A client that has been idle for a while has received all that was sent.
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
        // A peer that keeps sending does not want to see the end.
        let _ = timeout(LINGER_MAX, end).await;
    }
}
