//! What shall take a connection over: the request's handler says so, whenever and from wherever it likes, and the connection asks.

use crate::sync::{Mutex, MutexGuard, lock};

/// Shared by both. `T` is the function that takes over.
pub(crate) struct Taking<T>(Mutex<State<T>>);

enum State<T> {
    Open,
    By(T),
    /// It has been taken over, or will not be.
    Over,
}

impl<T> Taking<T> {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(State::Open))
    }

    /// The last one counts, and none once the decision is over: then it is dropped.
    pub(crate) fn set(&self, taker: T) {
        let mut state = self.state();
        let unused = match *state {
            State::Over => State::By(taker),
            _ => std::mem::replace(&mut *state, State::By(taker)),
        };
        // What a dropped function had may come here again.
        drop(state);
        drop(unused);
    }

    pub(crate) fn is_set(&self) -> bool {
        matches!(*self.state(), State::By(_))
    }

    /// What shall take the connection over, if anything does; nothing else will. Drop it, and the wait for the connection ends:
    /// a task that waits may hold the request, and with it what it waits for.
    pub(crate) fn take(&self) -> Option<T> {
        let state = std::mem::replace(&mut *self.state(), State::Over);
        if let State::By(taker) = state { Some(taker) } else { None }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        lock(&self.0)
    }
}
