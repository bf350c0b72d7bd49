//! The engine as plain functions over numbers and bytes, for the npm package.
//!
//! A connection is a number here. Each function finds it, calls the core, and puts what cannot be
//! returned as one number in `result.rs`. The TypeScript face in `js/` reads it from there before
//! the next call. There are no exported classes: they would bring a `FinalizationRegistry` with
//! them. And there is no `if` about HTTP.
//!
//! The package has two modules of it. Without the feature `profiles` it knows no particular
//! protocol, and is a third smaller.

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
