//! The parts of a WebSocket handshake: keys and compression.
//!
//! RFC 6455, RFC 7692.

use std::fmt;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use switchover::websocket as core;

use crate::args::{Chunk, FieldLines};
use crate::values::show;

/// Returns the value of Sec-WebSocket-Key for a nonce of 16 bytes.
///
/// Without an argument, for 16 random bytes.
///
/// Next: send_request with it. RFC 6455, section 4.1.
#[pyfunction]
#[pyo3(signature = (nonce=None))]
pub(crate) fn websocket_key(py: Python<'_>, nonce: Option<Chunk<'_, '_>>) -> PyResult<String> {
    let Some(nonce) = nonce else {
        let random = py.import("os")?.getattr("urandom")?.call1((16,))?;
        return Ok(core::key(&random.extract::<[u8; 16]>()?));
    };
    let nonce = nonce.bytes(py)?;
    let nonce = <&[u8; 16]>::try_from(&nonce[..]).ok().ok_or_else(|| {
        let len = nonce.len();
        PyValueError::new_err(format!("a nonce has 16 bytes, got {len}"))
    })?;
    Ok(core::key(nonce))
}

/// Returns the permessage-deflate parameters that a 101 agreed to (client).
///
/// `fields` are the field lines of the 101. None if it agreed to no compression. RFC 7692, section
/// 7.1.
#[pyfunction]
pub(crate) fn agreed_deflate(fields: FieldLines) -> Option<Deflate> {
    core::Deflate::of(&fields).map(Deflate)
}

/// The parameters of permessage-deflate: those that a side allows, or those agreed.
///
/// str() is the value of Sec-WebSocket-Extensions.
#[pyclass(frozen, eq, hash, str, from_py_object, module = "switchover")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Deflate(pub(crate) core::Deflate);

impl fmt::Display for Deflate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[pymethods]
impl Deflate {
    #[new]
    #[pyo3(signature = (
        *, server_no_context_takeover = false, client_no_context_takeover = false,
        server_max_window_bits = None, client_max_window_bits = None
    ))]
    fn new(
        server_no_context_takeover: bool,
        client_no_context_takeover: bool,
        server_max_window_bits: Option<u8>,
        client_max_window_bits: Option<u8>,
    ) -> Self {
        Self(core::Deflate {
            server_no_context_takeover,
            client_no_context_takeover,
            server_max_window_bits,
            client_max_window_bits,
        })
    }

    #[getter]
    fn server_no_context_takeover(&self) -> bool {
        self.0.server_no_context_takeover
    }

    #[getter]
    fn client_no_context_takeover(&self) -> bool {
        self.0.client_no_context_takeover
    }

    #[getter]
    fn server_max_window_bits(&self) -> Option<u8> {
        self.0.server_max_window_bits
    }

    #[getter]
    fn client_max_window_bits(&self) -> Option<u8> {
        self.0.client_max_window_bits
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let takeovers = ["server_no_context_takeover", "client_no_context_takeover"];
        let windows = ["server_max_window_bits", "client_max_window_bits"];
        show(slf, &[takeovers, windows].concat())
    }
}
