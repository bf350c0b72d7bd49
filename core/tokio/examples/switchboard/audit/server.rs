//! The checks of a server: the control first, then the check, and what of the vocabulary is seen.

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use super::exchange::{self, Exchange};
use super::finding::{self, Evidence, Finding, Verdict};
use super::script::{Places, Script};
use super::symptoms::{SYMPTOMS, Seen};
use super::table::{By, Check, Rules};
use crate::target::Target;

pub(crate) const TABLE: &str = include_str!("server.checks");

/// An audit of one server, which remembers what it has found.
pub(crate) struct Audit<'a> {
    target: &'a Target,
    places: Places,
    /// A resource was named that speaks WebSocket.
    has_websocket: bool,
    patience: Duration,
    checks: &'a [Check],
    findings: HashMap<&'static str, Finding>,
    controls: HashMap<Script, Exchange>,
}

/// Why nothing could be found.
pub(crate) type Trouble = String;

impl<'a> Audit<'a> {
    pub(crate) fn new(
        target: &'a Target,
        places: Places,
        has_websocket: bool,
        patience: Duration,
        checks: &'a [Check],
    ) -> Self {
        Self { target, places, has_websocket, patience, checks, findings: HashMap::new(), controls: HashMap::new() }
    }

    /// What a check comes to, with what it needs beforehand.
    pub(crate) fn judge(&mut self, check: &Check) -> Result<Finding, Trouble> {
        if let Some(finding) = self.findings.get(check.id) {
            return Ok(finding.clone());
        }
        let mut finding = self.attempt(check)?;
        // What is seen once may be chance; the milder of two counts.
        if finding.verdict >= Verdict::Warn {
            self.controls.clear();
            finding = std::cmp::min_by_key(finding, self.attempt(check)?, |finding| finding.verdict);
        }
        self.findings.insert(check.id, finding.clone());
        Ok(finding)
    }

    fn attempt(&mut self, check: &Check) -> Result<Finding, Trouble> {
        for need in check.rules.needs.clone() {
            if let Some(missing) = self.missing_before(need)? {
                return Ok(Finding::bare(check, Verdict::NotApplicable, missing));
            }
        }
        let sees_end = check.asks("open");
        let control = match check.has_control() {
            true => Some(self.control(check, sees_end)?),
            false => None,
        };
        if let Some(control) = &control {
            let script = Script::of(check, By::Control, &self.places)?;
            for need in &check.rules.needs {
                if let Some(missing) = missing_in_control(need, control, script.requests.len()) {
                    return Ok(Finding::bare(check, Verdict::NotApplicable, missing));
                }
            }
        }
        let script = Script::of(check, By::Check, &self.places)?;
        let exchange = self.exchange(&script, sees_end)?;
        let seen = Seen { exchange: &exchange, control: control.as_ref(), requests: script.requests.len() };
        let (verdict, reasons) = verdict(&check.rules, &seen);
        let evidence = Evidence {
            sent: script.octets(),
            came: exchange.came.clone(),
            control: control.map(|control| control.came),
            again: finding::again(self.target, &script, &[]),
        };
        Ok(Finding { check: check.clone(), verdict, reasons, evidence: Some(evidence) })
    }

    /// What is missing of what a check needs, as far as it can be told before anything is sent.
    fn missing_before(&mut self, need: &str) -> Result<Option<String>, Trouble> {
        if need == "websocket" {
            let missing = || "no WebSocket resource was named: say --websocket PATH".into();
            return Ok((!self.has_websocket).then(missing));
        }
        let Some(check) = self.checks.iter().find(|check| check.id == need) else { return Ok(None) };
        let finding = self.judge(check)?;
        Ok((finding.verdict != Verdict::Pass).then(|| format!("{need} has to pass first: {}", check.title)))
    }

    /// What comes without that which is tried. The same is asked once.
    fn control(&mut self, check: &Check, sees_end: bool) -> Result<Exchange, Trouble> {
        let script = Script::of(check, By::Control, &self.places)?;
        if let Some(known) = self.controls.get(&script) {
            return Ok(known.clone());
        }
        let control = self.exchange(&script, sees_end)?;
        self.controls.insert(script, control.clone());
        Ok(control)
    }

    fn exchange(&self, script: &Script, sees_end: bool) -> Result<Exchange, Trouble> {
        let cannot = |error: io::Error| format!("{} cannot be reached: {error}", self.target.address);
        exchange::run(self.target, script, self.patience, sees_end).map_err(cannot)
    }
}

/// What of the vocabulary is seen, and the worst that it amounts to.
fn verdict(rules: &Rules, seen: &Seen<'_>) -> (Verdict, Vec<String>) {
    let symptoms = |names: &[&str]| -> Vec<String> {
        SYMPTOMS.iter().filter(|(name, _)| names.contains(name)).filter_map(|(_, symptom)| symptom(seen)).collect()
    };
    let worst = [(Verdict::Fail, &rules.fail), (Verdict::Warn, &rules.warn), (Verdict::NotApplicable, &rules.moot)];
    let seen = worst.into_iter().map(|(verdict, names)| (verdict, symptoms(names)));
    seen.into_iter().find(|(_, reasons)| !reasons.is_empty()).unwrap_or((Verdict::Pass, Vec::new()))
}

/// What is missing of what a check needs, as its control shows it.
fn missing_in_control(need: &str, control: &Exchange, requests: usize) -> Option<String> {
    let first = control.first();
    let (is_met, missing) = match need {
        "answered" => (first.is_some_and(|first| first.is_whole), "without the offer it is not answered either"),
        "persistent" => (
            control.is_complete(requests),
            "without the offer the connection does not persist either: name a resource that keeps it",
        ),
        "closing" => (
            first.is_some_and(|first| first.is_whole) && control.has_ended,
            "without the offer the connection is not closed either",
        ),
        _ => (true, ""),
    };
    (!is_met).then(|| missing.into())
}
