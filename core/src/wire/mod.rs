//! The wire format: from bytes to messages, and back.
//!
//! The modules are listed in the order in which input passes through them. The last two write
//! output.

pub(crate) mod buffer;
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
