//! Exhaustive.

mod fault;
mod product;
mod roles;
mod rules;
mod search;
mod side;
mod wire;
