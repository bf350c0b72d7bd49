//! The possible verdicts of a check.

/// The verdict of a check; a later variant is worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    NotApplicable,
    Pass,
    Warn,
    Fail,
}

impl Verdict {
    /// Returns the verdict in lower case, for reports and baselines.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::NotApplicable => "not applicable",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}
