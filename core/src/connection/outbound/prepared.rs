//! Responses that are encoded once, and sent many times on many connections.

use alloc::sync::Arc;
use alloc::vec::Vec;

use bytes::BufMut;

use crate::connection::{Connection, SendFraming};
use crate::error::Error;
use crate::limits::Config;
use crate::machine::{ClientVersion, ResponseInfo, Role, State, UpgradeState};
use crate::trace::TraceStep;
use crate::wire::encode;
use crate::wire::message::ResponseHead;

/// A whole response, checked and encoded once, for many connections.
///
/// Send it with [`respond_prepared`](Connection::respond_prepared). Clones share its memory. With a
/// `Date` among its fields it is good for a second.
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
pub struct Prepared(Arc<Parts>);

struct Parts {
    status: u16,
    reason: Vec<u8>,
    /// The caller's field lines.
    fields: Vec<(Vec<u8>, Vec<u8>)>,
    /// The bytes that [`Connection::respond`] writes after a plain request.
    wire: Vec<u8>,
    /// The offset of the content in `wire`.
    head_len: usize,
    /// The facts of the response for the state machine.
    answer: ResponseInfo,
    /// The number of corrections to field lines: see [`TraceStep::Tidied`].
    tidied: u32,
}

impl Prepared {
    /// Checks and encodes a response with all of its content.
    ///
    /// # Errors
    ///
    /// Those of [`respond`](Connection::respond) to a plain GET that the response itself causes.
    pub fn new(response: &ResponseHead<'_>, content: &[u8]) -> Result<Self, Error> {
        Self::with_config(response, content, Config::default())
    }

    /// Creates a response for connections with this configuration.
    ///
    /// Its [`tidy`](Config::tidy) may correct the field lines. A connection that is not tidy
    /// rejects a response that needed it.
    pub fn with_config(
        response: &ResponseHead<'_>,
        content: &[u8],
        config: impl Into<Arc<Config>>,
    ) -> Result<Self, Error> {
        let mut fields = Vec::new();
        response.fields.each(&mut |field| fields.push((field.name.to_vec(), field.value.to_vec())));
        // Made by `respond` itself, so that the two cannot differ.
        let mut model = Connection::with_config(Role::Server, config);
        model.state = State::PLAIN_REQUEST;
        let mut wire = Vec::new();
        model.respond(&ResponseHead { fields: &fields, ..*response }, content, &mut wire)?;
        let (status, persist) = (response.status, model.state.persist);
        let tidied =
            core::iter::from_fn(|| model.trace()).find(|entry| entry.step == TraceStep::Tidied);
        Ok(Self(Arc::new(Parts {
            status,
            reason: response.reason.to_vec(),
            fields,
            head_len: wire.len() - content.len(),
            wire,
            answer: ResponseInfo {
                success: (200..=299).contains(&status),
                content: !content.is_empty(),
                persist,
            },
            tidied: tidied.map_or(0, |entry| entry.number),
        })))
    }

    /// Returns the status.
    pub fn status(&self) -> u16 {
        self.0.status
    }

    /// Returns the content.
    pub fn content(&self) -> &[u8] {
        self.0.wire.get(self.0.head_len..).unwrap_or_default()
    }
}

/// Shows a response without the values of its fields: one may be a secret.
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
    /// [`respond`](Self::respond) with the same bytes, states and refusals. They are composed anew
    /// if the request was a HEAD, a CONNECT or HTTP/1.0, or if a 100 is still expected. They also
    /// are if this connection is to close or [advertises](Self::advertise), or if only
    /// [`Config::tidy`] allows them and this connection is not tidy. Else they are copied as they
    /// stand.
    ///
    /// # Errors
    ///
    /// `WrongRole`, `Unasked`, `Answered`, `Closed`, `Switched`, `Failed`, `InvalidStatus`,
    /// `FramingConflict`, `ReservedField`, `OutputTooSmall`.
    pub fn respond_prepared(
        &mut self,
        prepared: &Prepared,
        out: &mut impl BufMut,
    ) -> Result<(), Error> {
        let parts = &*prepared.0;
        if self.answers_plainly(parts) {
            let before = self.state;
            let is_known = parts.answer.persist && self.apply_response_fast(parts.answer, true);
            // A refusal is given by `respond`, which meets the same one.
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
        let response =
            ResponseHead { status: parts.status, reason: &parts.reason, fields: &parts.fields };
        self.respond(&response, prepared.content(), out)
    }

    /// Returns whether the response equals that to a plain request.
    ///
    /// Only the persistence could make it differ.
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
