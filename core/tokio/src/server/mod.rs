//! A server: requests, a handler that answers them, and the end of a connection.

mod listen;
mod response;
mod run;

use std::any::Any;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;

use bytes::BytesMut;
use http::{HeaderMap, Request, StatusCode};
use http_body::Body as HttpBody;
use switchover::{Connection, Role};

use crate::body::{Body, Channel};
use crate::config::Config;
use crate::date::CachedDate;
use crate::error::{BoxError, Error};
use crate::handler::{ErrorMappers, HttpService};
use crate::informational::InformationalSender;
use crate::observe::ObservedConnection;
use crate::upgrade::{HttpOverTls, PendingUpgrade};
use crate::wire::{Deadline, Wire};
use crate::{Transport, trace};
pub use listen::{ShutdownSignal, accept, serve};

/// Serves one connection, from its first byte to its last.
///
/// It calls `handler` with each request, and closes the stream.
///
/// `handler` is a [`service_fn`](crate::service_fn), an axum `Router`, or any other tower service.
/// It is called with one request after the other; the next one is read once the answer is complete.
/// What is not the handler's business is done: `Expect`, HEAD, the framing of content, `Date`, and
/// content that was not read. So is the answer to a request that is malformed or late. A body that
/// gives data at once is sent in one piece with its head.
///
/// Returns when the connection is over, and its new protocol too. The future that was given to
/// [`Selected::accept`](crate::upgrade::Selected::accept) runs in this one. An error says why it
/// ended early; the client got the answer that fits, if it still could. If a handler panics, the
/// client gets a 500, and the panic goes on here. If its content panics, a response that has begun
/// is truncated.
///
/// Cancel safe in this sense: if it is dropped, the connection is closed at once, and nothing else
/// is lost. A socket is reset where the client would take a cut answer for a whole one. RFC 9112,
/// sections 8 and 9.
pub async fn serve_connection<S, H>(stream: S, handler: H, config: &Config) -> Result<(), Error>
where
    S: Transport,
    H: HttpService<Error: Into<BoxError>, Content: HttpBody<Error: Into<BoxError>>>,
{
    serve_connection_until(stream, handler, config, std::future::pending()).await
}

/// Serves one connection until `stop` is ready.
///
/// The response in progress is then the last, and says so with `Connection: close`. An idle
/// connection closes at once; one that has switched is not ended. RFC 9112, section 9.6.
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
    if config.http.http2_preface {
        return Err(Error::Misuse(
            "http2_preface: there is no request that a handler could be called with",
        ));
    }
    let http = Connection::with_config(Role::Server, Arc::clone(&config.http));
    let http = ObservedConnection::new(http, config.observer.clone());
    let wire = Wire::new(stream, http, config.timeouts);
    let stop = pin!(stop);
    let serving = ServerConnection::new(wire, handler, ErrorMappers::BOXED, config, stop);
    trace::connection(CachedDate { future: serving.run() }).await
}

impl HttpOverTls {
    /// Serves HTTP above the new layer, as [`serve_connection`] does.
    ///
    /// `stream` is the TLS above what was [accepted](crate::upgrade::Selected::accept). The first
    /// request is the one that led to it: it comes to `handler` again, without an offer. Give it
    /// another function than the one that has accepted, or a boxed future: a future cannot contain
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

    /// Serves HTTP above the new layer until `stop` is ready.
    ///
    /// It stops as [`serve_connection_until`] does.
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
        let wire = Wire::new(stream, self.http, config.timeouts);
        let mut serving = ServerConnection::new(wire, handler, ErrorMappers::BOXED, config, stop);
        serving.question.request = again.map(|()| Body::empty());
        serving.is_asked = true;
        trace::connection(CachedDate { future: serving.run() }).await
    }
}

/// A request that is to be answered, or will be.
#[derive(Default)]
struct NextRequest {
    request: Request<Body>,
    links: RequestHandles,
}

/// The handles that a request shares with its connection.
///
/// Once the request is over, answered or not, what waits at the other ends waits no longer.
#[derive(Default)]
struct RequestHandles {
    /// The channel for its content, if there is any.
    channel: Option<Arc<Channel>>,
    /// The pending upgrade, if there is an offer.
    chance: Option<Arc<PendingUpgrade>>,
    /// The queue of interim responses, if they are enabled.
    informational: Option<InformationalSender>,
}

impl Drop for RequestHandles {
    fn drop(&mut self) {
        if let Some(channel) = &self.channel {
            channel.cut("the request is over");
        }
        if let Some(chance) = &self.chance {
            drop(chance.take_callback());
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
    /// The deadline of the handler.
    handling: Deadline,
    question: NextRequest,
    /// The question waits for its handler.
    is_asked: bool,
    /// The memory that requests are made in.
    memory: RequestMemory,
}

/// The memory that requests are made in, one after the other.
#[derive(Default)]
struct RequestMemory {
    /// A map that is not used any more: that of the last answer.
    headers: HeaderMap,
    bytes: BytesMut,
}

/// Why no further request is served.
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
