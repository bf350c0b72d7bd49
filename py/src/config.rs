//! The configuration of a connection: limits and flags by name.
//!
//! The names come from the engine's tables.

use std::sync::Arc;

use pyo3::exceptions::{PyAttributeError, PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict};
use pyo3::{IntoPyObjectExt, PyTypeInfo};

use switchover::{self as core};

/// The configuration of connections: limits, leniencies, flags.
///
/// Any number of connections may share one.
#[pyclass(frozen, eq, module = "switchover")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Config(pub(crate) Arc<core::Config>);

#[pymethods]
impl Config {
    #[new]
    #[pyo3(signature = (**options))]
    fn new(options: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let mut config = core::Config::default();
        for (name, value) in options.into_iter().flatten() {
            let name: String = name.extract()?;
            match (name.as_str(), core::Limits::largest(&name)) {
                (_, Some(largest)) => _ = config.limits.set(&name, bound(&name, &value, largest)?),
                (name, None) if config.set_flag(name, false) => {
                    _ = config.set_flag(name, flag(name, &value)?)
                }
                (name, None) if config.lenient.set(name, false) => {
                    _ = config.lenient.set(name, flag(name, &value)?)
                }
                _ => return Err(PyTypeError::new_err(format!("there is no option {name:?}"))),
            }
        }
        Ok(Self(Arc::new(config)))
    }

    fn __getattr__<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        let number = self.0.limits.table().find(|(known, _)| *known == name);
        if let Some((_, value)) = number {
            return value.into_bound_py_any(py);
        }
        let flag = self.flags().into_iter().find(|(known, _)| *known == name);
        match flag {
            Some((_, value)) => value.into_bound_py_any(py),
            None => Err(PyAttributeError::new_err(format!("there is no option {name:?}"))),
        }
    }

    fn __dir__(&self) -> Vec<&'static str> {
        let limits = self.0.limits.table().map(|(name, _)| name);
        limits.chain(self.flags().into_iter().map(|(name, _)| name)).collect()
    }

    /// Returns a text with the options that differ from the defaults.
    fn __repr__(&self) -> String {
        let limits = self.0.limits.table().zip(core::Limits::DEFAULT.table());
        let limits = limits
            .filter(|(ours, default)| ours != default)
            .map(|((name, value), _)| format!("{name}={value}"));
        let flags = self
            .flags()
            .into_iter()
            .filter(|(_, is_set)| *is_set)
            .map(|(name, _)| format!("{name}=True"));
        format!("Config({})", limits.chain(flags).collect::<Vec<_>>().join(", "))
    }

    fn __hash__(&self) -> u64 {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        (self.0.limits, self.flags()).hash(&mut hasher);
        hasher.finish()
    }
}

impl Config {
    fn flags(&self) -> Vec<(&'static str, bool)> {
        self.0.lenient.table().chain(self.0.flags()).collect()
    }
}

fn flag(name: &str, value: &Bound<'_, PyAny>) -> PyResult<bool> {
    value.extract().map_err(|_| refused::<PyTypeError>(name, "True or False", value))
}

/// Converts the value of a limit, which must be an int from 0 to `largest`.
fn bound(name: &str, value: &Bound<'_, PyAny>, largest: u64) -> PyResult<u64> {
    if value.is_instance_of::<PyBool>() {
        return Err(refused::<PyTypeError>(name, "a whole number", value));
    }
    match value.extract::<u64>() {
        Ok(bound) if bound <= largest => Ok(bound),
        Err(error) if !error.is_instance_of::<PyOverflowError>(value.py()) => {
            Err(refused::<PyTypeError>(name, "a whole number", value))
        }
        _ => Err(refused::<PyValueError>(
            name,
            &format!("a whole number from 0 to {largest}"),
            value,
        )),
    }
}

fn refused<E: PyTypeInfo>(name: &str, expected: &str, value: &Bound<'_, PyAny>) -> PyErr {
    let given = value.repr().map_or_else(|_| "something else".into(), |text| text.to_string());
    PyErr::new::<E, _>(format!("{name} is {expected}, got {given}"))
}
