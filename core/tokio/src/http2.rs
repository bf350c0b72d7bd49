//! A stream on which an HTTP/2 server that does not know upgrades answers a request that came in HTTP/1.1.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use switchover::h2c::Splice;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::Upgraded;

/// Bytes that are read at a time.
const PIECE: usize = 16 * 1024;

/// Bytes that wait to be sent before the engine may write more.
const MOST_WAITING: usize = 64 * 1024;

/// The client's stream as an HTTP/2 server sees it, `h2::server::handshake` for instance: the request of before comes as
/// stream 1, and its answer goes out as that. [`Selected::accept_http2`](crate::upgrade::Selected::accept_http2) gives one. RFC 7540,
/// 3.2.
pub struct Http2Stream<S = Upgraded> {
    stream: S,
    splice: Option<Box<Splice>>,
    for_engine: Vec<u8>,
    for_client: Vec<u8>,
    has_ended: bool,
}

impl Http2Stream {
    pub(crate) fn new(mut stream: Upgraded) -> Self {
        let splice = stream.splice.take();
        Self::with(stream, splice, &[])
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Http2Stream<S> {
    /// For hosts that drive the engine themselves: a stream, the splice that was made of the request, and what has come of HTTP/2
    /// already. Without a splice, for a client that began with HTTP/2, bytes pass as they are.
    pub fn over(stream: S, splice: Option<Splice>, leftover: &[u8]) -> Self {
        Self::with(stream, splice.map(Box::new), leftover)
    }

    fn with(stream: S, splice: Option<Box<Splice>>, leftover: &[u8]) -> Self {
        let mut spliced = Self { stream, splice, for_engine: Vec::new(), for_client: Vec::new(), has_ended: false };
        spliced.client_sent(leftover);
        spliced
    }

    fn client_sent(&mut self, bytes: &[u8]) {
        match &mut self.splice {
            Some(splice) => splice.client_sent(bytes),
            None => self.for_engine.extend_from_slice(bytes),
        }
        self.collect();
    }

    fn engine_sent(&mut self, bytes: &[u8]) {
        match &mut self.splice {
            Some(splice) => splice.engine_sent(bytes),
            None => self.for_client.extend_from_slice(bytes),
        }
        self.collect();
    }

    /// Takes what the splice has let through, and the splice out of the way once it has done its work.
    fn collect(&mut self) {
        if let Some(splice) = &mut self.splice {
            self.for_engine.append(&mut splice.take_for_engine());
            self.for_client.append(&mut splice.take_for_client());
            if splice.is_done() {
                self.splice = None;
            }
        }
    }

    fn may_read(&self) -> bool {
        !self.has_ended && self.splice.as_ref().is_none_or(|splice| splice.wants_client())
    }

    /// What waits for the engine's window is not lost with the client's end.
    fn is_over(&self) -> bool {
        self.has_ended && !self.splice.as_ref().is_some_and(|splice| splice.is_waiting())
    }

    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.for_client.is_empty() {
            match ready!(Pin::new(&mut self.stream).poll_write(context, &self.for_client))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                sent => drop(self.for_client.drain(..sent)),
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Http2Stream<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        while self.for_engine.is_empty() && self.may_read() {
            let mut space = [0; PIECE];
            let mut piece = ReadBuf::new(&mut space);
            ready!(Pin::new(&mut self.stream).poll_read(context, &mut piece))?;
            match piece.filled() {
                [] => {
                    self.has_ended = true;
                    if let Some(splice) = &mut self.splice {
                        splice.client_ended();
                    }
                    self.collect();
                }
                bytes => self.client_sent(bytes),
            }
        }
        if self.for_engine.is_empty() && !self.is_over() {
            // `poll_write` wakes us when the engine has opened its window.
            return Poll::Pending;
        }
        let len = to.remaining().min(self.for_engine.len());
        to.put_slice(&self.for_engine[..len]);
        self.for_engine.drain(..len);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Http2Stream<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.for_client.len() >= MOST_WAITING {
            ready!(self.poll_send(context))?;
        }
        self.engine_sent(bytes);
        // Reading and writing are one task's.
        context.waker().wake_by_ref();
        if let Poll::Ready(Err(error)) = self.poll_send(context) {
            return Poll::Ready(Err(error));
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(context))?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(context))?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
