//! The pending upgrade that a request and its connection share.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

#[cfg(feature = "h2c")]
use bytes::Bytes;
use http::Method;
use switchover::{Ineligible, Protocol};

use super::{Offer, Upgraded};
use crate::callback_slot::CallbackSlot;
#[cfg(feature = "h2c")]
use crate::{
    error::Error,
    sync::{Mutex, lock},
};

pub(crate) type UpgradeCallback = Box<dyn FnOnce(Upgraded) -> CallbackFuture + Send>;
type CallbackFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A pending upgrade: the offers, and the callback for one that is accepted.
pub(crate) struct PendingUpgrade {
    pub(super) offers: Vec<Offer>,
    pub(super) subprotocols: Vec<String>,
    pub(super) is_connect: bool,
    taking: CallbackSlot<UpgradeCallback>,
    #[cfg(feature = "h2c")]
    http2: Mutex<Http2Handoff>,
}

/// The hand-over of a request to HTTP/2: nothing, its content, or a `Splice`.
///
/// `accept_http2` stores the content. Just before the 101, `make_splice` replaces it by the
/// `Splice`, which passes the request on to the HTTP/2 library. `Nothing` if HTTP/2 was not
/// accepted.
#[cfg(feature = "h2c")]
#[derive(Default)]
enum Http2Handoff {
    #[default]
    Nothing,
    Content(Bytes),
    Splice(Box<switchover::h2c::Splice>),
}

/// A pending upgrade as an extension of the request.
#[derive(Clone)]
struct Offered(Arc<PendingUpgrade>);

impl PendingUpgrade {
    /// Creates the pending upgrade of a request that has an offer or is a CONNECT.
    ///
    /// Returns `None` for any other request.
    pub(crate) fn of(request: &switchover::Request<'_>, method: &Method) -> Option<Arc<Self>> {
        let is_connect = *method == Method::CONNECT;
        let offers: Vec<_> = match request.offers() {
            Ok(offers) => offers
                .map(|offer| Offer {
                    protocol: offer.protocol.to_string(),
                    ineligible: offer.ineligible,
                })
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
            taking: CallbackSlot::new(),
            #[cfg(feature = "h2c")]
            http2: Mutex::default(),
        }))
    }

    /// Creates the pending upgrade of a CONNECT in HTTP/2.
    ///
    /// An extended CONNECT offers its protocol (RFC 8441, section 4).
    #[cfg(feature = "h2")]
    pub(crate) fn of_connect(protocol: Option<&str>, headers: &http::HeaderMap) -> Self {
        let mut versions = headers.get_all(http::header::SEC_WEBSOCKET_VERSION).iter();
        let is_13 = versions.next().is_some_and(|version| version == "13");
        let breaks = |name: &str| name.eq_ignore_ascii_case("websocket") && !is_13;
        let offer = |name: &str| Offer {
            protocol: name.into(),
            ineligible: breaks(name).then_some(Ineligible::Version),
        };
        let lines = headers.get_all(http::header::SEC_WEBSOCKET_PROTOCOL).iter();
        let subprotocols = lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(','))
            .map(|name| name.trim().to_owned())
            .filter(|name| !name.is_empty())
            .collect();
        Self {
            offers: protocol.map(offer).into_iter().collect(),
            subprotocols,
            is_connect: protocol.is_none(),
            taking: CallbackSlot::new(),
            http2: Mutex::default(),
        }
    }

    pub(crate) fn put_into(self: Arc<Self>, extensions: &mut http::Extensions) {
        extensions.insert(Offered(self));
    }

    /// Returns the pending upgrade of a request that the server passed to a handler.
    pub(super) fn found_in(extensions: &http::Extensions) -> Option<&Arc<Self>> {
        extensions.get::<Offered>().map(|offered| &offered.0)
    }

    pub(crate) fn take_callback(&self) -> Option<UpgradeCallback> {
        self.taking.take()
    }

    /// Sets the callback that runs after the upgrade.
    pub(super) fn take_over<F, R>(&self, speak: F)
    where
        F: FnOnce(Upgraded) -> R + Send + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        self.taking.set(Box::new(|upgraded| Box::pin(speak(upgraded))));
    }

    /// Returns the rule that the client's offer of this protocol breaks.
    ///
    /// `None` if it breaks none, or if the client does not offer this protocol.
    pub(crate) fn ineligible(&self, protocol: &str) -> Option<Ineligible> {
        let named = Protocol::parse(protocol.as_bytes())?;
        self.offers.iter().filter(|offer| offer.is(&named)).find_map(|offer| offer.ineligible)
    }

    /// Returns whether a client offers this protocol, and it can be accepted.
    #[cfg(feature = "h2")]
    pub(crate) fn is_eligible(&self, protocol: &str) -> bool {
        let named = Protocol::parse(protocol.as_bytes());
        let is_it = |offer: &&Offer| named.as_ref().is_some_and(|named| offer.is(named));
        self.offers.iter().filter(is_it).any(|offer| offer.ineligible.is_none())
    }

    pub(crate) fn has_callback(&self) -> bool {
        self.taking.is_set()
    }

    /// Stores the request's content, to be passed to HTTP/2.
    #[cfg(feature = "h2c")]
    pub(super) fn take_along(&self, content: Bytes) {
        *lock(&self.http2) = Http2Handoff::Content(content);
    }

    /// Creates the `Splice` that hands the request to HTTP/2, if HTTP/2 was accepted.
    #[cfg(feature = "h2c")]
    pub(crate) fn make_splice(&self, request: &switchover::Request<'_>) -> Result<(), Error> {
        let mut http2 = lock(&self.http2);
        if let Http2Handoff::Content(content) = &*http2 {
            let splice = switchover::h2c::Splice::new(request, content, &());
            *http2 = Http2Handoff::Splice(Box::new(
                splice.map_err(|reason| Error::Misuse(reason.text()))?,
            ));
        }
        Ok(())
    }

    #[cfg(feature = "h2c")]
    pub(crate) fn splice(&self) -> Option<Box<switchover::h2c::Splice>> {
        match std::mem::take(&mut *lock(&self.http2)) {
            Http2Handoff::Splice(splice) => Some(splice),
            _ => None,
        }
    }
}
