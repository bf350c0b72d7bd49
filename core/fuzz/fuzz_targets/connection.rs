//! The fuzz target that plays one input to a connection in several cuts.
//!
//! Invariant: whatever comes and whatever is decided, cuts and refused calls change nothing, and
//! memory stays bounded.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| switchover_tests::fuzz::connection::check(data));
