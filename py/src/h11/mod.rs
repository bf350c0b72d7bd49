//! The native part of `switchover.h11`.
//!
//! `headers.rs` and `events.rs` have h11's classes, `exchange.rs` converts them. The order in which
//! events may be sent and received is checked by the Python part, in `python/switchover/h11`.

mod events;
mod exchange;
mod headers;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

/// The private module `switchover._h11`.
#[pymodule(name = "_h11", submodule)]
pub(crate) mod module {
    #[pymodule_export]
    use super::events::{
        ConnectionClosed, Data, EndOfMessage, Event, InformationalResponse, Request, Response,
    };
    #[pymodule_export]
    use super::exchange::{read, write};
    #[pymodule_export]
    use super::headers::Headers;
}

/// Returns h11's `LocalProtocolError`, for a call that is not allowed.
///
/// `status` is the status of the response that a server could send.
#[cold]
fn refused(py: Python<'_>, text: &str, status: u16) -> PyErr {
    static LOCAL: PyOnceLock<Py<PyType>> = PyOnceLock::new();

    let class = LOCAL.import(py, "switchover.h11.errors", "LocalProtocolError");
    let made = class.and_then(|class| class.call1((text, status)));
    made.map_or_else(|failed| failed, PyErr::from_value)
}
