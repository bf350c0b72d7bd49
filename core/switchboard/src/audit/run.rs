//! A run of checks, which prints its report even if it is interrupted.
//!
//! In the text form, each finding that is shown is printed as soon as it is known.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::auditor::{Auditor, ServerError};
use super::finding::{Finding, Missing};
use super::process::kill_all;
use super::report::{Form, Report};
use super::table::Check;
use super::verdict::Verdict;

/// The exit status after ^C, the same as in shells.
const INTERRUPTED: i32 = 130;

/// Prints text to standard output; an error says that it cannot be written.
pub(super) fn print(text: &str) -> Result<(), String> {
    crate::print(text).map_err(|error| format!("standard output cannot be written: {error}"))
}

/// A run of the audit, with its report so far.
///
/// The handler of ^C has a clone of the run, to print that report.
#[derive(Clone)]
pub(crate) struct Run {
    report: Arc<Mutex<Report>>,
    form: Form,
    page: Option<Page>,
    /// True if the run prints its findings, and its progress on a terminal.
    prints: bool,
}

/// The file for the HTML report, and the address of the playground it links to.
#[derive(Clone)]
pub(crate) struct Page {
    pub(crate) file: PathBuf,
    pub(crate) playground: Option<String>,
}

impl Run {
    pub(crate) fn new(report: Report, form: Form, page: Option<Page>) -> Self {
        Self { report: Arc::new(Mutex::new(report)), form, page, prints: true }
    }

    /// Returns a run that prints nothing; its findings are only in the report.
    pub(crate) fn quiet(report: Report) -> Self {
        Self { prints: false, ..Self::new(report, Form::Json, None) }
    }

    /// Locks and returns the report so far.
    pub(crate) fn report(&self) -> MutexGuard<'_, Report> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes ^C, SIGTERM and SIGHUP print the report so far, and exit with status 130.
    ///
    /// Commands that the audit has started are killed.
    pub(crate) fn report_on_signals(&self) {
        let run = self.clone();
        // If a handler is installed already, it stays.
        let _ = ctrlc::set_handler(move || {
            kill_all();
            if let Err(error) = run.end() {
                eprintln!("switchboard audit: {error}");
            }
            eprintln!("switchboard audit: interrupted; this is what was found until then");
            process::exit(INTERRUPTED);
        });
    }

    /// Runs the wanted checks, and records their findings.
    ///
    /// If the program is gone, the latest finding becomes a failure, and the checks that follow are
    /// not applicable. Returns an error if there is no such finding.
    pub(crate) fn carry_out(
        &self,
        audit: &mut dyn Auditor,
        wanted: &[&Check],
    ) -> Result<(), ServerError> {
        for (number, check) in wanted.iter().enumerate() {
            self.show_progress(&format!("{}/{} {}", number + 1, wanted.len(), check.id));
            match audit.judge(check) {
                Ok(finding) => self.add(finding),
                Err(error) => return self.end_early(audit, &error, &wanted[number..]),
            }
        }
        match audit.see_it_alive() {
            Ok(()) => Ok(()),
            Err(error) => self.end_early(audit, &error, &[]),
        }
    }

    fn end_early(
        &self,
        audit: &dyn Auditor,
        error: &str,
        rest: &[&Check],
    ) -> Result<(), ServerError> {
        let suspect = audit.suspect().ok_or(error)?;
        let id = suspect.check.id;
        let gone = format!("the server is gone after it: {error}");
        self.add(Finding { verdict: Verdict::Fail, reasons: vec![gone], ..suspect });
        let missing = Missing::new(
            format!("the server is gone since {id}"),
            format!("have it survive {id}, or say --skip {id}"),
        );
        let rest = rest.iter().filter(|check| check.id != id);
        rest.for_each(|check| self.add(Finding::without(check, &missing)));
        Ok(())
    }

    /// Adds a finding to the report, in place of one of the same check.
    ///
    /// Prints it, if the run prints and the form of the report shows this finding at once.
    fn add(&self, finding: Finding) {
        let mut report = self.report();
        if self.prints
            && let Some(text) = report.told_at_once(&finding, self.form)
        {
            self.clear_progress();
            // If this fails, the end of the report most likely fails as well.
            let _ = crate::print(&text);
        }
        match report.findings.iter_mut().find(|other| other.check.id == finding.check.id) {
            Some(other) => *other = finding,
            None => report.findings.push(finding),
        }
    }

    /// Prints the end of the report, and writes its HTML page if wanted.
    ///
    /// Returns whether the run has failed; an error says what cannot be written.
    pub(crate) fn end(&self) -> Result<bool, String> {
        let report = self.report();
        let mut printed = Ok(());
        if self.prints {
            self.clear_progress();
            printed = print(&report.told_at_the_end(self.form));
            if let Some(totals) = report.totals_beside(self.form) {
                eprint!("{totals}");
            }
        }
        if let Some(Page { file, playground }) = &self.page {
            let page = report.page(playground.as_deref());
            let cannot = |error| format!("{} cannot be written: {error}", file.display());
            fs::write(file, page).map_err(cannot)?;
        }
        printed.map(|()| report.has_failed())
    }

    fn show_progress(&self, what: &str) {
        if self.prints && io::stderr().is_terminal() {
            eprint!("\r\x1b[K{what}");
        }
    }

    fn clear_progress(&self) {
        self.show_progress("");
    }
}
