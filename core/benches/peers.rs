//! The peers that `peers/build` has made, each in several builds, loaded into this process.
#![allow(unsafe_code)]

use std::path::Path;

use libloading::Library;

/// As `struct message` of `peers/peer.h`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    octets: *const u8,
    len: usize,
    lives: std::marker::PhantomData<&'a [u8]>,
}

impl<'a> From<&'a [u8]> for Message<'a> {
    fn from(octets: &'a [u8]) -> Self {
        Self { octets: octets.as_ptr(), len: octets.len(), lives: std::marker::PhantomData }
    }
}

type Many = unsafe extern "C" fn(*const Message<'_>, usize) -> usize;
type One = unsafe extern "C" fn(*const Message<'_>) -> usize;

/// One build of one peer.
#[derive(Debug)]
pub struct Peer {
    /// Such as `llhttp gcc native`.
    pub name: String,
    library: Library,
}

/// All of them in the order of their names; none where `NOPEERS` is set.
pub fn load() -> Vec<Peer> {
    if std::env::var_os("NOPEERS").is_some() {
        return Vec::new();
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/bench/peers");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .map(|entries| entries.filter_map(|entry| Some(entry.ok()?.path())).collect())
        .unwrap_or_default();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "so"));
    files.sort();
    let open = |path: &std::path::PathBuf| {
        let name = path.file_stem()?.to_string_lossy().into_owned();
        // SAFETY: `peers/build` has just made it; its constructors fill a table and touch nothing else.
        Some(Peer { name, library: unsafe { Library::new(path) }.ok()? })
    };
    files.iter().filter_map(open).collect()
}

impl Peer {
    /// What a function of it makes of some messages: the number of fields; `None` where it has no such function.
    pub fn many(&self, function: &str) -> Option<impl Fn(&[Message<'_>]) -> usize + '_> {
        // SAFETY: peer.h gives every function of these names this type.
        let call = unsafe { self.library.get::<Many>(function) }.ok()?;
        // SAFETY: the messages live through the call, and the peer only reads them.
        Some(move |messages: &[Message<'_>]| unsafe { call(messages.as_ptr(), messages.len()) })
    }

    /// The same of one message, an octet at a time.
    pub fn octet_by_octet(&self) -> Option<impl Fn(Message<'_>) -> usize + '_> {
        // SAFETY: as above.
        let call = unsafe { self.library.get::<One>("peer_octet_by_octet") }.ok()?;
        // SAFETY: as above.
        Some(move |message: Message<'_>| unsafe { call(&raw const message) })
    }

    /// How many octets of content it finds in a chunked message that is read so many octets at a time.
    pub fn chunked(&self) -> Option<impl Fn(Message<'_>, usize) -> usize + '_> {
        type Chunked = unsafe extern "C" fn(*const Message<'_>, usize) -> usize;
        // SAFETY: as above.
        let call = unsafe { self.library.get::<Chunked>("peer_chunked") }.ok()?;
        // SAFETY: as above.
        Some(move |message: Message<'_>, read| unsafe { call(&raw const message, read) })
    }
}
