//! Invariant: the `h2` crate with `h2c::Splice` before it answers each request of a client that
//! keeps to HTTP/2.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| switchover_tests::fuzz::splice::check(data));
