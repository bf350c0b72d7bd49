//! The printing of a transcript as text for people.
//!
//! Shows heads line by line, content by its length, and the bytes around an error. The content of a
//! received 426 is shown, too.
//!
//! ```text
//! time mark text          milliseconds since the connection began
//!      <    received      =  the engine's event or error
//!      >    sent          !  a decision that was rejected, or that wrote nothing
//!                         *  a remark; the last one is the outcome
//! ```

use std::fmt::Display;
use std::io::Write;
use std::time::Duration;

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};
use switchover::{Error, Event, Fields, Request, Response, Why};

use super::escape::escape;
use super::lines::text;
use super::redact::Redactor;
use super::{By, Listener, What};

/// The most bytes that are shown before an error's offset.
const BEFORE: usize = 48;
/// The most bytes that are shown from an error's offset on.
const BEHIND: usize = 32;

/// A printer of a transcript's entries as text, as they happen.
pub(super) struct TextPrinter {
    to: To,
    /// The text in each line that identifies the connection; empty in the probe.
    prefix: String,
    /// The latest bytes that the engine received, at most 64 KiB.
    latest: Vec<u8>,
    /// The number of bytes the engine received so far: the offset where `latest` ends.
    passed: u64,
    /// The numbers of content bytes, received and sent, that no line has reported yet.
    content: [u64; 2],
    /// True if the latest final response is a 426, whose content is printed.
    shows_content: bool,
    /// The numbers of bytes received and sent in the new protocol.
    spoken: [u64; 2],
}

/// The output stream of a transcript; colours are used if it is a terminal.
enum To {
    Stdout,
    Stderr,
}

impl TextPrinter {
    pub(super) fn on_stdout(prefix: String) -> Self {
        Self::new(To::Stdout, prefix)
    }

    pub(super) fn on_stderr() -> Self {
        Self::new(To::Stderr, String::new())
    }

    fn new(to: To, prefix: String) -> Self {
        let (latest, content, spoken) = (Vec::new(), [0; 2], [0; 2]);
        Self { to, prefix, latest, passed: 0, content, shows_content: false, spoken }
    }

    fn line(&self, at: Duration, mark: char, text: impl Display) {
        let style = style(mark);
        let milliseconds = at.as_micros() as f64 / 1000.0;
        let line = format!("{milliseconds:9.1} {}{style}{mark} {text}{style:#}\n", self.prefix);
        // Nobody may read the transcript any more; that must not stop the program.
        let _ = match self.to {
            To::Stdout => AutoStream::auto(std::io::stdout()).write_all(line.as_bytes()),
            To::Stderr => AutoStream::auto(std::io::stderr()).write_all(line.as_bytes()),
        };
    }

    /// Prints each line of these bytes that is not empty, with secrets hidden.
    fn each_line(&self, at: Duration, mark: char, bytes: &[u8], mut secrecy: Redactor) {
        let lines =
            bytes.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        for line in lines {
            let text = secrecy.shown(line);
            secrecy.pass(b"\n");
            if !text.is_empty() {
                self.line(at, mark, text);
            }
        }
    }

    fn came(&mut self, at: Duration, event: &Event<'_>, position: u64) {
        match event {
            Event::Request(request) => self.request(at, request),
            Event::Informational(response) => self.response(at, response),
            Event::Response(response) => {
                self.response(at, response);
                self.shows_content = response.status() == 426;
            }
            Event::Data(data) if self.shows_content => {
                return self.each_line(at, '<', data, Redactor::default());
            }
            Event::Data(data) => {
                self.content[0] += data.len() as u64;
                return;
            }
            Event::EndOfMessage(_) => self.count_content(at, By::Peer),
            Event::Switched(switched) => {
                self.spoken[By::Peer as usize] += switched.leftover.len() as u64;
                if let Some(response) = &switched.response {
                    self.response(at, response);
                }
            }
        }
        self.line(at, '=', format_args!("{event} @{position}"));
    }

    /// Prints a request, and the engine's verdict on each offer.
    fn request(&mut self, at: Duration, request: &Request<'_>) {
        self.line(
            at,
            '<',
            format_args!(
                "{} {} HTTP/1.{}",
                request.method(),
                request.target(),
                request.minor_version()
            ),
        );
        self.fields(at, request.fields());
        match request.offers() {
            Err(reason) if Why::from(reason) == Why::NotOffered => {}
            Err(reason) => {
                self.line(at, '*', format_args!("no offer: {}", Why::from(reason).text()))
            }
            Ok(offers) => offers.for_each(|offer| match offer.ineligible {
                None => self.line(at, '*', format_args!("offers {}", offer.protocol)),
                Some(reason) => self.line(
                    at,
                    '*',
                    format_args!("offers {}, but {}", offer.protocol, reason.text()),
                ),
            }),
        }
    }

    fn response(&mut self, at: Duration, response: &Response<'_>) {
        let (status, reason) = (response.status(), escape(response.reason()));
        self.line(at, '<', format_args!("HTTP/1.{} {status} {reason}", response.minor_version()));
        self.fields(at, response.fields());
    }

    fn fields(&self, at: Duration, fields: Fields<'_>) {
        fields.iter().for_each(|field| {
            self.line(at, '<', text(&[field.name, b": ", field.value].concat()));
        });
    }

    /// Prints the peer's error, with the bytes around its offset and a caret below.
    ///
    /// If the offset begins a line of a complete head, prints the lines from there instead. These,
    /// and a line with a secret, get no caret. Bytes that `latest` does not have are not printed.
    fn failed(&self, at: Duration, error: &Error) {
        let status =
            error.status().map_or(String::new(), |status| format!(", to be answered {status}"));
        let place = error.offset().map_or(String::new(), |offset| format!(" at byte {offset}"));
        self.line(
            at,
            '=',
            format_args!("error {}, {}{place}{status}", error.code(), error.kind().name()),
        );
        self.bytes_of(at, error);
        self.line(at, '*', format_args!("{}: {}", error.kind().clause(), error.kind().advice()));
    }

    fn bytes_of(&self, at: Duration, error: &Error) {
        let Some(offset) = error.offset() else { return };
        let begins = self.passed - self.latest.len() as u64;
        let Some(place) = offset.checked_sub(begins).map(|place| place as usize) else { return };
        if place >= self.latest.len() {
            return;
        }
        let begin =
            self.latest[..place].iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        // A secret value may have begun in a previous line.
        let mut secrecy = Redactor::default();
        secrecy.pass(&self.latest[..begin]);
        let begins_a_line = place == 0 || self.latest[..place].ends_with(b"\n");
        if let Some(end) = self.latest[place..]
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .filter(|_| begins_a_line)
        {
            let head = &self.latest[place..place + end + 2];
            return self.each_line(at, '<', head, secrecy);
        }
        // The end of the line that has the error.
        let end = self.latest[place..]
            .iter()
            .position(|&byte| byte == b'\r')
            .map_or(usize::MAX, |at| place + at.max(1));
        let (first, last) = (
            begin.max(place.saturating_sub(BEFORE)),
            end.min(place + BEHIND).min(self.latest.len()),
        );
        let line = &self.latest[begin..end.min(self.latest.len())];
        let shown = secrecy.shown(line);
        if shown != escape(line) {
            // A line with a secret is printed redacted and without a caret.
            return self.line(at, '<', shown);
        }
        let before = escape(&self.latest[first..place]);
        self.line(at, '<', format_args!("{before}{}", escape(&self.latest[place..last])));
        self.line(at, ' ', format_args!("{:>1$} byte {offset}", '^', before.len() + 1));
    }

    fn decided(&mut self, at: Duration, decision: &str, wrote: &[u8]) {
        let verb = decision.split(' ').next().unwrap_or_default();
        match verb {
            // `take` writes nothing, and the framing and trailers that `end` writes are not shown.
            "take" | "end" => {}
            _ if wrote.is_empty() => self.line(at, '!', decision),
            "respond" | "reject" => {
                let head = wrote
                    .windows(4)
                    .position(|four| four == b"\r\n\r\n")
                    .map_or(wrote.len(), |at| at + 4);
                self.each_line(at, '>', &wrote[..head], Redactor::default());
                self.content[By::Us as usize] += (wrote.len() - head) as u64;
                self.count_content(at, By::Us);
            }
            _ => {
                self.count_content(at, By::Us);
                self.each_line(at, '>', wrote, Redactor::default());
            }
        }
        if verb == "end" {
            self.count_content(at, By::Us);
        }
    }

    fn count_content(&mut self, at: Duration, by: By) {
        match std::mem::take(&mut self.content[by as usize]) {
            0 => {}
            bytes => self.line(at, mark(by), format_args!("({bytes} bytes of content)")),
        }
    }

    /// Keeps the latest received bytes, in case an error's offset refers to them.
    fn received(&mut self, bytes: &[u8]) {
        self.passed += bytes.len() as u64;
        self.latest.extend_from_slice(bytes);
        let surplus = self.latest.len().saturating_sub(64 * 1024);
        self.latest.drain(..surplus);
    }
}

impl Listener for TextPrinter {
    fn hear(&mut self, at: Duration, what: &What<'_>) {
        match what {
            What::Opened { peer, setup: "client" } => {
                self.line(at, '*', format_args!("connected to {peer}; times are in milliseconds"));
            }
            What::Opened { peer, .. } => self.line(at, '*', format_args!("{peer} connected")),
            What::Received(bytes, _) => self.received(bytes),
            What::Ended(end) => self.line(at, '<', format_args!("(the end, {})", end.name())),
            What::Came(event, position) => self.came(at, event, *position),
            What::MessageEnded(position) => {
                self.count_content(at, By::Peer);
                self.line(at, '=', format_args!("end @{position}"));
            }
            What::Paused(why) => self.line(at, '=', format_args!("paused {}", why.name())),
            What::Failed(error) => self.failed(at, error),
            What::Decided(decision, wrote) => self.decided(at, decision, wrote),
            What::Gave(content, _) => self.content[1] += content.len() as u64,
            What::Refused(decision, error) => {
                self.line(at, '!', format_args!("{decision}: refused, {error}"))
            }
            What::UpgradedWrite(by, bytes) => self.spoken[*by as usize] += bytes.len() as u64,
            What::Whispered(by, len) => self.spoken[*by as usize] += *len as u64,
            What::Remark(text) => self.line(at, '*', text),
            What::Verdict(verdict) => {
                let [theirs, ours] = self.spoken;
                if theirs + ours > 0 {
                    self.line(
                        at,
                        '*',
                        format_args!("of the new protocol {theirs} bytes came and {ours} went"),
                    );
                }
                self.line(at, '*', &verdict.text);
            }
            What::State(_) => {}
        }
    }
}

fn mark(by: By) -> char {
    if by == By::Peer { '<' } else { '>' }
}

fn style(mark: char) -> Style {
    match mark {
        '<' => AnsiColor::Cyan.on_default(),
        '>' => AnsiColor::Green.on_default(),
        '!' | ' ' => AnsiColor::Red.on_default(),
        '*' => Style::new().bold(),
        _ => Style::new().dimmed(),
    }
}
