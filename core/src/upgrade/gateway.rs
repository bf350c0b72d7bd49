//! What an intermediary passes on, and what is for one hop alone (RFC 9110, 7.6.1).

pub use super::hop::{EndToEnd, SwitchEndToEnd};
use super::{offers, policy};
use crate::event::Request;
use crate::fields::Protocol;

/// Whether an intermediary may pass on an offer of that protocol: a single one, and not one that is, like TLS and h2c,
/// between two neighbours. For the `:protocol` of an extended CONNECT, which no offer stands for yet.
pub fn may_forward(protocol: &str) -> bool {
    Protocol::parse(protocol.as_bytes()).is_some_and(|protocol| policy::may_be_forwarded(&protocol))
}

/// The protocols of a request that an intermediary may offer to its own server, in the client's order: those that may be
/// accepted and are not, like TLS and h2c, between two neighbours. Registered names are told as they are registered.
pub fn forwardable<'a>(request: &Request<'a>) -> impl Iterator<Item = Protocol<'a>> + Clone + use<'a> {
    let request = *request;
    let has_offer = request.offers().is_ok();
    offers(request)
        .filter(move |offer| has_offer && offer.ineligible.is_none() && policy::may_be_forwarded(&offer.protocol))
        .map(|offer| policy::registered(offer.protocol))
}
