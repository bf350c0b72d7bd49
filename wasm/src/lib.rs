//! What the npm package is built from: the engine after plain functions over numbers and bytes.
//!
//! A connection is a number here. Each function finds it, calls the core, and leaves what cannot be returned as one
//! number in `exchange.rs`, from where the TypeScript face in `js/` reads it before the next call. There are no
//! exported classes: they would bring a `FinalizationRegistry` with them. And there is no `if` about HTTP.

#![forbid(unsafe_code)]

pub mod answer;
pub mod bridge;
pub mod capsules;
pub mod config;
pub mod connection;
mod error;
mod event;
mod exchange;
mod handle;
pub mod masque;
mod parcel;
pub mod query;
pub mod send;
pub mod splice;
pub mod stage;
pub mod text;
pub mod websocket;
