//! A handler served in HTTP/2 as well, by hyper (feature `h2`).
//!
//! [`Config::with_h2`] serves connections that begin with the preface of HTTP/2: with prior
//! knowledge, or agreed by ALPN. [`WithH2c`] accepts the upgrade `h2c` of HTTP/1.1.
//!
//! ```no_run
//! use http::{Request, Response};
//! use switchover_tokio::{Body, BoxError, Config, h2::WithH2c, serve, service_fn};
//!
//! async fn hello(request: Request<Body>) -> Result<Response<Body>, BoxError> {
//!     Ok(Response::new(format!("hello in {:?}\n", request.version()).into()))
//! }
//!
//! # async fn run() -> std::io::Result<()> {
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
//! let config = Config::default().with_h2(service_fn(hello));
//! serve(listener, WithH2c(service_fn(hello)), &config, std::future::pending()).await;
//! # Ok(())
//! # }
//! ```
//!
//! A WebSocket over HTTP/2 (RFC 8441) comes to the handler as the offer of `websocket`, as in
//! HTTP/1.1: [`upgrade::select`](crate::upgrade::select) finds it, and
//! [`accept`](crate::upgrade::Selected::accept) accepts it. Its method is CONNECT, so let a route
//! of axum's take any method. A 2xx to a CONNECT that nothing takes over becomes a 501; with
//! `WithOnUpgrade`, any 2xx to one with an eligible offer accepts it.
//!
//! Requests in HTTP/2 usually have no `Host`: the authority is in the URI.
//!
//! A stream that has switched ends as if complete if the client resets it with CANCEL or NO_ERROR:
//! hyper does not tell them apart. So a protocol needs an end of its own, as WebSocket has a Close
//! frame. The content of a request that is reset is an error.

mod content;
mod request;
mod switched;
mod upgrade;

use std::any::Any;
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use ::hyper::body::Incoming;
use ::hyper::server::conn::http2::Builder;
use ::hyper::service::service_fn;
use http::{Method, Request, Response, StatusCode, header};
use http_body::Body as HttpBody;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};

use crate::config::Config;
use crate::error::{BoxError, content_error};
use crate::handler::HttpService;
use crate::http2_options::Http2Options;
use crate::server::has_no_content;
use crate::{Body, Http2Connection, ShutdownSignal, Transport};
pub use content::Content;
use request::ContentClock;
use switched::Switched;
pub use upgrade::WithH2c;

/// The time without a frame after which the client gets a PING.
const PING_AFTER: Duration = Duration::from_secs(30);

impl Config {
    /// Returns a copy of the configuration, which serves `handler` in HTTP/2 as well.
    ///
    /// `handler` is the one that is passed to [`serve`](crate::serve), or another one. For hyper's
    /// options, or another HTTP/2 server, use [`with_http2`](Self::with_http2) with [`serve`].
    ///
    /// In HTTP/2 this configuration's extensions, limit of content, and timeouts of content and of
    /// the handler apply. Its other parts concern HTTP/1.1. A client that is silent for 30 s gets a
    /// PING, and is dropped if it does not answer. Once the response has begun, one that answers
    /// may take any time to send content and to receive. At a shutdown it gets a GOAWAY.
    ///
    /// RFC 9113, section 3.3.
    ///
    /// hyper sends no 100 in HTTP/2, so a client that waits for one sends its content after a
    /// timeout of its own.
    #[must_use]
    pub fn with_h2<H>(&self, handler: H) -> Self
    where
        H: HttpService<Error: Into<BoxError>, Future: Send> + Clone + Send + Sync + 'static,
        H::Content: HttpBody<Data: Send, Error: Into<BoxError>> + Send + 'static,
        H::Future: 'static,
    {
        let options = self.http2_options();
        self.with_http2(move |http2| {
            let options = Http2Options { extensions: http2.extensions, ..options.clone() };
            let (handler, stopping) = (handler.clone(), http2.stopping);
            // It does not matter how a client disconnects.
            async move { drop(run(http2.stream, handler, options, &builder(), stopping).await) }
        })
    }
}

/// Returns hyper's options for a connection.
///
/// They allow WebSockets, and close the connection of a client that does not answer a PING.
fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.timer(TokioTimer::new()).keep_alive_interval(PING_AFTER).enable_connect_protocol();
    builder
}

/// Serves a connection in HTTP/2, in a handler of [`Config::with_http2`].
///
/// It does what [`Config::with_h2`] does, with hyper's options of your own. For WebSockets set
/// `enable_connect_protocol` there. `config` is the configuration of the server.
///
/// # Errors
///
/// hyper's error, if the connection ended early.
pub async fn serve<H>(
    http2: Http2Connection,
    handler: H,
    config: &Config,
    builder: &Builder<TokioExecutor>,
) -> Result<(), ::hyper::Error>
where
    H: HttpService<Error: Into<BoxError>, Future: Send> + Clone + Send + 'static,
    H::Content: HttpBody<Data: Send, Error: Into<BoxError>> + Send + 'static,
    H::Future: 'static,
{
    let options = Http2Options { extensions: http2.extensions, ..config.http2_options() };
    run(http2.stream, handler, options, builder, http2.stopping).await
}

/// Serves a connection in HTTP/2, until it and its switched streams have ended.
///
/// After `stopping` the client gets a GOAWAY, and the requests in progress are served to their end.
async fn run<S, H>(
    stream: S,
    handler: H,
    options: Http2Options,
    builder: &Builder<TokioExecutor>,
    stopping: ShutdownSignal,
) -> Result<(), ::hyper::Error>
where
    S: Transport,
    H: HttpService<Error: Into<BoxError>, Future: Send> + Clone + Send + 'static,
    H::Content: HttpBody<Data: Send, Error: Into<BoxError>> + Send + 'static,
    H::Future: 'static,
{
    let switched = Switched::new(stopping.clone());
    // Dropped with this future, whoever else still holds it.
    let _ended = switched.abort_on_drop();
    let service = {
        let switched = switched.clone();
        service_fn(move |request: Request<Incoming>| {
            answer(handler.clone(), request, options.clone(), switched.clone())
        })
    };
    let ended = {
        let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
        let (mut stop, mut is_stopping) = (pin!(stopping.wait()), false);
        poll_fn(|context| {
            if !is_stopping && stop.as_mut().poll(context).is_ready() {
                is_stopping = true;
                connection.as_mut().graceful_shutdown();
            }
            connection.as_mut().poll(context)
        })
        .await
    };
    switched.ended().await;
    ended
}

/// Returns the handler's response, or one with the status of its error.
async fn answer<H>(
    handler: H,
    request: Request<Incoming>,
    options: Http2Options,
    switched: Switched,
) -> Result<Response<Content<H::Content>>, Infallible>
where
    H: HttpService<Error: Into<BoxError>>,
    H::Content: HttpBody,
{
    let (is_head, is_connect) =
        (request.method() == Method::HEAD, request.method() == Method::CONNECT);
    let limit = options.handler;
    let clock = ContentClock::new(options.content_timeout);
    let answered = match request::received(request, options, &clock) {
        Ok((request, pending)) => {
            let answered = within(limit, handled(handler, request)).await;
            answered.map(|response| match pending {
                Some(pending) => pending.respond(response.map(Content::of), &switched),
                None => response.map(Content::of),
            })
        }
        Err(status) => Err(status),
    };
    clock.stop();
    let mut response = answered.unwrap_or_else(error_response);
    if response.status().is_informational() {
        // The handler accepts what the client has not asked for, or nothing takes it over.
        response = error_response(StatusCode::INTERNAL_SERVER_ERROR);
    }
    let is_empty = has_no_content(response.status());
    if is_empty && response.status() != StatusCode::NOT_MODIFIED {
        // RFC 9110 8.6: a client may take the length for an error.
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
    if is_head && !is_empty {
        let length = response.body().size_hint().exact().filter(|&length| length > 0);
        if let Some(length) = length {
            response.headers_mut().entry(header::CONTENT_LENGTH).or_insert(length.into());
        }
    }
    if is_head || is_empty {
        *response.body_mut() = Content::empty();
    }
    if is_connect {
        // hyper ends the connection at one in a 2xx.
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
    Ok(response)
}

/// Runs the handler; its error or panic becomes a status, a panic 500.
async fn handled<H>(
    mut handler: H,
    request: Request<Body>,
) -> Result<Response<H::Content>, StatusCode>
where
    H: HttpService<Error: Into<BoxError>>,
{
    let ready = poll_fn(|context| {
        caught(|| handler.poll_ready(context)).unwrap_or_else(|status| Poll::Ready(Err(status)))
    });
    ready.await?;
    let mut answering =
        pin!(catch_unwind(AssertUnwindSafe(|| handler.call(request))).map_err(panicked)?);
    poll_fn(|context| {
        caught(|| answering.as_mut().poll(context))
            .unwrap_or_else(|status| Poll::Ready(Err(status)))
    })
    .await
}

/// Polls the handler; returns its error or panic as a status.
fn caught<T, E: Into<BoxError>>(
    poll: impl FnOnce() -> Poll<Result<T, E>>,
) -> Result<Poll<Result<T, StatusCode>>, StatusCode> {
    let polled = catch_unwind(AssertUnwindSafe(poll)).map_err(panicked)?;
    Ok(polled.map(|answered| answered.map_err(failed)))
}

/// Waits for the handler, up to its timeout; then fails with 503.
async fn within<T>(
    limit: Option<Duration>,
    answering: impl Future<Output = Result<T, StatusCode>>,
) -> Result<T, StatusCode> {
    match limit {
        None => answering.await,
        Some(limit) => tokio::time::timeout(limit, answering)
            .await
            .unwrap_or(Err(StatusCode::SERVICE_UNAVAILABLE)),
    }
}

fn error_response<B>(status: StatusCode) -> Response<Content<B>> {
    let mut response = Response::new(Content::empty());
    *response.status_mut() = status;
    response
}

/// Returns the status for an error of the handler.
///
/// It is 500, unless the content of the request caused the error and so decides the status.
fn failed(error: impl Into<BoxError>) -> StatusCode {
    content_error(&error.into()).map_or(StatusCode::INTERNAL_SERVER_ERROR, crate::Error::status)
}

fn panicked(_: Box<dyn Any + Send>) -> StatusCode {
    StatusCode::INTERNAL_SERVER_ERROR
}
