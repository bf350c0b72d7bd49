//! A fuzz target that serves upgraded clients with the `h2` crate.
//!
//! Invariant: with `h2c::Splice` before it, the `h2` crate responds to each request of a client
//! that respects HTTP/2.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| switchover_tests::fuzz::splice::check(data));
