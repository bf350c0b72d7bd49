//! Methods that send: requests, responses, content and upgrades.
//!
//! Each returns the bytes, or appends them to `into` and returns their number. `send_data_parts`
//! returns a pair.

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use switchover::{self as core, Error, RequestHead};

use super::Connection;
use super::respond::head;
use crate::args::{Chunk, FieldLines, ProtocolList, Status};
use crate::error::raise;
use crate::output::{Into, OutputTarget, Written};
use crate::proposal::Proposal;
use crate::text::{BytesArg, Text};
use crate::values::Selection;

#[pymethods]
impl Connection {
    /// Sends a request head, with an offer of other protocols (client).
    ///
    /// The offer is in order of preference. Next: send_data and send_end if content follows; then
    /// receive_data. RFC 9112, section 3; RFC 9110, section 7.8.
    #[pyo3(
        signature = (method, target, headers, offer = ProtocolList::default(), *, into = None),
        text_signature = "($self, method, target, headers, offer=(), *, into=None)"
    )]
    fn send_request<'py>(
        &self,
        py: Python<'py>,
        method: Text,
        target: Text,
        headers: FieldLines,
        offer: ProtocolList,
        into: Into<'_, 'py>,
    ) -> Written<'py> {
        let head = RequestHead::new(&method, &target, &headers);
        self.write(py, into, |engine, out| engine.send_request(&head, &offer.refs(), out))
    }

    /// Sends an informational (1xx) response other than 101 (server).
    ///
    /// Next: the rest of the request, or the final response. RFC 9110, section 15.2.
    #[pyo3(
        signature = (status, headers = FieldLines::default(), reason = None, *, into = None),
        text_signature = "($self, status, headers=(), reason=None, *, into=None)"
    )]
    fn send_informational<'py>(
        &self,
        py: Python<'py>,
        status: Status,
        headers: FieldLines,
        reason: Option<BytesArg>,
        into: Into<'_, 'py>,
    ) -> Written<'py> {
        let head = head(&status, &headers, reason.as_ref());
        self.write(py, into, |engine, out| engine.send_informational(&head, out))
    }

    /// Sends a final response head (server).
    ///
    /// A final response declines an offer, and a 2xx accepts a CONNECT. Next: send_data and
    /// send_end. RFC 9112, sections 4 and 6.
    #[pyo3(
        signature = (status, headers = FieldLines::default(), reason = None, *, into = None),
        text_signature = "($self, status, headers=(), reason=None, *, into=None)"
    )]
    fn send_response<'py>(
        &self,
        py: Python<'py>,
        status: Status,
        headers: FieldLines,
        reason: Option<BytesArg>,
        into: Into<'_, 'py>,
    ) -> Written<'py> {
        let head = head(&status, &headers, reason.as_ref());
        self.write(py, into, |engine, out| engine.send_response(&head, out))
    }

    /// Accepts an offered protocol with a 101 (server).
    ///
    /// The request must be complete, unless the selection is `early`. Next: next_event, until it
    /// returns Switched. RFC 9110, section 7.8.
    #[pyo3(
        signature = (selection, headers = FieldLines::default(), *, into = None),
        text_signature = "($self, selection, headers=(), *, into=None)"
    )]
    fn accept<'py>(
        &self,
        py: Python<'py>,
        selection: &Selection,
        headers: FieldLines,
        into: Into<'_, 'py>,
    ) -> Written<'py> {
        self.write(py, into, |engine, out| engine.accept(selection.0, &headers, out))
    }

    /// Sends the head of a 426, which requires one of the given protocols (server).
    ///
    /// Next: send_data and send_end. RFC 9110, section 15.5.22.
    #[pyo3(
        signature = (protocols, headers = FieldLines::default(), *, into = None),
        text_signature = "($self, protocols, headers=(), *, into=None)"
    )]
    fn require<'py>(
        &self,
        py: Python<'py>,
        protocols: ProtocolList,
        headers: FieldLines,
        into: Into<'_, 'py>,
    ) -> Written<'py> {
        self.write(py, into, |engine, out| engine.require(&protocols.refs(), &headers, out))
    }

    /// Sends a piece of the message's content.
    ///
    /// A message with Content-Length ends with its last byte. Next: more content, or send_end.
    #[pyo3(signature = (data, *, into = None))]
    pub(crate) fn send_data<'py>(
        &self,
        py: Python<'py>,
        data: Chunk<'_, 'py>,
        into: Into<'_, 'py>,
    ) -> Written<'py> {
        let len = data.len();
        let room = OutputTarget::open(into, len)?;
        let parts = match self.with(|inner| inner.engine.send_data_parts(len as u64))? {
            Ok(parts) => parts,
            Err(error) => {
                // Raising runs Python code, which must find `into` unchanged.
                drop(room);
                return Err(raise(py, error));
            }
        };
        let (prefix, suffix) = (parts.prefix(), parts.suffix());
        let written = PyBytes::new_with(py, prefix.len() + len + suffix.len(), |space| {
            let (before, rest) = space.split_at_mut(prefix.len());
            let (middle, after) = rest.split_at_mut(len);
            before.copy_from_slice(prefix);
            after.copy_from_slice(suffix);
            data.copy_to(py, middle)
        })?;
        room.fill_with(written)
    }

    /// Returns the framing around `length` bytes that your code sends itself.
    ///
    /// A pair: the bytes before the content and those after it. Next: send the three in order; then
    /// more content, or send_end.
    fn send_data_parts<'py>(
        &self,
        py: Python<'py>,
        length: u64,
    ) -> PyResult<(Bound<'py, PyBytes>, Bound<'py, PyBytes>)> {
        let parts = self.call(py, |engine| engine.send_data_parts(length))?;
        Ok((PyBytes::new(py, parts.prefix()), PyBytes::new(py, parts.suffix())))
    }

    /// Ends the message being sent, with trailers if it is chunked.
    ///
    /// Next: receive_data or next_event. RFC 9112, section 7.1.2.
    #[pyo3(
        signature = (trailers = FieldLines::default(), *, into = None),
        text_signature = "($self, trailers=(), *, into=None)"
    )]
    fn send_end<'py>(
        &self,
        py: Python<'py>,
        trailers: FieldLines,
        into: Into<'_, 'py>,
    ) -> Written<'py> {
        self.write(py, into, |engine, out| engine.send_end(&trailers, out))
    }
}

impl Connection {
    pub(crate) fn write<'py>(
        &self,
        py: Python<'py>,
        into: Into<'_, 'py>,
        decide: impl FnOnce(&mut core::Connection, &mut Vec<u8>) -> Result<(), Error>,
    ) -> Written<'py> {
        let mut held = self.0.hold()?;
        let inner = &mut *held;
        // The output is often as long as the previous one.
        let room = OutputTarget::open(into, inner.out.len())?;
        inner.out.clear();
        if let Err(error) = decide(&mut inner.engine, &mut inner.out) {
            drop((held, room));
            return Err(raise(py, error));
        }
        if room.is_plain() {
            return room.copy(py, &inner.out);
        }
        let written = PyBytes::new(py, &inner.out);
        drop(held);
        room.fill_with(written)
    }
}

/// Sends a request head whose Upgrade field line is taken as the offer (client).
#[pyfunction(name = "_propose", signature = (connection, method, target, headers, /))]
pub(crate) fn propose<'py>(
    py: Python<'py>,
    connection: &Connection,
    method: Text,
    target: Text,
    headers: FieldLines,
) -> Written<'py> {
    let lines = Proposal::of(&headers);
    let head = RequestHead::new(&method, &target, &lines);
    connection.write(py, None, |engine, out| engine.send_request(&head, &lines.protocols(), out))
}
