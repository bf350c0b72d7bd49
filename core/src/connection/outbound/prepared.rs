//! Responses that are encoded once, and sent many times on many connections.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Deref;

use bytes::BufMut;

use crate::connection::{Connection, SendFraming};
use crate::error::Error;
use crate::limits::Config;
use crate::machine::{ClientVersion, ResponseInfo, Role, State, UpgradeState};
use crate::trace::TraceStep;
use crate::wire::encode;
use crate::wire::memory::{self, Boxed, Draft};
use crate::wire::message::ResponseHead;
use crate::wire::source::CheckedFields;

/// A whole response, checked and encoded once, for many connections.
///
/// Send it with [`respond_prepared`](Connection::respond_prepared). Clones share its memory. A
/// `Date` field in it is sent as it is: encode the response anew each second.
///
/// ```
/// use switchover::{Connection, Prepared, ResponseHead, Role, Step};
///
/// # fn main() -> Result<(), switchover::Error> {
/// let hello = Prepared::new(
///     &ResponseHead::new(200, &[("Content-Type", "text/plain")]),
///     b"hello\n",
/// )?;
/// let mut server = Connection::new(Role::Server);
/// let mut out = Vec::new();
/// for request in
///     [&b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"[..], b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"]
/// {
///     server.receive(request)?;
///     assert_eq!(server.advance()?, Step::Event);
///     server.take_end();
///     out.clear();
///     server.respond_prepared(&hello, &mut out)?;
///     assert!(out.starts_with(
///         b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\n"
///     ));
/// }
/// assert!(out.ends_with(b"\r\n\r\n"), "the answer to HEAD has no content");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Prepared(Place);

/// The memory of a prepared response: of its own, or shared with clones.
enum Place {
    /// Memory whose allocation can report `OutOfMemory`, which that of an `Arc` cannot.
    Own(Boxed<Parts>),
    Shared(Arc<Parts>),
}

impl Clone for Place {
    fn clone(&self) -> Self {
        Self::Shared(match self {
            Self::Own(parts) => Arc::new(Parts::clone(parts)),
            Self::Shared(parts) => Arc::clone(parts),
        })
    }
}

impl Deref for Place {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        match self {
            Self::Own(parts) => parts,
            Self::Shared(parts) => parts,
        }
    }
}

#[derive(Clone)]
struct Parts {
    status: u16,
    reason: Draft,
    /// The field lines passed to [`Prepared::new`], without those that the engine adds.
    ///
    /// The head is encoded anew from them if a connection cannot use `wire`.
    lines: Draft,
    /// The bytes that [`Connection::respond`] writes in response to a plain request.
    ///
    /// That is a GET in HTTP/1.1 without an offer or `Expect`, on a connection that persists.
    wire: Vec<u8>,
    /// The offset of the content in `wire`.
    head_len: usize,
    /// The properties of the response that the state machine needs.
    answer: ResponseInfo,
    /// The corrections of field lines, a bit for each: see [`TraceStep::Tidied`].
    tidied: u32,
}

/// An upper bound of the bytes that the engine adds to a prepared response.
///
/// It adds them to reason, field lines and content: a status line, framing and `Connection`.
const ADDED: usize = 128;

impl Prepared {
    /// Checks and encodes a response with all of its content.
    ///
    /// # Errors
    ///
    /// Those that [`respond`](Connection::respond) returns for this response to a plain GET.
    pub fn new(response: &ResponseHead<'_>, content: &[u8]) -> Result<Self, Error> {
        Parts::encode(response, content, Connection::new(Role::Server)).map(Self::shared)
    }

    /// Checks and encodes a response for connections with this configuration.
    ///
    /// If its [`tidy`](Config::tidy) is set, field lines are corrected. A connection without it
    /// rejects a response that was corrected. Its [`lowercase_names`](Config::lowercase_names)
    /// should be that of the connections, which may write the head anew.
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new).
    pub fn with_config(
        response: &ResponseHead<'_>,
        content: &[u8],
        config: impl Into<Arc<Config>>,
    ) -> Result<Self, Error> {
        Parts::encode(response, content, Connection::with_config(Role::Server, config))
            .map(Self::shared)
    }

    fn shared(parts: Parts) -> Self {
        Self(Place::Shared(Arc::new(parts)))
    }

    /// Encodes a response in memory of its own, for the configuration of `model`.
    ///
    /// `model` is a new server, which encodes the response and is then dropped.
    pub(crate) fn try_own(
        response: &ResponseHead<'_>,
        content: &[u8],
        model: Connection,
    ) -> Result<Self, Error> {
        let parts = Parts::encode(response, content, model)?;
        Boxed::new(|| parts).map(|parts| Self(Place::Own(parts))).map_err(Error::local)
    }

    /// Returns the status of the response.
    pub fn status(&self) -> u16 {
        self.0.status
    }

    /// Returns the content of the response.
    pub fn content(&self) -> &[u8] {
        self.0.wire.get(self.0.head_len..).unwrap_or_default()
    }
}

impl Parts {
    /// Encodes a response by `Connection::respond`, so that both give the same bytes.
    fn encode(
        response: &ResponseHead<'_>,
        content: &[u8],
        mut model: Connection,
    ) -> Result<Self, Error> {
        let (mut lines, mut reason, mut wire) = (Draft::new(), Draft::new(), Vec::new());
        response.fields.each(&mut |field| encode::line(&mut lines, field));
        reason.extend_from_slice(response.reason);
        lines.whole().and(reason.whole()).map_err(Error::local)?;
        model.state = State::PLAIN_REQUEST;
        let len = ADDED + reason.len() + lines.len() + content.len();
        memory::fit(&mut wire, len).map_err(Error::local)?;
        model.respond(response, content, &mut wire)?;
        let (status, persist) = (response.status, model.state.persist);
        let tidied =
            core::iter::from_fn(|| model.trace()).find(|entry| entry.step == TraceStep::Tidied);
        Ok(Self {
            status,
            reason,
            lines,
            head_len: wire.len() - content.len(),
            wire,
            answer: ResponseInfo {
                success: (200..=299).contains(&status),
                content: !content.is_empty(),
                persist,
            },
            tidied: tidied.map_or(0, |entry| entry.number),
        })
    }
}

/// Formats a response without the values of its fields, which may be secret.
impl core::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Prepared")
            .field("status", &self.0.status)
            .field("len", &self.0.wire.len())
            .finish_non_exhaustive()
    }
}

impl Connection {
    /// Server: sends a response that was checked and encoded before.
    ///
    /// It writes the same bytes, and has the same effects, as [`respond`](Self::respond), if both
    /// configurations have the same [`lowercase_names`](Config::lowercase_names). The prepared
    /// bytes are copied unless the connection needs others. They are encoded anew if the request is
    /// a HEAD, a CONNECT or HTTP/1.0, or if the connection [advertises](Self::advertise). The same
    /// holds if this connection is to close, for example because the client waits for a 100, and
    /// the response does not say so. If [`Config::tidy`] corrected the response, a connection
    /// without it returns `FramingConflict` or `ReservedField`.
    ///
    /// # Errors
    ///
    /// `WrongRole`, `Unasked`, `Answered`, `Closed`, `Switched`, `Failed`, `FramingConflict`,
    /// `ReservedField`, `OutOfMemory`, `OutputTooSmall`.
    pub fn respond_prepared(
        &mut self,
        prepared: &Prepared,
        out: &mut impl BufMut,
    ) -> Result<(), Error> {
        let parts = &*prepared.0;
        if self.answers_plainly(parts) {
            let before = self.state;
            let is_known = parts.answer.persist && self.apply_response_fast(parts.answer, true);
            // If this fails, `respond` below returns the error.
            let is_taken = is_known || self.apply_response(parts.answer, true).is_ok();
            if is_taken && self.state.persist == parts.answer.persist {
                if let Err(error) = encode::write_all(&[&parts.wire], out) {
                    self.state = before;
                    return self.record_error(error);
                }
                let outgoing = match prepared.content().len() as u64 {
                    0 => SendFraming::None,
                    len => SendFraming::Length(len),
                };
                self.commit_response(parts.status, outgoing, true);
                if parts.tidied != 0 {
                    self.record(TraceStep::Tidied, parts.tidied);
                }
                return Ok(());
            }
            self.state = before;
        }
        let fields = CheckedFields::new(&parts.lines);
        let response =
            ResponseHead { status: parts.status, reason: &parts.reason, fields: &fields };
        self.respond(&response, prepared.content(), out)
    }

    /// Returns whether the prepared bytes suit the request that waits for a response.
    ///
    /// If they do, the bytes can still be wrong in one way: the connection must close, and they do
    /// not say so.
    fn answers_plainly(&self, parts: &Parts) -> bool {
        let advertises = || self.scratch.as_ref().is_some_and(|scratch| !scratch.offer.is_empty());
        let is_plain = self.role == Role::Server
            && self.state.client_version == ClientVersion::Http11
            && self.state.upgrade != UpgradeState::Connect;
        is_plain
            && !self.request_is_head()
            && !advertises()
            && (parts.tidied == 0 || self.config().tidy)
    }
}
