//! Python objects that are attributes of other objects.
//!
//! Each access returns the same object, without a copy.

use std::convert::Infallible;
use std::hash::{Hash, Hasher};

use pyo3::PyClass;
use pyo3::prelude::*;
use pyo3::pyclass::boolean_struct::True;
use pyo3::types::PyBytes;

/// Implements comparison and hash of a class by its method `parts`.
///
/// A class with a field of type `Py` cannot derive them. Python reads such a field without a call,
/// which pays off for attributes that are read for every message.
macro_rules! compare_parts {
    ($($class:ty)+) => {
        $(
            impl PartialEq for $class {
                fn eq(&self, other: &Self) -> bool {
                    self.parts() == other.parts()
                }
            }

            impl Eq for $class {}

            impl ::std::hash::Hash for $class {
                fn hash<H: ::std::hash::Hasher>(&self, hasher: &mut H) {
                    self.parts().hash(hasher);
                }
            }
        )+
    };
}

pub(crate) use compare_parts;

/// Returns the contents of a Python `bytes` object.
pub(crate) fn bytes(bytes: &Py<PyBytes>) -> &[u8] {
    Python::attach(|py| bytes.as_bytes(py))
}

/// A reference to a frozen object of this module's classes, compared by value.
#[derive(Debug)]
pub(crate) struct Shared<T>(pub(crate) Py<T>);

impl<T: PyClass<Frozen = True> + Sync> Shared<T> {
    pub(crate) fn new(py: Python<'_>, value: impl Into<PyClassInitializer<T>>) -> PyResult<Self> {
        Py::new(py, value).map(Self)
    }

    pub(crate) fn get(&self) -> &T {
        self.0.get()
    }
}

impl<T: PyClass<Frozen = True> + Sync + PartialEq> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl<T: PyClass<Frozen = True> + Sync + Eq> Eq for Shared<T> {}

impl<T: PyClass<Frozen = True> + Sync + Hash> Hash for Shared<T> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.get().hash(hasher);
    }
}

impl<'py, T> IntoPyObject<'py> for &Shared<T> {
    type Target = T;
    type Output = Bound<'py, T>;
    type Error = Infallible;

    fn into_pyobject(self, py: Python<'py>) -> Result<Self::Output, Infallible> {
        Ok(self.0.bind(py).clone())
    }
}

impl<T: PyClass> FromPyObject<'_, '_> for Shared<T> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        Ok(Self(object.cast::<T>()?.to_owned().unbind()))
    }
}
