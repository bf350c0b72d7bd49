//! Decisions in, bytes out: the verbs.
//!
//! A refused one has changed nothing and written nothing; `request` and `answer` do the work.

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
    /// Content follows only if the head says so, by `Content-Length` or `Transfer-Encoding`. Next:
    /// then `send_data` and `send_end`; and `receive`. RFC 9112, section 3; RFC 9110, section 7.8.
    ///
    /// # Errors
    ///
    /// `WrongRole`, `RequestUnfinished`, `OfferPending`, `PipelineFull`, `NotPersistent`,
    /// `UnreadInput`, `Closed`, `Switched`, `Failed`, `InvalidMethod`, `InvalidTarget`,
    /// `InvalidName`, `InvalidValue`, `InvalidProtocol`, `InvalidHost`, `HostDiffers`,
    /// `FramingConflict`, `ReservedField`, `ProfileField`, `OutputTooSmall`.
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
    /// A client waits for a 100 while `owes` is `Continue`. One that it does not wait for means
    /// nothing to it, and a proxy passes it on all the same. Next: the rest of the request, or the
    /// final response. RFC 9110, section 15.2.
    ///
    /// # Errors
    ///
    /// `WrongRole`, `Unasked`, `Answered`, `Http10Peer`, `Closed`, `Switched`, `Failed`,
    /// `InvalidStatus`, `InvalidReason`, `InvalidName`, `InvalidValue`, `FramingConflict`,
    /// `ReservedField`, `OutputTooSmall`.
    pub fn send_informational(
        &mut self,
        response: &ResponseHead<'_>,
        out: &mut impl BufMut,
    ) -> Result<(), Error> {
        self.send_informational_dyn(response, out).or_else(|error| self.record_error(error))
    }

    /// Server: sends a final response head.
    ///
    /// An offer is thereby declined, which changes nothing else; a 2xx to CONNECT accepts it, so a
    /// server without tunnels answers 501. A 426 is sent by [`require`](Self::require). Next:
    /// `send_data` and `send_end`. A 426 without its list is an `InvalidStatus`. RFC 9112, sections
    /// 4 and 6.
    ///
    /// # Errors
    ///
    /// `WrongRole`, `Unasked`, `Answered`, `Closed`, `Switched`, `Failed`, `InvalidStatus`,
    /// `InvalidReason`, `InvalidName`, `InvalidValue`, `FramingConflict`, `ReservedField`,
    /// `OutputTooSmall`.
    pub fn send_response(
        &mut self,
        response: &ResponseHead<'_>,
        out: &mut impl BufMut,
    ) -> Result<(), Error> {
        self.send_response_dyn(response, &[], None, out).or_else(|error| self.record_error(error))
    }

    /// Server: sends a whole final response, all of it or nothing.
    ///
    /// Head, content and end in one. The content is framed by its length, which is added, so that
    /// an HTTP/1.0 client may keep the connection too. In answer to HEAD the length is written and
    /// the content is not; without content no length is said. A 204, 205 or 304 has none, and a 2xx
    /// to CONNECT opens a tunnel. `FramingConflict` is also for a `Transfer-Encoding`, and for
    /// content where the status has none. What else there is to say of a response,
    /// [`send_response`](Self::send_response) says. Next: the next request. RFC 9110, section 8.6;
    /// RFC 9112, section 6.
    ///
    /// # Errors
    ///
    /// `WrongRole`, `Unasked`, `Answered`, `Closed`, `Switched`, `Failed`, `InvalidStatus`,
    /// `InvalidReason`, `InvalidName`, `InvalidValue`, `FramingConflict`, `ReservedField`,
    /// `LengthExceeded`, `LengthShort`, `OutputTooSmall`.
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
    /// It is the response to a peer error, or a 408 to half a head or half the content. Or it is a
    /// 429 or 503 to a client that is not wanted. It belongs to the request that waits for an
    /// answer; if there is none, to the request that comes next. The engine reads no more, and the
    /// response says `Connection: close`. Framed as by [`respond`](Self::respond). Once a response
    /// has begun, `reject` is refused with `Answered`: then [`abandon`](Self::abandon). Next: send
    /// what was written, then close the transport as [`closing`](Self::closing) says. RFC 9110,
    /// section 15.5.9; RFC 9112, section 9.6.
    ///
    /// # Errors
    ///
    /// `WrongRole`, `Answered`, `Closed`, `Switched`, `Failed`, `InvalidStatus`, `InvalidReason`,
    /// `InvalidName`, `InvalidValue`, `FramingConflict`, `ReservedField`, `LengthExceeded`,
    /// `LengthShort`, `OutputTooSmall`.
    pub fn reject(
        &mut self,
        response: &ResponseHead<'_>,
        content: &[u8],
        out: &mut impl BufMut,
    ) -> Result<(), Error> {
        self.reject_dyn(response, content, out).or_else(|error| self.record_error(error))
    }

    /// Server: tells the engine that your code sends the final response itself.
    ///
    /// Call it before you do so. Returns whether the connection persists after it. If not, the head
    /// must say `Connection: close`; if so, that to an HTTP/1.0 client must say
    /// `Connection: keep-alive`. `has_content` is whether content follows the head, and false in
    /// answer to HEAD. `closes` is whether the response says `close` or ends with the connection
    /// anyway. Next: [`send_end`](Self::send_end), which writes nothing, once the content has been
    /// sent. For servers that have a writer of responses.
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
    /// With these field lines (`&()` is none), after a 100 that is still owed. Only once the
    /// request is complete, unless the selection is [`early`](Selection::early). Next: speak the
    /// new protocol, in which the request is answered; `next_event` comes to `Switched`. RFC 9110,
    /// sections 7.8 and 15.2.2.
    ///
    /// # Errors
    ///
    /// `WrongRole`, `NothingOffered`, `NotOffered`, `StaleSelection`, `BodyPending`, `Answered`,
    /// `Closed`, `Switched`, `Failed`, `InvalidName`, `InvalidValue`, `FramingConflict`,
    /// `ReservedField`, `ProfileField`, `OutputTooSmall`.
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
    /// Next: `send_data` for content, and `send_end`, then the client's next try. RFC 9110, section
    /// 15.5.22.
    ///
    /// # Errors
    ///
    /// `WrongRole`, `Unasked`, `Answered`, `Closed`, `Switched`, `Failed`, `InvalidName`,
    /// `InvalidValue`, `InvalidProtocol`, `FramingConflict`, `ReservedField`, `OutputTooSmall`.
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

    /// Server: announces what the connection could be upgraded to.
    ///
    /// On the next final response. It remains an ordinary response. Next: `respond` or
    /// `send_response`. RFC 9110, section 7.8.
    ///
    /// # Errors
    ///
    /// `WrongRole`, `InvalidProtocol`.
    pub fn advertise(&mut self, protocols: &[&str]) -> Result<(), Error> {
        if self.role == Role::Client {
            return self.local_error(ErrorKind::WrongRole);
        }
        if !token::is_list(protocols) {
            return self.local_error(ErrorKind::InvalidProtocol);
        }
        encode::join(protocols, &mut self.scratch().offer);
        Ok(())
    }

    /// Sends content, with at most 20 bytes around it.
    ///
    /// Content of a known length ends by itself. Next: more, or `send_end`.
    ///
    /// # Errors
    ///
    /// `NoContent`, `LengthExceeded`, `Closed`, `Switched`, `Failed`, `OutputTooSmall`.
    pub fn send_data(&mut self, data: &[u8], out: &mut impl BufMut) -> Result<(), Error> {
        self.send_data_dyn(data, out).or_else(|error| self.record_error(error))
    }

    /// Returns the framing around content that your code writes itself.
    ///
    /// For [`send_data`](Self::send_data) without a copy. Your code must send prefix, content and
    /// suffix, in that order. So an echo needs no copy of its own. Ask for the parts with the
    /// length of the slice that was shown, then look at the event again: decisions do not end it.
    ///
    /// # Errors
    ///
    /// `NoContent`, `LengthExceeded`, `Closed`, `Switched`, `Failed`.
    pub fn send_data_parts(&mut self, len: usize) -> Result<DataParts, Error> {
        match self.plan_data(len) {
            Ok((parts, next, outgoing)) => {
                self.commit_data(next, outgoing);
                Ok(parts)
            }
            Err(error) => self.record_error(error),
        }
    }

    /// Ends the message, with trailers where it is chunked.
    ///
    /// A message without content, or with all of its `Content-Length` sent, has ended already: one
    /// such call is then allowed and writes nothing. Next: a client receives, a server advances.
    ///
    /// # Errors
    ///
    /// `NoContent`, `LengthShort`, `Closed`, `Switched`, `Failed`, `InvalidName`, `InvalidValue`,
    /// `TrailerForbidden`, `OutputTooSmall`.
    pub fn send_end(
        &mut self,
        trailers: &dyn FieldSource,
        out: &mut impl BufMut,
    ) -> Result<(), Error> {
        self.send_end_dyn(trailers, out).or_else(|error| self.record_error(error))
    }
}
