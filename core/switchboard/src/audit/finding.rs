//! The finding of a check: its verdict, reasons and evidence.

use std::time::Duration;

use super::script::{Script, Step, Wait};
use super::table::Check;
use super::verdict::Verdict;
use crate::target::Target;

/// The result of a check.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) check: Check,
    pub(crate) verdict: Verdict,
    /// One sentence for each symptom seen, or for each need that is not met.
    pub(crate) reasons: Vec<String>,
    pub(crate) evidence: Option<Evidence>,
}

/// The bytes that support a finding.
#[derive(Clone, Debug, Default)]
pub(crate) struct Evidence {
    pub(crate) sent: Vec<u8>,
    pub(crate) came: Received,
    /// The response to the control: the exchange without the part under test.
    pub(crate) control: Option<Received>,
    /// The bytes that an intermediary sent to the other side.
    pub(crate) arrived: Option<Vec<u8>>,
    /// A shell command that repeats the exchange.
    pub(crate) again: String,
}

/// The bytes received on a connection, and how it ended.
#[derive(Clone, Debug, Default)]
pub(crate) struct Received {
    pub(crate) bytes: Vec<u8>,
    pub(crate) end: End,
}

/// The end of a connection: closed by the peer, or left open by the audit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum End {
    Closed,
    #[default]
    Open,
    /// The connection was still open after a wait of that time.
    OpenAfter(Duration),
}

impl End {
    /// Returns a text in parentheses for a report.
    pub(crate) fn text(self) -> String {
        match self {
            Self::Closed => "(closed)".into(),
            Self::Open => "(still open)".into(),
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

    /// Returns the unmet need that another check passes; `None` if that has passed.
    pub(crate) fn pass_of(finding: &Finding) -> Option<Self> {
        let what = format!("{} ({}) has to pass first", finding.check.id, finding.check.title);
        (finding.verdict != Verdict::Pass).then(|| Self::new(what, finding.reasons.join("; ")))
    }
}

impl Finding {
    /// Creates a finding without evidence.
    pub(crate) fn bare(check: &Check, verdict: Verdict, reason: impl Into<String>) -> Self {
        Self { check: check.clone(), verdict, reasons: vec![reason.into()], evidence: None }
    }

    /// Creates the finding of a check that is not applicable.
    pub(crate) fn without(check: &Check, missing: &Missing) -> Self {
        Self::bare(check, Verdict::NotApplicable, format!("{}: {}", missing.what, missing.remedy))
    }
}

/// Returns a shell command that sends the same bytes and prints the response.
///
/// `said` follows in the new protocol. The command uses `env printf`, which writes all at once; the
/// shell's own `printf` writes each line in a segment.
pub(crate) fn again(target: &Target, script: &Script, said: &[u8]) -> String {
    let mut commands: Vec<(bool, String)> = Vec::new();
    let words = [Step::Wait(Wait::Pause), Step::Send(said.into())];
    for step in script.steps.iter().chain(words.iter().filter(|_| !said.is_empty())) {
        match step {
            // Bytes that were sent one by one are joined: a short command cannot do that.
            Step::Ask(bytes) | Step::Send(bytes) => match commands.last_mut() {
                Some((true, sent)) => sent.push_str(&printable(bytes)),
                _ => commands.push((true, printable(bytes))),
            },
            Step::Wait(Wait::Blink) => {}
            Step::Wait(_) => commands.push((false, "sleep 0.3".into())),
        }
    }
    let (host, port) = target.address.rsplit_once(':').unwrap_or((&target.address, "80"));
    let host = host.trim_matches(['[', ']']);
    if target.is_secure {
        let sends = commands
            .into_iter()
            .map(|(sends, text)| if sends { format!("env printf '{text}'") } else { text });
        let sends: Vec<_> = sends.chain(["sleep 3".into()]).collect();
        return format!(
            "({}) | openssl s_client -quiet -connect '{}' | cat -v",
            sends.join("; "),
            target.address
        );
    }
    let sends = commands
        .into_iter()
        .map(|(sends, text)| if sends { format!("env printf \"{text}\" >&3") } else { text });
    let sends: Vec<_> = sends.collect();
    format!("timeout 5 bash -c 'exec 3<>/dev/tcp/{host}/{port}; {}; cat -v <&3'", sends.join("; "))
}

/// Returns bytes as an argument for `printf`, for quotes of either kind.
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
