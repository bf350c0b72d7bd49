//! Field lines as a sequence that makes tuples only when touched.

use std::hash::{Hash, Hasher};
use std::ops::Range;

use pyo3::IntoPyObjectExt;
use pyo3::exceptions::{PyIndexError, PyKeyError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyList, PyString, PyTuple};

use switchover::{Field, FieldSource, Fields};

use crate::names::Names;
use crate::text::{FieldLines, Octets};

/// The field lines of a message, in the order and spelling of the sender: a sequence of (name, value) in bytes.
#[pyclass(frozen, sequence, module = "switchover")]
#[derive(Debug, Default)]
pub(crate) struct Headers {
    /// All names and values, perhaps with something between them.
    octets: Vec<u8>,
    /// Where in it the name and the value of each line are.
    lines: Vec<(Range<usize>, Range<usize>)>,
}

impl Headers {
    /// Those of a message: the piece that they are parts of, with one copy.
    pub(crate) fn received(fields: &Fields<'_>) -> Self {
        let octets = fields.octets();
        let start = octets.as_ptr().addr();
        let place = |part: &[u8]| {
            let at = part.as_ptr().addr().wrapping_sub(start);
            at..at.wrapping_add(part.len())
        };
        let mut lines = Vec::with_capacity(fields.len());
        lines.extend(fields.iter().map(|field| (place(field.name), place(field.value))));
        Self { octets: octets.into(), lines }
    }

    pub(crate) fn of(source: &(impl FieldSource + ?Sized)) -> Self {
        // Counted first, so that each part is allocated once.
        let (mut lines, mut len) = (0, 0);
        source.each(&mut |field| {
            lines += 1;
            len += field.name.len() + field.value.len();
        });
        let mut headers = Self { octets: Vec::with_capacity(len), lines: Vec::with_capacity(lines) };
        source.each(&mut |field| headers.push(field.name, field.value));
        headers
    }

    /// Room for that many lines of the usual length.
    pub(crate) fn with_capacity(lines: usize) -> Self {
        Self { octets: Vec::with_capacity(48 * lines), lines: Vec::with_capacity(lines) }
    }

    pub(crate) fn push(&mut self, name: &[u8], value: &[u8]) {
        let start = self.octets.len();
        self.octets.extend_from_slice(name);
        let name_end = self.octets.len();
        self.octets.extend_from_slice(value);
        self.lines.push((start..name_end, name_end..self.octets.len()));
    }

    fn iter(&self) -> impl ExactSizeIterator<Item = Field<'_>> {
        self.lines.iter().map(|line| self.view(line))
    }

    /// Each value of that name.
    fn all(&self, name: &Octets) -> impl Iterator<Item = &[u8]> {
        self.iter().filter(|field| field.name.eq_ignore_ascii_case(name.as_ref())).map(|field| field.value)
    }

    fn line(&self, index: usize) -> Option<Field<'_>> {
        self.lines.get(index).map(|line| self.view(line))
    }

    fn view(&self, (name, value): &(Range<usize>, Range<usize>)) -> Field<'_> {
        let part = |place: &Range<usize>| self.octets.get(place.clone()).unwrap_or_default();
        Field { name: part(name), value: part(value) }
    }

    fn list<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let mut names = Names::open();
        PyList::new(py, self.iter().map(|field| (names.get(py, field.name), PyBytes::new(py, field.value))))
    }
}

/// The name of a field, where that is what stands in the place of a line or an index.
fn name(key: &Bound<'_, PyAny>) -> PyResult<Option<Octets>> {
    let is_text = key.is_instance_of::<PyString>() || key.is_instance_of::<PyBytes>();
    if is_text || key.is_instance_of::<PyByteArray>() { key.extract().map(Some) } else { Ok(None) }
}

/// A line to search for, and not a name, which would never be found.
fn line(given: Bound<'_, PyAny>) -> PyResult<Bound<'_, PyAny>> {
    match name(&given)? {
        Some(_) => Err(PyTypeError::new_err("a line is a pair of name and value; get_all gives the values of a name")),
        None => Ok(given),
    }
}

fn pair<'py>(py: Python<'py>, field: Field<'_>) -> (Bound<'py, PyBytes>, Bound<'py, PyBytes>) {
    (PyBytes::new(py, field.name), PyBytes::new(py, field.value))
}

// What stands between the lines does not count.

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

impl FromPyObject<'_, '_> for Headers {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        Ok(match object.extract::<FieldLines>()? {
            FieldLines::Received(headers) => Self::of(headers.get()),
            FieldLines::Copied(headers) => headers,
        })
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
        self.lines.len()
    }

    fn __getitem__<'py>(&self, py: Python<'py>, index: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let Ok(index) = index.extract::<isize>() else {
            let Some(name) = name(&index)? else {
                // Slices, and what a list says of everything else.
                return self.list(py)?.into_any().get_item(index);
            };
            let value = self.all(&name).next().map(|value| PyBytes::new(py, value).into_any());
            return value.ok_or_else(|| PyKeyError::new_err(index.unbind()));
        };
        let index = if index < 0 { index + self.lines.len() as isize } else { index };
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

    fn __eq__<'py>(&self, py: Python<'py>, other: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
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

    /// Equal to a tuple of the same lines, so the hash is the tuple's.
    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        self.list(py)?.to_tuple().hash()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let mut lines = Vec::new();
        for field in self.iter() {
            let name = PyBytes::new(py, field.name).repr()?;
            let value =
                if field.is_secret() { "<hidden>".into() } else { PyBytes::new(py, field.value).repr()?.to_string() };
            lines.push(format!("({name}, {value})"));
        }
        Ok(format!("Headers([{}])", lines.join(", ")))
    }

    /// All lines, as a list of pairs.
    fn lines<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        self.list(py)
    }

    /// Each name and its value after it, in one list.
    fn flat<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let mut names = Names::open();
        let parts = (0..2 * self.lines.len()).map(|part| match self.line(part / 2) {
            Some(field) if part % 2 == 0 => names.get(py, field.name),
            field => PyBytes::new(py, field.map_or(b"", |field| field.value)),
        });
        PyList::new(py, parts)
    }

    /// The first value of that name in any case, or `default`.
    #[pyo3(signature = (name, default = None))]
    fn get<'py>(&self, py: Python<'py>, name: Octets, default: Option<Bound<'py, PyAny>>) -> Option<Bound<'py, PyAny>> {
        self.all(&name).next().map(|value| PyBytes::new(py, value).into_any()).or(default)
    }

    /// Every value of that name in any case, in order.
    fn get_all<'py>(&self, py: Python<'py>, name: Octets) -> Vec<Bound<'py, PyBytes>> {
        self.all(&name).map(|value| PyBytes::new(py, value)).collect()
    }

    /// How often this line occurs, byte for byte.
    fn count(&self, py: Python<'_>, line: Bound<'_, PyAny>) -> PyResult<usize> {
        self.list(py)?.as_sequence().count(self::line(line)?)
    }

    /// Where this line first occurs; ValueError where it does not.
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
