//! Sentences for people, and the usual reason phrases.

use switchover::{ErrorKind, Ineligible, Why};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::handle::with_exchange;

fn leave(text: &str) {
    with_exchange(|out| out.text(text.as_bytes()));
}

/// Leaves the sentence of a reason.
#[wasm_bindgen]
pub fn why_text(why: u32) {
    leave(Why::ALL.get(why as usize).map_or("", |why| why.text()));
}

/// Leaves the sentence of a reason.
#[wasm_bindgen]
pub fn ineligible_text(reason: u32) {
    leave(Ineligible::ALL.get(reason as usize).map_or("", |reason| reason.text()));
}

/// Leaves the sentence of an error.
#[wasm_bindgen]
pub fn error_text(code: u32) {
    leave(ErrorKind::ALL.iter().find(|kind| u32::from(kind.code()) == code).map_or("", |kind| kind.text()));
}

/// Leaves the reason phrase of a status.
#[wasm_bindgen]
pub fn reason(status: u16) {
    leave(switchover::reason(status));
}

/// Where the exchange says what the latest call left.
#[wasm_bindgen]
pub fn exchange() -> u32 {
    with_exchange(|out| out.address())
}
