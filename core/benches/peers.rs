//! The other parsers ("peers") that `peers/build` compiled, as loaded libraries.
//!
//! Each peer comes in several builds.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int};

use libloading::Library;

/// The Rust form of `struct message` in `peers/peer.h`: one message as bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    bytes: *const u8,
    len: usize,
    lives: std::marker::PhantomData<&'a [u8]>,
}

impl<'a> From<&'a [u8]> for Message<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self { bytes: bytes.as_ptr(), len: bytes.len(), lives: std::marker::PhantomData }
    }
}

type Many = unsafe extern "C" fn(*const Message<'_>, usize) -> usize;
type One = unsafe extern "C" fn(*const Message<'_>) -> usize;
type ReadHead = unsafe extern "C" fn(*const Message<'_>, c_int, *mut RawHead);

/// The Rust form of `struct span` in `peers/peer.h`: a pointer and a length.
#[repr(C)]
#[derive(Clone, Copy)]
struct Span {
    start: *const u8,
    len: usize,
}

impl Span {
    const NONE: Self = Self { start: std::ptr::null(), len: 0 };

    /// Returns the bytes of the span.
    ///
    /// # Safety
    ///
    /// Unless the span is empty, its bytes must live for `'a`.
    unsafe fn bytes<'a>(self) -> &'a [u8] {
        // SAFETY: as above.
        if self.len == 0 {
            &[]
        } else {
            unsafe { std::slice::from_raw_parts(self.start, self.len) }
        }
    }
}

/// The length of the tables in `struct head`, which is `PEER_FIELDS` plus one.
///
/// Both are in `peers/peer.h`.
const FIELDS: usize = 160 + 1;

/// The Rust form of `struct head` in `peers/peer.h`: a parsed head.
#[repr(C)]
struct RawHead {
    refused: *const c_char,
    is_complete: c_int,
    minor: c_int,
    status: c_int,
    method: Span,
    target: Span,
    count: usize,
    names: [Span; FIELDS],
    values: [Span; FIELDS],
}

/// A head as another parser (a "peer") has parsed it.
#[derive(Clone, Debug)]
pub struct Head<'a> {
    /// The request's method; empty in a response.
    pub method: &'a [u8],
    /// The request target; empty in a response.
    pub target: &'a [u8],
    /// The minor HTTP version: the x of HTTP/1.x.
    pub minor: u8,
    /// The status code of a response; 0 in a request.
    pub status: u16,
    /// The names and values of the fields, in order.
    pub fields: Vec<(&'a [u8], &'a [u8])>,
}

/// One build of another parser (a "peer"), as a loaded library.
#[derive(Debug)]
pub struct Peer {
    /// The parser and its build, such as `llhttp gcc native` or `httparse no SIMD`.
    pub name: String,
    library: Library,
}

/// Loads the other parsers, sorted by name; returns none if `NOPEERS` is set.
pub fn load() -> Vec<Peer> {
    if std::env::var_os("NOPEERS").is_some() {
        return Vec::new();
    }
    let folder = crate::folder().join("peers");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .map(|entries| entries.filter_map(|entry| Some(entry.ok()?.path())).collect())
        .unwrap_or_default();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "so"));
    files.sort();
    let open = |path: &std::path::PathBuf| {
        let name = path.file_stem()?.to_string_lossy().into_owned();
        // SAFETY: `peers/build` has just made it; its constructors fill a table and touch nothing
        // else.
        Some(Peer { name, library: unsafe { Library::new(path) }.ok()? })
    };
    files.iter().filter_map(open).collect()
}

impl Peer {
    /// Returns a function that parses a slice of messages.
    ///
    /// The function returns the number of fields. `None` if the parser's library does not export
    /// `function`.
    pub fn many(&self, function: &str) -> Option<impl Fn(&[Message<'_>]) -> usize + '_> {
        // SAFETY: peer.h gives every function of these names this type.
        let call = unsafe { self.library.get::<Many>(function) }.ok()?;
        // SAFETY: the messages live through the call, and the peer only reads them.
        Some(move |messages: &[Message<'_>]| unsafe { call(messages.as_ptr(), messages.len()) })
    }

    /// Returns a function that parses one message, fed one byte at a time.
    ///
    /// `None` if the parser's library has no such function.
    pub fn byte_by_byte(&self) -> Option<impl Fn(Message<'_>) -> usize + '_> {
        // SAFETY: as above.
        let call = unsafe { self.library.get::<One>("peer_byte_by_byte") }.ok()?;
        // SAFETY: as above.
        Some(move |message: Message<'_>| unsafe { call(&raw const message) })
    }

    /// Returns a function that parses a chunked message, fed in pieces of a given size.
    ///
    /// Its second argument is the size in bytes; it returns the length of the content. `None` if
    /// the parser's library has no such function.
    pub fn chunked(&self) -> Option<impl Fn(Message<'_>, usize) -> usize + '_> {
        type Chunked = unsafe extern "C" fn(*const Message<'_>, usize) -> usize;
        // SAFETY: as above.
        let call = unsafe { self.library.get::<Chunked>("peer_chunked") }.ok()?;
        // SAFETY: as above.
        Some(move |message: Message<'_>, read| unsafe { call(&raw const message, read) })
    }

    /// Returns whether the parser's library has a function that returns a parsed head.
    pub fn reads_heads(&self) -> bool {
        // SAFETY: as above.
        unsafe { self.library.get::<ReadHead>("peer_head") }.is_ok()
    }

    /// Parses one head; other bytes may follow it.
    ///
    /// Returns `None` if the head is not complete.
    ///
    /// # Errors
    ///
    /// The parser rejects the head, or its library has no function for that.
    pub fn head<'a>(&self, bytes: &'a [u8], is_response: bool) -> Result<Option<Head<'a>>, String> {
        // SAFETY: as above.
        let call = unsafe { self.library.get::<ReadHead>("peer_head") }
            .map_err(|error| error.to_string())?;
        read_head(*call, bytes, is_response)
    }
}

fn read_head(call: ReadHead, bytes: &[u8], is_response: bool) -> Result<Option<Head<'_>>, String> {
    let mut head = RawHead {
        refused: std::ptr::null(),
        is_complete: 0,
        minor: 0,
        status: 0,
        method: Span::NONE,
        target: Span::NONE,
        count: 0,
        names: [Span::NONE; FIELDS],
        values: [Span::NONE; FIELDS],
    };
    let message = Message::from(bytes);
    // SAFETY: the message lives through the call, which writes the head alone.
    unsafe { call(&raw const message, is_response.into(), &raw mut head) };
    if !head.refused.is_null() {
        // SAFETY: a string of the peer's, which is loaded as long as `call` is.
        return Err(unsafe { CStr::from_ptr(head.refused) }.to_string_lossy().into_owned());
    }
    if head.is_complete == 0 {
        return Ok(None);
    }
    // SAFETY: every span lies in the message, or in a table of the peer's. Nothing unloads a peer.
    let of = |span: Span| unsafe { span.bytes() };
    let fields = head
        .names
        .iter()
        .zip(&head.values)
        .take(head.count)
        .map(|(&name, &value)| (of(name), of(value)));
    Ok(Some(Head {
        method: of(head.method),
        target: of(head.target),
        minor: head.minor as u8,
        status: head.status as u16,
        fields: fields.collect(),
    }))
}
