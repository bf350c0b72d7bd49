//! The fields that the engine adds to a head, after those of the caller.

use super::{FieldSummary, at, end_line, line};
use crate::wire::fields::{Field, members};
use crate::wire::memory::Draft;
use crate::wire::source::{CheckedFields, FieldSource, first_line};

/// The framing field that the engine adds to a head, if any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum FramingLine {
    #[default]
    None,
    /// `Content-Length` with this value.
    Length(u64),
    /// `Transfer-Encoding: chunked`.
    Chunked,
}

impl FramingLine {
    #[inline(always)]
    fn put(self, draft: &mut Draft, lowercase: bool) {
        match self {
            Self::None => {}
            Self::Chunked => {
                let begin = draft.len();
                draft.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
                if lowercase {
                    lowercase_names(draft, begin);
                }
            }
            Self::Length(length) => put_length(draft, length, lowercase),
        }
    }
}

fn put_length(draft: &mut Draft, length: u64, lowercase: bool) {
    draft.extend_from_slice(if lowercase { b"content-length: " } else { b"Content-Length: " });
    draft.extend_from_slice(Decimal::new(length).as_bytes());
    end_line(draft);
}

/// A number as decimal digits, stored without heap memory.
pub(crate) struct Decimal {
    digits: [u8; 20],
    first: usize,
}

impl Decimal {
    #[inline(always)]
    pub(crate) fn new(number: u64) -> Self {
        let (mut digits, mut first, mut rest) = ([b'0'; 20], 19, number);
        while rest > 9 {
            digits[first] += (rest % 10) as u8;
            rest /= 10;
            first -= 1;
        }
        digits[first] += rest as u8;
        Self { digits, first }
    }

    #[inline(always)]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.digits[self.first..]
    }
}

/// The fields that the engine adds to a head, besides the caller's.
#[derive(Clone, Copy, Default)]
pub(crate) struct EngineFields<'a> {
    /// The fields that mark an offer, a 101 or a 426, such as `Capsule-Protocol`.
    ///
    /// The rules of the offered or accepted protocols give them. `Upgrade` and the field in `proof`
    /// are not among them.
    pub(crate) markers: &'a [Field<'a>],
    /// The proof that the server understood the offer, such as `Sec-WebSocket-Accept`.
    pub(crate) proof: Option<Field<'a>>,
    /// The framing field, if the caller left it to the engine.
    pub(crate) framing: FramingLine,
    /// The protocols to list in `Upgrade`; empty if the field is not sent.
    pub(crate) upgrade: &'a [&'a str],
    /// The names of hop-by-hop fields that `Connection` must list.
    pub(crate) hop_fields: &'a [&'a str],
    pub(crate) close: bool,
    pub(crate) keep_alive: bool,
    /// True if the names of the engine's fields are written in lower case.
    pub(crate) lowercase: bool,
}

impl EngineFields<'_> {
    #[inline(always)]
    fn has_no_hop_by_hop(&self) -> bool {
        let is_silent = self.upgrade.is_empty()
            && !self.close
            && !self.keep_alive
            && self.hop_fields.is_empty();
        is_silent && self.markers.is_empty() && self.proof.is_none()
    }
}

/// Writes the engine's fields after the caller's, then the empty line of the head.
#[inline(always)]
pub(crate) fn finish(draft: &mut Draft, survey: &FieldSummary, added: &EngineFields<'_>) {
    if survey.has_no_hop_by_hop() && added.has_no_hop_by_hop() {
        added.framing.put(draft, added.lowercase);
        end_line(draft);
    } else {
        finish_slow(draft, survey, added);
    }
}

/// Slow path of `finish`: also writes `Upgrade`, `Connection` and protocol fields.
#[inline(never)]
fn finish_slow(draft: &mut Draft, survey: &FieldSummary, added: &EngineFields<'_>) {
    let mut merged = Draft::new();
    if survey.connection {
        options(&mut merged, survey.written(draft), survey.te, added);
        // A `Connection` of the caller that already has exactly these options stays in place.
        if merged.whole().is_ok_and(|merged| survey.lists(merged, draft)) {
            merged.clear();
        } else {
            remove_connection_field(draft, survey);
        }
    }
    let engine_fields = draft.len();
    for &field in added.markers.iter().chain(&added.proof) {
        line(draft, field);
    }
    added.framing.put(draft, false);
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
    // All connection options go into one `Connection` field.
    let begin = draft.len();
    draft.extend_from_slice(b"Connection: ");
    let named = draft.len();
    match survey.connection {
        true => draft.append(&merged),
        false => options(draft, CheckedFields::new(&[]), survey.te, added),
    }
    match draft.len() == named {
        true => draft.truncate(begin),
        false => draft.extend_from_slice(b"\r\n"),
    }
    if added.lowercase {
        lowercase_names(draft, engine_fields);
    }
    draft.extend_from_slice(b"\r\n");
}

/// Converts the names of the field lines from offset `begin` on to lower case.
#[inline(never)]
fn lowercase_names(draft: &mut Draft, begin: usize) {
    let mut is_name = true;
    for byte in draft.iter_mut().skip(begin) {
        match byte {
            b'\n' => is_name = true,
            b':' => is_name = false,
            _ if is_name => byte.make_ascii_lowercase(),
            _ => {}
        }
    }
}

/// Removes the caller's `Connection` fields from the draft.
fn remove_connection_field(draft: &mut Draft, survey: &FieldSummary) {
    let (mut kept, mut read) = (survey.lines.0, survey.lines.0);
    while let Some((field, rest)) = first_line(at((read, survey.lines.1), draft)) {
        let (is_kept, next) = (!field.is("Connection"), survey.lines.1 - rest.len());
        if is_kept {
            draft.copy_within(read..next, kept);
            kept += next - read;
        }
        read = next;
    }
    draft.truncate(kept);
}

/// Appends the engine's connection options to `list`, then the caller's others.
///
/// The options are separated by commas. Those of the caller that the engine decides about are left
/// out.
fn options(list: &mut Draft, given: CheckedFields<'_>, te: bool, added: &EngineFields<'_>) {
    let said = [
        (!added.upgrade.is_empty(), "Upgrade"),
        (added.close, "close"),
        (added.keep_alive && !added.close, "keep-alive"),
        (te, "TE"),
    ];
    let begin = list.len();
    let mut add = |option: &[u8]| {
        if list.len() > begin {
            list.extend_from_slice(b", ");
        }
        list.extend_from_slice(option);
    };
    for (_, option) in said.iter().filter(|(is_said, _)| *is_said) {
        add(option.as_bytes());
    }
    for name in added.hop_fields {
        add(name.as_bytes());
    }
    given.each(&mut |field| {
        if field.is("Connection") {
            // The state of the connection decides about the engine's own options, not the caller.
            let is_ours = |option: &[u8]| {
                let is = |name: &str| option.eq_ignore_ascii_case(name.as_bytes());
                said.iter().any(|(_, name)| is(name))
                    || added.hop_fields.iter().any(|name| is(name))
            };
            members(field.value).filter(|option| !is_ours(option)).for_each(&mut add);
        }
    });
}
