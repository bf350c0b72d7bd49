//! What one call at a time may touch.

use std::sync::{Mutex, TryLockError};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

/// No Python code runs while it is held, so it is free whenever a call begins, but for calls on several threads of an
/// interpreter without a global lock, and from a finalizer. A panic poisons it: what it holds is then dead.
pub(crate) struct Exclusive<T> {
    /// What errors call it.
    name: &'static str,
    inner: Mutex<T>,
}

impl<T> Exclusive<T> {
    pub(crate) fn new(name: &'static str, inner: T) -> Self {
        Self { name, inner: Mutex::new(inner) }
    }

    /// Lets `call` at it, unless another call is there or one has died there.
    pub(crate) fn with<R>(&self, call: impl FnOnce(&mut T) -> R) -> PyResult<R> {
        let name = self.name;
        match self.inner.try_lock() {
            Ok(mut inner) => Ok(call(&mut inner)),
            Err(TryLockError::WouldBlock) => {
                Err(PyRuntimeError::new_err(format!("the {name} is in the middle of another call")))
            }
            Err(TryLockError::Poisoned(_)) => Err(PyRuntimeError::new_err(format!(
                "the {name} is dead: a bug in the engine ended it; close the transport"
            ))),
        }
    }
}
