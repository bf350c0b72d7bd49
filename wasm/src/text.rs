//! Exports that write texts to the result buffer, and one that returns its address.
//!
//! The texts explain errors and reasons, or are reason phrases.

use switchover::binding::{Language, Spelled};
use switchover::{ErrorKind, Ineligible, Why};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::handle::with_exchange;

fn leave(text: impl AsRef<[u8]>) {
    with_exchange(|out| out.text(text.as_ref()));
}

/// Returns a text of the error `code`, with identifiers spelled as in JavaScript.
fn spelled(code: u32, text: fn(ErrorKind) -> &'static str) -> Spelled {
    Spelled::new(ErrorKind::from_code(code).map_or("", text), Language::JavaScript)
}

/// Writes the explanation of a `Why` value; an empty text if there is none.
#[wasm_bindgen]
pub fn why_text(why: u32) {
    leave(Why::from_number(why).map_or("", Why::text));
}

/// Writes the explanation of an `Ineligible` value; an empty text if there is none.
#[wasm_bindgen]
pub fn ineligible_text(reason: u32) {
    leave(Ineligible::from_number(reason).map_or("", Ineligible::text));
}

/// Writes the description of the error `code`; an empty text if there is none.
#[wasm_bindgen]
pub fn error_text(code: u32) {
    leave(spelled(code, ErrorKind::text).as_bytes());
}

/// Writes the citation of the rule that the error `code` violates.
///
/// Writes an empty text if there is no such error.
#[wasm_bindgen]
pub fn error_clause(code: u32) {
    leave(ErrorKind::from_code(code).map_or("", ErrorKind::clause));
}

/// Writes the advice on how to fix the error `code`.
///
/// Writes an empty text if there is no such error.
#[wasm_bindgen]
pub fn error_advice(code: u32) {
    leave(spelled(code, ErrorKind::advice).as_bytes());
}

/// Writes the usual reason phrase of a status code; an empty text if there is none.
#[wasm_bindgen]
pub fn reason(status: u16) {
    leave(switchover::ResponseHead::usual_reason(status));
}

/// Returns the address of the six numbers that locate the result's three buffers.
#[wasm_bindgen]
pub fn exchange() -> u32 {
    with_exchange(|out| out.address())
}
