//! Answers that are checked and encoded once, and sent many times on many connections.

use alloc::sync::Arc;
use alloc::vec::Vec;

use bytes::BufMut;

use crate::connection::{Connection, Outgoing};
use crate::error::Error;
use crate::limits::Config;
use crate::machine::{Answer, Peer, Role, State, Turn};
use crate::trace::TraceStep;
use crate::wire::encode;
use crate::wire::outgoing::ResponseHead;

/// A whole response, checked and encoded once, for [`respond_prepared`](Connection::respond_prepared) on any number of
/// connections. Clones share its memory. With a `Date` among its fields it is good for a second.
///
/// ```
/// use switchover::{Connection, Prepared, ResponseHead, Role, Step};
///
/// # fn main() -> Result<(), switchover::Error> {
/// let hello = Prepared::new(&ResponseHead::new(200, &[("Content-Type", "text/plain")]), b"hello\n")?;
/// let mut server = Connection::new(Role::Server);
/// let mut out = Vec::new();
/// for request in [&b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"[..], b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"] {
///     server.receive(request)?;
///     assert_eq!(server.advance()?, Step::Event);
///     server.take_end();
///     out.clear();
///     server.respond_prepared(&hello, &mut out)?;
///     assert!(out.starts_with(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\n"));
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
    /// The caller's own.
    fields: Vec<(Vec<u8>, Vec<u8>)>,
    /// What [`Connection::respond`] writes in answer to a plain request.
    wire: Vec<u8>,
    /// Where in it the content begins.
    head_len: usize,
    /// What the machine knows of that answer.
    answer: Answer,
    /// What was put right in the field lines, as [`TraceStep::Tidied`] says it.
    tidied: u32,
}

impl Prepared {
    /// Checks and encodes a response with all of its content.
    ///
    /// Refused: as [`respond`](Connection::respond) to a plain GET, for what is wrong with the response itself.
    pub fn new(response: &ResponseHead<'_>, content: &[u8]) -> Result<Self, Error> {
        Self::with_config(response, content, Config::default())
    }

    /// The same for connections with this configuration, whose [`tidy`](Config::tidy) may put the field lines right. A
    /// connection that is not tidy refuses a response that needed it.
    pub fn with_config(
        response: &ResponseHead<'_>,
        content: &[u8],
        config: impl Into<Arc<Config>>,
    ) -> Result<Self, Error> {
        let mut fields = Vec::new();
        response.fields.each(&mut |field| fields.push((field.name.to_vec(), field.value.to_vec())));
        // Made by `respond` itself, so that the two cannot differ.
        let mut model = Connection::with_config(Role::Server, config);
        model.state = State::ASKED;
        let mut wire = Vec::new();
        model.respond(&ResponseHead { fields: &fields, ..*response }, content, &mut wire)?;
        let (status, persist) = (response.status, model.state.persist);
        let tidied = core::iter::from_fn(|| model.trace()).find(|entry| entry.step == TraceStep::Tidied);
        Ok(Self(Arc::new(Parts {
            status,
            reason: response.reason.to_vec(),
            fields,
            head_len: wire.len() - content.len(),
            wire,
            answer: Answer { success: (200..=299).contains(&status), content: !content.is_empty(), persist },
            tidied: tidied.map_or(0, |entry| entry.number),
        })))
    }

    /// The status.
    pub fn status(&self) -> u16 {
        self.0.status
    }

    /// The content.
    pub fn content(&self) -> &[u8] {
        self.0.wire.get(self.0.head_len..).unwrap_or_default()
    }
}

/// Without the values of its fields: one of them may be a secret.
impl core::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Prepared")
            .field("status", &self.0.status)
            .field("len", &self.0.wire.len())
            .finish_non_exhaustive()
    }
}

impl Connection {
    /// Server: [`respond`](Self::respond) with a response that was checked and encoded before: the same bytes, states and
    /// refusals. They are copied as they stand, unless the request was a HEAD, a CONNECT or HTTP/1.0, this connection is to
    /// close or [advertises](Self::advertise), a 100 is still expected, or only [`Config::tidy`] allows them and this connection
    /// is not tidy: then they are composed anew.
    ///
    /// Refused: `WrongRole`, `Unasked`, `Answered`, `Closed`, `Switched`, `Failed`, `InvalidStatus`, `FramingConflict`,
    /// `ReservedField`, `OutputTooSmall`.
    pub fn respond_prepared(&mut self, prepared: &Prepared, out: &mut impl BufMut) -> Result<(), Error> {
        let parts = &*prepared.0;
        if self.answers_plainly(parts) {
            let before = self.state;
            let is_known = parts.answer.persist && self.take_plain_answer(parts.answer, true);
            // A refusal is given by `respond`, which meets the same one.
            let is_taken = is_known || self.take_answer(parts.answer, true).is_ok();
            if is_taken && self.state.persist == parts.answer.persist {
                if let Err(error) = encode::hand_over(&[&parts.wire], out) {
                    self.state = before;
                    return self.refuse_with(error);
                }
                let outgoing = match prepared.content().len() as u64 {
                    0 => Outgoing::None,
                    len => Outgoing::Length(len),
                };
                self.answered(parts.status, outgoing, true);
                if parts.tidied != 0 {
                    self.note(TraceStep::Tidied, parts.tidied);
                }
                return Ok(());
            }
            self.state = before;
        }
        let response = ResponseHead { status: parts.status, reason: &parts.reason, fields: &parts.fields };
        self.respond(&response, prepared.content(), out)
    }

    /// Nothing but the persistence could make the answer differ from that to a plain request.
    fn answers_plainly(&self, parts: &Parts) -> bool {
        let advertises = || self.scratch.as_ref().is_some_and(|scratch| !scratch.offer.is_empty());
        let is_plain = self.role == Role::Server && self.state.peer == Peer::V11 && self.state.turn != Turn::Connect;
        is_plain && !self.answers_head() && !advertises() && (parts.tidied == 0 || self.config().tidy)
    }
}
