//! The fuzz target that reads back what an engine sends.
//!
//! Invariant: whatever is decided, the bytes that leave an engine are read back as what was sent.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| switchover_tests::fuzz::sent::check(data));
