//! Errors: everything that can go wrong, listed in `table`.
//!
//! The numbers are stable: a binding carries them as they are, logs may be searched for them. They
//! are grouped by the place in the pipeline: 1xx start line, 2xx field lines, 3xx what the head
//! means, 4xx content. 5xx are about the connection, 6xx about the switch. 8xx are decisions that
//! the state refuses, 9xx decisions that are malformed.

mod ineligible;
mod table;

use core::fmt;

pub use ineligible::Ineligible;
pub use table::ErrorKind;

use crate::enums::enums;

/// The side that has to change something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Blame {
    /// The peer sent what the protocol forbids.
    ///
    /// Receiving has ended; a server may answer it once.
    Peer,
    /// Your code called out of order or with a bad argument. Nothing has changed.
    Local,
}

enums! { Blame { Peer = "peer", Local = "local" } }

/// A fault in bytes, and its offset from the first of those looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) kind: ErrorKind,
    pub(crate) at: usize,
}

/// An error; [`ErrorKind::ALL`] lists every kind.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Error {
    kind: ErrorKind,
    /// A peer error: bytes since the connection began.
    ///
    /// `OutputTooSmall`: bytes needed. Of other local errors: which of your field lines it is
    /// about, from 1.
    number: u64,
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Error");
        shown
            .field("kind", &self.kind)
            .field("code", &self.code())
            .field("text", &self.kind.text());
        if let Some(offset) = self.offset() {
            shown.field("offset", &offset);
        }
        if let Some(needed) = self.needed() {
            shown.field("needed", &needed);
        }
        shown.finish()
    }
}

impl Error {
    pub(crate) const fn local(kind: ErrorKind) -> Self {
        Self { kind, number: 0 }
    }

    pub(crate) const fn at(kind: ErrorKind, offset: u64) -> Self {
        Self { kind, number: offset }
    }

    pub(crate) const fn too_small(needed: usize) -> Self {
        Self { kind: ErrorKind::OutputTooSmall, number: needed as u64 }
    }

    /// Returns the error for an offer of ours that breaks its protocol's rules.
    pub(crate) const fn ineligible_offer(reason: Ineligible) -> Self {
        Self { kind: ErrorKind::ProfileField, number: reason.number() as u64 + 1 }
    }

    /// Returns the kind.
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Returns the stable number.
    pub const fn code(&self) -> u16 {
        self.kind.code()
    }

    /// Returns the error for your field line at `index`.
    pub(crate) const fn in_field(kind: ErrorKind, index: usize) -> Self {
        Self { kind, number: index as u64 + 1 }
    }

    /// Returns who has to change something.
    pub const fn blame(&self) -> Blame {
        self.kind.blame()
    }

    /// Returns the status that a server answers a peer error with.
    ///
    /// `None` for local errors and where only a client can meet it.
    pub const fn status(&self) -> Option<u16> {
        self.kind.status()
    }

    /// Returns the offset of a peer error in the peer's bytes.
    ///
    /// It is counted from the connection's first byte.
    pub const fn offset(&self) -> Option<u64> {
        match self.blame() {
            Blame::Peer => Some(self.number),
            Blame::Local => None,
        }
    }

    /// Returns the index of your field line that a local error is about.
    ///
    /// It counts from 0; a [`Block`](crate::Block) counts as one. `None` if the error is not about
    /// a line.
    pub const fn field(&self) -> Option<usize> {
        match (self.blame(), self.kind, self.number) {
            (Blame::Peer, _, _)
            | (_, ErrorKind::OutputTooSmall | ErrorKind::ProfileField, _)
            | (_, _, 0) => None,
            (Blame::Local, _, place) => Some(place as usize - 1),
        }
    }

    /// Returns the rule that the offer of a rejected request breaks.
    ///
    /// After [`ErrorKind::ProfileField`], from [`send_request`](crate::Connection::send_request).
    pub const fn ineligible(&self) -> Option<Ineligible> {
        match (self.kind, self.number) {
            (ErrorKind::ProfileField, 1..) => Ineligible::from_number(self.number as u32 - 1),
            _ => None,
        }
    }

    /// Returns the bytes of output space that the rejected call needs.
    ///
    /// After [`ErrorKind::OutputTooSmall`].
    pub const fn needed(&self) -> Option<usize> {
        match self.kind {
            ErrorKind::OutputTooSmall => Some(self.number as usize),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Numbers of one kind: each that is written comes with code of its own.
        let Self { kind, number } = *self;
        write!(f, "{} (error {})", kind.text(), u64::from(kind.code()))?;
        match (self.offset(), self.needed(), self.field(), self.ineligible()) {
            (Some(_), ..) => write!(f, " at byte {number}"),
            (_, Some(_), ..) => write!(f, ": {number} bytes needed"),
            (_, _, Some(_), _) => write!(f, ": field line {number}"),
            (.., Some(reason)) => write!(f, ": {}", reason.text()),
            _ => Ok(()),
        }
    }
}

impl core::error::Error for Error {}
