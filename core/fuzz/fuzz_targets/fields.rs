//! Invariant: what a client may offer a server may accept, and what a server may answer a client
//! takes; no more, no less.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| switchover_tests::fuzz::fields::check(data));
