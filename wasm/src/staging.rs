//! A place of the module's memory that the face writes into, so that what goes in crosses without an allocation.

use std::cell::RefCell;

use wasm_bindgen::prelude::wasm_bindgen;

use crate::result::address;

/// What is longer is allocated for its call; `js/engine/raw.ts` has the number too.
const LEN: usize = 64 * 1024;

thread_local! {
    static STAGE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Where it is; it does not move.
#[wasm_bindgen]
pub fn stage() -> u32 {
    STAGE.with_borrow_mut(|stage| {
        stage.resize(LEN, 0);
        address(stage)
    })
}

/// Calls with the first `len` bytes of it.
pub(crate) fn staged<R>(len: usize, call: impl FnOnce(&[u8]) -> R) -> R {
    STAGE.with_borrow(|stage| call(stage.get(..len).unwrap_or_default()))
}
