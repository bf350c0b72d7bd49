//! The event classes of h11: frozen and compared by value.
//!
//! Of the events only `ConnectionClosed` is hashable.

use pyo3::PyClass;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyInt};

use switchover as core;
use switchover::binding::{is_token, request_line};

use super::headers::{Given, Headers};
use super::refused;
use crate::interned::InternedNames;
use crate::shared::bytes;
use crate::text::BytesArg;
use crate::values::show;

/// The base class of h11's events.
#[pyclass(frozen, subclass, module = "switchover._h11")]
#[derive(Debug)]
pub(crate) struct Event;

#[pymethods]
impl Event {
    #[new]
    fn new() -> Self {
        Self
    }
}

fn of<T: PyClass<BaseType = Event>>(event: T) -> PyClassInitializer<T> {
    PyClassInitializer::from(Event).add_subclass(event)
}

fn object<T: PyClass<BaseType = Event>>(py: Python<'_>, event: T) -> PyResult<Bound<'_, PyAny>> {
    Ok(Bound::new(py, of(event))?.into_any())
}

/// Returns the HTTP version of a received message, such as `1.1`.
fn version(py: Python<'_>, minor: u8) -> Py<PyBytes> {
    InternedNames::open().get(py, &[b'1', b'.', b'0' + minor % 10]).into()
}

/// Returns the bytes of an optional argument; `usual` if it is not given.
fn text(py: Python<'_>, given: Option<BytesArg>, usual: &[u8]) -> Py<PyBytes> {
    given.map_or_else(|| InternedNames::open().get(py, usual), |text| text.bytes(py)).into()
}

/// A request head.
#[pyclass(frozen, get_all, extends = Event, module = "switchover._h11")]
#[derive(Debug)]
pub(crate) struct Request {
    pub(super) method: Py<PyBytes>,
    pub(super) headers: Py<Headers>,
    pub(super) target: Py<PyBytes>,
    pub(super) http_version: Py<PyBytes>,
    /// True if the request proposes a switch, by Upgrade or as CONNECT.
    #[pyo3(name = "_proposes")]
    proposes: bool,
}

impl Request {
    pub(super) fn received<'py>(
        py: Python<'py>,
        request: core::Request<'_>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (method, target) = request_line(&request);
        let event = Self {
            method: InternedNames::open().get(py, method).into(),
            headers: Py::new(py, Headers::received(&request.fields()))?,
            target: PyBytes::new(py, target).into(),
            http_version: version(py, request.minor_version()),
            proposes: request.offers().is_ok() || method == b"CONNECT",
        };
        object(py, event)
    }

    /// Makes the request event for an HTTP/2 preface, without field lines, as h11 does.
    pub(super) fn preface(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        let event = Self {
            method: PyBytes::new(py, b"PRI").into(),
            headers: Py::new(py, Headers::default())?,
            target: PyBytes::new(py, b"*").into(),
            http_version: PyBytes::new(py, b"2.0").into(),
            proposes: false,
        };
        object(py, event)
    }

    fn parts(&self) -> (&[u8], &Headers, &[u8], &[u8]) {
        (bytes(&self.method), self.headers.get(), bytes(&self.target), bytes(&self.http_version))
    }
}

#[pymethods]
impl Request {
    #[new]
    #[pyo3(
        signature = (*, method, headers, target, http_version = None),
        text_signature = "(*, method, headers, target, http_version=b'1.1')"
    )]
    fn new(
        py: Python<'_>,
        method: BytesArg,
        headers: Given,
        target: BytesArg,
        http_version: Option<BytesArg>,
    ) -> PyResult<PyClassInitializer<Self>> {
        let http_version = text(py, http_version, b"1.1");
        let lines = headers.0.get();
        let hosts = lines.iter().filter(|field| field.is("Host")).count();
        if hosts == 0 && bytes(&http_version) == b"1.1" {
            return Err(refused(py, "Missing mandatory Host: header", 400));
        }
        if hosts > 1 {
            return Err(refused(py, "Found multiple Host: headers", 400));
        }
        if !is_token(method.as_ref()) {
            return Err(refused(py, "Illegal method characters", 400));
        }
        let is_target =
            !target.as_ref().is_empty() && target.as_ref().iter().all(u8::is_ascii_graphic);
        if !is_target {
            return Err(refused(py, "Illegal target characters", 400));
        }
        let proposes =
            method.as_ref() == b"CONNECT" || lines.iter().any(|field| field.is("Upgrade"));
        let (method, target) = (method.bytes(py).into(), target.bytes(py).into());
        Ok(of(Self { method, headers: headers.0, target, http_version, proposes }))
    }

    fn __eq__(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        show(slf, &["method", "headers", "target", "http_version"])
    }
}

/// Defines a class of response heads; the classes differ in their statuses.
macro_rules! answer {
    ($(#[doc = $doc:literal])? $name:ident $from:literal..$to:literal) => {
        $(#[doc = $doc])?
        #[pyclass(frozen, get_all, extends = Event, module = "switchover._h11")]
        #[derive(Debug)]
        pub(crate) struct $name {
            pub(super) headers: Py<Headers>,
            pub(super) http_version: Py<PyBytes>,
            pub(super) reason: Py<PyBytes>,
            pub(super) status_code: u16,
        }

        impl $name {
            pub(super) fn received<'py>(
                py: Python<'py>,
                response: core::Response<'_>,
            ) -> PyResult<Bound<'py, PyAny>> {
                let event = Self {
                    headers: Py::new(py, Headers::received(&response.fields()))?,
                    http_version: version(py, response.minor_version()),
                    reason: InternedNames::open().get(py, response.reason()).into(),
                    status_code: response.status(),
                };
                object(py, event)
            }

            fn parts(&self) -> (&Headers, &[u8], &[u8], u16) {
                let (version, reason) = (bytes(&self.http_version), bytes(&self.reason));
                (self.headers.get(), version, reason, self.status_code)
            }
        }

        #[pymethods]
        impl $name {
            #[new]
            #[pyo3(
                signature = (*, headers, status_code, http_version = None, reason = None),
                text_signature = "(*, headers, status_code, http_version=b'1.1', reason=b'')"
            )]
            fn new(
                py: Python<'_>,
                headers: Given,
                status_code: Bound<'_, PyAny>,
                http_version: Option<BytesArg>,
                reason: Option<BytesArg>,
            ) -> PyResult<PyClassInitializer<Self>> {
                let status_code = status(&status_code, stringify!($name), $from, $to)?;
                let http_version = text(py, http_version, b"1.1");
                let reason = text(py, reason, b"");
                Ok(of(Self { headers: headers.0, http_version, reason, status_code }))
            }

            fn __eq__(&self, other: &Self) -> bool {
                self.parts() == other.parts()
            }

            fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
                show(slf, &["headers", "http_version", "reason", "status_code"])
            }
        }
    };
}

answer! {
    /// The head of an informational (1xx) response.
    InformationalResponse 100..200
}

answer! {
    /// The head of a final response.
    Response 200..1000
}

/// Converts a status, which must be an int in the range of its event class.
///
/// An `IntEnum` is accepted.
fn status(given: &Bound<'_, PyAny>, event: &str, from: u16, to: u16) -> PyResult<u16> {
    let py = given.py();
    if !given.is_instance_of::<PyInt>() {
        return Err(refused(py, "status code must be integer", 400));
    }
    let status = given.extract::<u16>().ok().filter(|status| (from..to).contains(status));
    status.ok_or_else(|| {
        refused(
            py,
            &format!("{event} status_code should be in range [{from}, {to}), not {given}"),
            400,
        )
    })
}

/// A piece of a message's content.
#[pyclass(frozen, get_all, extends = Event, module = "switchover._h11")]
#[derive(Debug)]
pub(crate) struct Data {
    pub(super) data: Py<PyAny>,
    chunk_start: bool,
    chunk_end: bool,
}

impl Data {
    pub(super) fn received<'py>(py: Python<'py>, data: &[u8]) -> PyResult<Bound<'py, PyAny>> {
        let event = Self {
            data: PyBytes::new(py, data).into_any().unbind(),
            chunk_start: false,
            chunk_end: false,
        };
        object(py, event)
    }
}

#[pymethods]
impl Data {
    #[new]
    #[pyo3(signature = (data, chunk_start = false, chunk_end = false))]
    fn new(data: Py<PyAny>, chunk_start: bool, chunk_end: bool) -> PyClassInitializer<Self> {
        of(Self { data, chunk_start, chunk_end })
    }

    fn __eq__(&self, py: Python<'_>, other: &Self) -> PyResult<bool> {
        let same_borders =
            (self.chunk_start, self.chunk_end) == (other.chunk_start, other.chunk_end);
        Ok(same_borders && self.data.bind(py).eq(&other.data)?)
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        show(slf, &["data", "chunk_start", "chunk_end"])
    }
}

/// The end of a message, with its trailers.
#[pyclass(frozen, get_all, extends = Event, module = "switchover._h11")]
#[derive(Debug)]
pub(crate) struct EndOfMessage {
    pub(super) headers: Py<Headers>,
}

impl EndOfMessage {
    pub(super) fn received<'py>(
        py: Python<'py>,
        trailers: &core::Fields<'_>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let event = Self { headers: Py::new(py, Headers::received(trailers))? };
        object(py, event)
    }
}

#[pymethods]
impl EndOfMessage {
    #[new]
    #[pyo3(signature = (*, headers = None), text_signature = "(*, headers=None)")]
    fn new(py: Python<'_>, headers: Option<Given>) -> PyResult<PyClassInitializer<Self>> {
        let headers =
            headers.map_or_else(|| Py::new(py, Headers::default()), |given| Ok(given.0))?;
        Ok(of(Self { headers }))
    }

    fn __eq__(&self, other: &Self) -> bool {
        self.headers.get() == other.headers.get()
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        show(slf, &["headers"])
    }
}

/// The event that a side, the client or the server, has closed its direction.
#[pyclass(frozen, extends = Event, module = "switchover._h11")]
#[derive(Debug)]
pub(crate) struct ConnectionClosed;

#[pymethods]
impl ConnectionClosed {
    #[new]
    fn new() -> PyClassInitializer<Self> {
        of(Self)
    }

    fn __eq__(&self, _other: &Self) -> bool {
        true
    }

    fn __hash__(&self) -> isize {
        0
    }

    fn __repr__(&self) -> &'static str {
        "ConnectionClosed()"
    }
}
