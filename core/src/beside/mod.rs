//! Tools for use beside a connection.
//!
//! Nothing else in this crate imports it.

pub mod bridge;
pub mod gateway;
#[cfg(feature = "h2c")]
pub mod h2c;
pub mod masque;
