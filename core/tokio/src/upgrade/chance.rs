//! What a request and its connection share: what is offered, and what takes the connection over.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

#[cfg(feature = "h2c")]
use bytes::Bytes;
use http::Method;
use switchover::{Ineligible, Protocol};

use super::{Offer, Upgraded};
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
    pub(super) offers: Vec<Offer>,
    pub(super) subprotocols: Vec<String>,
    pub(super) is_connect: bool,
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

    /// That of a request that `serve` has given to its handler.
    pub(super) fn found_in(extensions: &http::Extensions) -> Option<&Arc<Self>> {
        extensions.get::<Offered>().map(|offered| &offered.0)
    }

    pub(crate) fn taker(&self) -> Option<Taker> {
        self.taking.take()
    }

    /// What runs once the connection has switched.
    pub(super) fn take_over<F, R>(&self, speak: F)
    where
        F: FnOnce(Upgraded) -> R + Send + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        self.taking.set(Box::new(|upgraded| Box::pin(speak(upgraded))));
    }

    /// The rule that the offer of this protocol breaks, if it breaks one.
    pub(crate) fn ineligible(&self, protocol: &str) -> Option<Ineligible> {
        let named = Protocol::parse(protocol.as_bytes())?;
        self.offers.iter().filter(|offer| offer.is(&named)).find_map(|offer| offer.ineligible)
    }

    pub(crate) fn has_taker(&self) -> bool {
        self.taking.is_set()
    }

    /// The request goes to HTTP/2, with this content.
    #[cfg(feature = "h2c")]
    pub(super) fn take_along(&self, content: Bytes) {
        *lock(&self.http2) = TakenAlong::Content(content);
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
