//! Invariant: whatever is decided, what leaves an engine is read back as what was said.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| switchover_tests::fuzz::sent::check(data));
