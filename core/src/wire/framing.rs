//! Message framing (RFC 9112, section 6.3), and the rules for target and `Host`.
//!
//! The checks are pure, and take a complete head. Of several faults in a head, the one
//! with the lowest offset is reported.

use crate::error::{ErrorKind, Fault};
use crate::limits::Lenient;
use crate::wire::fields::{Options, members};
use crate::wire::head::Head;
use crate::wire::known::{KnownField, KnownFields};
use crate::wire::scan;
use crate::wire::scan::class::HOST_CLASS;
use crate::wire::syntax::{
    Port, TargetFault, decimal, is_authority, is_port, is_token, target_form, trim,
};

/// The way in which the end of a message is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Framing {
    /// The message ends with its head.
    None,
    /// The message has this number of content bytes.
    Length(u64),
    /// The content is sent in the chunked transfer coding.
    Chunked,
    /// The content ends when the connection closes (responses only).
    UntilClose,
}

impl Framing {
    /// Returns whether content may follow the head.
    pub(crate) fn has_content(self) -> bool {
        !matches!(self, Self::None | Self::Length(0))
    }

    /// Returns whether the `Content-Length`, if there is one, is at most `most` bytes.
    pub(crate) fn is_within(self, most: u64) -> bool {
        !matches!(self, Self::Length(length) if length > most)
    }
}

/// The fault with the lowest offset among those added.
#[derive(Default)]
struct FirstFault(Option<Fault>);

impl FirstFault {
    fn add(&mut self, kind: ErrorKind, at: usize) {
        if self.0.is_none_or(|lowest| at < lowest.at) {
            self.0 = Some(Fault { kind, at });
        }
    }

    fn or<T>(self, value: T) -> Result<T, Fault> {
        self.0.map_or(Ok(value), Err)
    }
}

/// The framing and connection options of a request that the fast path accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PlainRequest {
    pub(crate) framing: Framing,
    pub(crate) options: Options,
}

/// Fast path of [`request`]: most requests without a fault.
///
/// The request is neither HTTP/1.0 nor a CONNECT. Its target is a path, and its one `Host` is a
/// name or empty, perhaps with a port. It has at most one `Content-Length`, with a single number,
/// and at most one `Connection`, without `close`. It has no transfer coding and no expectation.
/// Returns `None` for all others. Must equal [`request`], but for the limit of content.
pub(crate) fn request_fast(head: &Head, bytes: &[u8]) -> Option<PlainRequest> {
    const ASKS_FOR_MORE: KnownFields =
        KnownField::set(&[KnownField::TransferEncoding, KnownField::Expect]);
    let is_plain = !head.has_any(ASKS_FOR_MORE)
        && head.minor() > 0
        && bytes.get(head.target_offset()) == Some(&b'/')
        && !bytes.starts_with(b"CONNECT ");
    if !is_plain {
        return None;
    }
    let (host, at) = head.only(KnownField::Host, bytes)?;
    let name = scan::run(&HOST_CLASS, bytes, at).min(host.len());
    let port_is_valid = match &host[name..] {
        [] => true,
        [b':', port @ ..] => is_port(port),
        _ => false,
    };
    let mut options = Options::default();
    if head.has(KnownField::Connection) {
        options.add(head.only(KnownField::Connection, bytes)?.0);
    }
    if !port_is_valid || options.close {
        return None;
    }
    let framing = match head.has(KnownField::ContentLength) {
        true => Framing::Length(decimal(head.only(KnownField::ContentLength, bytes)?.0)?),
        false => Framing::None,
    };
    Some(PlainRequest { framing, options })
}

/// Checks the head of a request and returns its framing.
///
/// The head is the first `len` bytes of `bytes`. A `Content-Length` may be at most `most`. With
/// `accepts_https`, the target may have the scheme `https`.
pub(crate) fn request(
    head: &Head,
    bytes: &[u8],
    len: usize,
    accepts_https: bool,
    most: u64,
) -> Result<Framing, Fault> {
    let mut faults = FirstFault::default();
    target(head, bytes, accepts_https, &mut faults);
    host(head, bytes, len, &mut faults);
    if !head.has(KnownField::ContentLength) && !head.has(KnownField::TransferEncoding) {
        return faults.or(Framing::None);
    }
    let length = content_length(head, bytes, &mut faults);
    let codings = transfer_encoding(head, bytes, &Lenient::none(), &mut faults);
    let framing = match (codings, length) {
        (Some(codings), _) => {
            if codings.last_is_chunked {
                if let Some(at) = codings.other {
                    // RFC 9112 6.1: the response to a coding that is not understood is a 501.
                    faults.add(ErrorKind::CodingUnknown, at);
                }
            } else {
                // RFC 9112 6.3: the end of such a request cannot be found.
                faults.add(ErrorKind::CodingNotFinal, codings.at);
            }
            Framing::Chunked
        }
        (None, Some(length)) => Framing::Length(length),
        (None, None) => Framing::None,
    };
    if head.method(bytes) == b"CONNECT" && framing.has_content() {
        let known = if codings.is_some() {
            KnownField::TransferEncoding
        } else {
            KnownField::ContentLength
        };
        head.values(known, bytes)
            .take(1)
            .for_each(|(_, at)| faults.add(ErrorKind::ConnectContent, at));
    }
    if !framing.is_within(most)
        && let Some((_, at)) = head.values(KnownField::ContentLength, bytes).next()
    {
        faults.add(ErrorKind::ContentTooLarge, at);
    }
    faults.or(framing)
}

/// Returns whether a received request has no content, by its framing fields.
///
/// It has none without `Transfer-Encoding` if `Content-Length` is missing, 0, or has no valid
/// number.
pub(crate) fn ends(head: &Head, bytes: &[u8]) -> bool {
    let length = || content_length(head, bytes, &mut FirstFault::default());
    !head.has(KnownField::TransferEncoding) && length().is_none_or(|length| length == 0)
}

/// Returns the framing of a response.
///
/// The caller must ignore the result for a response to HEAD, and for a 2xx response to CONNECT:
/// they have no content.
pub(crate) fn response(head: &Head, bytes: &[u8], lenient: &Lenient) -> Result<Framing, Fault> {
    // RFC 9112 6.3: these responses end at the empty line whatever their fields say.
    if matches!(head.status(), 100..=199 | 204 | 304) {
        return Ok(Framing::None);
    }
    let mut faults = FirstFault::default();
    let length = content_length(head, bytes, &mut faults);
    let codings = transfer_encoding(head, bytes, lenient, &mut faults);
    faults.or(match (codings, length) {
        (Some(codings), _) if codings.last_is_chunked => Framing::Chunked,
        (None, Some(length)) => Framing::Length(length),
        (Some(_), _) | (None, None) => Framing::UntilClose,
    })
}

fn target(head: &Head, bytes: &[u8], accepts_https: bool, faults: &mut FirstFault) {
    let target = head.target(bytes);
    let kind = match target_form(head.method(bytes), target) {
        Err(TargetFault::Form) => ErrorKind::TargetForm,
        Err(TargetFault::Authority) => ErrorKind::TargetAuthority,
        // RFC 9110 7.4: an https target needs a secured connection or a trusted gateway.
        Ok(_) if !accepts_https && has_https_scheme(target) => ErrorKind::TargetInsecure,
        Ok(_) => return,
    };
    faults.add(kind, head.target_offset());
}

pub(crate) fn has_https_scheme(target: &[u8]) -> bool {
    target.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"https://"))
}

/// Checks that there is one `Host`, with a valid host and an optional port.
///
/// RFC 9112, section 3.2. In HTTP/1.0 it may be missing.
fn host(head: &Head, bytes: &[u8], len: usize, faults: &mut FirstFault) {
    let mut count = 0;
    for (value, at) in head.values(KnownField::Host, bytes) {
        count += 1;
        if count > 1 {
            faults.add(ErrorKind::HostRepeated, at);
        } else if scan::run(&HOST_CLASS, bytes, at) < value.len()
            && !is_authority(value, Port::Optional)
        {
            faults.add(ErrorKind::HostInvalid, at);
        }
    }
    if count == 0 && head.minor() > 0 {
        // The fault of a missing Host is reported at the empty line, which a CRLF or an LF makes.
        let empty_line = len.saturating_sub(2);
        let is_crlf = bytes.get(empty_line) == Some(&b'\r');
        faults.add(ErrorKind::HostMissing, empty_line + usize::from(!is_crlf));
    }
}

/// Parses `Content-Length` (RFC 9112, section 6.3).
///
/// Several lines or list members with the same number count as one; anything else is rejected.
fn content_length(head: &Head, bytes: &[u8], faults: &mut FirstFault) -> Option<u64> {
    let mut length = None;
    for (value, at) in head.values(KnownField::ContentLength, bytes) {
        for member in value.split(|&byte| byte == b',') {
            match (decimal(trim(member)), length) {
                (None, _) => faults.add(ErrorKind::ContentLengthInvalid, at),
                (Some(number), Some(before)) if number != before => {
                    faults.add(ErrorKind::ContentLengthDiffers, at);
                }
                (number, _) => length = number,
            }
        }
    }
    length
}

#[derive(Clone, Copy)]
struct Codings {
    last_is_chunked: bool,
    /// The offset of the first field value that lists a coding other than chunked.
    other: Option<usize>,
    at: usize,
}

fn transfer_encoding(
    head: &Head,
    bytes: &[u8],
    lenient: &Lenient,
    faults: &mut FirstFault,
) -> Option<Codings> {
    let mut codings: Option<Codings> = None;
    let mut chunked = 0;
    for (value, at) in head.values(KnownField::TransferEncoding, bytes) {
        let found = codings.get_or_insert(Codings { last_is_chunked: false, other: None, at });
        let mut is_empty = true;
        for member in members(value) {
            is_empty = false;
            found.last_is_chunked = member.eq_ignore_ascii_case(b"chunked");
            if found.last_is_chunked {
                chunked += 1;
            } else {
                found.other = found.other.or(Some(at));
            }
            // RFC 9112 7.1: chunked has no parameters, and is applied once. Other codings may have
            // parameters (RFC 9110 10.1.4).
            let name = trim(member.split(|&byte| byte == b';').next().unwrap_or_default());
            let is_chunked_with_parameters =
                name.len() < member.len() && name.eq_ignore_ascii_case(b"chunked");
            if !is_token(name) || is_chunked_with_parameters || chunked > 1 {
                faults.add(ErrorKind::CodingInvalid, at);
            }
        }
        if is_empty {
            faults.add(ErrorKind::CodingInvalid, at);
        }
        if head.minor() == 0 && !lenient.coding_in_http10 {
            // RFC 9112 6.1: an HTTP/1.0 intermediary would not have understood the coding.
            faults.add(ErrorKind::CodingIn10, at);
        }
    }
    // RFC 9112 6.1: a message with both framing fields may be an attempt at request smuggling.
    let length =
        head.values(KnownField::ContentLength, bytes).next().filter(|_| !lenient.both_framings);
    if let (Some(codings), Some((_, at))) = (codings, length) {
        faults.add(ErrorKind::BothFramings, codings.at.max(at));
    }
    codings
}
