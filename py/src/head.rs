//! The heads of messages, as Python objects that own their data.

use std::hash::Hash;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyString, PyTuple};

use switchover::binding::{EventKind, path_and_query, request_ends, request_line};
use switchover::{self as core, NoOffer, RequestHead};

use crate::enums::Member;
use crate::headers::Headers;
use crate::interned::InternedNames;
use crate::shared::{Shared, bytes, compare_parts};
use crate::text::{BytesArg, characters};
use crate::values::{Offer, Protocol, Tuple, fields, show};

compare_parts!(Request Response);

// The attributes of each class, in the order of its constructor's arguments.
const REQUEST: [&str; 7] =
    ["method", "target", "headers", "minor_version", "offers", "no_offer", "ends"];
const INFORMATIONAL: [&str; 4] = ["status", "headers", "reason", "minor_version"];
const RESPONSE: [&str; 6] =
    ["status", "headers", "reason", "minor_version", "dropped", "advertised"];

/// A request head (server).
///
/// Next: Data and EndOfMessage follow, and your code must send a response.
#[pyclass(frozen, eq, hash, get_all, module = "switchover")]
#[derive(Debug)]
pub(crate) struct Request {
    method: Py<PyBytes>,
    target: Py<PyBytes>,
    headers: Py<Headers>,
    minor_version: u8,
    offers: Tuple<Offer>,
    no_offer: Option<Member<NoOffer>>,
    ends: bool,
}

impl Request {
    pub(crate) fn of(py: Python<'_>, request: core::Request<'_>) -> PyResult<Self> {
        let (offers, no_offer) = match request.offers() {
            Ok(offers) => (offers.map(Offer::of).collect(), None),
            Err(reason) => (Vec::new(), Some(Member(reason))),
        };
        let (method, target) = request_line(&request);
        Ok(Self {
            method: InternedNames::open().get(py, method).into(),
            target: PyBytes::new(py, target).into(),
            headers: Py::new(py, Headers::received(&request.fields()))?,
            minor_version: request.minor_version(),
            offers: Tuple(offers),
            no_offer,
            ends: request_ends(&request),
        })
    }

    fn parts(&self) -> impl Eq + Hash {
        (
            bytes(&self.method),
            bytes(&self.target),
            self.headers.get(),
            self.minor_version,
            &self.offers,
            self.no_offer,
            self.ends,
        )
    }

    /// Returns the method and the target.
    pub(crate) fn line(&self) -> (&[u8], &[u8]) {
        (bytes(&self.method), bytes(&self.target))
    }

    pub(crate) fn minor(&self) -> u8 {
        self.minor_version
    }

    pub(crate) fn headers(&self) -> &Headers {
        self.headers.get()
    }

    pub(crate) fn offers_something(&self) -> bool {
        self.no_offer.is_none()
    }

    /// Calls `look` with this head as a `RequestHead`, the engine's type for sending.
    pub(crate) fn as_head<T>(&self, look: impl FnOnce(&RequestHead<'_>) -> T) -> T {
        let (method, target) = (characters(bytes(&self.method)), characters(bytes(&self.target)));
        look(&RequestHead::new(&method, &target, self.headers.get()))
    }
}

#[pymethods]
impl Request {
    #[new]
    #[expect(clippy::too_many_arguments, reason = "Python names them")]
    #[pyo3(
        signature = (
            method, target, headers = Headers::default(), minor_version = 1,
            offers = Tuple(Vec::new()), no_offer = None, ends = true
        ),
        text_signature = "(method, target, headers=(), minor_version=1, offers=(), no_offer=None, \
                          ends=True)"
    )]
    fn new(
        py: Python<'_>,
        method: BytesArg,
        target: BytesArg,
        headers: Headers,
        minor_version: u8,
        offers: Tuple<Offer>,
        no_offer: Option<Member<NoOffer>>,
        ends: bool,
    ) -> PyResult<Self> {
        let (method, target) = (method.bytes(py).into(), target.bytes(py).into());
        Ok(Self {
            method,
            target,
            headers: Py::new(py, headers)?,
            minor_version,
            offers,
            no_offer,
            ends,
        })
    }

    fn __getnewargs__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        fields(slf, &REQUEST)
    }

    /// Returns the path of the target as sent, without the query.
    ///
    /// `/` if an absolute target has none, empty in a CONNECT. RFC 9112, section 3.2.
    #[getter]
    fn path<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, path_and_query(bytes(&self.method), bytes(&self.target)).0)
    }

    /// Returns the query of the target as sent; empty if there is none.
    ///
    /// The part after the first question mark.
    #[getter]
    fn query<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(
            py,
            path_and_query(bytes(&self.method), bytes(&self.target)).1.unwrap_or_default(),
        )
    }

    /// Returns the HTTP version as text, such as `1.1`.
    #[getter]
    fn http_version<'py>(&self, py: Python<'py>) -> Bound<'py, PyString> {
        http_version(py, self.minor_version)
    }

    #[classattr]
    fn __match_args__() -> Tuple<&'static str> {
        Tuple(vec!["method", "target", "headers"])
    }

    #[classattr]
    fn kind() -> Member<EventKind> {
        Member(EventKind::Request)
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        show(slf, &REQUEST)
    }
}

/// Returns the HTTP version as text, such as `1.1`.
pub(crate) fn http_version(py: Python<'_>, minor_version: u8) -> Bound<'_, PyString> {
    match minor_version {
        1 => intern!(py, "1.1").clone(),
        minor => PyString::new(py, &format!("1.{minor}")),
    }
}

/// The head of an informational (1xx) response other than 101 (client).
///
/// A final response or a 101 is still to come.
#[pyclass(frozen, eq, hash, get_all, module = "switchover")]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Informational {
    status: u16,
    reason: PyBackedBytes,
    headers: Shared<Headers>,
    minor_version: u8,
}

impl Informational {
    pub(crate) fn of(py: Python<'_>, response: core::Response<'_>) -> PyResult<Self> {
        Ok(Self {
            status: response.status(),
            reason: InternedNames::open().get(py, response.reason()).into(),
            headers: Shared::new(py, Headers::received(&response.fields()))?,
            minor_version: response.minor_version(),
        })
    }
}

#[pymethods]
impl Informational {
    #[new]
    #[pyo3(
        signature = (
            status, headers = Headers::default(), reason = BytesArg::default(), minor_version = 1
        ),
        text_signature = "(status, headers=(), reason=b'', minor_version=1)"
    )]
    fn new(
        py: Python<'_>,
        status: u16,
        headers: Headers,
        reason: BytesArg,
        minor_version: u8,
    ) -> PyResult<Self> {
        Ok(Self {
            status,
            reason: reason.bytes(py).into(),
            headers: Shared::new(py, headers)?,
            minor_version,
        })
    }

    fn __getnewargs__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        fields(slf, &INFORMATIONAL)
    }

    #[classattr]
    fn __match_args__() -> Tuple<&'static str> {
        Tuple(vec!["status", "headers"])
    }

    #[classattr]
    fn kind() -> Member<EventKind> {
        Member(EventKind::Informational)
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        show(slf, &INFORMATIONAL)
    }
}

/// A final response head (client).
///
/// Next: Data and EndOfMessage follow.
#[pyclass(frozen, eq, hash, get_all, module = "switchover")]
#[derive(Debug)]
pub(crate) struct Response {
    status: u16,
    reason: Py<PyBytes>,
    headers: Py<Headers>,
    minor_version: u8,
    dropped: u8,
    advertised: Tuple<Protocol>,
}

impl Response {
    pub(crate) fn of(py: Python<'_>, response: core::Response<'_>) -> PyResult<Self> {
        Ok(Self {
            status: response.status(),
            reason: InternedNames::open().get(py, response.reason()).into(),
            headers: Py::new(py, Headers::received(&response.fields()))?,
            minor_version: response.minor_version(),
            dropped: response.dropped(),
            advertised: Protocol::all(response.advertised()),
        })
    }

    fn parts(&self) -> impl Eq + Hash {
        (
            self.status,
            bytes(&self.reason),
            self.headers.get(),
            self.minor_version,
            self.dropped,
            &self.advertised,
        )
    }
}

#[pymethods]
impl Response {
    #[new]
    #[pyo3(
        signature = (
            status, headers = Headers::default(), reason = BytesArg::default(), minor_version = 1,
            dropped = 0, advertised = Tuple(Vec::new())
        ),
        text_signature = "(status, headers=(), reason=b'', minor_version=1, dropped=0, \
                          advertised=())"
    )]
    fn new(
        py: Python<'_>,
        status: u16,
        headers: Headers,
        reason: BytesArg,
        minor_version: u8,
        dropped: u8,
        advertised: Tuple<Protocol>,
    ) -> PyResult<Self> {
        let (reason, headers) = (reason.bytes(py).into(), Py::new(py, headers)?);
        Ok(Self { status, reason, headers, minor_version, dropped, advertised })
    }

    fn __getnewargs__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        fields(slf, &RESPONSE)
    }

    #[classattr]
    fn __match_args__() -> Tuple<&'static str> {
        Tuple(vec!["status", "headers"])
    }

    #[classattr]
    fn kind() -> Member<EventKind> {
        Member(EventKind::Response)
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        show(slf, &RESPONSE)
    }
}
