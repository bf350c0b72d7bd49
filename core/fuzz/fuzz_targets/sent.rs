//! A fuzz target that parses the bytes that an engine sends.
//!
//! Invariant: for any calls, the sent bytes parse to the messages that the calls described.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| switchover_tests::fuzz::sent::check(data));
