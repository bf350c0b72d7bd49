//! What comes out of a connection, as values that own what they show.

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;

use switchover::{self as core, Event, EventKind, SwitchedBy};

use crate::head::{Informational, Request, Response};
use crate::headers::Headers;
use crate::listed::Member;
use crate::text::Octets;
use crate::view::{Protocol, Tuple, show};

/// Some content. How it is cut into pieces has no meaning.
#[pyclass(frozen, eq, hash, get_all, module = "switchover")]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Data {
    data: PyBackedBytes,
}

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
    fn new(data: PyBackedBytes) -> Self {
        Self { data }
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        show(slf, &["data"])
    }
}

/// The end of the message, with its trailers.
#[pyclass(frozen, eq, hash, get_all, module = "switchover")]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct EndOfMessage {
    trailers: Headers,
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
    fn new(trailers: Headers) -> Self {
        Self { trailers }
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        show(slf, &["trailers"])
    }
}

/// The peer's direction has left HTTP. Take the leftover; what comes next is the new protocol's.
#[pyclass(frozen, eq, hash, get_all, module = "switchover")]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Switched {
    by: Member<SwitchedBy>,
    protocols: Tuple<Protocol>,
    request: Option<Request>,
    response: Option<Response>,
    leftover: Vec<u8>,
}

#[pymethods]
impl Switched {
    #[new]
    #[pyo3(
        signature = (by, protocols = Tuple(Vec::new()), request = None, response = None, leftover = Octets::default()),
        text_signature = "(by, protocols=(), request=None, response=None, leftover=b'')"
    )]
    fn new(
        by: Member<SwitchedBy>,
        protocols: Tuple<Protocol>,
        request: Option<Request>,
        response: Option<Response>,
        leftover: Octets,
    ) -> Self {
        Self { by, protocols, request, response, leftover: leftover.into() }
    }

    #[classattr]
    fn __match_args__() -> Tuple<&'static str> {
        Tuple(vec!["by", "protocols"])
    }

    #[classattr]
    fn kind() -> Member<EventKind> {
        Member(EventKind::Switched)
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        show(slf, &["by", "protocols", "request", "response", "leftover"])
    }
}

/// No more HTTP in either direction: close the transport. Repeats.
#[pyclass(frozen, eq, hash, get_all, module = "switchover")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Closed {
    discarded: usize,
}

#[pymethods]
impl Closed {
    #[classattr]
    fn __match_args__() -> Tuple<&'static str> {
        Tuple(vec!["discarded"])
    }

    #[classattr]
    fn kind() -> Member<EventKind> {
        Member(EventKind::Closed)
    }

    #[new]
    #[pyo3(signature = (discarded = 0))]
    fn new(discarded: usize) -> Self {
        Self { discarded }
    }

    fn __repr__(&self) -> String {
        format!("Closed(discarded={})", self.discarded)
    }
}

/// Nothing happens before the host acts.
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

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        show(slf, &["reason"])
    }
}

/// An event that owns what it shows.
#[derive(IntoPyObject)]
pub(crate) enum Owned {
    Request(Request),
    Informational(Informational),
    Response(Response),
    Data(Data),
    EndOfMessage(EndOfMessage),
    Switched(Switched),
    Closed(Closed),
    Paused(Paused),
}

impl Owned {
    pub(crate) fn of(py: Python<'_>, event: Event<'_>) -> Self {
        match event {
            Event::Request(request) => Self::Request(Request::of(request)),
            Event::Informational(response) => Self::Informational(Informational::of(response)),
            Event::Response(response) => Self::Response(Response::of(response)),
            Event::Data(data) => Self::Data(Data { data: PyBytes::new(py, data).into() }),
            Event::EndOfMessage(trailers) => Self::EndOfMessage(EndOfMessage { trailers: Headers::of(&trailers) }),
            Event::Switched(switched) => Self::Switched(Switched {
                by: Member(switched.by),
                protocols: Protocol::all(switched.protocols.iter()),
                request: switched.request.map(Request::of),
                response: switched.response.map(Response::of),
                leftover: switched.leftover.into(),
            }),
            Event::Closed { discarded } => Self::Closed(Closed { discarded }),
        }
    }
}
