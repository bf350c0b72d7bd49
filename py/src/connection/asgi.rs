//! The calls of `switchover.uvicorn`: ASGI scopes and responses.
//!
//! Private to the package. `_next_scope` and `_answer` do in one call what the public methods do in
//! several.

use percent_encoding::percent_decode;
use pyo3::IntoPyObjectExt;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyTuple};

use switchover::binding::{path_and_query, request_line};
use switchover::{Awaiting, Error, Event, Field, FieldSource, ResponseHead};

use super::{AdvanceResult, Connection, Inner};
use crate::args::{Chunk, FieldLines, Status};
use crate::error::raise;
use crate::head::{Request, http_version};
use crate::headers::asgi_lines;
use crate::text::{BytesArg, characters};

/// The length in bytes from which content in `bytes` is passed on without a copy.
const PASSED_ON: usize = 16 << 10;

/// Makes the ASGI scope of a request.
///
/// It is a copy of `base`, with the entries that depend on the request.
///
/// Each scope gets copies of the dicts `asgi`, `state` and `extensions`.
fn scope<'py>(
    base: &Bound<'py, PyDict>,
    (method, target): (&[u8], &[u8]),
    minor_version: u8,
    headers: Bound<'py, PyList>,
) -> PyResult<Bound<'py, PyDict>> {
    let py = base.py();
    let (path, query) = path_and_query(method, target);
    let scope = base.copy()?;
    for name in [intern!(py, "asgi"), intern!(py, "state"), intern!(py, "extensions")] {
        if let Some(value) = scope.get_item(name)?
            && let Ok(value) = value.cast_exact::<PyDict>()
        {
            scope.set_item(name, value.copy()?)?;
        }
    }
    scope.set_item(intern!(py, "http_version"), http_version(py, minor_version))?;
    scope.set_item(intern!(py, "method"), &*characters(method))?;
    scope.set_item(intern!(py, "path"), percent_decode(path).decode_utf8_lossy())?;
    scope.set_item(intern!(py, "raw_path"), PyBytes::new(py, path))?;
    scope.set_item(intern!(py, "query_string"), PyBytes::new(py, query.unwrap_or_default()))?;
    scope.set_item(intern!(py, "headers"), headers)?;
    Ok(scope)
}

/// The field lines of two sources, one after the other.
struct Chained<'a>(&'a FieldLines, &'a FieldLines);

impl FieldSource for Chained<'_> {
    fn each<'s>(&'s self, each: &mut dyn FnMut(Field<'s>)) {
        self.0.each(each);
        self.1.each(each);
    }
}

/// Returns the next event; for a request without an offer, its scope and a bool.
///
/// The bool is true if no content follows. Then no EndOfMessage follows either. For anything else
/// the result is that of next_event. `data` is appended first, if given.
#[pyfunction(name = "_next_scope", signature = (connection, base, data = None, /))]
pub(crate) fn next_scope<'py>(
    py: Python<'py>,
    connection: &Connection,
    base: &Bound<'py, PyDict>,
    data: Option<Chunk<'_, 'py>>,
) -> PyResult<Bound<'py, PyAny>> {
    let mut is_scope = false;
    let result = connection.advance(py, data.as_ref(), |event, offer| match event {
        Event::Request(request) if request.offers().is_err() => {
            *offer = None;
            is_scope = true;
            let headers = asgi_lines(py, request.fields().iter())?;
            let line = request_line(&request);
            Ok(scope(base, line, request.minor_version(), headers)?.into_any())
        }
        event => crate::event::object(py, event, offer),
    })?;
    match result {
        AdvanceResult::Event(scope) if is_scope => {
            let ends = connection.with(|inner| inner.engine.take_end())?;
            (scope, ends).into_bound_py_any(py)
        }
        result => result.into_object(py),
    }
}

/// Returns the ASGI scope of a request, made from a copy of `base`.
#[pyfunction(name = "_scope")]
pub(crate) fn scope_of<'py>(
    request: &Request,
    base: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyDict>> {
    let headers = request.headers().lower(base.py())?;
    scope(base, request.line(), request.minor(), headers)
}

/// Writes the head and the content of a response by calling `write`.
///
/// `head` is a status, the server's fields and the app's; None once the head was sent. `bytes` of
/// 16 KiB and more are passed on as they are. Returns whether the response has ended and the
/// connection is idle: nothing is unread, and another request may follow.
///
/// If the engine rejects the head, nothing is written. If it rejects what follows, the bytes before
/// that are written, and then the error is raised.
#[pyfunction(name = "_answer", signature = (connection, head, content, ends, write, /))]
pub(crate) fn answer<'py>(
    py: Python<'py>,
    connection: &Connection,
    head: Option<(Status, FieldLines, FieldLines)>,
    content: &Bound<'py, PyAny>,
    ends: bool,
    write: &Bound<'py, PyAny>,
) -> PyResult<bool> {
    let chunk: Chunk<'_, '_> = content.extract()?;
    let len = chunk.len();
    let mut held = connection.0.hold()?;
    let Inner { engine, out, .. } = &mut *held;
    out.clear();
    if let Some((status, defaults, headers)) = &head {
        let lines = Chained(defaults, headers);
        if let Err(error) = engine.send_response(&ResponseHead::new(status.0, &lines), out) {
            drop(held);
            return Err(raise(py, error));
        }
    }
    let mut before = None;
    let mut rest = || -> PyResult<Result<(), Error>> {
        if len > 0 {
            let parts = match engine.send_data_parts(len as u64) {
                Ok(parts) => parts,
                Err(error) => return Ok(Err(error)),
            };
            out.extend_from_slice(parts.prefix());
            if len >= PASSED_ON && content.is_exact_instance_of::<PyBytes>() {
                before = Some(PyBytes::new(py, out));
                out.clear();
            } else {
                let start = out.len();
                out.resize(start + len, 0);
                chunk.copy_to(py, out.get_mut(start..).unwrap_or_default())?;
            }
            out.extend_from_slice(parts.suffix());
        }
        Ok(if ends { engine.send_end(&(), out) } else { Ok(()) })
    };
    let sent = rest();
    let is_idle = ends
        && engine.unread().is_empty()
        && engine.awaiting() == Awaiting::Request
        && engine.persists();
    let after = PyBytes::new(py, out);
    drop(held);
    if let Some(before) = before {
        if !before.as_bytes().is_empty() {
            write.call1((before,))?;
        }
        write.call1((content,))?;
    }
    if !after.as_bytes().is_empty() {
        write.call1((after,))?;
    }
    sent?.map_err(|error| raise(py, error))?;
    Ok(is_idle)
}

/// Returns whether the field lines have a Content-Length, and whether an Upgrade.
///
/// An item that is no field line is skipped; the error comes when the head is sent.
#[pyfunction(name = "_noted")]
pub(crate) fn noted(headers: &Bound<'_, PyAny>) -> PyResult<(bool, bool)> {
    let (mut length, mut upgrade) = (false, false);
    for line in headers.try_iter()? {
        let mut note = |name: &[u8]| {
            length |= name.eq_ignore_ascii_case(b"Content-Length");
            upgrade |= name.eq_ignore_ascii_case(b"Upgrade");
        };
        let line = line?;
        if let Ok(pair) = line.cast_exact::<PyTuple>()
            && let Ok(name) = pair.get_borrowed_item(0)
            && let Ok(name) = name.cast_exact::<PyBytes>()
        {
            note(name.as_bytes());
        } else if let Ok(name) = line.get_item(0).and_then(|name| name.extract::<BytesArg>()) {
            note(name.as_ref());
        }
    }
    Ok((length, upgrade))
}
