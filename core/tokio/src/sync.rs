//! The mutex for the state that a connection shares with handlers and bodies.
//!
//! The handlers may run in other threads. `core/tokio/peers/tests/threads.rs` replaces this file by
//! a model, and tests the orders in which threads lock.

use std::sync::PoisonError;
pub(crate) use std::sync::{Mutex, MutexGuard};

/// Locks a mutex, even after a panic, because no change is ever left incomplete.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
