//! Small values that a connection returns, such as offers, the state and the trace.

use std::fmt;
use std::hash::{Hash, Hasher};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PySequence, PyTuple};

use switchover::binding::ContentKind;
use switchover::state::{ClientVersion, Expect, Phase, Rx, Tx, UpgradeState};
use switchover::trace::TraceStep;
use switchover::{self as core, Ineligible};

use crate::enums::Member;
use crate::text::Text;

/// A list that becomes a tuple in Python; any sequence is accepted as an argument.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Tuple<T>(pub(crate) Vec<T>);

impl<'py, T: Clone + IntoPyObject<'py>> IntoPyObject<'py> for &Tuple<T> {
    type Target = PyTuple;
    type Output = Bound<'py, PyTuple>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        PyTuple::new(py, self.0.iter().cloned())
    }
}

impl<'py, T: Clone + IntoPyObject<'py>> IntoPyObject<'py> for Tuple<T> {
    type Target = PyTuple;
    type Output = Bound<'py, PyTuple>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        (&self).into_pyobject(py)
    }
}

impl<'py, T: for<'a> FromPyObject<'a, 'py>> FromPyObject<'_, 'py> for Tuple<T> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let sequence = object.cast::<PySequence>()?;
        let items = sequence.try_iter()?.map(|item| item?.extract::<T>().map_err(Into::into));
        items.collect::<PyResult<_>>().map(Self)
    }
}

/// Returns the text for `repr`: `Name(field=value, ...)` with these attributes.
pub(crate) fn show<T>(object: &Bound<'_, T>, fields: &[&str]) -> PyResult<String> {
    let object = object.as_any();
    let field = |name: &&str| Ok(format!("{name}={}", object.getattr(*name)?.repr()?));
    let fields: Vec<String> = fields.iter().map(field).collect::<PyResult<_>>()?;
    Ok(format!("{}({})", object.get_type().name()?, fields.join(", ")))
}

/// Returns the values of these attributes, which the class's constructor takes.
///
/// For `copy` and `pickle`.
pub(crate) fn fields<'py, T>(
    object: &Bound<'py, T>,
    fields: &[&str],
) -> PyResult<Bound<'py, PyTuple>> {
    let values: Vec<_> =
        fields.iter().map(|name| object.as_any().getattr(*name)).collect::<PyResult<_>>()?;
    PyTuple::new(object.py(), values)
}

/// A protocol name with an optional version.
///
/// Names are compared without regard to case, versions exactly.
#[pyclass(frozen, eq, hash, str, get_all, from_py_object, module = "switchover")]
#[derive(Clone, Debug)]
pub(crate) struct Protocol {
    name: String,
    version: Option<String>,
}

impl Protocol {
    pub(crate) fn of(protocol: core::Protocol<'_>) -> Self {
        Self { name: protocol.name.into(), version: protocol.version.map(Into::into) }
    }

    pub(crate) fn all<'a>(protocols: impl Iterator<Item = core::Protocol<'a>>) -> Tuple<Self> {
        Tuple(protocols.map(Self::of).collect())
    }

    fn view(&self) -> core::Protocol<'_> {
        core::Protocol { name: &self.name, version: self.version.as_deref() }
    }
}

impl PartialEq for Protocol {
    fn eq(&self, other: &Self) -> bool {
        self.view().same_as(&other.view())
    }
}

impl Eq for Protocol {}

impl Hash for Protocol {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        (self.name.to_ascii_lowercase(), &self.version).hash(hasher);
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.view().fmt(f)
    }
}

#[pymethods]
impl Protocol {
    // No `__match_args__`: a pattern would compare the case of the name, and not match where
    // `==` is true.

    #[new]
    fn new(text: Text) -> PyResult<Self> {
        let protocol = core::Protocol::parse(text.as_bytes()).map(Self::of);
        protocol.ok_or_else(|| PyValueError::new_err(format!("{:?} is no protocol name", &*text)))
    }

    fn __getnewargs__(&self) -> (String,) {
        (self.to_string(),)
    }

    fn __repr__(&self) -> String {
        format!("Protocol('{self}')")
    }
}

/// One protocol of an offer; `ineligible` is the reason why it cannot be accepted.
#[pyclass(frozen, eq, hash, get_all, from_py_object, module = "switchover")]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Offer {
    protocol: Protocol,
    ineligible: Option<Member<Ineligible>>,
}

impl Offer {
    pub(crate) fn of(offer: core::Offer<'_>) -> Self {
        Self { protocol: Protocol::of(offer.protocol), ineligible: offer.ineligible.map(Member) }
    }
}

#[pymethods]
impl Offer {
    #[classattr]
    fn __match_args__() -> Tuple<&'static str> {
        Tuple(vec!["protocol", "ineligible"])
    }

    #[new]
    #[pyo3(signature = (protocol, ineligible = None))]
    fn new(protocol: Protocol, ineligible: Option<Member<Ineligible>>) -> Self {
        Self { protocol, ineligible }
    }

    fn __getnewargs__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        fields(slf, &["protocol", "ineligible"])
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        show(slf, &["protocol", "ineligible"])
    }
}

/// A protocol that `select` chose from the offer of one request, for `accept`.
#[pyclass(frozen, eq, hash, module = "switchover")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Selection(pub(crate) core::Selection);

#[pymethods]
impl Selection {
    /// Returns the index of the chosen protocol in the preferences passed to `select`.
    #[getter]
    fn preference(&self) -> usize {
        self.0.preference()
    }

    /// Returns this selection as one to accept before the request is complete.
    ///
    /// Next: accept.
    fn early(&self) -> Self {
        Self(self.0.early())
    }

    fn __repr__(&self) -> String {
        format!("<switchover.Selection preference={}>", self.0.preference())
    }
}

/// The content of a received message that is still to come: its framing and length.
#[pyclass(frozen, eq, hash, get_all, module = "switchover")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Content {
    kind: Member<ContentKind>,
    length: u64,
}

impl Content {
    pub(crate) fn of(content: core::Content) -> Self {
        let (kind, length) = core::binding::content_kind(content);
        Self { kind: Member(kind), length }
    }
}

#[pymethods]
impl Content {
    #[classattr]
    fn __match_args__() -> Tuple<&'static str> {
        Tuple(vec!["kind", "length"])
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        show(slf, &["kind", "length"])
    }
}

/// One entry of a connection's trace, a log of messages and calls.
#[pyclass(frozen, eq, hash, get_all, module = "switchover")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Trace {
    step: Member<TraceStep>,
    number: u32,
    offset: u64,
}

impl Trace {
    pub(crate) fn of(entry: core::trace::Trace) -> Self {
        Self { step: Member(entry.step), number: entry.number, offset: entry.offset }
    }
}

#[pymethods]
impl Trace {
    #[classattr]
    fn __match_args__() -> Tuple<&'static str> {
        Tuple(vec!["step", "number", "offset"])
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        show(slf, &["step", "number", "offset"])
    }
}

/// The state of the connection's state machine.
#[pyclass(frozen, eq, hash, get_all, module = "switchover")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    request: Member<Phase>,
    response: Member<Phase>,
    rx: Member<Rx>,
    tx: Member<Tx>,
    upgrade: Member<UpgradeState>,
    expect: Member<Expect>,
    persist: bool,
    client_version: Member<ClientVersion>,
    pipelined: u8,
}

impl State {
    pub(crate) fn of(state: core::state::State) -> Self {
        let core::state::State {
            request,
            response,
            rx,
            tx,
            upgrade,
            expect,
            persist,
            client_version,
            pipelined,
        } = state;
        Self {
            request: Member(request),
            response: Member(response),
            rx: Member(rx),
            tx: Member(tx),
            upgrade: Member(upgrade),
            expect: Member(expect),
            persist,
            client_version: Member(client_version),
            pipelined,
        }
    }
}

#[pymethods]
impl State {
    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        show(
            slf,
            &[
                "request",
                "response",
                "rx",
                "tx",
                "upgrade",
                "expect",
                "persist",
                "client_version",
                "pipelined",
            ],
        )
    }
}
