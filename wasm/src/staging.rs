//! A buffer at a fixed address that JavaScript writes arguments into.
//!
//! Passing an argument through it saves an allocation for each call.

use std::cell::RefCell;

use wasm_bindgen::prelude::wasm_bindgen;

use crate::result::address;

/// The length in bytes of the staging buffer.
///
/// `js/engine/raw.ts` repeats this number. A longer argument is allocated for its call.
const LEN: usize = 64 * 1024;

thread_local! {
    static STAGE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Returns the address of the staging buffer, which never moves.
#[wasm_bindgen]
pub fn stage() -> u32 {
    STAGE.with_borrow_mut(|stage| {
        stage.resize(LEN, 0);
        address(stage)
    })
}

/// Calls a function with the first `len` bytes of the staging buffer.
pub(crate) fn staged<R>(len: usize, call: impl FnOnce(&[u8]) -> R) -> R {
    STAGE.with_borrow(|stage| call(stage.get(..len).unwrap_or_default()))
}
