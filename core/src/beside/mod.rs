//! Tools that accompany a connection.
//!
//! No other module of this crate imports them.

pub mod bridge;
pub mod gateway;
#[cfg(feature = "h2c")]
pub mod h2c;
pub mod masque;
