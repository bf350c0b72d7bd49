//! A fuzz target that makes an engine send messages, and parses the sent bytes.
//!
//! Invariant: for any calls, the sent bytes parse to the messages that the calls described.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| switchover_tests::fuzz::sent::check(data));
