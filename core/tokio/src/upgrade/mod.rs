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

mod chance;
mod upgraded;

use std::future::Future;
use std::sync::Arc;

#[cfg(feature = "h2c")]
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use switchover::{Ineligible, Protocol};
use tokio::sync::oneshot;

pub(crate) use chance::Chance;
pub use upgraded::{Resumption, Upgraded};

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

/// What the connection of a request may become. An axum handler takes it as an extractor (feature `axum`); others get the same
/// by [`offers`] and [`select`].
#[derive(Clone, Default)]
pub struct Offers(Option<Arc<Chance>>);

impl Offers {
    /// Those of a request that `serve` has given to its handler; none for any other.
    pub fn of(extensions: &http::Extensions) -> Self {
        Self(Chance::found_in(extensions).cloned())
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

/// What the client offers, in its order of preference; none where it offers nothing, or in a way that counts for nothing.
pub fn offers<B>(request: &Request<B>) -> &[Offer] {
    Chance::found_in(request.extensions()).map_or(&[], |chance| &chance.offers)
}

/// The first of your protocols that the client offers too, and whose rules the request keeps. Each is a protocol such as `foo/2`,
/// or a stack of layers such as `TLS/1.2, HTTP/1.1`. `None`: answer as if nothing had been offered, or with [`require`]. Next:
/// [`Selected::accept`]. RFC 9110, 7.8.
pub fn select<'p, B>(request: &Request<B>, preferences: impl IntoIterator<Item = &'p str>) -> Option<Selected> {
    Offers::of(request.extensions()).select(preferences)
}

/// A protocol that both sides can live with.
#[must_use = "nothing is accepted before `accept` makes the response"]
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
    /// its end. The rest of the request's content is dropped, up to `limits.drain`, so read it before, if you want it; if there is more,
    /// the client gets a 413.
    ///
    /// If the response is not sent, `speak` is dropped.
    pub fn accept<F, R, B>(self, speak: F) -> Response<B>
    where
        F: FnOnce(Upgraded) -> R + Send + 'static,
        R: Future<Output = ()> + Send + 'static,
        B: Default,
    {
        self.chance.take_over(speak);
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
        self.chance.take_along(content);
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
    let chance = Chance::found_in(request.extensions()).filter(|chance| chance.is_connect)?;
    chance.take_over(speak);
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
    if let Some(chance) = Chance::found_in(request.extensions()) {
        chance.take_over(speak);
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
