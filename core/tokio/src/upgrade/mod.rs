//! Upgrades: offers, a handler's decision, and the new protocol's stream.
//!
//! A handler that supports other protocols calls [`select`], and accepts. Any other response
//! declines the offer and changes nothing else:
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

pub(crate) use pending::{PendingUpgrade, UpgradeCallback};
pub use upgraded::{HttpOverTls, Upgraded};

/// A protocol that a client has offered (RFC 9110, section 7.8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The name of the protocol, with its version, in the client's spelling.
    pub protocol: String,
    /// The rule that the request breaks, so that the offer cannot be accepted.
    ///
    /// `None` if it can be accepted.
    pub ineligible: Option<Ineligible>,
}

impl Offer {
    fn is(&self, own: &Protocol<'_>) -> bool {
        Protocol::parse(self.protocol.as_bytes()).is_some_and(|offered| own.same_as(&offered))
    }
}

/// The protocols that the client of a request offers.
///
/// It is an extractor for axum handlers (feature `axum`); others use [`offers`] and [`select`].
#[derive(Clone, Default)]
pub struct Offers(Option<Arc<PendingUpgrade>>);

impl Offers {
    /// Returns the offers of a request that the server passed to its handler.
    ///
    /// For any other request there are none.
    pub fn of(extensions: &http::Extensions) -> Self {
        Self(PendingUpgrade::found_in(extensions).cloned())
    }

    /// Returns the client's offers in its order, also those that cannot be accepted.
    pub fn list(&self) -> &[Offer] {
        self.0.as_ref().map_or(&[], |pending| &pending.offers)
    }

    /// Selects the first of `preferences` that the client offers; `None` without one.
    ///
    /// It works as [`select`] does: protocols whose rules the request breaks are not selected.
    pub fn select<'p>(&self, preferences: impl IntoIterator<Item = &'p str>) -> Option<Selected> {
        let pending = self.0.as_ref()?;
        let is_offered = |layer: &str| {
            let own = Protocol::parse(layer.trim().as_bytes());
            let is_own = |offer: &Offer| own.is_some_and(|own| offer.is(&own));
            pending.offers.iter().any(|offer| offer.ineligible.is_none() && is_own(offer))
        };
        let protocol =
            preferences.into_iter().find(|preference| preference.split(',').all(is_offered))?;
        Some(Selected { protocol: protocol.into(), pending: Arc::clone(pending) })
    }
}

/// Returns the client's offers, in its order of preference.
///
/// Those that cannot be accepted are among them. Without an offer the list is empty.
pub fn offers<B>(request: &Request<B>) -> &[Offer] {
    PendingUpgrade::found_in(request.extensions()).map_or(&[], |pending| &pending.offers)
}

/// Selects the first protocol of `preferences` that the client offers.
///
/// Protocols whose rules the request breaks are not selected. Each entry is a protocol such as
/// `foo/2`, or a stack of layers such as `TLS/1.2, HTTP/1.1`. If `None` is returned, respond as if
/// nothing had been offered, or with [`require`]. Next: [`Selected::accept`]. RFC 9110, section
/// 7.8.
pub fn select<'p, B>(
    request: &Request<B>,
    preferences: impl IntoIterator<Item = &'p str>,
) -> Option<Selected> {
    Offers::of(request.extensions()).select(preferences)
}

/// A protocol that the client offers and your code supports.
#[must_use = "nothing is accepted before `accept` makes the response"]
pub struct Selected {
    protocol: String,
    pending: Arc<PendingUpgrade>,
}

impl Selected {
    /// Returns the protocol, or the stack of layers, as it was given to [`select`].
    pub fn protocol(&self) -> &str {
        &self.protocol
    }

    /// Returns the subprotocols offered by a WebSocket client, in its order.
    ///
    /// Set the one you choose as `Sec-WebSocket-Protocol` of the response. RFC 6455, section 1.9.
    /// Without the feature `websocket` the list is empty in HTTP/1.1.
    pub fn subprotocols(&self) -> &[String] {
        &self.pending.subprotocols
    }

    /// Returns the 101 that accepts the protocol; you may add header fields.
    ///
    /// After the 101 was sent, the server runs the future that `speak` returns, to its end. Before,
    /// the rest of the request's content is discarded, up to `limits.drain`; read it first if you
    /// need it. If there is more, the client gets a 413.
    ///
    /// If the 101 is not sent, `speak` is dropped.
    pub fn accept<F, R, B>(self, speak: F) -> Response<B>
    where
        F: FnOnce(Upgraded) -> R + Send + 'static,
        R: Future<Output = ()> + Send + 'static,
        B: Default,
    {
        self.pending.take_over(speak);
        self.response()
    }

    /// Returns the 101 that accepts HTTP/2, where the response is on stream 1.
    ///
    /// `content` is the content of the request, which becomes that of stream 1. Pass the
    /// [`Http2Stream`](crate::Http2Stream) to an HTTP/2 server such as `h2`. If the client does not
    /// begin HTTP/2 within `Timeouts::head`, a read fails with `TimedOut`. RFC 7540, section 3.2.
    #[cfg(feature = "h2c")]
    pub fn accept_http2<F, R, B>(self, content: Bytes, speak: F) -> Response<B>
    where
        F: FnOnce(crate::Http2Stream) -> R + Send + 'static,
        R: Future<Output = ()> + Send + 'static,
        B: Default,
    {
        self.accept_http2_whole(content, |upgraded| speak(crate::Http2Stream::new(upgraded)))
    }

    /// Returns the 101 that accepts HTTP/2, and passes the `Upgraded` to `speak`.
    ///
    /// The `Upgraded` has the connection's options for HTTP/2, which an `Http2Stream` lacks.
    #[cfg(feature = "h2c")]
    pub(crate) fn accept_http2_whole<F, R, B>(self, content: Bytes, speak: F) -> Response<B>
    where
        F: FnOnce(Upgraded) -> R + Send + 'static,
        R: Future<Output = ()> + Send + 'static,
        B: Default,
    {
        self.pending.take_along(content);
        self.accept(speak)
    }

    fn response<B: Default>(&self) -> Response<B> {
        let mut response = Response::new(B::default());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        // All characters of a protocol's name are permitted in a field value.
        if let Ok(value) = HeaderValue::from_str(&self.protocol) {
            response.headers_mut().insert(header::UPGRADE, value);
        }
        response
    }
}

/// Returns the 2xx that opens the tunnel of a CONNECT; `None` for other methods.
///
/// Also `None` for an extended CONNECT in HTTP/2: accept its offer instead. After the 2xx was sent,
/// the server runs the future that `speak` returns, to its end. If a handler returns a 2xx to
/// CONNECT without this call or [`on`], the client gets a 501. RFC 9110, section 9.3.6.
pub fn tunnel<F, R, Q, B>(request: &Request<Q>, speak: F) -> Option<Response<B>>
where
    F: FnOnce(Upgraded) -> R + Send + 'static,
    R: Future<Output = ()> + Send + 'static,
    B: Default,
{
    let pending =
        PendingUpgrade::found_in(request.extensions()).filter(|pending| pending.is_connect)?;
    pending.take_over(speak);
    Some(Response::new(B::default()))
}

/// Returns a future of the upgraded stream, for a framework that creates the 101.
///
/// The future is ready once a 101 that names an offered protocol was sent, or a 2xx to CONNECT. It
/// returns `None` if the request ends without either, and at once if there is no offer or CONNECT.
pub fn on<B>(
    request: &Request<B>,
) -> impl Future<Output = Option<Upgraded>> + Send + 'static + use<B> {
    let (sender, receiver) = oneshot::channel();
    // If the receiver was dropped, the connection closes.
    take_over(request, |upgraded| {
        let _ = sender.send(upgraded);
        std::future::ready(())
    });
    async { receiver.await.ok() }
}

/// Sets the callback that takes over the connection after a 101 or a tunnel's 2xx.
///
/// Does nothing if the request has no offer and is no CONNECT.
pub(crate) fn take_over<F, R, B>(request: &Request<B>, speak: F)
where
    F: FnOnce(Upgraded) -> R + Send + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    if let Some(pending) = PendingUpgrade::found_in(request.extensions()) {
        pending.take_over(speak);
    }
}

/// Returns a 426, which requires one of these protocols.
///
/// List them in the server's order of preference. Entries that are not valid protocol names are
/// left out; without any other, a server of HTTP/1.1 sends a 400. A 426 has content like any other
/// response. RFC 9110, section 15.5.22.
pub fn require<B>(protocols: &[&str], content: B) -> Response<B> {
    let mut response = Response::new(content);
    *response.status_mut() = StatusCode::UPGRADE_REQUIRED;
    advertise(&mut response, protocols);
    response
}

/// Sets `Upgrade` in an ordinary response: protocols that a client could offer.
///
/// Entries that are not valid protocol names are left out; without any other the response stays as
/// it is. RFC 9110, section 7.8.
pub fn advertise<B>(response: &mut Response<B>, protocols: &[&str]) {
    let names: Vec<_> = protocols
        .iter()
        .copied()
        .filter(|name| Protocol::parse(name.as_bytes()).is_some())
        .collect();
    if names.is_empty() {
        return;
    }
    if let Ok(value) = HeaderValue::from_str(&names.join(", ")) {
        response.headers_mut().insert(header::UPGRADE, value);
    }
}
