//! The lock that a connection shares with its handlers.
//!
//! They may run in other threads. `core/tokio/peers/tests/threads.rs` replaces this file by a
//! model, and tries the orders in which two threads lock.

use std::sync::PoisonError;
pub(crate) use std::sync::{Mutex, MutexGuard};

/// Locks, also after a panic: no change of ours is left half-done.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
