//! An exploration of all states that the machine can reach, in test builds only.
//!
//! The state consists of a few small values. With at most three unanswered requests, each role has
//! only some hundreds of states. A client and a server together, with at most two messages in
//! transit in each direction, have fewer than a million. So nothing is sampled: `search.rs` visits
//! all of them, breadth first. It prints the shortest path to each fault (`fault.rs`) it finds.
//!
//! - `roles.rs`: each role alone, given every input in every state, as faulty callers and peers
//!   might do.
//! - `side.rs`: one end of a connection as `Connection` drives it: what it reads when, and every
//!   choice of its caller. `wire.rs`: the messages in transit between two ends.
//! - `product.rs`: client × server, both correct. They must agree whatever their callers choose.
//! - `foreign.rs`: each role against peers that break rules. Two correct ends cannot show what
//!   these rules are for.
//! - `rules.rs`: the rules that look arbitrary, and the machine without one of them. `evidence.rs`:
//!   each rule is needed, because without it a fault is found. That also proves that the explorer
//!   finds faults.
//! - `coverage.rs`: every value, error and input occurs, or is listed as impossible.
//! - `docs.rs`: writes `core/docs/states.md` from the states found; `project.rs` names states and
//!   inputs.
//!
//! Every test run explores the small product. The full one, and the number of faults that each rule
//! prevents: `cargo test --release -p switchover explorer -- --ignored --nocapture`.

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
