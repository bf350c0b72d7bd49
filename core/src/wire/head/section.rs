//! What is being read: a head of either kind, or a trailer section.

use crate::limits::Limits;

/// What kind of lines are parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Request,
    /// `bare`: the status line may end with the status, without the space that stands before a reason.
    Response {
        bare: bool,
    },
    /// `folds`: of a response, where a client takes folded lines (RFC 9112, 5.2).
    Trailers {
        folds: bool,
    },
}

impl Section {
    pub(super) fn limit(self, limits: &Limits) -> usize {
        match self {
            Self::Request | Self::Response { .. } => limits.head as usize,
            Self::Trailers { .. } => limits.trailers as usize,
        }
    }

    pub(super) fn is_trailers(self) -> bool {
        matches!(self, Self::Trailers { .. })
    }

    /// Whether a line that begins with whitespace goes on with the one before.
    pub(super) fn folds(self) -> bool {
        matches!(self, Self::Response { .. } | Self::Trailers { folds: true })
    }
}
