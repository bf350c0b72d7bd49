//! Tools that accompany a connection.
//!
//! The engine itself does not use them.

pub mod bridge;
pub mod gateway;
#[cfg(feature = "h2c")]
pub mod h2c;
pub mod masque;
