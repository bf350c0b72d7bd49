//! The slot for the callback that takes over an upgraded connection.
//!
//! The request's handler sets it, at any time and from any task, and the connection takes it.

use crate::sync::{Mutex, MutexGuard, lock};

/// Shared by both. `T` is the function that takes over.
pub(crate) struct CallbackSlot<T>(Mutex<State<T>>);

enum State<T> {
    Open,
    By(T),
    /// The connection has been taken over, or will not be.
    Over,
}

impl<T> CallbackSlot<T> {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(State::Open))
    }

    /// Sets the callback.
    ///
    /// The last one counts. Once the decision is over it is dropped.
    pub(crate) fn set(&self, callback: T) {
        let mut state = self.state();
        let unused = match *state {
            State::Over => State::By(callback),
            _ => std::mem::replace(&mut *state, State::By(callback)),
        };
        // What a dropped function had may come here again.
        drop(state);
        drop(unused);
    }

    pub(crate) fn is_set(&self) -> bool {
        matches!(*self.state(), State::By(_))
    }

    /// Takes the callback, if there is one; no other will be taken.
    ///
    /// Drop it, and the wait for the connection ends: a task that waits may hold the request, and
    /// with it what it waits for.
    pub(crate) fn take(&self) -> Option<T> {
        let state = std::mem::replace(&mut *self.state(), State::Over);
        if let State::By(callback) = state { Some(callback) } else { None }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        lock(&self.0)
    }
}
