//! What a call writes: bytes, or bytes that are appended to `into` and counted.

use pyo3::IntoPyObjectExt;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes};

pub(crate) type Into<'a, 'py> = Option<&'a Bound<'py, PyByteArray>>;
pub(crate) type Written<'py> = PyResult<Bound<'py, PyAny>>;

/// A bytearray that a view looks into cannot grow: found out before anything is decided.
pub(crate) fn reserve(into: Into<'_, '_>) -> PyResult<()> {
    let Some(into) = into else { return Ok(()) };
    let len = into.len();
    into.resize(len + 1)?;
    into.resize(len)
}

pub(crate) fn hand_over<'py>(py: Python<'py>, into: Into<'_, 'py>, written: Bound<'py, PyBytes>) -> Written<'py> {
    match into {
        None => Ok(written.into_any()),
        Some(into) => {
            // The method of bytearray itself: a subclass's own could refuse what has been decided.
            into.py().get_type::<PyByteArray>().call_method1(intern!(into.py(), "extend"), (into, &written))?;
            written.as_bytes().len().into_bound_py_any(py)
        }
    }
}
