//! A connection that becomes something else: offers, the decision in a handler, and the stream of the new protocol.
//!
//! A handler that speaks other protocols asks [`select`] and accepts; every other answer declines, and changes nothing else:
//!
//! ```
//! use http::{Request, Response};
//! use switchover_tokio::{Body, BoxError, upgrade};
//! use tokio::io::{AsyncReadExt, AsyncWriteExt};
//!
//! async fn chat(request: Request<Body>) -> Result<Response<Body>, BoxError> {
//!     let Some(chosen) = upgrade::select(&request, ["chat/2", "chat/1"]) else {
//!         return Ok(Response::new("Offer chat/2 to speak that instead.\n".into()));
//!     };
//!     Ok(chosen.accept(|mut stream| async move {
//!         let greeting = format!("{} it is\n", stream.protocol());
//!         let _ = stream.write_all(greeting.as_bytes()).await;
//!         let mut first = [0; 80];
//!         let _ = stream.read(&mut first).await;
//!     }))
//! }
//! ```

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use switchover::{Connection, Ineligible, Protocol};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::oneshot;

use crate::Transport;
use crate::taking::Taking;
#[cfg(feature = "h2c")]
use crate::{
    error::Error,
    sync::{Mutex, lock},
};

/// What takes the connection over.
type Taker = Box<dyn FnOnce(Upgraded) -> Taken + Send>;
type Taken = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What a request's connection may become, and what shall take it over; shared by the request and the connection.
pub(crate) struct Chance {
    offers: Vec<Offer>,
    subprotocols: Vec<String>,
    is_connect: bool,
    taking: Taking<Taker>,
    #[cfg(feature = "h2c")]
    http2: Mutex<TakenAlong>,
}

/// What HTTP/2 takes along of a request.
#[cfg(feature = "h2c")]
#[derive(Default)]
enum TakenAlong {
    #[default]
    Nothing,
    Content(Bytes),
    Splice(Box<switchover::h2c::Splice>),
}

/// The same as an extension of the request.
#[derive(Clone)]
struct Offered(Arc<Chance>);

/// A protocol that a client has offered (RFC 9110, 7.8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Its name, with its version if it has one, as the client spelled them.
    pub protocol: String,
    /// The rule of that protocol which the request breaks, so that it cannot be accepted.
    pub ineligible: Option<Ineligible>,
}

impl Offer {
    fn is(&self, own: &Protocol<'_>) -> bool {
        Protocol::parse(self.protocol.as_bytes()).is_some_and(|offered| own.same_as(&offered))
    }
}

impl Chance {
    /// What the request on this connection may become, if anything.
    pub(crate) fn of(request: &switchover::Request<'_>, method: &Method) -> Option<Arc<Self>> {
        let is_connect = *method == Method::CONNECT;
        let offers: Vec<_> = match request.offers() {
            Ok(offers) => offers
                .map(|offer| Offer { protocol: offer.protocol.to_string(), ineligible: offer.ineligible })
                .collect(),
            Err(_) if is_connect => Vec::new(),
            Err(_) => return None,
        };
        #[cfg(feature = "websocket")]
        let subprotocols = switchover::websocket::subprotocols(request).map(String::from).collect();
        #[cfg(not(feature = "websocket"))]
        let subprotocols = Vec::new();
        Some(Arc::new(Self {
            offers,
            subprotocols,
            is_connect,
            taking: Taking::new(),
            #[cfg(feature = "h2c")]
            http2: Mutex::default(),
        }))
    }

    pub(crate) fn put_into(self: Arc<Self>, extensions: &mut http::Extensions) {
        extensions.insert(Offered(self));
    }

    pub(crate) fn taker(&self) -> Option<Taker> {
        self.taking.take()
    }

    fn take_over(&self, taker: Taker) {
        self.taking.set(taker);
    }

    /// The rule that the offer of this protocol breaks, if it breaks one.
    pub(crate) fn ineligible(&self, protocol: &str) -> Option<Ineligible> {
        let named = Protocol::parse(protocol.as_bytes())?;
        self.offers.iter().filter(|offer| offer.is(&named)).find_map(|offer| offer.ineligible)
    }

    pub(crate) fn has_taker(&self) -> bool {
        self.taking.is_set()
    }

    /// Makes what puts the request in front of HTTP/2, if it is to go there.
    #[cfg(feature = "h2c")]
    pub(crate) fn make_splice(&self, request: &switchover::Request<'_>) -> Result<(), Error> {
        let mut http2 = lock(&self.http2);
        if let TakenAlong::Content(content) = &*http2 {
            let splice = switchover::h2c::Splice::new(request, content, &());
            *http2 = TakenAlong::Splice(Box::new(splice.map_err(|reason| Error::Misuse(reason.text()))?));
        }
        Ok(())
    }

    #[cfg(feature = "h2c")]
    pub(crate) fn splice(&self) -> Option<Box<switchover::h2c::Splice>> {
        match std::mem::take(&mut *lock(&self.http2)) {
            TakenAlong::Splice(splice) => Some(splice),
            _ => None,
        }
    }
}

/// What the connection of a request may become. An axum handler takes it as an extractor (feature `axum`); others get the same
/// by [`offers`] and [`select`].
#[derive(Clone, Default)]
pub struct Offers(Option<Arc<Chance>>);

impl Offers {
    /// Those of a request that `serve` has given to its handler; none for any other.
    pub fn of(extensions: &http::Extensions) -> Self {
        Self(extensions.get::<Offered>().map(|offered| Arc::clone(&offered.0)))
    }

    /// As [`offers`].
    pub fn list(&self) -> &[Offer] {
        self.0.as_ref().map_or(&[], |chance| &chance.offers)
    }

    /// As [`select`].
    pub fn select<'p>(&self, preferences: impl IntoIterator<Item = &'p str>) -> Option<Selected> {
        let chance = self.0.as_ref()?;
        let is_offered = |layer: &str| {
            let own = Protocol::parse(layer.trim().as_bytes());
            let is_own = |offer: &Offer| own.is_some_and(|own| offer.is(&own));
            chance.offers.iter().any(|offer| offer.ineligible.is_none() && is_own(offer))
        };
        let protocol = preferences.into_iter().find(|preference| preference.split(',').all(is_offered))?;
        Some(Selected { protocol: protocol.into(), chance: Arc::clone(chance) })
    }
}

#[cfg(feature = "axum")]
impl<S: Sync> axum_core::extract::FromRequestParts<S> for Offers {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut http::request::Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::of(&parts.extensions))
    }
}

fn chance<B>(request: &Request<B>) -> Option<&Arc<Chance>> {
    request.extensions().get::<Offered>().map(|offered| &offered.0)
}

/// What the client offers, in its order of preference; none where it offers nothing, or in a way that counts for nothing.
pub fn offers<B>(request: &Request<B>) -> &[Offer] {
    chance(request).map_or(&[], |chance| &chance.offers)
}

/// The first of your protocols that the client offers too, and whose rules the request keeps. Each is a protocol such as `foo/2`,
/// or a stack of layers such as `TLS/1.2, HTTP/1.1`. `None`: answer as if nothing had been offered, or with [`require`]. Next:
/// [`Selected::accept`]. RFC 9110, 7.8.
pub fn select<'p, B>(request: &Request<B>, preferences: impl IntoIterator<Item = &'p str>) -> Option<Selected> {
    Offers::of(request.extensions()).select(preferences)
}

/// A protocol that both sides can live with.
pub struct Selected {
    protocol: String,
    chance: Arc<Chance>,
}

impl Selected {
    /// Its name, with its version if it has one, as you spelled them.
    pub fn protocol(&self) -> &str {
        &self.protocol
    }

    /// The subprotocols that a WebSocket client offers, in its order of preference. Set the one you take as
    /// `Sec-WebSocket-Protocol` of the response. RFC 6455, 1.9.
    pub fn subprotocols(&self) -> &[String] {
        &self.chance.subprotocols
    }

    /// The 101 that accepts it; add header fields as to any other response. Once it has left, `serve` runs what `speak` gives, to
    /// its end. The rest of the request's content is dropped, so read it before, if you want it.
    ///
    /// If the response is not sent, `speak` is dropped.
    pub fn accept<F, R, B>(self, speak: F) -> Response<B>
    where
        F: FnOnce(Upgraded) -> R + Send + 'static,
        R: Future<Output = ()> + Send + 'static,
        B: Default,
    {
        self.chance.take_over(Box::new(|upgraded| Box::pin(speak(upgraded))));
        self.response()
    }

    /// The same for HTTP/2, where the request is answered as stream 1: give it the content, which HTTP/2 takes along.
    /// [`Http2Stream`](crate::Http2Stream) is for an HTTP/2 server such as `h2`. RFC 7540, 3.2.
    #[cfg(feature = "h2c")]
    pub fn accept_http2<F, R, B>(self, content: Bytes, speak: F) -> Response<B>
    where
        F: FnOnce(crate::Http2Stream) -> R + Send + 'static,
        R: Future<Output = ()> + Send + 'static,
        B: Default,
    {
        *lock(&self.chance.http2) = TakenAlong::Content(content);
        self.accept(|upgraded| speak(crate::Http2Stream::new(upgraded)))
    }

    fn response<B: Default>(&self) -> Response<B> {
        let mut response = Response::new(B::default());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        // A protocol's name has only characters that a value may have.
        if let Ok(value) = HeaderValue::from_str(&self.protocol) {
            response.headers_mut().insert(header::UPGRADE, value);
        }
        response
    }
}

/// The 2xx that opens the tunnel a CONNECT asks for; `None` for another method. Once it has left, `serve` runs what `speak`
/// gives, to its end. A 2xx to CONNECT that comes from elsewhere is answered as 501. RFC 9110, 9.3.6.
pub fn tunnel<F, R, Q, B>(request: &Request<Q>, speak: F) -> Option<Response<B>>
where
    F: FnOnce(Upgraded) -> R + Send + 'static,
    R: Future<Output = ()> + Send + 'static,
    B: Default,
{
    let chance = chance(request).filter(|chance| chance.is_connect)?;
    chance.take_over(Box::new(|upgraded| Box::pin(speak(upgraded))));
    Some(Response::new(B::default()))
}

/// The new protocol's stream, for a framework that makes its 101 itself: it is there once that has been sent, with the name of
/// a protocol that was offered in `Upgrade`. Fails where the request is answered otherwise.
pub fn on<B>(request: &Request<B>) -> impl Future<Output = Option<Upgraded>> + Send + 'static + use<B> {
    let (sender, receiver) = oneshot::channel();
    // If it is not waited for, the connection closes.
    take_over(request, |upgraded| {
        let _ = sender.send(upgraded);
        std::future::ready(())
    });
    async { receiver.await.ok() }
}

/// Once the request is answered with a 101, this is what takes the connection over.
pub(crate) fn take_over<F, R, B>(request: &Request<B>, speak: F)
where
    F: FnOnce(Upgraded) -> R + Send + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    if let Some(chance) = chance(request) {
        chance.take_over(Box::new(|upgraded| Box::pin(speak(upgraded))));
    }
}

/// A 426: the client is to offer one of these protocols, in the server's order of preference. It has content like any other
/// response. RFC 9110, 15.5.22.
pub fn require<B>(protocols: &[&str], content: B) -> Response<B> {
    let mut response = Response::new(content);
    *response.status_mut() = StatusCode::UPGRADE_REQUIRED;
    advertise(&mut response, protocols);
    response
}

/// Says on an ordinary response what the connection could be upgraded to. What is no protocol's name is left out. RFC 9110, 7.8.
pub fn advertise<B>(response: &mut Response<B>, protocols: &[&str]) {
    let names: Vec<_> = protocols.iter().copied().filter(|name| Protocol::parse(name.as_bytes()).is_some()).collect();
    if let Ok(value) = HeaderValue::from_str(&names.join(", ")) {
        response.headers_mut().insert(header::UPGRADE, value);
    }
}

/// A connection that speaks another protocol: its bytes, from the first one on. What came with the head is read first.
///
/// It lives as long as you keep it; the connection it came from is done with it. Shut it down before you drop it, where the
/// new protocol wants its last bytes to arrive.
pub struct Upgraded {
    stream: Box<dyn Transport>,
    leftover: Bytes,
    agreement: Box<Agreement>,
    pub(crate) http: Box<Connection>,
    #[cfg(feature = "h2c")]
    pub(crate) splice: Option<Box<switchover::h2c::Splice>>,
}

/// What was agreed on; [`Upgraded`] derefs to it.
#[derive(Debug)]
pub struct Agreement {
    protocol: String,
    request: Option<Request<()>>,
    response: Option<Response<()>>,
}

impl Agreement {
    /// What is spoken, as the 101 names it, the lowest layer first; empty in the tunnel of a CONNECT.
    pub fn protocol(&self) -> &str {
        &self.protocol
    }

    /// A server's: the request that led to it. It is to be answered in the new protocol (RFC 9110, 7.8).
    pub fn request(&self) -> Option<&Request<()>> {
        self.request.as_ref()
    }

    /// A client's: the 101, or the 2xx to CONNECT.
    pub fn response(&self) -> Option<&Response<()>> {
        self.response.as_ref()
    }
}

impl Upgraded {
    /// For a connection that shows [`Switched`](switchover::Event::Switched).
    pub(crate) fn new(stream: Box<dyn Transport>, mut http: Connection) -> Self {
        let mut agreement = Agreement { protocol: String::new(), request: None, response: None };
        if let Some(switchover::Event::Switched(switched)) = http.event() {
            agreement.protocol = switched.protocols.to_string();
            agreement.request = switched.request.and_then(|request| request.try_into().ok());
            agreement.response = switched.response.and_then(|response| response.try_into().ok());
        }
        let leftover = http.take_leftover();
        Self {
            stream,
            leftover,
            agreement: Box::new(agreement),
            http: Box::new(http),
            #[cfg(feature = "h2c")]
            splice: None,
        }
    }

    /// The stream, and what was read of the new protocol already. Read the second first.
    pub fn into_parts(self) -> (Box<dyn Transport>, Bytes) {
        (self.stream, self.leftover)
    }

    /// For TLS by upgrade: the stream for its handshake, and the HTTP that goes on above it, beginning with the answer to
    /// the request of before. Next: [`Resumption::serve`], a client's [`Resumption::receive`]. RFC 2817, 3.
    pub fn into_resumption(mut self) -> (Self, Resumption) {
        let http = std::mem::replace(&mut self.http, Box::new(Connection::new(switchover::Role::Server)));
        (self, Resumption { http: *http })
    }
}

/// HTTP that goes on above a new layer.
pub struct Resumption {
    pub(crate) http: Connection,
}

impl std::ops::Deref for Upgraded {
    type Target = Agreement;

    fn deref(&self) -> &Agreement {
        &self.agreement
    }
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
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.leftover.is_empty() {
            return Pin::new(&mut self.stream).poll_read(context, to);
        }
        let len = to.remaining().min(self.leftover.len());
        to.put_slice(&self.leftover[..len]);
        self.leftover.advance(len);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Upgraded {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, pieces)
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
