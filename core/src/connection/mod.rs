//! The connection: joins the parser, the encoder and the state machine.
//!
//! `inbound` receives bytes and emits events, `outbound` sends messages, `local` does neither,
//! `leftover` takes bytes out for another protocol, and `getters` returns the connection's state.

mod getters;
mod inbound;
mod leftover;
mod local;
mod outbound;

use alloc::sync::Arc;
use core::ops::Deref;

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
use crate::wire::memory::{Boxed, Draft};

/// The end of the peer's bytes: clean or truncated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// The peer sent a FIN, and over TLS a closure alert before it.
    Clean,
    /// The peer sent a reset, or over TLS no closure alert: bytes may be missing.
    ///
    /// RFC 9112, section 9.8.
    Truncated,
}

crate::enums::enums! { End { Clean = "clean", Truncated = "truncated" } }

/// The next thing that the caller must send; see [`Connection::owes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Owes {
    /// The caller need not send anything.
    Nothing,
    /// Server: a 100, or a final response.
    ///
    /// The client waits for one before it sends its content (RFC 9110, section 10.1.1).
    Continue,
    /// Server: a response to the request, or at least its head.
    Response,
    /// More content, or the end, of the message being sent.
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
    /// Close the transport; nothing else is needed.
    Close,
    /// Send a FIN, then read and discard until the peer closes too.
    ///
    /// Do so for a few seconds at most; then close. A socket that is closed with unread bytes is
    /// reset, and the client may then lose the last response.
    Linger,
    /// Reset the connection.
    ///
    /// On a TCP socket set SO_LINGER to 0 and close; over TLS send no closure alert. A
    /// close-delimited response, as an HTTP/1.0 client gets it, is incomplete. After a FIN the
    /// client would regard it as complete.
    Reset,
}

crate::enums::enums! { Closing { Close = "close", Linger = "linger", Reset = "reset" } }

/// The rest of the message being sent, by its framing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SendFraming {
    /// No message is being sent, or nothing of it is left to send.
    None,
    /// Bytes of content up to the `Content-Length`: this many are left.
    Length(u64),
    /// Chunks, until the caller ends the message.
    Chunked,
    /// Bytes until the caller ends the message; then the connection closes.
    UntilClose,
    /// Any framing: the caller sends it itself, see [`Connection::note_response`].
    Own,
}

/// One HTTP/1.1 connection, without its transport.
///
/// The caller passes bytes from the transport to [`receive`](Self::receive), and sends the bytes
/// that methods such as [`respond`](Self::respond) write. No call blocks, and none reads a clock.
pub struct Connection {
    config: ConfigRef,
    /// The buffers for messages; `None` until they are needed.
    ///
    /// [`release`](Self::release) frees them if nothing in them is still needed.
    pub(crate) scratch: Option<Boxed<Scratch>>,
    body: Body,
    outgoing: SendFraming,
    /// The number of the peer's bytes that have been consumed.
    offset: u64,
    pub(crate) failure: Option<Error>,
    /// One bit per unanswered request, set for HEAD; the oldest is the lowest bit.
    heads: u64,
    /// Server: the number of requests so far, to detect an earlier one's `Selection`.
    cycle: u32,
    /// The number of empty lines that were skipped before the next head.
    empty_lines: u16,
    informational: u16,
    state: State,
    pub(crate) role: Role,
    end: Option<End>,
    why: Option<Why>,
    pub(crate) flags: Flags,
}

/// The configuration of a connection.
enum ConfigRef {
    Default,
    /// A configuration that several connections may share.
    Shared(Arc<Config>),
    /// A configuration of this connection alone.
    ///
    /// Its allocation can report `OutOfMemory`, which that of an `Arc` cannot.
    Own(Boxed<Config>),
}

impl Deref for ConfigRef {
    type Target = Config;

    #[inline(always)]
    fn deref(&self) -> &Config {
        match self {
            Self::Default => &limits::DEFAULT,
            Self::Shared(config) => config,
            Self::Own(config) => config,
        }
    }
}

/// Formats the state, and no bytes of the peer: they may hold a password.
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

/// A check that a connection has at most 128 bytes, without those on the heap.
#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<Connection>() <= 128);

/// Flags of a connection that the state machine does not need.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Flags {
    pub(crate) secure: bool,
    /// True while a received message has ended and no event has reported it.
    owes_end: bool,
    /// The cause of the peer's switch, until an event has reported it.
    owes_switched: Option<SwitchedBy>,
    /// True if the sent message was complete before `send_end`.
    ///
    /// `send_end` may still be called once.
    ended_by_framing: bool,
    /// True if the caller has called `skip_content` for the message being received.
    skips: bool,
    /// Client: true once the server has sent a final response in HTTP/1.0.
    old_server: bool,
    /// Server: true once a final response has been sent or begun on this connection.
    has_answered: bool,
}

#[derive(Default)]
pub(crate) struct Scratch {
    pub(crate) buffer: Buffer,
    head: Head,
    /// The latest parsed trailer section; few messages have one.
    trailers: Option<Boxed<Head>>,
    /// The offset in the peer's bytes at which the latest request's head ends.
    head_end: u64,
    /// The number of bytes of chunked content still accepted for the current message.
    room: Room,
    /// The number of bytes of the current message that `skip_content` has discarded.
    drained: u64,
    shown: Shown,
    /// The connection's limits and flags that decide which offers are eligible.
    ///
    /// They are copied when the buffers are allocated or the limits change. With each received
    /// request, `secure` is set anew.
    terms: OfferContext,
    /// Client: the latest offer sent. Server: the protocols to advertise next.
    offer: Draft,
    /// The protocols that the latest 101 switched to, as an `Upgrade` value.
    agreed: Draft,
    /// Client: the protocols that a 426 to the latest request requires.
    required: Draft,
    /// The message being encoded; its content has no meaning between two calls.
    draft: Draft,
    /// Client: the sent offer against which the 101 is checked.
    asked: Option<Boxed<SentOffer>>,
    trace: Ring,
}

impl Connection {
    /// Creates a connection with the default configuration, without TLS.
    pub fn new(role: Role) -> Self {
        Self::build(role, ConfigRef::Default)
    }

    /// Creates a connection with a configuration, which connections may share.
    pub fn with_config(role: Role, config: impl Into<Arc<Config>>) -> Self {
        Self::build(role, ConfigRef::Shared(config.into()))
    }

    /// Creates a connection with a configuration that it does not share.
    ///
    /// # Errors
    ///
    /// `OutOfMemory`.
    pub(crate) fn try_with_config(role: Role, config: Config) -> Result<Self, Error> {
        let config = Boxed::new(|| config).map_err(Error::local)?;
        Ok(Self::build(role, ConfigRef::Own(config)))
    }

    fn build(role: Role, config: ConfigRef) -> Self {
        let secure = config.secure;
        Self {
            config,
            scratch: None,
            body: Body::None,
            outgoing: SendFraming::None,
            offset: 0,
            failure: None,
            heads: 0,
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

    // Shared by receiving and sending.

    #[inline]
    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// Returns the latest head as a request, without a check that it is kept.
    ///
    /// On a client, the head is a response's. If no head is kept, the request has no bytes. `None`
    /// if no buffers are allocated.
    fn kept_request(&self) -> Option<Request<'_>> {
        self.scratch.as_deref().map(Scratch::request)
    }

    /// Returns the buffers, which are allocated if there are none.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    #[cfg_attr(target_family = "wasm", inline(never))]
    fn scratch(&mut self) -> Result<&mut Scratch, Error> {
        match self.scratch {
            Some(ref mut scratch) => Ok(scratch),
            ref mut none => allocate_scratch(none, &self.config, self.role, self.flags),
        }
    }

    /// Applies an input to the state in place; an error leaves it unchanged.
    ///
    /// Inlined, like the state machine: each caller passes a constant kind of input.
    #[inline(always)]
    fn apply_in_place(&mut self, input: Input) -> Result<(), ErrorKind> {
        self.state = self.state.apply(self.role, input)?;
        Ok(())
    }

    /// Applies the caller's decision to the state, and records an error in the trace.
    fn apply_decision(&mut self, input: Input) -> Result<(), Error> {
        self.state = self.try_input(input).or_else(|error| self.record_error(error))?;
        Ok(())
    }

    fn local_error<T>(&mut self, kind: ErrorKind) -> Result<T, Error> {
        self.record_error(Error::local(kind))
    }

    pub(crate) fn record_error<T>(&mut self, error: Error) -> Result<T, Error> {
        // After a peer error each call returns that error.
        let error = match (error.kind(), self.failure) {
            (ErrorKind::Failed, Some(failure)) => failure,
            _ => error,
        };
        self.record(TraceStep::Refused, u32::from(error.code()));
        Err(error)
    }

    /// Clears the protocols of an earlier 101, at a switch by CONNECT.
    fn forget_agreed(&mut self) {
        if let Some(scratch) = &mut self.scratch {
            scratch.agreed.clear();
        }
    }

    #[inline(never)]
    fn record(&mut self, step: TraceStep, number: u32) {
        self.record_inline(step, number);
    }

    /// Adds an entry to the trace; inlined for the most frequent calls.
    #[inline(always)]
    fn record_inline(&mut self, step: TraceStep, number: u32) {
        let offset = self.position();
        // Without memory for its buffers a connection has no trace either.
        if let Ok(scratch) = self.scratch() {
            scratch.trace.push(Trace { step, number, offset });
        }
    }

    /// Sets the reason why the upgrade did not happen, if the offer is still undecided.
    fn set_why_if_undecided(&mut self, why: Why) {
        if self.why == Some(Why::Undecided) {
            self.why = Some(why);
        }
    }

    /// Ends the current event, if there is one, and consumes its bytes.
    ///
    /// The bytes of the latest head are dropped too, unless the caller may still read them.
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

    /// Returns whether the latest head is kept for the caller after its event.
    fn keeps_head(&self) -> bool {
        match self.role {
            Role::Client => self.state.rx == Rx::Switched,
            // Most requests have no offer. The reasons why offers are ineligible can be read until
            // the response.
            Role::Server if self.state.upgrade == UpgradeState::None => {
                self.why == Some(Why::Ineligible) && self.state.response == Phase::Idle
            }
            Role::Server => self.keeps_offer(),
        }
    }

    /// Returns whether the latest request has an offer or CONNECT that needs its head.
    ///
    /// Out of line: a jump table in the caller would be hard to predict for every request.
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
    none: &'s mut Option<Boxed<Scratch>>,
    config: &Config,
    role: Role,
    flags: Flags,
) -> Result<&'s mut Scratch, Error> {
    let scratch = Boxed::new(|| Scratch {
        buffer: Buffer::with_room_for(config.limits.waiting()),
        terms: OfferContext::new(config, role, flags.secure),
        ..Scratch::default()
    });
    let scratch = scratch.map_err(Error::local)?;
    Ok(none.insert(scratch))
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

    /// Returns the current event; `None` if there is none.
    ///
    /// Each variant reads only the fields that it borrows.
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
