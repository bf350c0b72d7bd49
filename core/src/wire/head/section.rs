//! What is being read: a head of either kind, or a trailer section.

use crate::limits::Limits;

/// What kind of lines are parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    /// `lone_lf`: an LF ends a line as a CRLF does.
    Request { lone_lf: bool },
    /// `bare`: the status line may end with the status, without the space that stands before a reason.
    Response { bare: bool },
    /// `folds`: of a response, where a client takes folded lines (RFC 9112, 5.2).
    Trailers { folds: bool },
}

impl Section {
    pub(super) fn limit(self, limits: &Limits) -> usize {
        match self {
            Self::Request { .. } | Self::Response { .. } => limits.head as usize,
            Self::Trailers { .. } => limits.trailers as usize,
        }
    }

    pub(super) fn is_trailers(self) -> bool {
        matches!(self, Self::Trailers { .. })
    }

    /// Whether an LF ends a line without the CR before it (RFC 9112, 2.2 allows that to a recipient).
    pub(super) fn ends_by_lf(self) -> bool {
        matches!(self, Self::Request { lone_lf: true })
    }

    /// Whether a line that begins with whitespace goes on with the one before.
    pub(super) fn folds(self) -> bool {
        matches!(self, Self::Response { .. } | Self::Trailers { folds: true })
    }
}
