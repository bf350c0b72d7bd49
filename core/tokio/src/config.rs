//! The configuration of a connection.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use http::Extensions;
use tokio::net::TcpStream;

use crate::Transport;
use crate::observe::Observer;
use crate::peer::PeerAddr;
use crate::shutdown::ShutdownSignal;
use crate::socket::SocketBelow;
use crate::timeouts::Timeouts;
use crate::upgrade::Upgraded;

/// The default limit for the content of a request, in bytes.
const CONTENT: u64 = 1 << 30;

/// The configuration of a connection, for servers and clients.
///
/// End a literal with `..Default::default()`, because new fields may be added.
#[derive(Clone, Debug)]
pub struct Config {
    /// The limits and leniencies of the engine; set `secure` if the stream is TLS.
    ///
    /// A server needs a handler for `http2_preface`: see [`with_http2`](Self::with_http2). The
    /// default limits the content of a request to 1 GiB (`limits.content`), while the engine's own
    /// default has no limit. It also sets `lowercase_names`, as names of the crate `http` are in
    /// lower case.
    pub http: Arc<switchover::Config>,
    /// The timeouts for the peer, and for the handler.
    pub timeouts: Timeouts,
    /// Makes a server add `Date` to a response without one (RFC 9110, section 6.6.1).
    pub date: bool,
    /// Makes a server respond to a half-closed client (RFC 9112, section 9.6).
    ///
    /// Then a disconnect after the request is noticed only by a reset, or when the response is
    /// sent. If a client has closed its socket, its system resets the connection after about a
    /// minute. A closed Unix socket is noticed at once.
    ///
    /// If this is `false`, the handler is dropped once the client closes its direction. A handler
    /// that reads incomplete content first gets an error from that read. Both may go unnoticed
    /// while the handler leaves more content unread than the engine buffers.
    pub half_close: bool,
    /// Gives each request of a server in HTTP/1.1 a [`ClientEnd`](crate::ClientEnd).
    ///
    /// A handler then learns that its client has ended its direction, also under `half_close`.
    pub client_end: bool,
    /// Gives each request of a server in HTTP/1.1 an `InformationalSender`.
    ///
    /// The handler gets it by [`informational`](crate::informational). This costs a few allocations
    /// for each request.
    pub informational: bool,
    /// Gives each head received in HTTP/1.1 its [`FieldNames`](crate::FieldNames).
    ///
    /// A 101 and a 2xx to CONNECT that a client receives have none.
    pub field_names: bool,
    /// The extensions that each request of a server has, such as the peer's address.
    ///
    /// [`serve`](crate::serve) adds the address itself; see [`for_peer`](Self::for_peer). The
    /// extensions are cloned for each request.
    pub extensions: Extensions,
    /// The handler of connections in HTTP/2: see [`with_http2`](Self::with_http2).
    pub http2: Option<Http2Handler>,
    /// The observer of the connection, if any: see [`observe`](crate::observe).
    pub observer: Option<Arc<dyn Observer>>,
    /// The function that finds the TCP socket below another stream, such as TLS.
    ///
    /// [`with_socket`](Self::with_socket) sets it. A connection over a `TcpStream` itself does not
    /// need it.
    pub socket: Option<SocketBelow>,
}

impl Default for Config {
    fn default() -> Self {
        let limits = switchover::Limits { content: CONTENT, ..switchover::Limits::DEFAULT };
        Self {
            http: Arc::new(switchover::Config {
                limits,
                lowercase_names: true,
                ..switchover::Config::default()
            }),
            timeouts: Timeouts::default(),
            date: true,
            half_close: true,
            client_end: false,
            informational: false,
            field_names: false,
            extensions: Extensions::new(),
            http2: None,
            observer: None,
            socket: None,
        }
    }
}

impl Config {
    /// Returns a copy of the configuration, for a stream that is TLS.
    ///
    /// Then a target may be `https` (RFC 9110, section 7.4), and TLS or `h2c` cannot be offered.
    pub fn secure(&self) -> Self {
        let http = switchover::Config { secure: true, ..switchover::Config::clone(&self.http) };
        Self { http: Arc::new(http), ..self.clone() }
    }

    /// Returns a copy of the configuration, for a server of HTTP/1.1 and HTTP/2.
    ///
    /// A connection that begins with the preface of HTTP/2 is passed to `serve`, with every byte,
    /// also in TLS after an ALPN of `h2`. `serve` is a server of HTTP/2 that you have, such as
    /// hyper's, or that of the crate `h2`. The timeouts of this configuration end with the preface.
    ///
    /// The connection lasts until the future of `serve` ends. Its `stopping` says that the server
    /// shuts down; [`serve`](crate::serve) drops the connection after the shutdown timeout. RFC
    /// 9113, section 3.
    #[must_use]
    pub fn with_http2<F, R>(&self, serve: F) -> Self
    where
        F: Fn(Http2Connection) -> R + Send + Sync + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        let http =
            switchover::Config { http2_preface: true, ..switchover::Config::clone(&self.http) };
        let serve = move |http2| -> Serving { Box::pin(serve(http2)) };
        Self { http: Arc::new(http), http2: Some(Http2Handler(Arc::new(serve))), ..self.clone() }
    }

    /// Returns a copy of the configuration, for streams of type `S` over a TCP socket.
    ///
    /// Without it nothing is known of the socket below TLS. Then a client is not noticed that
    /// has closed altogether while a handler waits. Nor is a reset behind more bytes than the
    /// connection reads ahead. The handler goes on. A client that reads a long response slowly
    /// may seem to read nothing. Over a layer that has no end of its own, a response to HTTP/1.0
    /// that is cut may look complete.
    ///
    /// ```
    /// use switchover_tokio::Config;
    /// use tokio::net::TcpStream;
    /// use tokio_rustls::server::TlsStream;
    ///
    /// let config = Config::default().secure();
    /// let config = config.with_socket(|tls: &TlsStream<TcpStream>| tls.get_ref().0);
    /// ```
    #[must_use]
    pub fn with_socket<S: Transport>(
        &self,
        socket: impl Fn(&S) -> &TcpStream + Send + Sync + 'static,
    ) -> Self {
        let below = SocketBelow::new(move |stream| Some(socket(stream.downcast_ref()?)));
        Self { socket: Some(below), ..self.clone() }
    }

    /// Returns a copy of the configuration, for a connection of that peer.
    ///
    /// Each request then has its [`PeerAddr`](crate::PeerAddr), and with the feature `axum` also
    /// `axum::extract::ConnectInfo`. [`serve`](crate::serve) calls it; call it yourself in
    /// [`accept`](crate::accept), such as for TLS.
    #[must_use]
    pub fn for_peer<A: Clone + Send + Sync + 'static>(&self, address: A) -> Self {
        let mut config = self.clone();
        #[cfg(feature = "axum")]
        config.extensions.insert(::axum::extract::ConnectInfo(address.clone()));
        config.extensions.insert(PeerAddr(address));
        config
    }

    #[cfg(feature = "h2")]
    pub(crate) fn http2_options(&self) -> crate::http2_options::Http2Options {
        crate::http2_options::Http2Options {
            extensions: self.extensions.clone(),
            handler: self.timeouts.handler,
            content: self.http.limits.content,
            content_timeout: self.timeouts.content,
        }
    }
}

/// The handler of connections that begin with the preface of HTTP/2.
///
/// [`Config::with_http2`] makes one.
#[derive(Clone)]
pub struct Http2Handler(pub(crate) Arc<dyn Fn(Http2Connection) -> Serving + Send + Sync>);

/// A connection in HTTP/2, for the handler of [`Config::with_http2`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Http2Connection {
    /// The stream, whose first bytes are the preface.
    pub stream: Upgraded,
    /// The extensions to add to each request, such as the peer's address.
    pub extensions: Extensions,
    /// The signal that the server shuts down: send a GOAWAY then.
    pub stopping: ShutdownSignal,
}

/// The future that serves a connection in HTTP/2.
type Serving = Pin<Box<dyn Future<Output = ()> + Send>>;

impl fmt::Debug for Http2Handler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Http2Handler")
    }
}
