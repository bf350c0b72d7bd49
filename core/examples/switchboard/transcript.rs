//! What happened on a connection, for people: `<` was received, `>` was sent, `=` is an entry of the engine's own
//! trace, `*` is what the host has to say about it.

use std::fmt::Display;
use std::io::Write;

use switchover::{Connection, Fields, NoOffer, Request, Response, Trace, TraceStep, Why};

/// Prints a transcript, or nothing.
pub(crate) struct Transcript {
    to: To,
    /// Tells connections apart that are served at the same time.
    prefix: String,
}

enum To {
    Nowhere,
    Stdout,
    Stderr,
}

impl Transcript {
    pub(crate) fn off() -> Self {
        Self { to: To::Nowhere, prefix: String::new() }
    }

    /// The server's, of its `number`th connection.
    pub(crate) fn of_connection(number: u64) -> Self {
        Self { to: To::Stdout, prefix: format!("[{number}] ") }
    }

    /// The probe's: its standard output belongs to the new protocol.
    pub(crate) fn of_probe() -> Self {
        Self { to: To::Stderr, prefix: String::new() }
    }

    /// A remark.
    pub(crate) fn say(&self, text: impl Display) {
        self.line('*', text);
    }

    /// A request head, with each offer and what the engine thinks of it.
    pub(crate) fn request(&self, request: &Request<'_>) {
        if matches!(self.to, To::Nowhere) {
            return;
        }
        self.line('<', format_args!("{} {} HTTP/1.{}", request.method(), request.target(), request.minor_version()));
        self.fields(request.fields());
        match request.offers() {
            Err(NoOffer::Absent) => {}
            Err(reason) => self.say(format_args!("no offer: {}", Why::from(reason).text())),
            Ok(offers) => offers.for_each(|offer| match offer.ineligible {
                None => self.say(format_args!("offers {}", offer.protocol)),
                Some(reason) => self.say(format_args!("offers {}, but {}", offer.protocol, reason.text())),
            }),
        }
    }

    /// A response head.
    pub(crate) fn response(&self, response: &Response<'_>) {
        let (status, reason) = (response.status(), response.reason().escape_ascii());
        self.line('<', format_args!("HTTP/1.{} {status} {reason}", response.minor_version()));
        self.fields(response.fields());
    }

    /// The heads that a decision has written.
    pub(crate) fn sent(&self, heads: &[u8]) {
        self.lines('>', heads);
    }

    /// Content that is shown and not only counted.
    pub(crate) fn received(&self, content: &[u8]) {
        self.lines('<', content);
    }

    /// How much content a message had.
    pub(crate) fn content(&self, mark: char, octets: u64) {
        if octets > 0 {
            self.line(mark, format_args!("({octets} octets of content)"));
        }
    }

    /// What the engine has noted since the last time.
    pub(crate) fn engine(&self, connection: &mut Connection) {
        if matches!(self.to, To::Nowhere) {
            return;
        }
        while let Some(entry) = connection.trace() {
            self.line('=', describe(&entry));
        }
    }

    fn fields(&self, fields: Fields<'_>) {
        for field in fields.iter() {
            self.line('<', format_args!("{}: {}", field.name.escape_ascii(), field.value.escape_ascii()));
        }
    }

    fn lines(&self, mark: char, octets: &[u8]) {
        if matches!(self.to, To::Nowhere) {
            return;
        }
        for line in octets.split(|&octet| octet == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if !line.is_empty() {
                self.line(mark, line.escape_ascii());
            }
        }
    }

    fn line(&self, mark: char, text: impl Display) {
        // A transcript that nobody reads any more is no reason to fail.
        let _ = match self.to {
            To::Nowhere => Ok(()),
            To::Stdout => writeln!(std::io::stdout(), "{}{mark} {text}", self.prefix),
            To::Stderr => writeln!(std::io::stderr(), "{}{mark} {text}", self.prefix),
        };
    }
}

/// An entry of the trace, its number read as its step means it.
fn describe(entry: &Trace) -> String {
    let (name, number) = (entry.step.name(), entry.number);
    let what = match entry.step {
        TraceStep::ReceivedRequest | TraceStep::SentRequest => format!("{number} protocols offered"),
        TraceStep::ReceivedSwitch => format!("{number} octets of leftover"),
        TraceStep::PeerError | TraceStep::Refused => format!("error {number}"),
        TraceStep::ReceivedInformational
        | TraceStep::ReceivedResponse
        | TraceStep::SentInformational
        | TraceStep::SentResponse
        | TraceStep::SentSwitch => number.to_string(),
        TraceStep::ReceivedEnd
        | TraceStep::ReceivedEof
        | TraceStep::SentEnd
        | TraceStep::Resumed
        | TraceStep::Abandoned => String::new(),
    };
    format!("{:<42} octet {}", format!("{name} {what}"), entry.offset)
}
