//! Python enums made of the engine's enums, and of `H11State`.
//!
//! Member names are upper case, numbers are those of the enum's table. A value that is added to
//! the core therefore needs no line here.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;

use switchover::binding::{ContentKind, EventKind, Language, Spelled};
use switchover::bridge::OverHttp2;
use switchover::masque::CapsuleFault;
use switchover::state::{ClientVersion, Expect, Phase, Rx, Tx, UpgradeState};
use switchover::trace::TraceStep;
use switchover::{
    Awaiting, Blame, Closing, End, ErrorKind, Ineligible, NoOffer, Order, Owes, Paused, Role,
    SwitchedBy, Why,
};

use crate::stage::H11State;

/// A Rust enum that becomes an enum class in Python.
pub(crate) trait PyEnumTable: Copy + PartialEq + 'static {
    const CLASS: &'static str;
    const DOC: &'static str;
    /// The name of the Python base class, in the module `enum`.
    ///
    /// `IntEnum` if the numbers have a meaning of their own.
    const BASE: &'static str = "Enum";
    const ALL: &'static [Self];

    fn label(self) -> &'static str;

    /// Returns the index of the value in `ALL`.
    fn place(self) -> usize {
        Self::ALL.iter().position(|&other| other == self).unwrap_or_default()
    }

    /// Returns the value of the member in Python.
    fn number(self) -> usize {
        self.place()
    }

    /// Sets attributes of the Python member beside its label, such as its text.
    fn describe(self, _member: &Bound<'_, PyAny>) -> PyResult<()> {
        Ok(())
    }

    /// Returns the members of the Python class in the order of `ALL`.
    ///
    /// The class is created at the first call.
    fn members(py: Python<'_>) -> PyResult<&'static [Py<PyAny>]>;
}

fn make<T: PyEnumTable>(py: Python<'_>) -> PyResult<Vec<Py<PyAny>>> {
    let names: Vec<(String, usize)> =
        T::ALL.iter().map(|item| (member_name(item.label()), item.number())).collect();
    let options = PyDict::new(py);
    options.set_item("module", "switchover")?;
    let class = py.import("enum")?.getattr(T::BASE)?.call((T::CLASS, names), Some(&options))?;
    class.setattr("__doc__", T::DOC)?;
    let member = |item: &T| {
        let member = class.call1((item.number(),))?;
        member.setattr("label", item.label())?;
        item.describe(&member)?;
        Ok(member.unbind())
    };
    T::ALL.iter().map(member).collect()
}

/// Returns the Python name of a member: `HTTP_1_0` for `http-1.0`.
///
/// A name that begins with a digit is a version and gets a V: `1.0` becomes `V1_0`.
fn member_name(label: &str) -> String {
    let name = label.to_uppercase().replace(['-', '.'], "_");
    if name.starts_with(|first: char| first.is_ascii_digit()) { format!("V{name}") } else { name }
}

/// A value of a Rust enum, converted to a member of its Python enum and back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Member<T>(pub(crate) T);

impl<'py, T: PyEnumTable> IntoPyObject<'py> for Member<T> {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        Ok(T::members(py)?[self.0.place()].bind(py).clone())
    }
}

impl<'py, T: PyEnumTable> IntoPyObject<'py> for &Member<T> {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        (*self).into_pyobject(py)
    }
}

impl<'py, T: PyEnumTable> FromPyObject<'_, 'py> for Member<T> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let members = T::members(object.py())?;
        match members.iter().position(|member| member.is(&*object)) {
            Some(place) => Ok(Self(T::ALL[place])),
            None => Err(PyTypeError::new_err(format!(
                "expected a switchover.{}, got {}",
                T::CLASS,
                object.repr()?
            ))),
        }
    }
}

// A macro, because a trait cannot access the inherent `ALL` and `name` that a macro of the core
// defines.
macro_rules! listed {
    ($($type:ident $class:literal $doc:literal $({ $($more:tt)* })?)+) => {
        $(impl PyEnumTable for $type {
            const CLASS: &'static str = $class;
            const DOC: &'static str = $doc;
            const ALL: &'static [Self] = $type::ALL;

            fn label(self) -> &'static str {
                self.name()
            }

            fn members(py: Python<'_>) -> PyResult<&'static [Py<PyAny>]> {
                static MEMBERS: PyOnceLock<Vec<Py<PyAny>>> = PyOnceLock::new();
                MEMBERS.get_or_try_init(py, || make::<Self>(py)).map(Vec::as_slice)
            }

            $($($more)*)?
        })+

        /// Adds every enum class to the module.
        pub(crate) fn add_all(module: &Bound<'_, PyModule>) -> PyResult<()> {
            $(module.add($class, $type::members(module.py())?[0].bind(module.py()).get_type())?;)+
            Ok(())
        }
    };
}

listed! {
    Role "Role" "The role of the engine in a connection."
    Phase "Phase" "The progress of a message."
    Rx "Rx" "The state of the direction in which the peer sends."
    Tx "Tx" "The state of the direction in which we send."
    UpgradeState "UpgradeState" "The progress of the latest request's upgrade or CONNECT."
    Expect "Expect" "The client's `Expect: 100-continue`."
    ClientVersion "ClientVersion" "The version that the client of a server speaks."
    Awaiting "Awaiting" "The party that the connection is waiting for."
    Owes "Owes" "The next thing that the caller must send."
    Closing "Closing" "The way to close the transport."
    ContentKind "ContentKind" "The way in which the end of content is found."
    H11State "Stage" "The state of one side, with the names that h11 uses."
    Paused "PausedReason" "The reason why receiving does not go on without your code."
    EventKind "EventKind" "The kinds of event."
    SwitchedBy "SwitchedBy" "The message or bytes that made the peer's direction leave HTTP."
    End "End" "The way in which the peer's bytes ended."
    Order "Order" "The side whose order of preference counts when several protocols match."
    NoOffer "NoOffer" "The reason why a request offers nothing at all."
    TraceStep "TraceStep" "The kind of a trace entry."
    Blame "Blame" "The side that has to change something."
    Ineligible "Ineligible" "The reason why one protocol of an offer cannot be accepted." {
        fn describe(self, member: &Bound<'_, PyAny>) -> PyResult<()> {
            member.setattr("status", self.status())?;
            member.setattr("text", self.text())
        }
    }
    OverHttp2 "OverHttp2" "The reason why HTTP/2 does not allow a field or a status."
    CapsuleFault "CapsuleFault" "A fault that aborts a stream of capsules." {
        fn describe(self, member: &Bound<'_, PyAny>) -> PyResult<()> {
            member.setattr("text", self.text())
        }
    }
    Why "Why" "The reason why the latest request's upgrade did not happen." {
        fn describe(self, member: &Bound<'_, PyAny>) -> PyResult<()> {
            member.setattr("text", self.text())
        }
    }
    ErrorKind "ErrorKind" "The kinds of error, with their stable numbers." {
        const BASE: &'static str = "IntEnum";

        fn number(self) -> usize {
            usize::from(self.code())
        }

        fn describe(self, member: &Bound<'_, PyAny>) -> PyResult<()> {
            member.setattr("blame", Member(self.blame()))?;
            member.setattr("status", self.status())?;
            let spelled = |text| Spelled::new(text, Language::Python);
            member.setattr("text", spelled(self.text()).as_str())?;
            member.setattr("clause", self.clause())?;
            member.setattr("advice", spelled(self.advice()).as_str())
        }
    }
}
