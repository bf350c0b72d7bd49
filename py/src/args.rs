//! Conversion of Python arguments: statuses, protocols, field lines and data.
//!
//! Data is any object with a buffer of bytes.

use std::borrow::Cow;

use pyo3::buffer::PyBuffer;
use pyo3::exceptions::{PyOverflowError, PyUnicodeEncodeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyMapping, PyString, PyTuple};

use switchover::{Field, FieldSource};

use crate::headers::Headers;
use crate::shared::Shared;
use crate::text::{BytesArg, Text, characters, wrong};
use crate::values::Protocol;

/// A status argument: an `int` as the engine's `u16`.
///
/// An `int` that does not fit becomes 65535, which the engine rejects as an invalid status.
pub(crate) struct Status(pub(crate) u16);

impl FromPyObject<'_, '_> for Status {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        match object.extract::<u16>() {
            Err(error) if error.is_instance_of::<PyOverflowError>(object.py()) => {
                Ok(Self(u16::MAX))
            }
            status => status.map(Self),
        }
    }
}

/// A protocol argument: `str`, `bytes`, `bytearray` or a `Protocol`.
pub(crate) struct ProtocolText(pub(crate) Text);

impl FromPyObject<'_, '_> for ProtocolText {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        Ok(Self(match object.cast::<Protocol>() {
            Ok(protocol) => Text::Owned(protocol.get().to_string()),
            Err(_) => object.extract()?,
        }))
    }
}

/// An argument of several protocols; a single `str` or `bytes` is rejected.
#[derive(Default)]
pub(crate) struct ProtocolList(Vec<ProtocolText>);

impl ProtocolList {
    pub(crate) fn refs(&self) -> Vec<&str> {
        self.0.iter().map(|text| &*text.0).collect()
    }
}

impl FromPyObject<'_, '_> for ProtocolList {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        if let Ok(list) = object.cast_exact::<PyList>() {
            return list.iter().map(|entry| entry.extract()).collect::<PyResult<_>>().map(Self);
        }
        // A single `str` or `bytes` would be iterated by its elements, which is never intended.
        if object.is_instance_of::<PyString>() || object.is_instance_of::<PyBytes>() {
            return Err(wrong("a list of protocols", object));
        }
        object.try_iter()?.map(|entry| entry?.extract()).collect::<PyResult<_>>().map(Self)
    }
}

/// Field lines: a `Headers`, a mapping, or pairs of name and value.
///
/// The pairs may come from any iterable.
pub(crate) enum FieldLines {
    Received(Shared<Headers>),
    Copied(Copied),
}

/// Copied field lines in one allocation.
///
/// Each line is the length of its name, the length of its value, the name and the value.
#[derive(Default)]
pub(crate) struct Copied(Vec<u8>);

impl Copied {
    fn push(&mut self, name: &[u8], value: &[u8]) {
        self.0.extend_from_slice([name.len(), value.len()].map(usize::to_ne_bytes).as_flattened());
        self.0.extend_from_slice(name);
        self.0.extend_from_slice(value);
    }
}

impl FieldSource for Copied {
    fn each<'s>(&'s self, each: &mut dyn FnMut(Field<'s>)) {
        let mut rest = &*self.0;
        while let Some((name_len, after)) = rest.split_first_chunk()
            && let Some((value_len, after)) = after.split_first_chunk()
            && let Some((name, after)) = after.split_at_checked(usize::from_ne_bytes(*name_len))
            && let Some((value, after)) = after.split_at_checked(usize::from_ne_bytes(*value_len))
        {
            each(Field { name, value });
            rest = after;
        }
    }
}

impl FieldSource for FieldLines {
    fn each<'s>(&'s self, each: &mut dyn FnMut(Field<'s>)) {
        match self {
            Self::Received(headers) => headers.get().each(each),
            Self::Copied(lines) => lines.each(each),
        }
    }
}

impl Default for FieldLines {
    fn default() -> Self {
        Self::Copied(Copied::default())
    }
}

impl FromPyObject<'_, '_> for FieldLines {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        // Common types first, because checking whether an object is a mapping is slow.
        if let Ok(list) = object.cast_exact::<PyList>() {
            return copy(list.iter().map(Ok));
        }
        if let Ok(tuple) = object.cast_exact::<PyTuple>() {
            return copy(tuple.iter_borrowed().map(|line| Ok(line.to_owned())));
        }
        if let Ok(headers) = object.cast::<Headers>() {
            return Ok(Self::Received(Shared(headers.to_owned().unbind())));
        }
        let is_plain = object.is_instance_of::<PyList>() || object.is_instance_of::<PyTuple>();
        match object.cast::<PyMapping>() {
            Ok(mapping) if !is_plain => copy(mapping.items()?.iter().map(Ok)),
            _ => copy(object.try_iter()?),
        }
    }
}

impl FromPyObject<'_, '_> for Headers {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        Ok(match object.extract::<FieldLines>()? {
            FieldLines::Received(headers) => Self::of(headers.get()),
            FieldLines::Copied(lines) => Self::of(&lines),
        })
    }
}

fn copy<'py>(lines: impl Iterator<Item = PyResult<Bound<'py, PyAny>>>) -> PyResult<FieldLines> {
    let mut copied = Copied(Vec::with_capacity(64 * lines.size_hint().0));
    for (index, line) in lines.enumerate() {
        let line = line?;
        if let Ok(pair) = line.cast_exact::<PyTuple>()
            && pair.len() == 2
            && let (Ok(name), Ok(value)) = (pair.get_borrowed_item(0), pair.get_borrowed_item(1))
            && let (Ok(name), Ok(value)) =
                (name.cast_exact::<PyBytes>(), value.cast_exact::<PyBytes>())
        {
            copied.push(name.as_bytes(), value.as_bytes());
        } else {
            let pair = match line.cast::<PyList>() {
                Ok(pair) => pair.to_tuple().extract(),
                Err(_) => line.extract(),
            };
            let (name, value): (BytesArg, BytesArg) =
                pair.map_err(|error| in_line(&line, index + 1, error))?;
            copied.push(name.as_ref(), value.as_ref());
        }
    }
    Ok(FieldLines::Copied(copied))
}

/// Returns the error with the number and name of the field line, but not its value.
///
/// The value may be a secret.
#[cold]
fn in_line(line: &Bound<'_, PyAny>, number: usize, error: PyErr) -> PyErr {
    let py = line.py();
    let is_pair = line.is_instance_of::<PyTuple>() || line.is_instance_of::<PyList>();
    let name =
        line.get_item(0).ok().filter(|_| is_pair).and_then(|name| name.extract::<BytesArg>().ok());
    let (place, part) = match &name {
        Some(name) => (format!("field line {number} ({:?})", characters(name.as_ref())), "value"),
        None => (format!("field line {number}"), "name"),
    };
    if error.is_instance_of::<PyUnicodeEncodeError>(py) {
        let text =
            format!("{place}: the {part} holds a character above U+00FF, for which no byte stands");
        return PyValueError::new_err(text);
    }
    PyErr::from_type(error.get_type(py), format!("{place}: {}", error.value(py)))
}

/// The data of one argument: `bytes`, which are not copied, or another buffer.
pub(crate) enum Chunk<'a, 'py> {
    Bytes(Borrowed<'a, 'py, PyBytes>),
    Buffer(PyBuffer<u8>),
}

impl Chunk<'_, '_> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.as_bytes().len(),
            Self::Buffer(buffer) => buffer.item_count(),
        }
    }

    /// Returns the bytes of the argument; from a buffer other than `bytes` it copies.
    pub(crate) fn bytes(&self, py: Python<'_>) -> PyResult<Cow<'_, [u8]>> {
        match self {
            Self::Bytes(bytes) => Ok(Cow::Borrowed(bytes.as_bytes())),
            Self::Buffer(buffer) => buffer.to_vec(py).map(Cow::Owned),
        }
    }

    /// Copies the argument's bytes to `space`, which must have the length `len`.
    pub(crate) fn copy_to(&self, py: Python<'_>, space: &mut [u8]) -> PyResult<()> {
        match self {
            Self::Bytes(bytes) => space.copy_from_slice(bytes.as_bytes()),
            Self::Buffer(buffer) => buffer.copy_to_slice(py, space)?,
        }
        Ok(())
    }
}

impl<'a, 'py> FromPyObject<'a, 'py> for Chunk<'a, 'py> {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(bytes) = object.cast::<PyBytes>() {
            return Ok(Self::Bytes(bytes));
        }
        match PyBuffer::get(&object) {
            Ok(buffer) => Ok(Self::Buffer(buffer)),
            // For a released memoryview, Python's own error is clearer.
            Err(error) if error.is_instance_of::<PyValueError>(object.py()) => Err(error),
            Err(_) => Err(wrong("bytes, bytearray or a memoryview of bytes", object)),
        }
    }
}
