//! A client: requests on a persistent connection, and upgrades.

mod content;
mod exchange;
mod outcome;
mod request;
mod response;
mod shared;
mod waiters;

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use http::{Request, Response};
use http_body::Body as HttpBody;
use switchover::{Connection, Role};
use tokio::time::timeout;

use crate::Transport;
use crate::body::{Body, discard};
use crate::config::Config;
use crate::error::{BoxError, Error};
use crate::observe::ObservedConnection;
use crate::sync::Mutex;
use crate::upgrade::{HttpOverTls, Upgraded};
use crate::wire::{LINGER_IDLE, Stream, Wire};
use exchange::{Exchange, Head};
pub use outcome::{Declined, Outcome};
use request::write_request_head;
use shared::{Locked, locked};
use waiters::Waiter;

/// Creates a client on an established connection.
///
/// Next: [`Client::send`].
pub fn connect<S: Transport>(stream: S, config: &Config) -> Client<S> {
    let http = Connection::with_config(Role::Client, Arc::clone(&config.http));
    Client::over(stream, ObservedConnection::new(http, config.observer.clone()), config)
}

/// Checks a request without a connection.
///
/// Returns the error with which [`Client::send`] or [`Client::upgrade`] would reject its head. So
/// an intermediary can reject a client's invalid request without its server, for instance a TRACE
/// with content (RFC 9110, section 9.3.8).
pub fn check<B: HttpBody>(
    request: &Request<B>,
    offer: &[&str],
    config: &Config,
) -> Result<(), Error> {
    let mut head = Request::new(());
    *head.method_mut() = request.method().clone();
    *head.uri_mut() = request.uri().clone();
    *head.headers_mut() = request.headers().clone();
    let mut http = ObservedConnection::new(
        Connection::with_config(Role::Client, Arc::clone(&config.http)),
        None,
    );
    write_request_head(&mut http, &mut Vec::new(), head.into_parts().0, request.body(), offer)
        .map(drop)
}

/// Sends one request that offers the protocols in `offer`, on a new connection.
///
/// The protocols are in order of preference. `stream` is used for this request only, with the
/// default configuration. See [`Client::upgrade`].
pub async fn upgrade<S, B>(stream: S, request: Request<B>, offer: &[&str]) -> Result<Outcome, Error>
where
    S: Transport,
    B: HttpBody<Error: Into<BoxError>> + Send + 'static,
{
    connect(stream, &Config::default()).upgrade(request, offer).await
}

/// A connection to a server, for one request after the other.
///
/// There is no background task: the connection sends and reads while you await a response or read
/// its content.
pub struct Client<S>(Arc<Mutex<Exchange<S>>>);

/// The error of [`Client::try_send`], with the request if it can be sent elsewhere.
#[non_exhaustive]
pub struct TrySendError<B> {
    /// The reason why the request failed.
    pub error: Error,
    /// The request; `None` if it is invalid, or a part of it may have been sent.
    pub request: Option<Request<B>>,
}

impl<B> From<TrySendError<B>> for Error {
    fn from(failed: TrySendError<B>) -> Self {
        failed.error
    }
}

impl<B> fmt::Debug for TrySendError<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrySendError")
            .field("error", &self.error)
            .field("is_unsent", &self.request.is_some())
            .finish_non_exhaustive()
    }
}

impl<B> fmt::Display for TrySendError<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl<B> std::error::Error for TrySendError<B> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error.source()
    }
}

impl HttpOverTls {
    /// Receives the response to the earlier request over the new TLS layer.
    ///
    /// Also returns the client for the next requests. `stream` is the TLS stream over the
    /// [upgraded](Upgraded::into_http_over_tls) one. Next: read the response, then [`Client::send`]
    /// with URIs of the scheme `https`.
    ///
    /// ```no_run
    /// # async fn get(
    /// #     stream: tokio::net::TcpStream,
    /// #     tls: tokio_rustls::TlsConnector,
    /// # ) -> Result<(), switchover_tokio::BoxError> {
    /// use switchover_tokio::{Body, Config, client};
    ///
    /// let request = http::Request::get("http://localhost/").body(Body::empty())?;
    /// let upgraded = client::upgrade(stream, request, &["TLS/1.3"]).await?.into_result()?;
    /// let (stream, http) = upgraded.into_http_over_tls();
    /// let stream = tls.connect("localhost".try_into()?, stream).await?;
    /// let (mut client, response) = http.receive(stream, &Config::default()).await?;
    /// println!("{}", response.status());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Fails if the server closes or is late, and if the upgraded connection is a server's or a
    /// tunnel. Not cancel safe, like [`Client::send`]. RFC 2817, section 3.3.
    pub async fn receive<S: Transport>(
        mut self,
        stream: S,
        config: &Config,
    ) -> Result<(Client<S>, Response<Body>), Error> {
        if self.http.request().is_some() {
            return Err(Error::Misuse(
                "a server answers the request of before: use `serve_connection`",
            ));
        }
        self.http.resume_http()?;
        let mut client = Client::over(stream, self.http, config);
        match client.outcome().await? {
            Outcome::Declined(Declined { response, .. }) => Ok((client, response)),
            Outcome::Upgraded(_) => Err(SWITCHED),
        }
    }
}

impl<S: Transport> Client<S> {
    fn over(stream: S, http: ObservedConnection, config: &Config) -> Self {
        let stream = Stream::new(stream, config.socket.clone());
        let wire = Wire::new(stream, http, config.timeouts.write);
        Self(Arc::new(Mutex::new(Exchange::new(wire, config))))
    }

    /// Sends a request, and returns the response once its head has arrived.
    ///
    /// Content may still be in transit in both directions; it moves while you read the content of
    /// the response.
    ///
    /// If they are missing, `Host` is added from the URI, and `Content-Length` from the body; a 0
    /// only to POST, PUT and PATCH. If the length is unknown, content is sent in chunks. A
    /// `Transfer-Encoding` of yours is removed.
    ///
    /// A request with `Expect: 100-continue` waits for the 100 at most for
    /// [`Timeouts::expect_continue`](crate::Timeouts). If a final response arrives instead, the
    /// content is not sent, and the connection closes after that response. But if it is a 2xx and
    /// then nothing more arrives for that time, the server awaits the content, which is sent.
    ///
    /// Before the next request, read the content of the response to its end, or drop it. If it is
    /// dropped, up to `limits.drain` bytes of the rest are discarded, within a second. After the
    /// last request call [`close`](Self::close), which sends what is left of it.
    ///
    /// Fails before anything is sent if the server is known to have closed the connection, or to
    /// have sent bytes without a request. The request may then be sent on another connection
    /// (RFC 9112, sections 9.2 and 9.3.1).
    ///
    /// Not cancel safe: a request that was given up cannot be taken back, so the next call returns
    /// [`Misuse`](Error::Misuse). Drop the client then. RFC 9112, section 9.3.
    ///
    /// Content of the request may read the body of the response. If it owns that body to its own
    /// end, neither is dropped with the client.
    pub async fn send<B>(&mut self, request: Request<B>) -> Result<Response<Body>, Error>
    where
        B: HttpBody<Error: Into<BoxError>> + Send + 'static,
    {
        response(self.upgrade(request, &[]).await?)
    }

    /// Sends a request that offers the protocols in `offer`, in order of preference.
    ///
    /// A CONNECT offers a tunnel. A server that declines responds as it would without the offer,
    /// and another request may follow.
    ///
    /// An offer of `websocket` adds key and version of the handshake, and an offer of `h2c` adds
    /// `HTTP2-Settings`, unless the request has them. The features of these names do that. Not
    /// cancel safe, like [`send`](Self::send). RFC 9110, sections 7.8 and 9.3.6.
    pub async fn upgrade<B>(
        &mut self,
        request: Request<B>,
        offer: &[&str],
    ) -> Result<Outcome, Error>
    where
        B: HttpBody<Error: Into<BoxError>> + Send + 'static,
    {
        self.prepare().await?;
        self.lock().begin(request, offer)?;
        self.outcome().await
    }

    /// Sends a request, and gives it back if the connection takes none.
    ///
    /// Like [`send`](Self::send), for a pool: a request that comes back can be sent on another
    /// connection, whatever its method. One that does not may have been sent in part, or is
    /// invalid; only an idempotent one may be sent again (RFC 9110, section 9.2.2).
    pub async fn try_send<B>(
        &mut self,
        request: Request<B>,
    ) -> Result<Response<Body>, TrySendError<B>>
    where
        B: HttpBody<Error: Into<BoxError>> + Send + 'static,
    {
        let prepared = match self.prepare().await {
            Ok(()) if !self.persists() => {
                Err(Error::Disconnected("the connection takes no further request"))
            }
            prepared => prepared,
        };
        if let Err(error) = prepared {
            return Err(TrySendError { error, request: Some(request) });
        }
        let begun = self.lock().begin(request, &[]);
        let outcome = match begun {
            Ok(()) => self.outcome().await,
            Err(error) => Err(error),
        };
        outcome.and_then(response).map_err(|error| TrySendError { error, request: None })
    }

    /// Waits until the idle connection takes no further request.
    ///
    /// That is once the server has closed it, or has sent bytes without a request. A pool polls it
    /// for each idle connection, and drops those that are ready. What is left of a response that
    /// was dropped is discarded first; while a response is being read, this waits for its end.
    /// Ready at once if [`persists`](Self::persists) is false. Cancel safe. RFC 9112, section 9.5.
    pub async fn closed(&mut self) {
        while self.persists() {
            let is_held = self.lock().holders > 0;
            if !is_held && self.finish().await.is_err() {
                return;
            }
            if poll_fn(|context| self.lock().poll_closed(context)).await {
                return;
            }
        }
    }

    /// Returns whether the connection takes no further request, without waiting.
    ///
    /// Unlike [`persists`](Self::persists) it first looks for what the server has sent.
    pub fn is_closed(&mut self) -> bool {
        let closed = poll_fn(|context| self.lock().poll_closed(context));
        // The budget of the task must not hide what has come.
        let closed = pin!(tokio::task::coop::unconstrained(closed));
        closed.poll(&mut Context::from_waker(Waker::noop())) == Poll::Ready(true)
    }

    /// Completes the previous exchange, and reads what came without a request.
    async fn prepare(&mut self) -> Result<(), Error> {
        self.finish().await?;
        poll_fn(|context| Poll::Ready(self.lock().look(context))).await
    }

    /// Receives the outcome of the request in progress.
    async fn outcome(&mut self) -> Result<Outcome, Error> {
        let head = poll_fn(|context| Exchange::poll_head(&self.0, context)).await?;
        match head {
            Head::Response(response, why, required) => {
                let has_content = matches!(response.body(), Some(length) if *length != Some(0));
                self.lock().holders += usize::from(has_content);
                let response = response.map(|_| {
                    if has_content { Body::coming(self.0.clone()) } else { Body::empty() }
                });
                Ok(Outcome::Declined(Declined { response, why, required }))
            }
            Head::Switched => {
                poll_fn(|context| Exchange::poll_sent(&self.0, context)).await?;
                let wire = self.lock().wire.take().ok_or(SWITCHED)?;
                Ok(Outcome::Upgraded(Upgraded::new(wire.stream.boxed(), wire.http)))
            }
        }
    }

    /// Sets the callback for interim (1xx) responses, including a 100.
    ///
    /// Without a callback they are discarded. It does not get a 101. It is called while `send` or
    /// `upgrade` runs, so it must not block. RFC 9110, section 15.2.
    pub fn on_informational(&mut self, tell: impl FnMut(Response<()>) + Send + 'static) {
        // What the one before owns may own content of this client, so it is dropped unlocked.
        let before = self.lock().on_informational.replace(Box::new(tell));
        drop(before);
    }

    /// Returns whether the last request was sent completely.
    ///
    /// If not, the server responded early, sending has failed, or `send` was cancelled. After an
    /// early response the rest of the content is sent while you read that of the response, if the
    /// server accepts it. See also [`close`](Self::close). RFC 9112, section 9.5.
    pub fn has_sent(&self) -> bool {
        self.lock().has_sent()
    }

    /// Returns whether the connection allows another request, as far as is known.
    ///
    /// False after a `send` that was cancelled once its request had begun, and after an error
    /// response to a request that was not sent completely. RFC 9112, section 9.3.
    pub fn persists(&self) -> bool {
        self.lock().persists()
    }

    /// Closes the connection, once the last request was sent completely.
    ///
    /// The rest of its response is not read. After an error response, or one that ends the
    /// connection, the rest of the request is not sent (RFC 9112, section 9.5).
    ///
    /// Fails if the request was not sent completely. A server that accepts nothing is waited for up
    /// to [`Timeouts::write`](crate::Timeouts); the body of the request may take any time. Drop the
    /// client instead to close at once.
    pub async fn close(self) -> Result<(), Error> {
        let is_wanted = self.lock().is_rest_wanted();
        let sent = match is_wanted {
            true => poll_fn(|context| Exchange::poll_sent_beside(&self.0, context)).await,
            false => self.lock().sent(),
        };
        let wire = self.lock().wire.take();
        // Who still reads the response learns that the connection is gone.
        self.lock().waiters.wake(Waiter::Reader);
        if let Some(mut wire) = wire {
            if sent.is_err() {
                wire.discard_output();
            }
            wire.end().await;
        }
        sent
    }

    fn lock(&self) -> Locked<'_, S> {
        locked(&self.0)
    }

    /// Completes the previous request and response, so that another request may follow.
    async fn finish(&mut self) -> Result<(), Error> {
        let is_answered =
            || self.lock().wire.as_ref().is_none_or(|wire| wire.http.unanswered() == 0);
        if self.lock().holders > 0 {
            return Err(Error::Misuse(
                "the response before is still held: read it to its end, or drop it",
            ));
        }
        let is_unread =
            self.lock().wire.as_mut().is_some_and(|wire| wire.http.skip_content().is_ok());
        if is_unread {
            let discarded = discard(|context| Exchange::poll_content(&self.0, context));
            let Ok(discarded) = timeout(LINGER_IDLE, discarded).await else {
                return Err(Error::Cancelled("the response before has not come to its end"));
            };
            discarded?;
        }
        if !is_answered() {
            return Err(Error::Misuse(
                "a request was given up, so its response would be taken for the next one's: \
                 connect anew",
            ));
        }
        if self.lock().is_refused {
            return self.lock().sent();
        }
        poll_fn(|context| Exchange::poll_sent(&self.0, context)).await
    }
}

/// Returns the response; fails for the tunnel of a CONNECT.
fn response(outcome: Outcome) -> Result<Response<Body>, Error> {
    match outcome {
        Outcome::Declined(Declined { response, .. }) => Ok(response),
        Outcome::Upgraded(_) => Err(Error::Misuse("a CONNECT opens a tunnel: use `upgrade`")),
    }
}

const SWITCHED: Error = Error::Misuse("the connection has become something else");
