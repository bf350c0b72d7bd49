//! HTTP/2 after an upgrade, by the `h2` crate, which knows nothing of upgrades: `serve` with the engine's splice in
//! front, `ask` with a way around it.

mod ask;
mod paced;
mod serve;

pub(crate) use ask::{SETTINGS, ask};
pub(crate) use serve::serve;
