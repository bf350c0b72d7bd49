//! End-to-end fields, and conversion of messages between HTTP/1.1 and HTTP/2.
//!
//! RFC 9110, section 7.6.1. RFC 9113, section 8.2.2. RFC 8441.

use pyo3::prelude::*;

use switchover::binding::authority;
use switchover::bridge;
use switchover::gateway::{self, EndToEnd};

use crate::args::{FieldLines, ProtocolText};
use crate::enums::Member;
use crate::error::forbidden;
use crate::head::Request;
use crate::headers::Headers;
use crate::text::Text;

#[pymethods]
impl Headers {
    /// Returns the end-to-end field lines, without the hop-by-hop ones.
    ///
    /// Next: send them on. RFC 9110, section 7.6.1.
    fn end_to_end(&self) -> Headers {
        Headers::of(&EndToEnd(self))
    }

    /// Returns the field lines converted to HTTP/2, without pseudo-header fields.
    ///
    /// Names are in lower case. Connection-specific fields are left out, except `te: trailers`. So
    /// are Host, Expect, and the WebSocket fields that HTTP/2 does not use. RFC 9113, section
    /// 8.2.2.
    fn http2_fields(&self) -> Headers {
        Headers::of(&bridge::http2_fields(self))
    }
}

#[pymethods]
impl Request {
    /// Returns the authority of the resource that the request is for.
    ///
    /// That of a target in authority-form or absolute-form, else the value of Host; None without
    /// both.
    ///
    /// RFC 9112, section 3.3.
    #[getter]
    fn authority(&self) -> Option<Vec<u8>> {
        self.as_head(|head| authority(head).map(<[u8]>::to_vec))
    }

    /// Returns the request's field lines for HTTP/2, pseudo-header fields first.
    ///
    /// `secure` says whether the scheme is https. RFC 9113, section 8.3.1.
    #[pyo3(signature = (*, secure))]
    fn http2_request(&self, secure: bool) -> Headers {
        Headers::of(&self.as_head(|head| bridge::http2_request(head, secure)))
    }

    /// Returns the field lines of an extended CONNECT that requests `protocol`.
    ///
    /// `secure` says whether the scheme is https. RFC 8441, sections 4 and 5.
    #[pyo3(signature = (protocol, *, secure))]
    fn extended_connect(&self, protocol: ProtocolText, secure: bool) -> Headers {
        Headers::of(&self.as_head(|head| bridge::extended_connect(head, &protocol.0, secure)))
    }
}

/// Returns whether an intermediary may forward an offer of that protocol.
///
/// False unless it is a single protocol that is not limited to one hop, as h2c and TLS are. RFC
/// 2817, section 5.1; RFC 7540, section 3.2.1.
#[pyfunction]
pub(crate) fn may_forward(protocol: Text) -> bool {
    gateway::may_forward(&protocol)
}

/// Returns the reason why these field lines are not allowed in HTTP/2, or None.
///
/// `status` is that of a response, None for a request. RFC 9113, sections 8.2.1, 8.2.2 and 8.6;
/// RFC 8441, section 5.
#[pyfunction]
#[pyo3(signature = (fields, status = None))]
pub(crate) fn check_http2(
    fields: FieldLines,
    status: Option<u16>,
) -> Option<Member<bridge::OverHttp2>> {
    bridge::check_http2(status, &fields).err().map(Member)
}

/// Returns the field lines of an HTTP/2 request converted to HTTP/1.1.
///
/// `authority` becomes Host. `key` is the Sec-WebSocket-Key for an extended CONNECT to websocket.
/// Raises ProfileError if the authority, a line or the key is malformed. Next: send_request with
/// the lines. RFC 8441, section 5.
#[pyfunction]
#[pyo3(signature = (authority, fields, key = None))]
pub(crate) fn http1_fields(
    py: Python<'_>,
    authority: Text,
    fields: FieldLines,
    key: Option<Text>,
) -> PyResult<Headers> {
    let lines = bridge::http1_fields(&authority, &fields, key.as_deref());
    let malformed = |fault: bridge::OverHttp2| {
        forbidden(py, fault, &format!("no place in HTTP/2: {}", fault.name()))
    };
    lines.map(|lines| Headers::of(&lines)).map_err(malformed)
}
