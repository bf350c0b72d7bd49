//! A fuzz target that gives an input to several connections, cut differently.
//!
//! Invariant: cuts and calls that fail change nothing, and memory stays bounded, for any input and
//! any calls.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| switchover_tests::fuzz::connection::check(data));
