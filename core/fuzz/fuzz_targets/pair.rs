//! A fuzz target that connects an engine as client with an engine as server.
//!
//! Queues deliver the bytes in random pieces. Invariant: each engine accepts what the other sends,
//! and their states agree at the end.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| switchover_tests::fuzz::pair::check(data));
