//! The connection, which joins all other modules.
//!
//! Bytes in, events out (`inbound`), decisions in, bytes out (`outbound`), and the getters between.

mod getters;
mod inbound;
mod leftover;
mod local;
mod outbound;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

pub use inbound::Next;
pub use outbound::{Block, Prepared};

use crate::error::{Error, ErrorKind};
use crate::event::{Event, Response, Shown, Switched, SwitchedBy};
use crate::limits::{self, Config};
use crate::machine::{Input, Phase, Role, Rx, State, UpgradeState};
use crate::trace::{Ring, Trace, TraceStep};
use crate::upgrade::{OfferContext, Protocols, Request, SentOffer, Why};
use crate::wire::body::{Body, Room};
use crate::wire::buffer::Buffer;
use crate::wire::fields::Fields;
use crate::wire::head::Head;

/// The end of the peer's bytes: clean or truncated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// The peer sent a FIN, and over TLS a closure alert before it.
    Clean,
    /// A reset, or over TLS no closure alert: more may have been meant.
    ///
    /// RFC 9112, section 9.8.
    Truncated,
}

crate::enums::enums! { End { Clean = "clean", Truncated = "truncated" } }

/// The next thing that the caller must send; see [`Connection::owes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Owes {
    /// The caller owes nothing.
    Nothing,
    /// Server: a 100, or a final response.
    ///
    /// The client waits for one before it sends its content (RFC 9110, section 10.1.1).
    Continue,
    /// Server: the response to a request, whole or its head.
    Response,
    /// Content, or the end of the message being sent.
    Content,
}

crate::enums::enums! {
    Owes {
        Nothing = "nothing", Continue = "continue", Response = "response", Content = "content",
    }
}

/// The way to close the transport; see [`Connection::closing`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Closing {
    /// Close the transport: the peer loses nothing by that.
    Close,
    /// Send the FIN, then read and discard until the peer closes too.
    ///
    /// For a few seconds at most; then close. A socket that is closed with bytes unread is reset,
    /// which may take the last response away from the client.
    Linger,
    /// Reset the connection.
    ///
    /// On a TCP socket set SO_LINGER to 0 and close, over TLS send no closure alert. A response
    /// ends with the connection, as an HTTP/1.0 client has it, and is not complete. After a FIN the
    /// client would take it for whole.
    Reset,
}

crate::enums::enums! { Closing { Close = "close", Linger = "linger", Reset = "reset" } }

/// The framing of the message being sent, as far as it is not complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SendFraming {
    /// No message is being sent, or nothing of it is left to send.
    None,
    /// A number of bytes.
    Length(u64),
    /// Chunks, until your code ends the message.
    Chunked,
    /// Bytes until your code ends the message; then the connection closes.
    UntilClose,
    /// Written by the caller; see [`Connection::note_response`].
    Own,
}

/// One HTTP/1.1 connection, without its transport.
///
/// Your code moves the bytes: what it reads from the transport goes into
/// [`receive`](Self::receive), what the `send_*` methods write goes out. No call blocks, and none
/// reads a clock.
pub struct Connection {
    config: Option<Arc<Config>>,
    /// The memory for messages; [`release`](Self::release) gives it back.
    pub(crate) scratch: Option<Box<Scratch>>,
    body: Body,
    outgoing: SendFraming,
    /// The offset of the unread bytes in the peer's bytes.
    offset: u64,
    pub(crate) failure: Option<Error>,
    /// A bit for each unanswered HEAD request, the oldest lowest.
    heads: u64,
    /// Content skipped of the current message.
    drained: u64,
    /// Counts requests, so that a `Selection` of another one is known.
    cycle: u32,
    /// Empty lines before the current head.
    ///
    /// Or informational responses before the current final one.
    empty_lines: u16,
    informational: u16,
    state: State,
    pub(crate) role: Role,
    end: Option<End>,
    why: Option<Why>,
    pub(crate) flags: Flags,
}

/// Shows the state and no bytes of the peer: they may be a password.
impl core::fmt::Debug for Connection {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Connection")
            .field("role", &self.role)
            .field("state", &self.state)
            .field("awaiting", &self.awaiting())
            .field("why", &self.why)
            .field("unread", &self.unread().len())
            .field("failure", &self.failure)
            .finish_non_exhaustive()
    }
}

/// An idle connection costs this much and no heap.
#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<Connection>() <= 128);

/// Facts that the state machine does not need.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Flags {
    pub(crate) secure: bool,
    /// A message has ended and no event has said so.
    owes_end: bool,
    /// The peer's direction has switched and no event has said so.
    owes_switched: Option<SwitchedBy>,
    /// The message sent was complete before `send_end`; that call may still come.
    ended_by_framing: bool,
    /// Your code does not want the rest of the content.
    skips: bool,
    /// The server has answered in HTTP/1.0.
    old_server: bool,
    /// Server: a response has been sent, or begun.
    has_answered: bool,
}

#[derive(Default)]
pub(crate) struct Scratch {
    pub(crate) buffer: Buffer,
    head: Head,
    /// Few messages have any.
    trailers: Option<Box<Head>>,
    /// The offset of the end of the current request's head.
    head_end: u64,
    /// Content that may still come in chunks.
    room: Room,
    shown: Shown,
    /// The context of offers at the time of the head.
    terms: OfferContext,
    /// The client's own offer, or what a server advertises next.
    offer: Vec<u8>,
    /// The protocols that a 101 switched to.
    agreed: Vec<u8>,
    /// The protocols that a 426 requires.
    required: Vec<u8>,
    /// The message being composed; stale between two calls.
    draft: Vec<u8>,
    /// The offer that a client checks the 101 against.
    asked: Option<Box<SentOffer>>,
    trace: Ring,
}

impl Connection {
    /// Creates a connection with the default configuration, without TLS.
    pub fn new(role: Role) -> Self {
        Self::build(role, None)
    }

    /// Creates a connection with a configuration, which may be shared.
    pub fn with_config(role: Role, config: impl Into<Arc<Config>>) -> Self {
        Self::build(role, Some(config.into()))
    }

    fn build(role: Role, config: Option<Arc<Config>>) -> Self {
        let secure = config.as_ref().is_some_and(|config| config.secure);
        Self {
            config,
            scratch: None,
            body: Body::None,
            outgoing: SendFraming::None,
            offset: 0,
            failure: None,
            heads: 0,
            drained: 0,
            cycle: 0,
            empty_lines: 0,
            informational: 0,
            state: State::NEW,
            role,
            end: None,
            why: None,
            flags: Flags { secure, ..Flags::default() },
        }
    }

    // What the two halves share.

    #[inline]
    pub(crate) fn config(&self) -> &Config {
        self.config.as_deref().unwrap_or(&limits::DEFAULT)
    }

    /// Returns the head that was just read, whatever the state of its cycle.
    fn kept_request(&self) -> Option<Request<'_>> {
        self.scratch.as_deref().map(Scratch::request)
    }

    #[inline(always)]
    fn scratch(&mut self) -> &mut Scratch {
        match self.scratch {
            Some(ref mut scratch) => scratch,
            ref mut none => allocate_scratch(none, self.config.as_deref(), self.role, self.flags),
        }
    }

    /// Changes the state in place; an error leaves it as it was.
    ///
    /// Inlined, as the machine is: each caller knows its input.
    #[inline(always)]
    fn apply_in_place(&mut self, input: Input) -> Result<(), ErrorKind> {
        self.state = self.state.apply(self.role, input)?;
        Ok(())
    }

    /// Applies an input by a decision of the caller.
    fn apply_decision(&mut self, input: Input) -> Result<(), Error> {
        self.state = self.try_input(input).or_else(|error| self.record_error(error))?;
        Ok(())
    }

    fn local_error<T>(&mut self, kind: ErrorKind) -> Result<T, Error> {
        self.record_error(Error::local(kind))
    }

    fn record_error<T>(&mut self, error: Error) -> Result<T, Error> {
        // After a peer error each call says which one it was.
        let error = match (error.kind(), self.failure) {
            (ErrorKind::Failed, Some(failure)) => failure,
            _ => error,
        };
        self.record(TraceStep::Refused, u32::from(error.code()));
        Err(error)
    }

    #[inline(never)]
    fn record(&mut self, step: TraceStep, number: u32) {
        self.record_inline(step, number);
    }

    /// Records a trace entry, inlined where most calls pass.
    #[inline(always)]
    fn record_inline(&mut self, step: TraceStep, number: u32) {
        let offset = self.position();
        self.scratch().trace.push(Trace { step, number, offset });
    }

    /// Sets why the upgrade did not happen, unless that is decided.
    fn set_why_if_undecided(&mut self, why: Why) {
        if self.why == Some(Why::Undecided) {
            self.why = Some(why);
        }
    }

    /// Ends the current event: its bytes are consumed.
    ///
    /// Its head is dropped unless it is still needed.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    #[cfg_attr(target_family = "wasm", inline(never))]
    fn consume_event(&mut self) {
        let Some(scratch) = &mut self.scratch else { return };
        let passed = core::mem::take(&mut scratch.shown).len();
        let keeps = scratch.buffer.keeps();
        if passed > 0 {
            scratch.buffer.consume(passed);
            self.offset += passed as u64;
        }
        if keeps
            && !self.keeps_head()
            && let Some(scratch) = &mut self.scratch
        {
            scratch.buffer.unkeep();
        }
    }

    /// Returns whether the latest head is still needed.
    fn keeps_head(&self) -> bool {
        match self.role {
            Role::Client => self.state.rx == Rx::Switched,
            // First what most requests are. What is wrong with the offers can be read until the
            // answer.
            Role::Server if self.state.upgrade == UpgradeState::None => {
                self.why == Some(Why::Ineligible) && self.state.response == Phase::Idle
            }
            Role::Server => self.keeps_offer(),
        }
    }

    /// Returns whether the latest head has an offer; few have one.
    ///
    /// Apart, as a jump by a table would be a guess for all.
    #[cold]
    fn keeps_offer(&self) -> bool {
        match self.state.upgrade {
            UpgradeState::Offered | UpgradeState::Connect | UpgradeState::Agreed => true,
            UpgradeState::Resumed => self.state.response != Phase::Done,
            UpgradeState::None | UpgradeState::Declined => false,
        }
    }
}

#[cold]
#[inline(never)]
pub(in crate::connection) fn allocate_scratch<'s>(
    none: &'s mut Option<Box<Scratch>>,
    config: Option<&Config>,
    role: Role,
    flags: Flags,
) -> &'s mut Scratch {
    let config = config.unwrap_or(&limits::DEFAULT);
    none.insert(Box::new(Scratch {
        buffer: Buffer::with_room_for(config.limits.waiting()),
        terms: OfferContext::new(config, role, flags.secure),
        ..Scratch::default()
    }))
}

impl Scratch {
    #[inline(always)]
    fn request(&self) -> Request<'_> {
        Request { head: &self.head, bytes: self.buffer.kept(), terms: &self.terms }
    }

    #[inline]
    fn response(&self, dropped: u8) -> Response<'_> {
        Response { head: &self.head, bytes: self.buffer.kept(), dropped }
    }

    /// Returns the event.
    ///
    /// Each takes what it borrows, and nothing else is looked at.
    #[inline(always)]
    fn event(&self, role: Role) -> Option<Event<'_>> {
        let first = |len: usize| self.buffer.unread().get(..len).unwrap_or_default();
        Some(match self.shown {
            Shown::Nothing => return None,
            Shown::Request => Event::Request(self.request()),
            Shown::Informational => Event::Informational(self.response(0)),
            Shown::Response { dropped } => Event::Response(self.response(dropped)),
            Shown::Data { len, .. } => Event::Data(first(len)),
            Shown::End { len } => Event::EndOfMessage(
                self.trailers.as_ref().map_or(Fields::NONE, |trailers| trailers.fields(first(len))),
            ),
            Shown::Switched(by) => Event::Switched(self.switched(role, by)),
        })
    }

    #[cold]
    #[inline(never)]
    fn switched(&self, role: Role, by: SwitchedBy) -> Switched<'_> {
        let has_head = by != SwitchedBy::Http2Preface;
        Switched {
            by,
            protocols: Protocols::new(&self.agreed),
            request: (has_head && role == Role::Server).then(|| self.request()),
            response: (has_head && role == Role::Client).then(|| self.response(0)),
            leftover: self.buffer.unread(),
        }
    }
}
