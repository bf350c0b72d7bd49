//! The command line of `audit`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use http::HeaderName;

use super::baseline::Baseline;
use super::process::quoted;
use super::report::Form;
use super::roles::RoleArgs;
use super::run::Page;
use super::table::Check;
use super::tls_args::TlsArgs;
use crate::field_line;
use crate::target::Target;

#[derive(Args)]
pub(crate) struct AuditArgs {
    /// An http, https, ws or wss URL of a resource that responds to GET.
    ///
    /// With ws or wss its path is also the default of --websocket.
    #[arg(required_unless_present_any = ["explain", "list", "version", "client", "proxy"])]
    pub(crate) url: Option<Target>,
    /// The path of a resource that speaks WebSocket.
    #[arg(long, value_name = "PATH", value_parser = path, conflicts_with_all = ["client", "proxy"])]
    pub(crate) websocket: Option<String>,
    /// The path of a resource that accepts POST, if the URL's does not.
    #[arg(long, value_name = "PATH", value_parser = path, conflicts_with_all = ["client", "proxy"])]
    pub(crate) post: Option<String>,
    /// Another upgrade protocol, and a path that switches to it; can be repeated.
    #[arg(
        long,
        value_name = "TOKEN=PATH",
        value_parser = offer,
        conflicts_with_all = ["client", "proxy"]
    )]
    pub(crate) offer: Vec<(String, String)>,
    /// Send this field with each request, such as Origin; can be repeated.
    #[arg(
        short = 'H',
        long,
        value_name = "NAME: VALUE",
        value_parser = field,
        conflicts_with = "client"
    )]
    pub(crate) header: Vec<String>,
    /// Send this cookie with each request; can be repeated.
    #[arg(
        short = 'b',
        long,
        value_name = "NAME=VALUE",
        value_parser = cookie,
        conflicts_with = "client"
    )]
    pub(crate) cookie: Vec<String>,
    /// The subprotocol that WebSocket handshakes ask for.
    #[arg(
        long,
        value_name = "NAME",
        value_parser = token,
        conflicts_with_all = ["client", "proxy"]
    )]
    pub(crate) subprotocol: Option<String>,
    /// The value of the Host field, if it is not the authority of the URL.
    #[arg(long, value_name = "HOST[:PORT]", value_parser = host, conflicts_with = "client")]
    pub(crate) host: Option<String>,
    /// Run only the checks with these IDs, separated by commas.
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// Skip the checks with these IDs, separated by commas.
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub(crate) skip: Vec<String>,
    /// The baseline: a file of findings that are accepted, so that only new ones fail.
    ///
    /// It has a line `ID fail` or `ID warn` for each. A finding that passes now is reported.
    #[arg(long, value_name = "FILE")]
    pub(crate) known: Option<PathBuf>,
    /// Fail on warnings, too.
    #[arg(long)]
    pub(crate) strict: bool,
    /// Describe what a check sends and how the outcome is rated, and run nothing.
    ///
    /// `all` describes each check.
    #[arg(long, value_name = "ID")]
    pub(crate) explain: Option<String>,
    /// List the checks with their titles, and run nothing.
    #[arg(long)]
    pub(crate) list: bool,
    /// Print the versions of the program and of its tables of checks.
    #[arg(long)]
    pub(crate) version: bool,
    /// Seconds to wait for each response or other reaction.
    #[arg(long, value_name = "SECONDS", default_value = "3", value_parser = timeout)]
    pub(crate) timeout: Duration,
    /// Seconds to wait before each connection, for a server that limits their rate.
    #[arg(
        long,
        value_name = "SECONDS",
        default_value = "0",
        value_parser = seconds,
        conflicts_with = "client"
    )]
    pub(crate) delay: Duration,
    /// Seconds for the whole run; checks that are not begun by then are not applicable.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) budget: Option<Duration>,
    /// Seconds to wait until the server accepts connections; 30 with a command.
    #[arg(long, value_name = "SECONDS", value_parser = seconds, conflicts_with = "client")]
    pub(crate) wait: Option<Duration>,
    /// Audit a program on another machine without asking for confirmation.
    #[arg(long)]
    pub(crate) yes: bool,
    /// Print the report as one JSON object.
    #[arg(long, conflicts_with_all = ["junit", "markdown"])]
    pub(crate) json: bool,
    /// Print the report as JUnit XML.
    #[arg(long, conflicts_with = "markdown")]
    pub(crate) junit: bool,
    /// Print the report as a Markdown table.
    #[arg(long)]
    pub(crate) markdown: bool,
    /// Write the report as an HTML page to this file, besides what is printed.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Have the page of --html open exchanges in the playground of this address.
    #[arg(long, value_name = "URL", requires = "html")]
    pub(crate) playground: Option<String>,
    /// Show every check, not only failures and warnings.
    #[arg(short, long)]
    pub(crate) verbose: bool,
    #[command(flatten)]
    pub(crate) tls: TlsArgs,
    #[command(flatten)]
    pub(crate) roles: RoleArgs,
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

A COMMAND after -- is the client to judge, or starts the server or the proxy, which is awaited and
ended.

The exit status is 0 where nothing failed, 1 where something did that is not in the baseline. It is
3 where the server cannot be reached, its control fails, or the --websocket declines a good
handshake, 64 where these arguments make no sense, 74 where the report cannot be written, and 130
after ^C.";

impl AuditArgs {
    /// Returns whether a check is to be run, according to --only and --skip.
    ///
    /// Without --only all checks are, except those of --skip.
    pub(crate) fn wants(&self, check: &Check) -> bool {
        let is_among = |list: &[String]| list.iter().any(|id| is(id, check));
        (self.only.is_empty() || is_among(&self.only)) && !is_among(&self.skip)
    }

    /// Returns the first ID in --only, --skip and --explain that no check has, if any.
    ///
    /// The word `all` in --explain is no ID.
    pub(crate) fn unknown<'a>(&'a self, checks: &[Check]) -> Option<&'a String> {
        let explained = self.explain.iter().filter(|id| *id != "all");
        let mut ids = self.only.iter().chain(&self.skip).chain(explained);
        ids.find(|id| !checks.iter().any(|check| is(id, check)))
    }

    pub(crate) fn form(&self) -> Form {
        match self {
            Self { json: true, .. } => Form::Json,
            Self { junit: true, .. } => Form::Junit,
            Self { markdown: true, .. } => Form::Markdown,
            _ => Form::Text { is_verbose: self.verbose },
        }
    }

    pub(crate) fn page(&self) -> Option<Page> {
        let playground = self.playground.clone();
        self.html.clone().map(|file| Page { file, playground })
    }

    /// Returns the field lines of --header and --cookie, added to each request.
    ///
    /// All cookies are in one Cookie line.
    pub(crate) fn fields(&self) -> Vec<String> {
        let cookies =
            (!self.cookie.is_empty()).then(|| format!("Cookie: {}", self.cookie.join("; ")));
        self.header.iter().cloned().chain(cookies).collect()
    }

    /// Returns the --header, --cookie, --host and TLS options, each after a space.
    ///
    /// They are quoted for a shell, for the command that repeats a check.
    pub(crate) fn of_requests(&self) -> String {
        let named = |name: &'static str, values: &[String]| -> String {
            values.iter().map(|value| format!(" --{name} {}", quoted(value))).collect()
        };
        let host = named("host", self.host.as_slice());
        named("header", &self.header)
            + &named("cookie", &self.cookie)
            + &host
            + &self.tls.to_string()
    }
}

/// Returns whether an ID is that of the check, compared without regard to case.
pub(crate) fn is(id: &str, check: &Check) -> bool {
    id.eq_ignore_ascii_case(check.id)
}

/// Reads the baseline file of --known.
///
/// An error names the file. An ID that no check has is an error.
pub(crate) fn read_known(path: &Path, checks: &[Check]) -> Result<Baseline, String> {
    let text = fs::read_to_string(path).map_err(|error| error.to_string());
    text.and_then(|text| Baseline::parse(&text, checks))
        .map_err(|error| format!("{}: {error}", path.display()))
}

/// Parses a number of seconds, at most a day.
fn seconds(text: &str) -> Result<Duration, &'static str> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| (0.0..=86_400.0).contains(seconds));
    seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or("a number of seconds is wanted")
}

/// Parses a number of seconds, at most a day, and clamps it to 0.05 to 600.
fn timeout(text: &str) -> Result<Duration, &'static str> {
    let range = Duration::from_millis(50)..=Duration::from_secs(600);
    seconds(text).map(|time| time.clamp(*range.start(), *range.end()))
}

/// Parses an absolute path with an optional query, as a request line has it.
fn path(text: &str) -> Result<String, &'static str> {
    let is_path = text.starts_with('/') && text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_path {
        Ok(text.into())
    } else {
        Err("/PATH is wanted, without blanks, and without the rest of a URL")
    }
}

/// Parses the `TOKEN=PATH` of --offer: a protocol's name and an absolute path.
fn offer(text: &str) -> Result<(String, String), &'static str> {
    let (token, place) = text.split_once('=').ok_or("TOKEN=/PATH is wanted")?;
    let place = path(place)?;
    switchover::Protocol::parse(token.as_bytes())
        .ok_or("no protocol's name, which is a word, or a word/version")?;
    Ok((token.into(), place))
}

/// Parses a field line; rejects most fields that the checks set themselves.
fn field(text: &str) -> Result<String, &'static str> {
    let (name, value) = field_line(text)?;
    let name = token(&name)?;
    if value.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
        return Err("a field value has no control characters");
    }
    let reserved = [
        "host",
        "connection",
        "upgrade",
        "content-length",
        "transfer-encoding",
        "expect",
        "sec-websocket-key",
        "sec-websocket-version",
        "sec-websocket-protocol",
    ];
    if reserved.iter().any(|each| name.eq_ignore_ascii_case(each)) {
        return Err("the checks themselves decide about this field; see --host, --subprotocol");
    }
    Ok(format!("{name}: {value}"))
}

/// Parses the `HOST[:PORT]` of --host: any printable ASCII text without blanks.
fn host(text: &str) -> Result<String, &'static str> {
    let is_host = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_host { Ok(text.into()) } else { Err("HOST or HOST:PORT is wanted, without blanks") }
}

fn cookie(text: &str) -> Result<String, &'static str> {
    let is_pair = text.contains('=') && !text.bytes().any(|byte| byte.is_ascii_control());
    if is_pair { Ok(text.into()) } else { Err("NAME=VALUE is wanted") }
}

fn token(text: &str) -> Result<String, &'static str> {
    // The name of a field is a token, too (RFC 9110, section 5.1).
    let is_token = HeaderName::from_bytes(text.as_bytes()).is_ok();
    if is_token { Ok(text.into()) } else { Err("a token is wanted, without blanks") }
}
