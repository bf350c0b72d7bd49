//! A fuzz target that compares the fields that clients and servers send and accept.
//!
//! Invariant: a server may accept exactly what a client may offer. A client accepts exactly what a
//! server may respond.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| switchover_tests::fuzz::fields::check(data));
