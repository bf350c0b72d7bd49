//! HTTP/2 with the `h2` crate, which does not support upgrades.
//!
//! After an upgrade, `Http2Stream` rewrites the beginning of the `server`'s stream, so that `h2`
//! receives the HTTP/1.1 request as stream 1. The `client` gives `h2` a substitute for the request
//! that was sent in HTTP/1.1.

mod client;
// Shared with the bridge example, which is published without this crate.
#[path = "../../../tokio/examples/bridge/flow.rs"]
mod flow;
mod server;

pub(crate) use client::{SETTINGS, ask};
pub(crate) use server::serve;

/// The bytes that begin a client's HTTP/2 preface (RFC 9113, section 3.4).
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
