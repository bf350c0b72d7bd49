//! An example server, a probe client and an audit tool, over real sockets.
//!
//! ```text
//! switchboard [--port N] [--trace] [--prefer server]   serves a few paths; `/` shows how
//! switchboard probe URL [--offer LIST] [--body FILE]   offers protocols, and reports the outcome
//! switchboard audit URL [--websocket PATH]             checks a server's upgrades against the RFCs
//! switchboard audit --client | --proxy URL             checks those of a client, or a proxy's
//! ```
//!
//! The server uses `switchover-tokio`, which drives the engine.
//! The probe drives the engine directly, with threads and blocking sockets.
//!
//! | files | contents |
//! |---|---|
//! | `server`, `session` | the accept loop: limits, and detection of HTTP, TLS and HTTP/2 |
//! | `routes`, `answers` | the responses of each path, and the outcome of upgrade offers |
//! | `switched`, `foo`, `websocket`, `http2`, `udp`, `tls` | the protocols after a switch |
//! | `idle_timeout` | the idle timeout of HTTP/2 and UDP proxying |
//! | `session_log` | the recorded outcome of each request |
//! | `transcript`, `live`, `play` | the transcripts, the live page, the playground's files |
//! | `clause` | links to the clauses of RFCs, for pages |
//! | `target` | URLs and request targets |
//! | `probe`, `exchange`, `transport`, `duplex`, `relay` | the probe client |
//! | `audit` | the `audit` command |

mod answers;
mod audit;
mod clause;
mod duplex;
mod exchange;
mod foo;
mod http2;
// Shared with the bridge example, which is published without this crate.
#[path = "../../tokio/examples/bridge/idle_timeout.rs"]
mod idle_timeout;
mod live;
mod play;
mod probe;
mod relay;
mod routes;
mod server;
mod session;
mod session_log;
mod switched;
mod target;
mod tls;
mod transcript;
mod transport;
mod udp;
mod websocket;

use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use switchover::{Lenient, Order};

use crate::target::Target;

#[derive(Parser)]
#[command(
    name = "switchboard",
    about = "HTTP/1.1 that can become something else, over real sockets",
    version
)]
#[command(args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: ServeArgs,
}

#[derive(Subcommand)]
enum Command {
    /// Offer other protocols to a server, and speak the one that it accepts.
    #[command(after_help = PROBE_HELP)]
    Probe(Box<ProbeArgs>),
    /// Check how a server handles upgrade offers and the connection around them.
    #[command(after_help = audit::AUDIT_HELP)]
    Audit(Box<audit::AuditArgs>),
}

#[derive(Args)]
struct ServeArgs {
    /// The port on 127.0.0.1; 0 picks a free one.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Print each connection's transcript.
    #[arg(long)]
    trace: bool,
    /// Show the values of Authorization, Cookie and similar fields.
    #[arg(long)]
    secrets: bool,
    /// The side whose preference decides if several offered protocols are possible.
    #[arg(long, value_enum, default_value_t = Prefer::Client)]
    prefer: Prefer,
    /// The number of connections that are served at a time; others wait.
    #[arg(long, default_value_t = 256)]
    connections: usize,
    /// The HTTP/2 flow-control windows of a stream and of the connection, in bytes.
    #[arg(long, value_name = "BYTES", default_value_t = 65_535)]
    window: u32,
    /// The folder of the npm package, which is `wasm` in the repository.
    ///
    /// /play serves the playground from it. Build the module with wasm/build first.
    #[arg(long, value_name = "FOLDER", default_value = "wasm")]
    play: PathBuf,
    /// Seconds that a client may take to send a head.
    ///
    /// Idle time, content and writes have the same limit; long content and slow links get more.
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    timeout: u64,
}

#[derive(Clone, Copy, ValueEnum)]
enum Prefer {
    Client,
    Server,
}

#[derive(Args)]
struct ProbeArgs {
    /// http://host[:port]/path, or https, ws, wss; the certificate is not checked.
    url: Target,
    /// Protocols in order of preference, such as "foo/2, websocket".
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = protocol)]
    offer: Vec<String>,
    /// Send this file as the content of a POST, then switch.
    #[arg(long, value_name = "FILE")]
    body: Option<PathBuf>,
    /// Send the content once the server asks for it, or after a second (Expect).
    #[arg(long, requires = "body")]
    expect: bool,
    /// Accept a response that deviates in one of these ways.
    ///
    /// A 101: switch_without_connection, switch_without_upgrade, switch_to_alternatives,
    /// switch_in_http10. Any response: status_without_space, response_lone_lf,
    /// space_after_chunk_size, controls_in_values, both_framings, coding_in_http10, any_version.
    #[arg(long, value_name = "FLAG", value_parser = lenient_flag)]
    lenient: Vec<String>,
    /// Send this method instead of GET or POST.
    #[arg(long)]
    method: Option<String>,
    /// Send this request target instead of the URL's path.
    ///
    /// For example host:port with CONNECT. The default is * for OPTIONS, and the URL's host and
    /// port for CONNECT.
    #[arg(long, value_name = "TARGET")]
    target: Option<String>,
    /// Send this field; it replaces the probe's own Host, User-Agent or Accept.
    #[arg(short = 'H', long, value_name = "NAME: VALUE", value_parser = field_line)]
    header: Vec<(String, String)>,
    /// Print the transcript as lines of JSON instead of text.
    #[arg(long)]
    json: bool,
    /// Show the values of Authorization, Cookie and similar fields.
    #[arg(long)]
    secrets: bool,
    /// Pipe raw bytes, whichever protocol was agreed on.
    #[arg(long)]
    raw: bool,
    /// Seconds of silence after which the server is given up, while it speaks HTTP.
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    timeout: u64,
}

/// Prints text to standard output, or drops it once no one reads there.
///
/// A reader such as `head` may close the pipe early, which must not end the program. Other errors,
/// such as that of a full disk, are returned.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => printed,
    }
}

/// The exit status for invalid arguments, as in `sysexits.h`.
const USAGE: u8 = 64;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help is not an error; if printing fails, there is nowhere to report it.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS };
        }
    };
    run(&cli).unwrap_or_else(|error| {
        eprintln!("switchboard: {error}");
        ExitCode::FAILURE
    })
}

fn run(cli: &Cli) -> Result<ExitCode, Box<dyn Error>> {
    let shows_secrets = match &cli.command {
        Some(Command::Probe(args)) => args.secrets,
        Some(Command::Audit(_)) => false,
        None => cli.serve.secrets,
    };
    if shows_secrets {
        transcript::show_secrets();
    }
    match &cli.command {
        Some(Command::Probe(args)) => Ok(probe::run(args)),
        Some(Command::Audit(args)) => Ok(audit::run(args)),
        None => Ok(server::run(&cli.serve).map(|()| ExitCode::SUCCESS)?),
    }
}

const PROBE_HELP: &str = "\
Standard input goes to the server in the new protocol: bytes as they are, each line as a message of
websocket or a datagram of connect-udp. What comes in it goes to standard output, like the content
of a response in HTTP/1.1. After a 426 that names another protocol, that one is offered once.

What happened goes to standard error, with the milliseconds since the connection began:
  <  was received   =  the engine's event, @ and the number of the server's bytes that have passed
  >  was sent       !  a decision that sends nothing, or that was rejected
  *  a remark; the last one says how it came out, and why

With --json each line is an object: `at`, `what` and, as it fits, `name`, `lines` (in the language
of the engine's test vectors), `bytes`, `text`, `state`, `error`. The last has `what` \"verdict\":
its `name` is switched, stayed, answered or failed.

The exit status is 0 where it switched, or got a response without having offered anything. It is 2
where the server stayed with HTTP/1.1, or declined a CONNECT, 1 where something failed, and 64 where
these arguments make no sense.";

/// Parses an item of `--offer`: a protocol's name, with or without a version.
///
/// Spaces around it are removed. An empty item is accepted, and offers nothing.
fn protocol(name: &str) -> Result<String, String> {
    match name.trim() {
        "" => Ok(String::new()),
        name if switchover::Protocol::parse(name.as_bytes()).is_some() => Ok(name.into()),
        _ => Err("no protocol's name, which is a word, or a word/version".into()),
    }
}

/// Splits `NAME: VALUE`, the argument of `--header`, at the first colon.
///
/// Spaces around the value are removed. Neither name nor value is validated.
fn field_line(line: &str) -> Result<(String, String), &'static str> {
    let (name, value) = line.split_once(':').ok_or("NAME: VALUE is wanted")?;
    Ok((name.into(), value.trim().into()))
}

/// Checks that a name is one of the engine's leniency flags for clients.
fn lenient_flag(name: &str) -> Result<String, String> {
    // `lone_lf` applies to servers only.
    let names: Vec<_> =
        Lenient::none().table().map(|(name, _)| name).filter(|name| *name != "lone_lf").collect();
    if names.contains(&name) {
        Ok(name.into())
    } else {
        Err(format!("one of {}", names.join(", ")))
    }
}

impl ProbeArgs {
    fn lenient(&self) -> Lenient {
        let mut lenient = Lenient::none();
        for name in &self.lenient {
            lenient.set(name, true);
        }
        lenient
    }

    fn method(&self) -> &str {
        self.method.as_deref().unwrap_or(if self.body.is_some() { "POST" } else { "GET" })
    }

    fn target(&self) -> &str {
        self.target.as_deref().unwrap_or(match self.method() {
            "OPTIONS" => "*",
            "CONNECT" => &self.url.address,
            _ => &self.url.path,
        })
    }

    /// Returns the time to wait for each reaction of the server, at least one second.
    fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout.max(1))
    }
}

impl From<Prefer> for Order {
    fn from(prefer: Prefer) -> Self {
        match prefer {
            Prefer::Client => Self::Client,
            Prefer::Server => Self::Server,
        }
    }
}
