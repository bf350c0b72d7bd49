//! Conversion of the engine's events to those of h11, and of h11's events to calls.

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use switchover::{Event, Order, RequestHead, ResponseHead};

use super::events::{Data, EndOfMessage, InformationalResponse, Request, Response};
use super::refused;
use crate::connection::{AdvanceResult, Connection};
use crate::output::Written;
use crate::proposal::Proposal;
use crate::shared::bytes;
use crate::text::characters;

/// Returns the next event of h11; None if the engine needs more bytes or is paused.
#[pyfunction]
pub(crate) fn read<'py>(
    py: Python<'py>,
    connection: &Connection,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    match connection.advance(py, None, |event, _| object(py, event))? {
        AdvanceResult::Event(event) => Ok(Some(event)),
        AdvanceResult::NeedData | AdvanceResult::Paused(_) => Ok(None),
    }
}

fn object<'py>(py: Python<'py>, event: Event<'_>) -> PyResult<Bound<'py, PyAny>> {
    match event {
        Event::Request(request) => Request::received(py, request),
        Event::Informational(response) => InformationalResponse::received(py, response),
        Event::Response(response) => Response::received(py, response),
        Event::Data(data) => Data::received(py, data),
        Event::EndOfMessage(trailers) => EndOfMessage::received(py, &trailers),
        Event::Switched(switched) => match switched.response {
            Some(response) if response.status() < 200 => {
                InformationalResponse::received(py, response)
            }
            Some(response) => Response::received(py, response),
            None => Request::preface(py),
        },
    }
}

/// Returns the bytes to send for an event, whose order the caller has checked.
#[pyfunction]
pub(crate) fn write<'py>(
    py: Python<'py>,
    connection: &Connection,
    event: &Bound<'py, PyAny>,
) -> Written<'py> {
    if let Ok(response) = event.cast_exact::<Response>() {
        let response = response.get();
        only_1_1(py, &response.http_version)?;
        send_response(py, connection, response)
    } else if let Ok(data) = event.cast_exact::<Data>() {
        let data = data.get().data.bind(py);
        // Sending empty data writes nothing, as in h11.
        if data.is_truthy()? {
            connection.send_data(py, data.extract()?, None)
        } else {
            Ok(PyBytes::new(py, b"").into_any())
        }
    } else if let Ok(end) = event.cast_exact::<EndOfMessage>() {
        connection.write(py, None, |engine, out| engine.send_end(end.get().headers.get(), out))
    } else if let Ok(request) = event.cast_exact::<Request>() {
        let request = request.get();
        only_1_1(py, &request.http_version)?;
        send_request(py, connection, request)
    } else {
        let response = event.cast_exact::<InformationalResponse>()?.get();
        only_1_1(py, &response.http_version)?;
        send_informational(py, connection, response)
    }
}

fn only_1_1(py: Python<'_>, version: &Py<PyBytes>) -> PyResult<()> {
    if bytes(version) == b"1.1" { Ok(()) } else { Err(refused(py, "I only send HTTP/1.1", 400)) }
}

fn send_request<'py>(py: Python<'py>, connection: &Connection, request: &Request) -> Written<'py> {
    let (method, target) = (characters(bytes(&request.method)), characters(bytes(&request.target)));
    let lines = Proposal::of(request.headers.get());
    connection.write(py, None, |engine, out| {
        engine.send_request(&RequestHead::new(&method, &target, &lines), &lines.protocols(), out)
    })
}

fn send_response<'py>(
    py: Python<'py>,
    connection: &Connection,
    response: &Response,
) -> Written<'py> {
    let lines = Proposal::of(response.headers.get());
    let advertised = lines.protocols();
    let head = ResponseHead {
        status: response.status_code,
        reason: bytes(&response.reason),
        fields: &lines,
    };
    connection.write(py, None, |engine, out| {
        if !advertised.is_empty() {
            engine.advertise(&advertised)?;
        }
        engine.send_response(&head, out)
    })
}

fn send_informational<'py>(
    py: Python<'py>,
    connection: &Connection,
    response: &InformationalResponse,
) -> Written<'py> {
    let lines = Proposal::of(response.headers.get());
    if response.status_code != 101 {
        let head = ResponseHead {
            status: response.status_code,
            reason: bytes(&response.reason),
            fields: &lines,
        };
        return connection.write(py, None, |engine, out| engine.send_informational(&head, out));
    }
    // The protocols of the 101, lowest layer first, as one stack.
    let selected =
        connection.ask(|engine| engine.select(&[&lines.protocols().join(", ")], Order::Client))?;
    let selection =
        selected.ok_or_else(|| refused(py, "a 101 that names what cannot be switched to", 400))?;
    connection.write(py, None, |engine, out| engine.accept(selection.early(), &lines, out))
}
