//! Correction of contradictory field lines.
//!
//! It is used if [`Config::tidy`](crate::Config::tidy) is set.
//!
//! The strict encoder runs first. Only if it rejects the field lines are they corrected here, and
//! the result goes through the strict encoder again. So nothing is sent that the strict encoder
//! would reject. Ambiguous field lines stay unchanged, and are rejected.

use alloc::vec::Vec;

use crate::error::ErrorKind;
use crate::upgrade;
use crate::wire::encode::is_forbidden_trailer;
use crate::wire::fields::{Field, members};
use crate::wire::memory;
use crate::wire::message::RequestHead;
use crate::wire::source::FieldSource;
use crate::wire::syntax::{absolute_authority, decimal};

/// The bit for a removed `Content-Length` in the trace entry of corrections.
///
/// The constants after it, up to `HOST_REPLACED`, are the bits for the other corrections.
///
/// The comment of `TraceStep::Tidied` describes all of them.
const LENGTH_LEFT_OUT: u32 = 1;
const LENGTH_ONCE: u32 = 2;
const CODING_LEFT_OUT: u32 = 4;
const HANDSHAKE_LEFT_OUT: u32 = 8;
const TRAILERS_LEFT_OUT: u32 = 16;
const EXPECT_LEFT_OUT: u32 = 32;
const HOST_REPLACED: u32 = 64;

/// Corrected field lines, with a bit in `done` for each kind of correction.
pub(crate) struct Tidied<'a> {
    pub(crate) lines: Vec<Field<'a>>,
    pub(crate) done: u32,
}

/// Returns whether the error is one that corrected field lines might avoid.
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
    /// No framing field: the message has no content.
    Nothing,
    /// `Content-Length` alone, as for an HTTP/1.0 client.
    Length,
    /// `Content-Length`, or `Transfer-Encoding: chunked`.
    Both,
}

/// Corrects the field lines of a response with that status.
pub(crate) fn response<'a>(
    fields: &'a dyn FieldSource,
    status: u16,
    allowed: Allowed,
) -> Result<Tidied<'a>, ErrorKind> {
    let mut tidied = Tidied::of(fields)?;
    // The proof of a 101 is removed as well: the engine adds it. A backend's Upgrade is for its own
    // connection (RFC 9110, section 7.8), but a 426 has to have one.
    let is_of_backend = |field: &Field<'_>| status >= 200 && status != 426 && field.is("Upgrade");
    tidied.retain(HANDSHAKE_LEFT_OUT, &|field| {
        upgrade::is_for_response(status, *field) && !is_of_backend(field)
    });
    tidied.tidy_framing(allowed);
    Ok(tidied)
}

/// Corrects Host, framing and Expect among the field lines of a request.
///
/// `host` is the field name, `Host` or `host`, for a line that is added.
pub(crate) fn request<'a>(
    request: &RequestHead<'a>,
    host: &'static str,
) -> Result<Tidied<'a>, ErrorKind> {
    let mut tidied = Tidied::of(request.fields)?;
    tidied.tidy_host(request, host);
    tidied.tidy_framing(Allowed::Both);
    let has_content = tidied.lines.iter().any(|field| {
        field.is("Transfer-Encoding")
            || (field.is("Content-Length") && field.value.iter().any(|digit| *digit != b'0'))
    });
    if !has_content {
        // Other expectations stay, so that the strict encoder rejects the line.
        let is_continue = |field: &Field<'_>| {
            members(field.value).all(|one| one.eq_ignore_ascii_case(b"100-continue"))
        };
        tidied.retain(EXPECT_LEFT_OUT, &|field| !field.is("Expect") || !is_continue(field));
    }
    Ok(tidied)
}

/// Corrects a trailer section; removes all of it if the message is not chunked.
pub(crate) fn trailers<'a>(
    fields: &'a dyn FieldSource,
    is_chunked: bool,
) -> Result<Tidied<'a>, ErrorKind> {
    let mut tidied = Tidied::of(fields)?;
    tidied.retain(TRAILERS_LEFT_OUT, &|field| is_chunked && !is_forbidden_trailer(field));
    Ok(tidied)
}

impl<'a> Tidied<'a> {
    fn of(fields: &'a dyn FieldSource) -> Result<Self, ErrorKind> {
        // One more, as a Host may be added.
        let (mut lines, mut count) = (Vec::new(), 1);
        fields.each(&mut |_| count += 1);
        memory::fit(&mut lines, count)?;
        fields.each(&mut |field| lines.push(field));
        Ok(Self { lines, done: 0 })
    }

    #[inline(never)]
    fn retain(&mut self, done: u32, is_kept: &dyn Fn(&Field<'a>) -> bool) {
        let before = self.lines.len();
        self.lines.retain(is_kept);
        if self.lines.len() < before {
            self.done |= done;
        }
    }

    /// Sets Host to the target's authority, if the target has one.
    ///
    /// RFC 9112, section 3.2. `name` is the field name for a line that is added.
    ///
    /// If there are several Host lines, all stay, and the strict encoder rejects them.
    fn tidy_host(&mut self, request: &RequestHead<'a>, name: &'static str) {
        let target = request.target.as_bytes();
        let is_connect = request.method == "CONNECT";
        let Some(authority) = (if is_connect { Some(target) } else { absolute_authority(target) })
        else {
            return;
        };
        let host = Field { name: name.as_bytes(), value: authority };
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

    /// Keeps at most one framing field: chunked if it is given, else the length.
    ///
    /// The one kept is removed too if `allowed` excludes it. Different lengths and codings other
    /// than chunked stay, and the strict encoder rejects them. RFC 9112, section 6.
    fn tidy_framing(&mut self, allowed: Allowed) {
        let (mut codings, mut is_chunked) = (0, false);
        self.each_member("Transfer-Encoding", &mut |coding| {
            codings += 1;
            is_chunked = coding.eq_ignore_ascii_case(b"chunked");
        });
        let mut lines = self.lines.iter().filter(|field| field.is("Transfer-Encoding"));
        is_chunked &= codings == 1 && lines.all(|line| members(line.value).next().is_some());
        let (mut lengths, mut length, mut are_equal) = (0, None, true);
        self.each_member("Content-Length", &mut |other| {
            lengths += 1;
            are_equal &= decimal(length.get_or_insert(other)) == decimal(other);
        });
        let length = length.filter(|first| are_equal && decimal(first).is_some());
        if is_chunked && allowed != Allowed::Both {
            self.retain(CODING_LEFT_OUT, &|field| !field.is("Transfer-Encoding"));
        }
        let Some(length) = length else { return };
        if is_chunked || allowed == Allowed::Nothing {
            return self.retain(LENGTH_LEFT_OUT, &|field| !field.is("Content-Length"));
        }
        if lengths > 1 {
            let mut is_said = false;
            self.lines.retain(|field| {
                !field.is("Content-Length") || !core::mem::replace(&mut is_said, true)
            });
            let line = self.lines.iter_mut().find(|field| field.is("Content-Length"));
            line.into_iter().for_each(|line| line.value = length);
            self.done |= LENGTH_ONCE;
        }
    }

    #[inline(never)]
    fn each_member(&self, name: &str, each: &mut dyn FnMut(&'a [u8])) {
        for field in self.lines.iter().filter(|field| field.is(name)) {
            members(field.value).for_each(&mut *each);
        }
    }
}
