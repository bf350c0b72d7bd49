//! A fuzz target that gives an input to several connections, split differently.
//!
//! Invariant: events and errors do not depend on the splits, nor on calls that fail. Memory stays
//! bounded. Both hold for any input and any calls.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| switchover_tests::fuzz::connection::check(data));
