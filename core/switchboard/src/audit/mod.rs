//! The subcommand `audit`: checks how a program handles `Upgrade`.
//!
//! It also checks the connection around an upgrade.
//!
//! `table` parses the checks, which are data (`*.checks`); `script` builds the bytes to send.
//! `wire` moves bytes, `response_reader` parses responses with the engine, `probes` tries the new
//! protocol, `exchange` runs one connection. `server` compares checks with controls, each an
//! exchange without the part under test. It evaluates `symptoms`; a `finding` is the result, which
//! `report` formats. `begin` makes the audit that the command line asks for. `run` runs the checks
//! and prints the report, even if it is interrupted.
//!
//! Of the other `roles`, `client` is a scripted server that audits clients. `proxy` is a client and
//! a scripted origin on both sides of an intermediary. For both, `response_script` builds
//! responses, and `request_reader` parses requests with the engine.

mod args;
mod auditor;
mod baseline;
mod begin;
mod client;
mod endpoint;
mod exchange;
mod finding;
mod frames;
mod head_rules;
mod needs;
mod nonce;
mod probes;
mod process;
mod proxy;
mod report;
mod request_reader;
mod response_reader;
mod response_script;
mod roles;
mod run;
mod script;
mod server;
mod starter;
mod symptoms;
mod table;
#[cfg(test)]
mod tests;
mod timeline;
mod tls_args;
mod verdict;
mod wire;

use std::fs::OpenOptions;
use std::io::{self, IsTerminal, Write};
use std::net::{SocketAddr, ToSocketAddrs};
use std::process::ExitCode;

use clap::{Args, FromArgMatches};

pub(crate) use args::{AUDIT_HELP, AuditArgs};

use crate::USAGE;
use crate::target::Target;
use baseline::Baseline;
use endpoint::Endpoint;
use report::{Form, Report, TABLES, VERSION};
use run::Run;
use table::Check;

/// The exit status if the program cannot be reached, or the audit cannot begin.
///
/// For example, because a WebSocket that the user named declines a valid handshake.
const NOT_REACHED: u8 = 3;

/// The exit status if the report cannot be written, as in sysexits.h.
const NOT_WRITTEN: u8 = 74;

/// An early end of the run: the exit status and a message.
struct Stop(u8, String);

pub(crate) fn run(args: &AuditArgs) -> ExitCode {
    let run = Run::new(Report::default(), args.form(), args.page());
    run.report_on_signals();
    let outcome = match audit(args, &run) {
        Err(Stop(0, text)) => run::print(&text).map(|()| false).map_err(not_written),
        audited => {
            // An audit that ends early reports what it has found.
            let has_reported = audited.is_ok() || !run.report().findings.is_empty();
            let ended = if has_reported { run.end() } else { Ok(false) };
            audited.and_then(|()| ended.map_err(not_written))
        }
    };
    match outcome {
        Ok(has_failed) => ExitCode::from(u8::from(has_failed)),
        Err(Stop(code, text)) => {
            eprintln!("switchboard audit: {text}");
            ExitCode::from(code)
        }
    }
}

fn not_written(text: String) -> Stop {
    Stop(NOT_WRITTEN, text)
}

fn audit(args: &AuditArgs, run: &Run) -> Result<(), Stop> {
    let usage = |text: String| Stop(USAGE, text);
    let is_of_all = args.explain.is_some() || args.list;
    let checks = args.roles.checks(is_of_all).map_err(usage)?;
    if let Some(id) = args.unknown(&checks) {
        return Err(usage(format!("there is no check {id}")));
    }
    if let Some(text) = told(args, &checks) {
        return Err(Stop(0, text));
    }
    let known = args
        .known
        .as_deref()
        .map_or(Ok(Baseline::default()), |path| args::read_known(path, &checks))
        .map_err(usage)?;
    if let Some(page) = &args.html {
        // A page that cannot be written at the end is better known now.
        let opened = OpenOptions::new().create(true).append(true).open(page);
        opened.map_err(|error| usage(format!("{}: {error}", page.display())))?;
    }
    let target = args.roles.proxy.as_ref().or(args.url.as_ref());
    let is_foreign = |target: &&Target| !is_local(target) && !args.yes && !is_allowed(target);
    if let Some(target) = target.filter(is_foreign) {
        let address = &target.authority;
        return Err(usage(format!("{address} is not this machine; say --yes if you may audit it")));
    }
    let wanted: Vec<_> = checks.iter().filter(|check| args.wants(check)).collect();
    *run.report() = Report {
        subject: target
            .map_or(String::new(), |target| format!("{}{}", target.authority, target.path)),
        role: args.roles.role(),
        known,
        is_strict: args.strict,
        ..Report::default()
    };
    let trouble = |trouble| Stop(NOT_REACHED, trouble);
    let _started = match target {
        Some(target) => starter::start(&args.roles.command, target, args.wait).map_err(trouble)?,
        None => None,
    };
    let mut audit = match target {
        None => begin::client(args, run, &checks).map_err(trouble)?,
        Some(target) => {
            let tls = target.is_secure.then(|| args.tls.tls()).transpose().map_err(usage)?;
            let endpoint = Endpoint { target, tls, timeout: args.timeout, delay: args.delay };
            begin::server_or_proxy(args, endpoint, &checks).map_err(trouble)?
        }
    };
    run.carry_out(audit.as_mut(), &wanted).map_err(trouble)
}

/// Returns the text that --version, --list or --explain print; `None` without them.
fn told(args: &AuditArgs, checks: &[Check]) -> Option<String> {
    if args.version {
        return Some(format!("switchboard audit {VERSION}, tables {TABLES}\n"));
    }
    if args.list {
        let line = |check: &Check| format!("{:<5} {} {}\n", check.id, check.level, check.title);
        return Some(checks.iter().map(line).collect());
    }
    let id = args.explain.as_ref()?;
    let is_wanted = |check: &&Check| id == "all" || args::is(id, check);
    Some(checks.iter().filter(is_wanted).map(report::explanation).collect())
}

/// Audits a switchboard server at that address, with the paths of its resources.
///
/// Prints nothing. Returns the totals; an error says why the audit ended early.
pub(crate) fn of_a_switchboard(address: SocketAddr) -> Result<String, String> {
    let plain = format!("http://{address}/plain");
    let offers = ["--offer", "foo/2=/foo", "--offer", "h2c=/h2c", "--offer", "TLS/1.3=/tls"];
    let words = ["audit", &plain, "--websocket", "/ws", "--post", "/echo"];
    let words: Vec<_> = words.iter().chain(&offers).copied().collect();
    let run = Run::quiet(Report::default());
    audit(&parsed(&words)?, &run).map_err(|Stop(_, text)| text)?;
    let totals = run.report().told_at_the_end(Form::Text { is_verbose: false });
    Ok(totals.trim_end().to_owned())
}

/// Parses command-line arguments, the program's name first.
fn parsed(words: &[&str]) -> Result<AuditArgs, String> {
    let command = AuditArgs::augment_args(clap::Command::new("audit"));
    let matches = command.try_get_matches_from(words).map_err(|error| error.to_string())?;
    AuditArgs::from_arg_matches(&matches).map_err(|error| error.to_string())
}

/// Returns whether all addresses of a target are loopback addresses.
fn is_local(target: &Target) -> bool {
    target
        .address
        .to_socket_addrs()
        .is_ok_and(|mut all| all.all(|address| address.ip().is_loopback()))
}

/// Asks the user whether the target may be audited; returns `true` for a `y`.
///
/// Without a terminal, does not ask and returns `false`.
fn is_allowed(target: &Target) -> bool {
    if !io::stdin().is_terminal() {
        return false;
    }
    eprint!("{} is not this machine. Is it yours, or may you audit it? [y/N] ", target.authority);
    let _ = io::stderr().flush();
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).is_ok() && answer.trim().eq_ignore_ascii_case("y")
}
