//! The common interface of the audits of servers, clients and intermediaries.

use super::finding::Finding;
use super::table::Check;

/// The reason why an audit cannot go on, for the user.
pub(crate) type ServerError = String;

/// An audit of a program in one of its roles.
pub(crate) trait Auditor {
    /// Runs a check and all checks that it needs; returns the recorded finding if any.
    ///
    /// An error is a program that cannot be reached any more, or not be started.
    fn judge(&mut self, check: &Check) -> Result<Finding, ServerError>;

    /// Returns the latest finding, for a program that is gone since.
    ///
    /// Returns `None` if the error of `judge` is not the program's.
    fn suspect(&self) -> Option<Finding>;

    /// Checks that the program is still there after the last check.
    fn see_it_alive(&self) -> Result<(), ServerError>;
}
