//! The filter by which any HTTP/2 engine responds to the request of an upgrade.
//!
//! The response is on stream 1, though the engine does not support upgrades (RFC 7540, section
//! 3.2).
//!
//! To the engine it looks as if the client had used HTTP/2 from the start. After the client's
//! preface and first SETTINGS frame, it receives the request and its content as frames on stream 1.
//! The filter hides three differences:
//!
//! - The settings of `HTTP2-Settings` go first, in a SETTINGS frame of their own, because engines
//!   reject a frame that repeats a setting. The engine acknowledges that frame, but the client
//!   never sent it. So the filter drops that first ACK.
//! - The content uses up a part of the engine's connection window, and the client does not know.
//!   That part is the *debt*. The filter subtracts it from the engine's first WINDOW_UPDATE frames
//!   for the connection. Until then the client may send more than the engine accepts, so the excess
//!   is queued.
//! - Queued frames keep their order where it matters: within a stream, and among header blocks and
//!   SETTINGS ACKs. Header compression has a state, and so have settings. An ACK waits behind any
//!   queued frame. All other frames overtake them. Otherwise an engine that waits for a window
//!   would wait forever.
//!
//! While there is debt, the client receives no window for the connection. So it sends at most
//! 65,535 bytes of DATA, and no more of it can be queued. Once the debt is paid, both sides agree
//! on the window, and the queue empties.

use alloc::vec::Vec;

use super::frame::{
    self, CONTINUATION, DATA, END_HEADERS, Frames, HEADER, HEADERS, Header, PADDED, Piece,
    SETTINGS, WINDOW_UPDATE,
};
use super::opening::Opening;
use super::waiting::{Fate, MOST_WAITING, Waiting, may_wait};
use super::window::Window;
use crate::error::{ErrorKind, Ineligible};
use crate::upgrade::Request;
use crate::wire::memory::{self, Draft};
use crate::wire::source::FieldSource;

/// A filter between an HTTP/2 engine and a client that was sent a 101 for `h2c`.
///
/// It is needed until both have the same settings and windows.
///
/// Pass what the client sends to [`client_sent`](Self::client_sent), and what the engine writes to
/// [`engine_sent`](Self::engine_sent). After each call, forward the bytes that
/// [`take_for_engine`](Self::take_for_engine) and [`take_for_client`](Self::take_for_client)
/// return. Do not read the client while [`wants_client`](Self::wants_client) is false. Once
/// [`is_done`](Self::is_done) is true, connect the two directly.
///
/// The engine is an ordinary HTTP/2 server, as for clients with prior knowledge. It first receives
/// the client's preface, the settings of the offer, the client's first SETTINGS frame, and the
/// request on stream 1. Its ACK for the offer's settings does not reach the client. If the client
/// sends something other than HTTP/2, the engine gets it unchanged, and reports the error.
///
/// ```
/// use switchover::h2c::Splice;
/// use switchover::{Connection, Order, Role};
///
/// # fn main() -> Result<(), switchover::Error> {
/// let mut server = Connection::new(Role::Server);
/// server.receive(
///     b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\
///       HTTP2-Settings: AAMAAABk\r\n\r\n",
/// )?;
/// server.advance()?;
///
/// // The splice needs the whole request before the 101: wait for the end of its content, if any.
/// let selection = server.select(&["h2c"], Order::Client).expect("the offer is in order");
/// let request = server.request().expect("a request with an offer is kept");
/// let mut splice = Splice::new(&request, b"", &()).expect("nothing is too large");
/// let mut out = Vec::new();
/// server.accept(selection, &(), &mut out)?;
///
/// // From now on, pass what the client sends to the splice; here its preface and an empty
/// // SETTINGS frame.
/// splice.client_sent(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0");
/// let for_engine = splice.take_for_engine();
/// let (preface, settings) = for_engine.split_at(24);
/// assert_eq!(preface, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
/// assert!(settings.starts_with(b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0d"));
///
/// // The engine acknowledges both SETTINGS; the client has sent one.
/// splice.engine_sent(b"\0\0\0\x04\x01\0\0\0\0\0\0\0\x04\x01\0\0\0\0");
/// assert_eq!(splice.take_for_client(), b"\0\0\0\x04\x01\0\0\0\0");
/// assert!(splice.is_done());
/// # Ok(())
/// # }
/// ```
pub struct Splice {
    start: Start,
    client: Frames,
    engine: Frames,
    /// The fate of the client's current frame: passed to the engine, or queued.
    client_frame: Fate,
    /// The fate of the client's header block that has begun; `None` between blocks.
    block: Option<Fate>,
    engine_frame: Reply,
    window: Window,
    waiting: Waiting,
    has_dropped_ack: bool,
    /// Set once `client_ended` was called: the client sends no more bytes.
    has_ended: bool,
    for_engine: Draft,
    for_client: Draft,
}

/// Formats only the state, because a header block may contain a password.
impl core::fmt::Debug for Splice {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Splice")
            .field("is_done", &self.is_done())
            .field("waiting", &self.waiting.len())
            .field("window", &self.window)
            .finish_non_exhaustive()
    }
}

enum Start {
    /// The client's preface and first SETTINGS frame are not complete.
    Awaited(Opening),
    Passed,
    /// The client's first bytes are not HTTP/2, or end before its SETTINGS.
    ///
    /// The engine receives them unchanged and reports the error.
    Malformed,
}

/// The fate of a frame from the engine: passed to the client, dropped, or changed.
#[derive(PartialEq, Eq)]
enum Reply {
    Passes,
    Dropped,
    /// A connection's WINDOW_UPDATE, whose increment is lowered by the debt.
    ///
    /// Holds the increment, as far as it was read. The debt is that part of the engine's window
    /// which the content of the request has used up.
    Update(u32),
}

impl Splice {
    /// Creates a splice, before the 101 is sent.
    ///
    /// `content` is the whole content of the request, at most 65,535 bytes. `trailers` are its
    /// trailers, or `&()` if it has none.
    ///
    /// # Errors
    ///
    /// The reason why the request cannot be converted to HTTP/2; then decline the offer. It is
    /// `Content` if `content` is too long, or not as long as `Content-Length` says.
    pub fn new(
        request: &Request<'_>,
        content: &[u8],
        trailers: &dyn FieldSource,
    ) -> Result<Self, Ineligible> {
        memory::or_end(Self::try_new(request, content, trailers))
    }

    /// Creates a splice like [`new`](Self::new); the inner result is that of `new`.
    ///
    /// # Errors
    ///
    /// `OutOfMemory`.
    pub(crate) fn try_new(
        request: &Request<'_>,
        content: &[u8],
        trailers: &dyn FieldSource,
    ) -> Result<Result<Self, Ineligible>, ErrorKind> {
        let opening = match Opening::try_new(request, content, trailers)? {
            Ok(opening) => opening,
            Err(reason) => return Ok(Err(reason)),
        };
        Ok(Ok(Self {
            start: Start::Awaited(opening),
            client: Frames::default(),
            engine: Frames::default(),
            client_frame: Fate::Passes,
            block: None,
            engine_frame: Reply::Passes,
            window: Window::new(content.len()),
            waiting: Waiting::default(),
            has_dropped_ack: false,
            has_ended: false,
            for_engine: Draft::new(),
            for_client: Draft::new(),
        }))
    }

    /// Processes bytes that the client sent after its upgrade request.
    ///
    /// The first are those that [`take_leftover`](crate::Connection::take_leftover) returns.
    pub fn client_sent(&mut self, bytes: &[u8]) {
        memory::or_end(self.try_client_sent(bytes));
    }

    /// Processes bytes that the client sent, like [`client_sent`](Self::client_sent).
    ///
    /// # Errors
    ///
    /// `OutOfMemory`; nothing has changed.
    pub(crate) fn try_client_sent(&mut self, mut bytes: &[u8]) -> Result<(), ErrorKind> {
        self.reserve(bytes.len(), 0)?;
        if let Start::Awaited(opening) = &mut self.start {
            opening.push(bytes);
            bytes = &[];
            self.begin();
        } else if matches!(self.start, Start::Malformed) {
            self.for_engine.extend_from_slice(bytes);
            return Ok(());
        }
        self.read_client(bytes);
        Ok(())
    }

    /// Allocates the most memory that a call can need.
    ///
    /// It does so before the call changes anything, so that a call that fails has changed nothing.
    /// `client` and `engine` are the numbers of bytes passed to the call from the client and from
    /// the engine.
    fn reserve(&mut self, client: usize, engine: usize) -> Result<(), ErrorKind> {
        /// The length of two frame headers.
        ///
        /// One may have been received in part, and one is added where DATA is split.
        const SPARE: usize = 2 * HEADER;
        let first = match &mut self.start {
            Start::Awaited(opening) => opening.reserve(client)?,
            _ => client,
        };
        if self.window.has_debt() || self.is_waiting() {
            self.waiting.reserve(first)?;
        }
        let to_engine = first + self.waiting.len() + SPARE;
        self.for_engine.reserve(self.for_engine.len() + to_engine)?;
        self.for_client.reserve(self.for_client.len() + engine + SPARE)
    }

    /// Records that the client has closed its direction.
    ///
    /// An incomplete HTTP/2 frame is passed to the engine as it is. Report the end to the engine
    /// once [`is_waiting`](Self::is_waiting) is false.
    pub fn client_ended(&mut self) {
        memory::or_end(self.try_client_ended());
    }

    /// Records the end of the client's bytes like [`client_ended`](Self::client_ended).
    ///
    /// # Errors
    ///
    /// `OutOfMemory`; nothing has changed.
    pub(crate) fn try_client_ended(&mut self) -> Result<(), ErrorKind> {
        self.reserve(0, 0)?;
        self.leave_to_engine();
        self.has_ended = true;
        if !self.client.is_whole() && self.client_frame == Fate::Passes {
            // No frame can follow a truncated one.
            self.waiting = Waiting::default();
        }
        self.release(self.client.is_whole());
        Ok(())
    }

    /// Processes bytes that the engine has written.
    pub fn engine_sent(&mut self, bytes: &[u8]) {
        memory::or_end(self.try_engine_sent(bytes));
    }

    /// Processes bytes that the engine wrote, like [`engine_sent`](Self::engine_sent).
    ///
    /// # Errors
    ///
    /// `OutOfMemory`; nothing has changed.
    pub(crate) fn try_engine_sent(&mut self, bytes: &[u8]) -> Result<(), ErrorKind> {
        self.reserve(0, bytes.len())?;
        let (mut input, mut frames) = (bytes, core::mem::take(&mut self.engine));
        while let Some(piece) = frames.next(&mut input) {
            match piece {
                Piece::Header(header) => self.begin_reply(header),
                Piece::Payload(payload) => self.go_on_with_reply(payload, frames.is_whole()),
            }
        }
        self.engine = frames;
        if matches!(self.start, Start::Malformed) {
            // Nothing has to be dropped or subtracted, so an incomplete header can be passed on.
            self.engine.take_partial(&mut self.for_client);
        }
        self.release(self.client.is_whole());
        Ok(())
    }

    /// Removes and returns the bytes to pass to the engine.
    pub fn take_for_engine(&mut self) -> Vec<u8> {
        self.for_engine.take()
    }

    /// Removes and returns the bytes to send to the client.
    pub fn take_for_client(&mut self) -> Vec<u8> {
        self.for_client.take()
    }

    /// Returns whether the caller should read from the client.
    ///
    /// It is false only while too many bytes are queued for the engine.
    pub fn wants_client(&self) -> bool {
        self.waiting.len() < MOST_WAITING || !self.client.is_whole()
    }

    /// Returns whether frames of the client are queued for the engine.
    ///
    /// They wait for the engine's connection window, or behind a frame that does.
    pub fn is_waiting(&self) -> bool {
        self.waiting.frames() > 0
    }

    /// Returns whether client and engine can be connected directly.
    ///
    /// Both then have the same settings and windows, or the client does not speak HTTP/2. No bytes
    /// are held here. If the request had content, the engine must first grant the connection as
    /// much window again. Until then keep using the splice.
    pub fn is_done(&self) -> bool {
        let is_settled = match self.start {
            Start::Awaited(_) => false,
            Start::Passed => self.has_dropped_ack && !self.window.has_debt() && !self.is_waiting(),
            Start::Malformed => true,
        };
        let holds_reply = self.engine.has_partial()
            || (self.engine_frame != Reply::Passes && !self.engine.is_whole());
        let has_output = !self.for_engine.is_empty() || !self.for_client.is_empty();
        is_settled && !self.client.has_partial() && !holds_reply && !has_output
    }

    // From the client to the engine.

    /// Inserts the request after the client's first SETTINGS, once that is complete.
    ///
    /// If the client has sent something else, all of it is passed on without the request.
    fn begin(&mut self) {
        let start = core::mem::replace(&mut self.start, Start::Passed);
        let Start::Awaited(opening) = &start else { return };
        match opening.begin(&mut self.for_engine) {
            None => self.start = start,
            Some(Ok(rest)) => self.read_client(rest),
            Some(Err(())) => {
                self.start = start;
                self.leave_to_engine();
            }
        }
    }

    /// Passes the client's bytes to the engine without the upgraded request.
    ///
    /// It is for bytes that do not begin with a preface and a SETTINGS frame. The engine receives
    /// no content of the request, so there is no debt. Does nothing once that SETTINGS frame has
    /// been passed.
    fn leave_to_engine(&mut self) {
        if let Start::Awaited(opening) = &self.start {
            self.for_engine.extend_from_slice(opening.held());
            self.start = Start::Malformed;
            self.window.cancel();
        }
    }

    fn read_client(&mut self, mut input: &[u8]) {
        let mut frames = core::mem::take(&mut self.client);
        while let Some(piece) = frames.next(&mut input) {
            match piece {
                Piece::Header(header) => self.begin_frame(header),
                Piece::Payload(payload) => match self.client_frame {
                    Fate::Passes => self.for_engine.extend_from_slice(payload),
                    Fate::Waits => self.waiting.push_payload(payload),
                },
            }
            if frames.is_whole() {
                // Only between frames, because nothing may be inserted inside one.
                self.release(true);
            }
        }
        self.client = frames;
    }

    fn begin_frame(&mut self, header: Header) {
        let continues = header.kind() == CONTINUATION && may_wait(header);
        let fate = self.block.filter(|_| continues).unwrap_or_else(|| self.fate(header));
        if matches!(header.kind(), HEADERS | CONTINUATION) {
            self.block = if header.has(END_HEADERS) { None } else { Some(fate) };
        }
        self.client_frame = fate;
        match fate {
            Fate::Passes => {
                self.count(header);
                self.for_engine.extend_from_slice(&header.bytes);
            }
            Fate::Waits => self.waiting.push(header),
        }
    }

    /// Decides to pass or queue a client's frame, by the queue and the engine's window.
    fn fate(&self, header: Header) -> Fate {
        let must_wait = match header.kind() {
            DATA if header.len() > self.window.room() => true,
            HEADERS | CONTINUATION => self.waiting.has_block_or_ack(),
            SETTINGS if header.is_settings_ack() => self.is_waiting(),
            _ => false,
        };
        let has_earlier = header.stream() > 0 && self.waiting.has_stream(header.stream());
        if may_wait(header) && (must_wait || has_earlier) { Fate::Waits } else { Fate::Passes }
    }

    /// Subtracts the length of a frame from the engine's window if the frame is DATA.
    fn count(&mut self, header: Header) {
        if header.kind() == DATA {
            self.window.count(header.len() as usize);
        }
    }

    /// Passes queued frames to the engine, as far as its window allows.
    ///
    /// `is_whole`: the client's current frame is complete. No frame passes while a frame or header
    /// block that was not queued is incomplete. The last queued frame stays while it, or its header
    /// block, is incomplete. After the client's end neither applies, since no more will come.
    fn release(&mut self, is_whole: bool) {
        let is_between_frames = is_whole || self.client_frame == Fate::Waits;
        let is_inside = !is_between_frames || self.block == Some(Fate::Passes);
        if is_inside && !self.has_ended {
            return;
        }
        // The last queued frame may be incomplete. After the client's end, no more of it will come.
        let is_incomplete = !is_whole || self.block == Some(Fate::Waits);
        let kept = usize::from(is_incomplete && !self.has_ended);
        while self.waiting.frames() > kept {
            if !self.pass_waiting() {
                return;
            }
        }
        if self.has_ended {
            self.client.take_partial(&mut self.for_engine);
        }
    }

    /// Passes the first queued frame, or as much of its DATA as the window allows.
    ///
    /// Returns whether something has passed. DATA is split because some engines enlarge their
    /// window only once that is used up. Padded DATA is not split, and waits until the window has
    /// room for all of it.
    fn pass_waiting(&mut self) -> bool {
        let Some(header) = self.waiting.first() else { return false };
        let room = self.window.room();
        // Only the last frame may be incomplete, once the client has ended.
        let is_truncated = self.waiting.len() < HEADER.saturating_add(room as usize);
        if header.kind() != DATA || header.len() <= room || is_truncated {
            self.count(header);
            self.waiting.pop(&mut self.for_engine);
            return true;
        }
        // A padded frame is not split: its padding cannot be told from its data here.
        if room == 0 || header.has(PADDED) {
            return false;
        }
        self.window.count(room as usize);
        self.waiting.split(room, &mut self.for_engine);
        true
    }

    // From the engine to the client.

    fn begin_reply(&mut self, header: Header) {
        let is_update = header.kind() == WINDOW_UPDATE && header.stream() == 0 && header.len() == 4;
        self.engine_frame = if header.is_settings_ack() && header.len() == 0 && self.awaits_ack() {
            self.has_dropped_ack = true;
            Reply::Dropped
        } else if is_update && self.window.has_debt() {
            Reply::Update(0)
        } else {
            self.for_client.extend_from_slice(&header.bytes);
            Reply::Passes
        };
    }

    fn awaits_ack(&self) -> bool {
        !self.has_dropped_ack && matches!(self.start, Start::Passed)
    }

    fn go_on_with_reply(&mut self, payload: &[u8], is_whole: bool) {
        match &mut self.engine_frame {
            Reply::Passes => self.for_client.extend_from_slice(payload),
            Reply::Dropped => {}
            Reply::Update(number) => {
                *number =
                    payload.iter().fold(*number, |number, &byte| number << 8 | u32::from(byte));
                let given = *number & 0x7fff_ffff;
                if let Some(given) = is_whole.then(|| self.window.pay(given)).flatten() {
                    let given = given.to_be_bytes();
                    frame::put(WINDOW_UPDATE, 0, 0, &given, &mut self.for_client);
                }
            }
        }
    }
}
