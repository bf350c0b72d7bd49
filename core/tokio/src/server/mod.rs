//! A server: requests, a handler that answers them, and the end of a connection.

mod answer;
mod listen;
mod run;

use std::any::Any;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;

use http::{Request, StatusCode};
use http_body::Body as HttpBody;
use switchover::binding::Memory;
use switchover::{Connection, Role};

use crate::body::{Body, Channel};
use crate::config::Config;
use crate::date::LookedAtOnce;
use crate::error::{BoxError, Error};
use crate::handler::{Errors, Handler};
use crate::interim::Informer;
use crate::observe::Observed;
use crate::upgrade::{Chance, Resumption};
use crate::wire::{Deadline, Wire};
use crate::{Transport, trace};
pub use listen::{Stopping, accept_all, serve_all};

/// Serves one connection, from its first byte to its last: calls `handler` with each request, and closes the stream.
///
/// `handler` is a [`service_fn`](crate::service_fn), an axum `Router`, or any other tower service. It is called with one request
/// after the other; the next one is read once the answer is complete. What is not the handler's business is done: `Expect`,
/// HEAD, the framing of content, `Date`, content that was not read, and the answer to a request that is malformed or late.
/// A body that gives data at once is sent in one piece with its head.
///
/// Returns when the connection is over, and what it has switched to as well: the future that was given to
/// [`Selected::accept`](crate::upgrade::Selected::accept) runs in this one. An error says why it ended early; the client got the answer that
/// fits, if it still could. Where a handler panics the client gets a 500, and the panic goes on here; where its content does,
/// the answer is cut if it has begun.
///
/// Cancel safe in this sense: if it is dropped, the connection is closed at once, and nothing else is lost. A socket is reset
/// where the client would take a cut answer for a whole one. RFC 9112, 8 and 9.
pub async fn serve<S, H>(stream: S, handler: H, config: &Config) -> Result<(), Error>
where
    S: Transport,
    H: Handler<Error: Into<BoxError>, Content: HttpBody<Error: Into<BoxError>>>,
{
    serve_until(stream, handler, config, std::future::pending()).await
}

/// [`serve`], until `stop` is ready: then the response under way is the last, and says so with `Connection: close`. A connection
/// that is idle closes at once; one that has switched is not ended. RFC 9112, 9.6.
pub async fn serve_until<S, H>(
    stream: S,
    handler: H,
    config: &Config,
    stop: impl Future<Output = ()>,
) -> Result<(), Error>
where
    S: Transport,
    H: Handler<Error: Into<BoxError>, Content: HttpBody<Error: Into<BoxError>>>,
{
    if config.http.http2_preface {
        return Err(Error::Misuse("http2_preface: there is no request that a handler could be called with"));
    }
    let http = Connection::with_config(Role::Server, Arc::clone(&config.http));
    let http = Observed::new(http, config.observer.clone());
    let wire = Wire::new(stream, http, config.patience);
    let stop = pin!(stop);
    let serving = Serving::new(wire, handler, Errors::BOXED, config, stop);
    trace::connection(LookedAtOnce { future: serving.run() }).await
}

impl Resumption {
    /// Serves HTTP above the new layer, as [`serve`] does: `stream` is the TLS above what was
    /// [accepted](crate::upgrade::Selected::accept), and the first request is the one that led to it, which comes to `handler`
    /// again, without an offer. Give it another function than the one that has accepted, or a boxed future: a future cannot
    /// contain itself. RFC 2817, 3.
    pub async fn serve<S, H>(self, stream: S, handler: H, config: &Config) -> Result<(), Error>
    where
        S: Transport,
        H: Handler<Error: Into<BoxError>, Content: HttpBody<Error: Into<BoxError>>>,
    {
        self.serve_until(stream, handler, config, std::future::pending()).await
    }

    /// [`serve`](Self::serve), until `stop` is ready, as [`serve_until`] does.
    pub async fn serve_until<S, H>(
        mut self,
        stream: S,
        handler: H,
        config: &Config,
        stop: impl Future<Output = ()>,
    ) -> Result<(), Error>
    where
        S: Transport,
        H: Handler<Error: Into<BoxError>, Content: HttpBody<Error: Into<BoxError>>>,
    {
        self.http.resume_http()?;
        let again = self.http.request().and_then(|request| Request::try_from(request).ok());
        let again = again.ok_or(Error::Misuse("there is no request that is to be answered again"))?;
        let stop = pin!(stop);
        let wire = Wire::new(stream, self.http, config.patience);
        let mut serving = Serving::new(wire, handler, Errors::BOXED, config, stop);
        serving.question.request = again.map(|()| Body::empty());
        serving.is_asked = true;
        trace::connection(LookedAtOnce { future: serving.run() }).await
    }
}

/// A request that is to be answered, or will be.
#[derive(Default)]
struct Question {
    request: Request<Body>,
    links: Links,
}

/// What a request and its connection do for each other. Once the request is over, answered or not, what waits at the other ends
/// waits no longer.
#[derive(Default)]
struct Links {
    /// Where its content goes, if there is any.
    channel: Option<Arc<Channel>>,
    /// What its connection may become, if anything.
    chance: Option<Arc<Chance>>,
    /// Where interim responses come from, if they may.
    informer: Option<Informer>,
}

impl Drop for Links {
    fn drop(&mut self) {
        if let Some(channel) = &self.channel {
            channel.cut("the request is over");
        }
        if let Some(chance) = &self.chance {
            drop(chance.taker());
        }
    }
}

/// A connection that is being served.
struct Serving<'c, S, H: Handler, F> {
    wire: Wire<S>,
    handler: H,
    errors: Errors<H>,
    config: &'c Config,
    stop: Pin<&'c mut F>,
    is_stopping: bool,
    /// Until when the handler may take.
    handling: Deadline,
    question: Question,
    /// The question waits for its handler.
    is_asked: bool,
    /// What requests are made in.
    memory: Memory,
}

/// Why no further request is served.
enum Failure {
    /// With the answer that it gets, if one can still be sent.
    Error(StatusCode, Error),
    Panic(Box<dyn Any + Send>),
}

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error = error.into();
        Self::Error(error.status(), error)
    }
}
