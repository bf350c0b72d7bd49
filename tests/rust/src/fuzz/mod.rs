//! The fuzz targets: functions that panic if an input violates their invariant.
//!
//! Any bytes are a valid input. `core/fuzz` runs the targets in libFuzzer,
//! `tests/rust/tests/fuzz.rs` on stable Rust. The first line of each target's file has its
//! invariant. `seeds.rs` creates the first inputs, `mutate.rs` changes inputs, and `tape.rs` reads
//! decisions from bytes.

pub mod adapter;
pub mod capsules;
pub mod connection;
pub mod fields;
mod heads;
mod http2_server;
mod moves;
pub mod mutate;
pub mod naive;
pub mod pair;
pub mod received;
mod said;
mod script;
pub mod seeds;
mod seen;
pub mod sent;
pub mod splice;
mod tape;
pub mod twins;

/// The name and the functions of a fuzz target.
#[derive(Clone, Copy)]
pub struct Target {
    /// The name of the target, and of its module.
    pub name: &'static str,
    /// The function that panics if an input violates the invariant.
    pub check: fn(&[u8]),
    /// The function that returns the first inputs.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All fuzz targets.
pub const TARGETS: [Target; 10] = [
    Target { name: "connection", check: connection::check, seeds: seeds::connection },
    Target { name: "naive", check: naive::check, seeds: seeds::naive },
    Target { name: "pair", check: pair::check, seeds: seeds::tapes },
    Target { name: "sent", check: sent::check, seeds: seeds::sent },
    Target { name: "splice", check: splice::check, seeds: seeds::splice },
    Target { name: "fields", check: fields::check, seeds: seeds::fields },
    Target { name: "capsules", check: capsules::check, seeds: seeds::capsules },
    Target { name: "received", check: received::check, seeds: seeds::received },
    Target { name: "twins", check: twins::check, seeds: seeds::twins },
    Target { name: "adapter", check: adapter::check, seeds: seeds::adapter },
];

/// Returns the fuzz target with this name; `None` if there is none.
pub fn target(name: &str) -> Option<Target> {
    TARGETS.into_iter().find(|target| target.name == name)
}

/// Returns the words of `core/fuzz/dictionary.txt`, for insertion into inputs.
pub fn dictionary() -> Vec<Vec<u8>> {
    let path = crate::home().join("../core/fuzz/dictionary.txt");
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines()
        .filter_map(|line| Some(crate::text::unescape(line.strip_prefix('"')?.strip_suffix('"')?)))
        .collect()
}
