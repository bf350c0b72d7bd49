//! The kind of lines being parsed: those of a head or of a trailer section.

use crate::limits::{Lenient, Limits};

/// The leniencies of a client for the lines of a response; see [`Lenient`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tolerated {
    /// Permits a status line without the space after the status code.
    pub(crate) bare_status: bool,
    /// Permits any digit as the major version in the status line.
    pub(crate) any_version: bool,
    /// Permits an LF without a CR as the end of a line.
    pub(crate) lone_lf: bool,
    /// Permits most control bytes in a field value or a reason phrase.
    pub(crate) controls: bool,
}

impl Tolerated {
    pub(crate) fn by(lenient: &Lenient) -> Self {
        Self {
            bare_status: lenient.status_without_space,
            any_version: lenient.any_version,
            lone_lf: lenient.response_lone_lf,
            controls: lenient.controls_in_values,
        }
    }
}

/// The kind of section being parsed: a head or a trailer section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    /// A request's head; `lone_lf` permits an LF without a CR as the end of a line.
    Request {
        lone_lf: bool,
    },
    Response(Tolerated),
    /// A trailer section; `Some` holds a client's leniencies for that of a response.
    Trailers(Option<Tolerated>),
}

impl Section {
    pub(super) fn limit(self, limits: &Limits) -> usize {
        match self {
            Self::Request { .. } | Self::Response(_) => limits.head as usize,
            Self::Trailers(_) => limits.trailers as usize,
        }
    }

    pub(super) fn is_trailers(self) -> bool {
        matches!(self, Self::Trailers(_))
    }

    /// Returns whether an LF without a CR ends a line (RFC 9112, section 2.2).
    pub(super) fn ends_by_lf(self) -> bool {
        match self {
            Self::Request { lone_lf } => lone_lf,
            _ => self.tolerated().lone_lf,
        }
    }

    /// Returns whether a line that begins with whitespace continues the line before.
    ///
    /// This is obs-fold (RFC 9112, section 5.2), which clients accept.
    pub(super) fn folds(self) -> bool {
        matches!(self, Self::Response(_) | Self::Trailers(Some(_)))
    }

    /// Returns whether a value or a reason phrase may contain this control byte.
    ///
    /// It may if a client's leniency permits control bytes. Returns `false` for NUL, and for 0x09
    /// to 0x0d, which are whitespace or line ends.
    pub(super) fn takes_control(self, byte: u8) -> bool {
        matches!(byte, 0x01..=0x08 | 0x0e..=0x1f | 0x7f) && self.tolerated().controls
    }

    fn tolerated(self) -> Tolerated {
        match self {
            Self::Response(tolerated) | Self::Trailers(Some(tolerated)) => tolerated,
            Self::Request { .. } | Self::Trailers(None) => Tolerated::default(),
        }
    }
}
