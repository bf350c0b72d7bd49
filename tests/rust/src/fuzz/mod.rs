//! Fuzzing: functions that take any bytes, and panic by an invariant.
//!
//! There is one for each target. `core/fuzz` hands them to libFuzzer, `tests/rust/tests/fuzz.rs`
//! runs them on stable Rust. The first line of each target's file says its invariant. `seeds.rs`
//! makes the inputs to begin with, `mutate.rs` changes them, `tape.rs` reads decisions out of
//! bytes.

pub mod capsules;
pub mod connection;
pub mod fields;
mod moves;
pub mod mutate;
pub mod naive;
pub mod pair;
pub mod seeds;
pub mod sent;
pub mod splice;
mod tape;

/// A fuzz target.
#[derive(Clone, Copy)]
pub struct Target {
    /// The name of the target, and of its module.
    pub name: &'static str,
    /// Panics where the invariant does not hold.
    pub check: fn(&[u8]),
    /// Inputs to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All targets, the widest first.
pub const TARGETS: [Target; 7] = [
    Target { name: "connection", check: connection::check, seeds: seeds::connection },
    Target { name: "naive", check: naive::check, seeds: seeds::naive },
    Target { name: "pair", check: pair::check, seeds: seeds::tapes },
    Target { name: "sent", check: sent::check, seeds: seeds::sent },
    Target { name: "splice", check: splice::check, seeds: seeds::splice },
    Target { name: "fields", check: fields::check, seeds: seeds::fields },
    Target { name: "capsules", check: capsules::check, seeds: seeds::capsules },
];

/// Returns the target of that name.
pub fn target(name: &str) -> Option<Target> {
    TARGETS.into_iter().find(|target| target.name == name)
}

/// Returns the words to put into an input, from the dictionary of `core/fuzz`.
pub fn dictionary() -> Vec<Vec<u8>> {
    let path = crate::home().join("../core/fuzz/dictionary.txt");
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines()
        .filter_map(|line| Some(crate::text::unescape(line.strip_prefix('"')?.strip_suffix('"')?)))
        .collect()
}
