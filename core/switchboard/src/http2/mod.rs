//! HTTP/2 after an upgrade, by the `h2` crate, which knows nothing of upgrades.
//!
//! `server` has the engine's splice in front, `client` a way around it.

mod client;
// The bridge has it too, and is published without this crate.
#[path = "../../../tokio/examples/bridge/flow.rs"]
mod flow;
mod server;

pub(crate) use client::{SETTINGS, ask};
pub(crate) use server::serve;

/// The client's connection preface (RFC 9113, section 3.4).
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
