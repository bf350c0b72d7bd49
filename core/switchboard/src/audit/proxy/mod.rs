//! The audit of an intermediary.
//!
//! The audit is the client on one side and a scripted origin on the other, and rates what the
//! intermediary sends to both.
//!
//! `origin` is the scripted origin, `symptoms` has what can be observed.

mod origin;
pub(super) mod symptoms;
#[cfg(test)]
#[path = "../tests/proxy.rs"]
mod tests;

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use origin::Log;
pub(crate) use origin::Origin;
use symptoms::{SYMPTOMS, Seen};

use super::auditor::{Auditor, Findings, ServerError};
use super::endpoint::Endpoint;
use super::exchange::{self, Exchange, Until};
use super::finding::{Evidence, Finding, Missing, Received};
use super::frames::TEXT;
use super::script::{Places, Script};
use super::table::{By, Check, Line, Rules, What};
use super::verdict::Verdict;
use crate::target::Target;

pub(crate) const TABLE: &str = include_str!("proxy.checks");

/// The needs that an intermediary check may name, besides the IDs of others.
///
/// Each has its name, the reason if it is not met, and the remedy.
pub(super) const NEEDS: &[(&str, &str, &str)] = &[
    (
        "persistent",
        "without an offer a second request on the connection is not answered either",
        "have the proxy keep its clients' connections, and take a request behind another",
    ),
    ("forward", "it is about a forward proxy", "say --forward for a forward proxy"),
    ("cleartext", "one direction of a TLS connection is not ended here", "give an http URL"),
];
/// The check with a plain request, which all others need.
const CONTROL: &str = "P00";
/// The interval at which the origin's record is polled for a first request.
const BLINK: Duration = Duration::from_millis(20);
/// The longest wait for a request at the origin, after the client's exchange.
const LATE: Duration = Duration::from_secs(1);
/// The longest time for a proxy to notice that its origin is reachable again.
const RECOVERY: Duration = Duration::from_secs(10);
/// The script of two requests without an offer, to see if a connection persists.
const TWICE: &str = "\
P0 DEF RFC 9112, 9.3: two requests
  GET /plain HTTP/1.1
  Host: HOST:PORT

  GET /plain HTTP/1.1
  Host: HOST:PORT
";
/// The script of a request that a proxy must change before it forwards it.
const CHANGED: &str = "\
P0 DEF RFC 9110, 7.6.1: a field for one hop
  GET /plain HTTP/1.1
  Host: HOST:PORT
  Connection: X-Hop
  X-Hop: 1
  X-MiXed: 1
";

/// The audited intermediary, and the options of the audit.
pub(crate) struct Proxy<'a> {
    pub(crate) endpoint: Endpoint<'a>,
    /// True for a forward proxy, which gets requests in absolute-form.
    pub(crate) is_forward: bool,
    /// The value of the Host field, if it is not the authority of the URL.
    pub(crate) host: Option<String>,
    /// The field lines of --header and --cookie, which each request has as well.
    pub(crate) fields: Vec<String>,
    /// The command-line options for `host`, `fields` and TLS, each after a space.
    pub(crate) options: String,
}

/// An audit of one intermediary, with all findings so far.
pub(crate) struct Audit<'a> {
    proxy: Proxy<'a>,
    origin: Origin,
    checks: &'a [Check],
    findings: Findings,
    /// The latest finding of a check that was sent; `None` before the first.
    ///
    /// If the proxy is unreachable afterwards, this check is suspected.
    latest: Option<Finding>,
    /// True if the proxy has answered two requests without an offer on one connection.
    persists: bool,
    /// The request `CHANGED` as it was sent; `None` unless the proxy changes it.
    changed: Option<Vec<u8>>,
}

impl Auditor for Audit<'_> {
    fn findings(&mut self) -> &mut Findings {
        &mut self.findings
    }

    fn missing(&mut self, need: &str) -> Result<Option<Missing>, ServerError> {
        let is_met = match need {
            "persistent" => self.persists,
            "cleartext" => !self.proxy.endpoint.target.is_secure,
            "forward" => self.proxy.is_forward,
            _ => {
                let Some(check) = self.checks.iter().find(|check| check.id == need) else {
                    return Ok(None);
                };
                return Ok(Missing::pass_of(&self.judge(check)?));
            }
        };
        let lack = NEEDS.iter().find(|(name, ..)| *name == need).filter(|_| !is_met);
        Ok(lack.map(|(_, what, remedy)| Missing::new(*what, *remedy)))
    }

    fn attempt(&mut self, check: &Check) -> Result<Finding, ServerError> {
        let (exchange, log) = self.exchange(check)?;
        let changed = self.changed.as_deref();
        let seen = Seen { exchange: &exchange, log: &log, changed };
        let (verdict, reasons) = verdict(&check.rules, &seen, self.proxy.is_forward);
        let evidence = Evidence {
            asked: exchange.asked.clone(),
            sent: exchange.sent.clone(),
            came: exchange.received(),
            control: if verdict >= Verdict::Warn { self.directly(check)? } else { None },
            arrived: Some(log.came),
            again: self.again(check),
        };
        let (check, evidence) = (check.clone(), Some(evidence));
        let finding = Finding { check, verdict, reasons, is_silent: false, evidence };
        self.latest = Some(finding.clone());
        Ok(finding)
    }

    fn suspect(&self) -> Option<Finding> {
        self.latest.clone()
    }

    fn see_it_alive(&self) -> Result<(), ServerError> {
        let Endpoint { target, .. } = self.proxy.endpoint;
        let cannot = |error| format!("{} cannot be reached: {error}", target.address);
        self.proxy.endpoint.connect().map(drop).map_err(cannot)
    }
}

impl<'a> Audit<'a> {
    /// Begins an audit with check P00: a plain request, which the proxy must forward.
    ///
    /// If that check does not pass, no other one can be rated: returns its reasons as an error.
    pub(crate) fn begin(
        proxy: Proxy<'a>,
        origin: Origin,
        findings: Findings,
        checks: &'a [Check],
    ) -> Result<Self, ServerError> {
        let (latest, persists, changed) = Default::default();
        let mut audit = Self { proxy, origin, checks, findings, latest, persists, changed };
        let control =
            checks.iter().find(|check| check.id == CONTROL).ok_or("there is no control")?;
        let begun = Instant::now();
        while begun.elapsed() < RECOVERY && audit.misses_its_origin(control)? {
            thread::sleep(RECOVERY / 20);
        }
        let finding = audit.judge(control)?;
        if finding.verdict != Verdict::Pass {
            let reasons = finding.reasons.join("; ");
            return Err(format!(
                "{} does not forward to port {}: {reasons}",
                audit.proxy.endpoint.target.authority, audit.origin.port
            ));
        }
        let (exchange, _) = audit.exchange(&super::table::parse(TWICE)?[0])?;
        audit.persists = exchange.is_complete();
        let changed = &super::table::parse(CHANGED)?[0];
        let sent = Script::of(changed, By::Check, &audit.places(false))?.bytes();
        let (_, log) = audit.exchange(changed)?;
        audit.changed = Some(sent)
            .filter(|sent| log.requests.first().is_some_and(|request| request.head != *sent));
        Ok(audit)
    }

    /// Returns whether the proxy still responds that its origin is unreachable.
    ///
    /// After a failure to connect, a proxy may wait before the next attempt.
    fn misses_its_origin(&self, control: &Check) -> Result<bool, ServerError> {
        let (exchange, _) = self.exchange(control)?;
        Ok(matches!(exchange.status(), Some(502..=504)))
    }

    /// Sends a check's requests to the proxy; returns the records of both its sides.
    fn exchange(&self, check: &Check) -> Result<(Exchange, Log), ServerError> {
        self.run(check, &self.proxy.endpoint, &self.places(false))
    }

    /// Sends a check's requests to the origin directly; returns what came back.
    ///
    /// This is the control of the check: the exchange without the proxy.
    fn directly(&self, check: &Check) -> Result<Option<Received>, ServerError> {
        let origin = format!("http://127.0.0.1:{}/plain", self.origin.port).parse::<Target>()?;
        let endpoint = Endpoint::plain(&origin, self.proxy.endpoint.timeout);
        Ok(Some(self.run(check, &endpoint, &self.places(true))?.0.received()))
    }

    fn run(
        &self,
        check: &Check,
        endpoint: &Endpoint<'_>,
        places: &Places,
    ) -> Result<(Exchange, Log), ServerError> {
        self.origin.begin(answers(check));
        let script = Script::of(&question(check), By::Check, places)?;
        let address = &endpoint.target.address;
        let cannot = |error: io::Error| format!("{address} cannot be reached: {error}");
        let exchange = exchange::run(endpoint, &script, until(check), TEXT).map_err(cannot)?;
        // The proxy may answer before it forwards, and close what it has opened a moment later.
        let deadline = Instant::now() + LATE;
        thread::sleep(BLINK);
        while self.origin.log().requests.is_empty() && Instant::now() < deadline {
            thread::sleep(BLINK);
        }
        Ok((exchange, self.origin.log()))
    }

    fn places(&self, is_direct: bool) -> Places {
        let Proxy { endpoint, is_forward, host, fields, .. } = &self.proxy;
        let Target { authority, address, path, is_secure, .. } = endpoint.target;
        let origin = format!("127.0.0.1:{}", self.origin.port);
        let is_secure = *is_secure && !is_direct && !is_forward;
        let (authority, address, path) = match (is_direct, is_forward) {
            (true, _) => (origin.clone(), origin, "/plain".into()),
            (false, true) => (origin.clone(), origin.clone(), format!("http://{origin}/plain")),
            (false, false) => {
                (host.as_ref().unwrap_or(authority).clone(), address.clone(), path.clone())
            }
        };
        Places {
            is_secure,
            authority,
            address,
            plain: path.clone(),
            echo: path.clone(),
            websocket: path,
            token: None,
            fields: fields.clone(),
            subprotocol: None,
        }
    }

    fn again(&self, check: &Check) -> String {
        let Proxy { endpoint, is_forward, options, .. } = &self.proxy;
        let Target { authority, path, is_secure, .. } = endpoint.target;
        let forward = if *is_forward { " --forward" } else { "" };
        let scheme = if *is_secure { "https" } else { "http" };
        format!(
            "switchboard audit --proxy '{scheme}://{authority}{path}' --origin-port \
             {}{forward}{options} --only {} -v",
            self.origin.port, check.id
        )
    }
}

/// Returns the index of the `~ origin` line, before the origin's responses.
///
/// Returns the number of lines if there is none.
fn border(check: &Check) -> usize {
    let is_border = |line: &Line| matches!(line.what, What::Wait("origin"));
    check.lines.iter().position(is_border).unwrap_or(check.lines.len())
}

/// Returns a copy of a check with only the lines before `~ origin`.
///
/// Those are sent to the proxy.
fn question(check: &Check) -> Check {
    let mut lines = check.lines[..border(check)].to_vec();
    if let Some(Line { by, what: What::Text(_) }) = lines.last().copied() {
        lines.push(Line { by, what: What::Empty });
    }
    Check { lines, ..check.clone() }
}

/// Returns the lines of a check after `~ origin`: the origin's responses.
fn answers(check: &Check) -> &[Line] {
    check.lines.get(border(check) + 1..).unwrap_or_default()
}

/// Returns the condition that ends a check's exchange, by its symptoms.
fn until(check: &Check) -> Until {
    match () {
        () if check.asks("end-lost") => Until::OtherEnd,
        () if check.asks("stays-open") => Until::End,
        () => Until::Answered,
    }
}

/// Returns the first verdict whose symptoms are seen, with a sentence for each.
///
/// `NotApplicable` comes first: then the situation that the check tests has not occurred.
/// Without symptoms the check passes.
fn verdict(rules: &Rules, seen: &Seen<'_>, is_forward: bool) -> (Verdict, Vec<String>) {
    let told = |words: &[&str]| {
        let is_asked =
            |name: &str| words.iter().any(|word| symptoms::means(word, name, is_forward));
        SYMPTOMS
            .iter()
            .filter(|(name, ..)| is_asked(name))
            .filter_map(|(_, symptom, _)| symptom(seen))
            .collect()
    };
    rules.verdict([Verdict::NotApplicable, Verdict::Fail, Verdict::Warn], told, || seen.summary())
}
