//! The fuzz target that compares the engine with a naive reader.
//!
//! Invariant: the engine and a reader written from RFC 9112 alone find the same messages, or both
//! reject.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| switchover_tests::fuzz::naive::check(data));
