//! Text arguments: `str`, `bytes` or `bytearray`.
//!
//! A `str` is encoded as latin-1, so each character is one byte.

use std::ops::Deref;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::pybacked::{PyBackedBytes, PyBackedStr};
use pyo3::types::{PyBytes, PyString};

/// The bytes of an argument, such as a name, value, target or reason phrase.
pub(crate) enum BytesArg {
    Bytes(PyBackedBytes),
    /// A `str` with ASCII characters only.
    Str(PyBackedStr),
    Owned(Vec<u8>),
}

impl AsRef<[u8]> for BytesArg {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Str(text) => text.as_bytes(),
            Self::Owned(bytes) => bytes,
        }
    }
}

impl Default for BytesArg {
    fn default() -> Self {
        Self::Owned(Vec::new())
    }
}

impl BytesArg {
    pub(crate) fn bytes<'py>(self, py: Python<'py>) -> Bound<'py, PyBytes> {
        match self {
            Self::Bytes(bytes) => {
                let Ok(bytes) = bytes.into_pyobject(py);
                bytes
            }
            Self::Str(_) | Self::Owned(_) => PyBytes::new(py, self.as_ref()),
        }
    }
}

impl FromPyObject<'_, '_> for BytesArg {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        if let Ok(text) = object.cast::<PyString>() {
            let utf8 = PyBackedStr::try_from(text.to_owned())?;
            if utf8.is_ascii() {
                return Ok(Self::Str(utf8));
            }
            // The codec's error names the character that does not fit.
            return Ok(Self::Owned(text.call_method1("encode", ("latin-1",))?.extract()?));
        }
        match object.extract::<PyBackedBytes>() {
            Ok(bytes) => Ok(Self::Bytes(bytes)),
            Err(_) => Err(wrong("str, bytes or bytearray", object)),
        }
    }
}

/// An argument for which the engine needs a `str`.
///
/// A `bytes` or non-ASCII `str` argument is converted, one character for each byte.
pub(crate) enum Text {
    Shared(PyBackedStr),
    Owned(String),
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Shared(text) => text,
            Self::Owned(text) => text,
        }
    }
}

impl FromPyObject<'_, '_> for Text {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        Ok(match object.extract()? {
            BytesArg::Str(text) => Self::Shared(text),
            bytes => Self::Owned(characters(bytes.as_ref())),
        })
    }
}

/// Returns a string with each byte as one character.
pub(crate) fn characters(bytes: &[u8]) -> String {
    match str::from_utf8(bytes) {
        Ok(ascii) if ascii.is_ascii() => ascii.into(),
        _ => bytes.iter().map(|&byte| char::from(byte)).collect(),
    }
}

/// Returns the TypeError for an argument of a wrong type.
pub(crate) fn wrong(expected: &str, object: Borrowed<'_, '_, PyAny>) -> PyErr {
    let got =
        object.get_type().name().map_or_else(|_| "something else".into(), |name| name.to_string());
    PyTypeError::new_err(format!("expected {expected}, got {got}"))
}
