//! The audit of a server: the control first, then the check, then its symptoms.

use std::collections::HashMap;
use std::io;
use std::thread;
use std::time::Duration;

use super::exchange::{self, Exchange, Until};
use super::finding::{self, Evidence, Finding, Missing};
use super::response_reader::Head;
use super::script::{Places, Script};
use super::symptoms::{self, HEAD_RULES, SYMPTOMS, Seen};
use super::table::{By, Check, Rules};
use super::verdict::Verdict;
use crate::target::Target;

pub(crate) const TABLE: &str = include_str!("server.checks");

/// The needs that a server check may name.
///
/// Each has its name, the reason if it is not met, and the remedy. Those from `answered` on are
/// decided by the control, which is the exchange without the part under test.
pub(crate) const NEEDS: &[(&str, &str, &str)] = &[
    ("websocket", "no WebSocket resource was named", "say --websocket PATH"),
    ("token", "no protocol was named", SAY_OFFER),
    (
        "connect-udp",
        "no proxy of UDP was named",
        "say --offer connect-udp=PATH, with a target in the path",
    ),
    ("cleartext", "it is about cleartext", "give an http URL"),
    ("answered", "the control is not answered either", "name another resource"),
    (
        "persistent",
        "the control's connection does not persist either",
        "name a resource that keeps it",
    ),
    (
        "closing",
        "the control's connection is not closed either",
        "name a resource at which `Connection: close` closes it",
    ),
    (
        "continue",
        "the control gets no 100 either",
        "name a resource that takes a POST, by --post PATH",
    ),
    (
        "refused-400",
        "the control is not answered 400 either",
        "audit the server itself, and nothing before it that would add a Host; then mend what it \
         does without one",
    ),
];
const SAY_OFFER: &str = "say --offer TOKEN=PATH";

/// The check that performs a valid WebSocket handshake.
const HANDSHAKE: &str = "S30";

/// The most attempts to reconnect to a server that was reached before.
const TRIES: u32 = 5;
/// The time between two attempts to reconnect.
const BETWEEN_TRIES: Duration = Duration::from_millis(300);

/// The audited server, and the options of the audit.
pub(crate) struct Server<'a> {
    pub(crate) target: &'a Target,
    pub(crate) places: Places,
    /// True if the user named a resource that speaks WebSocket.
    pub(crate) has_websocket: bool,
    /// Other protocols, each with the path that speaks it.
    pub(crate) offers: &'a [(String, String)],
    /// The timeout of each wait.
    pub(crate) timeout: Duration,
}

/// An audit of one server, with all findings so far.
pub(crate) struct Audit<'a> {
    server: Server<'a>,
    checks: &'a [Check],
    findings: HashMap<&'static str, Finding>,
    controls: HashMap<Script, Exchange>,
    /// True if the WebSocket sends messages back; `None` while that is unknown.
    echoes: Option<bool>,
    /// The ID of the latest check, after which the server may be unreachable.
    latest: &'static str,
    /// All response heads of the run, each with its check's ID and its evidence.
    heads: Vec<(&'static str, Head, Evidence)>,
}

/// The reason why an audit cannot go on, for the user.
pub(crate) type ServerError = String;

impl<'a> Audit<'a> {
    /// Begins an audit with a plain request, to which the server must respond.
    ///
    /// Without that response there is no control to compare with.
    pub(crate) fn begin(server: Server<'a>, checks: &'a [Check]) -> Result<Self, ServerError> {
        let (findings, controls) = Default::default();
        let mut audit = Self {
            server,
            checks,
            findings,
            controls,
            echoes: None,
            latest: "",
            heads: Vec::new(),
        };
        let plain =
            checks.iter().find(|check| check.has_control()).ok_or("no check has a control")?;
        let control = audit.control(plain, Until::Answered)?;
        let address = &audit.server.target.authority;
        match control.first() {
            Some(answer) if answer.is_whole => {}
            Some(answer) if answer.error.is_some() => {
                let why = answer.error.map_or("", |error| error.kind().text());
                return Err(format!("{address} answers what cannot be read: {why}"));
            }
            _ => {
                return Err(format!(
                    "{address} does not answer a request without any offer, or at too great length"
                ));
            }
        }
        if audit.server.has_websocket {
            audit.meet_the_websocket()?;
        }
        Ok(audit)
    }

    /// Checks that the WebSocket resource accepts a valid handshake.
    ///
    /// Otherwise all of its checks would be skipped and the run would pass. Tries twice, because a
    /// single failure may be chance.
    fn meet_the_websocket(&self) -> Result<(), ServerError> {
        let script = self.handshake()?;
        for is_last in [false, true] {
            let exchange = self.exchange(&script, Until::Answered)?;
            match symptoms::declined(&Seen { exchange: &exchange, control: None }) {
                None => return Ok(()),
                Some(why) if is_last => {
                    let Places { authority, websocket, .. } = &self.server.places;
                    let remedy = "name a resource that takes one, by --websocket PATH, or none";
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

    /// Returns the script of a valid WebSocket handshake.
    fn handshake(&self) -> Result<Script, ServerError> {
        let check = self
            .checks
            .iter()
            .find(|check| check.id == HANDSHAKE)
            .ok_or("there is no handshake")?;
        Script::of(check, By::Check, &self.server.places)
    }

    /// Runs a check and all checks that it needs; returns the recorded finding if any.
    pub(crate) fn judge(&mut self, check: &Check) -> Result<Finding, ServerError> {
        if let Some(finding) = self.findings.get(check.id) {
            return Ok(finding.clone());
        }
        let mut finding = self.attempt(check)?;
        // A single failure may be chance, so the check runs twice, and the milder verdict counts.
        if finding.verdict >= Verdict::Warn && !check.lines.is_empty() {
            self.controls.clear();
            finding =
                std::cmp::min_by_key(finding, self.attempt(check)?, |finding| finding.verdict);
        }
        self.findings.insert(check.id, finding.clone());
        Ok(finding)
    }

    fn attempt(&mut self, check: &Check) -> Result<Finding, ServerError> {
        for need in &check.rules.needs {
            if let Some(missing) = self.missing(need)? {
                return Ok(Finding::without(check, &missing));
            }
        }
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
            worst = std::cmp::max_by_key(worst, finding, |finding| finding.verdict);
        }
        Ok(worst)
    }

    /// Sends the control, if there is one, and the check; returns the finding.
    fn try_out(&mut self, check: &Check) -> Result<Finding, ServerError> {
        let until = if check.asks("content-as-frames") && self.echoes()? {
            Until::Echo
        } else {
            until(check)
        };
        // The control need not be watched for an extra response.
        let until_control = if until == Until::Another { Until::Answered } else { until };
        let control =
            if check.has_control() { Some(self.control(check, until_control)?) } else { None };
        let unmet = |control: &Exchange| {
            check.rules.needs.iter().find_map(|need| missing_in_control(need, control))
        };
        if let Some(missing) = control.as_ref().and_then(unmet) {
            return Ok(Finding::without(check, &missing));
        }
        let script = Script::of(check, By::Check, &self.server.places)?;
        let exchange = self.exchange(&script, until)?;
        self.latest = check.id;
        let (verdict, reasons) =
            verdict(&check.rules, &Seen { exchange: &exchange, control: control.as_ref() });
        let control = control.as_ref().map(Exchange::received);
        let evidence = Evidence { control, ..self.evidence(&script, &exchange) };
        self.keep_heads(check.id, &exchange, &evidence);
        Ok(Finding { check: check.clone(), verdict, reasons, evidence: Some(evidence) })
    }

    fn evidence(&self, script: &Script, exchange: &Exchange) -> Evidence {
        let again = finding::again(self.server.target, script, &exchange.said);
        let sent = [&script.bytes()[..], &exchange.said].concat();
        Evidence { sent, came: exchange.received(), control: None, arrived: None, again }
    }

    /// Returns why a need of a check is not met; `None` if it is met.
    ///
    /// Covers only needs that can be decided before the check is sent.
    fn missing(&mut self, need: &str) -> Result<Option<Missing>, ServerError> {
        let server = &self.server;
        let has_udp =
            || server.offers.iter().any(|(token, _)| token.eq_ignore_ascii_case("connect-udp"));
        let is_met = match need {
            "websocket" => server.has_websocket,
            "token" => !server.offers.is_empty(),
            "connect-udp" => has_udp(),
            "cleartext" => !server.target.is_secure,
            _ => true,
        };
        if !is_met {
            return Ok(lack(need));
        }
        let Some(check) = self.checks.iter().find(|check| check.id == need) else {
            return Ok(None);
        };
        Ok(Missing::pass_of(&self.judge(check)?))
    }

    /// Returns the exchange of a check's control; an equal control is sent once.
    fn control(&mut self, check: &Check, until: Until) -> Result<Exchange, ServerError> {
        let script = Script::of(check, By::Control, &self.server.places)?;
        if let Some(known) = self.controls.get(&script) {
            return Ok(known.clone());
        }
        let control = self.exchange(&script, until)?;
        let evidence = self.evidence(&script, &control);
        self.keep_heads(check.id, &control, &evidence);
        self.controls.insert(script, control.clone());
        Ok(control)
    }

    /// Returns whether the WebSocket sends a message back.
    ///
    /// Only with such a server can the audit detect content that was read as a message. The Pong
    /// for the probe may arrive before the message.
    fn echoes(&mut self) -> Result<bool, ServerError> {
        if let Some(known) = self.echoes {
            return Ok(known);
        }
        let echoes = self.exchange(&self.handshake()?, Until::Echo)?.has_echo();
        self.echoes = Some(echoes);
        Ok(echoes)
    }

    fn exchange(&self, script: &Script, until: Until) -> Result<Exchange, ServerError> {
        let Server { target, timeout, .. } = &self.server;
        let mut outcome = exchange::run(target, script, *timeout, until);
        for _ in 0..TRIES {
            if outcome.is_ok() || self.latest.is_empty() {
                break;
            }
            thread::sleep(BETWEEN_TRIES);
            outcome = exchange::run(target, script, *timeout, until);
        }
        let after = if self.latest.is_empty() {
            String::new()
        } else {
            format!(" any more, after {}", self.latest)
        };
        outcome.map_err(|error: io::Error| {
            format!("{} cannot be reached{after}: {error}", target.address)
        })
    }

    fn keep_heads(&mut self, id: &'static str, exchange: &Exchange, evidence: &Evidence) {
        for answer in &exchange.answers {
            let heads = answer.interim.iter().chain(&answer.head);
            self.heads.extend(heads.map(|head| (id, head.clone(), evidence.clone())));
        }
    }

    /// Evaluates a check of every head of the run, after running all other checks.
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
        let broken = judged
            .into_iter()
            .find_map(|((id, _, evidence), judged)| Some((id, evidence, judged.err()?)));
        let pass = || Finding {
            check: check.clone(),
            verdict: Verdict::Pass,
            reasons: Vec::new(),
            evidence: None,
        };
        Ok(broken.map_or_else(pass, |(id, evidence, what)| Finding {
            verdict: Verdict::Fail,
            reasons: vec![format!("{what}, in {id}")],
            evidence: Some(evidence.clone()),
            ..pass()
        }))
    }
}

/// Returns how long to observe the connection, by the symptoms that a check names.
fn until(check: &Check) -> Until {
    match () {
        () if check.asks("stays-open") => Until::End,
        () if check.asks("open-after-close") => Until::AnnouncedEnd,
        () if check.asks("extra") => Until::Another,
        () => Until::Answered,
    }
}

/// Returns the worst verdict whose symptoms are seen, with their sentences.
fn verdict(rules: &Rules, seen: &Seen<'_>) -> (Verdict, Vec<String>) {
    rules.verdict([Verdict::Fail, Verdict::Warn, Verdict::NotApplicable], |names| {
        SYMPTOMS
            .iter()
            .filter(|(name, ..)| names.contains(name))
            .filter_map(|(_, symptom, _)| symptom(seen))
            .collect()
    })
}

/// Returns why a need of a check is not met, by its control; `None` if it is met.
fn missing_in_control(need: &str, control: &Exchange) -> Option<Missing> {
    let is_answered = control.first().is_some_and(|first| first.is_whole);
    let has_continued =
        || control.first().is_some_and(|first| first.interim.iter().any(|head| head.status == 100));
    let is_met = match need {
        "answered" => is_answered,
        "persistent" => control.is_complete(),
        "closing" => is_answered && control.has_ended,
        "continue" => has_continued(),
        "refused-400" => control.status() == Some(400),
        _ => true,
    };
    if is_met { None } else { lack(need) }
}

/// Returns the need of that name as a missing one, with its remedy.
fn lack(need: &str) -> Option<Missing> {
    NEEDS
        .iter()
        .find(|(name, ..)| *name == need)
        .map(|(_, what, remedy)| Missing::new(*what, *remedy))
}
