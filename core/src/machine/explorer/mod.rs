//! An exploration of every state that the machine can reach, in test builds only.
//!
//! A machine of a few small enums has few states: some hundreds for each role. There are under a
//! million for a client and a server with two messages on the way in each direction. So nothing is
//! sampled: `search.rs` walks all of it, breadth first, and prints the shortest way to each fault
//! that it meets (`fault.rs`).
//!
//! - `roles.rs`: each role alone, fed with every input in every state, as a foreign host and a
//!   foreign peer might.
//! - `side.rs`: an end as the `Connection` makes it: what it reads and when, and every choice of
//!   its caller. `wire.rs`: what is on the way between two of them.
//! - `product.rs`: client × server, both honest. They must understand each other whatever their
//!   callers choose.
//! - `foreign.rs`: each role against peers that do not keep the rules. Two honest ends hide what
//!   the rules are for.
//! - `rules.rs`: the rules that look arbitrary, and the machine without one of them; `evidence.rs`:
//!   each is needed, because without it a fault is found. It is also the proof that the explorer
//!   can find something.
//! - `coverage.rs`: every value, reason and input occurs.
//! - `docs.rs`: writes `core/docs/states.md` from what was seen; `project.rs` has the words.
//!
//! The small product is part of every test run. The full one, and the number of faults that each
//! rule prevents: `cargo test --release -p switchover explorer -- --ignored --nocapture`.

#![expect(unreachable_pub, reason = "`enums!` makes public what these modules keep to themselves")]

mod coverage;
mod docs;
mod evidence;
mod fault;
mod foreign;
mod product;
mod project;
mod roles;
mod rules;
mod search;
mod side;
mod wire;
