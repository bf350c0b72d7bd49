//! The fuzz target that compares two readers of capsules.
//!
//! Invariant: the datagrams are those that a second reader of RFC 9297 finds, however the stream is
//! cut.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| switchover_tests::fuzz::capsules::check(data));
