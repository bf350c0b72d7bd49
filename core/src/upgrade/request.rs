//! A received request, and the protocols that it offers (RFC 9110, section 7.8).

use super::context::{OfferContext, OfferingRequest};
use super::policy;
use super::token;
use crate::enums::enums;
use crate::error::Ineligible;
use crate::wire::fields::{Fields, Options, members};
use crate::wire::head::Head;
use crate::wire::known::KnownField;
use crate::wire::protocol::Protocol;
use crate::wire::syntax::{absolute_authority, after_authority};

/// The maximum number of protocols in a received offer, whatever the limits.
///
/// A [`Selection`](super::Selection) stores each position in the offer in one byte.
pub(super) const LARGEST_OFFER: u32 = u8::MAX as u32 - 1;

/// The head of a received request.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    pub(crate) head: &'a Head,
    pub(crate) bytes: &'a [u8],
    pub(crate) terms: &'a OfferContext,
}

impl<'a> Request<'a> {
    /// Returns the method, which is case-sensitive.
    #[inline]
    pub fn method(&self) -> &'a str {
        text(self.head.method(self.bytes))
    }

    /// Returns the request target as sent, neither decoded nor normalised.
    #[inline]
    pub fn target(&self) -> &'a str {
        text(self.head.target(self.bytes))
    }

    /// Returns the authority of the resource that the request is for.
    ///
    /// In a CONNECT and in absolute-form it is that of the target, else that of Host. `None` only
    /// in HTTP/1.0, where Host may be missing. An intermediary routes by it and forwards it as
    /// Host, since a server ignores Host beside an absolute target. RFC 9112, sections 3.2 and 3.3.
    pub fn authority(&self) -> Option<&'a str> {
        let (method, target) = self.line_bytes();
        let host = || self.head.values(KnownField::Host, self.bytes).next().map(|(value, _)| value);
        authority(method, target, host).map(text)
    }

    /// Returns the path of a target in origin-form or absolute-form, as sent.
    ///
    /// It ends before the query. It is `/` if an absolute target has no path, `*` for the target
    /// `*` of OPTIONS, and empty in a CONNECT. RFC 9112, section 3.2; RFC 9110, section 4.2.3.
    pub fn path(&self) -> &'a str {
        text(path_and_query(self.line_bytes()).0)
    }

    /// Returns the query of the target, as sent.
    ///
    /// It begins after the first question mark; `None` if there is none. RFC 9112, section 3.2.
    pub fn query(&self) -> Option<&'a str> {
        path_and_query(self.line_bytes()).1.map(text)
    }

    #[inline]
    pub(crate) fn line_bytes(&self) -> (&'a [u8], &'a [u8]) {
        (self.head.method(self.bytes), self.head.target(self.bytes))
    }

    /// Returns the minor version: the x of HTTP/1.x.
    #[inline]
    pub fn minor_version(&self) -> u8 {
        self.head.minor()
    }

    /// Returns the field lines of the head.
    #[inline]
    pub fn fields(&self) -> Fields<'a> {
        self.head.fields(self.bytes)
    }

    /// Returns the offered protocols in the client's order of preference.
    ///
    /// Each is eligible, or has the reason why it is not. Choose one with
    /// [`select`](crate::Connection::select).
    ///
    /// # Errors
    ///
    /// The reason why the request offers nothing.
    #[inline]
    pub fn offers(&self) -> Result<impl Iterator<Item = Offer<'a>> + Clone + use<'a>, NoOffer> {
        self.offer_count()?;
        Ok(offers(*self))
    }

    /// Returns the number of offered protocols, eligible or not.
    ///
    /// # Errors
    ///
    /// The reason why the request offers nothing.
    #[inline]
    pub fn offer_count(&self) -> Result<usize, NoOffer> {
        if self.head.has(KnownField::Upgrade) {
            offered(*self, self.head.options(self.bytes))
        } else {
            Err(NoOffer::Absent)
        }
    }

    /// Returns the value of `Upgrade` if the head has exactly one such line.
    #[inline]
    pub(crate) fn only_upgrade(&self) -> Option<&'a [u8]> {
        self.head.only(KnownField::Upgrade, self.bytes).map(|(value, _)| value)
    }

    pub(crate) fn upgrade_lines(&self) -> impl Iterator<Item = &'a [u8]> + Clone + use<'a> {
        self.head.values(KnownField::Upgrade, self.bytes).map(|(value, _)| value)
    }
}

/// Returns the authority of the resource that a request is for.
///
/// It is that of the target, or else `host`. RFC 9112, section 3.3.
pub(crate) fn authority<'a>(
    method: &[u8],
    target: &'a [u8],
    host: impl FnOnce() -> Option<&'a [u8]>,
) -> Option<&'a [u8]> {
    if method == b"CONNECT" { Some(target) } else { absolute_authority(target).or_else(host) }
}

/// Returns the path and the query of a request with this method and target.
pub(crate) fn path_and_query<'t>(
    (method, target): (&[u8], &'t [u8]),
) -> (&'t [u8], Option<&'t [u8]>) {
    if method == b"CONNECT" {
        return (b"", None);
    }
    let rest = after_authority(target);
    let (path, query) = match memchr::memchr(b'?', rest) {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    (if path.is_empty() { b"/" } else { path }, query)
}

impl core::fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method())
            .field("target", &self.target())
            .field("fields", &self.fields())
            .finish()
    }
}

/// A protocol that a request lists in `Upgrade`, whether or not it can be accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer<'a> {
    /// The offered protocol, in the client's spelling.
    pub protocol: Protocol<'a>,
    /// The reason why the protocol cannot be accepted; `None` if it can.
    pub ineligible: Option<Ineligible>,
}

/// The reason why a request offers no protocol.
///
/// The request itself is valid: respond to it as usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NoOffer {
    /// There is no `Upgrade` field, or an empty one.
    Absent,
    /// The request is HTTP/1.0, where `Upgrade` is ignored (RFC 9110, section 7.8).
    Http10,
    /// `Connection` does not list `upgrade` (RFC 9110, section 7.6.1).
    ///
    /// The `Upgrade` field was not meant for this hop.
    NoConnectionOption,
    /// `Upgrade` is not a list of protocol names.
    Malformed,
    /// The offer has more protocols than `limits.offers`, or more than 254.
    TooMany,
    /// The request is a CONNECT, where `Upgrade` is no offer: a 2xx opens a tunnel.
    Connect,
}

enums! {
    NoOffer {
        Absent = "absent", Http10 = "http-1.0", NoConnectionOption = "no-connection-option",
        Malformed = "malformed", TooMany = "too-many", Connect = "connect",
    }
}

/// Returns the number of offered protocols, or why there are none.
///
/// `options` are those of its `Connection` field. The list is parsed from the head on each call.
pub(crate) fn offered(request: Request<'_>, options: Options) -> Result<usize, NoOffer> {
    may_offer(request, options)?;
    let count = |total, value| token::count(value).map(|count| total + count);
    let total = request.upgrade_lines().try_fold(0, count).ok_or(NoOffer::Malformed)?;
    is_in_bounds(total, request.terms)
}

/// Checks that a request may make an offer, whatever its `Upgrade` contains.
fn may_offer(request: Request<'_>, options: Options) -> Result<(), NoOffer> {
    let Request { head, bytes, .. } = request;
    if !head.has(KnownField::Upgrade) {
        return Err(NoOffer::Absent);
    }
    if head.minor() == 0 {
        return Err(NoOffer::Http10);
    }
    if head.method(bytes) == b"CONNECT" {
        return Err(NoOffer::Connect);
    }
    if options.upgrade { Ok(()) } else { Err(NoOffer::NoConnectionOption) }
}

fn is_in_bounds(total: usize, terms: &OfferContext) -> Result<usize, NoOffer> {
    match total {
        0 => Err(NoOffer::Absent),
        _ if total > terms.offers.min(LARGEST_OFFER) as usize => Err(NoOffer::TooMany),
        total => Ok(total),
    }
}

/// Returns the protocols in a request's `Upgrade` lines, each with its eligibility.
///
/// Malformed members are skipped. The function does not check that the request may make an offer.
pub(crate) fn offers<'a>(
    request: Request<'a>,
) -> impl Iterator<Item = Offer<'a>> + Clone + use<'a> {
    protocols(request).enumerate().map(move |(place, protocol)| offer(request, place, protocol))
}

/// Returns the offer of the protocol at this place in `Upgrade`, counted from 0.
///
/// An offer among the first 64 that the check of the received head found eligible is not checked
/// again.
fn offer<'a>(request: Request<'a>, place: usize, protocol: Protocol<'a>) -> Offer<'a> {
    let is_known = place < 64 && request.head.eligible & (1 << place) != 0;
    let row = if is_known { None } else { policy::row(&protocol) };
    let verdict = |row| check(row, request, request.head.options(request.bytes));
    Offer { protocol, ineligible: row.and_then(|row| verdict(row).err()) }
}

/// Returns the only offer of a request, as nearly all have one.
///
/// `None` if the request has not exactly one `Upgrade` line with exactly one protocol.
pub(crate) fn only_offer(request: Request<'_>) -> Option<Offer<'_>> {
    Protocol::parse(request.only_upgrade()?).map(|protocol| offer(request, 0, protocol))
}

fn protocols<'a>(request: Request<'a>) -> impl Iterator<Item = Protocol<'a>> + Clone + use<'a> {
    request.upgrade_lines().flat_map(members).filter_map(Protocol::parse)
}

fn check(row: usize, request: Request<'_>, options: Options) -> Result<(), Ineligible> {
    let (fields, (method, target)) = (request.fields(), request.line_bytes());
    policy::check_received(
        row,
        &OfferingRequest { method, target, fields: &fields },
        options,
        request.terms,
    )
}

/// The number and the eligibility of the protocols that a request offers.
pub(crate) struct OfferCheck {
    pub(crate) total: u32,
    /// True if at least one protocol is eligible.
    pub(crate) any: bool,
    /// The eligible ones of the first 64 protocols, a bit for each; the first is bit 0.
    pub(crate) eligible: u64,
}

/// Checks the offers of a received request, or returns why there are none.
///
/// An offer of one protocol, as nearly every offer is, takes a short path.
pub(crate) fn check_offers(request: Request<'_>, options: Options) -> Result<OfferCheck, NoOffer> {
    may_offer(request, options)?;
    if let Some(only) = request.only_upgrade()
        && let Some(row) = policy::only_row(only)
    {
        is_in_bounds(1, request.terms)?;
        let is_eligible = row.is_none_or(|row| check(row, request, options).is_ok());
        return Ok(OfferCheck { total: 1, any: is_eligible, eligible: u64::from(is_eligible) });
    }
    check_list(request, options)
}

/// Checks an offer of any number of protocols, in any number of field lines.
///
/// The rules of one policy are checked once, even if they apply to several of the protocols.
#[inline(never)]
fn check_list(request: Request<'_>, options: Options) -> Result<OfferCheck, NoOffer> {
    let mut verdicts = [None; policy::ROWS];
    let (mut total, mut any, mut eligible) = (0, false, 0);
    for member in request.upgrade_lines().flat_map(members) {
        let protocol = Protocol::parse(member).ok_or(NoOffer::Malformed)?;
        let judged =
            |row: usize| *verdicts[row].get_or_insert_with(|| check(row, request, options).is_ok());
        let is_eligible = policy::row(&protocol).is_none_or(judged);
        any |= is_eligible;
        eligible |= if total < 64 { u64::from(is_eligible) << total } else { 0 };
        total += 1;
    }
    is_in_bounds(total, request.terms).map(|total| OfferCheck {
        total: total as u32,
        any,
        eligible,
    })
}

/// Returns the bytes of a method, target or authority as text.
///
/// The parser has checked that they are ASCII.
#[inline]
fn text(bytes: &[u8]) -> &str {
    core::str::from_utf8(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_and_query_of_each_form() {
        for (method, target, path, query) in [
            ("GET", "/a/b?c?d", "/a/b", Some("c?d")),
            ("GET", "/", "/", None),
            ("GET", "/?", "/", Some("")),
            ("GET", "//a", "//a", None),
            ("GET", "http://a", "/", None),
            ("GET", "http://a?b", "/", Some("b")),
            ("GET", "https://u@a:1/b%20?c", "/b%20", Some("c")),
            ("OPTIONS", "*", "*", None),
            ("CONNECT", "a:443", "", None),
            ("CONNECT", "[::1]:443", "", None),
        ] {
            let found = path_and_query((method.as_bytes(), target.as_bytes()));
            assert_eq!((text(found.0), found.1.map(text)), (path, query), "{method} {target}");
        }
    }
}
