//! Tests of the server audit, with mutants: servers with one fault each.
//!
//! Each mutant is found by its own check only, and the reference server passes all checks.

mod reference;
mod tls;

use std::collections::BTreeSet;
use std::io::Write;
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use super::auditor::{Auditor, Findings, ServerError};
use super::baseline::Baseline;
use super::endpoint::Endpoint;
use super::finding::{self, Finding};
use super::needs::NEEDS;
use super::report::{Form, Report, explanation};
use super::run::Run;
use super::script::{Places, Script, Step, unescape};
use super::server::{self, Audit, Server};
use super::symptoms::{HEAD_RULES, SYMPTOMS};
use super::table::{self, By, Check};
use super::verdict::Verdict;
use super::{NOT_REACHED, Stop, parsed};
use crate::target::Target;
use reference::{Then, Wrong};

const MUTANTS: &str = include_str!("server.mutants");

/// The timeout of a first audit, and a longer one for a second.
///
/// The second is needed on a slow or busy machine.
const TIMEOUT: [Duration; 2] = [Duration::from_millis(1500), Duration::from_secs(15)];

/// The number of mutants that are audited in parallel; they mostly wait.
const WORKERS: usize = 40;

/// A line of `server.mutants`, which describes a server with one fault.
struct Mutant<'a> {
    id: &'a str,
    verdict: &'a str,
    /// The ID of the check to whose first bytes the mutant responds wrongly.
    at: &'a str,
    answer: Vec<u8>,
    then: Then,
    words: &'a str,
}

fn checks() -> Vec<Check> {
    table::parse(server::TABLE).expect("the table can be read")
}

fn mutants() -> Vec<Mutant<'static>> {
    let lines = MUTANTS.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mutant = |line: &'static str| {
        let parts: Vec<_> = line.split('|').map(str::trim).collect();
        let [id, verdict, at, answer, then, words] = parts[..] else {
            panic!("six parts are wanted: {line}")
        };
        let then = match then {
            "hold" => Then::Hold,
            "late" => Then::Late,
            "on" => Then::GoOn,
            "frames" => Then::Frames,
            "masked" => Then::Masked,
            "content" => Then::Content,
            _ => panic!("nothing is done then: {line}"),
        };
        Mutant {
            id,
            verdict,
            at: if at == "=" { id } else { at },
            answer: written(answer),
            then,
            words,
        }
    };
    lines.map(mutant).collect()
}

/// Expands the abbreviations of a mutant's response, and decodes its escapes.
fn written(text: &str) -> Vec<u8> {
    let accept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
    let switch = r"101\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nACCEPT\r\n\r\n";
    let whole = [
        ("OK", r"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nplain\n"),
        ("NOT-FOUND", r"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
        ("BAD", r"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
        ("SWITCH", switch),
    ];
    let is_made_of =
        |text: &str| text.split(' ').all(|word| whole.iter().any(|(name, _)| *name == word));
    // After a head that is written out, the rest may consist of abbreviations: further
    // responses.
    let text = match text.rsplit_once(r"\r\n\r\n ") {
        Some((begin, rest)) if is_made_of(rest) => {
            format!(r"{begin}\r\n\r\n{}", expanded(rest, &whole))
        }
        _ if is_made_of(text) => expanded(text, &whole),
        _ => text.into(),
    };
    let text = text.replace("ACCEPT", accept);
    let text = match text.strip_prefix("101") {
        Some(rest) => format!("HTTP/1.1 101 Switching Protocols{rest}"),
        None => text,
    };
    unescape(&text).expect("an answer can be read")
}

fn expanded(text: &str, whole: &[(&str, &str)]) -> String {
    text.split(' ')
        .filter_map(|word| whole.iter().find(|(name, _)| *name == word))
        .map(|(_, answer)| *answer)
        .collect()
}

/// Returns the placeholder values for the reference server or a mutant.
fn places(port: u16) -> Places {
    Places {
        is_secure: false,
        authority: format!("127.0.0.1:{port}"),
        address: format!("127.0.0.1:{port}"),
        plain: "/plain".into(),
        echo: "/echo".into(),
        websocket: "/ws".into(),
        token: Some(("h2c".into(), "/h2c".into())),
        fields: Vec::new(),
        subprotocol: None,
    }
}

/// Returns a server at that port; any `offers` imply that it speaks WebSocket, too.
fn server<'a>(
    target: &'a Target,
    port: u16,
    offers: &'a [(String, String)],
    timeout: Duration,
) -> Server<'a> {
    let endpoint = Endpoint::plain(target, timeout);
    Server { endpoint, places: places(port), has_websocket: !offers.is_empty(), offers }
}

/// Audits a mutant or the reference, and returns the findings.
///
/// Repeats the audit with a longer timeout if the findings are not as expected.
fn audit(
    checks: &[Check],
    mutant: Option<&Mutant<'_>>,
    is_wanted: impl Fn(&[Finding]) -> bool,
) -> Vec<Finding> {
    match audit_with(TIMEOUT[0], checks, mutant) {
        Ok(findings) if is_wanted(&findings) => findings,
        _ => audit_with(TIMEOUT[1], checks, mutant).expect("the server is there"),
    }
}

/// Returns the fault of a mutant that listens on that port.
///
/// It is the mutant's wrong response, and the first bytes of the check to which it is sent.
fn wrong_of(checks: &[Check], mutant: &Mutant<'_>, port: u16) -> Wrong {
    let check = checks.iter().find(|check| check.id == mutant.at).expect("a check");
    let mut places = places(port);
    if check.rules.needs.contains(&"connect-udp") {
        places.token = Some(("connect-udp".into(), "/udp".into()));
    }
    let script = Script::of(check, By::Check, &places).expect("a script");
    let Some(Step::Ask(begin) | Step::Send(begin)) = script.steps.into_iter().next() else {
        panic!("nothing is sent")
    };
    Wrong { begin, answer: mutant.answer.clone(), then: mutant.then }
}

fn audit_with(
    timeout: Duration,
    checks: &[Check],
    mutant: Option<&Mutant<'_>>,
) -> Result<Vec<Finding>, ServerError> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let wrong = mutant.map(|mutant| wrong_of(checks, mutant, port));
    reference::serve(listener, wrong);
    let target = format!("http://127.0.0.1:{port}/plain").parse().expect("a URL");
    let offers = [("h2c".into(), "/h2c".into()), ("connect-udp".into(), "/udp".into())];
    let server = server(&target, port, &offers, timeout);
    let mut audit = Audit::begin(server, Findings::default(), checks)?;
    checks.iter().map(|check| audit.judge(check)).collect()
}

/// A server that is silent, endless or closes at once does not block an audit.
///
/// It does so instead of a response to a check, or after it.
#[test]
fn no_peer_hangs_an_audit() {
    let checks = checks();
    let peers = [
        ("S01", Then::Hold, "", "warn"),
        ("S01", Then::Slam, "", "warn"),
        ("S01", Then::Flood, r"HTTP/1.1 200 OK\r\n\r\n", "warn"),
        ("S30", Then::Hold, "SWITCH", "fail"),
        // A server may end a WebSocket at once; then the check cannot decide.
        ("S30", Then::Slam, "SWITCH", "not applicable"),
        ("S30", Then::Flood, "SWITCH", "fail"),
    ];
    for (id, then, answer, verdict) in peers {
        let mutant = Mutant { id, verdict, at: id, answer: written(answer), then, words: "" };
        let is_it = |finding: &Finding| (finding.check.id, finding.verdict.name()) == (id, verdict);
        let findings = audit(&checks, Some(&mutant), |findings| findings.iter().any(is_it));
        assert!(findings.iter().any(is_it), "{id} {}", told(findings));
    }
}

/// An audit ends with an error if its first request gets no response.
#[test]
fn a_control_that_fails_is_trouble() {
    let (checks, listener) = (checks(), TcpListener::bind(("127.0.0.1", 0)).expect("a port"));
    let port = listener.local_addr().expect("an address").port();
    let target = format!("http://127.0.0.1:{port}/plain").parse().expect("a URL");
    let timeout = Duration::from_secs(2);
    let server = server(&target, port, &[], timeout);
    let trouble = Audit::begin(server, Findings::default(), &checks)
        .err()
        .expect("no connection is accepted");
    assert!(trouble.contains("does not answer"), "{trouble}");
}

/// Audits the reference server with command-line options; returns the report.
///
/// An error has the exit status and the message.
fn audited_by(scheme: &str, path: &str, options: &[&str]) -> Result<Report, (u8, String)> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let url = format!("{scheme}://{}{path}", listener.local_addr().expect("an address"));
    reference::serve(listener, None);
    let args =
        parsed(&[&["audit", &url, "--timeout", "15"], options].concat()).expect("they can be read");
    let run = Run::quiet(Report::default());
    crate::audit::audit(&args, &run).map_err(|Stop(code, text)| (code, text))?;
    Ok(std::mem::take(&mut *run.report()))
}

/// A named WebSocket that declines a valid handshake is an error.
///
/// Otherwise its checks would be skipped, and the run would pass.
#[test]
fn a_websocket_that_was_named_has_to_take_a_handshake() {
    let (code, text) =
        audited_by("http", "/plain", &["--websocket", "/nope", "--strict"]).err().expect("trouble");
    assert_eq!(code, NOT_REACHED);
    assert!(
        text.contains("/nope takes no good handshake") && text.contains("declined with 200"),
        "{text}"
    );
    assert!(audited_by("http", "/plain", &["--websocket", "/ws", "--only", "S30"]).is_ok());
}

/// A ws URL names the path of the WebSocket, without --websocket.
#[test]
fn a_websocket_url_names_its_path() {
    let report =
        audited_by("ws", "/ws", &["--only", "S30"]).unwrap_or_else(|(_, text)| panic!("{text}"));
    let verdicts: Vec<_> = report.findings.iter().map(|finding| finding.verdict).collect();
    assert_eq!(verdicts, [Verdict::Pass], "{}", told(report.findings));
    let (code, text) = audited_by("ws", "/plain", &["--only", "S01"]).err().expect("trouble");
    assert!(code == NOT_REACHED && text.contains("/plain takes no good handshake"), "{text}");
}

#[test]
fn a_path_begins_with_a_slash() {
    for option in ["--websocket", "--post"] {
        for wrong in ["ws", "http://127.0.0.1/ws", "ws://127.0.0.1/ws", "/a b", ""] {
            assert!(
                parsed(&["audit", "http://127.0.0.1/", option, wrong]).is_err(),
                "{option} {wrong}"
            );
        }
        assert!(parsed(&["audit", "http://127.0.0.1/", option, "/a?b"]).is_ok(), "{option}");
    }
    assert!(parsed(&["audit", "http://127.0.0.1/", "--offer", "foo=bar"]).is_err());
}

/// The shell command that repeats a check without waits sends the same bytes.
///
/// The test's server responds `equal` to these bytes only. The random words in the request's
/// content may differ.
#[test]
fn a_shell_sends_the_same() {
    for check in checks() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let script = Script::of(&check, By::Check, &places(port)).expect("a script");
        let [Step::Ask(begin)] = &script.steps[..] else { continue };
        let target = format!("http://127.0.0.1:{port}/plain").parse().expect("a URL");
        let again =
            finding::again(&Endpoint::plain(&target, TIMEOUT[0]), &script, usize::MAX, &[], &[]);
        // The reference never says this by itself.
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nequal\n".to_vec();
        reference::serve(listener, Some(Wrong { begin: begin.clone(), answer, then: Then::Slam }));
        let done = Command::new("bash").args(["-c", &again]).output().expect("a shell");
        assert!(done.stdout.ends_with(b"equal\n"), "{}: {again} {done:?}", check.id);
    }
}

/// The shell command of a finding leaves out requests that came after a switch.
///
/// The audit has not sent them.
#[test]
fn a_shell_asks_no_more_after_a_switch() {
    let is_ask = |step: &&Step| matches!(step, Step::Ask(_));
    let script = checks()
        .iter()
        .filter_map(|check| Script::of(check, By::Check, &places(1)).ok())
        .find(|script| {
            let sends = script.steps.iter().filter(|step| !matches!(step, Step::Wait(_)));
            sends.clone().count() == 2 && sends.filter(is_ask).count() == 2
        })
        .expect("a script with two requests");
    let target = "http://127.0.0.1:1/plain".parse().expect("a URL");
    let endpoint = Endpoint::plain(&target, TIMEOUT[0]);
    let sent = [0, 1, 2]
        .map(|asks| finding::again(&endpoint, &script, asks, &[], &[]).matches("printf").count());
    assert_eq!(sent, [0, 1, 2]);
}

/// The shell command of a finding shows the bytes that the audit received.
///
/// It runs against the mutant of the finding. Bytes that come later than the audit listens may
/// follow.
#[test]
fn a_shell_shows_what_the_finding_says() {
    let (checks, mut mutants) = (checks(), mutants());
    mutants.dedup_by_key(|mutant| mutant.id);
    let (next, wrong) = (Mutex::new(mutants.iter()), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(mutant) = { next.lock().expect("no panic").next() } {
                    let is_shown = (0..3).any(|_| is_shown_again(&checks, mutant));
                    if !is_shown {
                        wrong.lock().expect("no panic").push(mutant.id);
                    }
                }
            });
        }
    });
    assert_eq!(wrong.into_inner().expect("no panic"), [""; 0]);
}

/// Audits a mutant by its check, and runs the shell command of the finding.
///
/// Returns whether the command's output begins with the bytes that the audit received.
fn is_shown_again(checks: &[Check], mutant: &Mutant<'_>) -> bool {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    reference::serve(listener, Some(wrong_of(checks, mutant, port)));
    let target = format!("http://127.0.0.1:{port}/plain").parse().expect("a URL");
    let offers = [("h2c".into(), "/h2c".into()), ("connect-udp".into(), "/udp".into())];
    let server = server(&target, port, &offers, TIMEOUT[0]);
    let Ok(mut audit) = Audit::begin(server, Findings::default(), checks) else { return false };
    let check = checks.iter().find(|check| check.id == mutant.id).expect("a check");
    let finding = audit.judge(check).expect("the server is there");
    let Some(evidence) = finding.evidence.filter(|_| finding.verdict >= Verdict::Warn) else {
        return false;
    };
    let again = evidence.again.replacen("timeout 9", "timeout 6", 1);
    let shown = Command::new("bash").args(["-c", &again]).output().expect("a shell").stdout;
    let mut visible = Command::new("cat")
        .arg("-v")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("cat");
    let mut input = visible.stdin.take().expect("a pipe");
    input.write_all(&evidence.came.bytes).expect("cat reads");
    drop(input);
    shown.starts_with(&visible.wait_with_output().expect("cat").stdout)
}

/// The shell command of a finding does not count a greeting with the response.
///
/// A greeting in the new protocol may come with the 101 or after it.
#[test]
fn a_command_does_not_count_a_greeting() {
    let checks = checks();
    let [alone, greeted] = ["", r"\x81\x07welcome"].map(|greeting| {
        let mut answer = written("SWITCH");
        answer.extend(written(greeting));
        let then = Then::Hold;
        let mutant = Mutant { id: "S54", verdict: "", at: "S54", answer, then, words: "" };
        let findings = audit_with(TIMEOUT[0], &checks, Some(&mutant)).expect("the server is there");
        let finding = findings.into_iter().find(|finding| finding.check.id == "S54");
        let again = finding.and_then(|finding| finding.evidence).expect("evidence").again;
        again.split("; ").find(|word| word.contains("head -c")).expect("it reads").to_owned()
    });
    assert_eq!(alone, greeted);
    let len = written("SWITCH").len();
    assert_eq!(alone, format!("timeout 3 head -c {len} <&3"));
}

#[test]
fn what_is_known_does_not_fail_and_what_is_mended_is_said() {
    let checks = checks();
    let finding = |id: &str, verdict| {
        let check = checks.iter().find(|check| check.id == id).expect("a check");
        Finding::bare(check, verdict, "so it is … <\u{1}>")
    };
    let findings = vec![
        finding("S01", Verdict::Warn),
        finding("S02", Verdict::Fail),
        finding("S03", Verdict::Pass),
        finding("S04", Verdict::Fail),
    ];
    let known =
        Baseline::parse("# today\ns01 warn: a title\nS02 warn\nS03 fail\n\nS04 fail", &checks)
            .expect("it can be read");
    let report =
        Report { subject: "it".into(), findings, known, is_strict: true, ..Report::default() };
    let fails: Vec<_> = report
        .findings
        .iter()
        .filter(|each| report.is_failure(each))
        .map(|each| each.check.id)
        .collect();
    // S02 is in the baseline as a warning, but fails.
    assert_eq!(fails, ["S02"]);
    assert!(report.told(Form::Text { is_verbose: false }).contains("S03 is mended"));
    let json: serde_json::Value = serde_json::from_str(&report.told(Form::Json)).expect("JSON");
    assert_eq!(
        (&json["failed"], &json["mended"][0], &json["findings"][3]["known"]),
        (&2.into(), &"S03".into(), &true.into())
    );
    let junit = report.told(Form::Junit);
    assert!(junit.contains("<failure message=\"so it is … &lt;\\x01&gt;\">"), "{junit}");
    assert!(report.told(Form::Markdown).contains("| RFC 9112, 9.3.2 (MUST) | fail |"));
    assert!(Baseline::parse("S01 pass", &checks).is_err());
    assert!(Baseline::parse("S99 fail", &checks).is_err());
}

/// No printed report has control characters but LF; JSON still has each byte.
#[test]
fn no_control_of_a_terminal_is_printed() {
    let checks = checks();
    let came = finding::Received {
        bytes: (0..=255).collect(),
        end: finding::End::Closed,
        ..Default::default()
    };
    let evidence = finding::Evidence { came: came.clone(), ..finding::Evidence::default() };
    let finding = Finding {
        evidence: Some(evidence),
        ..Finding::bare(&checks[0], Verdict::Fail, "it is so \u{9b}31m")
    };
    let report = Report { subject: "it".into(), findings: vec![finding], ..Report::default() };
    for form in [Form::Json, Form::Junit, Form::Markdown, Form::Text { is_verbose: true }] {
        let told = report.told(form);
        assert!(!told.contains(|letter: char| letter.is_control() && letter != '\n'), "{told}");
    }
    let json: serde_json::Value = serde_json::from_str(&report.told(Form::Json)).expect("JSON");
    let text = json["findings"][0]["came"].as_str().expect("a text");
    assert_eq!(
        text.chars().map(|letter| letter as u32).collect::<Vec<_>>(),
        (0..=255).collect::<Vec<_>>()
    );
}

/// The tables of `audit.md` that justify the checks name each check, and no other.
#[test]
fn each_check_is_defended() {
    let page = include_str!("../../../../docs/audit.md");
    let heads = ["| check | why it does not", "| check | what is only", "| check | an objection"];
    let tables = page.split("\n\n").filter(|part| heads.iter().any(|head| part.starts_with(head)));
    let rows = tables.flat_map(|table| table.lines().skip(2));
    let cells = rows.filter_map(|row| row.split('|').nth(1));
    let defended: BTreeSet<&str> = cells.flat_map(|cell| cell.split(", ").map(str::trim)).collect();
    let checks = parsed(&["audit", "--list"]).and_then(|args| args.roles.checks(true));
    let checks: BTreeSet<&str> = checks.expect("tables").iter().map(|check| check.id).collect();
    assert_eq!(defended, checks);
}

/// Bytes of a peer are text on the page of a report, and never markup.
#[test]
fn the_page_has_no_markup_of_a_peer() {
    let (checks, markup) = (checks(), "</pre></script><img src=x onerror='alert(1)'>\"");
    let received = || finding::Received { bytes: markup.into(), ..Default::default() };
    let evidence = finding::Evidence {
        asked: Vec::new(),
        sent: markup.into(),
        came: received(),
        control: Some(finding::Received { bytes: [markup, "2"].concat().into(), ..received() }),
        arrived: Some(markup.into()),
        again: markup.into(),
    };
    let evidence = Some(evidence);
    let finding = Finding { evidence, ..Finding::bare(&checks[0], Verdict::Fail, markup) };
    let report = Report {
        subject: format!("{markup}/* script */"),
        arguments: vec![markup.into()],
        findings: vec![finding],
        ..Report::default()
    };
    let page = report.page(Some(&format!("http://a/{markup}")));
    assert!(!page.contains("<img"), "{page}");
    assert_eq!(page.matches("&lt;img").count(), 10);
    assert_eq!(page.matches("import {").count(), 0, "the script is one module");
    assert_eq!(page.matches("/* script */").count(), 2, "a mark in a text is no mark");
}

/// A finding says whether the connection was closed, for its check and its control.
///
/// In check S14 that may be the only difference between the two.
#[test]
fn a_finding_says_whether_the_connection_was_closed() {
    let timeout = Duration::from_secs(2);
    let text = |then| {
        let mutant =
            Mutant { id: "S14", verdict: "", at: "S14", answer: written("OK"), then, words: "" };
        let findings = audit_with(timeout, &checks(), Some(&mutant)).expect("the server is there");
        told(findings.into_iter().filter(|finding| finding.check.id == "S14").collect())
    };
    let told = text(Then::Hold);
    let came = told.find("\n  came").expect("what came");
    let control = told.find("\n  control").expect("the control");
    assert!(told[came..control].ends_with("plain\n           (still open after 2 s)"), "{told}");
    assert!(told[control..].contains("plain\n           (closed)"), "{told}");
}

/// The description of a check does not have the names of its symptoms.
///
/// Only names with a hyphen are looked for. The description lists the lines to send, or says that
/// there are none.
#[test]
fn a_check_is_explained_in_sentences() {
    for table in [server::TABLE, crate::audit::client::TABLE, crate::audit::proxy::TABLE] {
        for check in table::parse(table).expect("the table can be read") {
            let told = explanation(&check);
            let judged = told
                .split("\n  fail ")
                .nth(1)
                .unwrap_or(&told)
                .split("\n  sends")
                .next()
                .unwrap_or_default();
            for word in check.rules.fail.iter().chain(&check.rules.warn).chain(&check.rules.moot) {
                assert!(!word.contains('-') || !judged.contains(word), "{word}: {told}");
            }
            assert!(told.lines().filter(|line| line.len() > 11).count() >= 3, "{told}");
            assert!(told.contains("\n  sends\n") || told.contains("\n  sends    "), "{told}");
        }
    }
    let of = |id: &str| explanation(checks().iter().find(|check| check.id == id).expect("a check"));
    assert!(of("S30").contains("\n  fail     the 101 breaks a rule\n"), "{}", of("S30"));
    assert!(of("G1").ends_with("it looks at what came in the checks before it\n"), "{}", of("G1"));
}

fn told(findings: Vec<Finding>) -> String {
    let report = Report { subject: "it".into(), findings, is_strict: true, ..Report::default() };
    report.told(Form::Text { is_verbose: true })
}

#[test]
fn the_reference_passes() {
    let is_passed = |findings: &[Finding]| {
        !findings.is_empty() && findings.iter().all(|finding| finding.verdict == Verdict::Pass)
    };
    let findings = audit(&checks(), None, is_passed);
    assert!(is_passed(&findings), "{}", told(findings));
}

/// Returns the ID and verdict of each finding that is a failure or warning.
fn bad(findings: &[Finding]) -> Vec<(&str, &str)> {
    let bad = findings.iter().filter(|finding| finding.verdict >= Verdict::Warn);
    bad.map(|finding| (finding.check.id, finding.verdict.name())).collect()
}

#[test]
fn each_mutant_is_found_by_its_check_alone() {
    let (checks, mutants) = (checks(), mutants());
    let (next, wrong) = (Mutex::new(mutants.iter()), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(mutant) = { next.lock().expect("no panic").next() } {
                    let is_found_alone =
                        |findings: &[Finding]| bad(findings) == [(mutant.id, mutant.verdict)];
                    let findings = audit(&checks, Some(mutant), is_found_alone);
                    if !is_found_alone(&findings) {
                        let Mutant { id, words, .. } = mutant;
                        let text = format!("{id}, which {words}, is found as {:?}", bad(&findings));
                        wrong.lock().expect("no panic").push(format!("{text}\n{}", told(findings)));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("no panic");
    assert!(wrong.is_empty(), "{} mutants:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_check_has_a_mutant() {
    let of_checks: BTreeSet<_> = checks().iter().map(|check| check.id).collect();
    let of_mutants: BTreeSet<_> = mutants().iter().map(|mutant| mutant.id).collect();
    assert_eq!(of_checks, of_mutants);
}

/// The documentation has the current number of server checks.
#[test]
fn the_pages_have_the_number() {
    let said = format!("{} checks", checks().len());
    for page in
        [include_str!("../../../../docs/audit.md"), include_str!("../../../../../README.md")]
    {
        assert!(page.contains(&said), "{said}");
    }
}

/// Returns whether a text begins as an instruction to the user.
fn is_remedy(text: &str) -> bool {
    ["say ", "give ", "name ", "have ", "audit ", "configure "]
        .iter()
        .any(|verb| text.starts_with(verb))
}

/// Returns whether a finding has reasons, each with a remedy.
///
/// A reference to another check that must pass first counts, too.
pub(in crate::audit) fn says_what_to_do(finding: &Finding) -> bool {
    let is_said = |reason: &String| {
        let mut parts = reason.match_indices(": ").map(|(at, _)| &reason[at + 2..]);
        parts.any(is_remedy) || reason.contains("has to pass first: ")
    };
    !finding.reasons.is_empty() && finding.reasons.iter().all(is_said)
}

/// Checks that are skipped for a server with only a plain resource name a remedy.
#[test]
fn what_is_not_applicable_says_what_would_make_it_so() {
    let (checks, listener) = (checks(), TcpListener::bind(("127.0.0.1", 0)).expect("a port"));
    let port = listener.local_addr().expect("an address").port();
    reference::serve(listener, None);
    let (target, timeout) =
        (format!("http://127.0.0.1:{port}/plain").parse().expect("a URL"), TIMEOUT[1]);
    let server = server(&target, port, &[], timeout);
    let mut audit =
        Audit::begin(server, Findings::default(), &checks).expect("the server is there");
    let findings: Vec<_> =
        checks.iter().map(|check| audit.judge(check).expect("the server is there")).collect();
    let open: Vec<_> = findings
        .iter()
        .filter(|finding| finding.verdict == Verdict::NotApplicable)
        .cloned()
        .collect();
    assert!(open.len() > 40, "{}", open.len());
    assert!(open.iter().all(says_what_to_do), "{}", told(open));
    let report = told(findings);
    // Each reason is printed once.
    let is_once = |reason: &String| report.matches(&format!("  {reason}\n")).count() == 1;
    assert!(open.iter().flat_map(|finding| &finding.reasons).all(is_once), "{report}");
}

/// Checks that a table names only known symptoms and needs.
///
/// An unknown symptom would never be seen. Each need must have a remedy.
pub(in crate::audit) fn the_words_are_known(
    checks: &[Check],
    known: &BTreeSet<&str>,
    needs: &[(&str, &str, &str)],
) {
    for (need, what, remedy) in needs {
        assert!(
            checks.iter().any(|check| check.rules.needs.contains(need)),
            "{need} is in no check"
        );
        assert!(!what.is_empty() && is_remedy(remedy), "{need}: {remedy}");
    }
    for Check { id, rules, lines, .. } in checks {
        let is_check = |need: &str| checks.iter().any(|other| other.id == need);
        let is_known =
            |need: &&&str| is_check(need) || needs.iter().any(|(name, ..)| name == *need);
        assert_eq!(rules.needs.iter().find(|need| !is_known(need)), None, "{id}");
        // A check of all heads of the run may find no head that it applies to.
        let can_be_moot = !rules.moot.is_empty() || lines.is_empty() && rules.needs.is_empty();
        assert!(!can_be_moot || is_remedy(rules.apply), "{id}: {}", rules.apply);
        let mut words = rules.fail.iter().chain(&rules.warn).chain(&rules.moot).chain(&rules.note);
        assert_eq!(words.find(|word| !known.contains(*word)), None, "{id}");
        assert!(!rules.says.is_empty(), "{id}");
    }
}

#[test]
fn the_table_has_known_words() {
    let checks = checks();
    let known: BTreeSet<_> = SYMPTOMS
        .iter()
        .map(|(name, ..)| *name)
        .chain(HEAD_RULES.iter().map(|(name, ..)| *name))
        .collect();
    the_words_are_known(&checks, &known, NEEDS);
    for check in &checks {
        let rules = &check.rules;
        assert!(rules.fail.len() + rules.warn.len() > 0, "{}", check.id);
    }
    let used = |name: &&str| {
        checks.iter().any(|check| {
            [&check.rules.fail, &check.rules.warn, &check.rules.moot]
                .iter()
                .any(|list| list.contains(name))
        })
    };
    assert_eq!(known.iter().find(|name| !used(name)), None, "in no check");
}
