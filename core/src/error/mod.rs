//! Everything that can go wrong; `table` lists it.
//!
//! The numbers are stable: a binding carries them as they are, logs may be searched for them. They are grouped by
//! the place in the pipeline: 1xx start line, 2xx field lines, 3xx what the head means, 4xx content, 5xx the
//! connection, 6xx the switch, 8xx decisions that the state refuses, 9xx decisions that are malformed.

mod ineligible;
mod table;

use core::fmt;

pub use ineligible::Ineligible;
pub use table::ErrorKind;

use crate::listed::listed;

/// Who has to change something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Blame {
    /// The peer sent what the protocol forbids. Receiving has ended; a server may answer it once.
    Peer,
    /// Your code called out of order or with a bad argument. Nothing has changed.
    Local,
}

listed! { Blame { Peer = "peer", Local = "local" } }

/// What is wrong with bytes, and where: counted from the first of those that were looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) kind: ErrorKind,
    pub(crate) at: usize,
}

/// What went wrong; [`ErrorKind::ALL`] lists every kind.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Error {
    kind: ErrorKind,
    /// A peer error: bytes since the connection began. `OutputTooSmall`: bytes needed. Of other local errors: which of
    /// your field lines it is about, from 1.
    number: u64,
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Error");
        shown.field("kind", &self.kind).field("code", &self.code()).field("text", &self.kind.text());
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

    /// An offer of ours that its protocol's rules do not allow.
    pub(crate) const fn ineligible_offer(reason: Ineligible) -> Self {
        Self { kind: ErrorKind::ProfileField, number: reason.number() as u64 + 1 }
    }

    /// Which of the kinds it is.
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The stable number.
    pub const fn code(&self) -> u16 {
        self.kind.code()
    }

    /// What is wrong with your field line at `index`.
    pub(crate) const fn in_field(kind: ErrorKind, index: usize) -> Self {
        Self { kind, number: index as u64 + 1 }
    }

    /// Whose fault it is.
    pub const fn blame(&self) -> Blame {
        self.kind.blame()
    }

    /// The status that a server answers a peer error with; `None` for local errors and where only a client can meet it.
    pub const fn status(&self) -> Option<u16> {
        self.kind.status()
    }

    /// Where in the peer's bytes, counted from the connection's first, a peer error lies.
    pub const fn offset(&self) -> Option<u64> {
        match self.blame() {
            Blame::Peer => Some(self.number),
            Blame::Local => None,
        }
    }

    /// Which of the field lines that your code gave a local error is about, from 0, where it is about one. A
    /// [`Block`](crate::Block) among them counts as one.
    pub const fn field(&self) -> Option<usize> {
        match (self.blame(), self.kind, self.number) {
            (Blame::Peer, _, _) | (_, ErrorKind::OutputTooSmall | ErrorKind::ProfileField, _) | (_, _, 0) => None,
            (Blame::Local, _, place) => Some(place as usize - 1),
        }
    }

    /// Which rule of the protocol the offer of a refused [`send_request`](crate::Connection::send_request) breaks, after
    /// [`ErrorKind::ProfileField`].
    pub const fn ineligible(&self) -> Option<Ineligible> {
        match (self.kind, self.number) {
            (ErrorKind::ProfileField, 1..) => Ineligible::from_number(self.number as u32 - 1),
            _ => None,
        }
    }

    /// How many bytes of output space the refused call needs, after [`ErrorKind::OutputTooSmall`].
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
