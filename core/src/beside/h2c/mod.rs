//! Upgrade from HTTP/1.1 to HTTP/2 on one connection (RFC 7540, section 3.2).
//!
//! A [`Splice`] is a filter in front of an HTTP/2 engine that does not support upgrades.

mod frame;
mod opening;
mod splice;
mod waiting;
mod window;

pub use splice::Splice;
