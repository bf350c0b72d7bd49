//! A place of the module's memory that the face writes into.
//!
//! So arguments cross without an allocation.

use std::cell::RefCell;

use wasm_bindgen::prelude::wasm_bindgen;

use crate::result::address;

/// The longest argument that is staged; `js/engine/raw.ts` has the number too.
///
/// A longer one is allocated for its call.
const LEN: usize = 64 * 1024;

thread_local! {
    static STAGE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Returns the address of the place; it does not move.
#[wasm_bindgen]
pub fn stage() -> u32 {
    STAGE.with_borrow_mut(|stage| {
        stage.resize(LEN, 0);
        address(stage)
    })
}

/// Calls a function with the first `len` staged bytes.
pub(crate) fn staged<R>(len: usize, call: impl FnOnce(&[u8]) -> R) -> R {
    STAGE.with_borrow(|stage| call(stage.get(..len).unwrap_or_default()))
}
