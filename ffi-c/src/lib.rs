//! The C binding of `switchover`.
//!
//! No decision about HTTP is made here: each function converts the arguments from C, calls the
//! engine and converts the result. `tests/header.rs` writes `include/switchover.h` from these
//! files.
//!
//! `handle` is the boundary and has all that is `unsafe`. `object` has the objects that C knows
//! only by pointer, `types` and `config` the structs of the header. `convert` converts the engine's
//! values, `error` has the result codes. Each group of functions has a file: `defaults`,
//! `connection`, `inbound`, `event`, `upgrade`, `block`, `send`, `respond`, `getters`, `results`,
//! `names`. So has each profile: `websocket`, `gateway`, `masque`, `bridge`, `splice`.

#![no_std]
// The names are those of the header.
#![allow(non_camel_case_types)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

#[macro_use]
pub mod handle;

mod convert;
pub mod error;
pub mod names;
pub mod object;
mod out;
mod outcome;
mod panics;
mod small_list;
pub mod types;

pub mod block;
pub mod bridge;
pub mod config;
pub mod connection;
pub mod defaults;
pub mod event;
pub mod gateway;
pub mod getters;
pub mod inbound;
pub mod masque;
pub mod respond;
pub mod results;
pub mod send;
#[cfg(feature = "h2c")]
pub mod splice;
pub mod upgrade;
#[cfg(feature = "websocket")]
pub mod websocket;
