//! The common part of the audits of servers, clients and intermediaries.

use std::cmp;
use std::time::Instant;

use super::finding::{Finding, Missing};
use super::table::Check;
use super::verdict::Verdict;

/// The reason why an audit cannot go on, as a text for the user.
pub(crate) type ServerError = String;

/// An audit of a program in one of its roles.
pub(crate) trait Auditor {
    /// Returns the findings that the audit has recorded so far.
    fn findings(&mut self) -> &mut Findings;

    /// Returns why a check cannot be run, apart from the needs that it names.
    ///
    /// `None` if it can be run as far as that is concerned.
    fn bar(&self, _: &Check) -> Option<Missing> {
        None
    }

    /// Returns why a need of a check is not met; `None` if it is met.
    ///
    /// If the need is that another check passes, judges that check. Needs of a server's check that
    /// its control decides count as met here.
    fn missing(&mut self, need: &str) -> Result<Option<Missing>, ServerError>;

    /// Runs a check whose needs are met, and returns its finding.
    ///
    /// Returns an error if, for example, the program cannot be reached any more, or cannot be
    /// started.
    fn attempt(&mut self, check: &Check) -> Result<Finding, ServerError>;

    /// Returns whether the audit may run a check again after a warning or failure.
    fn repeats(&self) -> bool {
        true
    }

    /// Repeats a check with a warning or failure; returns the finding that counts.
    ///
    /// The milder of the two findings counts, because a single failure may be accidental.
    fn attempt_again(&mut self, check: &Check, first: Finding) -> Result<Finding, ServerError> {
        Ok(cmp::min_by_key(first, self.attempt(check)?, |finding| finding.verdict))
    }

    /// Returns the latest finding that may explain why the audited program is gone.
    ///
    /// Returns `None` before the first finding, and for a client, whose absence no check explains.
    fn suspect(&self) -> Option<Finding>;

    /// Checks that a server or an intermediary still accepts connections.
    ///
    /// Does nothing for a client.
    fn see_it_alive(&self) -> Result<(), ServerError>;

    /// Returns the recorded finding of a check, or makes and records one.
    ///
    /// After the deadline, a check without one gets a finding `NotApplicable`, not recorded here.
    fn judge(&mut self, check: &Check) -> Result<Finding, ServerError> {
        if let Some(finding) = self.findings().known(check) {
            return Ok(finding);
        }
        let finding = match self.unmet(check)? {
            Some(missing) => Finding::without(check, &missing),
            None => self.run(check)?,
        };
        self.findings().all.push(finding.clone());
        Ok(finding)
    }

    /// Returns the first reason why a check is not applicable; `None` if it is.
    fn unmet(&mut self, check: &Check) -> Result<Option<Missing>, ServerError> {
        if let Some(bar) = self.bar(check) {
            return Ok(Some(bar));
        }
        for need in &check.rules.needs {
            if let Some(missing) = self.missing(need)? {
                return Ok(Some(missing));
            }
        }
        Ok(None)
    }

    /// Runs a check, and in most cases runs it again after a warning or failure.
    ///
    /// Not if the check sends nothing of its own, or if the audit does not repeat checks.
    fn run(&mut self, check: &Check) -> Result<Finding, ServerError> {
        let first = self.attempt(check)?;
        // A check without lines looks at what the others have seen, which does not change.
        let is_settled = first.verdict < Verdict::Warn || check.lines.is_empty();
        if is_settled || !self.repeats() { Ok(first) } else { self.attempt_again(check, first) }
    }
}

/// The findings of an audit so far.
#[derive(Default)]
pub(crate) struct Findings {
    all: Vec<Finding>,
    /// The time after which no check is begun.
    deadline: Option<Instant>,
}

impl Findings {
    pub(crate) fn until(deadline: Option<Instant>) -> Self {
        Self { all: Vec::new(), deadline }
    }

    /// Returns a check's recorded finding, if there is one.
    ///
    /// Without one, returns a finding `NotApplicable` after the deadline, and `None` before it.
    fn known(&self, check: &Check) -> Option<Finding> {
        let is_over = self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        let over = || is_over.then(|| Finding::without(check, &Missing::time_is_over()));
        self.all.iter().find(|finding| finding.check.id == check.id).cloned().or_else(over)
    }

    /// Returns the ID of the first check of a section that got no response, if any.
    ///
    /// An incomplete response is none. If the connection was closed, the check does not count.
    pub(crate) fn silent(&self, section: &str) -> Option<&'static str> {
        let is_it = |finding: &&Finding| finding.is_silent && finding.check.section == section;
        self.all.iter().find(is_it).map(|finding| finding.check.id)
    }
}
