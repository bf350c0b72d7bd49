//! A stream that reports a reset, seen by a write, to the next read.

use std::any::Any;
use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::Transport;

/// A stream whose end is an error if a write has failed with a reset.
///
/// A socket reports its error once. If a write gets it, the next read returns no bytes, as after a
/// FIN, though bytes may be missing (RFC 9112, section 8). If a FIN came before the reset, the
/// write gets a broken pipe, and the end is orderly. This applies to a `TcpStream` only: TLS itself
/// distinguishes the two (RFC 9112, section 9.8).
pub(crate) struct Stream<S> {
    inner: S,
    failure: Option<ErrorKind>,
}

impl<S> Stream<S> {
    pub(crate) fn new(inner: S) -> Self {
        Self { inner, failure: None }
    }

    pub(crate) fn into_inner(self) -> S {
        self.inner
    }

    /// Stores the kind of the first error.
    fn note<T>(&mut self, outcome: io::Result<T>) -> Poll<io::Result<T>> {
        if let Err(error) = &outcome {
            self.failure.get_or_insert(error.kind());
        }
        Poll::Ready(outcome)
    }
}

impl<S: Transport> Stream<S> {
    pub(crate) fn boxed(self) -> Stream<Box<dyn Transport>> {
        Stream { inner: Box::new(self.inner), failure: self.failure }
    }

    pub(crate) fn socket(&self) -> Option<&TcpStream> {
        let mut inner: &dyn Any = &self.inner;
        while let Some(boxed) = inner.downcast_ref::<Box<dyn Transport>>() {
            inner = &**boxed;
        }
        inner.downcast_ref()
    }
}

impl<S: Transport> AsyncRead for Stream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = to.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(context, to))?;
        let is_end = to.filled().len() == before && to.remaining() > 0;
        match self.failure {
            Some(kind) if is_end && kind != ErrorKind::BrokenPipe && self.socket().is_some() => {
                Poll::Ready(Err(kind.into()))
            }
            _ => Poll::Ready(Ok(())),
        }
    }
}

impl<S: Transport> AsyncWrite for Stream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.inner).poll_write(context, bytes));
        self.note(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.inner).poll_write_vectored(context, pieces));
        self.note(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = ready!(Pin::new(&mut self.inner).poll_flush(context));
        self.note(flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
