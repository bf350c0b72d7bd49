//! The stream of the new protocol.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http::{Request, Response};
use switchover::Connection;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::observe::{Observation, ObservedConnection};
use crate::wire::Stream;
use crate::{ShutdownSignal, Transport};

/// A connection after its switch, as a stream of the new protocol.
///
/// Reading returns first the bytes that arrived together with the request, the 101 or the 2xx.
///
/// The stream is independent of the HTTP connection it came from. If the last bytes must arrive,
/// shut it down and read on, for a limited time, until the peer has ended. A drop with unread bytes
/// resets a TCP connection, and the peer may lose what it has not read.
pub struct Upgraded {
    stream: Stream<Box<dyn Transport>>,
    leftover: Bytes,
    agreement: Box<Agreement>,
    /// The signal that the server shuts down; `None` in a client.
    pub(crate) stopping: Option<ShutdownSignal>,
    pub(crate) http: Box<ObservedConnection>,
    #[cfg(feature = "h2c")]
    pub(crate) splice: Option<Box<switchover::h2c::Splice>>,
    /// The connection's options for HTTP/2, if it is a server's that accepted `h2c`.
    #[cfg(feature = "h2")]
    pub(crate) http2: Option<Box<crate::http2_options::Http2Options>>,
}

/// The agreed protocols, with the request or the response of the upgrade.
#[derive(Default)]
struct Agreement {
    protocol: String,
    request: Option<Request<()>>,
    response: Option<Response<()>>,
    /// The time that a client gets to begin HTTP/2 after `h2c`; `None` for no limit.
    #[cfg(feature = "h2c")]
    preface: Option<std::time::Duration>,
}

impl Upgraded {
    /// Creates the stream of a connection whose current event is `Switched`.
    pub(crate) fn new(stream: Stream<Box<dyn Transport>>, mut http: ObservedConnection) -> Self {
        let mut agreement = Agreement::default();
        if let Some(switchover::Event::Switched(switched)) = http.event() {
            agreement.protocol = switched.protocols.to_string();
            agreement.request = switched.request.and_then(|request| request.try_into().ok());
            agreement.response = switched.response.and_then(|response| response.try_into().ok());
        }
        let leftover = http.take_leftover();
        http.release();
        Self {
            stream,
            leftover,
            agreement: Box::new(agreement),
            stopping: None,
            http: Box::new(http),
            #[cfg(feature = "h2c")]
            splice: None,
            #[cfg(feature = "h2")]
            http2: None,
        }
    }

    /// Limits the time that a client gets to begin HTTP/2 after `h2c`.
    #[cfg(feature = "h2c")]
    pub(crate) fn set_preface(&mut self, limit: Option<std::time::Duration>) {
        self.agreement.preface = limit;
    }

    /// Returns the time that a client gets to begin HTTP/2; `None` for no limit.
    #[cfg(feature = "h2c")]
    pub(crate) fn preface(&self) -> Option<std::time::Duration> {
        self.agreement.preface
    }

    /// Creates the stream of a request in HTTP/2 that has switched to `protocol`.
    #[cfg(feature = "h2")]
    pub(crate) fn over_http2(
        stream: impl Transport,
        protocol: String,
        request: Request<()>,
        stopping: ShutdownSignal,
    ) -> Self {
        let http = ObservedConnection::new(Connection::new(switchover::Role::Server), None);
        let agreement = Agreement { protocol, request: Some(request), ..Agreement::default() };
        Self {
            stream: Stream::new(stream, None).boxed(),
            leftover: Bytes::new(),
            agreement: Box::new(agreement),
            stopping: Some(stopping),
            http: Box::new(http),
            splice: None,
            http2: None,
        }
    }

    /// Returns the protocol as the 101 names it, the lowest layer first.
    ///
    /// It is empty in the tunnel of a CONNECT, and for a connection that begins with the preface of
    /// HTTP/2. In a stream of HTTP/2 it is the `:protocol` of the request.
    pub fn protocol(&self) -> &str {
        &self.agreement.protocol
    }

    /// Returns the request that led to the upgrade, in a server.
    ///
    /// After a 101, the response to it is sent in the new protocol (RFC 9110, section 7.8). `None`
    /// in a client, and for a connection that begins with the preface of HTTP/2.
    pub fn request(&self) -> Option<&Request<()>> {
        self.agreement.request.as_ref()
    }

    /// Waits until the server shuts down: say goodbye then, in the new protocol.
    ///
    /// A protocol that has not ended after [`Timeouts::shutdown`](crate::Timeouts::shutdown) is
    /// dropped by [`serve`](crate::serve). The future does not borrow the stream. It never
    /// completes in a client. Nor does it where the server does not run the protocol, as after
    /// [`upgrade::on`](super::on) in HTTP/1.1, unless the shutdown began before the switch.
    pub fn stopping(&self) -> impl Future<Output = ()> + Send + use<> {
        let stopping = self.stopping.clone();
        async {
            match stopping {
                Some(stopping) => stopping.wait_or_never().await,
                None => std::future::pending().await,
            }
        }
    }

    /// Returns the 101, or the 2xx to CONNECT, in a client; `None` in a server.
    pub fn response(&self) -> Option<&Response<()>> {
        self.agreement.response.as_ref()
    }

    /// Returns the transport, and bytes of the new protocol that were already read.
    ///
    /// Process these bytes before you read from the transport.
    ///
    /// If a write has failed with a reset, reading this transport ends as after a FIN: the error is
    /// lost.
    pub fn into_parts(self) -> (Box<dyn Transport>, Bytes) {
        (self.stream.into_inner(), self.leftover)
    }

    /// Returns the transport as its own type, and bytes that were already read.
    ///
    /// Like [`into_parts`](Self::into_parts), for a type that you know, such as
    /// [`TcpStream`](tokio::net::TcpStream).
    ///
    /// # Errors
    ///
    /// The stream, unchanged, if the transport has another type.
    ///
    /// ```
    /// # async fn split(upgraded: switchover_tokio::Upgraded) {
    /// if let Ok((socket, first)) = upgraded.downcast::<tokio::net::TcpStream>() {
    ///     let (reading, writing) = socket.into_split();
    ///     // `first` is what has come before.
    ///     # let _ = (reading, writing, first);
    /// }
    /// # }
    /// ```
    pub fn downcast<T: Transport>(self) -> Result<(T, Bytes), Self> {
        let Self { stream, leftover, .. } = self;
        match stream.downcast() {
            Ok(transport) => Ok((transport, leftover)),
            Err(stream) => Err(Self { stream, leftover, ..self }),
        }
    }

    /// Closes with a reset, if the transport is a [`TcpStream`](tokio::net::TcpStream).
    ///
    /// So it does if [`Config::with_socket`](crate::Config::with_socket) names the socket below it.
    /// Use it if a truncated stream would look complete after an orderly end. An example is a
    /// tunnel that lost its other side (RFC 9113, section 8.5). Bytes that have not arrived yet are
    /// lost. Any other transport is dropped; TLS shows the truncation by the missing close alert.
    /// Over HTTP/2 the stream ends as if it were complete.
    pub fn reset(self) {
        self.stream.arm_reset();
    }

    /// Returns the stream for a TLS handshake, and the HTTP connection to run over it.
    ///
    /// That connection continues with the response to the earlier request. Next:
    /// [`HttpOverTls::serve_connection`], or in a client [`HttpOverTls::receive`]. RFC 2817,
    /// section 3.
    pub fn into_http_over_tls(mut self) -> (Self, HttpOverTls) {
        let other = ObservedConnection::new(Connection::new(switchover::Role::Server), None);
        let http = std::mem::replace(&mut self.http, Box::new(other));
        (self, HttpOverTls { http: *http })
    }
}

/// An HTTP connection that continues over a new TLS layer.
pub struct HttpOverTls {
    pub(crate) http: ObservedConnection,
}

impl std::fmt::Debug for Upgraded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upgraded")
            .field("protocol", &self.agreement.protocol)
            .field("leftover", &self.leftover.len())
            .finish()
    }
}

impl AsyncRead for Upgraded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.leftover.is_empty() {
            let before = to.filled().len();
            ready!(Pin::new(&mut self.stream).poll_read(context, to))?;
            self.http.tell_of_new_protocol(Observation::UpgradedRead(&to.filled()[before..]));
            return Poll::Ready(Ok(()));
        }
        let len = to.remaining().min(self.leftover.len());
        to.put_slice(&self.leftover[..len]);
        self.leftover.advance(len);
        if self.leftover.is_empty() {
            // An empty rest would keep all of its memory.
            self.leftover = Bytes::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Upgraded {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let len = ready!(Pin::new(&mut self.stream).poll_write(context, bytes))?;
        self.http.tell_of_new_protocol(Observation::UpgradedWrite(&bytes[..len]));
        Poll::Ready(Ok(len))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let len = ready!(Pin::new(&mut self.stream).poll_write_vectored(context, pieces))?;
        let mut left = len;
        for piece in pieces {
            let taken = left.min(piece.len());
            self.http.tell_of_new_protocol(Observation::UpgradedWrite(&piece[..taken]));
            left -= taken;
        }
        Poll::Ready(Ok(len))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
