//! A value for one call at a time.

use std::ops::{Deref, DerefMut};

use atomic_refcell::{AtomicRefCell, AtomicRefMut};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

/// A value that one call at a time may touch.
///
/// No Python code runs while it is held, so it is free whenever a call begins. It is not for calls
/// on several threads of an interpreter without a global lock, and from a finalizer. After a panic
/// the value is dead.
pub(crate) struct Exclusive<T> {
    /// The name of the value in errors.
    name: &'static str,
    inner: AtomicRefCell<Inner<T>>,
}

struct Inner<T> {
    value: T,
    /// A call has panicked.
    is_dead: bool,
}

impl<T> Exclusive<T> {
    pub(crate) fn new(name: &'static str, value: T) -> Self {
        Self { name, inner: AtomicRefCell::new(Inner { value, is_dead: false }) }
    }

    /// Borrows the value, unless another call holds it or one has panicked there.
    #[inline]
    pub(crate) fn hold(&self) -> PyResult<Held<'_, T>> {
        match self.inner.try_borrow_mut() {
            Ok(inner) if !inner.is_dead => Ok(Held(inner)),
            refused => Err(self.refusal(refused.is_ok())),
        }
    }

    /// Calls a function with the value.
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

/// The exclusive right to a value.
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
