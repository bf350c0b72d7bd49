//! A fuzz target that connects an engine as client with an engine as server.
//!
//! Queues deliver the bytes in random pieces. Invariant: each engine accepts what the other sends.
//! Their states agree at the end, unless one has given up or failed as expected.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| switchover_tests::fuzz::pair::check(data));
