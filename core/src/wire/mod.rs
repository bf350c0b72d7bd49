//! The wire format: from bytes to messages, and back.
//!
//! What came is read, in this order; what goes out is written by the last two.

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
