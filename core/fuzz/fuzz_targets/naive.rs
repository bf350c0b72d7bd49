//! Invariant: the engine and a reader written from RFC 9112 alone find the same messages, or both
//! refuse.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| switchover_tests::fuzz::naive::check(data));
