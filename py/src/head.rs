//! The heads of messages, as values that own what they show.

use pyo3::prelude::*;

use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;

use switchover::binding::EventKind;
use switchover::{self as core, NoOffer, RequestHead};

use crate::headers::Headers;
use crate::listed::Member;
use crate::names::Names;
use crate::shared::Shared;
use crate::text::{Octets, characters};
use crate::view::{Offer, Protocol, Tuple, show};

/// A request head. Server; next come Data and EndOfMessage, and an answer is owed.
#[pyclass(frozen, eq, hash, get_all, module = "switchover")]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Request {
    method: PyBackedBytes,
    target: PyBackedBytes,
    headers: Shared<Headers>,
    minor_version: u8,
    offers: Tuple<Offer>,
    no_offer: Option<Member<NoOffer>>,
}

impl Request {
    pub(crate) fn of(py: Python<'_>, request: core::Request<'_>) -> PyResult<Self> {
        let (offers, no_offer) = match request.offers() {
            Ok(offers) => (offers.map(Offer::of).collect(), None),
            Err(reason) => (Vec::new(), Some(Member(reason))),
        };
        Ok(Self {
            method: Names::open().get(py, request.method().as_bytes()).into(),
            target: PyBytes::new(py, request.target().as_bytes()).into(),
            headers: Shared::new(py, Headers::received(&request.fields()))?,
            minor_version: request.minor_version(),
            offers: Tuple(offers),
            no_offer,
        })
    }

    pub(crate) fn offers_something(&self) -> bool {
        self.no_offer.is_none()
    }

    /// Shows it to `look` as a head that could be sent.
    pub(crate) fn as_head<T>(&self, look: impl FnOnce(&RequestHead<'_>) -> T) -> T {
        let (method, target) = (characters(&self.method), characters(&self.target));
        look(&RequestHead::new(&method, &target, self.headers.get()))
    }
}

#[pymethods]
impl Request {
    #[new]
    #[pyo3(
        signature = (method, target, headers = Headers::default(), minor_version = 1, offers = Tuple(Vec::new()),
                     no_offer = None),
        text_signature = "(method, target, headers=(), minor_version=1, offers=(), no_offer=None)"
    )]
    fn new(
        py: Python<'_>,
        method: Octets,
        target: Octets,
        headers: Headers,
        minor_version: u8,
        offers: Tuple<Offer>,
        no_offer: Option<Member<NoOffer>>,
    ) -> PyResult<Self> {
        let (method, target) = (method.bytes(py).into(), target.bytes(py).into());
        Ok(Self { method, target, headers: Shared::new(py, headers)?, minor_version, offers, no_offer })
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
        show(slf, &["method", "target", "headers", "minor_version", "offers", "no_offer"])
    }
}

/// A response head with a status of 1xx but 101. Client; the final response is still to come.
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
            reason: Names::open().get(py, response.reason()).into(),
            headers: Shared::new(py, Headers::received(&response.fields()))?,
            minor_version: response.minor_version(),
        })
    }
}

#[pymethods]
impl Informational {
    #[new]
    #[pyo3(
        signature = (status, headers = Headers::default(), reason = Octets::default(), minor_version = 1),
        text_signature = "(status, headers=(), reason=b'', minor_version=1)"
    )]
    fn new(py: Python<'_>, status: u16, headers: Headers, reason: Octets, minor_version: u8) -> PyResult<Self> {
        Ok(Self { status, reason: reason.bytes(py).into(), headers: Shared::new(py, headers)?, minor_version })
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
        show(slf, &["status", "reason", "headers", "minor_version"])
    }
}

/// A final response head. Client; next come Data and EndOfMessage.
#[pyclass(frozen, eq, hash, get_all, module = "switchover")]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Response {
    status: u16,
    reason: PyBackedBytes,
    headers: Shared<Headers>,
    minor_version: u8,
    dropped: u8,
    advertised: Tuple<Protocol>,
}

impl Response {
    pub(crate) fn of(py: Python<'_>, response: core::Response<'_>) -> PyResult<Self> {
        Ok(Self {
            status: response.status(),
            reason: Names::open().get(py, response.reason()).into(),
            headers: Shared::new(py, Headers::received(&response.fields()))?,
            minor_version: response.minor_version(),
            dropped: response.dropped(),
            advertised: Protocol::all(response.advertised()),
        })
    }
}

#[pymethods]
impl Response {
    #[new]
    #[pyo3(
        signature = (status, headers = Headers::default(), reason = Octets::default(), minor_version = 1, dropped = 0,
                     advertised = Tuple(Vec::new())),
        text_signature = "(status, headers=(), reason=b'', minor_version=1, dropped=0, advertised=())"
    )]
    fn new(
        py: Python<'_>,
        status: u16,
        headers: Headers,
        reason: Octets,
        minor_version: u8,
        dropped: u8,
        advertised: Tuple<Protocol>,
    ) -> PyResult<Self> {
        let (reason, headers) = (reason.bytes(py).into(), Shared::new(py, headers)?);
        Ok(Self { status, reason, headers, minor_version, dropped, advertised })
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
        show(slf, &["status", "reason", "headers", "minor_version", "dropped", "advertised"])
    }
}
