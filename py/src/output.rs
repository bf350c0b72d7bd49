//! The output of a call: bytes, or bytes appended to `into` and counted.

use pyo3::IntoPyObjectExt;
use pyo3::buffer::PyBuffer;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyByteArray, PyBytes};

pub(crate) type Into<'a, 'py> = Option<&'a Bound<'py, PyByteArray>>;
pub(crate) type Written<'py> = PyResult<Bound<'py, PyAny>>;

/// The place that a call writes to.
///
/// An `into` has grown by then, because one that a view looks into cannot, which has to be found
/// out before anything is decided. Where nothing comes, it is as it was.
pub(crate) struct OutputTarget<'a, 'py> {
    into: Into<'a, 'py>,
    /// The length that the output will have.
    len: usize,
}

impl<'a, 'py> OutputTarget<'a, 'py> {
    /// Opens room for about `expected` bytes.
    ///
    /// A good guess saves a move, and a move of more costs little beside the rest.
    pub(crate) fn open(into: Into<'a, 'py>, expected: usize) -> PyResult<Self> {
        let len = into.map_or(0, PyByteArrayMethods::len);
        if let Some(into) = into {
            into.resize(len + expected.clamp(1, 1024))?;
        }
        Ok(Self { into, len })
    }

    /// Returns whether output can be copied there at once: to an empty bytearray.
    ///
    /// A subclass could have a buffer of its own.
    pub(crate) fn is_plain(&self) -> bool {
        self.len == 0 && self.into.is_some_and(|into| into.is_exact_instance_of::<PyByteArray>())
    }

    /// Copies what was written to where that is plain, and gives what the call gives.
    pub(crate) fn copy(mut self, py: Python<'py>, written: &[u8]) -> Written<'py> {
        if let Some(into) = self.into {
            into.resize(written.len())?;
            PyBuffer::<u8>::get(into)?.copy_from_slice(py, written)?;
            self.len = written.len();
        }
        written.len().into_bound_py_any(py)
    }

    /// Writes the bytes to the target, and returns the result of the call.
    pub(crate) fn fill_with(mut self, written: Bound<'py, PyBytes>) -> Written<'py> {
        /// The method of bytearray itself.
        ///
        /// A subclass's own could refuse what has been decided.
        static EXTEND: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

        let Some(into) = self.into else { return Ok(written.into_any()) };
        let (py, len) = (into.py(), written.as_bytes().len());
        if len > 0 {
            into.resize(self.len)?;
            // From here on it is not to be put back: others may append to it as well.
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
            // Nothing can fail: no view has come, and what shrinks needs no memory.
            let _ = into.resize(self.len);
        }
    }
}
