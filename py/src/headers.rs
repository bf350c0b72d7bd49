//! Field lines as a sequence that creates Python tuples only on access.

use std::hash::{Hash, Hasher};
use std::ops::Range;

use pyo3::IntoPyObjectExt;
use pyo3::exceptions::{PyIndexError, PyKeyError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyList, PyString, PyTuple};

use switchover::binding::{LengthUnifier, spans};
use switchover::{Field, FieldSource, Fields};

use crate::interned::InternedNames;
use crate::text::BytesArg;

/// Returns field lines for ASGI: names in lower case, equal Content-Lengths as one.
pub(crate) fn asgi_lines<'a, 'py>(
    py: Python<'py>,
    fields: impl Iterator<Item = Field<'a>>,
) -> PyResult<Bound<'py, PyList>> {
    let mut names = InternedNames::open();
    let mut lengths = LengthUnifier::default();
    let lines = fields
        .filter_map(|field| lengths.unify(field))
        .map(|field| (names.get_lower(py, field.name), PyBytes::new(py, field.value)));
    PyList::new(py, lines)
}

/// The field lines of a message: a sequence of (name, value) in bytes.
///
/// In the sender's order, and in the letter case in which it sent the names.
#[pyclass(frozen, sequence, module = "switchover")]
#[derive(Debug, Default)]
pub(crate) struct Headers {
    /// The names and values, followed by the `Places` of each line, in one allocation.
    ///
    /// There may be unused bytes between names and values.
    bytes: Vec<u8>,
    /// The offset in `bytes` of the first `Places`.
    places: usize,
}

/// The offsets of one field line in `bytes`: start and end of its name and value.
type Places = [[u8; size_of::<usize>()]; 4];

impl Headers {
    /// Copies the received field lines as one piece of memory.
    pub(crate) fn received(fields: &Fields<'_>) -> Self {
        let (bytes, spans) = spans(fields);
        let mut headers = Self::with_capacity(bytes.len(), fields.len());
        headers.bytes.extend_from_slice(bytes);
        spans.for_each(|span| headers.push(span.map(|at| at as usize)));
        headers
    }

    pub(crate) fn of(source: &(impl FieldSource + ?Sized)) -> Self {
        // Counted first, so that one allocation is enough.
        let (mut lines, mut len) = (0, 0);
        source.each(&mut |field| {
            lines += 1;
            len += field.name.len() + field.value.len();
        });
        let mut headers = Self::with_capacity(len, lines);
        source.each(&mut |field| {
            headers.bytes.extend_from_slice(field.name);
            headers.bytes.extend_from_slice(field.value);
        });
        let mut start = 0;
        source.each(&mut |field| {
            let name_end = start + field.name.len();
            let end = name_end + field.value.len();
            headers.push([start, name_end, name_end, end]);
            start = end;
        });
        headers
    }

    /// Reserves memory for names and values, and for the `Places` of the lines.
    ///
    /// `bytes` is the total length of names and values, and of unused bytes between them.
    fn with_capacity(bytes: usize, lines: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes + lines * size_of::<Places>()), places: bytes }
    }

    #[inline]
    fn push(&mut self, places: [usize; 4]) {
        let places: Places = places.map(usize::to_ne_bytes);
        self.bytes.extend_from_slice(places.as_flattened());
    }

    fn places(&self) -> &[Places] {
        self.bytes.get(self.places..).unwrap_or_default().as_chunks().0.as_chunks().0
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = Field<'_>> {
        self.places().iter().map(|places| self.view(places))
    }

    /// Returns the values of all lines with that name, compared without regard to case.
    fn all(&self, name: &BytesArg) -> impl Iterator<Item = &[u8]> {
        self.iter()
            .filter(|field| field.name.eq_ignore_ascii_case(name.as_ref()))
            .map(|field| field.value)
    }

    fn line(&self, index: usize) -> Option<Field<'_>> {
        self.places().get(index).map(|places| self.view(places))
    }

    #[inline]
    fn view(&self, places: &Places) -> Field<'_> {
        let [name, name_end, value, value_end] = places.map(usize::from_ne_bytes);
        let part = |place| self.bytes.get::<Range<usize>>(place).unwrap_or_default();
        Field { name: part(name..name_end), value: part(value..value_end) }
    }

    fn len(&self) -> usize {
        self.places().len()
    }

    /// Returns the text for `repr`, with secret values hidden.
    pub(crate) fn shown(&self, py: Python<'_>, in_lower_case: bool) -> PyResult<String> {
        let mut lines = Vec::new();
        for field in self.iter() {
            let mut names = InternedNames::open();
            let name = if in_lower_case {
                names.get_lower(py, field.name)
            } else {
                names.get(py, field.name)
            };
            let name = name.repr()?;
            let value = if field.is_secret() {
                "<hidden>".into()
            } else {
                PyBytes::new(py, field.value).repr()?.to_string()
            };
            lines.push(format!("({name}, {value})"));
        }
        Ok(format!("Headers([{}])", lines.join(", ")))
    }

    fn list<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let mut names = InternedNames::open();
        PyList::new(
            py,
            self.iter().map(|field| (names.get(py, field.name), PyBytes::new(py, field.value))),
        )
    }
}

/// Returns the field name if the key is `str`, `bytes` or `bytearray`, else `None`.
fn name(key: &Bound<'_, PyAny>) -> PyResult<Option<BytesArg>> {
    let is_text = key.is_instance_of::<PyString>() || key.is_instance_of::<PyBytes>();
    if is_text || key.is_instance_of::<PyByteArray>() { key.extract().map(Some) } else { Ok(None) }
}

/// Returns the argument, a field line to search for, if it is not a bare name.
///
/// A bare name raises a TypeError, as no line equals it.
fn line(given: Bound<'_, PyAny>) -> PyResult<Bound<'_, PyAny>> {
    match name(&given)? {
        Some(_) => Err(PyTypeError::new_err(
            "a line is a pair of name and value; get_all gives the values of a name",
        )),
        None => Ok(given),
    }
}

fn pair<'py>(py: Python<'py>, field: Field<'_>) -> (Bound<'py, PyBytes>, Bound<'py, PyBytes>) {
    (PyBytes::new(py, field.name), PyBytes::new(py, field.value))
}

// Compared by lines: unused bytes between them do not count.

impl PartialEq for Headers {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Headers {}

impl Hash for Headers {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.iter().for_each(|field| field.hash(hasher));
    }
}

impl FieldSource for Headers {
    fn each<'s>(&'s self, each: &mut dyn FnMut(Field<'s>)) {
        self.iter().for_each(each);
    }
}

#[pymethods]
impl Headers {
    #[new]
    #[pyo3(signature = (lines = Headers::default()), text_signature = "(lines=())")]
    fn new(lines: Headers) -> Self {
        lines
    }

    fn __len__(&self) -> usize {
        self.len()
    }

    fn __getitem__<'py>(
        &self,
        py: Python<'py>,
        index: Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let Ok(index) = index.extract::<isize>() else {
            let Some(name) = name(&index)? else {
                // Slices; and a list raises the right error for any other type.
                return self.list(py)?.into_any().get_item(index);
            };
            let value = self.all(&name).next().map(|value| PyBytes::new(py, value).into_any());
            return value.ok_or_else(|| PyKeyError::new_err(index.unbind()));
        };
        let index = if index < 0 { index + self.len() as isize } else { index };
        let line = usize::try_from(index).ok().and_then(|index| self.line(index));
        line.map(|field| pair(py, field))
            .ok_or(PyIndexError::new_err("header index out of range"))?
            .into_bound_py_any(py)
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(self.list(py)?.try_iter()?.into_any())
    }

    fn __contains__(&self, py: Python<'_>, line: Bound<'_, PyAny>) -> PyResult<bool> {
        match name(&line)? {
            Some(name) => Ok(self.all(&name).next().is_some()),
            None => self.list(py)?.as_sequence().contains(line),
        }
    }

    fn __eq__<'py>(
        &self,
        py: Python<'py>,
        other: Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if let Ok(other) = other.cast::<Self>() {
            return (self == other.get()).into_bound_py_any(py);
        }
        if other.is_instance_of::<PyList>() {
            return self.list(py)?.eq(other)?.into_bound_py_any(py);
        }
        if other.is_instance_of::<PyTuple>() {
            return self.list(py)?.to_tuple().eq(other)?.into_bound_py_any(py);
        }
        Ok(py.NotImplemented().into_bound(py))
    }

    /// Returns the hash of the tuple of lines.
    ///
    /// Headers compare equal to a tuple of the same lines, so the hashes must be equal too.
    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        self.list(py)?.to_tuple().hash()
    }

    fn __getnewargs__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyList>,)> {
        Ok((self.list(py)?,))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        self.shown(py, false)
    }

    /// Returns all lines as a list of pairs (name, value).
    pub(crate) fn lines<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        self.list(py)
    }

    /// Returns the lines for ASGI: names in lower case, equal Content-Lengths as one.
    pub(crate) fn lower<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        asgi_lines(py, self.iter())
    }

    /// Returns one list that alternates names and values.
    fn flat<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let mut names = InternedNames::open();
        let parts = (0..2 * self.len()).map(|part| match self.line(part / 2) {
            Some(field) if part % 2 == 0 => names.get(py, field.name),
            field => PyBytes::new(py, field.map_or(b"", |field| field.value)),
        });
        PyList::new(py, parts)
    }

    /// Returns the first value of that name in any case, or `default`.
    #[pyo3(signature = (name, default = None))]
    fn get<'py>(
        &self,
        py: Python<'py>,
        name: BytesArg,
        default: Option<Bound<'py, PyAny>>,
    ) -> Option<Bound<'py, PyAny>> {
        self.all(&name).next().map(|value| PyBytes::new(py, value).into_any()).or(default)
    }

    /// Returns every value of that name in any case, in order.
    fn get_all<'py>(&self, py: Python<'py>, name: BytesArg) -> Vec<Bound<'py, PyBytes>> {
        self.all(&name).map(|value| PyBytes::new(py, value)).collect()
    }

    /// Returns the number of lines equal to `line`, a pair of name and value in bytes.
    fn count(&self, py: Python<'_>, line: Bound<'_, PyAny>) -> PyResult<usize> {
        self.list(py)?.as_sequence().count(self::line(line)?)
    }

    /// Returns the index of the first line equal to `line`; ValueError without one.
    #[pyo3(
        signature = (line, start = 0, stop = isize::MAX),
        text_signature = "($self, line, start=0, stop=9223372036854775807)"
    )]
    fn index<'py>(
        &self,
        py: Python<'py>,
        line: Bound<'py, PyAny>,
        start: isize,
        stop: isize,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.list(py)?.call_method1("index", (self::line(line)?, start, stop))
    }
}
