//! The names and texts of the core's tables, ended by a NUL as C wants them: made when the crate is compiled, so nothing
//! is allocated and nothing is written at run time.

use std::ffi::{CStr, c_char};

use switchover::binding::{ContentKind, EventKind, KnownField};
use switchover::bridge::OverHttp2;
use switchover::masque::CapsuleFault;
use switchover::state::{Expect, Peer, Phase, Rx, Turn, Tx};
use switchover::trace::TraceStep;
use switchover::{Awaiting, Blame, End, ErrorKind, Ineligible, NoOffer, Order, Owes, Paused, Role, SwitchedBy, Why};

use crate::error::{Done, Own};
use crate::types::{NEED_DATA, PAUSED, SWO_NONE};

/// More than any text has; a longer one does not compile.
const CELL: usize = 96;

/// A text with zeros behind it.
type Cell = [u8; CELL];

const fn cell(text: &str) -> Cell {
    assert!(text.len() < CELL, "a text needs a larger cell");
    let (bytes, mut cell, mut at) = (text.as_bytes(), [0; CELL], 0);
    while at < bytes.len() {
        cell[at] = bytes[at];
        at += 1;
    }
    cell
}

/// A table of one text per value. A macro, because a trait's functions cannot be called in a constant.
macro_rules! table {
    ($table:ident = $type:ident.$text:ident) => {
        static $table: [Cell; $type::ALL.len()] = {
            let (mut table, mut at) = ([[0; CELL]; $type::ALL.len()], 0);
            while at < table.len() {
                table[at] = cell($type::ALL[at].$text());
                at += 1;
            }
            table
        };
    };
}

/// Tables, each with the function that looks up in it.
macro_rules! tables {
    ($($table:ident $named:ident = $type:ident.$text:ident;)+) => {$(
        table!($table = $type.$text);

        fn $named(number: u32) -> Done<&'static CStr> {
            let none = if number == SWO_NONE { c"none" } else { c"unknown" };
            Ok($table.get(number as usize).map_or(none, text_of))
        }
    )+};
}

tables! {
    ROLE role = Role.name;
    PHASE phase = Phase.name;
    RX rx = Rx.name;
    TX tx = Tx.name;
    TURN turn = Turn.name;
    EXPECT expect = Expect.name;
    PEER peer = Peer.name;
    AWAITING awaiting = Awaiting.name;
    OWES owes = Owes.name;
    CONTENT_KIND content_kind = ContentKind.name;
    PAUSED_NAMES paused = Paused.name;
    SWITCHED_BY switched_by = SwitchedBy.name;
    NO_OFFER no_offer = NoOffer.name;
    INELIGIBLE ineligible = Ineligible.name;
    INELIGIBLE_TEXTS ineligible_text = Ineligible.text;
    ORDER order = Order.name;
    WHY why = Why.name;
    WHY_TEXTS why_text = Why.text;
    OVER_HTTP2 over_http2 = OverHttp2.name;
    CAPSULE_FAULT capsule_fault = CapsuleFault.name;
    CAPSULE_FAULT_TEXTS capsule_fault_text = CapsuleFault.text;
    TRACE_STEP trace_step = TraceStep.name;
    END end = End.name;
    BLAME blame = Blame.name;
    EVENT_KIND event = EventKind.name;
    KNOWN_FIELD known_field = KnownField.name;
}

table!(ERROR = ErrorKind.name);
table!(ERROR_TEXTS = ErrorKind.text);
table!(OWN = Own.name);
table!(OWN_TEXTS = Own.text);

fn text_of(cell: &'static Cell) -> &'static CStr {
    CStr::from_bytes_until_nul(cell).unwrap_or_default()
}

fn of_result(code: u32, errors: &'static [Cell], own: &'static [Cell], ok: &'static CStr) -> &'static CStr {
    let kind = ErrorKind::ALL.iter().position(|kind| u32::from(kind.code()) == code);
    let of_own = || Own::ALL.iter().position(|own| own.code() == code).and_then(|at| own.get(at));
    match kind.and_then(|at| errors.get(at)).or_else(of_own) {
        Some(cell) => text_of(cell),
        None if code == 0 => ok,
        None => c"unknown",
    }
}

pub(crate) fn result_name(code: u32) -> &'static CStr {
    of_result(code, &ERROR, &OWN, c"ok")
}

pub(crate) fn result_text(code: u32) -> &'static CStr {
    of_result(code, &ERROR_TEXTS, &OWN_TEXTS, c"success")
}

fn event_kind(kind: u32) -> Done<&'static CStr> {
    match kind {
        NEED_DATA => Ok(c"need-data"),
        PAUSED => Ok(c"paused"),
        _ => event(kind),
    }
}

export! {
    /// The name of a SWO_ROLE_* number. Like all names: static, never NULL, `unknown` for other numbers.
    fn swo_role_name(role: u32) -> *const c_char = role(role);

    /// The name of a SWO_PHASE_* number.
    fn swo_phase_name(phase: u32) -> *const c_char = phase(phase);

    /// The name of a SWO_RX_* number.
    fn swo_rx_name(rx: u32) -> *const c_char = rx(rx);

    /// The name of a SWO_TX_* number.
    fn swo_tx_name(tx: u32) -> *const c_char = tx(tx);

    /// The name of a SWO_TURN_* number.
    fn swo_turn_name(turn: u32) -> *const c_char = turn(turn);

    /// The name of a SWO_EXPECT_* number.
    fn swo_expect_name(expect: u32) -> *const c_char = expect(expect);

    /// The name of a SWO_PEER_* number.
    fn swo_peer_name(peer: u32) -> *const c_char = peer(peer);

    /// The name of a SWO_AWAITING_* number.
    fn swo_awaiting_name(awaiting: u32) -> *const c_char = awaiting(awaiting);

    /// The name of a SWO_PAUSED_* number.
    fn swo_paused_name(paused: u32) -> *const c_char = paused(paused);

    /// The name of a SWO_SWITCHED_BY_* number.
    fn swo_switched_by_name(by: u32) -> *const c_char = switched_by(by);

    /// The name of a SWO_OWES_* number.
    fn swo_owes_name(owes: u32) -> *const c_char = owes(owes);

    /// The name of a SWO_CONTENT_* number.
    fn swo_content_kind_name(kind: u32) -> *const c_char = content_kind(kind);

    /// The name of a SWO_NO_OFFER_* number.
    fn swo_no_offer_name(no_offer: u32) -> *const c_char = no_offer(no_offer);

    /// The name of a SWO_INELIGIBLE_* number.
    fn swo_ineligible_name(ineligible: u32) -> *const c_char = ineligible(ineligible);

    /// A sentence for people about a SWO_INELIGIBLE_* number.
    fn swo_ineligible_text(ineligible: u32) -> *const c_char = ineligible_text(ineligible);

    /// The name of a SWO_ORDER_* number.
    fn swo_order_name(order: u32) -> *const c_char = order(order);

    /// The name of a SWO_WHY_* number.
    fn swo_why_name(why: u32) -> *const c_char = why(why);

    /// A sentence for people about a SWO_WHY_* number.
    fn swo_why_text(why: u32) -> *const c_char = why_text(why);

    /// The name of a SWO_OVER_HTTP2_* number.
    fn swo_over_http2_name(over_http2: u32) -> *const c_char = over_http2(over_http2);

    /// The name of a SWO_CAPSULE_FAULT_* number.
    fn swo_capsule_fault_name(fault: u32) -> *const c_char = capsule_fault(fault);

    /// A sentence for people about a SWO_CAPSULE_FAULT_* number.
    fn swo_capsule_fault_text(fault: u32) -> *const c_char = capsule_fault_text(fault);

    /// The name of a SWO_TRACE_STEP_* number.
    fn swo_trace_step_name(step: u32) -> *const c_char = trace_step(step);

    /// The name of a SWO_END_* number.
    fn swo_end_name(end: u32) -> *const c_char = end(end);

    /// The name of a SWO_BLAME_* number.
    fn swo_blame_name(blame: u32) -> *const c_char = blame(blame);

    /// The name of a SWO_EVENT_KIND_* number.
    fn swo_event_kind_name(kind: u32) -> *const c_char = event_kind(kind);

    /// The name of a SWO_KNOWN_FIELD_* number, in lower case.
    fn swo_known_field_name(field: u32) -> *const c_char = known_field(field);
}
