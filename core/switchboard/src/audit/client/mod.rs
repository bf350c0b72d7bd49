//! The audit of a client.
//!
//! For each check with a response the client is started anew, and connects to a scripted server.
//! The audit rates its behaviour on the wire.
//!
//! `launcher` starts the client, and `identity` is the scripted server's certificate. `session`
//! records the connections of one check, and `symptoms` detects what was observed on them.

mod identity;
mod launcher;
mod session;
pub(super) mod symptoms;
#[cfg(test)]
#[path = "../tests/client.rs"]
mod tests;

use std::collections::HashMap;
use std::io;
use std::time::Duration;

pub(crate) use identity::Identity;
pub(crate) use launcher::ClientLauncher;
use session::{ClientSession, Times, Until};
use symptoms::{SYMPTOMS, Seen};

use super::auditor::{Auditor, Findings, ServerError};
use super::finding::{Evidence, Finding, Missing};
use super::request_reader::Request;
use super::table::{Check, Rules};
use super::verdict::Verdict;

pub(crate) const TABLE: &str = include_str!("client.checks");

/// The needs that a client check may name, besides the IDs of other checks.
///
/// Each has its name, the reason if it is not met, and the remedy.
pub(super) const NEEDS: &[(&str, &str, &str)] = &[
    (
        "websocket",
        "it is about a client of WebSocket, and this one offers OFFERED",
        "have it open a WebSocket, by {ws}",
    ),
    (
        "h2c",
        "it is about a client that offers h2c, and this one offers OFFERED",
        "have it ask for HTTP/2 in cleartext",
    ),
    (
        "other",
        "it is about protocols that the audit does not know, and this client offers OFFERED",
        "have it offer one",
    ),
    (
        "plain",
        "it is about a client that offers nothing, and this one offers OFFERED",
        "have it ask for {url} alone",
    ),
    (
        "pongs",
        "the client answers no ping",
        "have it read what comes, for as long as the connection is open",
    ),
];
/// The check with a valid 101, whose session is the control of later checks.
const CONTROL: &str = "C01";
/// The most characters of a command's output that are reported.
const TOLD: usize = 300;

/// An audit of one client, with all findings so far.
pub(crate) struct Audit<'a> {
    caller: ClientLauncher,
    /// The scripted server's identity, if the client connects with TLS.
    identity: Option<Identity>,
    times: Times,
    checks: &'a [Check],
    findings: Findings,
    visits: HashMap<&'static str, ClientSession>,
    /// The Sec-WebSocket-Key values of all handshakes of the run so far.
    keys: Vec<String>,
    /// The protocols in the client's first request; empty if it offers none.
    offers: Vec<String>,
}

impl Auditor for Audit<'_> {
    fn findings(&mut self) -> &mut Findings {
        &mut self.findings
    }

    fn missing(&mut self, need: &str) -> Result<Option<Missing>, ServerError> {
        let offers =
            |token: &str| self.offers.iter().any(|offer| offer.eq_ignore_ascii_case(token));
        let is_met = match need {
            "websocket" | "h2c" => offers(need),
            "plain" => self.offers.is_empty(),
            "other" => !self.offers.is_empty() && !offers("websocket") && !offers("h2c"),
            "pongs" => self.visits.get(CONTROL).is_some_and(ClientSession::has_pong),
            _ => {
                let Some(check) = self.checks.iter().find(|check| check.id == need) else {
                    return Ok(None);
                };
                return Ok(Missing::pass_of(&self.judge(check)?));
            }
        };
        let offered =
            if self.offers.is_empty() { "nothing".into() } else { self.offers.join(", ") };
        let lack = NEEDS.iter().find(|(name, ..)| *name == need).filter(|_| !is_met);
        Ok(lack.map(|(_, what, remedy)| Missing::new(what.replace("OFFERED", &offered), *remedy)))
    }

    fn attempt(&mut self, check: &Check) -> Result<Finding, ServerError> {
        if check.lines.is_empty() {
            let (verdict, reasons) = self.verdict(&check.rules, &ClientSession::default());
            let check = check.clone();
            return Ok(Finding { check, verdict, reasons, is_silent: false, evidence: None });
        }
        let cannot = |error: io::Error| error.to_string();
        let identity = self.identity.as_ref();
        let visit = match session::visit(&self.caller, identity, check, self.times, until(check))
            .map_err(cannot)?
        {
            Ok(visit) => visit,
            Err(absent) => return Ok(Finding::without(check, &absent)),
        };
        let key = |request: &Request| request.field("sec-websocket-key").map(String::from);
        self.keys.extend(visit.requests.iter().filter_map(key));
        let (verdict, mut reasons) = self.verdict(&check.rules, &visit);
        if verdict >= Verdict::Warn {
            reasons.extend(visit.ended.as_ref().map(said));
        }
        let control = self.visits.get(CONTROL).map(ClientSession::received);
        let again = self.caller.again(check.id, identity.is_some());
        let evidence = Evidence {
            asked: visit.requests.iter().map(Request::asked).collect(),
            sent: visit.sent.clone(),
            came: visit.received(),
            control,
            arrived: None,
            again,
        };
        self.visits.insert(check.id, visit);
        let (check, evidence) = (check.clone(), Some(evidence));
        Ok(Finding { check, verdict, reasons, is_silent: false, evidence })
    }

    /// Returns false if a person would have to open the client again for a repetition.
    fn repeats(&self) -> bool {
        self.caller.is_patient()
    }

    /// Returns `None`: if a client cannot be started, no earlier check is the cause.
    fn suspect(&self) -> Option<Finding> {
        None
    }

    fn see_it_alive(&self) -> Result<(), ServerError> {
        Ok(())
    }
}

impl<'a> Audit<'a> {
    /// Begins an audit with the first check, in which the client must send a request.
    ///
    /// If it sends none, there is nothing to rate: returns the reasons as an error.
    pub(crate) fn begin(
        caller: ClientLauncher,
        identity: Option<Identity>,
        timeout: Duration,
        findings: Findings,
        checks: &'a [Check],
    ) -> Result<Self, ServerError> {
        let times = Times { timeout, pause: Duration::from_millis(300).min(timeout) };
        Self::with_times(caller, identity, times, findings, checks)
    }

    fn with_times(
        caller: ClientLauncher,
        identity: Option<Identity>,
        times: Times,
        findings: Findings,
        checks: &'a [Check],
    ) -> Result<Self, ServerError> {
        let (visits, keys, offers) = Default::default();
        let mut audit = Self { caller, identity, times, checks, findings, visits, keys, offers };
        let first = checks.first().ok_or("there are no checks")?;
        let finding = audit.judge(first)?;
        let visit = audit.visits.get(first.id);
        let Some(request) = visit.and_then(ClientSession::first) else {
            return Err(finding.reasons.join("; "));
        };
        audit.offers = request.offers.iter().map(|(token, _)| token.clone()).collect();
        Ok(audit)
    }

    /// Returns the first verdict whose symptoms are seen, with a sentence for each.
    ///
    /// `NotApplicable` comes first: then the situation that the check tests has not occurred.
    /// Without symptoms the check passes.
    fn verdict(&self, rules: &Rules, visit: &ClientSession) -> (Verdict, Vec<String>) {
        let seen = Seen { visit, keys: &self.keys };
        let told = |names: &[&str]| {
            SYMPTOMS
                .iter()
                .filter(|(name, ..)| names.contains(name))
                .filter_map(|(_, symptom, _)| symptom(&seen))
                .collect()
        };
        let order = [Verdict::NotApplicable, Verdict::Fail, Verdict::Warn];
        rules.verdict(order, told, || seen.summary())
    }
}

/// Returns the condition that ends the observation of the client in a check.
///
/// It depends on the check's ID, and on the symptoms that its rules name.
fn until(check: &Check) -> Until {
    match () {
        () if check.id == CONTROL || check.asks("unheard") => Until::Pong,
        () if check.asks("unacknowledged") => Until::Acknowledged,
        () if check.asks("asked-again") => Until::Asked,
        () if check.asks("early") || check.asks("bad-retry") => Until::Answered,
        () => Until::Opened,
    }
}

/// Describes the exit status of a client's command, and the end of its output.
fn said(ended: &launcher::Ended) -> String {
    let cut = tail(&String::from_utf8_lossy(&ended.output));
    let how = ended.code.map_or("the command did not end by itself".into(), |code| {
        format!("the command ended with {code}")
    });
    if cut.is_empty() { how } else { format!("{how}; it said: {cut}") }
}

/// Returns the last `TOLD` characters of the output, after `…` if it is longer.
///
/// The end matters most, because errors are printed last. A word that is cut is left out, unless
/// there is no other.
fn tail(output: &str) -> String {
    let output = output.trim();
    let Some((start, _)) =
        output.char_indices().rev().nth(TOLD - 1).filter(|(start, _)| *start > 0)
    else {
        return output.into();
    };
    let rest = &output[start..];
    let is_begun = output[..start].ends_with(char::is_whitespace);
    let words =
        rest.find(char::is_whitespace).filter(|_| !is_begun).map_or(rest, |end| &rest[end..]);
    format!("… {}", words.trim_start())
}
