//! A fuzz target that compares the tokio adapter with the engine.
//!
//! Invariant: however the requests are split, the adapter sends what the engine sends that receives
//! everything at once. A 100 is the only exception.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| switchover_tests::fuzz::adapter::check(data));
