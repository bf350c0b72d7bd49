//! The events of a connection, as Python objects that own their data.

use std::hash::Hash;

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyTuple};

use switchover::binding::EventKind;
use switchover::{self as core, Event, SwitchedBy};

use crate::enums::Member;
use crate::head::{Informational, Request, Response};
use crate::headers::Headers;
use crate::shared::{Shared, bytes, compare_parts};
use crate::text::BytesArg;
use crate::values::{Protocol, Tuple, fields, show};

/// A piece of content; where pieces begin and end has no meaning.
#[pyclass(frozen, eq, hash, get_all, module = "switchover")]
#[derive(Debug)]
pub(crate) struct Data {
    data: Py<PyBytes>,
}

impl Data {
    fn parts(&self) -> impl Eq + Hash {
        bytes(&self.data)
    }
}

compare_parts!(Data);

#[pymethods]
impl Data {
    #[classattr]
    fn __match_args__() -> Tuple<&'static str> {
        Tuple(vec!["data"])
    }

    #[classattr]
    fn kind() -> Member<EventKind> {
        Member(EventKind::Data)
    }

    #[new]
    fn new(py: Python<'_>, data: PyBackedBytes) -> Self {
        let Ok(data) = data.into_pyobject(py);
        Self { data: data.unbind() }
    }

    fn __getnewargs__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        fields(slf, &["data"])
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        show(slf, &["data"])
    }
}

/// The end of a message, with its trailers.
#[pyclass(frozen, eq, hash, get_all, module = "switchover")]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct EndOfMessage {
    trailers: Shared<Headers>,
}

#[pymethods]
impl EndOfMessage {
    #[classattr]
    fn __match_args__() -> Tuple<&'static str> {
        Tuple(vec!["trailers"])
    }

    #[classattr]
    fn kind() -> Member<EventKind> {
        Member(EventKind::EndOfMessage)
    }

    #[new]
    #[pyo3(signature = (trailers = Headers::default()), text_signature = "(trailers=())")]
    fn new(py: Python<'_>, trailers: Headers) -> PyResult<Self> {
        Ok(Self { trailers: Shared::new(py, trailers)? })
    }

    fn __getnewargs__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        fields(slf, &["trailers"])
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        show(slf, &["trailers"])
    }
}

/// The switch of the peer's direction from HTTP to another protocol.
///
/// Next: take_leftover; further bytes belong to the new protocol.
#[pyclass(frozen, eq, hash, get_all, module = "switchover")]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Switched {
    by: Member<SwitchedBy>,
    protocols: Tuple<Protocol>,
    request: Option<Shared<Request>>,
    response: Option<Shared<Response>>,
    leftover: PyBackedBytes,
}

#[pymethods]
impl Switched {
    #[new]
    #[pyo3(
        signature = (
            by, protocols = Tuple(Vec::new()), request = None, response = None,
            leftover = BytesArg::default()
        ),
        text_signature = "(by, protocols=(), request=None, response=None, leftover=b'')"
    )]
    fn new(
        py: Python<'_>,
        by: Member<SwitchedBy>,
        protocols: Tuple<Protocol>,
        request: Option<Shared<Request>>,
        response: Option<Shared<Response>>,
        leftover: BytesArg,
    ) -> Self {
        Self { by, protocols, request, response, leftover: leftover.bytes(py).into() }
    }

    #[classattr]
    fn __match_args__() -> Tuple<&'static str> {
        Tuple(vec!["by", "protocols"])
    }

    #[classattr]
    fn kind() -> Member<EventKind> {
        Member(EventKind::Switched)
    }

    fn __getnewargs__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        fields(slf, &["by", "protocols", "request", "response", "leftover"])
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        show(slf, &["by", "protocols", "request", "response", "leftover"])
    }
}

/// The result of next_event while receiving waits for an action of your code.
#[pyclass(frozen, eq, hash, get_all, module = "switchover")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Paused {
    pub(crate) reason: Member<core::Paused>,
}

#[pymethods]
impl Paused {
    #[classattr]
    fn __match_args__() -> Tuple<&'static str> {
        Tuple(vec!["reason"])
    }

    #[new]
    fn new(reason: Member<core::Paused>) -> Self {
        Self { reason }
    }

    fn __getnewargs__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        fields(slf, &["reason"])
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        show(slf, &["reason"])
    }
}

/// The shared event for the end of a message without trailers.
///
/// Nearly all messages end so.
static PLAIN_END: PyOnceLock<Py<EndOfMessage>> = PyOnceLock::new();

/// Converts an event to a Python object that owns its data.
///
/// A request with an offer is also stored in `offer`, for its `Switched` event.
pub(crate) fn object<'py>(
    py: Python<'py>,
    event: Event<'_>,
    offer: &mut Option<Py<Request>>,
) -> PyResult<Bound<'py, PyAny>> {
    match event {
        Event::Request(request) => {
            let request = Bound::new(py, Request::of(py, request)?)?;
            *offer = request.get().offers_something().then(|| request.clone().unbind());
            Ok(request.into_any())
        }
        Event::Informational(response) => Informational::of(py, response)?.into_bound_py_any(py),
        Event::Response(response) => Response::of(py, response)?.into_bound_py_any(py),
        Event::Data(data) => Data { data: PyBytes::new(py, data).into() }.into_bound_py_any(py),
        Event::EndOfMessage(trailers) if trailers.is_empty() => {
            let end = PLAIN_END
                .get_or_try_init(py, || Py::new(py, EndOfMessage::new(py, Headers::default())?))?;
            end.into_bound_py_any(py)
        }
        Event::EndOfMessage(trailers) => {
            EndOfMessage::new(py, Headers::received(&trailers))?.into_bound_py_any(py)
        }
        Event::Switched(switched) => {
            let request = switched.request.map(|request| match offer.take() {
                Some(request) => Ok(Shared(request)),
                None => Shared::new(py, Request::of(py, request)?),
            });
            let response =
                switched.response.map(|response| Shared::new(py, Response::of(py, response)?));
            let switched = Switched {
                by: Member(switched.by),
                protocols: Protocol::all(switched.protocols.iter()),
                request: request.transpose()?,
                response: response.transpose()?,
                leftover: PyBytes::new(py, switched.leftover).into(),
            };
            switched.into_bound_py_any(py)
        }
    }
}
