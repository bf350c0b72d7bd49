//! The slow search for the fault in a line that the parser rejected.
//!
//! It is a state machine that reads byte by byte, so its decision on a byte depends on no later
//! byte. The result is therefore the same wherever the fast parser stopped, and however much input
//! had arrived. If one byte breaks both the syntax and a limit, the syntax error is reported.

use super::section::{Section, Tolerated};
use crate::error::{ErrorKind, Fault};
use crate::limits::Limits;
use crate::wire::scan::class::{is_target_byte, is_tchar, is_value_byte};
use crate::wire::syntax::is_ows;

/// The kind of the line to search: request line, status line or field line.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Line {
    Request {
        /// Permits a bare LF as the end of the line.
        lone_lf: bool,
    },
    Status(Tolerated),
    /// A field line; `index` is its number in the section, counted from 0.
    Field {
        section: Section,
        index: usize,
    },
}

impl Line {
    fn section(self) -> Section {
        match self {
            Self::Request { lone_lf } => Section::Request { lone_lf },
            Self::Status(tolerated) => Section::Response(tolerated),
            Self::Field { section, .. } => section,
        }
    }

    fn ends_by_lf(self) -> bool {
        self.section().ends_by_lf()
    }
}

/// The state of the state machine within a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Method,
    Target,
    /// In the HTTP version: the number is the index of the next byte in `HTTP/1.1`.
    ///
    /// At 8, the byte after the version is next.
    Version(u8),
    /// In the status code: the number is the index of its next digit.
    ///
    /// At 3, the byte after the code is next.
    Status(u8),
    FieldStart,
    FieldName,
    /// In a field value or a reason phrase.
    Text,
    Cr,
    LastCr,
}

/// Returns the first fault of the line at offset `start`.
///
/// `bytes` begins with the line's section, a head or trailers. It ends where later bytes cannot
/// change the result. `limit` is the largest length of the whole section.
pub(crate) fn diagnose(
    line: Line,
    bytes: &[u8],
    start: usize,
    limit: usize,
    limits: &Limits,
) -> Fault {
    let fault = first_fault(line, bytes, start, limit, limits);
    debug_assert!(
        fault.is_some(),
        "the fast parser refused what the slow one takes: {line:?} {bytes:?}"
    );
    fault.unwrap_or(Fault { kind: ErrorKind::BadFieldValue, at: bytes.len() })
}

/// Returns the first fault of the line at offset `start`; `None` if it has none.
pub(crate) fn first_fault(
    line: Line,
    bytes: &[u8],
    start: usize,
    limit: usize,
    limits: &Limits,
) -> Option<Fault> {
    let mut place = match line {
        Line::Request { .. } => Place::Method,
        Line::Status(_) => Place::Version(0),
        Line::Field { .. } => Place::FieldStart,
    };
    // Acts as a space before the line, so that the first byte of the method is detected in the same
    // way as that of the target.
    let mut before = b' ';
    for (at, &byte) in bytes.iter().enumerate().skip(start) {
        let index = at - start;
        // Neither the method nor the target may be empty.
        let is_first = before == b' ';
        match step(line, place, byte, is_first) {
            Err(kind) => return Some(Fault { kind, at }),
            Ok(next) => {
                if let Some(kind) = exceeded(line, place, byte, index, limits) {
                    return Some(Fault { kind, at });
                }
                (place, before) = (next, byte);
            }
        }
        if at >= limit {
            return Some(Fault { kind: section_too_large(line), at });
        }
    }
    None
}

fn section_too_large(line: Line) -> ErrorKind {
    match line {
        Line::Field { section: Section::Trailers(_), .. } => ErrorKind::TrailersTooLarge,
        _ => ErrorKind::HeadTooLarge,
    }
}

/// Returns the error if the byte at `index` of the line exceeds a limit.
fn exceeded(
    line: Line,
    place: Place,
    byte: u8,
    index: usize,
    limits: &Limits,
) -> Option<ErrorKind> {
    let is_end = byte == b'\r'
        || (byte == b'\n' && line.ends_by_lf())
        || matches!(place, Place::Cr | Place::LastCr);
    match line {
        _ if is_end => None,
        Line::Request { .. }
            if place == Place::Method && byte != b' ' && index >= limits.method as usize =>
        {
            Some(ErrorKind::MethodTooLong)
        }
        Line::Request { .. } | Line::Status(_) if index >= limits.start_line as usize => {
            Some(ErrorKind::StartLineTooLong)
        }
        Line::Field { .. } if index >= limits.field_line as usize => {
            Some(ErrorKind::FieldLineTooLong)
        }
        Line::Field { index: count, .. }
            if index == 0 && count >= limits.fields as usize && !is_ows(byte) =>
        {
            Some(ErrorKind::TooManyFields)
        }
        _ => None,
    }
}

fn step(line: Line, place: Place, byte: u8, is_first: bool) -> Result<Place, ErrorKind> {
    // A bare LF that may end the line acts as its CR, and no LF has to follow.
    let byte = match place {
        Place::Cr | Place::LastCr => {
            return if byte == b'\n' { Ok(place) } else { Err(ErrorKind::BareCr) };
        }
        _ if byte == b'\n' && line.ends_by_lf() => b'\r',
        _ => byte,
    };
    match place {
        Place::Method if is_tchar(byte) => return Ok(Place::Method),
        Place::Method if byte == b' ' && !is_first => return Ok(Place::Target),
        Place::Target if is_target_byte(byte) => return Ok(Place::Target),
        Place::Target if byte == b' ' && !is_first => return Ok(Place::Version(0)),
        Place::Version(at) => return version(line, at, byte),
        Place::Status(at) => return status(line, at, byte),
        Place::FieldStart if byte == b'\r' => return Ok(Place::LastCr),
        Place::FieldStart if is_ows(byte) => return fold(line),
        Place::FieldStart | Place::FieldName if is_tchar(byte) => return Ok(Place::FieldName),
        Place::FieldName if byte == b':' => return Ok(Place::Text),
        Place::Text if byte == b'\r' => return Ok(Place::Cr),
        Place::Text if is_value_byte(byte) || line.section().takes_control(byte) => {
            return Ok(Place::Text);
        }
        _ => {}
    }
    Err(match (byte, place) {
        (b'\n', _) => ErrorKind::BareLf,
        (0, _) => ErrorKind::Nul,
        (b'\r', Place::Target) => ErrorKind::BadVersion,
        (b'\r', Place::FieldName) => ErrorKind::MissingColon,
        (_, Place::Method) => ErrorKind::BadMethod,
        (_, Place::Target) => ErrorKind::BadTarget,
        (b' ' | b'\t', _) => ErrorKind::SpaceBeforeColon,
        (_, Place::FieldStart | Place::FieldName) => ErrorKind::BadFieldName,
        _ => ErrorKind::BadFieldValue,
    })
}

fn version(line: Line, at: u8, byte: u8) -> Result<Place, ErrorKind> {
    let is_request = matches!(line, Line::Request { .. });
    match (at, byte) {
        (0..=4, _) if b"HTTP/"[at as usize] == byte => Ok(Place::Version(at + 1)),
        (0..=4, _) if !is_request => Err(ErrorKind::NotHttp),
        (5, b'1') | (6, b'.') | (7, b'0'..=b'9') => Ok(Place::Version(at + 1)),
        (5, b'0'..=b'9') if matches!(line, Line::Status(Tolerated { any_version: true, .. })) => {
            Ok(Place::Version(6))
        }
        (5, b'0'..=b'9') => Err(ErrorKind::VersionUnsupported),
        (8, b'\r') if is_request => Ok(Place::Cr),
        (8, b' ') if !is_request => Ok(Place::Status(0)),
        (_, b'\n') => Err(ErrorKind::BareLf),
        (8, _) if !is_request => Err(ErrorKind::BadStatusLine),
        _ => Err(ErrorKind::BadVersion),
    }
}

fn status(line: Line, at: u8, byte: u8) -> Result<Place, ErrorKind> {
    match (at, byte) {
        (3, b'\r') if matches!(line, Line::Status(Tolerated { bare_status: true, .. })) => {
            Ok(Place::Cr)
        }
        (0, b'1'..=b'9') | (1 | 2, b'0'..=b'9') => Ok(Place::Status(at + 1)),
        (3, b' ') => Ok(Place::Text),
        (_, b'\n') => Err(ErrorKind::BareLf),
        _ => Err(ErrorKind::BadStatusLine),
    }
}

/// Checks whitespace at the start of a line (RFC 9112, sections 2.2 and 5.2).
///
/// It continues the field value before, if there is one and the section permits obs-fold. Else it
/// is an error.
fn fold(line: Line) -> Result<Place, ErrorKind> {
    match line {
        Line::Field { section, index: 1.. } if section.folds() => Ok(Place::Text),
        Line::Field { section: Section::Trailers(_), .. } | Line::Field { index: 1.., .. } => {
            Err(ErrorKind::ObsFold)
        }
        _ => Err(ErrorKind::LeadingSpace),
    }
}
