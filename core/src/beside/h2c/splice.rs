//! The splice, by which any HTTP/2 engine answers the request of an upgrade.
//!
//! The response is on stream 1, though the engine knows nothing of upgrades (RFC 7540, section
//! 3.2).
//!
//! To the engine it looks as if the client had spoken HTTP/2 from the start. After the client's
//! preface and its first SETTINGS come the request and its content, as frames on stream 1. Three
//! things must not show:
//!
//! - The settings of `HTTP2-Settings` go first, in a SETTINGS frame of their own, because engines
//!   refuse a frame that says a setting twice. The engine acknowledges it, the client never sent
//!   it: that first ACK is dropped.
//! - The content takes room of the engine's window that the client does not know is gone: a *debt*.
//!   As much is taken off what the engine's first WINDOW_UPDATEs give to the connection. Until then
//!   the client may send more than the engine takes, so what is too much waits here.
//! - What waits keeps its order where order has a meaning: within a stream, and among header blocks
//!   and ACKs of settings. Compression has a state, and so have settings. All else overtakes, or an
//!   engine that waits for a window would wait for ever.
//!
//! While there is debt nothing is given to the client, so it sends 65,535 bytes of DATA at most.
//! That is the most of them that can wait. Once the debt is paid both sides mean the same window,
//! and nothing waits any more.

use alloc::vec::Vec;

use super::frame::{
    self, CONTINUATION, DATA, END_HEADERS, Frames, HEADERS, Header, PADDED, PREFACE, Piece,
    SETTINGS, WINDOW_UPDATE,
};
use super::opening::{first_settings, frames};
use super::waiting::Waiting;
use crate::error::Ineligible;
use crate::upgrade::Request;
use crate::upgrade::context::OfferingRequest;
use crate::upgrade::h2c::{check, requested};
use crate::wire::message::RequestHead;
use crate::wire::source::FieldSource;

/// The window that a connection begins with (RFC 9113, section 6.9.2).
const FIRST_WINDOW: usize = 65_535;

/// The bytes that may wait before the client is not read any more.
///
/// Its window, and frames that take no window.
const MOST_WAITING: usize = 4 * FIRST_WINDOW;

/// A filter between a client that was sent a `101` for `h2c` and an engine.
///
/// It is done as soon as both have the same state.
///
/// What the client sends goes to [`client_sent`](Self::client_sent), what the engine writes to
/// [`engine_sent`](Self::engine_sent); after either, pass on what
/// [`take_for_engine`](Self::take_for_engine) and [`take_for_client`](Self::take_for_client) hold.
/// Do not read the client while [`wants_client`](Self::wants_client) is false. Once
/// [`is_done`](Self::is_done), connect the two directly.
///
/// The engine is a plain HTTP/2 server, the same that takes clients with prior knowledge. After the
/// client's preface and first SETTINGS it finds the settings of the offer, and the request in
/// stream 1. Its ACK for the former does not reach the client. What a client sends that is no
/// HTTP/2 it gets as it is, and reports.
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
/// // All that the request brings along is needed before the 101; with content, that is at its end.
/// let selection = server.select(&["h2c"], Order::Client).expect("the offer is in order");
/// let request = server.request().expect("a request with an offer is kept");
/// let mut splice = Splice::new(&request, b"", &()).expect("nothing is too large");
/// let mut out = Vec::new();
/// server.accept(selection, &(), &mut out)?;
///
/// // What the client sends from now on goes through the splice; here its preface and empty
/// // SETTINGS.
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
    /// The fate of the client's current frame, and of the header block it began.
    client_frame: Fate,
    block: Option<Fate>,
    engine_frame: Reply,
    windows: Windows,
    waiting: Waiting,
    has_dropped_ack: bool,
    /// The client has ended.
    has_ended: bool,
    for_engine: Vec<u8>,
    for_client: Vec<u8>,
}

/// The state alone is shown: a header block may hold a password.
impl core::fmt::Debug for Splice {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Splice")
            .field("is_done", &self.is_done())
            .field("waiting", &self.waiting.bytes)
            .field("windows", &self.windows)
            .finish_non_exhaustive()
    }
}

enum Start {
    /// The preface and the first SETTINGS are not there yet.
    Awaited {
        held: Vec<u8>,
        /// The payload of the frame that goes before the client's own.
        settings: Vec<u8>,
        /// The frames of the request, which go after it.
        request: Vec<u8>,
        content: usize,
    },
    Passed,
    /// The client's first bytes are not HTTP/2.
    ///
    /// The engine gets them as they are and reports it.
    Malformed,
}

/// The fate of a frame of the client's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Passes,
    Waits,
}

/// The fate of a frame of the engine's.
#[derive(PartialEq, Eq)]
enum Reply {
    Passes,
    Dropped,
    /// A WINDOW_UPDATE of the connection, whose payload is awaited.
    Update(Vec<u8>),
}

#[derive(Debug)]
struct Windows {
    /// The window of the connection that the engine has given.
    engine: i64,
    /// The window that the client believes in beyond that.
    debt: u32,
}

impl Splice {
    /// Creates a splice before the 101, with the request's content.
    ///
    /// `content` and `trailers` (`&()` is none) are all that came, at most 65,535 bytes. Where it
    /// cannot be taken along the error says why; then decline the offer.
    pub fn new(
        request: &Request<'_>,
        content: &[u8],
        trailers: &dyn FieldSource,
    ) -> Result<Self, Ineligible> {
        let fields = request.fields();
        let head = RequestHead::new(request.method(), request.target(), &fields);
        check(&OfferingRequest::from(&head), request.terms)?;
        let settings = requested(&fields).ok_or(Ineligible::Settings)?;
        let says_otherwise =
            |len: &[u8]| crate::wire::syntax::decimal(len) != Some(content.len() as u64);
        if content.len() > FIRST_WINDOW || fields.get("Content-Length").is_some_and(says_otherwise)
        {
            return Err(Ineligible::Content);
        }
        Ok(Self {
            start: Start::Awaited {
                held: Vec::new(),
                settings,
                request: frames(&head, content, trailers),
                content: content.len(),
            },
            client: Frames::default(),
            engine: Frames::default(),
            client_frame: Fate::Passes,
            block: None,
            engine_frame: Reply::Passes,
            windows: Windows { engine: FIRST_WINDOW as i64, debt: content.len() as u32 },
            waiting: Waiting::default(),
            has_dropped_ack: false,
            has_ended: false,
            for_engine: Vec::new(),
            for_client: Vec::new(),
        })
    }

    /// Bytes of the client, the leftover of the 101 first.
    pub fn client_sent(&mut self, mut bytes: &[u8]) {
        if let Start::Awaited { held, .. } = &mut self.start {
            held.extend_from_slice(bytes);
            bytes = &[];
            self.begin();
        } else if matches!(self.start, Start::Malformed) {
            self.for_engine.extend_from_slice(bytes);
            return;
        }
        self.read_client(bytes);
    }

    /// Records the client's end; an incomplete frame goes to the engine as it is.
    ///
    /// Tell the engine of the end once [`is_waiting`](Self::is_waiting) is false.
    pub fn client_ended(&mut self) {
        if let Start::Awaited { held, .. } = &mut self.start {
            let held = core::mem::take(held);
            self.leave_to_engine(&held);
        }
        self.has_ended = true;
        if !self.client.is_whole() && self.client_frame == Fate::Passes {
            // Nothing can come after a frame that is cut off.
            self.waiting = Waiting::default();
        }
        self.release(self.client.is_whole());
    }

    /// Bytes that the engine has written.
    pub fn engine_sent(&mut self, bytes: &[u8]) {
        let (mut input, mut frames) = (bytes, core::mem::take(&mut self.engine));
        while let Some(piece) = frames.next(&mut input) {
            match piece {
                Piece::Header(header) => self.begin_reply(header),
                Piece::Payload(payload) => self.go_on_with_reply(payload, frames.is_whole()),
            }
        }
        self.engine = frames;
        if matches!(self.start, Start::Malformed) {
            // Nothing is dropped and nothing is owed, so no header has to come whole to be passed.
            self.for_client.append(&mut self.engine.take_partial());
        }
        self.release(self.client.is_whole());
    }

    /// Takes the bytes for the engine.
    pub fn take_for_engine(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.for_engine)
    }

    /// Takes the bytes for the client.
    pub fn take_for_client(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.for_client)
    }

    /// Returns whether the client should be read.
    ///
    /// False only while too much waits for the engine.
    pub fn wants_client(&self) -> bool {
        self.waiting.bytes < MOST_WAITING || !self.client.is_whole()
    }

    /// Returns whether bytes of the client wait for the engine's window.
    pub fn is_waiting(&self) -> bool {
        !self.waiting.frames.is_empty()
    }

    /// Returns whether both sides agree and nothing is held here.
    ///
    /// Client and engine can then be connected directly. With content the engine must first give as
    /// much of its window back; until then go on as before, which harms nothing.
    pub fn is_done(&self) -> bool {
        let is_settled = match self.start {
            Start::Awaited { .. } => false,
            Start::Passed => self.has_dropped_ack && self.windows.debt == 0 && !self.is_waiting(),
            Start::Malformed => true,
        };
        let holds_reply = self.engine.has_partial()
            || (self.engine_frame != Reply::Passes && !self.engine.is_whole());
        let has_output = !self.for_engine.is_empty() || !self.for_client.is_empty();
        is_settled && !self.client.has_partial() && !holds_reply && !has_output
    }

    // From the client to the engine.

    /// Puts the request after the client's first SETTINGS, once these have come.
    fn begin(&mut self) {
        let Start::Awaited { held, settings, request, content } = &mut self.start else { return };
        let Some(is_http2) = first_settings(held) else { return };
        let held = core::mem::take(held);
        let Ok(len) = is_http2 else { return self.leave_to_engine(&held) };
        self.for_engine.extend_from_slice(PREFACE);
        frame::put(SETTINGS, 0, 0, settings, &mut self.for_engine);
        self.for_engine.extend_from_slice(&held[PREFACE.len()..len]);
        self.for_engine.append(request);
        self.windows.engine -= *content as i64;
        self.start = Start::Passed;
        self.read_client(&held[len..]);
    }

    /// Leaves all bytes to the engine, as the client does not speak HTTP/2.
    ///
    /// No content was taken over.
    fn leave_to_engine(&mut self, held: &[u8]) {
        self.for_engine.extend_from_slice(held);
        self.start = Start::Malformed;
        self.windows.debt = 0;
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
                // Not before: nothing may stand inside a frame.
                self.release(true);
            }
        }
        self.client = frames;
    }

    fn begin_frame(&mut self, header: Header) {
        let continues = header.kind() == CONTINUATION;
        let fate = self.block.filter(|_| continues).unwrap_or_else(|| self.fate(header));
        if matches!(header.kind(), HEADERS | CONTINUATION) {
            self.block = if header.has(END_HEADERS) { None } else { Some(fate) };
        }
        self.client_frame = fate;
        match fate {
            Fate::Passes => self.pass(header, &[]),
            Fate::Waits => self.waiting.push(header),
        }
    }

    /// Returns the fate of a frame, by its order and the engine's window.
    fn fate(&self, header: Header) -> Fate {
        // Longer than what may wait: a fault of the client's that the engine will find.
        let may_wait = header.len() as usize <= MOST_WAITING;
        let must_wait = match header.kind() {
            DATA if i64::from(header.len()) > self.windows.engine && self.windows.debt > 0 => true,
            HEADERS | CONTINUATION => self.waiting.blocks_and_acks > 0,
            SETTINGS if header.is_settings_ack() => self.is_waiting(),
            _ => false,
        };
        let has_earlier =
            header.stream() > 0 && self.waiting.streams.contains_key(&header.stream());
        if may_wait && (must_wait || has_earlier) { Fate::Waits } else { Fate::Passes }
    }

    fn pass(&mut self, header: Header, payload: &[u8]) {
        if header.kind() == DATA {
            self.windows.engine -= i64::from(header.len());
        }
        self.for_engine.extend_from_slice(&header.bytes);
        self.for_engine.extend_from_slice(payload);
    }

    /// Sends the frames that may go, unless a frame or header block is in progress.
    fn release(&mut self, is_whole: bool) {
        let is_between_frames = is_whole || self.client_frame == Fate::Waits;
        let is_inside = !is_between_frames || self.block == Some(Fate::Passes);
        if is_inside && !self.has_ended {
            return;
        }
        // The last one may not have come whole; after the client's end nothing more of it comes.
        let is_incomplete = !is_whole || self.block == Some(Fate::Waits);
        let kept = usize::from(is_incomplete && !self.has_ended);
        while self.waiting.frames.len() > kept {
            let Some((header, payload)) = self.take_waiting() else { return };
            self.pass(header, &payload);
        }
        if self.has_ended {
            self.for_engine.append(&mut self.client.take_partial());
        }
    }

    /// Takes the first waiting frame, or as much DATA as the engine's window fits.
    ///
    /// An engine may give nothing back before its window is used up.
    fn take_waiting(&mut self) -> Option<(Header, Vec<u8>)> {
        let (header, _) = self.waiting.frames.front()?;
        let room = match self.windows.debt {
            0 => u32::MAX,
            _ => u32::try_from(self.windows.engine).unwrap_or(0),
        };
        if header.kind() != DATA || header.len() <= room {
            return self.waiting.pop();
        }
        // The bytes of padding are not known to be the last ones.
        if room == 0 || header.has(PADDED) {
            return None;
        }
        self.waiting.split(room)
    }

    // From the engine to the client.

    fn begin_reply(&mut self, header: Header) {
        let is_update = header.kind() == WINDOW_UPDATE && header.stream() == 0 && header.len() == 4;
        self.engine_frame = if header.is_settings_ack() && header.len() == 0 && self.awaits_ack() {
            self.has_dropped_ack = true;
            Reply::Dropped
        } else if is_update && self.windows.debt > 0 {
            Reply::Update(Vec::new())
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
            Reply::Update(held) => {
                held.extend_from_slice(payload);
                if let (true, Some(&bytes)) = (is_whole, <&[u8; 4]>::try_from(&held[..]).ok()) {
                    self.pay(u32::from_be_bytes(bytes) & 0x7fff_ffff);
                }
            }
        }
    }

    /// Pays the debt from a window that the engine gives; the client gets the rest.
    fn pay(&mut self, given: u32) {
        let paid = self.windows.debt.min(given);
        self.windows.debt -= paid;
        self.windows.engine += i64::from(given);
        // An update by nothing is an error of the engine's own, and the client's to find.
        if paid < given || given == 0 {
            frame::put(WINDOW_UPDATE, 0, 0, &(given - paid).to_be_bytes(), &mut self.for_client);
        }
    }
}
