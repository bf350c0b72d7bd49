//! The Python class `Connection`.
//!
//! `receive.rs` has the methods that receive bytes and return events, `send.rs` and `respond.rs`
//! those that return bytes to send. `getters.rs` has the getters, and the methods that change the
//! connection but send nothing. `asgi.rs` has the calls of the adapter for uvicorn.

mod asgi;
mod getters;
mod receive;
mod respond;
mod send;

use pyo3::prelude::*;
use pyo3::types::PyByteArray;

use switchover::binding::Bound as _;
use switchover::{self as core, Error, Role};

pub(crate) use asgi::{answer, next_scope, noted, scope_of};
pub(crate) use receive::{AdvanceResult, Events};
pub(crate) use respond::Prepared;
pub(crate) use send::propose;

use crate::config::Config;
use crate::enums::Member;
use crate::error::raise;
use crate::exclusive::Exclusive;
use crate::head::Request;

/// One HTTP/1.1 connection, without its transport.
///
/// Your code reads and writes the transport; no method here waits.
#[pyclass(frozen, weakref, module = "switchover")]
pub(crate) struct Connection(Exclusive<Inner>);

struct Inner {
    engine: core::Connection,
    /// The buffer of `get_buffer`, into which the transport reads.
    landing: Option<Py<PyByteArray>>,
    /// True after `get_buffer`, until bytes or EOF are passed to the engine.
    is_lent: bool,
    /// The buffer for the bytes that a call sends, reused by later calls.
    ///
    /// `send_data` and `send_data_parts` do without it.
    out: Vec<u8>,
    /// The event of the latest request, if it has an offer in `Upgrade`.
    ///
    /// The `Switched` event contains it again.
    offer: Option<Py<Request>>,
}

#[pymethods]
impl Connection {
    #[new]
    #[pyo3(signature = (role, config = None))]
    fn new(role: Member<Role>, config: Option<&Config>) -> Self {
        let engine = match config {
            Some(config) => core::Connection::with_config(role.0, config.0.clone()),
            None => core::Connection::new(role.0),
        };
        Self(Exclusive::new(
            "connection",
            Inner { engine, landing: None, is_lent: false, out: Vec::new(), offer: None },
        ))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let role = self.ask(|engine| Member(engine.role()))?;
        let (ours, theirs) = (self.our_state()?, self.their_state()?);
        let name =
            |member: PyResult<Bound<'_, PyAny>>| member?.getattr("name")?.extract::<String>();
        Ok(format!(
            "<switchover.Connection {} our_state={} their_state={}>",
            name(role.into_pyobject(py))?,
            name(ours.into_pyobject(py))?,
            name(theirs.into_pyobject(py))?
        ))
    }
}

impl Connection {
    fn with<T>(&self, call: impl FnOnce(&mut Inner) -> T) -> PyResult<T> {
        self.0.with(call)
    }

    /// Calls a function that only reads from the engine, and returns its result.
    pub(crate) fn ask<T>(&self, question: impl FnOnce(&core::Connection) -> T) -> PyResult<T> {
        self.with(|inner| question(&inner.engine))
    }

    /// Calls a function that changes the engine, and raises the error that it returns.
    fn call<T>(
        &self,
        py: Python<'_>,
        call: impl FnOnce(&mut core::Connection) -> Result<T, Error>,
    ) -> PyResult<T> {
        self.with(|inner| call(&mut inner.engine))?.map_err(|error| raise(py, error))
    }
}

/// Panics inside a call, as a bug in the engine would.
///
/// For tests only.
#[pyfunction(name = "_panic")]
pub(crate) fn panic_for_tests(connection: &Connection) -> PyResult<()> {
    connection.with(|_| panic!("a test asked for this"))
}
