//! Capsules by number, and datagrams.

use switchover::masque::{CapsuleFault, Capsules, Datagram};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::error::put_fault;
use crate::handle::{self, ask_kept, with_exchange, with_kept};
use crate::result::ResultBuffer;

/// Makes a reader of datagrams up to that payload, and gives its number.
#[wasm_bindgen]
pub fn capsules_new(longest: usize) -> u32 {
    handle::add(Capsules::new(longest))
}

/// Gives its memory back; its number stands for nothing now.
#[wasm_bindgen]
pub fn capsules_free(handle: u32) {
    handle::remove::<Capsules>(handle);
}

/// Takes bytes of the stream.
#[wasm_bindgen]
pub fn capsules_receive(handle: u32, bytes: &[u8]) {
    ask_kept(handle, |capsules: &mut Capsules| capsules.receive(bytes));
}

fn put(fault: CapsuleFault, out: &mut ResultBuffer) {
    put_fault(fault.name(), fault.text(), out);
}

/// The outcome of `capsules_next`; `js/engine/capsules.ts` has the numbers too.
#[derive(Default)]
enum Outcome {
    /// The fault is put into the result.
    #[default]
    Fault,
    NeedData,
    /// Context and payload are left.
    Datagram,
}

/// Moves on to the next datagram.
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

/// Checks the end of the stream; false puts the fault.
#[wasm_bindgen]
pub fn capsules_finish(handle: u32) -> bool {
    with_kept(handle, |capsules: &mut Capsules, out| {
        capsules.finish().map_err(|fault| put(fault, out)).is_ok()
    })
}

/// Writes a datagram as a capsule to the result.
#[wasm_bindgen]
pub fn datagram_write(context: u64, payload: &[u8]) {
    with_exchange(|out| Datagram { context, payload }.write(&mut out.bytes));
}
