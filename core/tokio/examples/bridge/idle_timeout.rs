//! A stream whose reads and writes fail once it has been idle for a timeout.
//!
//! It is for protocols in which a peer may be silent. Without it, a peer that disappeared without
//! a FIN could occupy a connection forever.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

pub(crate) struct IdleTimeout<S> {
    stream: S,
    timeout: Duration,
    late: Pin<Box<Sleep>>,
}

impl<S: Unpin> IdleTimeout<S> {
    pub(crate) fn new(stream: S, timeout: Duration) -> Self {
        Self { stream, timeout, late: Box::pin(sleep(timeout)) }
    }

    fn stream(&mut self) -> Pin<&mut S> {
        Pin::new(&mut self.stream)
    }

    /// Restarts the timeout, because a read or write has completed.
    fn begin_anew(&mut self) {
        let late = Instant::now() + self.timeout;
        self.late.as_mut().reset(late);
    }

    /// Polls the timeout: pending until it ends, then an error `TimedOut`.
    fn wait<T>(&mut self, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        ready!(self.late.as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "nothing has moved for too long")))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for IdleTimeout<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Poll::Ready(read) = self.stream().poll_read(context, to) else {
            return self.wait(context);
        };
        self.begin_anew();
        Poll::Ready(read)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for IdleTimeout<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Poll::Ready(written) = self.stream().poll_write(context, bytes) else {
            return self.wait(context);
        };
        self.begin_anew();
        Poll::Ready(written)
    }

    /// Flushes the stream; this does not restart the timeout, but fails after it.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = self.stream().poll_flush(context);
        if flushed.is_ready() { flushed } else { self.wait(context) }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = self.stream().poll_shutdown(context);
        if shut.is_ready() { shut } else { self.wait(context) }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(60);

    /// Checks that a read and a write fail once no bytes have moved for the timeout.
    ///
    /// A read of bytes restarts the full timeout.
    #[test]
    fn a_silent_peer_is_an_error_after_a_while() {
        let clock =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        clock.expect("a runtime").block_on(async {
            let (near, mut far) = duplex(8);
            let (mut near, begun) = (IdleTimeout::new(near, TIMEOUT), Instant::now());
            sleep(TIMEOUT / 2).await;
            far.write_all(b"a").await.expect("room");
            near.read_u8().await.expect("it is there");
            near.flush().await.expect("nothing to do");
            let silent = near.read_u8().await.expect_err("too late");
            assert_eq!(
                (silent.kind(), begun.elapsed()),
                (io::ErrorKind::TimedOut, TIMEOUT * 3 / 2)
            );
            let (near, _far) = duplex(8);
            let begun = Instant::now();
            let full = IdleTimeout::new(near, TIMEOUT)
                .write_all(b"more than there is room for")
                .await
                .expect_err("too late");
            assert_eq!((full.kind(), begun.elapsed()), (io::ErrorKind::TimedOut, TIMEOUT));
        });
    }
}
