//! Listeners: where the connections of a server come from.

use std::fmt::{self, Debug, Formatter};
use std::future::Future;
use std::io;

use tokio::net::{TcpListener, TcpStream};

use crate::Transport;
use crate::wire::bound_unsent;

/// A source of connections for a server.
///
/// [`serve`](crate::serve) and [`accept`](crate::accept) take one.
///
/// TCP and Unix listeners of tokio are listeners; implement the trait for one of your own. With the
/// feature `axum`, [`FromAxum`](crate::FromAxum) is made of one of axum's.
///
/// Connections are accepted one after the other, so do no TLS handshake here. Pass the stream to
/// [`accept`](crate::accept), and let each task do its own.
pub trait Listener: Send + 'static {
    /// The stream of a connection.
    type Stream: Transport;
    /// The address of a peer, for [`PeerAddr`](crate::PeerAddr).
    type Address: Clone + Send + Sync + 'static;

    /// Waits for the next connection.
    ///
    /// The future is dropped when the server stops, and before its first poll while the server is
    /// full. After an error it is called again, after 50 ms unless the error concerns one peer
    /// alone: `ConnectionAborted`, `ConnectionReset` or `ConnectionRefused`. Set the options of a
    /// socket here, such as `TCP_NODELAY`.
    fn accept(&mut self) -> impl Future<Output = io::Result<(Self::Stream, Self::Address)>> + Send;

    /// Receives an error of [`accept`](Self::accept).
    ///
    /// By default it becomes a warning of `tracing`, with that feature, and is ignored otherwise.
    fn failed(&mut self, error: &io::Error) {
        crate::trace::not_accepted(error);
    }

    /// Returns the maximum number of connections at a time; there is none by default.
    ///
    /// While there are so many, no further one is accepted.
    fn limit(&self) -> usize {
        usize::MAX
    }

    /// Returns a listener that calls `tap` with each accepted stream.
    ///
    /// Nothing has been read from it yet. For example, set socket options.
    fn tap_io<F>(self, tap: F) -> TapIo<Self, F>
    where
        Self: Sized,
        F: FnMut(&mut Self::Stream) + Send + 'static,
    {
        TapIo { listener: self, tap }
    }

    /// Returns a listener that calls `tell` with each error of `accept`.
    ///
    /// It does so in place of [`failed`](Self::failed).
    fn on_error<F>(self, tell: F) -> OnError<Self, F>
    where
        Self: Sized,
        F: FnMut(&io::Error) + Send + 'static,
    {
        OnError { listener: self, tell }
    }

    /// Returns a listener that has at most `limit` connections at a time.
    fn with_limit(self, limit: usize) -> Limited<Self>
    where
        Self: Sized,
    {
        Limited { listener: self, limit }
    }
}

/// Sets `TCP_NODELAY` and the limit for unsent bytes on an accepted socket.
pub(crate) fn prepare(stream: &TcpStream) {
    // A response is not delayed until the next one is written. If this fails, the socket is
    // already disconnected.
    let _ = stream.set_nodelay(true);
    // Here too, as the connection may put TLS above the socket.
    bound_unsent(stream);
}

impl Listener for TcpListener {
    type Stream = TcpStream;
    type Address = std::net::SocketAddr;

    async fn accept(&mut self) -> io::Result<(TcpStream, Self::Address)> {
        let (stream, address) = TcpListener::accept(self).await?;
        prepare(&stream);
        Ok((stream, address))
    }
}

#[cfg(unix)]
impl Listener for tokio::net::UnixListener {
    type Stream = tokio::net::UnixStream;
    /// The address of the peer, shared because it cannot be cloned itself.
    type Address = std::sync::Arc<tokio::net::unix::SocketAddr>;

    async fn accept(&mut self) -> io::Result<(Self::Stream, Self::Address)> {
        let (stream, address) = tokio::net::UnixListener::accept(self).await?;
        Ok((stream, address.into()))
    }
}

/// The listener returned by [`Listener::tap_io`].
pub struct TapIo<L, F> {
    listener: L,
    tap: F,
}

impl<L: Listener, F: FnMut(&mut L::Stream) + Send + 'static> Listener for TapIo<L, F> {
    type Stream = L::Stream;
    type Address = L::Address;

    async fn accept(&mut self) -> io::Result<(L::Stream, L::Address)> {
        let (mut stream, address) = self.listener.accept().await?;
        (self.tap)(&mut stream);
        Ok((stream, address))
    }

    fn failed(&mut self, error: &io::Error) {
        self.listener.failed(error);
    }

    fn limit(&self) -> usize {
        self.listener.limit()
    }
}

/// The listener returned by [`Listener::on_error`].
pub struct OnError<L, F> {
    listener: L,
    tell: F,
}

impl<L: Listener, F: FnMut(&io::Error) + Send + 'static> Listener for OnError<L, F> {
    type Stream = L::Stream;
    type Address = L::Address;

    fn accept(&mut self) -> impl Future<Output = io::Result<(L::Stream, L::Address)>> + Send {
        self.listener.accept()
    }

    fn failed(&mut self, error: &io::Error) {
        (self.tell)(error);
    }

    fn limit(&self) -> usize {
        self.listener.limit()
    }
}

/// The listener returned by [`Listener::with_limit`].
#[derive(Debug)]
pub struct Limited<L> {
    listener: L,
    limit: usize,
}

impl<L: Listener> Listener for Limited<L> {
    type Stream = L::Stream;
    type Address = L::Address;

    fn accept(&mut self) -> impl Future<Output = io::Result<(L::Stream, L::Address)>> + Send {
        self.listener.accept()
    }

    fn failed(&mut self, error: &io::Error) {
        self.listener.failed(error);
    }

    fn limit(&self) -> usize {
        self.limit.min(self.listener.limit())
    }
}

impl<L: Debug, F> Debug for TapIo<L, F> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("TapIo").field("listener", &self.listener).finish_non_exhaustive()
    }
}

impl<L: Debug, F> Debug for OnError<L, F> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnError").field("listener", &self.listener).finish_non_exhaustive()
    }
}
