//! An error of the engine as a Python exception.
//!
//! The classes are Python's own, in `_base.py`: a native class cannot extend `Exception` within the
//! stable ABI before 3.12.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

use switchover::{Blame, Error};

use crate::enums::{Member, PyEnumTable};

static PROFILE: PyOnceLock<Py<PyType>> = PyOnceLock::new();
static LOCAL: PyOnceLock<Py<PyType>> = PyOnceLock::new();
static REMOTE: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// Returns the exception that stands for `error`.
pub(crate) fn raise(py: Python<'_>, error: Error) -> PyErr {
    exception(py, error).map_or_else(|failed| failed, PyErr::from_value)
}

/// Makes the exception as a value.
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

/// Returns the exception for what a protocol's own rules forbid.
pub(crate) fn forbidden<T: PyEnumTable>(py: Python<'_>, reason: T, text: &str) -> PyErr {
    let class = PROFILE.import(py, "switchover._base", "ProfileError");
    let made = class.and_then(|class| class.call1((text, Member(reason))));
    made.map_or_else(|failed| failed, PyErr::from_value)
}
