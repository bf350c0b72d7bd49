//! HTTP/2 after an upgrade, by the `h2` crate, which knows nothing of upgrades: `serve` with the engine's splice in
//! front, `ask` with a way around it.

mod ask;
mod paced;
mod serve;
mod spliced;

pub(crate) use ask::{SETTINGS, ask};
pub(crate) use serve::serve;

/// Bytes that are read at a time.
const PIECE: usize = 16 * 1024;

/// Bytes that may wait for the other side.
const MOST_WAITING: usize = 64 * 1024;
