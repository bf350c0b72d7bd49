//! A fuzz target that calls functions for bindings beside their twins in the API.
//!
//! Invariant: two functions that do the same give the same result.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| switchover_tests::fuzz::twins::check(data));
