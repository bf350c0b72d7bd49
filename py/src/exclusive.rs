//! A value that only one call at a time can use.

use std::ops::{Deref, DerefMut};

use atomic_refcell::{AtomicRefCell, AtomicRefMut};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

/// A value that only one call at a time can use.
///
/// While a call holds the value, no Python code runs in that thread but finalizers. Calls by these
/// raise a RuntimeError, and so do calls by other threads of an interpreter without a global lock.
/// After a panic every call does.
pub(crate) struct Exclusive<T> {
    /// The name of the value in error messages.
    name: &'static str,
    inner: AtomicRefCell<Inner<T>>,
}

struct Inner<T> {
    value: T,
    /// True once a call has panicked while it held the value.
    is_dead: bool,
}

impl<T> Exclusive<T> {
    pub(crate) fn new(name: &'static str, value: T) -> Self {
        Self { name, inner: AtomicRefCell::new(Inner { value, is_dead: false }) }
    }

    /// Borrows the value; fails if another call holds it or an earlier call panicked.
    #[inline]
    pub(crate) fn hold(&self) -> PyResult<Held<'_, T>> {
        match self.inner.try_borrow_mut() {
            Ok(inner) if !inner.is_dead => Ok(Held(inner)),
            refused => Err(self.refusal(refused.is_ok())),
        }
    }

    /// Calls a function with the borrowed value.
    pub(crate) fn with<R>(&self, call: impl FnOnce(&mut T) -> R) -> PyResult<R> {
        Ok(call(&mut *self.hold()?))
    }

    #[cold]
    fn refusal(&self, is_dead: bool) -> PyErr {
        let name = self.name;
        PyRuntimeError::new_err(if is_dead {
            format!("the {name} is dead: a bug in the engine ended it; close the transport")
        } else {
            format!("the {name} is in the middle of another call")
        })
    }
}

/// An exclusive borrow of the value in an `Exclusive`, until it is dropped.
pub(crate) struct Held<'a, T>(AtomicRefMut<'a, Inner<T>>);

impl<T> Deref for Held<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.value
    }
}

impl<T> DerefMut for Held<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0.value
    }
}

impl<T> Drop for Held<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.is_dead = true;
        }
    }
}
