//! Decisions in, bytes out.
//!
//! Each gives bytes, or appends them to `into` and gives their number.

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use switchover::{self as core, Error, RequestHead};

use super::Connection;
use super::respond::head;
use crate::args::{Chunk, FieldLines, ProtocolList, Status};
use crate::error::raise;
use crate::output::{Into, OutputTarget, Written};
use crate::text::{BytesArg, Text};
use crate::values::Selection;

#[pymethods]
impl Connection {
    /// Client: a request head, with an offer of other protocols in order of preference.
    ///
    /// Next: send_data and send_end where content follows; then receive_data. RFC 9112, section 3;
    /// RFC 9110, section 7.8.
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

    /// Server: an informational response other than 101.
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
    /// It declines an offer, and a 2xx accepts a CONNECT. Next: send_data and send_end. RFC 9112,
    /// sections 4 and 6.
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

    /// Server: the 101, once the request is complete.
    ///
    /// Next: next_event, which comes to Switched. RFC 9110, section 7.8.
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

    /// Server: a 426 that requires one of these protocols.
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

    /// Sends content.
    ///
    /// Next: more, or send_end.
    #[pyo3(signature = (data, *, into = None))]
    pub(crate) fn send_data<'py>(
        &self,
        py: Python<'py>,
        data: Chunk<'_, 'py>,
        into: Into<'_, 'py>,
    ) -> Written<'py> {
        let len = data.len();
        let room = OutputTarget::open(into, len)?;
        let parts = match self.with(|inner| inner.engine.send_data_parts(len))? {
            Ok(parts) => parts,
            Err(error) => {
                // To raise runs Python code, which is to see `into` as it was.
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
    /// Prefix and suffix. Next: as after send_data.
    fn send_data_parts<'py>(
        &self,
        py: Python<'py>,
        length: usize,
    ) -> PyResult<(Bound<'py, PyBytes>, Bound<'py, PyBytes>)> {
        let parts = self.call(py, |engine| engine.send_data_parts(length))?;
        Ok((PyBytes::new(py, parts.prefix()), PyBytes::new(py, parts.suffix())))
    }

    /// The end of the message, with trailers where it is chunked.
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
        // It is often as long as the one before.
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
