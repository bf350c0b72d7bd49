//! Sorting, fast or small.

use alloc::collections::BinaryHeap;
use alloc::vec::Vec;

/// Sorts a list.
///
/// Where size counts, in WebAssembly and without `std`, by a heap: that takes twice the time and a
/// tenth of the code.
pub(crate) fn sorted<T: Ord>(mut list: Vec<T>) -> Vec<T> {
    if cfg!(any(target_family = "wasm", not(feature = "std"))) {
        return BinaryHeap::from(list).into_sorted_vec();
    }
    list.sort_unstable();
    list
}
