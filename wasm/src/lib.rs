//! WebAssembly exports of the engine: plain functions over numbers and bytes.
//!
//! A connection is identified by a handle, a number. Most functions look up a connection and
//! call the core. Anything but one number goes into the result buffer (`result.rs`). The
//! TypeScript code in `js/` reads that buffer before the next call.
//!
//! There are no exported classes: wasm-bindgen would add a `FinalizationRegistry` for them. No
//! function here branches on HTTP semantics.
//!
//! The npm package contains two builds of this crate. The one without the feature `profiles` has no
//! protocol-specific functions and is a third smaller.

#![forbid(unsafe_code)]

mod args;
#[cfg(feature = "profiles")]
pub mod bridge;
#[cfg(feature = "profiles")]
pub mod capsules;
pub mod config;
pub mod connection;
mod error;
mod event;
pub mod getters;
mod handle;
#[cfg(feature = "profiles")]
pub mod masque;
pub mod respond;
mod result;
pub mod send;
#[cfg(feature = "profiles")]
pub mod splice;
pub mod staging;
pub mod text;
#[cfg(feature = "profiles")]
pub mod websocket;
