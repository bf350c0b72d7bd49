//! A fuzz target that compares the engine with a simple, independent parser.
//!
//! Invariant: the engine and a parser written from RFC 9112 alone find the same messages, or both
//! reject the input. Two tables name the permitted differences.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| switchover_tests::fuzz::naive::check(data));
