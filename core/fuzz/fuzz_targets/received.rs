//! A fuzz target that reads received messages by every function of the engine.
//!
//! Invariant: methods of the API, functions for bindings and conversions to the `http` crate give
//! the same values. No text has the value of a secret field.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| switchover_tests::fuzz::received::check(data));
