//! HTTP/1.1 to HTTP/2 on one connection (RFC 7540, section 3.2).
//!
//! A [`Splice`] stands in front of an HTTP/2 engine that knows nothing of upgrades.

mod frame;
mod opening;
mod splice;
mod waiting;

pub use splice::Splice;
