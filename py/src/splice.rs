//! A splice between a client that was sent a 101 for `h2c` and an HTTP/2 engine.
//!
//! RFC 7540, section 3.2.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use switchover::h2c;

use crate::args::{Chunk, FieldLines};
use crate::connection::Connection;
use crate::error::forbidden;
use crate::exclusive::Exclusive;

/// A splice that lets any HTTP/2 engine respond to the request of an upgrade.
///
/// The request of the client is on stream 1 of HTTP/2. RFC 7540, section 3.2.
#[pyclass(frozen, module = "switchover")]
pub(crate) struct Splice(Exclusive<h2c::Splice>);

#[pymethods]
impl Splice {
    #[new]
    #[pyo3(
        signature = (connection, content, trailers = FieldLines::default()),
        text_signature = "(connection, content, trailers=())"
    )]
    fn new(
        py: Python<'_>,
        connection: &Connection,
        content: Chunk<'_, '_>,
        trailers: FieldLines,
    ) -> PyResult<Self> {
        let content = content.bytes(py)?;
        let made = connection
            .ask(|engine| {
                engine.request().map(|request| h2c::Splice::new(&request, &content, &trailers))
            })?
            .ok_or_else(|| {
                PyValueError::new_err(
                    "the connection keeps no request; make the splice before the 101",
                )
            })?;
        match made {
            Ok(splice) => Ok(Self(Exclusive::new("splice", splice))),
            Err(reason) => Err(forbidden(py, reason, reason.text())),
        }
    }

    /// Appends bytes received from the client, beginning with the leftover of the 101.
    ///
    /// Next: take_for_engine.
    fn client_sent(&self, py: Python<'_>, data: Chunk<'_, '_>) -> PyResult<()> {
        let bytes = data.bytes(py)?;
        self.0.with(|splice| splice.client_sent(&bytes))
    }

    /// Marks the end of the client's bytes (EOF).
    ///
    /// Next: take_for_engine; pass the EOF to the HTTP/2 engine once is_waiting is false.
    fn client_ended(&self) -> PyResult<()> {
        self.0.with(|splice| splice.client_ended())
    }

    /// Appends bytes that the HTTP/2 engine has written.
    ///
    /// Next: take_for_client and take_for_engine.
    fn engine_sent(&self, py: Python<'_>, data: Chunk<'_, '_>) -> PyResult<()> {
        let bytes = data.bytes(py)?;
        self.0.with(|splice| splice.engine_sent(&bytes))
    }

    /// Returns the bytes to pass to the HTTP/2 engine now and removes them.
    fn take_for_engine<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        self.0.with(|splice| PyBytes::new(py, &splice.take_for_engine()))
    }

    /// Returns the bytes to send to the client now and removes them.
    fn take_for_client<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        self.0.with(|splice| PyBytes::new(py, &splice.take_for_client()))
    }

    /// Returns whether to read from the client; false while too many bytes wait.
    #[getter]
    fn wants_client(&self) -> PyResult<bool> {
        self.0.with(|splice| splice.wants_client())
    }

    /// Returns whether client bytes wait for the HTTP/2 engine's flow-control window.
    #[getter]
    fn is_waiting(&self) -> PyResult<bool> {
        self.0.with(|splice| splice.is_waiting())
    }

    /// Returns whether client and HTTP/2 engine can be connected without the splice.
    #[getter]
    fn is_done(&self) -> PyResult<bool> {
        self.0.with(|splice| splice.is_done())
    }
}
