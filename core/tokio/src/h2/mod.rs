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
//! of axum's take any method.

mod content;
mod request;
mod upgrade;

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::time::Duration;

use ::hyper::body::Incoming;
use ::hyper::server::conn::http2::Builder;
use ::hyper::service::service_fn;
use http::{Extensions, Method, Request, Response, StatusCode, header};
use http_body::Body as HttpBody;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};

use crate::config::Config;
use crate::error::{BoxError, content_error};
use crate::handler::HttpService;
use crate::server::has_no_content;
use crate::{Http2Connection, Transport};
use content::Content;
pub use upgrade::WithH2c;

/// The time without a frame after which the client is asked for a PING.
const PING_AFTER: Duration = Duration::from_secs(30);

impl Config {
    /// Returns a copy of the configuration, which serves `handler` in HTTP/2 as well.
    ///
    /// `handler` is the one that is passed to [`serve`](crate::serve), or another one. Use
    /// [`with_http2`](Self::with_http2) with [`serve`] for an HTTP/2 server with your own options.
    ///
    /// A client that is silent for 30 s gets a PING, and has 20 s to answer. At a shutdown it gets
    /// a GOAWAY. RFC 9113, section 3.3.
    #[must_use]
    pub fn with_h2<H>(&self, handler: H) -> Self
    where
        H: HttpService<Error: Into<BoxError>, Future: Send> + Clone + Send + Sync + 'static,
        H::Content: HttpBody<Data: Send, Error: Into<BoxError>> + Send + 'static,
        H::Future: 'static,
    {
        self.with_http2(move |http2| {
            let handler = handler.clone();
            async move {
                let Http2Connection { stream, extensions, stopping } = http2;
                // It does not matter how a client disconnects.
                drop(serve(stream, handler, extensions, &builder(), stopping.wait()).await);
            }
        })
    }
}

/// Returns hyper's options for a connection.
///
/// They allow WebSockets, and end a client that does not answer.
fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.timer(TokioTimer::new()).keep_alive_interval(PING_AFTER).enable_connect_protocol();
    builder
}

/// Serves a connection in HTTP/2 until it ends, or until `stop` is ready.
///
/// `stream` begins with the preface. Each request gets a copy of `extensions`. After `stop` the
/// client gets a GOAWAY, and the requests in progress are served to their end.
///
/// # Errors
///
/// hyper's error, if the connection ended early.
pub async fn serve<S, H>(
    stream: S,
    handler: H,
    extensions: Extensions,
    builder: &Builder<TokioExecutor>,
    stop: impl Future<Output = ()>,
) -> Result<(), ::hyper::Error>
where
    S: Transport,
    H: HttpService<Error: Into<BoxError>, Future: Send> + Clone + Send + 'static,
    H::Content: HttpBody<Data: Send, Error: Into<BoxError>> + Send + 'static,
    H::Future: 'static,
{
    let service = service_fn(move |request: Request<Incoming>| {
        let (handler, extensions) = (handler.clone(), extensions.clone());
        answer(handler, request, extensions)
    });
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let (mut stop, mut is_stopping) = (pin!(stop), false);
    poll_fn(|context| {
        if !is_stopping && stop.as_mut().poll(context).is_ready() {
            is_stopping = true;
            connection.as_mut().graceful_shutdown();
        }
        connection.as_mut().poll(context)
    })
    .await
}

/// Returns the handler's response, or one with the status of its error.
async fn answer<H>(
    mut handler: H,
    request: Request<Incoming>,
    extensions: Extensions,
) -> Result<Response<Content<H::Content>>, Infallible>
where
    H: HttpService<Error: Into<BoxError>>,
    H::Content: HttpBody,
{
    let is_head = request.method() == Method::HEAD;
    let (request, accepting) = request::received(request, extensions);
    let answered = match poll_fn(|context| handler.poll_ready(context)).await.map_err(failed) {
        Ok(()) => handler.call(request).await.map_err(failed),
        Err(status) => Err(status),
    };
    let mut response = answered.map_or_else(error_response, |response| response.map(Content::of));
    if let Some(accepting) = accepting {
        accepting.respond(&mut response);
    }
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        // Nothing takes the stream over, or the client has not asked for another protocol.
        response = error_response(StatusCode::INTERNAL_SERVER_ERROR);
    }
    if is_head || has_no_content(response.status()) {
        let length = response.body().size_hint().exact().filter(|&length| length > 0 && is_head);
        if let Some(length) = length.filter(|_| !has_no_content(response.status())) {
            response.headers_mut().entry(header::CONTENT_LENGTH).or_insert(length.into());
        }
        *response.body_mut() = Content::empty();
    }
    Ok(response)
}

fn error_response<B>(status: StatusCode) -> Response<Content<B>> {
    let mut response = Response::new(Content::empty());
    *response.status_mut() = status;
    response
}

/// Returns the status for an error of the handler, as in HTTP/1.1.
fn failed(error: impl Into<BoxError>) -> StatusCode {
    content_error(&error.into()).map_or(StatusCode::INTERNAL_SERVER_ERROR, crate::Error::status)
}
