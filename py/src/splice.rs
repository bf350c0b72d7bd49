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

/// Lets any HTTP/2 engine answer the request of an upgrade on stream 1.
///
/// RFC 7540, section 3.2.
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

    /// Bytes of the client, the leftover of the 101 first. Next: take_for_engine.
    fn client_sent(&self, py: Python<'_>, data: Chunk<'_, '_>) -> PyResult<()> {
        let bytes = data.bytes(py)?;
        self.0.with(|splice| splice.client_sent(&bytes))
    }

    /// Tells the splice that the client has ended.
    ///
    /// Next: take_for_engine; tell the engine once is_waiting is false.
    fn client_ended(&self) -> PyResult<()> {
        self.0.with(|splice| splice.client_ended())
    }

    /// Bytes that the engine has written. Next: take_for_client and take_for_engine.
    fn engine_sent(&self, py: Python<'_>, data: Chunk<'_, '_>) -> PyResult<()> {
        let bytes = data.bytes(py)?;
        self.0.with(|splice| splice.engine_sent(&bytes))
    }

    /// Takes the bytes for the engine.
    fn take_for_engine<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        self.0.with(|splice| PyBytes::new(py, &splice.take_for_engine()))
    }

    /// Takes the bytes for the client.
    fn take_for_client<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        self.0.with(|splice| PyBytes::new(py, &splice.take_for_client()))
    }

    /// Returns whether the client should be read.
    #[getter]
    fn wants_client(&self) -> PyResult<bool> {
        self.0.with(|splice| splice.wants_client())
    }

    /// Returns whether bytes of the client wait for the engine's window.
    #[getter]
    fn is_waiting(&self) -> PyResult<bool> {
        self.0.with(|splice| splice.is_waiting())
    }

    /// Returns whether client and engine can be connected directly.
    #[getter]
    fn is_done(&self) -> PyResult<bool> {
        self.0.with(|splice| splice.is_done())
    }
}
