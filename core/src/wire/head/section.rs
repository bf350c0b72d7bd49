//! The kind of lines being read: a head or a trailer section.

use crate::limits::{Lenient, Limits};

/// Leniencies of a client for the lines of a response; see [`Lenient`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tolerated {
    /// The status line may end with the status, without the space before a reason.
    pub(crate) bare_status: bool,
    /// The major version of the status line may be any digit.
    pub(crate) any_version: bool,
    /// An LF ends a line as a CRLF does.
    pub(crate) lone_lf: bool,
    /// A value may hold control bytes.
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

/// The kind of lines being parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    /// `lone_lf`: an LF ends a line as a CRLF does.
    Request {
        lone_lf: bool,
    },
    Response(Tolerated),
    /// The trailers of a message; of a response with a client's leniencies.
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

    /// Returns whether a line that begins with whitespace continues another.
    ///
    /// Clients do so (RFC 9112, section 5.2).
    pub(super) fn folds(self) -> bool {
        matches!(self, Self::Response(_) | Self::Trailers(Some(_)))
    }

    /// Returns whether a value may have this control byte.
    ///
    /// None that is whitespace or a line's end to some reader.
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
