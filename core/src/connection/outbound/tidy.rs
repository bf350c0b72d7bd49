//! Corrects field lines that contradict themselves.
//!
//! [`Config::tidy`](crate::Config::tidy) allows it.
//!
//! The strict encoder comes first. Only a list that it refuses comes here, and what is made of it
//! goes through the strict encoder again. So nothing leaves that strict would not send. What has
//! two meanings stays as it is, and is refused.

use alloc::vec::Vec;

use crate::error::ErrorKind;
use crate::upgrade;
use crate::wire::encode::is_forbidden_trailer;
use crate::wire::fields::{Field, members};
use crate::wire::message::RequestHead;
use crate::wire::source::FieldSource;
use crate::wire::syntax::{absolute_authority, decimal};

/// The corrections, for the trace.
///
/// `TraceStep::Tidied` has the same list in words.
const LENGTH_LEFT_OUT: u32 = 1;
const LENGTH_ONCE: u32 = 2;
const CODING_LEFT_OUT: u32 = 4;
const HANDSHAKE_LEFT_OUT: u32 = 8;
const TRAILERS_LEFT_OUT: u32 = 16;
const EXPECT_LEFT_OUT: u32 = 32;
const HOST_REPLACED: u32 = 64;

/// Corrected field lines, and the record of the corrections.
pub(crate) struct Tidied<'a> {
    pub(crate) lines: Vec<Field<'a>>,
    pub(crate) done: u32,
}

/// Returns whether a rejection is about lines that might be corrected.
pub(crate) fn may_cure(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::InvalidHost
            | ErrorKind::HostDiffers
            | ErrorKind::FramingConflict
            | ErrorKind::ReservedField
            | ErrorKind::TrailerForbidden
    )
}

/// The framing fields that a message may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Allowed {
    /// The message has no content, so no framing.
    Nothing,
    /// A length alone, as to HTTP/1.0.
    Length,
    /// A length, or chunked.
    Both,
}

/// Returns the lines of a response of that status, or of a 1xx.
pub(crate) fn response<'a>(
    fields: &'a dyn FieldSource,
    status: u16,
    allowed: Allowed,
) -> Tidied<'a> {
    let mut tidied = Tidied::of(fields);
    // A 101's proof is none of the caller's lines either: the engine makes it.
    tidied.retain(HANDSHAKE_LEFT_OUT, |field| upgrade::is_for_response(status, *field));
    tidied.tidy_framing(allowed);
    tidied
}

/// Returns the lines of a request.
pub(crate) fn request<'a>(request: &RequestHead<'a>) -> Tidied<'a> {
    let mut tidied = Tidied::of(request.fields);
    tidied.tidy_host(request);
    tidied.tidy_framing(Allowed::Both);
    let has_content = tidied.lines.iter().any(|field| {
        field.is("Transfer-Encoding")
            || (field.is("Content-Length") && field.value.iter().any(|digit| *digit != b'0'))
    });
    if !has_content {
        // An expectation of another kind stays, and is refused with the rest of its line.
        let is_continue = |field: &Field<'_>| {
            members(field.value).all(|one| one.eq_ignore_ascii_case(b"100-continue"))
        };
        tidied.retain(EXPECT_LEFT_OUT, |field| !field.is("Expect") || !is_continue(field));
    }
    tidied
}

/// Returns the lines of a trailer section; none if the message is not chunked.
pub(crate) fn trailers<'a>(fields: &'a dyn FieldSource, is_chunked: bool) -> Tidied<'a> {
    let mut tidied = Tidied::of(fields);
    tidied.retain(TRAILERS_LEFT_OUT, |field| is_chunked && !is_forbidden_trailer(field));
    tidied
}

impl<'a> Tidied<'a> {
    fn of(fields: &'a dyn FieldSource) -> Self {
        let mut lines = Vec::new();
        fields.each(&mut |field| lines.push(field));
        Self { lines, done: 0 }
    }

    fn retain(&mut self, done: u32, is_kept: impl Fn(&Field<'a>) -> bool) {
        let before = self.lines.len();
        self.lines.retain(is_kept);
        if self.lines.len() < before {
            self.done |= done;
        }
    }

    /// Makes the one Host the target's authority (RFC 9112, section 3.2).
    ///
    /// Two of them stay two.
    fn tidy_host(&mut self, request: &RequestHead<'a>) {
        let target = request.target.as_bytes();
        let is_connect = request.method == "CONNECT";
        let Some(authority) = (if is_connect { Some(target) } else { absolute_authority(target) })
        else {
            return;
        };
        let host = Field { name: b"Host", value: authority };
        let mut hosts = self.lines.iter_mut().filter(|field| field.is("Host"));
        match (hosts.next(), hosts.next()) {
            (None, _) => self.lines.insert(0, host),
            (Some(line), None) if line.value != authority => {
                *line = Field { name: line.name, ..host }
            }
            _ => return,
        }
        self.done |= HOST_REPLACED;
    }

    /// Leaves at most one framing field, and none without content.
    ///
    /// Lengths that differ and codings other than chunked stay. RFC 9112, section 6.
    fn tidy_framing(&mut self, allowed: Allowed) {
        let codings: Vec<&[u8]> = self.members_of("Transfer-Encoding").collect();
        let mut lines = self.lines.iter().filter(|field| field.is("Transfer-Encoding"));
        let is_chunked = matches!(codings[..], [coding] if coding.eq_ignore_ascii_case(b"chunked"))
            && lines.all(|line| members(line.value).next().is_some());
        let lengths: Vec<&[u8]> = self.members_of("Content-Length").collect();
        let length = match lengths.split_first() {
            Some((first, others))
                if decimal(first).is_some() && others.iter().all(|other| other == first) =>
            {
                Some(*first)
            }
            _ => None,
        };
        if is_chunked && allowed != Allowed::Both {
            self.retain(CODING_LEFT_OUT, |field| !field.is("Transfer-Encoding"));
        }
        let Some(length) = length else { return };
        if is_chunked || allowed == Allowed::Nothing {
            return self.retain(LENGTH_LEFT_OUT, |field| !field.is("Content-Length"));
        }
        if lengths.len() > 1 {
            let mut is_said = false;
            self.lines.retain(|field| {
                !field.is("Content-Length") || !core::mem::replace(&mut is_said, true)
            });
            let line = self.lines.iter_mut().find(|field| field.is("Content-Length"));
            line.into_iter().for_each(|line| line.value = length);
            self.done |= LENGTH_ONCE;
        }
    }

    fn members_of(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.lines.iter().filter(move |field| field.is(name)).flat_map(|field| members(field.value))
    }
}
