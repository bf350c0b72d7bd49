//! Conversion of the engine's errors to Python exceptions.
//!
//! The classes are defined in Python, in `_base.py`: a native class cannot extend `Exception`
//! within the stable ABI before 3.12.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

use switchover::{Blame, Error};

use crate::enums::{Member, PyEnumTable};

static PROFILE: PyOnceLock<Py<PyType>> = PyOnceLock::new();
static LOCAL: PyOnceLock<Py<PyType>> = PyOnceLock::new();
static REMOTE: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// Returns the Python exception for `error`.
pub(crate) fn raise(py: Python<'_>, error: Error) -> PyErr {
    exception(py, error).map_or_else(|failed| failed, PyErr::from_value)
}

/// Creates the exception object for `error`.
fn exception(py: Python<'_>, error: Error) -> PyResult<Bound<'_, PyAny>> {
    let class = match error.blame() {
        Blame::Peer => REMOTE.import(py, "switchover._base", "RemoteProtocolError"),
        Blame::Local => LOCAL.import(py, "switchover._base", "LocalProtocolError"),
    }?;
    let kind = Member(error.kind());
    class.call1((
        error.to_string(),
        kind,
        error.offset(),
        error.field(),
        error.ineligible().map(Member),
    ))
}

/// Returns a `ProfileError`, for a broken rule of h2c, HTTP/2 or capsules.
pub(crate) fn forbidden<T: PyEnumTable>(py: Python<'_>, reason: T, text: &str) -> PyErr {
    let class = PROFILE.import(py, "switchover._base", "ProfileError");
    let made = class.and_then(|class| class.call1((text, Member(reason))));
    made.map_or_else(|failed| failed, PyErr::from_value)
}
