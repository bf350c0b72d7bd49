//! Methods that receive bytes and return events.

use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyByteArray, PyMemoryView, PySlice};

use switchover::{self as core, End, Error, Event, Next};

use super::{Connection, Inner};
use crate::args::Chunk;
use crate::enums::Member;
use crate::error::raise;
use crate::event::{Paused, object};
use crate::head::Request;

/// The size of the buffer of `get_buffer`, in bytes.
///
/// One read into it delivers no more.
const LANDING: usize = 65_536;

static NEED_DATA: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

#[pymethods]
impl Connection {
    /// Appends bytes received from the peer; b"" is its clean EOF.
    ///
    /// Next: next_event.
    fn receive_data(&self, py: Python<'_>, data: Chunk<'_, '_>) -> PyResult<()> {
        self.take(py, |inner| inner.receive(py, &data))
    }

    /// Marks the end of the peer's bytes (EOF).
    ///
    /// `clean` is true after a FIN, over TLS only with a closure alert before it. Next: next_event.
    #[pyo3(signature = (clean = true))]
    fn receive_eof(&self, clean: bool) -> PyResult<()> {
        self.with(|inner| inner.receive_eof(if clean { End::Clean } else { End::Truncated }))
    }

    /// Returns a view of a fixed buffer for the transport to read into.
    ///
    /// `sizehint` is ignored.
    ///
    /// Next: buffer_updated.
    #[pyo3(signature = (sizehint = -1), text_signature = "($self, sizehint=-1)")]
    fn get_buffer<'py>(
        &self,
        py: Python<'py>,
        sizehint: isize,
    ) -> PyResult<Bound<'py, PyMemoryView>> {
        let _ = sizehint;
        self.call(py, |engine| engine.receive_buffer(1).map(|_| ()))?;
        let landing = self.with(|inner| {
            let landing = match inner.landing.take() {
                Some(landing) => landing,
                None => PyByteArray::new_with(py, LANDING, |_| Ok(()))?.unbind(),
            };
            inner.is_lent = true;
            Ok::<_, PyErr>(inner.landing.insert(landing).bind(py).clone())
        })??;
        PyMemoryView::from(landing.as_any())
    }

    /// Appends the first `nbytes` bytes of the buffer that get_buffer returned.
    ///
    /// Raises ValueError without a call of get_buffer before, if bytes or EOF were received since,
    /// or if the buffer is shorter.
    ///
    /// Next: next_event.
    fn buffer_updated(&self, py: Python<'_>, nbytes: usize) -> PyResult<()> {
        let lent = self.with(|inner| {
            inner.landing.as_ref().filter(|_| inner.is_lent).map(|landing| landing.clone_ref(py))
        })?;
        let landing = lent.ok_or_else(no_buffer)?.into_bound(py);
        if nbytes > landing.len() {
            return Err(PyValueError::new_err(format!(
                "{nbytes} bytes do not fit into the buffer"
            )));
        }
        let part = PySlice::new(py, 0, nbytes as isize, 1);
        let filled = PyMemoryView::from(landing.as_any())?.get_item(part)?;
        let filled = filled.extract()?;
        self.take(py, |inner| inner.take(py, &filled))
    }

    /// Returns the next event, NEED_DATA, or Paused.
    ///
    /// The event owns its data. `data` is appended first, as by receive_data: b"" is the peer's
    /// clean EOF here too. Without an argument nothing is appended.
    #[pyo3(signature = (data = None, /))]
    fn next_event<'py>(
        &self,
        py: Python<'py>,
        data: Option<Chunk<'_, 'py>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.advance(py, data.as_ref(), |event, offer| object(py, event, offer))?.into_object(py)
    }

    /// Returns an iterator over the events of next_event, up to NEED_DATA or Paused.
    fn events(slf: &Bound<'_, Self>) -> Events {
        Events(slf.clone().unbind())
    }
}

pub(crate) enum AdvanceResult<'py> {
    Event(Bound<'py, PyAny>),
    Paused(core::Paused),
    NeedData,
}

impl<'py> AdvanceResult<'py> {
    /// Returns the Python object for the result: an event, Paused or NEED_DATA.
    #[inline]
    pub(super) fn into_object(self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self {
            Self::Event(event) => Ok(event),
            Self::Paused(reason) => Paused { reason: Member(reason) }.into_bound_py_any(py),
            Self::NeedData => NEED_DATA.import(py, "switchover._base", "NEED_DATA").cloned(),
        }
    }
}

impl Connection {
    fn take(
        &self,
        py: Python<'_>,
        take: impl FnOnce(&mut Inner) -> PyResult<Result<(), Error>>,
    ) -> PyResult<()> {
        self.with(take)??.map_err(|error| raise(py, error))
    }

    /// Appends `data` if given, and advances the engine to the next event.
    ///
    /// `make` converts that event to a Python object; it may also change the stored `offer`.
    #[inline]
    pub(crate) fn advance<'py>(
        &self,
        py: Python<'py>,
        data: Option<&Chunk<'_, '_>>,
        make: impl FnOnce(Event<'_>, &mut Option<Py<Request>>) -> PyResult<Bound<'py, PyAny>>,
    ) -> PyResult<AdvanceResult<'py>> {
        // The object is made while the event is borrowed; creating an object of our own classes
        // runs no Python code.
        let mut held = self.0.hold()?;
        let inner = &mut *held;
        let received = data.map_or(Ok(Ok(())), |data| inner.receive(py, data))?;
        match received.and_then(|()| inner.engine.next_event()) {
            Ok(Next::NeedData) => Ok(AdvanceResult::NeedData),
            Ok(Next::Paused(reason)) => Ok(AdvanceResult::Paused(reason)),
            Ok(Next::Event(event)) => make(event, &mut inner.offer).map(AdvanceResult::Event),
            Err(error) => {
                drop(held);
                Err(raise(py, error))
            }
        }
    }
}

impl Inner {
    /// Appends received bytes to the engine's input; empty data is a clean EOF.
    #[inline]
    fn receive(&mut self, py: Python<'_>, data: &Chunk<'_, '_>) -> PyResult<Result<(), Error>> {
        if data.len() == 0 {
            self.receive_eof(End::Clean);
            return Ok(Ok(()));
        }
        self.take(py, data)
    }

    fn receive_eof(&mut self, end: End) {
        self.is_lent = false;
        self.engine.receive_eof(end);
    }

    /// Copies bytes of any buffer object into the engine's buffer.
    ///
    /// The inner result is an error of the engine, to be raised once the borrow has ended.
    fn take(&mut self, py: Python<'_>, data: &Chunk<'_, '_>) -> PyResult<Result<(), Error>> {
        self.is_lent = false;
        if let Chunk::Bytes(bytes) = data {
            return Ok(self.engine.receive(bytes.as_bytes()));
        }
        let len = data.len();
        let space = match self.engine.receive_buffer(len) {
            Ok(space) => space,
            Err(error) => return Ok(Err(error)),
        };
        if let Some(space) = space.get_mut(..len) {
            data.copy_to(py, space)?;
            self.engine.commit(len);
            return Ok(Ok(()));
        }
        // The data is larger than the space that the engine provides at once.
        let mut whole = vec![0; len];
        data.copy_to(py, &mut whole)?;
        Ok(self.engine.receive(&whole))
    }
}

fn no_buffer() -> PyErr {
    PyValueError::new_err("get_buffer comes before buffer_updated")
}

/// The iterator that `Connection.events` returns.
#[pyclass(frozen, module = "switchover")]
pub(crate) struct Events(Py<Connection>);

#[pymethods]
impl Events {
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        match self.0.get().advance(py, None, |event, offer| object(py, event, offer))? {
            AdvanceResult::Event(event) => Ok(Some(event)),
            AdvanceResult::Paused(_) | AdvanceResult::NeedData => Ok(None),
        }
    }
}
