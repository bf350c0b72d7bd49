//! The server's choice among the offered protocols (RFC 9110, section 7.8).
//!
//! It is one protocol or a stack of layers.

use super::policy;
use super::request::{LARGEST_OFFER, Offer, Request, offers, only_offer};
use super::token::{Order, write_protocol};
use crate::error::ErrorKind;
use crate::wire::fields::members;
use crate::wire::memory::Draft;
use crate::wire::protocol::Protocol;

/// The server's choice among the offers of one request.
///
/// It borrows nothing. Use it only for that request. The engine rejects it for another request of
/// the connection, or for another offer. It cannot detect a request of another connection with the
/// same number and offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Selection {
    /// The number of the request, on its connection, that the selection belongs to.
    pub(crate) cycle: u32,
    /// A checksum of that request's offer.
    ///
    /// It detects a selection that was made on another connection, for another offer.
    offer: u32,
    /// The positions of the chosen layers in the offer, lowest layer first.
    ///
    /// `HTTP` stands for an HTTP/1.1 at the top that need not be offered by name.
    layers: [u8; Self::LAYERS],
    len: u8,
    /// The index of the chosen preference among those passed to `select`.
    preference: u16,
    /// Set if the selection may be accepted before the request is complete.
    pub(crate) early: bool,
}

/// The value in `layers` for an HTTP/1.1 at the top that need not be offered.
const HTTP: u8 = u8::MAX;
const _: () = assert!(LARGEST_OFFER < HTTP as u32, "each place of an offer is a byte of its own");

impl Selection {
    const LAYERS: usize = 4;

    /// Encodes the selection as four numbers, for bindings to other languages.
    pub(crate) const fn to_bits(self) -> [u32; 4] {
        let last = (self.early as u32) << 24 | (self.preference as u32) << 8 | self.len as u32;
        [self.cycle, self.offer, u32::from_le_bytes(self.layers), last]
    }

    /// Decodes a selection from its four numbers.
    ///
    /// A connection rejects the selection if the numbers do not fit its request's offer.
    pub(crate) const fn from_bits(bits: [u32; 4]) -> Self {
        Self {
            cycle: bits[0],
            offer: bits[1],
            layers: bits[2].to_le_bytes(),
            len: bits[3] as u8,
            preference: (bits[3] >> 8) as u16,
            early: bits[3] >> 24 != 0,
        }
    }

    /// Returns the index of the chosen preference among those passed to `select`.
    ///
    /// The first has the index 0. All after index 65,534 have the index 65,535.
    pub const fn preference(self) -> usize {
        self.preference as usize
    }

    /// Returns the same choice, to be accepted before the request is complete.
    ///
    /// Our direction switches at once, the peer's at the end of its request. A client that expects
    /// a 100 gets it first. Use it if the new protocol does not need the request's content.
    /// Next: [`accept`](crate::Connection::accept). RFC 9110, section 7.8.
    pub const fn early(self) -> Self {
        Self { early: true, ..self }
    }

    fn layers(&self) -> &[u8] {
        self.layers.get(..self.len as usize).unwrap_or_default()
    }
}

/// Selects one of the preferences that were offered and are eligible.
///
/// It is the first in the order of the side `by`. `None` if there is none.
///
/// Each preference is a protocol or a stack of protocols, lowest layer first. An HTTP/1.1 at the
/// top need not be offered.
pub(crate) fn select(
    request: Request<'_>,
    preferences: &[&str],
    by: Order,
    cycle: u32,
) -> Option<Selection> {
    let stacks = preferences.iter().enumerate().filter_map(|(index, preference)| {
        // Preferences beyond the largest index share it; they can still be chosen.
        let index = u16::try_from(index).unwrap_or(u16::MAX);
        stack(request, preference, cycle)
            .map(|selection| Selection { preference: index, ..selection })
    });
    let choice = match by {
        Order::Server => stacks.into_iter().next(),
        // `min_by_key` keeps the first of equals, so a server's order still breaks ties.
        Order::Client => stacks.min_by_key(|selection| selection.layers[0]),
    };
    choice.map(|selection| Selection { offer: checksum(request), ..selection })
}

/// Returns the selection for one preference; its checksum is not yet set.
///
/// `None` unless its layers, at most four, form a stack, and each was offered and is eligible. An
/// HTTP/1.1 at the top need not be offered.
fn stack(request: Request<'_>, preference: &str, cycle: u32) -> Option<Selection> {
    let mut selection = Selection {
        cycle,
        offer: 0,
        layers: [HTTP; Selection::LAYERS],
        len: 0,
        preference: 0,
        early: false,
    };
    let mut last = None;
    for member in members(preference.as_bytes()) {
        let protocol = Protocol::parse(member)?;
        let place = find(request, &mut |_, offer| {
            offer.protocol.same_as(&protocol) && offer.ineligible.is_none()
        });
        let place = place
            .map(|(place, _)| place as u8)
            .or_else(|| (is_http11(&protocol) && selection.len > 0).then_some(HTTP))?;
        // A layer above HTTP/1.1 would have to be negotiated within it. Two versions of one name
        // are not two layers.
        let mut earlier = selection.layers().iter().filter_map(|&below| at(request, below));
        if last.is_some_and(|top| is_http11(&top))
            || earlier.any(|below| same_name(&below.protocol, &protocol))
        {
            return None;
        }
        *selection.layers.get_mut(selection.len as usize)? = place;
        selection.len += 1;
        last = Some(protocol);
    }
    // A bare TLS/x means the same stack as TLS/x, HTTP/1.1 (RFC 2817 3.3).
    if last.is_some_and(|top| policy::is_below_http(&top)) {
        *selection.layers.get_mut(selection.len as usize)? = HTTP;
        selection.len += 1;
    }
    (selection.len > 0).then_some(selection)
}

/// Returns the offer at a place among those of the request, counted from 0.
///
/// The place `HTTP` gives HTTP/1.1, which need not be offered. `None` if there is no such place.
fn at(request: Request<'_>, place: u8) -> Option<Offer<'_>> {
    match place {
        HTTP => Some(Offer { protocol: HTTP_1_1, ineligible: None }),
        place => find(request, &mut |other, _| other == place as usize).map(|(_, offer)| offer),
    }
}

/// Returns the first offer for which `is_it` returns `true`, and its place.
///
/// `is_it` receives the place, counted from 0, and the offer.
#[inline(never)]
fn find<'a>(
    request: Request<'a>,
    is_it: &mut dyn FnMut(usize, &Offer<'a>) -> bool,
) -> Option<(usize, Offer<'a>)> {
    if let Some(offer) = only_offer(request) {
        return is_it(0, &offer).then_some((0, offer));
    }
    offers(request).enumerate().find(|(place, offer)| is_it(*place, offer))
}

pub(super) const HTTP_1_1: Protocol<'static> = Protocol { name: "HTTP", version: Some("1.1") };

pub(super) fn is_http11(protocol: &Protocol<'_>) -> bool {
    protocol.same_as(&HTTP_1_1)
}

pub(super) fn same_name(one: &Protocol<'_>, other: &Protocol<'_>) -> bool {
    one.name.eq_ignore_ascii_case(other.name)
}

/// Returns the FNV-1a hash of the values of the request's `Upgrade` lines.
fn checksum(request: Request<'_>) -> u32 {
    let add = |hash: u32, line: &[u8]| {
        let bytes = line.iter().chain(b"\n");
        bytes.fold(hash, |hash, &byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
    };
    match request.only_upgrade() {
        Some(line) => add(0x811c_9dc5, line),
        None => request.upgrade_lines().fold(0x811c_9dc5, add),
    }
}

/// The initial memory in bytes for the 101's list of protocols: enough for most.
const USUAL: usize = 32;

/// Writes the chosen protocols as the `Upgrade` list of the 101.
///
/// Names in the policy table have their registered spelling (RFC 9110, section 16.7), others the
/// client's. A selection that was made for another `Upgrade` value is rejected with `NotOffered`;
/// one of another connection with the same value is not detected.
pub(crate) fn write_selection(
    request: Request<'_>,
    selection: Selection,
    list: &mut Draft,
) -> Result<(), ErrorKind> {
    list.clear();
    list.reserve(USUAL)?;
    // An HTTP/1.1 that was not offered may only be at the top, above another layer.
    let is_stack = match selection.layers() {
        [] | [HTTP] => false,
        [below @ .., _] => !below.contains(&HTTP),
    };
    if !is_stack || selection.offer != checksum(request) {
        return Err(ErrorKind::NotOffered);
    }
    for &place in selection.layers() {
        let layer = at(request, place)
            .filter(|offer| offer.ineligible.is_none())
            .ok_or(ErrorKind::NotOffered)?;
        write_protocol(&policy::registered(layer.protocol), list);
    }
    list.whole().map(drop)
}
