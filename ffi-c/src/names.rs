//! The names of enum values and errors, and sentences about them, as C strings.
//!
//! Built at compile time, so nothing is allocated or copied at run time.

use core::ffi::{CStr, c_char};

use switchover::binding::{ContentKind, EventKind, KnownField, Language, Method, Spelled};
use switchover::bridge::OverHttp2;
use switchover::masque::CapsuleFault;
use switchover::state::{ClientVersion, Expect, Phase, Rx, Tx, UpgradeState};
use switchover::trace::TraceStep;
use switchover::{
    Awaiting, Blame, Closing, End, ErrorKind, Ineligible, NoOffer, Order, Owes, Paused, Role,
    SwitchedBy, Why,
};

use crate::error::{BindingError, Done};
use crate::types::{NEED_DATA, PAUSED, SWO_NONE};

/// One C string for each value of an enum: its name, or a text about it.
///
/// All strings are in `bytes`; `begins` has the offset of each.
struct Texts {
    bytes: &'static [u8],
    begins: &'static [u16],
}

impl Texts {
    fn get(&self, index: usize) -> Option<&'static CStr> {
        let begin = *self.begins.get(index)?;
        CStr::from_bytes_until_nul(self.bytes.get(begin as usize..)?).ok()
    }
}

/// Makes the `Texts` of an enum at compile time.
///
/// Functions that a text mentions are spelled as in C. A macro, because a trait's functions cannot
/// be called in a constant.
macro_rules! texts {
    ($type:ident.$text:ident) => {{
        const COUNT: usize = $type::ALL.len();
        const LEN: usize = {
            let (mut len, mut at) = (0, 0);
            while at < COUNT {
                len += Spelled::new($type::ALL[at].$text(), Language::C).as_bytes().len() + 1;
                at += 1;
            }
            assert!(len <= u16::MAX as usize);
            len
        };
        const TEXTS: ([u8; LEN], [u16; COUNT]) = {
            let (mut bytes, mut begins) = ([0; LEN], [0; COUNT]);
            let (mut end, mut at) = (0, 0);
            while at < COUNT {
                begins[at] = end as u16;
                let spelled = Spelled::new($type::ALL[at].$text(), Language::C);
                let text = spelled.as_bytes();
                let mut place = 0;
                while place < text.len() {
                    bytes[end] = text[place];
                    (end, place) = (end + 1, place + 1);
                }
                (end, at) = (end + 1, at + 1);
            }
            (bytes, begins)
        };
        static BYTES: [u8; LEN] = TEXTS.0;
        static BEGINS: [u16; COUNT] = TEXTS.1;
        Texts { bytes: &BYTES, begins: &BEGINS }
    }};
}

/// Lists the enums that swo_name knows, and the names of their values.
///
/// Each row is the name of a table and its enum, in the order of the numbers SWO_TABLE_*.
macro_rules! tables {
    ($($name:literal $type:ident)+) => {
        /// The names of the enums that swo_name knows, in the order of SWO_TABLE_*.
        pub const TABLES: &[&str] = &[$($name),+];

        static NAMES: &[Texts] = &[$(texts!($type.name)),+];
    };
}

tables! {
    "role" Role
    "phase" Phase
    "rx" Rx
    "tx" Tx
    "upgrade_state" UpgradeState
    "expect" Expect
    "client_version" ClientVersion
    "awaiting" Awaiting
    "owes" Owes
    "closing" Closing
    "content" ContentKind
    "paused" Paused
    "switched_by" SwitchedBy
    "no_offer" NoOffer
    "ineligible" Ineligible
    "order" Order
    "why" Why
    "over_http2" OverHttp2
    "capsule_fault" CapsuleFault
    "trace_step" TraceStep
    "end" End
    "blame" Blame
    "event_kind" EventKind
    "known_field" KnownField
    "method" Method
}

/// The sentences that swo_text returns, for the enums that have some.
static SENTENCES: &[(&str, Texts)] = &[
    ("ineligible", texts!(Ineligible.text)),
    ("why", texts!(Why.text)),
    ("over_http2", texts!(OverHttp2.text)),
    ("capsule_fault", texts!(CapsuleFault.text)),
];

static ERROR: Texts = texts!(ErrorKind.name);
static ERROR_TEXTS: Texts = texts!(ErrorKind.text);
static ERROR_ADVICE: Texts = texts!(ErrorKind.advice);
static ERROR_CLAUSES: Texts = texts!(ErrorKind.clause);
static OWN: Texts = texts!(BindingError.name);
static OWN_TEXTS: Texts = texts!(BindingError.text);

fn of_result(
    code: u32,
    errors: &'static Texts,
    own: Option<&'static Texts>,
    ok: &'static CStr,
) -> &'static CStr {
    let kind = ErrorKind::ALL.iter().position(|kind| u32::from(kind.code()) == code);
    let of_own =
        || BindingError::ALL.iter().position(|own| own.code() == code).and_then(|at| own?.get(at));
    match kind.and_then(|at| errors.get(at)).or_else(of_own) {
        Some(text) => text,
        None if code == 0 => ok,
        None if own.is_none() => c"",
        None => c"unknown",
    }
}

pub(crate) fn result_name(code: u32) -> &'static CStr {
    of_result(code, &ERROR, Some(&OWN), c"ok")
}

pub(crate) fn result_text(code: u32) -> &'static CStr {
    of_result(code, &ERROR_TEXTS, Some(&OWN_TEXTS), c"success")
}

pub(crate) fn result_advice(code: u32) -> &'static CStr {
    of_result(code, &ERROR_ADVICE, None, c"")
}

pub(crate) fn result_clause(code: u32) -> &'static CStr {
    of_result(code, &ERROR_CLAUSES, None, c"")
}

/// Returns `none` for SWO_NONE, and `unknown` for any other number.
fn unknown(number: u32) -> &'static CStr {
    if number == SWO_NONE { c"none" } else { c"unknown" }
}

fn name(table: u32, number: u32) -> Done<&'static CStr> {
    let event_kinds = TABLES.iter().position(|name| *name == "event_kind");
    Ok(match number {
        NEED_DATA if event_kinds == Some(table as usize) => c"need-data",
        PAUSED if event_kinds == Some(table as usize) => c"paused",
        _ => NAMES
            .get(table as usize)
            .and_then(|names| names.get(number as usize))
            .unwrap_or(unknown(number)),
    })
}

fn sentence(table: u32, number: u32) -> Done<&'static CStr> {
    let found = SENTENCES.iter().find(|(name, _)| TABLES.get(table as usize) == Some(name));
    Ok(found.and_then(|(_, texts)| texts.get(number as usize)).unwrap_or(unknown(number)))
}

export! {
    /// Returns the stable name of an enum's value.
    ///
    /// `table` is a SWO_TABLE_* and `number` the value: `swo_name(SWO_TABLE_WHY, swo_why(conn))`.
    /// Returns `none` for SWO_NONE, `unknown` for another number without a name. Never NULL,
    /// static.
    fn swo_name(table: u32, number: u32) -> *const c_char = name(table, number);

    /// Returns a sentence for people about an enum's value.
    ///
    /// `table` is SWO_TABLE_WHY, SWO_TABLE_INELIGIBLE, SWO_TABLE_OVER_HTTP2 or
    /// SWO_TABLE_CAPSULE_FAULT. Returns `none` for SWO_NONE, `unknown` for any other number without
    /// a sentence, and for other tables. Never NULL, static.
    fn swo_text(table: u32, number: u32) -> *const c_char = sentence(table, number);
}
