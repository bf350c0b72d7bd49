//! The rules of protocols for `Upgrade`, such as `websocket`: a table row for each.
//!
//! A protocol without a row has no rules of its own, except in [`may_be_forwarded`].

use super::context::{OfferContext, OfferingRequest, Proof, is_any_there};
use super::token::Protocols;
use crate::error::Ineligible;
use crate::wire::fields::{Field, Options};
use crate::wire::known::{KnownField, KnownFields};
use crate::wire::protocol::Protocol;
use crate::wire::source::FieldSource;

/// The rules of one protocol: those of its offer and of its 101.
pub(crate) struct Policy {
    /// The protocol name, in its registered case.
    name: &'static str,
    /// True if the row is for versions of the name (`TLS/1.2`), not for the bare name.
    versioned: bool,
    /// True if the protocol is a layer below HTTP/1.1 (RFC 2817, section 3).
    ///
    /// As the only or last protocol of a list, it means that layer with HTTP/1.1 above it.
    below_http: bool,
    /// The only method with which the protocol may be offered; `None` permits any.
    method: Option<&'static str>,
    /// Set if the protocol may be offered over TLS.
    over_tls: bool,
    /// A hop-by-hop field of the offer, which `Connection` must list.
    hop_field: Option<HopField>,
    /// A field, as name and value, that is added to the offer and to the 101.
    marker: Option<(&'static str, &'static str)>,
    /// A field, name and value, that `require` adds to its 426 for the protocol.
    hint: Option<(&'static str, &'static str)>,
    /// Set if a client ends the connection when its offer is declined.
    pub(super) closes: bool,
    /// The fields reserved for this protocol, and for others whose rows list them.
    own: &'static [Own],
    /// The fields of the offer against which the 101 is checked.
    pub(super) remembered: KnownFields,
    /// Checks a request that offers the protocol, by the protocol's own rules.
    ///
    /// The client calls it before it sends the request, the server after it has received it.
    request: fn(&OfferingRequest<'_>, &OfferContext) -> Result<(), Ineligible>,
    /// Returns whether the field lines of a 101 (`answer`) suit those of the offer.
    ///
    /// The client calls it for a received 101, the server before it sends one.
    pub(super) answer: fn(asked: &dyn FieldSource, answer: &dyn FieldSource) -> bool,
    /// Returns the field with which a 101 proves that the server understood the offer.
    ///
    /// There is no function if the protocol has no proof. The function returns `None` if the
    /// offer's fields allow none.
    pub(super) proof: Option<fn(asked: &dyn FieldSource) -> Option<Proof>>,
}

/// The rule for a protocol's own hop-by-hop field, such as `HTTP2-Settings`.
///
/// If an offer has the field, its `Connection` must list it.
struct HopField {
    known: KnownField,
    name: &'static str,
    is_listed: fn(Options) -> bool,
}

impl Policy {
    /// The policy of a protocol without rules, from which the others are made.
    const GENERIC: Self = Self {
        name: "",
        versioned: false,
        below_http: false,
        method: None,
        over_tls: true,
        hop_field: None,
        marker: None,
        hint: None,
        closes: false,
        own: &[],
        remembered: 0,
        request: |_, _| Ok(()),
        answer: |_, _| true,
        proof: None,
    };

    /// The common policy of RFC 9298, RFC 9484 and the connect-tcp draft.
    ///
    /// Capsules follow the 101, and a client whose offer is declined ends the connection.
    const CAPSULES: Self = Self {
        method: Some("GET"),
        marker: Some(("Capsule-Protocol", "?1")),
        closes: true,
        own: &[Own { name: "Capsule-Protocol", carried_by: Some(starts_capsules) }],
        request: |request, _| super::masque::check(request),
        answer: |_, answer| super::masque::is_answer(answer),
        ..Self::GENERIC
    };
}

static TABLE: &[Policy] = &[
    #[cfg(feature = "websocket")]
    Policy {
        name: "websocket",
        method: Some("GET"),
        hint: Some(("Sec-WebSocket-Version", "13")),
        // RFC 6455 11.3.
        own: &[Own::of("Sec-WebSocket-Key"), Own::of("Sec-WebSocket-Accept")],
        remembered: super::handshake::REMEMBERED,
        request: |request, _| super::handshake::check(request.fields),
        answer: super::handshake::is_answer,
        proof: Some(super::handshake::proof),
        ..Policy::GENERIC
    },
    #[cfg(feature = "h2c")]
    Policy {
        name: "h2c",
        over_tls: false,
        hop_field: Some(HopField {
            known: KnownField::Http2Settings,
            name: super::h2c::SETTINGS,
            is_listed: |options| options.http2_settings,
        }),
        // RFC 7540 3.2.1.
        own: &[Own::of(super::h2c::SETTINGS)],
        request: super::h2c::check,
        ..Policy::GENERIC
    },
    Policy { name: "TLS", versioned: true, below_http: true, over_tls: false, ..Policy::GENERIC },
    Policy { name: "connect-udp", ..Policy::CAPSULES },
    Policy { name: "connect-ip", ..Policy::CAPSULES },
    Policy { name: "connect-tcp", ..Policy::CAPSULES },
];

/// A field of a protocol's handshake, such as `Sec-WebSocket-Accept`.
///
/// A caller may send it only in the responses that `carried_by` permits, if any. The `own` of a
/// `Policy` lists those of its protocol. A `Block` cannot hold it.
struct Own {
    name: &'static str,
    /// Returns whether the caller may send a handshake field in such a response.
    ///
    /// The argument is the response's status. `None`: in no final response, and in a 101 only the
    /// correct proof. It belongs to requests, or the engine adds it. Other 1xx are not checked.
    carried_by: Option<fn(status: u16) -> bool>,
}

#[cfg(any(feature = "websocket", feature = "h2c"))]
impl Own {
    const fn of(name: &'static str) -> Self {
        Self { name, carried_by: None }
    }
}

/// Returns whether a response with that status may begin a stream of capsules.
///
/// Responses with another status do not have `Capsule-Protocol`. RFC 9297, sections 3.2 and 3.4.
fn starts_capsules(status: u16) -> bool {
    status == 101 || (matches!(status, 200..=299) && !matches!(status, 204..=206))
}

/// Returns the bit for a name's length in [`OWN_LENGTHS`]; 0 for lengths above 31.
const fn length_bit(len: usize) -> u32 {
    if len < 32 { 1 << len } else { 0 }
}

/// The lengths of the field names in all `own` lists, as a set: bit n for n bytes.
const OWN_LENGTHS: u32 = {
    let (mut lengths, mut row) = (0, 0);
    while row < TABLE.len() {
        let (own, mut at) = (TABLE[row].own, 0);
        while at < own.len() {
            lengths |= length_bit(own[at].name.len());
            at += 1;
        }
        row += 1;
    }
    lengths
};

pub(crate) const ROWS: usize = TABLE.len();

/// Returns the index of the protocol's row in the table of policies, or `None`.
///
/// A version makes it another protocol: the table has no row for `websocket/2`.
pub(crate) fn row(protocol: &Protocol<'_>) -> Option<usize> {
    let is_about = |policy: &Policy| {
        policy.name.len() == protocol.name.len()
            && policy.versioned == protocol.version.is_some()
            && protocol.name.eq_ignore_ascii_case(policy.name)
    };
    TABLE.iter().position(is_about)
}

/// Returns the index of the policy for a protocol name without a version.
///
/// `None` if the table has no row for the bare name. It is a short path for the usual offer, which
/// is one registered name and nothing else.
pub(crate) fn bare_row(token: &[u8]) -> Option<usize> {
    TABLE.iter().position(|policy| {
        let name = policy.name.as_bytes();
        // Most peers spell it as registered, and equality is cheaper to see.
        !policy.versioned && (token == name || token.eq_ignore_ascii_case(name))
    })
}

/// Returns the index of the policy for the only protocol in a list.
///
/// `Some(None)` if that protocol has no policy; `None` if the list does not have exactly one.
pub(crate) fn only_row(list: &[u8]) -> Option<Option<usize>> {
    match bare_row(list) {
        Some(row) => Some(Some(row)),
        None => Protocol::parse(list).map(|protocol| row(&protocol)),
    }
}

fn of(protocol: &Protocol<'_>) -> Option<&'static Policy> {
    row(protocol).map(|row| &TABLE[row])
}

/// Returns the policies of the protocols in a list, in the list's order.
///
/// Protocols without a policy are left out.
pub(crate) fn of_list(list: Protocols<'_>) -> impl Iterator<Item = &'static Policy> {
    let lone = bare_row(list.as_bytes());
    let others = if lone.is_some() { Protocols::NONE } else { list };
    lone.map(|row| &TABLE[row])
        .into_iter()
        .chain(others.iter().filter_map(|protocol| of(&protocol)))
}

/// Returns the protocol, in its registered spelling if the policy table has it.
pub(crate) fn registered<'a>(protocol: Protocol<'a>) -> Protocol<'a> {
    of(&protocol).map_or(protocol, |policy| Protocol { name: policy.name, ..protocol })
}

/// Returns whether the protocol is a layer below HTTP/1.1, such as TLS.
///
/// As the only or last protocol of a list, it means that layer with HTTP/1.1 above it (RFC 2817,
/// section 3).
pub(crate) fn is_below_http(protocol: &Protocol<'_>) -> bool {
    of(protocol).is_some_and(|policy| policy.below_http)
}

impl Policy {
    /// Checks that a request may offer the protocol.
    ///
    /// The caller checks the rule of the protocol's hop-by-hop field.
    pub(super) fn check(
        &self,
        request: &OfferingRequest<'_>,
        terms: &OfferContext,
    ) -> Result<(), Ineligible> {
        if self.method.is_some_and(|method| method.as_bytes() != request.method) {
            return Err(Ineligible::Method);
        }
        if terms.secure && !self.over_tls {
            return Err(Ineligible::Secure);
        }
        (self.request)(request, terms)
    }

    /// Returns the name of the protocol's hop-by-hop field, if the offer has it.
    pub(super) fn hop_field(&self, fields: &dyn FieldSource) -> Option<&'static str> {
        self.hop_field
            .as_ref()
            .filter(|field| is_any_there(fields, field.known.bit()))
            .map(|field| field.name)
    }

    /// Returns the field that is added to the protocol's offer and to its 101.
    pub(super) fn marker(&self) -> Option<Field<'static>> {
        self.marker.map(Field::from)
    }

    /// Returns the field that is added to a 426 that requires the protocol.
    ///
    /// It tells the client how to offer the protocol, such as `Sec-WebSocket-Version: 13`.
    pub(super) fn hint(&self) -> Option<Field<'static>> {
        self.hint.map(Field::from)
    }
}

/// Checks that a received request may offer the protocol of this row of the table.
///
/// `options` are those of its `Connection` field, which must list the protocol's hop-by-hop field
/// if the request has it.
pub(crate) fn check_received(
    row: usize,
    request: &OfferingRequest<'_>,
    options: Options,
    terms: &OfferContext,
) -> Result<(), Ineligible> {
    let policy = &TABLE[row];
    let is_for_the_hop = |field: &HopField| {
        (field.is_listed)(options) || !is_any_there(request.fields, field.known.bit())
    };
    if !policy.hop_field.as_ref().is_none_or(is_for_the_hop) {
        return Err(Ineligible::NotListed);
    }
    policy.check(request, terms)
}

/// Returns whether an intermediary may offer the protocol to its server.
///
/// Versions of HTTP, and layers below it, concern two neighbours only. That holds for any spelling
/// of their version: `h2c/1`, `h2c-16`, `SSL/3.0`. RFC 2817, section 5.1; RFC 7540,
/// section 3.2.1.
pub(crate) fn may_be_forwarded(protocol: &Protocol<'_>) -> bool {
    let is_draft_of_h2c =
        protocol.name.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("h2c"));
    !is_draft_of_h2c
        && !["h2", "HTTP", "TLS", "SSL"].iter().any(|name| protocol.name.eq_ignore_ascii_case(name))
}

/// Returns whether the caller may send the field in a response with that status.
///
/// Only the handshake fields of a protocol in the table may be forbidden.
#[inline(always)]
pub(crate) fn is_for_response(status: u16, field: Field<'_>) -> bool {
    // The length of most names already differs from that of every `own` field.
    OWN_LENGTHS & length_bit(field.name.len()) == 0 || is_carried(status, field)
}

/// Returns whether the field is reserved for some protocol's handshake.
pub(crate) fn is_own(field: Field<'_>) -> bool {
    TABLE.iter().flat_map(|policy| policy.own).any(|own| field.is(own.name))
}

#[inline(never)]
fn is_carried(status: u16, field: Field<'_>) -> bool {
    let mut own = TABLE.iter().flat_map(|policy| policy.own);
    own.all(|own| !field.is(own.name) || own.carried_by.is_some_and(|carries| carries(status)))
}
