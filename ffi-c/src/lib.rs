//! The C face of `switchover`. No decision is made here: each function converts what C gives, calls the engine once and
//! converts what comes back. `include/switchover.h` is written from these files by `tests/header.rs`.
//!
//! `handle` is the boundary and the only file with `unsafe`; `types` has the structs of the header, `convert`
//! what becomes what, `error` the result codes; then one file per part of the contract: `config`, `connection`, `inbound`, `event`, `upgrade`, `send`,
//! `ask`.

// The names are those of the header.
#![allow(non_camel_case_types)]

#[macro_use]
pub mod handle;

mod conn;
mod convert;
pub mod error;
pub mod names;
mod out;
mod outcome;
pub mod types;

pub mod ask;
pub mod config;
pub mod connection;
pub mod event;
pub mod inbound;
pub mod send;
pub mod upgrade;
