//! A fuzz target that connects an engine as client with an engine as server.
//!
//! Invariant: queues deliver the bytes in random pieces. Each engine accepts what the other sends,
//! and both agree at the end.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| switchover_tests::fuzz::pair::check(data));
