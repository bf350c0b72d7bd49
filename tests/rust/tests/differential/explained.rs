//! The rules by which the engine and the other parsers differ on a head.
//!
//! One table lists heads that the engine rejects and another parser (a peer) accepts; the other
//! lists the opposite.
//! An error of the engine must also be true of the byte that it names. This module checks that byte
//! by byte, without the engine.

use switchover::ErrorKind::{self, *};

use crate::mutate::Input;

pub(crate) const HTTPARSE: &str = "httparse";
pub(crate) const LLHTTP: &str = "llhttp";

const BOTH: &[&str] = &[HTTPARSE, LLHTTP];
const ONLY_HTTPARSE: &[&str] = &[HTTPARSE];
const ONLY_LLHTTP: &[&str] = &[LLHTTP];

/// Rules for heads that the engine rejects: its errors, who accepts them, and why.
pub(crate) const OURS: &[(&[ErrorKind], &[&str], &str)] = &[
    (
        &[BareLf],
        BOTH,
        "RFC 9112, 2.2: an LF alone may be taken for the end of a line; it is how requests are smuggled",
    ),
    (&[EmptyLines], BOTH, "our limit: RFC 9112, 2.2 asks for one empty line before a request line"),
    (
        &[NotHttp],
        BOTH,
        "RFC 9112, 2.2: empty lines may stand before a request line, not before a status line",
    ),
    (
        &[BadMethod],
        ONLY_LLHTTP,
        "RFC 9112, 2.2: what may stand before a request line is CRLF, not any CR or LF",
    ),
    (&[MethodTooLong], ONLY_HTTPARSE, "our limit: no method has more than 32 bytes"),
    (
        &[BadTarget],
        BOTH,
        "RFC 9112, 3 and 3.2: one space before the target, no fragment, ASCII alone",
    ),
    (
        &[BadVersion],
        ONLY_LLHTTP,
        "RFC 9112, 3: a request line has a version; there is no HTTP/0.9 here",
    ),
    (&[VersionUnsupported], ONLY_LLHTTP, "RFC 9112, 2.3: major version 1"),
    (
        &[BadStatusLine],
        BOTH,
        "RFC 9112, 4: a space after the status code, and RFC 9110, 15: a first digit that is not 0",
    ),
    (&[Nul, BadFieldValue], ONLY_LLHTTP, "RFC 9112, 4: no control bytes in a reason"),
    (
        &[StartLineTooLong, FieldLineTooLong, TooManyFields, HeadTooLarge],
        BOTH,
        "our limits: 8,192 bytes a start line, 16,384 a field line, 65,536 a head, 128 field lines",
    ),
    (&[HostMissing, HostRepeated, HostInvalid], BOTH, "RFC 9112, 3.2: one Host with a host in it"),
    (
        &[TargetForm, TargetAuthority],
        BOTH,
        "RFC 9112, 3.2.1 to 3.2.4: the target has a form that fits the method",
    ),
    (
        &[ContentLengthInvalid, ContentLengthDiffers],
        ONLY_HTTPARSE,
        "RFC 9112, 6.3: a Content-Length is a number, and several are the same",
    ),
    (
        &[BothFramings],
        ONLY_HTTPARSE,
        "RFC 9112, 6.1: not both Content-Length and Transfer-Encoding",
    ),
    (
        &[CodingInvalid],
        BOTH,
        "RFC 9112, 6.1 and 7: a Transfer-Encoding is a list of codings, and has chunked once",
    ),
    (
        &[CodingUnknown, CodingNotFinal],
        BOTH,
        "RFC 9112, 6.1 and 6.3: a request's content ends by chunked alone",
    ),
    (&[CodingIn10], BOTH, "RFC 9112, 6.1: a Transfer-Encoding in HTTP/1.0 is faulty"),
    (&[ConnectContent], BOTH, "RFC 9110, 9.3.6: a CONNECT has no content"),
    (
        &[SwitchWithoutUpgrade, SwitchWithoutConnection, SwitchNotOffered, SwitchIn10],
        BOTH,
        "RFC 9110, 7.8: a 101 names what it switches to, of what was offered",
    ),
];

type Theirs = (&'static str, &'static [&'static str], &'static str, fn(&Input) -> bool);

/// Rules for heads that the engine accepts and a peer rejects.
///
/// Each has the peer's name, its errors, the reason, and a predicate for the heads.
pub(crate) const THEIRS: &[Theirs] = &[
    (HTTPARSE, &["HeaderName"], "RFC 9112, 5.2: a client takes a fold in a response", has_fold),
    (
        LLHTTP,
        &["Invalid header value char", "Unexpected whitespace after header value"],
        "RFC 9112, 5.2: a client takes a fold in a response",
        has_fold,
    ),
    (
        HTTPARSE,
        &["Version"],
        "RFC 9110, 6.2: a higher minor version is read as the highest known",
        has_higher_minor,
    ),
    (
        LLHTTP,
        &["Invalid HTTP version"],
        "RFC 9110, 6.2: a higher minor version is read as the highest known",
        has_higher_minor,
    ),
    (
        LLHTTP,
        &["Invalid method encountered", "Expected space after method"],
        "RFC 9110, 9.1: any token is a method",
        |input| !KNOWN.contains(&input.words()[0]),
    ),
    (
        LLHTTP,
        &["Duplicate Content-Length"],
        "RFC 9112, 6.3: the same Content-Length may stand there twice",
        |input| input.count(b"content-length") > 1,
    ),
    (
        LLHTTP,
        &["Invalid character in Content-Length"],
        "RFC 9112, 6.3: ... or as a list in one line",
        |input| input.count(b"content-length") > 0 && input.bytes.contains(&b','),
    ),
    (
        LLHTTP,
        &["Unexpected char in url schema"],
        "RFC 3986, 3: an absolute URI need not have an authority",
        |input| {
            let target = input.words()[1];
            target.contains(&b':') && !target.starts_with(b"/")
        },
    ),
    (
        LLHTTP,
        &[
            "Content-Length can't be present with Transfer-Encoding",
            "Transfer-Encoding can't be present with Content-Length",
            "Content-Length overflow",
            "Empty Content-Length",
            "Invalid character in Content-Length",
            "Empty Transfer-Encoding",
            "Invalid `Transfer-Encoding` header value",
        ],
        "RFC 9112, 6.3: 1xx, 204 and 304 have no content, whatever their fields say",
        has_no_content,
    ),
    (
        LLHTTP,
        &["Invalid `Transfer-Encoding` header value"],
        "RFC 9110, 5.6.1: empty members of a list mean nothing",
        |input| input.count(b"transfer-encoding") > 0 && input.bytes.contains(&b','),
    ),
];

/// The methods of RFC 9110 and PATCH, which every parser supports.
const KNOWN: &[&[u8]] =
    &[b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"CONNECT", b"OPTIONS", b"TRACE", b"PATCH"];

/// Returns why the parser `peer` accepts a head that the engine rejects as `kind`.
///
/// `None` if no rule says so.
pub(crate) fn ours(peer: &str, kind: ErrorKind) -> Option<&'static str> {
    OURS.iter()
        .find(|(kinds, peers, _)| kinds.contains(&kind) && peers.contains(&peer))
        .map(|(.., why)| *why)
}

/// Returns why the parser `peer` rejects a head that the engine accepts.
///
/// `None` if no rule says so.
pub(crate) fn theirs(peer: &str, words: &str, input: &Input) -> Option<&'static str> {
    let fits = |row: &&Theirs| row.0 == peer && row.1.contains(&words) && (row.3)(input);
    THEIRS.iter().find(fits).map(|(.., why, _)| *why)
}

fn has_fold(input: &Input) -> bool {
    input.is_response
        && input.lines().skip(1).any(|line| line.starts_with(b" ") || line.starts_with(b"\t"))
}

fn has_higher_minor(input: &Input) -> bool {
    input.bytes.windows(8).any(|eight| eight.starts_with(b"HTTP/1.") && eight[7] > b'1')
}

fn has_no_content(input: &Input) -> bool {
    input.is_response
        && (matches!(input.words()[1], b"204" | b"304") || input.words()[1].starts_with(b"1"))
}

/// Returns whether an error of the engine is true of the byte at `at`.
pub(crate) fn is_right(kind: ErrorKind, input: &Input, at: usize) -> bool {
    let bytes = &input.bytes;
    let Some(&byte) = bytes.get(at) else { return false };
    let start = bytes[..at].iter().rposition(|&byte| byte == b'\n').map_or(0, |lf| lf + 1);
    let before = &bytes[start..at];
    // Empty lines may precede the head.
    let is_first = bytes[..start].iter().all(|byte| matches!(byte, b'\r' | b'\n'));
    let spaces = before.iter().filter(|&&byte| byte == b' ').count();
    let is_name = !before.is_empty() && before.iter().all(|&byte| is_tchar(byte));
    let is_blank = matches!(byte, b' ' | b'\t');
    let line = || input.field_at(at);
    match kind {
        BadMethod => {
            is_first && spaces == 0 && !is_tchar(byte) && (byte != b' ' || before.is_empty())
        }
        MethodTooLong => is_first && is_name && before.len() == 32 && is_tchar(byte),
        BadTarget => {
            is_first
                && spaces == 1
                && (!byte.is_ascii_graphic() || byte == b'#')
                && (byte != b' ' || before.ends_with(b" "))
        }
        BadVersion if input.is_response => match before.len() {
            5 | 7 => !byte.is_ascii_digit(),
            6 => byte != b'.',
            _ => false,
        },
        BadVersion if spaces == 1 => byte == b'\r',
        BadVersion => {
            let place = before.rsplit(|&byte| byte == b' ').next().map_or(0, <[u8]>::len);
            is_first
                && spaces == 2
                && b"HTTP/1.0\r".get(place).is_none_or(|&expected| expected != byte)
        }
        VersionUnsupported => {
            is_first && before.ends_with(b"HTTP/") && byte.is_ascii_digit() && byte != b'1'
        }
        BadStatusLine => {
            let fits = match before.len() {
                8 | 12 => byte == b' ',
                9 => (b'1'..=b'9').contains(&byte),
                10 | 11 => byte.is_ascii_digit(),
                _ => return false,
            };
            is_first && before.starts_with(b"HTTP/1.") && !fits
        }
        NotHttp => at < 5 && b"HTTP/"[at] != byte,
        EmptyLines => at == 8 && bytes[..8] == *b"\r\n\r\n\r\n\r\n" && byte == b'\r',
        BadFieldName => {
            !is_first
                && (is_name || before.is_empty())
                && !is_tchar(byte)
                && (byte != b':' || before.is_empty())
        }
        SpaceBeforeColon => !is_first && is_name && is_blank,
        MissingColon => !is_first && is_name && byte == b'\r',
        BadFieldValue => byte.is_ascii_control() && !matches!(byte, b'\t' | b'\r' | b'\n' | 0),
        BareCr => before.ends_with(b"\r") && byte != b'\n',
        BareLf => byte == b'\n' && !before.ends_with(b"\r"),
        Nul => byte == 0,
        ObsFold => !input.is_response && before.is_empty() && is_blank,
        LeadingSpace => before.is_empty() && is_blank && input.lines().count() > 1,
        StartLineTooLong => is_first && before.len() == 8_192,
        FieldLineTooLong => before.len() == 16_384,
        HeadTooLarge => at == 65_536,
        TooManyFields => {
            before.is_empty() && bytes[..at].split(|&byte| byte == b'\n').count() >= 130
        }
        HostMissing => {
            bytes[at..].starts_with(b"\r\n") && before.is_empty() && input.count(b"host") == 0
        }
        HostRepeated => line() == b"host" && input.count(b"host") > 1,
        HostInvalid => line() == b"host",
        ContentLengthInvalid => line() == b"content-length",
        ContentLengthDiffers => {
            line() == b"content-length"
                && (input.count(b"content-length") > 1 || bytes.contains(&b','))
        }
        BothFramings => input.count(b"content-length") > 0 && input.count(b"transfer-encoding") > 0,
        CodingInvalid | CodingUnknown | CodingNotFinal => line() == b"transfer-encoding",
        CodingIn10 => {
            line() == b"transfer-encoding" && bytes.windows(8).any(|eight| eight == b"HTTP/1.0")
        }
        ConnectContent => input.words()[0] == b"CONNECT",
        TargetForm | TargetAuthority => is_first && spaces == 1 && before.ends_with(b" "),
        SwitchWithoutUpgrade | SwitchWithoutConnection | SwitchNotOffered | SwitchIn10 => {
            input.words()[1] == b"101"
        }
        _ => false,
    }
}

fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
