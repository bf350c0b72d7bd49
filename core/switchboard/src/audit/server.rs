//! The audit of a server: sends a control, then the check, and detects symptoms.
//!
//! The control is the exchange without the part under test.

use std::cmp;
use std::collections::HashMap;
use std::io;
use std::thread;
use std::time::Duration;

use super::auditor::{Auditor, Findings, ServerError};
use super::endpoint::Endpoint;
use super::exchange::{self, Exchange, Until};
use super::finding::{self, Evidence, Finding, Missing};
use super::frames::PING;
use super::needs::{SAY_OFFER, lack, missing_in_control};
use super::response_reader::Head;
use super::script::{Places, Script, Step};
use super::symptoms::{self, HEAD_RULES, SYMPTOMS, Seen};
use super::table::{By, Check, Rules};
use super::verdict::Verdict;

pub(crate) const TABLE: &str = include_str!("server.checks");

/// The check that performs a valid WebSocket handshake.
const HANDSHAKE: &str = "S30";
/// The check with an unknown offer; other checks need it to be answered.
const UNKNOWN_OFFER: &str = "S01";

/// The most attempts to reconnect to a server that was reached before.
const TRIES: u32 = 5;
/// The time between two attempts to reconnect.
const BETWEEN_TRIES: Duration = Duration::from_millis(300);
/// The time that a server gets to close its port if a check has crashed it.
const DYING: Duration = Duration::from_millis(100);
/// The divisor of the timeout for checks of a section in which one got no response.
///
/// So a server that never responds to such checks does not take the full timeout for each.
const SHARE_OF_SILENT: u32 = 6;

/// The audited server, and the options of the audit.
pub(crate) struct Server<'a> {
    pub(crate) endpoint: Endpoint<'a>,
    pub(crate) places: Places,
    /// True if the user named a resource that speaks WebSocket.
    pub(crate) has_websocket: bool,
    /// The protocols of --offer, each with the path of a resource that speaks it.
    pub(crate) offers: &'a [(String, String)],
}

/// An audit of one server, with all findings so far.
pub(crate) struct Audit<'a> {
    server: Server<'a>,
    checks: &'a [Check],
    findings: Findings,
    controls: HashMap<Vec<Step>, Exchange>,
    /// The reason why plain requests get no usable answer; `None` if they get one.
    no_plain: Option<Missing>,
    /// The latest finding of a check that was sent; `None` before the first.
    ///
    /// If the server is unreachable afterwards, this check is suspected.
    latest: Option<Finding>,
    /// All received response heads, of checks and of controls.
    ///
    /// Each has the ID of its check, and the evidence of its exchange.
    heads: Vec<(&'static str, Head, Evidence)>,
}

impl Auditor for Audit<'_> {
    fn findings(&mut self) -> &mut Findings {
        &mut self.findings
    }

    fn bar(&self, check: &Check) -> Option<Missing> {
        self.no_plain.clone().filter(|_| check.asks_plainly())
    }

    fn missing(&mut self, need: &str) -> Result<Option<Missing>, ServerError> {
        let checks = self.checks;
        let find = |id: &str| checks.iter().find(|check| check.id == id);
        if let Some(check) = find(UNKNOWN_OFFER).filter(|_| need == "heard") {
            return Ok(if self.judge(check)?.is_silent { lack(need) } else { None });
        }
        let server = &self.server;
        let has_udp =
            || server.offers.iter().any(|(token, _)| token.eq_ignore_ascii_case("connect-udp"));
        let is_met = match need {
            "websocket" => server.has_websocket,
            "token" => !server.offers.is_empty(),
            "connect-udp" => has_udp(),
            "cleartext" => !server.endpoint.target.is_secure,
            _ => true,
        };
        if !is_met {
            return Ok(lack(need));
        }
        let Some(check) = find(need) else {
            return Ok(None);
        };
        Ok(Missing::pass_of(&self.judge(check)?))
    }

    fn attempt(&mut self, check: &Check) -> Result<Finding, ServerError> {
        if check.lines.is_empty() {
            return self.judge_heads(check);
        }
        if !check.rules.needs.iter().any(|need| matches!(*need, "token" | "connect-udp")) {
            return self.try_out(check);
        }
        // The check runs with each offered protocol, and the worst verdict counts.
        let mut worst = Finding::without(check, &Missing::new("no protocol was named", SAY_OFFER));
        for (token, path) in self.server.offers {
            if check.rules.needs.contains(&"connect-udp")
                && !token.eq_ignore_ascii_case("connect-udp")
            {
                continue;
            }
            self.server.places.token = Some((token.clone(), path.clone()));
            let mut finding = self.try_out(check)?;
            finding
                .reasons
                .iter_mut()
                .for_each(|reason| reason.insert_str(0, &format!("{token}: ")));
            worst = cmp::max_by_key(worst, finding, |finding| finding.verdict);
        }
        Ok(worst)
    }

    /// Runs a check and its control again; returns the milder of the two findings.
    ///
    /// If the control's answer changes, or the server limits requests, returns a finding
    /// `NotApplicable` instead.
    fn attempt_again(&mut self, check: &Check, first: Finding) -> Result<Finding, ServerError> {
        self.controls.clear();
        let finding = cmp::min_by_key(first, self.attempt(check)?, |finding| finding.verdict);
        let unsteady = self.unsteady(check, &finding)?;
        Ok(unsteady.map_or(finding.clone(), |missing| Finding {
            is_silent: finding.is_silent,
            ..Finding::without(check, &missing)
        }))
    }

    fn suspect(&self) -> Option<Finding> {
        self.latest.clone()
    }

    fn see_it_alive(&self) -> Result<(), ServerError> {
        self.persistently(|| self.server.endpoint.connect().map(drop))
    }
}

impl<'a> Audit<'a> {
    /// Begins an audit with a plain request, to which the server must respond.
    ///
    /// Without that response there is no control to compare with. If the user named a WebSocket, it
    /// must accept a handshake, and only checks with plain requests need that response.
    pub(crate) fn begin(
        server: Server<'a>,
        findings: Findings,
        checks: &'a [Check],
    ) -> Result<Self, ServerError> {
        let (controls, heads) = Default::default();
        let (no_plain, latest) = (None, None);
        let mut audit = Self { server, checks, findings, controls, no_plain, latest, heads };
        let plain =
            checks.iter().find(|check| check.has_control()).ok_or("no check has a control")?;
        let control = audit.control(plain, Until::Answered)?;
        let address = &audit.server.endpoint.target.authority;
        let trouble = match control.first() {
            Some(answer) if answer.is_whole => None,
            Some(answer) if answer.error.is_some() => {
                let why = answer.error.map_or("", |error| error.kind().text());
                Some(format!("{address} answers what cannot be read: {why}"))
            }
            _ => Some(format!(
                "{address} does not answer a request without any offer, or at too great length"
            )),
        };
        if audit.server.has_websocket {
            audit.meet_the_websocket()?;
            let remedy = "give the URL of a resource that answers GET";
            audit.no_plain = trouble.map(|trouble| Missing::new(trouble, remedy));
            return Ok(audit);
        }
        trouble.map_or(Ok(audit), Err)
    }

    /// Checks that the WebSocket resource accepts a valid handshake.
    ///
    /// Otherwise all of its checks would be skipped and the run would pass. Tries twice, because a
    /// single failure may be chance.
    fn meet_the_websocket(&self) -> Result<(), ServerError> {
        let check = self
            .checks
            .iter()
            .find(|check| check.id == HANDSHAKE)
            .ok_or("there is no handshake")?;
        let script = Script::of(check, By::Check, &self.server.places)?;
        for is_last in [false, true] {
            let exchange = self.exchange(&script, Until::Answered, self.server.endpoint.timeout)?;
            match symptoms::declined(&Seen { exchange: &exchange, control: None }) {
                None => return Ok(()),
                Some(why) if is_last => {
                    let Places { authority, websocket, .. } = &self.server.places;
                    let remedy = "name a resource that takes one, by --websocket PATH, or none; \
                                  what it wants besides, say by --header and --subprotocol";
                    return Err(format!(
                        "{authority}{websocket} takes no good handshake of WebSocket: {why}; \
                         {remedy}"
                    ));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// Returns why a warning or failure does not count; `None` if it does.
    ///
    /// It does not if the control's answer changes. The control is sent once more, after the check.
    /// A server that limits the rate of requests answers 429 or 503 then.
    fn unsteady(
        &mut self,
        check: &Check,
        finding: &Finding,
    ) -> Result<Option<Missing>, ServerError> {
        if finding.verdict < Verdict::Warn || !check.has_control() {
            return Ok(None);
        }
        let until = control_until(check);
        let before = self.control(check, until)?;
        self.controls.clear();
        let after = self.control(check, until)?;
        let limited = limit_of(&after).or(limit_of(&before));
        Ok(limited.or_else(|| {
            let (was, is) = (outcome(&before), outcome(&after));
            (was != is).then(|| {
                let what = format!("the control itself is answered otherwise: {was}, then {is}");
                Missing::new(what, "name a resource that answers each GET alike")
            })
        }))
    }

    /// Sends a check's control, if it has one, and then the check; returns the finding.
    fn try_out(&mut self, check: &Check) -> Result<Finding, ServerError> {
        let control = if check.has_control() {
            Some(self.control(check, control_until(check))?)
        } else {
            None
        };
        let unmet = |control: &Exchange| {
            limit_of(control).or_else(|| {
                check.rules.needs.iter().find_map(|need| missing_in_control(need, control))
            })
        };
        if let Some(missing) = control.as_ref().and_then(unmet) {
            return Ok(Finding::without(check, &missing));
        }
        let other = self.findings.silent(check.section);
        let timeout = match other {
            Some(_) => self.server.endpoint.timeout / SHARE_OF_SILENT,
            None => self.server.endpoint.timeout,
        };
        let script = Script::of(check, By::Check, &self.server.places)?;
        let mut exchange = self.exchange(&script, until(check), timeout)?;
        if until(check) == Until::Settled && exchange.has_switched() && exchange.has_ended {
            // What has to be heard from soon does not live through the pause before the probe.
            exchange = self.exchange(&script, Until::Answered, timeout)?;
        }
        let seen = Seen { exchange: &exchange, control: control.as_ref() };
        let is_silent = symptoms::silent(&seen).is_some();
        let missing = match other {
            Some(other) if is_silent => Some(Missing::unanswered_like(other)),
            _ if exchange.is_flooded && exchange.has_switched() => Some(Missing::flood()),
            // A control that was answered otherwise may be under no limit, or not under this one.
            _ if control.as_ref().and_then(limit_of).is_none() => limit_of(&exchange),
            _ => None,
        };
        let (verdict, reasons) = match missing {
            Some(missing) => (Verdict::NotApplicable, vec![missing.text()]),
            None => verdict(&check.rules, &seen),
        };
        let control = control.as_ref().map(Exchange::received);
        let evidence = Evidence { control, ..self.evidence(&script, &exchange) };
        self.keep_heads(check.id, &exchange, &evidence);
        let evidence = Some(evidence);
        let finding = Finding { check: check.clone(), verdict, reasons, is_silent, evidence };
        self.latest = Some(finding.clone());
        if exchange.has_ended && !exchange.first().is_some_and(|first| first.is_whole) {
            thread::sleep(DYING);
            self.see_it_alive()?;
        }
        Ok(finding)
    }

    fn evidence(&self, script: &Script, exchange: &Exchange) -> Evidence {
        let again = finding::again(
            &self.server.endpoint,
            script,
            exchange.asks,
            &exchange.marks,
            &exchange.said,
        );
        Evidence {
            asked: exchange.asked.clone(),
            sent: exchange.sent.clone(),
            came: exchange.received(),
            control: None,
            arrived: None,
            again,
        }
    }

    /// Returns the control exchange of a check, a kept one if its steps are equal.
    fn control(&mut self, check: &Check, until: Until) -> Result<Exchange, ServerError> {
        let script = Script::of(check, By::Control, &self.server.places)?;
        if let Some(known) = self.controls.get(&script.steps) {
            return Ok(known.clone());
        }
        let control = self.exchange(&script, until, self.server.endpoint.timeout)?;
        let evidence = self.evidence(&script, &control);
        self.keep_heads(check.id, &control, &evidence);
        self.controls.insert(script.steps, control.clone());
        Ok(control)
    }

    fn exchange(
        &self,
        script: &Script,
        until: Until,
        timeout: Duration,
    ) -> Result<Exchange, ServerError> {
        let endpoint = Endpoint { timeout, ..self.server.endpoint.clone() };
        self.persistently(|| exchange::run(&endpoint, script, until, PING))
    }

    /// Calls a function that connects, and calls it again if it fails.
    ///
    /// It is called again only if a check has reached the server before, and at most `TRIES` times.
    fn persistently<T>(&self, connect: impl Fn() -> io::Result<T>) -> Result<T, ServerError> {
        let mut outcome = connect();
        for _ in 0..TRIES {
            if outcome.is_ok() || self.latest.is_none() {
                break;
            }
            thread::sleep(BETWEEN_TRIES);
            outcome = connect();
        }
        let address = &self.server.endpoint.target.address;
        outcome.map_err(|error| format!("{address} cannot be reached: {error}"))
    }

    fn keep_heads(&mut self, id: &'static str, exchange: &Exchange, evidence: &Evidence) {
        for answer in &exchange.answers {
            let heads = answer.interim.iter().chain(&answer.head);
            self.heads.extend(heads.map(|head| (id, head.clone(), evidence.clone())));
        }
    }

    /// Evaluates a check that rates all response heads of the run.
    ///
    /// Runs all checks that send lines before, as far as they have no finding.
    fn judge_heads(&mut self, check: &Check) -> Result<Finding, ServerError> {
        let checks = self.checks;
        for other in checks.iter().filter(|other| !other.lines.is_empty()) {
            self.judge(other)?;
        }
        let rules: Vec<_> =
            HEAD_RULES.iter().filter(|(name, ..)| check.rules.fail.contains(name)).collect();
        let judged: Vec<_> = self
            .heads
            .iter()
            .flat_map(|kept| {
                rules.iter().filter_map(move |(_, rule, _)| Some((kept, rule(&kept.1)?)))
            })
            .collect();
        if judged.is_empty() {
            let missing = Missing::new("no such answer came in this run", check.rules.apply);
            return Ok(Finding::without(check, &missing));
        }
        let number = judged.len();
        let broken = judged
            .into_iter()
            .find_map(|((id, _, evidence), judged)| Some((id, evidence, judged.err()?)));
        let pass = || Finding::bare(check, Verdict::Pass, format!("all {number} heads are so"));
        Ok(broken.map_or_else(pass, |(id, evidence, what)| Finding {
            evidence: Some(evidence.clone()),
            ..Finding::bare(check, Verdict::Fail, format!("{what}, in {id}"))
        }))
    }
}

/// Returns the condition that ends a check's exchange, by its symptoms.
fn until(check: &Check) -> Until {
    match () {
        () if check.asks("content-as-frames") => Until::Settled,
        () if check.asks("stays-open") => Until::End,
        () if check.asks("open-after-close") => Until::AnnouncedEnd,
        () if check.asks("extra") => Until::Another,
        () => Until::Answered,
    }
}

/// Returns the condition that ends a control, which waits for no extra response.
fn control_until(check: &Check) -> Until {
    let until = until(check);
    if until == Until::Another { Until::Answered } else { until }
}

/// Returns the worst verdict whose symptoms are seen, or `Pass`, with reasons.
fn verdict(rules: &Rules, seen: &Seen<'_>) -> (Verdict, Vec<String>) {
    let told = |names: &[&str]| {
        SYMPTOMS
            .iter()
            .filter(|(name, ..)| names.contains(name))
            .filter_map(|(_, symptom, _)| symptom(seen))
            .collect()
    };
    rules.verdict([Verdict::Fail, Verdict::Warn, Verdict::NotApplicable], told, || seen.summary())
}

/// Returns an unmet need if a response has the status 429 or 503, else `None`.
///
/// The server then limits requests or is overloaded, so the check cannot be rated.
fn limit_of(exchange: &Exchange) -> Option<Missing> {
    let statuses = exchange.answers.iter().filter_map(|answer| answer.status());
    let status = statuses.into_iter().find(|status| matches!(status, 429 | 503))?;
    Some(Missing::new(
        format!("the server answered {status}: it limits requests, or is overloaded"),
        "say --delay SECONDS, or have it limit less",
    ))
}

/// Returns the statuses of an exchange as text, with `closed` after a close.
fn outcome(exchange: &Exchange) -> String {
    let statuses = exchange
        .answers
        .iter()
        .map(|answer| answer.status().map_or("nothing".into(), |status| status.to_string()));
    let end = if exchange.has_ended { ", closed" } else { "" };
    format!("{}{end}", statuses.collect::<Vec<_>>().join(", "))
}
