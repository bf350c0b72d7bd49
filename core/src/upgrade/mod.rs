//! The Upgrade mechanism: what was offered, what may be accepted, and why a switch did not happen (RFC 9110, 7.8).

mod policy;
pub(crate) mod token;
#[cfg(feature = "websocket")]
mod websocket;

use alloc::vec::Vec;

pub use policy::Ineligible;
pub(crate) use policy::Proof;
pub use token::Protocols;

use crate::decision::RequestHead;
use crate::error::ErrorKind;
use crate::event::Request;
use crate::fields::{Fields, KnownField, Protocol, members};
use crate::head::Head;
use crate::limits::{Lenient, Limits};
use crate::listed::listed;

/// One protocol of an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer<'a> {
    /// What is offered, in the client's spelling.
    pub protocol: Protocol<'a>,
    /// Why it cannot be accepted; `None` where it can.
    pub ineligible: Option<Ineligible>,
}

/// Why a request offers nothing at all. It is served like any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoOffer {
    /// There is no `Upgrade` field, or an empty one.
    Absent,
    /// HTTP/1.0 has no such mechanism: the field is ignored (RFC 9110, 7.8).
    Http10,
    /// `Connection` does not list `upgrade`: the field was not meant for this hop (RFC 9110, 7.6.1).
    NoConnectionOption,
    /// `Upgrade` is not a list of protocol names.
    Malformed,
    /// More protocols than the limit.
    TooMany,
    /// `Upgrade` on a CONNECT is no offer: its 2xx is another switch.
    Connect,
}

listed! {
    NoOffer {
        Absent = "absent", Http10 = "http-1.0", NoConnectionOption = "no-connection-option", Malformed = "malformed",
        TooMany = "too-many", Connect = "connect",
    }
}

/// Whose order of preference counts when several protocols match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Order {
    /// The client's: the first of its offer that the server speaks.
    #[default]
    Client,
    /// The server's: its first preference that was offered.
    Server,
}

listed! { Order { Client = "client", Server = "server" } }

/// A choice among the offers of one request; borrows nothing and does not outlive its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Selection {
    /// The request it belongs to.
    pub(crate) cycle: u32,
    /// A checksum of what that request offers, so that one made on another connection is noticed.
    offer: u32,
    /// Places in the offer, lowest layer first; `HTTP` for the HTTP/1.1 on top that needs no offer.
    layers: [u8; Self::LAYERS],
    len: u8,
}

/// The place of a topmost `HTTP/1.1` that was not offered by name.
const HTTP: u8 = u8::MAX;

impl Selection {
    const LAYERS: usize = 4;

    /// Four numbers that stand for it where a Rust value cannot go: across a language's boundary.
    pub const fn to_bits(self) -> [u32; 4] {
        [self.cycle, self.offer, u32::from_le_bytes(self.layers), self.len as u32]
    }

    /// The selection that these numbers stand for. Numbers that stand for none give one that every connection refuses.
    pub const fn from_bits(bits: [u32; 4]) -> Self {
        Self { cycle: bits[0], offer: bits[1], layers: bits[2].to_le_bytes(), len: bits[3] as u8 }
    }

    fn layers(&self) -> &[u8] {
        self.layers.get(..self.len as usize).unwrap_or_default()
    }
}

/// Why this cycle's upgrade did not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    /// Nothing was offered.
    NotOffered,
    /// The offer came in HTTP/1.0 and is ignored.
    Http10,
    /// `Connection` did not list `upgrade`.
    NoConnectionOption,
    /// `Upgrade` was malformed.
    Malformed,
    /// The offer was longer than the limit.
    TooMany,
    /// The request is a CONNECT; only its 2xx switches.
    Connect,
    /// No offered protocol satisfies its own rules.
    Ineligible,
    /// The answer has not come yet.
    Undecided,
    /// A final response came instead of the 101.
    Declined,
    /// A 426 came: another protocol is required.
    Required,
    /// An earlier response closed the connection before the offer was looked at.
    Dropped,
    /// The connection failed first.
    Failed,
    /// The host gave up or closed first.
    Abandoned,
}

listed! {
    Why {
        NotOffered = "not-offered", Http10 = "http-1.0", NoConnectionOption = "no-connection-option",
        Malformed = "malformed", TooMany = "too-many", Connect = "connect", Ineligible = "ineligible",
        Undecided = "undecided", Declined = "declined", Required = "required", Dropped = "dropped",
        Failed = "failed", Abandoned = "abandoned",
    }
}

impl Why {
    /// A sentence for people.
    pub const fn text(self) -> &'static str {
        match self {
            Self::NotOffered => "the request offered no other protocol",
            Self::Http10 => "an offer in HTTP/1.0 is ignored",
            Self::NoConnectionOption => "Connection does not list upgrade, so the offer was not meant for this hop",
            Self::Malformed => "the Upgrade field is not a list of protocol names",
            Self::TooMany => "the offer names more protocols than the limit",
            Self::Connect => "the request is a CONNECT, which only a 2xx switches",
            Self::Ineligible => "no offered protocol satisfies its own rules",
            Self::Undecided => "the offer has not been answered yet",
            Self::Declined => "the request was answered in HTTP/1.1 instead",
            Self::Required => "the server requires another protocol (426)",
            Self::Dropped => "an earlier response closed the connection",
            Self::Failed => "the connection failed before the answer",
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

/// Whether a request head holds an offer at all; the protocols are read from the head when they are asked for.
pub(crate) fn offered(head: &Head, bytes: &[u8], limits: &Limits) -> Result<(), NoOffer> {
    if !head.has(KnownField::Upgrade) {
        return Err(NoOffer::Absent);
    }
    if head.minor == 0 {
        return Err(NoOffer::Http10);
    }
    if head.method(bytes) == b"CONNECT" {
        return Err(NoOffer::Connect);
    }
    if !head.options(bytes).upgrade {
        return Err(NoOffer::NoConnectionOption);
    }
    let total = head
        .values(KnownField::Upgrade, bytes)
        .try_fold(0, |total, (value, _)| token::count(value).map(|count| total + count))
        .ok_or(NoOffer::Malformed)?;
    match total {
        0 => Err(NoOffer::Absent),
        // A place in the offer is an octet, and the last one is taken.
        _ if total > limits.offers.min(u32::from(HTTP) - 1) as usize => Err(NoOffer::TooMany),
        _ => Ok(()),
    }
}

/// The offers of a request, if it holds any.
pub(crate) fn offers<'a>(request: Request<'a>) -> impl Iterator<Item = Offer<'a>> + Clone + use<'a> {
    request.upgrade_lines().flat_map(members).filter_map(Protocol::parse).map(move |protocol| Offer {
        protocol,
        ineligible: policy::of(&protocol).and_then(|policy| (policy.check)(request).err()),
    })
}

/// How many protocols a request offers, and how many of them may be accepted.
pub(crate) fn tally(request: Request<'_>) -> (u32, u32) {
    offers(request)
        .fold((0, 0), |(total, eligible), offer| (total + 1, eligible + u32::from(offer.ineligible.is_none())))
}

/// The first choice that both sides can live with. Each preference is a protocol or a stack of them, lowest first.
pub(crate) fn select(request: Request<'_>, preferences: &[&str], by: Order, cycle: u32) -> Option<Selection> {
    let stacks = preferences.iter().filter_map(|preference| stack(request, preference, cycle));
    match by {
        Order::Server => stacks.into_iter().next(),
        // `min_by_key` keeps the first of equals, so a server's order still breaks ties.
        Order::Client => stacks.min_by_key(|selection| selection.layers[0]),
    }
}

/// One preference as places in the offer, if every layer of it may be accepted.
fn stack(request: Request<'_>, preference: &str, cycle: u32) -> Option<Selection> {
    let mut selection = Selection { cycle, offer: checksum(request), layers: [HTTP; Selection::LAYERS], len: 0 };
    let mut last = None;
    for member in members(preference.as_bytes()) {
        let protocol = Protocol::parse(member)?;
        let place = offers(request)
            .position(|offer| offer.protocol.same_as(&protocol) && offer.ineligible.is_none())
            .map(|place| place as u8)
            .or_else(|| (is_http11(&protocol) && selection.len > 0).then_some(HTTP))?;
        // Nothing stands above HTTP/1.1 that was not negotiated there, and two versions of one name are no stack.
        let earlier = selection.layers().iter().filter_map(|&below| at(request, below));
        if last.is_some_and(|top| is_http11(&top)) || earlier.into_iter().any(|below| same_name(&below, &protocol)) {
            return None;
        }
        *selection.layers.get_mut(selection.len as usize)? = place;
        selection.len += 1;
        last = Some(protocol);
    }
    // A bare TLS/x means the same stack as TLS/x, HTTP/1.1 (RFC 2817, 3.3).
    if last.is_some_and(|top| policy::is_below_http(&top)) {
        *selection.layers.get_mut(selection.len as usize)? = HTTP;
        selection.len += 1;
    }
    (selection.len > 0).then_some(selection)
}

fn at(request: Request<'_>, place: u8) -> Option<Protocol<'_>> {
    if place == HTTP {
        return Some(HTTP_1_1);
    }
    offers(request).nth(place as usize).map(|offer| offer.protocol)
}

const HTTP_1_1: Protocol<'static> = Protocol { name: "HTTP", version: Some("1.1") };

fn is_http11(protocol: &Protocol<'_>) -> bool {
    protocol.same_as(&HTTP_1_1)
}

fn same_name(one: &Protocol<'_>, other: &Protocol<'_>) -> bool {
    one.name.eq_ignore_ascii_case(other.name)
}

/// FNV-1a of the offer, line by line.
fn checksum(request: Request<'_>) -> u32 {
    request
        .upgrade_lines()
        .flat_map(|line| line.iter().chain(b"\n"))
        .fold(0x811c_9dc5, |hash, &octet| (hash ^ u32::from(octet)).wrapping_mul(0x0100_0193))
}

/// Writes the names of a selection as the list of the 101: registered ones as they are registered (RFC 9110, 16.7),
/// others in the client's spelling. A selection that was made on
/// another connection, of another offer, is no choice of this one's.
pub(crate) fn write_selection(request: Request<'_>, selection: Selection, list: &mut Vec<u8>) -> Result<(), ErrorKind> {
    list.clear();
    // An HTTP/1.1 that was not offered stands on top of something, or nowhere.
    let is_stack = match selection.layers() {
        [] | [HTTP] => false,
        [below @ .., _] => !below.contains(&HTTP),
    };
    if !is_stack || selection.offer != checksum(request) {
        return Err(ErrorKind::NotOffered);
    }
    for &place in selection.layers() {
        let is_eligible =
            place == HTTP || offers(request).nth(place as usize).is_some_and(|offer| offer.ineligible.is_none());
        let protocol = at(request, place).filter(|_| is_eligible).ok_or(ErrorKind::NotOffered)?;
        write_protocol(&policy::registered(protocol), list);
    }
    Ok(())
}

pub(crate) fn write_protocol(protocol: &Protocol<'_>, list: &mut Vec<u8>) {
    if !list.is_empty() {
        list.extend_from_slice(b", ");
    }
    list.extend_from_slice(protocol.name.as_bytes());
    if let Some(version) = protocol.version {
        list.push(b'/');
        list.extend_from_slice(version.as_bytes());
    }
}

/// Whether TLS is among the layers of an agreed list.
pub(crate) fn is_secured(list: Protocols<'_>) -> bool {
    list.iter().any(|protocol| policy::is_below_http(&protocol))
}

/// Checks a 101 against what was offered and writes what both sides have agreed on. `offer` is our own list.
pub(crate) fn verify(
    head: &Head,
    bytes: &[u8],
    offer: Protocols<'_>,
    lenient: &Lenient,
    agreed: &mut Vec<u8>,
) -> Result<(), ErrorKind> {
    agreed.clear();
    if head.minor == 0 && !lenient.switch_in_http10 {
        return Err(ErrorKind::SwitchIn10);
    }
    for (value, _) in head.values(KnownField::Upgrade, bytes) {
        if token::count(value).is_none() {
            return Err(ErrorKind::SwitchWithoutUpgrade);
        }
        members(value).filter_map(Protocol::parse).for_each(|protocol| write_protocol(&protocol, agreed));
    }
    if agreed.is_empty() {
        let first = offer.iter().next().filter(|_| lenient.switch_without_upgrade && !head.has(KnownField::Upgrade));
        write_protocol(&first.ok_or(ErrorKind::SwitchWithoutUpgrade)?, agreed);
        // The server said nothing, so it cannot have listed the option either.
        return Ok(());
    }
    if !head.options(bytes).upgrade && !lenient.switch_without_connection {
        return Err(ErrorKind::SwitchWithoutConnection);
    }
    if !is_offered(Protocols::new(agreed), offer, lenient) {
        return Err(ErrorKind::SwitchNotOffered);
    }
    // A bare TLS/x means the same stack as TLS/x, HTTP/1.1 (RFC 2817, 3.3): both ends call it so.
    if Protocols::new(agreed).iter().last().is_some_and(|top| policy::is_below_http(&top)) {
        write_protocol(&HTTP_1_1, agreed);
    }
    Ok(())
}

/// Every layer was offered, but for an HTTP/1.1 on top of another; and they are layers, not alternatives.
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

/// What a 101 has to prove if the offer is accepted; an error if a protocol's rules do not allow this request.
pub(crate) fn ask(request: &RequestHead<'_>, offer: &[&str]) -> Result<Option<Proof>, ErrorKind> {
    let protocols = offer.iter().flat_map(|entry| Protocols::new(entry.as_bytes()).iter());
    protocols.into_iter().filter_map(|protocol| policy::of(&protocol)).try_fold(None, |proof, policy| {
        let asked = (policy.ask)(request)?;
        Ok(proof.or(asked))
    })
}

/// What the 101 for a selection proves.
pub(crate) fn prove(request: Request<'_>, selection: Selection) -> Option<Proof> {
    let layers = selection.layers().iter().filter_map(|&place| at(request, place));
    layers.filter_map(|protocol| policy::of(&protocol)).find_map(|policy| (policy.prove)(request))
}

/// Whether the field lines of a 101 prove what was asked, for each protocol that they switch to.
pub(crate) fn is_proven(fields: Fields<'_>, agreed: Protocols<'_>, asked: Option<&Proof>) -> bool {
    agreed.iter().filter_map(|protocol| policy::of(&protocol)).all(|policy| (policy.is_proven)(fields, asked))
}
