//! The public methods that send messages.
//!
//! A method that returns an error has written nothing, and changed nothing but the trace. The
//! submodules do the work, `request` and `response` most of it.

mod accept;
mod block;
mod prepared;
mod request;
mod response;
mod tidy;

use bytes::BufMut;

pub use block::Block;
pub use prepared::Prepared;

use super::Connection;
use crate::error::{Error, ErrorKind};
use crate::machine::Role;
use crate::upgrade::{Selection, token};
use crate::wire::encode;
use crate::wire::message::{DataParts, RequestHead, ResponseHead};
use crate::wire::source::FieldSource;

impl Connection {
    /// Client: sends a request head, and offers protocols in order of preference.
    ///
    /// An empty `offer` offers none. The request has content only if its head has `Content-Length`
    /// or `Transfer-Encoding`. Next: `send_data` and `send_end` if there is content, and `receive`.
    /// RFC 9112, section 3; RFC 9110, section 7.8.
    ///
    /// # Errors
    ///
    /// `WrongRole`, `RequestUnfinished`, `OfferPending`, `PipelineFull`, `NotPersistent`,
    /// `UnreadInput`, `Closed`, `Switched`, `Failed`, `InvalidMethod`, `InvalidTarget`,
    /// `InvalidName`, `InvalidValue`, `InvalidProtocol`, `InvalidHost`, `HostDiffers`,
    /// `FramingConflict`, `ReservedField`, `ProfileField`, `OutOfMemory`, `OutputTooSmall`.
    pub fn send_request(
        &mut self,
        request: &RequestHead<'_>,
        offer: &[&str],
        out: &mut impl BufMut,
    ) -> Result<(), Error> {
        self.send_request_dyn(request, offer, out).or_else(|error| self.record_error(error))
    }

    /// Server: sends an informational response other than 101.
    ///
    /// A client waits for a 100 while `owes` is `Continue`. At any other time a 100 has no effect
    /// on the client, and a proxy still forwards it. Next: the rest of the request, or the final
    /// response. RFC 9110, section 15.2.
    ///
    /// # Errors
    ///
    /// `WrongRole`, `Unasked`, `Answered`, `Http10Peer`, `Closed`, `Switched`, `Failed`,
    /// `InvalidStatus`, `InvalidReason`, `InvalidName`, `InvalidValue`, `InvalidHost`,
    /// `FramingConflict`, `ReservedField`, `OutOfMemory`, `OutputTooSmall`.
    pub fn send_informational(
        &mut self,
        response: &ResponseHead<'_>,
        out: &mut impl BufMut,
    ) -> Result<(), Error> {
        self.send_informational_dyn(response, out).or_else(|error| self.record_error(error))
    }

    /// Server: sends a final response head.
    ///
    /// It declines a pending offer. A 2xx to CONNECT opens a tunnel, so a server without tunnels
    /// responds with 501. Send a 426 with [`require`](Self::require): without a list of protocols
    /// it is an `InvalidStatus`. Next: `send_data` and `send_end`. RFC 9112, sections 4 and 6.
    ///
    /// # Errors
    ///
    /// `WrongRole`, `Unasked`, `Answered`, `Closed`, `Switched`, `Failed`, `InvalidStatus`,
    /// `InvalidReason`, `InvalidName`, `InvalidValue`, `InvalidHost`, `FramingConflict`,
    /// `ReservedField`, `OutOfMemory`, `OutputTooSmall`.
    pub fn send_response(
        &mut self,
        response: &ResponseHead<'_>,
        out: &mut impl BufMut,
    ) -> Result<(), Error> {
        self.send_response_dyn(response, &[], None, out).or_else(|error| self.record_error(error))
    }

    /// Server: sends a whole final response: head, content and end.
    ///
    /// All of it is written, or nothing. The engine adds a missing `Content-Length`, so that an
    /// HTTP/1.0 client may keep the connection too. In response to HEAD the length is written and
    /// the content is not; if the content is empty, no length is added. A 204, 205 or 304 has no
    /// content, and a 2xx to CONNECT opens a tunnel. `FramingConflict` is also returned for a
    /// `Transfer-Encoding`, and for content in one of these. Everything else is as for
    /// [`send_response`](Self::send_response). Next: the next request. RFC 9110, section 8.6; RFC
    /// 9112, section 6.
    ///
    /// # Errors
    ///
    /// `WrongRole`, `Unasked`, `Answered`, `Closed`, `Switched`, `Failed`, `InvalidStatus`,
    /// `InvalidReason`, `InvalidName`, `InvalidValue`, `InvalidHost`, `FramingConflict`,
    /// `ReservedField`, `LengthExceeded`, `LengthShort`, `OutOfMemory`, `OutputTooSmall`.
    pub fn respond(
        &mut self,
        response: &ResponseHead<'_>,
        content: &[u8],
        out: &mut impl BufMut,
    ) -> Result<(), Error> {
        self.send_response_dyn(response, &[], Some(content), out)
            .or_else(|error| self.record_error(error))
    }

    /// Server: sends the connection's last response, whatever it has received.
    ///
    /// For the response to a peer error, or a 408 after an incomplete head or content. Also for a
    /// 429 or 503 to a client that is turned away. The status is 400 to 599, but 426 only with
    /// protocols to [`advertise`](Self::advertise). The response is to the request that waits for
    /// one, or else to the request that comes next. The engine reads no more, and the response has
    /// `Connection: close`. Its framing is that of [`respond`](Self::respond). If a response has
    /// already begun, `reject` returns `Answered`: then call [`abandon`](Self::abandon). Next: send
    /// the written bytes, then close the transport as [`closing`](Self::closing) returns. RFC 9110,
    /// section 15.5.9; RFC 9112, section 9.6.
    ///
    /// # Errors
    ///
    /// `WrongRole`, `Answered`, `Closed`, `Switched`, `Failed`, `InvalidStatus`, `InvalidReason`,
    /// `InvalidName`, `InvalidValue`, `InvalidHost`, `FramingConflict`, `ReservedField`,
    /// `LengthExceeded`, `LengthShort`, `OutOfMemory`, `OutputTooSmall`.
    pub fn reject(
        &mut self,
        response: &ResponseHead<'_>,
        content: &[u8],
        out: &mut impl BufMut,
    ) -> Result<(), Error> {
        self.reject_dyn(response, content, out).or_else(|error| self.record_error(error))
    }

    /// Server: records a final response that the caller encodes and sends itself.
    ///
    /// For servers with their own response encoder. Call it before the response is sent. Set
    /// `has_content` if content follows the head, and not in response to HEAD. Set `closes` if the
    /// response has `Connection: close`, or ends with the connection. Returns whether the
    /// connection persists after the response; ignore it for a 2xx to CONNECT. If it does not, the
    /// head must have `Connection: close`. If it does, a head for an HTTP/1.0 client must have
    /// `Connection: keep-alive`. Next: [`send_end`](Self::send_end) once the content has been sent;
    /// it writes nothing.
    ///
    /// # Errors
    ///
    /// `WrongRole`, `Unasked`, `Answered`, `Closed`, `Switched`, `Failed`, `InvalidStatus`,
    /// `FramingConflict`.
    pub fn note_response(
        &mut self,
        status: u16,
        has_content: bool,
        closes: bool,
    ) -> Result<bool, Error> {
        self.note_response_dyn(status, has_content, closes)
            .or_else(|error| self.record_error(error))
    }

    /// Server: accepts an offered protocol with a 101.
    ///
    /// The 101 has these `fields`; `&()` adds none. If the client expects a 100 and has got none,
    /// that is written first. The request must be complete, unless the selection is
    /// [`early`](Selection::early). Next: speak the new protocol and respond to the request in it;
    /// `next_event` emits `Switched`. RFC 9110, sections 7.8 and 15.2.2.
    ///
    /// # Errors
    ///
    /// `WrongRole`, `NothingOffered`, `NotOffered`, `StaleSelection`, `BodyPending`, `Answered`,
    /// `Closed`, `Switched`, `Failed`, `InvalidName`, `InvalidValue`, `InvalidHost`,
    /// `FramingConflict`, `ReservedField`, `ProfileField`, `OutOfMemory`, `OutputTooSmall`.
    pub fn accept(
        &mut self,
        selection: Selection,
        fields: &dyn FieldSource,
        out: &mut impl BufMut,
    ) -> Result<(), Error> {
        self.accept_dyn(selection, fields, out).or_else(|error| self.record_error(error))
    }

    /// Server: sends the head of a 426 that requires one of these protocols.
    ///
    /// The engine writes `Upgrade` with these protocols, and `fields` has the other field lines.
    /// Next: `send_data` for content, and `send_end`, then the client's next request. RFC 9110,
    /// section 15.5.22.
    ///
    /// # Errors
    ///
    /// `WrongRole`, `Unasked`, `Answered`, `Closed`, `Switched`, `Failed`, `InvalidName`,
    /// `InvalidValue`, `InvalidHost`, `InvalidProtocol`, `FramingConflict`, `ReservedField`,
    /// `OutOfMemory`, `OutputTooSmall`.
    pub fn require(
        &mut self,
        protocols: &[&str],
        fields: &dyn FieldSource,
        out: &mut impl BufMut,
    ) -> Result<(), Error> {
        if !token::is_list(protocols) {
            return self.local_error(ErrorKind::InvalidProtocol);
        }
        self.send_response_dyn(&ResponseHead::new(426, fields), protocols, None, out)
            .or_else(|error| self.record_error(error))
    }

    /// Server: advertises protocols in the `Upgrade` field of the next final response.
    ///
    /// The engine also adds `Upgrade` to the response's `Connection`. A 2xx to CONNECT and a 426 by
    /// `require` omit the list. So do a response to HTTP/1.0 other than a 426, and one that
    /// `note_response` records. Next: `respond` or `send_response`. RFC 9110, section 7.8.
    ///
    /// # Errors
    ///
    /// `WrongRole`, `InvalidProtocol`, `OutOfMemory`.
    pub fn advertise(&mut self, protocols: &[&str]) -> Result<(), Error> {
        if self.role == Role::Client {
            return self.local_error(ErrorKind::WrongRole);
        }
        if !token::is_list(protocols) {
            return self.local_error(ErrorKind::InvalidProtocol);
        }
        let joined = encode::join(protocols, &mut self.scratch()?.offer);
        joined.or_else(|kind| self.local_error(kind))
    }

    /// Sends content, with at most 20 bytes of framing around it.
    ///
    /// A message with `Content-Length` ends after its last byte. Next: more content, or `send_end`.
    ///
    /// # Errors
    ///
    /// `NoContent`, `LengthExceeded`, `Closed`, `Switched`, `Failed`, `OutputTooSmall`.
    pub fn send_data(&mut self, data: &[u8], out: &mut impl BufMut) -> Result<(), Error> {
        self.send_data_dyn(data, out).or_else(|error| self.record_error(error))
    }

    /// Returns the framing for `len` bytes of content that the caller writes itself.
    ///
    /// It replaces [`send_data`](Self::send_data) where a copy should be avoided. The caller must
    /// send prefix, content and suffix, in that order. To echo received content, pass the length of
    /// the slice in the event, then read the event again: sending does not end it.
    ///
    /// # Errors
    ///
    /// `NoContent`, `LengthExceeded`, `Closed`, `Switched`, `Failed`.
    pub fn send_data_parts(&mut self, len: u64) -> Result<DataParts, Error> {
        match self.plan_data(len) {
            Ok((parts, next, outgoing)) => {
                self.commit_data(next, outgoing);
                Ok(parts)
            }
            Err(error) => self.record_error(error),
        }
    }

    /// Ends the message being sent, with trailers if it is chunked.
    ///
    /// A message without content, or whose whole `Content-Length` was sent, has already ended. One
    /// call is then still allowed, and writes nothing; after `respond`, `respond_prepared` and
    /// `reject`, none is. Next: a client calls `receive`, a server `next_event`.
    ///
    /// # Errors
    ///
    /// `NoContent`, `LengthShort`, `Closed`, `Switched`, `Failed`, `InvalidName`, `InvalidValue`,
    /// `TrailerForbidden`, `OutOfMemory`, `OutputTooSmall`.
    pub fn send_end(
        &mut self,
        trailers: &dyn FieldSource,
        out: &mut impl BufMut,
    ) -> Result<(), Error> {
        self.send_end_dyn(trailers, out).or_else(|error| self.record_error(error))
    }
}
