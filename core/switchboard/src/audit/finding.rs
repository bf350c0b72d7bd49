//! The finding of a check: its verdict, reasons and evidence.

use std::time::Duration;

use super::endpoint::Endpoint;
use super::script::{Asked, Script, Step, Wait};
use super::table::Check;
use super::timeline::Timeline;
use super::verdict::Verdict;

/// The result of a check.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) check: Check,
    pub(crate) verdict: Verdict,
    /// One sentence for each symptom of the verdict, or for a missing prerequisite.
    ///
    /// For a check that passes, what was seen instead. After a warning or failure the output of a
    /// client's command may follow.
    pub(crate) reasons: Vec<String>,
    /// True if a server gave no complete response in time and kept the connection open.
    pub(crate) is_silent: bool,
    pub(crate) evidence: Option<Evidence>,
}

/// The bytes that support a finding.
#[derive(Clone, Debug, Default)]
pub(crate) struct Evidence {
    /// The requests of the exchange, those included that were not sent after a switch.
    pub(crate) asked: Vec<Asked>,
    pub(crate) sent: Vec<u8>,
    pub(crate) came: Received,
    /// The bytes received in the control, with which those of the check are compared.
    pub(crate) control: Option<Received>,
    /// The bytes that an intermediary sent to the origin; `None` in other audits.
    pub(crate) arrived: Option<Vec<u8>>,
    /// A shell command that repeats the exchange.
    pub(crate) again: String,
}

/// The bytes received on one or more connections, and how the last ended.
#[derive(Clone, Debug, Default)]
pub(crate) struct Received {
    pub(crate) bytes: Vec<u8>,
    pub(crate) end: End,
    /// The connections' moments: beginnings, bytes received and sent, ends.
    pub(crate) timeline: Timeline,
}

/// The end of a connection as the audit saw it: closed by the peer, or still open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum End {
    Closed,
    #[default]
    Open,
    /// The connection was still open after a wait of that time.
    OpenAfter(Duration),
}

impl End {
    /// Returns a text in parentheses for a report, such as `(closed)`.
    pub(crate) fn text(self) -> String {
        match self {
            Self::Closed => "(closed)".into(),
            Self::Open => "(left open)".into(),
            Self::OpenAfter(time) => format!("(still open after {} s)", time.as_secs_f64()),
        }
    }
}

/// A need of a check that is not met, and how the user can meet it.
#[derive(Clone, Debug)]
pub(crate) struct Missing {
    what: String,
    remedy: String,
}

impl Missing {
    pub(crate) fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: remedy.into() }
    }

    /// Creates the unmet need of a check for which --budget has left no time.
    pub(crate) fn time_is_over() -> Self {
        Self::new("the time of --budget is over", "say --budget SECONDS with more of them")
    }

    /// Creates the unmet need of a check that, like check `other`, got no response.
    pub(crate) fn unanswered_like(other: &str) -> Self {
        let what = format!("no whole answer came, as in {other}");
        Self::new(what, format!("have {other} answered first"))
    }

    /// Creates the unmet need of a check after whose 101 too many bytes came.
    ///
    /// They are more than the audit reads of a connection.
    pub(crate) fn flood() -> Self {
        Self::new(
            "after the 101 came more than a megabyte, and the answer to the probe not in it",
            "name a resource that says less by itself",
        )
    }

    /// Returns the check's unmet need and how to meet it, as one line of text.
    pub(crate) fn text(&self) -> String {
        format!("{}: {}", self.what, self.remedy)
    }

    /// Returns the unmet need that another check passes; `None` if it has passed.
    pub(crate) fn pass_of(finding: &Finding) -> Option<Self> {
        let what = format!("{} ({}) has to pass first", finding.check.id, finding.check.title);
        (finding.verdict != Verdict::Pass).then(|| Self::new(what, finding.reasons.join("; ")))
    }
}

impl Finding {
    /// Creates a finding with one reason, and without evidence.
    pub(crate) fn bare(check: &Check, verdict: Verdict, reason: impl Into<String>) -> Self {
        let reasons = vec![reason.into()];
        Self { check: check.clone(), verdict, reasons, is_silent: false, evidence: None }
    }

    /// Creates the finding of a check that is not applicable, from its unmet need.
    pub(crate) fn without(check: &Check, missing: &Missing) -> Self {
        Self::bare(check, Verdict::NotApplicable, missing.text())
    }
}

/// Returns a shell command that sends a script's bytes and prints the response.
///
/// The first `asks` steps `Ask` were sent; others are left out, as the connection had switched.
/// Where the check waits for an answer, the command reads as many bytes as the check received
/// there, and goes on at once. If the check received none, the command waits for three seconds. It
/// uses `env printf`, which writes all at once; the shell's own `printf` writes each line in a
/// segment. Then it sends `said`, the bytes in the new protocol.
pub(crate) fn again(
    endpoint: &Endpoint<'_>,
    script: &Script,
    asks: usize,
    marks: &[usize],
    said: &[u8],
) -> String {
    let mut asks = 0..asks;
    let mut marks = [0].iter().chain(marks).zip(marks).map(|(begin, end)| end - begin);
    let mut commands: Vec<Again> = Vec::new();
    let probe = [Step::Wait(Wait::Answers(1)), Step::Send(said.into())];
    for step in script.steps.iter().chain(probe.iter().filter(|_| !said.is_empty())) {
        match step {
            // After a switch no more is asked.
            Step::Ask(_) if asks.next().is_none() => {}
            Step::Ask(bytes) | Step::Send(bytes) => commands.push(Again::Send(printable(bytes))),
            Step::Wait(Wait::Pause) => commands.push(Again::Pause),
            Step::Wait(Wait::Continue | Wait::Answers(_)) => {
                commands.push(Again::Hear(marks.next().unwrap_or_default()));
            }
        }
    }
    let address = &endpoint.target.address;
    let (host, port) = address.rsplit_once(':').unwrap_or((address, "80"));
    let host = host.trim_matches(['[', ']']);
    // Descriptor 3 is what comes, and 4 what is sent.
    let connect = match &endpoint.tls {
        None => format!("exec 3<>/dev/tcp/{host}/{port} 4>&3"),
        Some(tls) => format!(
            "coproc openssl s_client -quiet -connect \"{address}\"{} 2>/dev/null; \
             exec 3<&${{COPROC[0]}} 4>&${{COPROC[1]}}",
            tls.openssl
        ),
    };
    let lines: Vec<_> = commands.iter().map(Again::command).collect();
    format!("timeout 9 bash -c '{connect}; {}; cat <&3' | cat -v", lines.join("; "))
}

/// A part of the command that repeats an exchange.
enum Again {
    /// Sends bytes, which are escaped for `printf`.
    Send(String),
    Pause,
    /// Reads this number of bytes; for 0, waits for three seconds instead.
    Hear(usize),
}

impl Again {
    /// Returns this step of a repeated exchange as one command of the shell.
    fn command(&self) -> String {
        match self {
            Self::Send(text) => format!("env printf \"{text}\" >&4"),
            Self::Pause => "sleep 0.3".into(),
            Self::Hear(0) => "sleep 3".into(),
            Self::Hear(len) => format!("timeout 3 head -c {len} <&3"),
        }
    }
}

/// Escapes bytes for a `printf` that knows `\xHH`, in single or double quotes.
///
/// GNU `printf` and that of bash know it; that of dash does not.
fn printable(bytes: &[u8]) -> String {
    let mut text = String::new();
    for &byte in bytes {
        match byte {
            b'\r' => text += "\\r",
            b'\n' => text += "\\n",
            b'%' => text += "%%",
            b'"' | b'\'' | b'$' | b'`' | b'\\' | 0..=31 | 127.. => {
                text += &format!("\\x{byte:02x}")
            }
            byte => text.push(char::from(byte)),
        }
    }
    text
}
