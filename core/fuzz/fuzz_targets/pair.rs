//! The fuzz target that joins a client's and a server's engine.
//!
//! Invariant: the engines are joined by cut queues. Each reads what the other has sent, and they
//! end in agreement.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| switchover_tests::fuzz::pair::check(data));
