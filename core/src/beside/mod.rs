//! Helpers around a connection: HTTP/2 bridge, gateway, h2c splice, capsules.
//!
//! The engine itself does not use them.

pub mod bridge;
pub mod gateway;
#[cfg(feature = "h2c")]
pub mod h2c;
pub mod masque;
