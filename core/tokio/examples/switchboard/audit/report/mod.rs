//! What was found, for people and for programs.

mod text;

pub(crate) use text::{explanation, report};
