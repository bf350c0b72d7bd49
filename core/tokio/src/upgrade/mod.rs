//! Upgrades: offers, a handler's decision, and the new protocol's stream.
//!
//! A handler that speaks other protocols asks [`select`] and accepts; every other answer declines,
//! and changes nothing else:
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

mod pending;
mod upgraded;

use std::future::Future;
use std::sync::Arc;

#[cfg(feature = "h2c")]
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use switchover::{Ineligible, Protocol};
use tokio::sync::oneshot;

pub(crate) use pending::PendingUpgrade;
pub use upgraded::{HttpOverTls, Upgraded};

/// A protocol that a client has offered (RFC 9110, section 7.8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The name of the protocol, with its version, as the client spelled them.
    pub protocol: String,
    /// The rule that the request breaks, so that the offer cannot be accepted.
    pub ineligible: Option<Ineligible>,
}

impl Offer {
    fn is(&self, own: &Protocol<'_>) -> bool {
        Protocol::parse(self.protocol.as_bytes()).is_some_and(|offered| own.same_as(&offered))
    }
}

/// The protocols that the client of a request offers.
///
/// An axum handler takes it as an extractor (feature `axum`); others get the same by [`offers`] and
/// [`select`].
#[derive(Clone, Default)]
pub struct Offers(Option<Arc<PendingUpgrade>>);

impl Offers {
    /// Returns the offers of a request that the server gave to its handler.
    ///
    /// There are none for any other request.
    pub fn of(extensions: &http::Extensions) -> Self {
        Self(PendingUpgrade::found_in(extensions).cloned())
    }

    /// Returns the offers: see [`offers`].
    pub fn list(&self) -> &[Offer] {
        self.0.as_ref().map_or(&[], |chance| &chance.offers)
    }

    /// Selects an offer: see [`select`].
    pub fn select<'p>(&self, preferences: impl IntoIterator<Item = &'p str>) -> Option<Selected> {
        let chance = self.0.as_ref()?;
        let is_offered = |layer: &str| {
            let own = Protocol::parse(layer.trim().as_bytes());
            let is_own = |offer: &Offer| own.is_some_and(|own| offer.is(&own));
            chance.offers.iter().any(|offer| offer.ineligible.is_none() && is_own(offer))
        };
        let protocol =
            preferences.into_iter().find(|preference| preference.split(',').all(is_offered))?;
        Some(Selected { protocol: protocol.into(), chance: Arc::clone(chance) })
    }
}

#[cfg(feature = "axum")]
impl<S: Sync> axum_core::extract::FromRequestParts<S> for Offers {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut http::request::Parts,
        _: &S,
    ) -> Result<Self, Self::Rejection> {
        Ok(Self::of(&parts.extensions))
    }
}

/// Returns the client's offers, in its order of preference.
///
/// It is empty without a valid offer.
pub fn offers<B>(request: &Request<B>) -> &[Offer] {
    PendingUpgrade::found_in(request.extensions()).map_or(&[], |chance| &chance.offers)
}

/// Selects the first of your protocols that the client offers.
///
/// The request must keep that protocol's rules. Each is a protocol such as `foo/2`, or a stack of
/// layers such as `TLS/1.2, HTTP/1.1`. After `None`, answer as if nothing had been offered, or with
/// [`require`]. Next: [`Selected::accept`]. RFC 9110, section 7.8.
pub fn select<'p, B>(
    request: &Request<B>,
    preferences: impl IntoIterator<Item = &'p str>,
) -> Option<Selected> {
    Offers::of(request.extensions()).select(preferences)
}

/// A protocol that both sides can live with.
#[must_use = "nothing is accepted before `accept` makes the response"]
pub struct Selected {
    protocol: String,
    chance: Arc<PendingUpgrade>,
}

impl Selected {
    /// Returns the name of the protocol, with its version, as you spelled them.
    pub fn protocol(&self) -> &str {
        &self.protocol
    }

    /// Returns the subprotocols offered by a WebSocket client, in its order.
    ///
    /// Set the one you take as `Sec-WebSocket-Protocol` of the response. RFC 6455, section 1.9.
    pub fn subprotocols(&self) -> &[String] {
        &self.chance.subprotocols
    }

    /// Returns the 101 that accepts it; add header fields as to any response.
    ///
    /// Once it has left, the server runs what `speak` gives, to its end. The rest of the request's
    /// content is dropped, up to `limits.drain`: read it before, if you want it. If there is more,
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

    /// Returns the 101 that accepts HTTP/2, which answers the request as stream 1.
    ///
    /// Give it the request's content, which is passed to HTTP/2.
    /// [`Http2Stream`](crate::Http2Stream) is for an HTTP/2 server such as `h2`. RFC 7540, section
    /// 3.2.
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

/// Returns the 2xx that opens the tunnel of a CONNECT; `None` otherwise.
///
/// Once it has left, the server runs what `speak` gives, to its end. A 2xx to CONNECT that comes
/// from elsewhere is answered as 501. RFC 9110, section 9.3.6.
pub fn tunnel<F, R, Q, B>(request: &Request<Q>, speak: F) -> Option<Response<B>>
where
    F: FnOnce(Upgraded) -> R + Send + 'static,
    R: Future<Output = ()> + Send + 'static,
    B: Default,
{
    let chance =
        PendingUpgrade::found_in(request.extensions()).filter(|chance| chance.is_connect)?;
    chance.take_over(speak);
    Some(Response::new(B::default()))
}

/// Returns the stream of an upgrade whose 101 a framework makes itself.
///
/// It is ready once a 101 that names an offered protocol has been sent. Fails if the response is
/// another one.
pub fn on<B>(
    request: &Request<B>,
) -> impl Future<Output = Option<Upgraded>> + Send + 'static + use<B> {
    let (sender, receiver) = oneshot::channel();
    // If it is not waited for, the connection closes.
    take_over(request, |upgraded| {
        let _ = sender.send(upgraded);
        std::future::ready(())
    });
    async { receiver.await.ok() }
}

/// Sets the callback that takes over the connection after a 101.
pub(crate) fn take_over<F, R, B>(request: &Request<B>, speak: F)
where
    F: FnOnce(Upgraded) -> R + Send + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    if let Some(chance) = PendingUpgrade::found_in(request.extensions()) {
        chance.take_over(speak);
    }
}

/// Returns a 426, which requires one of these protocols.
///
/// They are in the server's order of preference. It has content like any other response. RFC 9110,
/// section 15.5.22.
pub fn require<B>(protocols: &[&str], content: B) -> Response<B> {
    let mut response = Response::new(content);
    *response.status_mut() = StatusCode::UPGRADE_REQUIRED;
    advertise(&mut response, protocols);
    response
}

/// Says on an ordinary response what the connection could be upgraded to.
///
/// What is no protocol's name is left out. RFC 9110, section 7.8.
pub fn advertise<B>(response: &mut Response<B>, protocols: &[&str]) {
    let names: Vec<_> = protocols
        .iter()
        .copied()
        .filter(|name| Protocol::parse(name.as_bytes()).is_some())
        .collect();
    if let Ok(value) = HeaderValue::from_str(&names.join(", ")) {
        response.headers_mut().insert(header::UPGRADE, value);
    }
}
