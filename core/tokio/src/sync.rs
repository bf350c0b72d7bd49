//! What a connection shares with its handlers, which may be other threads: `core/tokio/peers/tests/threads.rs` puts a model in the
//! place of this file, and tries the orders in which two threads come to it.

use std::sync::PoisonError;
pub(crate) use std::sync::{Mutex, MutexGuard};

/// Where a thread has panicked, what it has shared is as good as before: nothing of ours stops half-way.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
