//! Exports for reading and writing datagram capsules (RFC 9297).

use switchover::masque::{CapsuleFault, Capsules, Datagram};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::error::put_fault;
use crate::handle::{self, ask_kept, with_exchange, with_kept};
use crate::result::ResultBuffer;

/// Creates a reader of datagram capsules and returns its handle.
///
/// `longest` is the largest payload of a datagram, in bytes.
#[wasm_bindgen]
pub fn capsules_new(longest: usize) -> u32 {
    handle::add(Capsules::new(longest))
}

/// Frees a capsule reader; its handle becomes invalid.
#[wasm_bindgen]
pub fn capsules_free(handle: u32) {
    handle::remove::<Capsules>(handle);
}

/// Appends bytes received from the stream to the capsule reader.
#[wasm_bindgen]
pub fn capsules_receive(handle: u32, bytes: &[u8]) {
    ask_kept(handle, |capsules: &mut Capsules| capsules.receive(bytes));
}

fn put(fault: CapsuleFault, out: &mut ResultBuffer) {
    put_fault(fault.name(), fault.text(), out);
}

/// The outcome of `capsules_next`; `js/engine/capsules.ts` repeats these numbers.
#[derive(Default)]
enum Outcome {
    /// A capsule is malformed or too long; the fault is in the result buffer.
    #[default]
    Fault,
    NeedData,
    /// The datagram's context and payload are in the result buffer.
    Datagram,
}

/// Reads the next datagram into the result buffer and returns an `Outcome`.
#[wasm_bindgen]
pub fn capsules_next(handle: u32) -> u32 {
    let outcome =
        with_kept(handle, |capsules: &mut Capsules, out| match capsules.next_datagram() {
            Ok(Some(datagram)) => {
                out.large(datagram.context);
                out.bytes.extend_from_slice(datagram.payload);
                Outcome::Datagram
            }
            Ok(None) => Outcome::NeedData,
            Err(fault) => {
                put(fault, out);
                Outcome::Fault
            }
        });
    outcome as u32
}

/// Checks the end of the stream; returns false if it is inside a capsule.
///
/// Also if capsules are unread, or after an earlier fault. The fault is in the result buffer.
#[wasm_bindgen]
pub fn capsules_finish(handle: u32) -> bool {
    with_kept(handle, |capsules: &mut Capsules, out| {
        capsules.finish().map_err(|fault| put(fault, out)).is_ok()
    })
}

/// Encodes a datagram as a capsule into the result buffer.
#[wasm_bindgen]
pub fn datagram_write(context: u64, payload: &[u8]) {
    with_exchange(|out| Datagram { context, payload }.write(&mut out.bytes));
}
