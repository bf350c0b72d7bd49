//! Invariant: of two engines joined by cut queues each reads what the other one has said, and they
//! end in agreement.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| switchover_tests::fuzz::pair::check(data));
