//! The bytes that a call produces: returned as `bytes`, or appended to `into`.
//!
//! With `into`, the call returns the number of bytes.

use pyo3::IntoPyObjectExt;
use pyo3::buffer::PyBuffer;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyByteArray, PyBytes};

pub(crate) type Into<'a, 'py> = Option<&'a Bound<'py, PyByteArray>>;
pub(crate) type Written<'py> = PyResult<Bound<'py, PyAny>>;

/// The destination of a call's output.
///
/// It enlarges the caller's bytearray `into` before the engine is called. A bytearray with an
/// exported memoryview cannot be resized, and then the call must fail before the connection has
/// changed. If there is no output, dropping this restores the length.
pub(crate) struct OutputTarget<'a, 'py> {
    into: Into<'a, 'py>,
    /// The length to which `into` is resized when this is dropped.
    len: usize,
}

impl<'a, 'py> OutputTarget<'a, 'py> {
    /// Enlarges `into` by `expected` bytes, but by 1 at least and 1024 at most.
    ///
    /// A good guess saves moving the bytes later; a guess that is too large costs little.
    pub(crate) fn open(into: Into<'a, 'py>, expected: usize) -> PyResult<Self> {
        let len = into.map_or(0, PyByteArrayMethods::len);
        if let Some(into) = into {
            into.resize(len + expected.clamp(1, 1024))?;
        }
        Ok(Self { into, len })
    }

    /// Returns whether output can be copied directly: `into` was an empty bytearray.
    ///
    /// A subclass of bytearray could have a buffer of its own, so it does not qualify.
    pub(crate) fn is_plain(&self) -> bool {
        self.len == 0 && self.into.is_some_and(|into| into.is_exact_instance_of::<PyByteArray>())
    }

    /// Copies the output to `into` and returns its length; only if `is_plain`.
    pub(crate) fn copy(mut self, py: Python<'py>, written: &[u8]) -> Written<'py> {
        if let Some(into) = self.into {
            into.resize(written.len())?;
            PyBuffer::<u8>::get(into)?.copy_from_slice(py, written)?;
            self.len = written.len();
        }
        written.len().into_bound_py_any(py)
    }

    /// Appends the output to `into` and returns its length.
    ///
    /// Returns the output itself if there is no `into`.
    pub(crate) fn fill_with(mut self, written: Bound<'py, PyBytes>) -> Written<'py> {
        /// The method `bytearray.extend`.
        ///
        /// A subclass could override it and fail after the connection has changed.
        static EXTEND: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

        let Some(into) = self.into else { return Ok(written.into_any()) };
        let (py, len) = (into.py(), written.as_bytes().len());
        if len > 0 {
            into.resize(self.len)?;
            // From here on the length must not be restored: other code may append to `into` as
            // well.
            self.into = None;
            let extend = EXTEND.get_or_try_init(py, || {
                py.get_type::<PyByteArray>().getattr(intern!(py, "extend")).map(Bound::unbind)
            })?;
            extend.bind(py).call1((into, written))?;
        }
        len.into_bound_py_any(py)
    }
}

impl Drop for OutputTarget<'_, '_> {
    fn drop(&mut self) {
        if let Some(into) = self.into {
            // This cannot fail: there is no memoryview, and shrinking needs no memory.
            let _ = into.resize(self.len);
        }
    }
}
