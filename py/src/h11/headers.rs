//! The `Headers` of h11: names in lower case, those of `raw_items` as they came.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

use switchover::binding::{KnownField, check_field, members};
use switchover::{ErrorKind, Field, FieldSource, Fields};

use super::refused;
use crate::args::FieldLines;
use crate::headers::Headers as Lines;

/// The field lines of an event: pairs of a name in lower case and a value.
///
/// `raw_items` has the names in their original letter case.
#[pyclass(frozen, sequence, module = "switchover._h11")]
#[derive(Debug, Default)]
pub(crate) struct Headers(Lines);

impl Headers {
    pub(super) fn received(fields: &Fields<'_>) -> Self {
        Self::of(Lines::received(fields))
    }

    /// Normalises field lines as h11 does: one Content-Length, `chunked` in lower case.
    fn of(lines: Lines) -> Self {
        let mut lengths = 0;
        let is_shown = |field: Field<'_>| match field.name.len() {
            14 if field.is("Content-Length") => {
                lengths += 1;
                lengths == 1 && field.value.iter().all(u8::is_ascii_digit)
            }
            17 if field.is("Transfer-Encoding") => field.value == b"chunked",
            _ => true,
        };
        if lines.iter().all(is_shown) { Self(lines) } else { Self(normalized(&lines)) }
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = Field<'_>> {
        self.0.iter()
    }

    /// Checks the headers passed to a constructor and rejects those that h11 rejects.
    ///
    /// These are invalid names or values, malformed or different lengths, transfer codings other
    /// than chunked, and several Transfer-Encodings.
    fn checked(py: Python<'_>, given: &FieldLines) -> PyResult<Self> {
        let lines = Lines::of(given);
        let (mut length, mut is_coded) = (None, false);
        for field in lines.iter() {
            match check_field(field) {
                Err(kind) => return Err(refused(py, &illegal(py, kind, field)?, 400)),
                Ok(Some(KnownField::ContentLength)) => {
                    note_length(&mut length, field.value).map_err(|text| refused(py, text, 400))?
                }
                Ok(Some(KnownField::TransferEncoding)) if is_coded => {
                    return Err(refused(py, "multiple Transfer-Encoding headers", 501));
                }
                Ok(Some(KnownField::TransferEncoding)) => {
                    is_coded = field.value.eq_ignore_ascii_case(b"chunked");
                    if !is_coded {
                        return Err(refused(
                            py,
                            "Only Transfer-Encoding: chunked is supported",
                            501,
                        ));
                    }
                }
                Ok(_) => {}
            }
        }
        Ok(Self::of(lines))
    }
}

#[cold]
fn normalized(lines: &Lines) -> Lines {
    let (mut shown, mut has_length) = (Vec::new(), false);
    for field in lines.iter() {
        if field.is("Content-Length") {
            let value = members(field.value).next().unwrap_or_default();
            shown.extend((!has_length).then_some(Field { value, ..field }));
            has_length = true;
        } else if field.is("Transfer-Encoding") && field.value.eq_ignore_ascii_case(b"chunked") {
            shown.push(Field { value: b"chunked", ..field });
        } else {
            shown.push(field);
        }
    }
    Lines::of(&*shown)
}

/// Returns the message of h11's error about an invalid field line.
///
/// A secret value is not part of it.
#[cold]
fn illegal(py: Python<'_>, kind: ErrorKind, field: Field<'_>) -> PyResult<String> {
    Ok(match kind {
        ErrorKind::InvalidName => {
            format!("Illegal header name {}", PyBytes::new(py, field.name).repr()?)
        }
        _ if field.is_secret() => "Illegal header value <hidden>".into(),
        _ => format!("Illegal header value {}", PyBytes::new(py, field.value).repr()?),
    })
}

/// Records the value of a Content-Length in `length`.
///
/// The value may be a list, and may repeat the earlier value. A malformed value, or one that
/// differs from the earlier one, is an error.
fn note_length<'a>(length: &mut Option<&'a [u8]>, value: &'a [u8]) -> Result<(), &'static str> {
    for one in value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii) {
        if !(1..=20).contains(&one.len()) || !one.iter().all(u8::is_ascii_digit) {
            return Err("bad Content-Length");
        }
        if length.replace(one).is_some_and(|other| other != one) {
            return Err("conflicting Content-Length headers");
        }
    }
    Ok(())
}

impl FieldSource for Headers {
    fn each<'s>(&'s self, each: &mut dyn FnMut(Field<'s>)) {
        self.0.each(each);
    }
}

// Compared as h11 shows the lines: names without regard to case.

impl PartialEq for Headers {
    fn eq(&self, other: &Self) -> bool {
        let same = |(ours, theirs): (Field<'_>, Field<'_>)| {
            ours.name.eq_ignore_ascii_case(theirs.name) && ours.value == theirs.value
        };
        self.iter().len() == other.iter().len() && self.iter().zip(other.iter()).all(same)
    }
}

/// The headers argument of an event: a `Headers` as it is, or lines to be checked.
pub(super) struct Given(pub(super) Py<Headers>);

impl FromPyObject<'_, '_> for Given {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        if let Ok(headers) = object.cast::<Headers>() {
            return Ok(Self(headers.to_owned().unbind()));
        }
        let py = object.py();
        Py::new(py, Headers::checked(py, &object.extract()?)?).map(Self)
    }
}

#[pymethods]
impl Headers {
    #[new]
    #[pyo3(signature = (lines = FieldLines::default()), text_signature = "(lines=())")]
    fn new(py: Python<'_>, lines: FieldLines) -> PyResult<Self> {
        Self::checked(py, &lines)
    }

    /// Returns the pairs (name, value) with the names in their original letter case.
    fn raw_items<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        self.0.lines(py)
    }

    fn __len__(&self) -> usize {
        self.iter().len()
    }

    fn __getitem__<'py>(
        &self,
        py: Python<'py>,
        index: Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.0.lower(py)?.into_any().get_item(index)
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(self.0.lower(py)?.try_iter()?.into_any())
    }

    fn __eq__(&self, py: Python<'_>, other: Bound<'_, PyAny>) -> PyResult<bool> {
        match other.cast::<Self>() {
            Ok(other) => Ok(self == other.get()),
            Err(_) => self.0.lower(py)?.eq(other),
        }
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("<{}>", self.0.shown(py, true)?))
    }

    /// Returns the number of lines equal to `line`, a pair with the name in lower case.
    fn count(&self, py: Python<'_>, line: Bound<'_, PyAny>) -> PyResult<usize> {
        self.0.lower(py)?.as_sequence().count(line)
    }

    /// Returns the index of the first line equal to `line`; ValueError without one.
    fn index(&self, py: Python<'_>, line: Bound<'_, PyAny>) -> PyResult<usize> {
        self.0.lower(py)?.as_sequence().index(line)
    }
}
