//! The subcommand `audit`: checks how a program handles `Upgrade`.
//!
//! It also checks the connection around an upgrade.
//!
//! `table` parses the checks, which are data (`server.checks`); `script` builds the bytes to send.
//! `wire` moves bytes, `response_reader` parses responses with the engine, `probes` tries the new
//! protocol, `exchange` runs one connection. `server` compares each check with its control and
//! evaluates `symptoms`; a `finding` is the result, which `report` prints.
//!
//! Of the other `roles`, `client` is a scripted server that audits clients. `proxy` is a client and
//! a scripted origin on both sides of an intermediary. For both, `response_script` builds
//! responses, and `request_reader` parses requests with the engine.

mod baseline;
mod client;
mod exchange;
mod finding;
mod head_rules;
mod probes;
mod proxy;
mod report;
mod request_reader;
mod response_reader;
mod response_script;
mod roles;
mod script;
mod server;
mod symptoms;
mod table;
#[cfg(test)]
mod tests;
mod verdict;
mod wire;

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, FromArgMatches};

use crate::USAGE;
use crate::target::Target;
use baseline::Baseline;
use report::{Form, Report};
use script::Places;
use server::Server;
use table::Check;

/// The exit status if the audited program cannot be reached or its control fails.
///
/// It is also that of a named WebSocket which declines a valid handshake.
const NOT_REACHED: u8 = 3;

#[derive(Args)]
pub(crate) struct AuditArgs {
    /// An http, https, ws or wss URL of a resource that responds to GET.
    ///
    /// With ws or wss its path is also that of --websocket. The certificate is not checked.
    #[arg(required_unless_present_any = ["explain", "client", "proxy"])]
    url: Option<Target>,
    /// The path of a resource that speaks WebSocket.
    #[arg(long, value_name = "PATH", value_parser = path)]
    websocket: Option<String>,
    /// The path of a resource that accepts POST, if the URL's does not.
    #[arg(long, value_name = "PATH", value_parser = path)]
    post: Option<String>,
    /// Another protocol that the server speaks, and a path that does; can be repeated.
    #[arg(long, value_name = "TOKEN=PATH", value_parser = offer)]
    offer: Vec<(String, String)>,
    /// Run only these checks.
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    only: Vec<String>,
    /// Skip these checks.
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    skip: Vec<String>,
    /// The baseline: a file of findings that are accepted, so that only new ones fail.
    ///
    /// It has a line `ID fail` or `ID warn` for each. A finding that passes now is reported.
    #[arg(long, value_name = "FILE")]
    known: Option<PathBuf>,
    /// Fail on warnings, too.
    #[arg(long)]
    strict: bool,
    /// Describe what a check sends and how the outcome is rated, and run nothing.
    #[arg(long, value_name = "ID")]
    explain: Option<String>,
    /// Seconds to wait for each response or other reaction.
    #[arg(long, value_name = "SECONDS", default_value_t = 3.0)]
    timeout: f64,
    /// Audit a program on another machine without asking for confirmation.
    #[arg(long)]
    yes: bool,
    /// Print the report as one JSON object.
    #[arg(long, conflicts_with_all = ["junit", "markdown"])]
    json: bool,
    /// Print the report as JUnit XML.
    #[arg(long, conflicts_with = "markdown")]
    junit: bool,
    /// Print the report as a Markdown table.
    #[arg(long)]
    markdown: bool,
    /// Show every check, not only failures and warnings.
    #[arg(short, long)]
    verbose: bool,
    #[command(flatten)]
    roles: roles::RoleArgs,
}

pub(crate) const AUDIT_HELP: &str = "\
Each check that is to change nothing is sent without the offer first, as its control; a difference
is the finding. `fail` is a MUST that is broken, `warn` all that deserves a word. A finding shows
what was sent, what came, what the control gave, the rule, and a line for a shell that sends the
same again.

Audit your own servers, or ask whose they are: one connection at a time, at most three requests on
each.

With --client a scripted server answers as each check has it, in TLS with --tls, and what the
client then does is judged. With --proxy a scripted origin is on the other side of an intermediary,
and what comes out on both sides is judged.

The exit status is 0 where nothing failed, 1 where something did that is not in the baseline. It is
3 where the server cannot be reached, its control fails, or the --websocket declines a good
handshake, and 64 where these arguments make no sense.";

/// An early end of the run: the exit status and a message.
struct Stop(u8, String);

pub(crate) fn run(args: &AuditArgs) -> ExitCode {
    match audit(args) {
        Ok(report) => {
            print!("{}", report.told(args.form()));
            ExitCode::from(u8::from(report.has_failed()))
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

fn audit(args: &AuditArgs) -> Result<Report, Stop> {
    let usage = |text: String| Stop(USAGE, text);
    let checks = args.roles.checks(args.explain.is_some()).map_err(usage)?;
    let is_any = |id: &String| checks.iter().any(|check| is(id, check));
    if let Some(id) = args.only.iter().chain(&args.skip).chain(&args.explain).find(|id| !is_any(id))
    {
        return Err(usage(format!("there is no check {id}")));
    }
    if let Some(id) = &args.explain {
        return Err(Stop(
            0,
            checks.iter().filter(|check| is(id, check)).map(report::explanation).collect(),
        ));
    }
    let known = args.known.as_deref().map_or(Ok(Baseline::default()), read_known).map_err(usage)?;
    let timeout = Duration::try_from_secs_f64(args.timeout.clamp(0.05, 600.0))
        .unwrap_or(Duration::from_secs(3));
    let trouble = |trouble| Stop(NOT_REACHED, trouble);
    let wanted: Vec<_> = checks.iter().filter(|check| args.wants(check)).collect();
    if let Some(proxy) = args
        .roles
        .proxy
        .as_ref()
        .filter(|proxy| !is_local(proxy) && !args.yes && !is_allowed(proxy))
    {
        return Err(usage(format!(
            "{} is not this machine; say --yes if you may audit it",
            proxy.authority
        )));
    }
    if let Some(audited) = args.roles.audit(&checks, &wanted, timeout) {
        let (subject, findings) = audited.map_err(trouble)?;
        return Ok(Report { subject, findings, known, is_strict: args.strict });
    }
    let target = args.url.as_ref().ok_or_else(|| usage("a URL is wanted".into()))?;
    if !is_local(target) && !args.yes && !is_allowed(target) {
        return Err(usage(format!(
            "{} is not this machine; say --yes if you may audit it",
            target.authority
        )));
    }
    let places = Places {
        is_secure: target.is_secure,
        authority: target.authority.clone(),
        address: target.address.clone(),
        plain: target.path.clone(),
        echo: args.post.clone().unwrap_or_else(|| target.path.clone()),
        websocket: args.websocket.clone().unwrap_or_else(|| target.path.clone()),
        token: None,
    };
    let has_websocket = args.websocket.is_some() || target.is_websocket;
    let server = Server { target, places, has_websocket, offers: &args.offer, timeout };
    let mut audit = server::Audit::begin(server, &checks).map_err(trouble)?;
    let findings = wanted
        .into_iter()
        .map(|check| audit.judge(check))
        .collect::<Result<_, _>>()
        .map_err(trouble)?;
    Ok(Report {
        subject: format!("{}{}", target.authority, target.path),
        findings,
        known,
        is_strict: args.strict,
    })
}

/// Audits the switchboard at that address, with the paths of its resources.
pub(crate) fn of_a_switchboard(address: SocketAddr) -> Result<Report, String> {
    let plain = format!("http://{address}/plain");
    let offers = ["--offer", "foo/2=/foo", "--offer", "h2c=/h2c", "--offer", "TLS/1.3=/tls"];
    let words = ["audit", &plain, "--websocket", "/ws", "--post", "/echo"];
    let words: Vec<_> = words.iter().chain(&offers).copied().collect();
    audit(&parsed(&words)?).map_err(|Stop(_, text)| text)
}

/// Parses command-line arguments, the program's name first.
fn parsed(words: &[&str]) -> Result<AuditArgs, String> {
    let command = AuditArgs::augment_args(clap::Command::new("audit"));
    let matches = command.try_get_matches_from(words).map_err(|error| error.to_string())?;
    AuditArgs::from_arg_matches(&matches).map_err(|error| error.to_string())
}

fn is(id: &str, check: &Check) -> bool {
    id.eq_ignore_ascii_case(check.id)
}

fn read_known(path: &Path) -> Result<Baseline, String> {
    let text = fs::read_to_string(path).map_err(|error| error.to_string());
    text.and_then(|text| Baseline::parse(&text))
        .map_err(|error| format!("{}: {error}", path.display()))
}

impl AuditArgs {
    fn wants(&self, check: &Check) -> bool {
        let is_among = |list: &[String]| list.iter().any(|id| is(id, check));
        (self.only.is_empty() || is_among(&self.only)) && !is_among(&self.skip)
    }

    fn form(&self) -> Form {
        match self {
            Self { json: true, .. } => Form::Json,
            Self { junit: true, .. } => Form::Junit,
            Self { markdown: true, .. } => Form::Markdown,
            _ => Form::Text { is_verbose: self.verbose },
        }
    }
}

/// Parses an absolute path, as it is sent in a request line.
fn path(text: &str) -> Result<String, &'static str> {
    let is_path = text.starts_with('/') && text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_path {
        Ok(text.into())
    } else {
        Err("/PATH is wanted, without blanks, and without the rest of a URL")
    }
}

/// Parses `TOKEN=PATH`.
fn offer(text: &str) -> Result<(String, String), &'static str> {
    let (token, place) = text.split_once('=').ok_or("TOKEN=/PATH is wanted")?;
    let place = path(place)?;
    switchover::Protocol::parse(token.as_bytes())
        .ok_or("no protocol's name, which is a word, or a word/version")?;
    Ok((token.into(), place))
}

/// Returns whether all addresses of a target are loopback addresses.
fn is_local(target: &Target) -> bool {
    target
        .address
        .to_socket_addrs()
        .is_ok_and(|mut all| all.all(|address| address.ip().is_loopback()))
}

/// Asks the user for permission; returns `false` without a terminal.
fn is_allowed(target: &Target) -> bool {
    if !io::stdin().is_terminal() {
        return false;
    }
    eprint!("{} is not this machine. Is it yours, or may you audit it? [y/N] ", target.authority);
    let _ = io::stderr().flush();
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).is_ok() && answer.trim().eq_ignore_ascii_case("y")
}
