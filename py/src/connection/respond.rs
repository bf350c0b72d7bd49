//! Whole responses: head, content and end in one call.

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use switchover::{self as core, ResponseHead};

use super::Connection;
use crate::args::{Chunk, FieldLines, Status};
use crate::config::Config;
use crate::error::raise;
use crate::output::{Into, Written};
use crate::text::BytesArg;

/// A whole response, checked and encoded once, to be sent any number of times.
#[pyclass(frozen, module = "switchover")]
pub(crate) struct Prepared(core::Prepared);

#[pymethods]
impl Prepared {
    #[new]
    #[pyo3(
        signature = (
            status, headers = FieldLines::default(), content = None, reason = None, *, config = None
        ),
        text_signature = "(status, headers=(), content=b'', reason=None, *, config=None)"
    )]
    fn new(
        py: Python<'_>,
        status: Status,
        headers: FieldLines,
        content: Option<Chunk<'_, '_>>,
        reason: Option<BytesArg>,
        config: Option<&Config>,
    ) -> PyResult<Self> {
        let config = config.map_or_else(Default::default, |config| config.0.clone());
        let content =
            content.as_ref().map(|content| content.bytes(py)).transpose()?.unwrap_or_default();
        let prepared = core::Prepared::with_config(
            &head(&status, &headers, reason.as_ref()),
            &content,
            config,
        );
        prepared.map(Self).map_err(|error| raise(py, error))
    }

    /// Returns the status of the response.
    #[getter]
    fn status(&self) -> u16 {
        self.0.status()
    }

    /// Returns the content of the response.
    #[getter]
    fn content<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.content())
    }

    fn __repr__(&self) -> String {
        format!("<switchover.Prepared {} with {} bytes>", self.0.status(), self.0.content().len())
    }
}

#[pymethods]
impl Connection {
    /// Sends a whole final response: head, content and end (server).
    ///
    /// Next: next_event. RFC 9110, section 8.6; RFC 9112, section 6.
    #[pyo3(
        signature = (
            status, headers = FieldLines::default(), content = None, reason = None, *, into = None
        ),
        text_signature = "($self, status, headers=(), content=b'', reason=None, *, into=None)"
    )]
    fn respond<'py>(
        &self,
        py: Python<'py>,
        status: Status,
        headers: FieldLines,
        content: Option<Chunk<'_, 'py>>,
        reason: Option<BytesArg>,
        into: Into<'_, 'py>,
    ) -> Written<'py> {
        let content =
            content.as_ref().map(|content| content.bytes(py)).transpose()?.unwrap_or_default();
        let head = head(&status, &headers, reason.as_ref());
        self.write(py, into, |engine, out| engine.respond(&head, &content, out))
    }

    /// Sends a response that was checked and encoded as a `Prepared` before (server).
    ///
    /// Next: next_event.
    #[pyo3(signature = (prepared, *, into = None))]
    fn respond_prepared<'py>(
        &self,
        py: Python<'py>,
        prepared: &Prepared,
        into: Into<'_, 'py>,
    ) -> Written<'py> {
        self.write(py, into, |engine, out| engine.respond_prepared(&prepared.0, out))
    }

    /// Sends an error response as the last one, even without a request (server).
    ///
    /// Next: send the bytes, then close the transport as `closing` returns. RFC 9110, section
    /// 15.5.9.
    #[pyo3(
        signature = (
            status, headers = FieldLines::default(), content = None, reason = None, *, into = None
        ),
        text_signature = "($self, status, headers=(), content=b'', reason=None, *, into=None)"
    )]
    fn reject<'py>(
        &self,
        py: Python<'py>,
        status: Status,
        headers: FieldLines,
        content: Option<Chunk<'_, 'py>>,
        reason: Option<BytesArg>,
        into: Into<'_, 'py>,
    ) -> Written<'py> {
        let content =
            content.as_ref().map(|content| content.bytes(py)).transpose()?.unwrap_or_default();
        let head = head(&status, &headers, reason.as_ref());
        self.write(py, into, |engine, out| engine.reject(&head, &content, out))
    }
}

/// Makes a response head, with the standard reason phrase unless another is given.
pub(super) fn head<'a>(
    status: &Status,
    headers: &'a FieldLines,
    reason: Option<&'a BytesArg>,
) -> ResponseHead<'a> {
    let usual = ResponseHead::new(status.0, headers);
    ResponseHead { reason: reason.map_or(usual.reason, AsRef::as_ref), ..usual }
}
