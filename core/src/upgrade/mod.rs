//! The Upgrade mechanism (RFC 9110, section 7.8): offers, the 101, declined offers.

pub(crate) mod context;
#[cfg(feature = "websocket")]
mod deflate;
#[cfg(feature = "websocket")]
mod extension;
#[cfg(feature = "h2c")]
pub(crate) mod h2c;
#[cfg(feature = "websocket")]
mod handshake;
pub(crate) mod hop;
pub(crate) mod http2;
mod masque;
pub(crate) mod policy;
pub(crate) mod request;
mod selection;
mod sent_offer;
mod sorted;
pub(crate) mod token;
#[cfg(feature = "websocket")]
pub mod websocket;

use alloc::vec::Vec;

pub(crate) use context::{OfferContext, Proof};
pub(crate) use hop::is_for_one_hop;
use policy::Policy;
pub(crate) use policy::{is_for_response, is_own};
pub use request::{NoOffer, Offer, Request};
pub(crate) use request::{OfferCheck, check_offers};
pub use selection::Selection;
pub(crate) use selection::{select, write_selection};
pub(crate) use sent_offer::SentOffer;
pub(crate) use token::write_protocol;
pub use token::{Order, Protocols};

use self::context::{Values, has};
use self::selection::{is_http11, same_name};
use crate::enums::enums;
use crate::error::{Error, ErrorKind, Fault, Ineligible};
use crate::limits::Lenient;
use crate::wire::fields::{Field, Fields, members};
use crate::wire::head::Head;
use crate::wire::known::KnownField;
use crate::wire::memory::{self, Draft};
use crate::wire::message::RequestHead;
use crate::wire::protocol::Protocol;
use crate::wire::source::FieldSource;

/// The reason why the latest request's upgrade has not happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Why {
    /// The request offered no protocol.
    NotOffered,
    /// The request with the offer was HTTP/1.0, so the offer is ignored.
    Http10,
    /// The request's `Connection` field did not list `upgrade`.
    NoConnectionOption,
    /// The request's `Upgrade` field was not a list of protocol names.
    Malformed,
    /// The offer had more protocols than `limits.offers`, or more than 254.
    TooMany,
    /// The request is a CONNECT, which only a 2xx accepts.
    Connect,
    /// No offered protocol is eligible: each offer breaks a rule of its protocol.
    Ineligible,
    /// The offer has been neither accepted nor declined yet.
    Undecided,
    /// A final response was sent or received instead of the 101.
    Declined,
    /// A 426 was sent or received: the server requires a protocol in its `Upgrade`.
    ///
    /// The protocol that was offered may be in that list.
    Required,
    /// The connection ended with the response to an earlier request.
    Dropped,
    /// The peer broke the protocol, or its bytes ended, before the response.
    Failed,
    /// Your code called `abandon` or `hand_over` before the response.
    Abandoned,
}

enums! {
    Why {
        NotOffered = "not-offered", Http10 = "http-1.0",
        NoConnectionOption = "no-connection-option", Malformed = "malformed", TooMany = "too-many",
        Connect = "connect", Ineligible = "ineligible", Undecided = "undecided",
        Declined = "declined", Required = "required", Dropped = "dropped", Failed = "failed",
        Abandoned = "abandoned",
    }
}

impl Why {
    /// Returns a description in English, without a period.
    pub const fn text(self) -> &'static str {
        match self {
            Self::NotOffered => "the request offered no other protocol",
            Self::Http10 => "an offer in HTTP/1.0 is ignored",
            Self::NoConnectionOption => {
                "Connection does not list upgrade, so the offer was not meant for this hop"
            }
            Self::Malformed => "the Upgrade field is not a list of protocol names",
            Self::TooMany => "the offer names more protocols than the limit",
            Self::Connect => "the request is a CONNECT, which only a 2xx switches",
            Self::Ineligible => "no offered protocol satisfies its own rules",
            Self::Undecided => "the offer has not been answered yet",
            Self::Declined => "the request was answered in HTTP/1.1 instead",
            Self::Required => "the server answered 426 and names the protocols that it requires",
            Self::Dropped => "an earlier response closed the connection",
            Self::Failed => "the connection failed: the error says why",
            Self::Abandoned => "the connection was given up before the answer",
        }
    }
}

impl From<NoOffer> for Why {
    fn from(reason: NoOffer) -> Self {
        match reason {
            NoOffer::Absent => Self::NotOffered,
            NoOffer::Http10 => Self::Http10,
            NoOffer::NoConnectionOption => Self::NoConnectionOption,
            NoOffer::Malformed => Self::Malformed,
            NoOffer::TooMany => Self::TooMany,
            NoOffer::Connect => Self::Connect,
        }
    }
}

/// Returns whether the protocols of a 101 include TLS.
pub(crate) fn is_secured(list: Protocols<'_>) -> bool {
    list.iter().any(|protocol| policy::is_below_http(&protocol))
}

/// Checks the protocols of a 101 against `offer`, and writes them to `agreed`.
///
/// `offer` is the list that this client sent. If memory ran out, `agreed` lacks some, and its
/// `whole` returns an error.
pub(crate) fn verify(
    head: &Head,
    bytes: &[u8],
    offer: Protocols<'_>,
    lenient: &Lenient,
    agreed: &mut Draft,
) -> Result<(), Fault> {
    agreed.clear();
    // A fault of a missing field is reported at the beginning of the head.
    let place = |known| head.values(known, bytes).next().map_or(0, |(_, at)| at);
    let fault = |kind, at| Err(Fault { kind, at });
    if head.minor() == 0 && !lenient.switch_in_http10 {
        return fault(ErrorKind::SwitchIn10, 0);
    }
    let names_its_option = head.options(bytes).upgrade || lenient.switch_without_connection;
    if let Some((token, _)) = head.only(KnownField::Upgrade, bytes)
        && names_its_option
        && offer.is_just(token)
    {
        // The server chose the only protocol offered: nothing else can be wrong.
        agreed.extend_from_slice(token);
        return Ok(());
    }
    for (value, at) in head.values(KnownField::Upgrade, bytes) {
        if token::count(value).is_none() {
            return fault(ErrorKind::SwitchWithoutUpgrade, at);
        }
        members(value)
            .filter_map(Protocol::parse)
            .for_each(|protocol| write_protocol(&protocol, agreed));
    }
    if agreed.is_empty() {
        let first = offer
            .iter()
            .next()
            .filter(|_| lenient.switch_without_upgrade && !head.has(KnownField::Upgrade));
        let Some(first) = first else {
            return fault(ErrorKind::SwitchWithoutUpgrade, place(KnownField::Upgrade));
        };
        write_protocol(&first, agreed);
        // Without `Upgrade` the option need not be listed either.
        return Ok(());
    }
    if !names_its_option {
        return fault(ErrorKind::SwitchWithoutConnection, place(KnownField::Connection));
    }
    if !is_offered(Protocols::new(agreed), offer, lenient) {
        return fault(ErrorKind::SwitchNotOffered, place(KnownField::Upgrade));
    }
    // A bare TLS/x means the same stack as TLS/x, HTTP/1.1 (RFC 2817 3.3): both ends then report
    // that.
    if Protocols::new(agreed).iter().last().is_some_and(|top| policy::is_below_http(&top)) {
        write_protocol(&selection::HTTP_1_1, agreed);
    }
    Ok(())
}

/// Returns whether every layer that a 101 lists was offered.
///
/// An HTTP/1.1 above another layer need not be offered. The protocols must be the layers of one
/// stack, unless `lenient` also permits alternatives.
fn is_offered(agreed: Protocols<'_>, offer: Protocols<'_>, lenient: &Lenient) -> bool {
    let mut below: Option<Protocol<'_>> = None;
    agreed.iter().enumerate().all(|(index, protocol)| {
        let is_new = lenient.switch_to_alternatives
            || (!agreed.iter().take(index).any(|earlier| same_name(&earlier, &protocol))
                && below.is_none_or(|below| !is_http11(&below)));
        let is_known = offer.contains(&protocol) || (is_http11(&protocol) && below.is_some());
        below = Some(protocol);
        is_new && is_known
    })
}

/// The fields that a client adds to an offer, and data to check the 101 with.
#[derive(Debug, Default)]
pub(crate) struct OfferFields {
    /// Fields for both an offer and its 101, such as `Capsule-Protocol`.
    ///
    /// Those that the caller's field lines already have are not in the list.
    pub(crate) markers: Vec<Field<'static>>,
    /// The names of hop-by-hop fields, which `Connection` must list.
    pub(crate) hop_fields: Vec<&'static str>,
    /// True if the client's connection ends when the offer is declined.
    pub(crate) closes: bool,
    /// The sent offer against which the 101 is checked, if one of the rules needs it.
    pub(crate) remembered: Option<SentOffer>,
}

/// Returns the fields that a client adds to an offer beside `Upgrade`.
///
/// Fails if the rules of an offered protocol do not allow this request.
pub(crate) fn offer_fields(
    request: &RequestHead<'_>,
    offer: &[&str],
    terms: &OfferContext,
) -> Result<OfferFields, Error> {
    let (mut asked, mut remembered) = (OfferFields::default(), 0);
    for policy in offer.iter().flat_map(|entry| policy::of_list(Protocols::new(entry.as_bytes()))) {
        policy.check(&request.into(), terms).map_err(Error::ineligible_offer)?;
        add_marker(policy, request.fields, &mut asked.markers).map_err(Error::local)?;
        let hop_field = policy.hop_field(request.fields);
        if let Some(name) = hop_field.filter(|name| !asked.hop_fields.contains(name)) {
            memory::push(&mut asked.hop_fields, name).map_err(Error::local)?;
        }
        asked.closes |= policy.closes;
        remembered |= policy.remembered;
        if let Some(proof) = policy.proof
            && asked.remembered.is_none()
        {
            // Computed now, and not when the 101 has come and the caller waits.
            let key = Error::ineligible_offer(Ineligible::Key);
            let proof = proof(request.fields).ok_or(key)?;
            asked.remembered.get_or_insert_default().proof = Some(proof);
        }
    }
    request.fields.each_known(remembered, &mut |known, value| {
        asked.remembered.get_or_insert_default().push(known, value);
    });
    Ok(asked)
}

/// Adds the field that marks offers and 101s of a protocol, if it has one.
///
/// Nothing is added if `fields` or `markers` have the field already.
fn add_marker(
    policy: &Policy,
    fields: &dyn FieldSource,
    markers: &mut Vec<Field<'static>>,
) -> Result<(), ErrorKind> {
    match policy.marker() {
        Some(marker) if !markers.contains(&marker) && !has(fields, marker.name) => {
            memory::push(markers, marker)
        }
        _ => Ok(()),
    }
}

/// The fields that a server adds to its 101, besides `Upgrade` and `Connection`.
#[derive(Debug, Default)]
pub(crate) struct AcceptFields {
    pub(crate) markers: Vec<Field<'static>>,
    pub(crate) proof: Option<Proof>,
}

/// Returns the fields that a server adds to the 101 for these protocols.
///
/// `fields` are the caller's field lines. Fails if they do not suit the offer, or if a 101 may not
/// have one of them.
pub(crate) fn accept_fields(
    request: Request<'_>,
    agreed: Protocols<'_>,
    fields: &dyn FieldSource,
) -> Result<AcceptFields, ErrorKind> {
    let (asked, mut answer) = (request.fields(), AcceptFields::default());
    for policy in policy::of_list(agreed) {
        if !(policy.answer)(&asked, fields) {
            return Err(ErrorKind::ProfileField);
        }
        add_marker(policy, fields, &mut answer.markers)?;
        if let (None, Some(proof)) = (&answer.proof, policy.proof) {
            answer.proof = Some(proof(&asked).ok_or(ErrorKind::ProfileField)?);
        }
    }
    // An intermediary forwards the proof that it received; any other value is a mistake.
    let (mut is_said, mut fault) = (false, None);
    fields.each(&mut |field| {
        let is_proof = answer
            .proof
            .as_ref()
            .is_some_and(|proof| field.is(proof.name) && field.value == proof.value);
        let is_allowed = is_proof || policy::is_for_response(101, field);
        fault =
            fault.or((!is_allowed || (is_proof && is_said)).then_some(ErrorKind::ReservedField));
        is_said |= is_proof;
    });
    answer.proof = answer.proof.filter(|_| !is_said);
    fault.map_or(Ok(answer), Err)
}

/// Returns the fields that a server adds to a 426 that requires these protocols.
///
/// `fields` are the caller's field lines; a field that is among them is not returned.
pub(crate) fn hints(
    required: &[&str],
    fields: &dyn FieldSource,
) -> Result<Vec<Field<'static>>, ErrorKind> {
    let mut hints = Vec::new();
    for policy in
        required.iter().flat_map(|entry| policy::of_list(Protocols::new(entry.as_bytes())))
    {
        if let Some(hint) = policy.hint().filter(|hint| !has(fields, hint.name)) {
            memory::push(&mut hints, hint)?;
        }
    }
    Ok(hints)
}

/// Returns whether a 101 satisfies the rules of each protocol that it switches to.
///
/// Its fields must suit those of the offer, `asked`. It must have the proof if the protocol has
/// one.
pub(crate) fn matches_request(
    fields: Fields<'_>,
    agreed: Protocols<'_>,
    asked: Option<&SentOffer>,
) -> bool {
    let lines: &dyn FieldSource = asked.map_or(&(), |asked| asked);
    let is_proven = || {
        let proof = asked.and_then(|asked| asked.proof.as_ref());
        proof
            .is_some_and(|proof| context::values(&fields, proof.known) == Values::One(&proof.value))
    };
    policy::of_list(agreed)
        .all(|policy| (policy.answer)(lines, &fields) && (policy.proof.is_none() || is_proven()))
}
