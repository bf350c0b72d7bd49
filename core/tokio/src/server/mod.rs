//! A server: requests, the handler that responds to them, and the shutdown.

mod listen;
mod listener;
mod response;
mod run;

use std::any::Any;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;

use bytes::BytesMut;
use http::{Request, StatusCode};
use http_body::Body as HttpBody;
use switchover::{Connection, Role};

use crate::body::{Body, Channel};
use crate::client_end::ClientEndSender;
use crate::config::Config;
use crate::date::CachedDate;
use crate::error::{BoxError, Error};
use crate::handler::{ErrorMappers, HttpService};
use crate::informational::InformationalSender;
use crate::observe::ObservedConnection;
use crate::upgrade::{HttpOverTls, PendingUpgrade};
use crate::wire::{Deadline, Stream, Wire};
use crate::{Transport, trace};
pub use listen::{accept, serve};
#[cfg(feature = "axum")]
pub(crate) use listener::prepare;
pub use listener::{Limited, Listener, OnError, TapIo};
#[cfg(feature = "h2")]
pub(crate) use response::has_no_content;

/// Serves one connection, from its first byte to its last.
///
/// It calls `handler` with each request, and closes the stream at the end, unless it is upgraded.
///
/// `handler` is a [`service_fn`](crate::service_fn), an axum `Router`, or any other tower service.
/// It is called with one request after the other; the next request is read once the response is
/// complete. The server itself handles `Expect`, HEAD, the framing of content, `Date`, and content
/// that was not read. It also responds to requests that are malformed or late. Content that is
/// ready at once is sent together with the head.
///
/// Returns when the connection has ended. After an upgrade, first the future of
/// [`Selected::accept`](crate::upgrade::Selected::accept) runs to its end; a stream from
/// [`upgrade::on`](crate::upgrade::on) may outlive this call. An error says why the connection
/// ended early; the client got the matching response, if that was still possible. If a handler
/// panics, the client gets a 500, and the panic is resumed. If its content panics, a response that
/// has begun is truncated. Where panics abort, as on WASI, nothing of this can be done.
///
/// If the future is dropped, the handler is dropped with it, and the connection is closed at once.
/// A TCP socket is reset if the client could take a truncated response for a complete one. RFC
/// 9112, sections 8 and 9. A Unix socket, and any on WASI, cannot be reset, so an HTTP/1.0 client
/// does not see there that a response is truncated.
pub fn serve_connection<S, H>(
    stream: S,
    handler: H,
    config: &Config,
) -> impl Future<Output = Result<(), Error>>
where
    S: Transport,
    H: HttpService<Error: Into<BoxError>, Content: HttpBody<Error: Into<BoxError>>>,
{
    serve_connection_until(stream, handler, config, std::future::pending())
}

/// Serves one connection until it ends, or until `stop` is ready.
///
/// Once `stop` is ready, the next response that begins has `Connection: close`, and is the last. If
/// a response has begun already, the connection closes after it, unless another request has begun
/// to arrive. An idle connection closes at once; an upgraded connection is not ended. RFC 9112,
/// section 9.6.
pub async fn serve_connection_until<S, H>(
    stream: S,
    handler: H,
    config: &Config,
    stop: impl Future<Output = ()>,
) -> Result<(), Error>
where
    S: Transport,
    H: HttpService<Error: Into<BoxError>, Content: HttpBody<Error: Into<BoxError>>>,
{
    if config.http.http2_preface != config.http2.is_some() {
        return Err(NO_HTTP2);
    }
    let http = Connection::with_config(Role::Server, Arc::clone(&config.http));
    let http = ObservedConnection::new(http, config.observer.clone());
    let stream = Stream::new(stream, config.socket.clone());
    let wire = Wire::new(stream, http, config.timeouts.write);
    let stop = pin!(stop);
    let serving = ServerConnection::new(wire, handler, ErrorMappers::BOXED, config, stop);
    trace::connection(CachedDate { future: serving.run() }).await
}

const NO_HTTP2: Error =
    Error::Misuse("`http.http2_preface` and `http2` go together: use `Config::with_http2` last");

impl HttpOverTls {
    /// Serves HTTP over the new TLS layer, as [`serve_connection`] does.
    ///
    /// `stream` is the TLS stream over the [accepted](crate::upgrade::Selected::accept) one. The
    /// first request is the one that offered the upgrade: `handler` receives it again, without an
    /// offer. If it had content, reading it fails, because that came before TLS. Pass another
    /// function than the one that accepted, or a boxed future, because a future cannot contain
    /// itself. RFC 2817, section 3.
    pub async fn serve_connection<S, H>(
        self,
        stream: S,
        handler: H,
        config: &Config,
    ) -> Result<(), Error>
    where
        S: Transport,
        H: HttpService<Error: Into<BoxError>, Content: HttpBody<Error: Into<BoxError>>>,
    {
        self.serve_connection_until(stream, handler, config, std::future::pending()).await
    }

    /// Serves HTTP over the new TLS layer, and ends it once `stop` is ready.
    ///
    /// Does what [`serve_connection`](Self::serve_connection) does, and stops as
    /// [`serve_connection_until`] does.
    pub async fn serve_connection_until<S, H>(
        mut self,
        stream: S,
        handler: H,
        config: &Config,
        stop: impl Future<Output = ()>,
    ) -> Result<(), Error>
    where
        S: Transport,
        H: HttpService<Error: Into<BoxError>, Content: HttpBody<Error: Into<BoxError>>>,
    {
        self.http.resume_http()?;
        let again = self.http.request().and_then(|request| Request::try_from(request).ok());
        let again =
            again.ok_or(Error::Misuse("there is no request that is to be answered again"))?;
        let stop = pin!(stop);
        let stream = Stream::new(stream, config.socket.clone());
        let wire = Wire::new(stream, self.http, config.timeouts.write);
        let mut serving = ServerConnection::new(wire, handler, ErrorMappers::BOXED, config, stop);
        let content = Body::again(again.headers());
        serving.question.request = again.map(|()| content);
        serving.question.add_extensions(config);
        serving.is_asked = true;
        trace::connection(CachedDate { future: serving.run() }).await
    }
}

/// The next request for the handler.
///
/// Between requests it holds the header map of the last response, to reuse its memory.
#[derive(Default)]
struct NextRequest {
    request: Request<Body>,
    links: RequestHandles,
}

/// The handles that a request shares with its connection.
///
/// They are dropped once the request is over, with or without a response. Then whoever waits for
/// its content or upgrade is woken.
#[derive(Default)]
struct RequestHandles {
    /// The channel for the request's content; `None` if the body already holds all.
    channel: Option<Arc<Channel>>,
    /// The pending upgrade, if the request has an offer or is a CONNECT.
    pending: Option<Arc<PendingUpgrade>>,
    /// The queue of interim responses, if they are enabled.
    informational: Option<InformationalSender>,
}

impl Drop for RequestHandles {
    fn drop(&mut self) {
        if let Some(channel) = &self.channel {
            channel.cut(Error::Cancelled("the request is over"));
        }
        if let Some(pending) = &self.pending {
            drop(pending.take_callback());
        }
    }
}

/// A connection that is being served.
struct ServerConnection<'c, S, H: HttpService, F> {
    wire: Wire<S>,
    handler: H,
    errors: ErrorMappers<H>,
    config: &'c Config,
    stop: Pin<&'c mut F>,
    is_stopping: bool,
    /// The sender of the signal that the client has ended its direction, if enabled.
    client_end: Option<ClientEndSender>,
    /// The deadline for the handler to return a response.
    handling: Deadline,
    /// The next request for the handler.
    question: NextRequest,
    /// Set if `question` already holds the request that `run` serves first.
    ///
    /// So it is when HTTP resumes over a new TLS layer: the request from before still awaits its
    /// response.
    is_asked: bool,
    /// The memory that the texts of the next request reuse.
    memory: BytesMut,
}

/// The reason why no further request is served.
enum Failure {
    /// An error, with the status to send if a response can still be sent.
    Error(StatusCode, Error),
    Panic(Box<dyn Any + Send>),
}

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error = error.into();
        Self::Error(error.status(), error)
    }
}
