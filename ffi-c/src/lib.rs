//! The C face of `switchover`.
//!
//! No decision is made here: each function converts what C gives, calls the engine once and
//! converts what comes back. `include/switchover.h` is written from these files by
//! `tests/header.rs`.
//!
//! `handle` is the boundary and has all that is `unsafe`. `object` is what C knows by its pointer
//! only, `types` has the structs of the header. `convert` has what becomes what, `error` the result
//! codes. Then comes one file per part of the contract: `config`, `connection`, `inbound`, `event`,
//! `upgrade`, `block`, `send`, `respond`, `getters`. And one per profile: `websocket`, `gateway`,
//! `masque`, `bridge`, `splice`.

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
mod flavour;
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
