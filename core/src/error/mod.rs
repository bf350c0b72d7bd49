//! Errors of a connection; `table` lists every kind.
//!
//! Error numbers are stable: bindings use them unchanged, and logs can be searched for them. They
//! are grouped by cause: 1xx start line, 2xx field lines, 3xx semantics of the head, 4xx content.
//! 5xx concern the connection, 6xx the switch. 8xx are calls that the state does not allow or that
//! lack memory, 9xx calls with wrong arguments.

mod ineligible;
mod table;

use core::fmt;

pub use ineligible::Ineligible;
pub use table::ErrorKind;

use crate::enums::enums;

/// The side that caused an error and must change something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Blame {
    /// The peer broke the protocol or exceeded a limit.
    ///
    /// Receiving has ended; a server may respond once, if it has not begun a response.
    Peer,
    /// Your code called out of order or with a bad argument, or memory ran out.
    ///
    /// Nothing has changed, except that a call that receives has ended the current event. If memory
    /// ran out, the same call may succeed later.
    Local,
}

enums! { Blame { Peer = "peer", Local = "local" } }

/// An error in received bytes, with its offset in them, or `OutOfMemory`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) kind: ErrorKind,
    pub(crate) at: usize,
}

impl Fault {
    /// Returns a fault that concerns no single byte, with the offset 0.
    pub(crate) const fn at_once(kind: ErrorKind) -> Self {
        Self { kind, at: 0 }
    }
}

/// An error of the peer or of the caller; [`ErrorKind::ALL`] lists every kind.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Error {
    kind: ErrorKind,
    /// A number whose meaning depends on the kind.
    ///
    /// For a peer error it is its offset, in bytes since the connection began. For `OutputTooSmall`
    /// it is the number of bytes needed, for `LengthShort` the number of missing bytes, or 0.
    /// For `ProfileField` from an offer it is 1 plus the number of the `Ineligible`. For other
    /// local errors it is 1 plus the index of the caller's field line, or 0 for none.
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

    /// Returns the error for sent content that is shorter than its Content-Length.
    ///
    /// `missing` is the number of missing bytes, or 0.
    pub(crate) const fn short(missing: u64) -> Self {
        Self { kind: ErrorKind::LengthShort, number: missing }
    }

    /// Returns the error for a client's offer that breaks its protocol's rules.
    pub(crate) const fn ineligible_offer(reason: Ineligible) -> Self {
        Self { kind: ErrorKind::ProfileField, number: reason.number() as u64 + 1 }
    }

    /// Returns the kind of the error.
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Returns the stable number of the error's kind.
    pub const fn code(&self) -> u16 {
        self.kind.code()
    }

    /// Returns the error of `kind` for the caller's field line at `index`, from 0.
    pub(crate) const fn in_field(kind: ErrorKind, index: usize) -> Self {
        Self { kind, number: index as u64 + 1 }
    }

    /// Returns the side that caused the error and must change something.
    pub const fn blame(&self) -> Blame {
        self.kind.blame()
    }

    /// Returns the status with which a server responds to a peer error.
    ///
    /// `None` for local errors, and for errors that only a client can encounter.
    pub const fn status(&self) -> Option<u16> {
        self.kind.status()
    }

    /// Returns the offset of a peer error in the peer's bytes.
    ///
    /// It is counted in bytes from the beginning of the connection. `None` for local errors.
    pub const fn offset(&self) -> Option<u64> {
        match self.blame() {
            Blame::Peer => Some(self.number),
            Blame::Local => None,
        }
    }

    /// Returns a local error without the index of a field line; others stay unchanged.
    pub(crate) fn without_field(self) -> Self {
        Self { number: if self.field().is_some() { 0 } else { self.number }, ..self }
    }

    /// Returns the index of the caller's field line that caused a local error.
    ///
    /// It counts from 0; a [`Block`](crate::Block) counts as one line. `None` if no single field
    /// line caused the error, or if [`Config::tidy`](crate::Config::tidy) corrected others first.
    pub const fn field(&self) -> Option<usize> {
        match (self.blame(), self.kind, self.number) {
            (Blame::Peer, _, _)
            | (
                _,
                ErrorKind::OutputTooSmall | ErrorKind::LengthShort | ErrorKind::ProfileField,
                _,
            )
            | (_, _, 0) => None,
            (Blame::Local, _, place) => Some(place as usize - 1),
        }
    }

    /// Returns the protocol's rule that the offer of a rejected request breaks.
    ///
    /// It is known after [`ErrorKind::ProfileField`] from
    /// [`send_request`](crate::Connection::send_request); otherwise `None`.
    pub const fn ineligible(&self) -> Option<Ineligible> {
        match (self.kind, self.number) {
            (ErrorKind::ProfileField, 1..) => Ineligible::from_number(self.number as u32 - 1),
            _ => None,
        }
    }

    /// Returns the number of bytes of output space that the rejected call needs.
    ///
    /// `None` unless the kind is [`ErrorKind::OutputTooSmall`].
    pub const fn needed(&self) -> Option<usize> {
        match self.kind {
            ErrorKind::OutputTooSmall => Some(self.number as usize),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // All numbers are `u64`, as each integer type adds its own formatting code to the program.
        let Self { kind, number } = *self;
        write!(f, "{} (error {})", kind.text(), u64::from(kind.code()))?;
        match (self.offset(), self.needed(), self.field(), self.ineligible()) {
            (Some(_), ..) => write!(f, " at byte {number}"),
            (_, Some(_), ..) => write!(f, ": {number} bytes needed"),
            (_, _, Some(_), _) => write!(f, ": field line {number}"),
            (.., Some(reason)) => write!(f, ": {}", reason.text()),
            _ if kind == ErrorKind::LengthShort && number > 0 => {
                write!(f, ": {number} bytes missing")
            }
            _ => Ok(()),
        }
    }
}

impl core::error::Error for Error {}
