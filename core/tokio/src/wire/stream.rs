//! A stream whose end is an error after a reset that only a write has seen.

use std::any::Any;
use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
#[cfg(not(target_os = "wasi"))]
use std::time::Duration;

#[cfg(not(target_os = "wasi"))]
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;

use crate::Transport;
use crate::socket::SocketBelow;

/// The limit in bytes for data that the system buffers and has not sent yet.
const UNSENT: u32 = 128 * 1024;

/// The idle time after which the system probes the peer of a TCP connection.
#[cfg(not(target_os = "wasi"))]
const PROBE_EVERY: Duration = Duration::from_secs(15);

/// A stream whose end is an error if a write has failed, as after a reset.
///
/// A socket reports its error once. If a write gets it, the next read returns no bytes, as after a
/// FIN, though bytes may be missing (RFC 9112, section 8). If a FIN came before the reset, the
/// write gets a broken pipe, and the end is orderly. This applies to a `TcpStream` only: TLS itself
/// distinguishes the two (RFC 9112, section 9.8).
pub(crate) struct Stream<S> {
    inner: S,
    failure: Option<ErrorKind>,
    below: Option<SocketBelow>,
}

impl<S> Stream<S> {
    pub(crate) fn into_inner(self) -> S {
        self.inner
    }

    /// Stores the kind of the first error of a write or flush; returns `outcome`.
    fn note<T>(&mut self, outcome: io::Result<T>) -> Poll<io::Result<T>> {
        if let Err(error) = &outcome {
            self.failure.get_or_insert(error.kind());
        }
        Poll::Ready(outcome)
    }
}

impl<S: Transport> Stream<S> {
    /// Creates the stream over a transport; `below` finds the socket below that.
    ///
    /// Limits the unsent bytes of the socket, if one is found.
    pub(crate) fn new(inner: S, below: Option<SocketBelow>) -> Self {
        let stream = Self { inner, failure: None, below };
        if let Some(socket) = stream.lowest() {
            bound_unsent(socket);
        }
        stream
    }

    pub(crate) fn boxed(self) -> Stream<Box<dyn Transport>> {
        Stream { inner: Box::new(self.inner), failure: self.failure, below: self.below }
    }

    /// Returns the transport without the boxes around it.
    fn transport(&self) -> &dyn Any {
        let mut inner: &dyn Any = &self.inner;
        while let Some(boxed) = inner.downcast_ref::<Box<dyn Transport>>() {
            inner = &**boxed;
        }
        inner
    }

    /// Returns the transport, if it is a TCP socket.
    fn socket(&self) -> Option<&TcpStream> {
        self.transport().downcast_ref()
    }

    /// Returns the TCP socket that is the transport, or is below it.
    pub(crate) fn lowest(&self) -> Option<&TcpStream> {
        self.socket().or_else(|| self.below.as_ref()?.find(self.transport()))
    }

    /// Returns whether the peer has reset a TCP connection or closed a Unix socket.
    ///
    /// `None` if the transport is neither, or the socket below it is not known.
    pub(crate) fn peer_has_gone(&self) -> Option<bool> {
        if let Some(socket) = self.lowest() {
            return Some(socket.try_io(Interest::ERROR, || Ok(())).is_ok());
        }
        #[cfg(unix)]
        if let Some(socket) = self.transport().downcast_ref::<tokio::net::UnixStream>() {
            // The end of a direction is a flag beside the readiness, which only this returns.
            let ready = std::pin::pin!(socket.ready(Interest::WRITABLE));
            let ready = ready.poll(&mut Context::from_waker(std::task::Waker::noop()));
            return Some(matches!(ready, Poll::Ready(Ok(ready)) if ready.is_write_closed()));
        }
        None
    }

    /// Makes the system ask the peer from time to time whether it still receives.
    ///
    /// The system of a peer that has closed its socket then resets the connection. If the peer's
    /// system no longer answers, the connection fails. For any other peer nothing changes.
    pub(crate) fn probe(&self) {
        #[cfg(not(target_os = "wasi"))]
        if let Some(socket) = self.lowest() {
            let probes = TcpKeepalive::new().with_time(PROBE_EVERY);
            let _ = SockRef::from(socket).set_tcp_keepalive(&probes);
        }
    }

    /// Makes a drop of the stream a reset; returns whether that is possible.
    ///
    /// That is possible only if the transport is a TCP socket, or the one below it is known, and
    /// not on WASI.
    pub(crate) fn arm_reset(&self) -> bool {
        #[cfg(target_os = "wasi")]
        return false;
        #[cfg(not(target_os = "wasi"))]
        self.lowest().is_some_and(|socket| socket.set_zero_linger().is_ok())
    }

    /// Makes a drop of the stream an orderly close again.
    pub(crate) fn disarm_reset(&self) {
        #[cfg(not(target_os = "wasi"))]
        if let Some(socket) = self.lowest() {
            #[allow(
                deprecated,
                reason = "a linger of none does not block, and nothing else takes back one of zero"
            )]
            let _ = socket.set_linger(None);
        }
    }
}

impl Stream<Box<dyn Transport>> {
    /// Returns the transport as its own type, or the stream if it has another one.
    pub(crate) fn downcast<T: Transport>(mut self) -> Result<T, Self> {
        while is::<Box<dyn Transport>>(&*self.inner) {
            self.inner = *unboxed(self.inner);
        }
        if is::<T>(&*self.inner) { Ok(*unboxed(self.inner)) } else { Err(self) }
    }
}

fn is<T: 'static>(transport: &dyn Transport) -> bool {
    let transport: &dyn Any = transport;
    transport.is::<T>()
}

/// Returns a transport as its own type, which the caller has checked.
fn unboxed<T: 'static>(transport: Box<dyn Transport>) -> Box<T> {
    let transport: Box<dyn Any> = transport;
    transport.downcast().unwrap_or_else(|_| unreachable!("the type is checked before"))
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

/// Limits the bytes that Linux and Android buffer and have not sent yet.
///
/// Without the limit, a peer that reads slowly but steadily would seem to read nothing, until a
/// third of a large buffer is free.
pub(crate) fn bound_unsent(stream: &TcpStream) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = SockRef::from(stream).set_tcp_notsent_lowat(UNSENT);
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = (stream, UNSENT);
}

#[cfg(all(test, any(target_os = "linux", target_os = "android")))]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    /// Checks that unsent bytes are limited on a socket that no listener has accepted.
    ///
    /// Also checks that only `probe` enables the probes of the system.
    #[tokio::test]
    async fn a_socket_of_any_origin_buffers_little() -> io::Result<()> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let socket = TcpStream::connect(listener.local_addr()?).await?;
        let stream = Stream::new(Box::new(socket) as Box<dyn Transport>, None);
        let socket = stream.socket().expect("the socket");
        assert_eq!(SockRef::from(socket).tcp_notsent_lowat()?, UNSENT);
        assert!(!SockRef::from(socket).keepalive()?);
        stream.probe();
        assert_eq!(SockRef::from(socket).tcp_keepalive_time()?, PROBE_EVERY);
        Ok(())
    }
}
