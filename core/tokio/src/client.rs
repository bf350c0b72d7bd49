//! A client: requests on a kept connection, and what it may become.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http::request::Parts;
use http::{Method, Request, Response, header};
use http_body::{Body as HttpBody, Frame};
use pin_project_lite::pin_project;
use switchover::http::target;
use switchover::{Awaiting, Connection, Content, Event, Next, RequestHead, ResponseHead, Role, Why};

use crate::body::{Body, Source};
use crate::config::Config;
use crate::error::{BoxError, Error};
use crate::sync::{Mutex, MutexGuard, lock};
use crate::upgrade::{Resumption, Upgraded};
use crate::wire::{Deadline, Wire};
use crate::{Reason, Transport};

/// A client's connection. Next: [`Client::send`].
pub fn connect<S: Transport>(stream: S, config: &Config) -> Client<S> {
    Client::over(stream, Connection::with_config(Role::Client, Arc::clone(&config.http)), config)
}

/// Checks a request before there is a connection for it: fails where [`Client::send`] or [`Client::upgrade`] would refuse to send
/// it. So an intermediary answers its client's mistakes without its server: content in a TRACE, for instance (RFC 9110, 9.3.8).
pub fn check<B: HttpBody>(request: &Request<B>, offer: &[&str], config: &Config) -> Result<(), Error> {
    let mut head = Request::new(());
    *head.method_mut() = request.method().clone();
    *head.uri_mut() = request.uri().clone();
    *head.headers_mut() = request.headers().clone();
    let mut http = Connection::with_config(Role::Client, Arc::clone(&config.http));
    ask(&mut http, &mut Vec::new(), head.into_parts().0, request.body(), offer)
}

/// Asks once on a connection of its own, and offers to go on in one of these protocols, in order of preference. See
/// [`Client::upgrade`].
pub async fn upgrade<S, B>(stream: S, request: Request<B>, offer: &[&str]) -> Result<Outcome, Error>
where
    S: Transport,
    B: HttpBody<Error: Into<BoxError>> + Send + 'static,
{
    connect(stream, &Config::default()).upgrade(request, offer).await
}

/// A connection to a server, for one request after the other.
///
/// There is no task that drives it: what has to be sent and read is, while you wait for a response or read its content.
pub struct Client<S>(Arc<Mutex<Exchange<S>>>);

/// What came of an offer.
#[derive(Debug)]
pub enum Outcome {
    /// The server has accepted: the engine has checked that its 101 names what was offered, and answers what that protocol asks.
    Upgraded(Upgraded),
    /// The server has not, which is no error: the connection can be used as before.
    Declined(Declined),
}

/// An ordinary answer to a request with an offer. As an error it says the status and why.
pub struct Declined {
    /// The answer, with its content.
    pub response: Response<Body>,
    /// Why the offer came to nothing.
    pub why: Option<Why>,
}

impl Outcome {
    /// For those who want nothing but the upgrade.
    pub fn into_result(self) -> Result<Upgraded, Box<Declined>> {
        match self {
            Self::Upgraded(upgraded) => Ok(upgraded),
            Self::Declined(declined) => Err(Box::new(declined)),
        }
    }
}

/// What is in the answer may be a secret.
impl fmt::Debug for Declined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (status, why) = (self.response.status(), self.why.map(Why::text));
        f.debug_struct("Declined").field("status", &status).field("why", &why).finish_non_exhaustive()
    }
}

impl fmt::Display for Declined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = self.why.map_or("no other protocol is spoken", Why::text);
        write!(f, "answered {}: {why}", self.response.status())
    }
}

impl std::error::Error for Declined {}

impl Resumption {
    /// A client's: receives the response to the request of before above the new layer, and gives the connection for the next ones.
    /// `stream` is the TLS above what was [upgraded](Upgraded::into_resumption). Next: read the response, then [`Client::send`] with URIs
    /// of `https`.
    ///
    /// ```no_run
    /// # async fn get(stream: tokio::net::TcpStream, tls: tokio_rustls::TlsConnector) -> Result<(), switchover_tokio::BoxError> {
    /// use switchover_tokio::{Body, Config, client};
    ///
    /// let request = http::Request::get("http://localhost/").body(Body::empty())?;
    /// let upgraded = client::upgrade(stream, request, &["TLS/1.3"]).await?.into_result()?;
    /// let (stream, http) = upgraded.into_resumption();
    /// let stream = tls.connect("localhost".try_into()?, stream).await?;
    /// let (mut client, response) = http.receive(stream, &Config::default()).await?;
    /// println!("{}", response.status());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Where the server ends or is late, and for a server's connection, it is an error. Not cancel safe, as [`Client::send`]. RFC 2817, 3.3.
    pub async fn receive<S: Transport>(
        mut self,
        stream: S,
        config: &Config,
    ) -> Result<(Client<S>, Response<Body>), Error> {
        if self.http.request().is_some() {
            return Err(Error::Misuse("a server answers the request of before: use `serve`"));
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
    fn over(stream: S, http: Connection, config: &Config) -> Self {
        Self(Arc::new(Mutex::new(Exchange {
            wire: Some(Wire::new(stream, http, config.patience)),
            content: None,
            is_sent: true,
            go_ahead: Deadline::default(),
            on_interim: None,
        })))
    }

    /// Sends a request, and gives its response once the head has come. Content may still be on its way in both directions then:
    /// it moves while the response's is read.
    ///
    /// `Host` is added from the URI, where it has an authority, and so is how the content ends. A request that says `Expect:
    /// 100-continue` waits for the 100, for as long as [`Patience::go_ahead`](crate::Patience) says; if the response comes
    /// instead, it is the connection's last, and the content is not sent. Before the next request read the response
    /// to its end, or drop it: then what is left of it is dropped too, up to `limits.drain`.
    ///
    /// Not cancel safe: a request that was given up cannot be taken back, so the next call is a
    /// [`Misuse`](Error::Misuse). Drop the client then. RFC 9112, 9.3.
    pub async fn send<B>(&mut self, request: Request<B>) -> Result<Response<Body>, Error>
    where
        B: HttpBody<Error: Into<BoxError>> + Send + 'static,
    {
        match self.upgrade(request, &[]).await? {
            Outcome::Declined(Declined { response, .. }) => Ok(response),
            Outcome::Upgraded(_) => Err(Error::Misuse("a CONNECT opens a tunnel: use `upgrade`")),
        }
    }

    /// Sends a request that offers to go on in one of these protocols, in order of preference; or a CONNECT, which offers a
    /// tunnel. A server that declines answers as it would without the offer, and the next request may follow.
    ///
    /// A handshake for `websocket` gets its key and version, and an offer of `h2c` its `HTTP2-Settings`, unless the request has them.
    /// Not cancel safe, as [`send`](Self::send). RFC 9110, 7.8 and 9.3.6.
    pub async fn upgrade<B>(&mut self, request: Request<B>, offer: &[&str]) -> Result<Outcome, Error>
    where
        B: HttpBody<Error: Into<BoxError>> + Send + 'static,
    {
        self.finish().await?;
        self.lock().begin(request, offer)?;
        self.outcome().await
    }

    /// What comes of the request that is under way.
    async fn outcome(&mut self) -> Result<Outcome, Error> {
        let head = poll_fn(|context| self.lock().poll_head(context)).await?;
        match head {
            Head::Response(response, why) => {
                let has_content = matches!(response.body(), Some(length) if *length != Some(0));
                let response = response.map(|_| if has_content { Body::coming(self.0.clone()) } else { Body::empty() });
                Ok(Outcome::Declined(Declined { response, why }))
            }
            Head::Switched => {
                poll_fn(|context| self.lock().poll_sent(context)).await?;
                let wire = self.lock().wire.take().ok_or(SWITCHED)?;
                Ok(Outcome::Upgraded(Upgraded::new(Box::new(wire.stream), wire.http)))
            }
        }
    }

    /// From now on gives each interim response to this function, a 100 too; without one they are passed over. It is called while
    /// `send` runs, so it must not wait for anything. RFC 9110, 15.2.
    pub fn on_interim(&mut self, tell: impl FnMut(Response<()>) + Send + 'static) {
        self.lock().on_interim = Some(Box::new(tell));
    }

    /// Whether the last request is complete. One that is not, although its response has come, was answered early: its content goes
    /// on while the response's is read, if the server takes it. RFC 9112, 9.5.
    pub fn has_sent(&self) -> bool {
        self.lock().is_sent
    }

    /// Whether another request may follow, as far as is known. RFC 9112, 9.3.
    pub fn persists(&self) -> bool {
        self.lock().wire.as_ref().is_some_and(|wire| wire.http.persists())
    }

    /// Ends the connection; what a response has left is not read.
    pub async fn close(self) {
        let wire = self.lock().wire.take();
        if let Some(wire) = wire {
            wire.end().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Exchange<S>> {
        lock(&self.0)
    }

    /// Sees to the end of the exchange before.
    async fn finish(&mut self) -> Result<(), Error> {
        let is_answered = || self.lock().wire.as_ref().is_none_or(|wire| wire.http.unanswered() == 0);
        if !is_answered() && Arc::strong_count(&self.0) > 1 {
            return Err(Error::Misuse("the response before is still held: read it to its end, or drop it"));
        }
        let is_unread = self.lock().wire.as_mut().is_some_and(|wire| wire.http.skip_content().is_ok());
        if is_unread {
            while let Some(frame) = poll_fn(|context| self.lock().poll_content(context)).await {
                frame?;
            }
        }
        if !is_answered() {
            return Err(Error::Misuse(
                "a request was given up, so its answer would be taken for the next one's: connect anew",
            ));
        }
        poll_fn(|context| self.lock().poll_sent(context)).await
    }
}

const SWITCHED: Error = Error::Misuse("the connection has become something else");

/// A connection, and the content of the request that is on its way.
struct Exchange<S> {
    /// `None` once it has switched.
    wire: Option<Wire<S>>,
    content: Option<Pin<Box<Sent>>>,
    /// The request is complete.
    is_sent: bool,
    /// Until when a 100 is waited for.
    go_ahead: Deadline,
    on_interim: Option<Box<dyn FnMut(Response<()>) + Send>>,
}

type Sent = dyn HttpBody<Data = Bytes, Error = BoxError> + Send;

/// The first that comes back.
enum Head {
    /// Whether content follows, and how much, if that is known.
    Response(Response<Option<Option<u64>>>, Option<Why>),
    Switched,
}

impl<S: Transport> Exchange<S> {
    fn begin<B>(&mut self, request: Request<B>, offer: &[&str]) -> Result<(), Error>
    where
        B: HttpBody<Error: Into<BoxError>> + Send + 'static,
    {
        let wire = self.wire.as_mut().ok_or(SWITCHED)?;
        self.go_ahead.clear();
        let (head, body) = request.into_parts();
        ask(&mut wire.http, wire.out.text(), head, &body, offer)?;
        self.is_sent = body.is_end_stream();
        if self.is_sent {
            wire.http.send_end(&(), wire.out.text())?;
        } else {
            self.content = Some(Box::pin(Bytewise { body }));
        }
        Ok(())
    }

    fn poll_head(&mut self, context: &mut Context<'_>) -> Poll<Result<Head, Error>> {
        loop {
            self.send_on(context)?;
            let wire = self.wire.as_mut().ok_or(SWITCHED)?;
            let waits_for_100 = self.content.is_some() && wire.http.awaiting() == Awaiting::Continue;
            match wire.http.next_event()? {
                Next::Event(Event::Informational(response)) => {
                    if let Some(tell) = &mut self.on_interim {
                        tell(Response::try_from(response).map_err(invalid)?);
                    }
                    wire.receiving.clear();
                }
                Next::Event(Event::Response(response)) => {
                    let usual = ResponseHead::usual_reason(response.status()).as_bytes();
                    let own = Some(response.reason()).filter(|&reason| reason != usual).map(Bytes::copy_from_slice);
                    let mut response = Response::<()>::try_from(response).map_err(invalid)?;
                    if let Some(reason) = own {
                        response.extensions_mut().insert(Reason::new(reason));
                    }
                    wire.receiving.clear();
                    if waits_for_100 {
                        // The content is not wanted, and without it no other request can follow (RFC 9110, 10.1.1).
                        self.content = None;
                        // Where the server has not closed already.
                        let _ = wire.http.close_after_response();
                    }
                    let content = if wire.http.take_end() {
                        None
                    } else {
                        Some(match wire.http.content() {
                            Content::Length(length) => Some(length),
                            _ => None,
                        })
                    };
                    return Poll::Ready(Ok(Head::Response(response.map(|()| content), wire.http.why())));
                }
                Next::Event(Event::Switched(_)) => return Poll::Ready(Ok(Head::Switched)),
                Next::Event(_) => {}
                Next::Paused(_) => return Poll::Ready(Err(Error::gone("the server has closed without an answer"))),
                Next::NeedData => {
                    // Until it has the request, there is nothing that the server owes.
                    let patience = wire.patience.response.filter(|_| self.content.is_none());
                    wire.receiving.wait_for("a response", patience);
                    ready!(wire.poll_receive(context))?;
                }
            }
        }
    }

    /// Sends content beside what is read. A server that takes no more may still answer, so that is no failure yet.
    fn send_on(&mut self, context: &mut Context<'_>) -> Result<(), Error> {
        let Poll::Ready(Err(error)) = self.poll_content_sent(context) else { return Ok(()) };
        (self.content, self.is_sent) = (None, false);
        match (error, &mut self.wire) {
            (Error::Io(_), Some(wire)) => {
                wire.forget();
                Ok(())
            }
            (error, _) => Err(error),
        }
    }

    /// Sends content, as far as it is there and the server takes it; ready once all has left.
    fn poll_content_sent(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let wire = self.wire.as_mut().ok_or(SWITCHED)?;
        let mut waits = false;
        if self.content.is_some() && wire.http.awaiting() == Awaiting::Continue {
            self.go_ahead.wait_for("a 100", Some(wire.patience.go_ahead));
            waits = self.go_ahead.poll_late(&mut wire.alarm, context).is_pending();
        }
        while let Some(content) = &mut self.content
            && !waits
        {
            if wire.out.is_full() {
                ready!(wire.poll_send(context))?;
            }
            let Poll::Ready(frame) = content.as_mut().poll_frame(context) else { break };
            match frame.map(|frame| frame.map(Frame::into_data)) {
                Some(Ok(Ok(data))) => wire.put(data)?,
                Some(Ok(Err(frame))) => {
                    (self.content, self.is_sent) = (None, true);
                    wire.put_end(frame.into_trailers().ok())?;
                }
                None => {
                    (self.content, self.is_sent) = (None, true);
                    wire.put_end(None)?;
                }
                Some(Err(error)) => {
                    self.content = None;
                    wire.http.abandon()?;
                    return Poll::Ready(Err(Error::Body(error)));
                }
            }
        }
        ready!(wire.poll_send(context))?;
        if self.content.is_none() { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    /// Ready once the request has left.
    fn poll_sent(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        ready!(self.poll_content_sent(context))?;
        Poll::Ready(if self.is_sent { Ok(()) } else { Err(Error::gone("the server has not taken the request")) })
    }

    fn poll_content(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if let Err(error) = self.send_on(context) {
            return Poll::Ready(Some(Err(error)));
        }
        let Some(wire) = &mut self.wire else { return Poll::Ready(Some(Err(SWITCHED))) };
        let patience = wire.patience.content.filter(|_| self.content.is_none());
        let frame = ready!(wire.poll_content(context, patience));
        wire.receiving.clear();
        Poll::Ready(frame)
    }
}

impl<S: Transport> Source for Mutex<Exchange<S>> {
    fn poll_frame(&self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        lock(self).poll_content(context)
    }

    fn left(&self) -> Option<u64> {
        match lock(self).wire.as_ref()?.http.content() {
            Content::Length(length) => Some(length),
            Content::None => Some(0),
            _ => None,
        }
    }
}

/// Writes the head of a request.
fn ask(
    http: &mut Connection,
    out: &mut Vec<u8>,
    mut head: Parts,
    body: &impl HttpBody,
    offer: &[&str],
) -> Result<(), Error> {
    complete(&mut head, body, offer)?;
    let target = target(&head.method, &head.uri);
    Ok(http.send_request(&RequestHead::new(head.method.as_str(), &target, &head.headers), offer, out)?)
}

fn invalid(error: http::Error) -> Error {
    Error::Io(std::io::Error::new(std::io::ErrorKind::InvalidData, error))
}

/// What a request has to say beside what your code says.
fn complete(head: &mut Parts, body: &impl HttpBody, offer: &[&str]) -> Result<(), Error> {
    if let Some(authority) = head.uri.authority().filter(|_| !head.headers.contains_key(header::HOST)) {
        // RFC 9110, 7.2: without the user's part.
        let host = authority.as_str().rsplit('@').next().unwrap_or_default();
        let host = host.parse().map_err(|_| Error::Misuse("the URI's authority cannot be a Host"))?;
        head.headers.insert(header::HOST, host);
    }
    head.headers.remove(header::TRANSFER_ENCODING);
    if !head.headers.contains_key(header::CONTENT_LENGTH) {
        match body.size_hint().exact() {
            // RFC 9110, 8.6: said where the method expects content.
            Some(0) if !matches!(head.method, Method::POST | Method::PUT | Method::PATCH) => {}
            Some(length) => drop(head.headers.insert(header::CONTENT_LENGTH, length.into())),
            None if body.is_end_stream() => {}
            None => {
                head.headers.insert(header::TRANSFER_ENCODING, header::HeaderValue::from_static("chunked"));
            }
        }
    }
    let offers = |name| offer.iter().any(|protocol| protocol.eq_ignore_ascii_case(name));
    #[cfg(feature = "websocket")]
    if offers("websocket") {
        websocket(&mut head.headers)?;
    }
    if cfg!(feature = "h2c") && offers("h2c") {
        head.headers.entry("http2-settings").or_insert(FIRST_SETTINGS);
    }
    Ok(())
}

/// What a client of HTTP/2 begins with: 100 streams at a time, the window as it is (RFC 7540, 3.2.1).
const FIRST_SETTINGS: header::HeaderValue = header::HeaderValue::from_static("AAMAAABkAAQAAP__");

/// RFC 6455, 4.1.
#[cfg(feature = "websocket")]
fn websocket(headers: &mut http::HeaderMap) -> Result<(), Error> {
    if !headers.contains_key(header::SEC_WEBSOCKET_KEY) {
        let mut nonce = [0; 16];
        getrandom::fill(&mut nonce).map_err(|error| Error::Io(std::io::Error::other(error)))?;
        if let Ok(key) = switchover::websocket::key(&nonce).try_into() {
            headers.insert(header::SEC_WEBSOCKET_KEY, key);
        }
    }
    let version = || header::HeaderValue::from_static("13");
    headers.entry(header::SEC_WEBSOCKET_VERSION).or_insert_with(version);
    Ok(())
}

pin_project! {
    /// A body whose data are `Bytes` and whose errors are all of one type.
    struct Bytewise<B> {
        #[pin]
        body: B,
    }
}

impl<B: HttpBody<Error: Into<BoxError>>> HttpBody for Bytewise<B> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(self.project().body.poll_frame(context));
        let frame =
            frame.map(|frame| frame.map(|frame| frame.map_data(|mut data| data.copy_to_bytes(data.remaining()))));
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }
}
