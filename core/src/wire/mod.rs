//! The wire format: from bytes to messages, and back.
//!
//! The modules are in groups: bytes and their syntax, known names, field lines and heads, content,
//! and output.

pub(crate) mod buffer;
pub(crate) mod memory;
pub(crate) mod scan;
pub(crate) mod syntax;

pub(crate) mod known;

pub(crate) mod fields;
pub(crate) mod head;
pub(crate) mod protocol;
pub(crate) mod source;

pub(crate) mod body;
pub(crate) mod framing;

pub(crate) mod encode;
pub(crate) mod message;
