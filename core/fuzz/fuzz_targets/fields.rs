//! A fuzz target that compares the upgrade rules of clients with those of servers.
//!
//! Invariant: a server may accept exactly the offers that a client may send. A client accepts
//! exactly the 101 responses that a server may send. Values that are parsed and fields that are
//! translated are checked too.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| switchover_tests::fuzz::fields::check(data));
