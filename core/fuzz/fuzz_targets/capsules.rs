//! A fuzz target that compares two parsers of capsules.
//!
//! Invariant: the engine finds the same datagrams as an independent parser of RFC 9297, however the
//! stream is split.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| switchover_tests::fuzz::capsules::check(data));
