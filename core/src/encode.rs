//! Decisions, from heads to octets: the only code that writes a CRLF. What the host gives is checked first, so no
//! line break, NUL or second meaning can leave; a head is composed in memory that stays between messages, and handed over
//! only if there is space for all of it.

use alloc::vec::Vec;

use bytes::BufMut;

use crate::decision::{REASON_AT, usual_line};
use crate::error::{Error, ErrorKind};
use crate::fields::{Field, FieldSource, Options, expects_continue, members};
use crate::known::KnownField;
use crate::syntax::{Port, decimal, is_authority, is_token, is_value};

/// Hands over what was composed: all of it or nothing.
pub(crate) fn hand_over(parts: &[&[u8]], out: &mut dyn BufMut) -> Result<(), Error> {
    let len = parts.iter().map(|part| part.len()).sum();
    if out.remaining_mut() < len {
        return Err(Error::too_small(len));
    }
    parts.iter().for_each(|part| out.put_slice(part));
    Ok(())
}

/// What the host's field lines say that the engine has to know.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Survey {
    pub(crate) length: Option<u64>,
    /// There is a Transfer-Encoding, and chunked is its last coding.
    pub(crate) chunked: bool,
    pub(crate) options: Options,
    pub(crate) expects_continue: bool,
    codings: bool,
    /// A Connection field is there: what it lists is merged with what the engine has to say.
    connection: bool,
    /// A TE field is there: it is for this hop, so it is listed (RFC 9110, 10.1.4).
    te: bool,
    hosts: u32,
}

impl Survey {
    /// Checks every line; the first one that may not be sent is the error.
    pub(crate) fn of(fields: &dyn FieldSource) -> Result<Self, Error> {
        Self::of_allowed(fields, |_| true)
    }

    /// The same of lines that must be allowed besides; that one of them is not is the last of all errors.
    pub(crate) fn of_allowed(fields: &dyn FieldSource, is_allowed: impl Fn(Field<'_>) -> bool) -> Result<Self, Error> {
        let (mut survey, mut fault, mut reserved, mut index) = (Self::default(), None, None, 0);
        fields.each(&mut |field| {
            fault = fault.or(survey.line(field).err().map(|kind| Error::in_field(kind, index)));
            reserved = reserved.or((!is_allowed(field)).then_some(Error::in_field(ErrorKind::ReservedField, index)));
            index += 1;
        });
        let final_coding_is_missing = survey.codings && !survey.chunked;
        // RFC 9112, 6.2: never both; 6.1: what is coded ends in chunked.
        if (survey.codings && survey.length.is_some()) || final_coding_is_missing {
            fault = fault.or(Some(Error::local(ErrorKind::FramingConflict)));
        }
        fault.or(reserved).map_or(Ok(survey), Err)
    }

    fn line(&mut self, field: Field<'_>) -> Result<(), ErrorKind> {
        check(field)?;
        match KnownField::recognise(field.name) {
            None => {}
            Some(KnownField::Upgrade) => return Err(ErrorKind::ReservedField),
            Some(KnownField::Connection) => {
                if !members(field.value).all(is_token) {
                    return Err(ErrorKind::InvalidValue);
                }
                self.connection = true;
                self.options.add(field.value);
            }
            Some(KnownField::Host) => {
                self.hosts += 1;
                if self.hosts > 1 || !is_authority(field.value, Port::Optional) {
                    return Err(ErrorKind::InvalidHost);
                }
            }
            Some(KnownField::ContentLength) => {
                let length = decimal(field.value).ok_or(ErrorKind::FramingConflict)?;
                if self.length.replace(length).is_some() {
                    return Err(ErrorKind::FramingConflict);
                }
            }
            Some(KnownField::TransferEncoding) => {
                for coding in members(field.value) {
                    // RFC 9112, 6.1: chunked is applied once, and last.
                    if self.chunked || !is_token(coding) {
                        return Err(ErrorKind::FramingConflict);
                    }
                    self.chunked = coding.eq_ignore_ascii_case(b"chunked");
                }
                self.codings = true;
            }
            Some(KnownField::Te) => {
                self.te = true;
                // RFC 9112, 7.4: every recipient takes chunked, so nobody lists it.
                if members(field.value).any(|coding| coding.eq_ignore_ascii_case(b"chunked")) {
                    return Err(ErrorKind::FramingConflict);
                }
            }
            Some(KnownField::Expect) => {
                self.expects_continue |= expects_continue(field.value);
            }
        }
        Ok(())
    }

    pub(crate) fn has_framing(&self) -> bool {
        self.length.is_some() || self.codings
    }

    pub(crate) fn has_host(&self) -> bool {
        self.hosts == 1
    }
}

fn check(field: Field<'_>) -> Result<(), ErrorKind> {
    if !is_token(field.name) {
        return Err(ErrorKind::InvalidName);
    }
    is_value(field.value).then_some(()).ok_or(ErrorKind::InvalidValue)
}

/// RFC 9110, 6.5.1: fields that change how a message is framed, routed, authenticated or read cannot come behind it.
const NEVER_TRAILERS: &[&str] = &[
    "Age",
    "Authorization",
    "Cache-Control",
    "Connection",
    "Content-Encoding",
    "Content-Length",
    "Content-Range",
    "Content-Type",
    "Cookie",
    "Date",
    "Expect",
    "Expires",
    "Host",
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "If-Range",
    "If-Unmodified-Since",
    "Keep-Alive",
    "Location",
    "Max-Forwards",
    "Pragma",
    "Proxy-Authenticate",
    "Proxy-Authorization",
    "Proxy-Connection",
    "Range",
    "Retry-After",
    "Set-Cookie",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
    "Vary",
    "WWW-Authenticate",
];

/// Checks a trailer section; gives whether it holds anything.
pub(crate) fn check_trailers(trailers: &dyn FieldSource) -> Result<bool, Error> {
    let (mut count, mut fault) = (0, None);
    trailers.each(&mut |field| {
        let forbidden = NEVER_TRAILERS.iter().any(|name| field.is(name));
        let verdict = check(field).and(if forbidden { Err(ErrorKind::TrailerForbidden) } else { Ok(()) });
        fault = fault.or(verdict.err().map(|kind| Error::in_field(kind, count)));
        count += 1;
    });
    fault.map_or(Ok(count > 0), Err)
}

/// What the engine adds to the host's field lines.
#[derive(Clone, Copy, Default)]
pub(crate) struct Added<'a> {
    /// What the rules of the protocols that are spoken of add.
    pub(crate) markers: &'a [Field<'a>],
    /// What a protocol's rules ask of its 101.
    pub(crate) proof: Option<Field<'a>>,
    /// A framing field that the host left to the engine.
    pub(crate) framing: Option<&'a [u8]>,
    /// The `Upgrade` list, entry by entry.
    pub(crate) upgrade: &'a [&'a str],
    /// Names of fields that are for this hop alone.
    pub(crate) hop_fields: &'a [&'a str],
    pub(crate) close: bool,
    pub(crate) keep_alive: bool,
    /// The host lists options of its own.
    pub(crate) merges: bool,
    /// `TE` has to be listed.
    pub(crate) te: bool,
    /// Host goes first (RFC 9110, 7.2).
    pub(crate) host_first: bool,
}

impl<'a> Added<'a> {
    pub(crate) fn to(survey: &Survey) -> Self {
        Self { te: survey.te, merges: survey.connection, ..Self::default() }
    }
}

pub(crate) fn request_line(draft: &mut Vec<u8>, method: &str, target: &str) {
    for part in [method.as_bytes(), b" ", target.as_bytes(), b" HTTP/1.1\r\n"] {
        draft.extend_from_slice(part);
    }
}

/// `HTTP-version SP status-code SP [ reason-phrase ] CRLF` (RFC 9112, 4).
#[derive(Clone, Copy)]
pub(crate) enum StatusLine<'a> {
    /// As most are, with the reason that goes with the status.
    Usual(&'static str),
    /// With a reason of the host's.
    Own(u16, &'a [u8]),
}

impl<'a> StatusLine<'a> {
    /// With the reason that goes with the status; with none, where none does.
    #[inline]
    pub(crate) fn usual(status: u16) -> Self {
        match usual_line(status) {
            "" => Self::Own(status, b""),
            line => Self::Usual(line),
        }
    }

    pub(crate) fn new(status: u16, reason: &'a [u8]) -> Self {
        let usual = usual_line(status);
        match usual.as_bytes().get(REASON_AT..).and_then(|rest| rest.strip_suffix(b"\r\n")) {
            Some(usual_reason) if usual_reason == reason => Self::Usual(usual),
            _ => Self::Own(status, reason),
        }
    }

    pub(crate) fn is_valid(self) -> bool {
        match self {
            Self::Usual(_) => true,
            Self::Own(_, reason) => is_value(reason),
        }
    }

    pub(crate) fn put(self, draft: &mut Vec<u8>) {
        let (status, reason) = match self {
            Self::Usual(line) => return draft.extend_from_slice(line.as_bytes()),
            Self::Own(status, reason) => (status, reason),
        };
        let mut start = *b"HTTP/1.1 000 ";
        for (place, digit) in [(9, status / 100), (10, status / 10), (11, status)] {
            start[place] += (digit % 10) as u8;
        }
        // The space before the reason is sent even when there is none.
        for part in [&start, reason, b"\r\n"] {
            draft.extend_from_slice(part);
        }
    }
}

/// The field lines and the empty line.
pub(crate) fn fields(draft: &mut Vec<u8>, host: &dyn FieldSource, added: &Added<'_>) {
    if added.host_first {
        host.each(&mut |field| {
            if field.is("Host") {
                line(draft, field.name, field.value);
            }
        });
    }
    host.each(&mut |field| {
        let is_written_elsewhere = (added.merges && field.is("Connection")) || (added.host_first && field.is("Host"));
        if !is_written_elsewhere {
            line(draft, field.name, field.value);
        }
    });
    for field in added.markers.iter().chain(&added.proof) {
        line(draft, field.name, field.value);
    }
    if let Some(framing) = added.framing {
        draft.extend_from_slice(framing);
    }
    if !added.upgrade.is_empty() {
        draft.extend_from_slice(b"Upgrade: ");
        for (index, entry) in added.upgrade.iter().enumerate() {
            if index > 0 {
                draft.extend_from_slice(b", ");
            }
            draft.extend_from_slice(entry.as_bytes());
        }
        draft.extend_from_slice(b"\r\n");
    }
    connection(draft, host, added);
    draft.extend_from_slice(b"\r\n");
}

/// One `Connection` for all that has to be said: ours, then what the host listed beyond that.
fn connection(draft: &mut Vec<u8>, host: &dyn FieldSource, added: &Added<'_>) {
    let says_something = added.close || added.keep_alive || added.te || !added.upgrade.is_empty();
    if !says_something && !added.merges && added.hop_fields.is_empty() {
        return;
    }
    let mut separator: &[u8] = b"Connection: ";
    let said = [
        (!added.upgrade.is_empty(), "Upgrade"),
        (added.close, "close"),
        (added.keep_alive && !added.close, "keep-alive"),
        (added.te, "TE"),
    ];
    let hop_fields = added.hop_fields.iter().map(|&name| (true, name));
    let ours = said.into_iter().chain(hop_fields);
    for (_, option) in ours.clone().filter(|(said, _)| *said) {
        draft.extend_from_slice(separator);
        draft.extend_from_slice(option.as_bytes());
        separator = b", ";
    }
    host.each(&mut |field| {
        if !added.merges || !field.is("Connection") {
            return;
        }
        let is_ours = |option: &[u8]| ours.clone().any(|(_, name)| option.eq_ignore_ascii_case(name.as_bytes()));
        for option in members(field.value).filter(|option| !is_ours(option)) {
            draft.extend_from_slice(separator);
            draft.extend_from_slice(option);
            separator = b", ";
        }
    });
    if separator == b", " {
        draft.extend_from_slice(b"\r\n");
    }
}

/// A trailer section with its empty line.
pub(crate) fn trailers(draft: &mut Vec<u8>, trailers: &dyn FieldSource) {
    trailers.each(&mut |field| line(draft, field.name, field.value));
    draft.extend_from_slice(b"\r\n");
}

fn line(draft: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    for part in [name, b": ", value, b"\r\n"] {
        draft.extend_from_slice(part);
    }
}

/// Joins list entries as they are sent, for what the engine remembers of them.
pub(crate) fn join(entries: &[&str], list: &mut Vec<u8>) {
    list.clear();
    for entry in entries {
        if !list.is_empty() {
            list.extend_from_slice(b", ");
        }
        list.extend_from_slice(entry.as_bytes());
    }
}
