//! `switchboard audit`: how a program handles `Upgrade`, and the connection around it.
//!
//! `table` reads the checks, which are data (`server.checks`); `script` makes what is sent of them. `wire` moves bytes,
//! `reading` has the engine read what comes, `speech` tries the new protocol, `exchange` is one connection of all that. `server`
//! compares each check with its control and asks `symptoms` what is seen; a `finding` is what it comes to, `report` tells it.

mod exchange;
mod finding;
mod reading;
mod report;
mod script;
mod server;
mod speech;
mod symptoms;
mod table;
mod wire;

use std::io::{self, IsTerminal, Write};
use std::net::ToSocketAddrs;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use crate::USAGE;
use crate::target::Target;
use finding::{Finding, Verdict};
use script::Places;
use server::Server;

/// What the process ends with where nothing could be found out.
const NOT_REACHED: u8 = 3;

#[derive(Args)]
pub(crate) struct AuditArgs {
    /// http://host[:port]/path, or https, of a resource that answers GET; the certificate is not checked
    #[arg(required_unless_present = "explain")]
    url: Option<Target>,
    /// The path of a resource that speaks WebSocket
    #[arg(long, value_name = "PATH")]
    websocket: Option<String>,
    /// The path of a resource that takes a POST, if the URL's does not
    #[arg(long, value_name = "PATH")]
    post: Option<String>,
    /// Another protocol that is spoken, and where; several are possible
    #[arg(long, value_name = "TOKEN=PATH", value_parser = offer)]
    offer: Vec<(String, String)>,
    /// Run these checks alone
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    only: Vec<String>,
    /// Say what a check sends and how it is judged, and run nothing
    #[arg(long, value_name = "ID")]
    explain: Option<String>,
    /// Seconds to wait for each thing
    #[arg(long, value_name = "SECONDS", default_value_t = 3.0)]
    timeout: f64,
    /// Audit what is not on this machine without asking
    #[arg(long)]
    yes: bool,
    /// Show every check, not only what was found
    #[arg(short, long)]
    verbose: bool,
}

pub(crate) const AUDIT_HELP: &str = "\
Each check that is to change nothing is sent without the offer first, as its control; a difference is the finding. `fail` is a
MUST that is broken, `warn` all that deserves a word. A finding shows what was sent, what came, what the control gave, the
rule, and a line for a shell that does it again.

Audit your own servers, or ask whose they are: one connection at a time, at most three requests on each.

Ends with 0 where nothing failed, 1 where something did; 3 where the server cannot be reached or its control fails; 64 where
these arguments make no sense.";

/// Why it ends without findings: with what code, and the words for it.
struct Stop(u8, String);

pub(crate) fn run(args: &AuditArgs) -> ExitCode {
    match audit(args) {
        Ok(findings) => {
            print!("{}", report::report(&findings, args.verbose));
            ExitCode::from(u8::from(findings.iter().any(|finding| finding.verdict == Verdict::Fail)))
        }
        Err(Stop(0, text)) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(Stop(code, text)) => {
            eprintln!("switchboard audit: {text}");
            ExitCode::from(code)
        }
    }
}

fn audit(args: &AuditArgs) -> Result<Vec<Finding>, Stop> {
    let usage = |text: String| Stop(USAGE, text);
    let checks = table::parse(server::TABLE).map_err(usage)?;
    let known = |id: &String| checks.iter().any(|check| check.id.eq_ignore_ascii_case(id));
    if let Some(id) = args.only.iter().chain(&args.explain).find(|id| !known(id)) {
        return Err(usage(format!("there is no check {id}")));
    }
    let is_meant = |id: &str, list: &[String]| list.iter().any(|each| each.eq_ignore_ascii_case(id));
    if let Some(id) = &args.explain {
        let texts = checks.iter().filter(|check| check.id.eq_ignore_ascii_case(id)).map(report::explanation);
        return Err(Stop(0, texts.collect()));
    }
    let target = args.url.as_ref().ok_or_else(|| usage("a URL is wanted".into()))?;
    if !is_local(target) && !args.yes && !is_allowed(target) {
        return Err(usage(format!("{} is not this machine; say --yes if you may audit it", target.authority)));
    }
    let patience = Duration::try_from_secs_f64(args.timeout.clamp(0.05, 600.0)).unwrap_or(Duration::from_secs(3));
    let places = Places {
        is_secure: target.is_secure,
        authority: target.authority.clone(),
        plain: target.path.clone(),
        echo: args.post.clone().unwrap_or_else(|| target.path.clone()),
        websocket: args.websocket.clone().unwrap_or_else(|| target.path.clone()),
        token: None,
    };
    let server = Server { target, places, has_websocket: args.websocket.is_some(), offers: &args.offer, patience };
    let trouble = |trouble| Stop(NOT_REACHED, trouble);
    let mut audit = server::Audit::begin(server, &checks).map_err(trouble)?;
    let wanted = checks.iter().filter(|check| args.only.is_empty() || is_meant(check.id, &args.only));
    wanted.map(|check| audit.judge(check).map_err(trouble)).collect()
}

/// `TOKEN=PATH`.
fn offer(text: &str) -> Result<(String, String), &'static str> {
    let (token, path) =
        text.split_once('=').filter(|(_, path)| path.starts_with('/')).ok_or("TOKEN=/PATH is wanted")?;
    switchover::Protocol::parse(token.as_bytes()).ok_or("no protocol's name, which is a word, or a word/version")?;
    Ok((token.into(), path.into()))
}

/// Whether it is on this machine, as far as its addresses tell.
fn is_local(target: &Target) -> bool {
    target.address.to_socket_addrs().is_ok_and(|mut all| all.all(|address| address.ip().is_loopback()))
}

/// Asks, where a person can answer.
fn is_allowed(target: &Target) -> bool {
    if !io::stdin().is_terminal() {
        return false;
    }
    eprint!("{} is not this machine. Is it yours, or may you audit it? [y/N] ", target.authority);
    let _ = io::stderr().flush();
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).is_ok() && answer.trim().eq_ignore_ascii_case("y")
}
