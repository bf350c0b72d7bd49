//! The slot for the callback that takes over an upgraded connection.
//!
//! The request's handler sets the callback, at any time and from any task. The connection removes
//! it once the request is over, to call it or to drop it.

use crate::sync::{Mutex, MutexGuard, lock};

/// The slot that handler and connection share; `T` is the callback.
pub(crate) struct CallbackSlot<T>(Mutex<State<T>>);

enum State<T> {
    Open,
    By(T),
    /// The slot is closed: a callback that is set from now on is dropped.
    Over,
}

impl<T> CallbackSlot<T> {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(State::Open))
    }

    /// Sets the callback, in place of an earlier one.
    ///
    /// Drops it if the slot is closed.
    pub(crate) fn set(&self, callback: T) {
        let mut state = self.state();
        let unused = match *state {
            State::Over => State::By(callback),
            _ => std::mem::replace(&mut *state, State::By(callback)),
        };
        // Dropping the unused callback may call this again, so the lock must be released first.
        drop(state);
        drop(unused);
    }

    pub(crate) fn is_set(&self) -> bool {
        matches!(*self.state(), State::By(_))
    }

    /// Removes the callback, if there is one, and closes the slot.
    ///
    /// The caller may drop the callback, which ends the wait for the upgrade. The waiting task may
    /// own the request and thus the slot, so a callback left in the slot would never be dropped.
    pub(crate) fn take(&self) -> Option<T> {
        let state = std::mem::replace(&mut *self.state(), State::Over);
        if let State::By(callback) = state { Some(callback) } else { None }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        lock(&self.0)
    }
}
