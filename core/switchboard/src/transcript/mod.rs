//! Transcripts of connections: all input and output of the engine, in order.
//!
//! `lines` encodes entries in the language of the engine's test vectors. `text` prints for people,
//! `json` for programs and the live page. `redact` hides credentials in all three.

mod escape;
mod json;
mod lines;
mod redact;
mod text;

use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use switchover::state::State;
use switchover::{Connection, End, Error, Event, Paused, Why};
use switchover_tokio::observe::{Decision, Observation, Observer};

pub(crate) use escape::escape;
pub(crate) use json::JsonEvent;
pub(crate) use redact::show_secrets;

use json::Printer;
use redact::{Redactor, hides_secrets};
use text::TextPrinter;

/// The viewers of a server's transcripts, and the history for future viewers.
pub(crate) trait Audience: Send + Sync {
    /// Returns whether at least one viewer is connected.
    fn is_watched(&self) -> bool;

    /// Sends an event of connection `number` to all viewers.
    ///
    /// Returns whether the event was kept for future viewers. If not, of later events only the last
    /// can be.
    fn tell(&self, number: u64, event: &JsonEvent) -> bool;

    /// Removes a connection from the history for future viewers.
    fn forget(&self, number: u64);
}

/// The sender of some bytes: the peer, or this program.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Peer,
    Us,
}

/// One entry of a transcript.
pub(crate) enum What<'a> {
    /// A new connection: the peer's address, and the engine's role and options.
    Opened { peer: &'a str, setup: &'a str },
    /// Bytes that the engine received, with the redactor's state before them.
    ///
    /// The state tells whether a secret began in earlier bytes.
    Received(&'a [u8], &'a Redactor),
    /// The end of the peer's bytes.
    Ended(End),
    /// An event of the engine, and the offset in the peer's bytes at which it ends.
    Came(Event<'a>, u64),
    /// The end of a received message, and its offset in the peer's bytes.
    MessageEnded(u64),
    /// The engine has paused, for this reason; only `Paused::Closed` is recorded.
    Paused(Paused),
    /// A protocol error by the peer.
    Failed(Error),
    /// A decision, as a test vector writes it, and the bytes that the engine wrote.
    Decided(&'a str, &'a [u8]),
    /// Content that the caller passed, and the bytes that the engine wrote for it.
    Gave(&'a [u8], &'a [u8]),
    /// A decision that the engine rejected, as a test vector writes it, and its error.
    Refused(&'a str, Error),
    /// The new state of the engine, after a change.
    State(State),
    /// Bytes of the new protocol, and the side that sent them.
    UpgradedWrite(By, &'a [u8]),
    /// The sender and the number of bytes of a new protocol that may contain secrets.
    Whispered(By, usize),
    /// A remark of the server or of the probe.
    Remark(&'a str),
    /// The outcome of the connection, and its reason: the transcript's last entry.
    Verdict(&'a Verdict),
}

/// The outcome of a connection.
#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    /// The outcome as one word, for programs.
    pub(crate) outcome: &'static str,
    /// The outcome as a sentence, for people.
    pub(crate) text: String,
    /// The status code of the latest request's final response, if one was received.
    ///
    /// `None` for a tunnel.
    pub(crate) status: Option<u16>,
    /// The engine's reason why the upgrade did not happen, if there is one.
    pub(crate) why: Option<Why>,
}

impl Verdict {
    pub(crate) fn new(outcome: &'static str, text: impl Display) -> Self {
        Self { outcome, text: text.to_string(), status: None, why: None }
    }
}

/// A receiver of a transcript's entries.
pub(crate) trait Listener {
    /// Handles an entry; `at` is the time since the transcript began.
    fn hear(&mut self, at: Duration, what: &What<'_>);
}

/// The transcript of a connection, sent to listener and viewers as it happens.
///
/// It observes the engine, and records the engine's events and decisions.
pub(crate) struct Transcript(Mutex<Telling>);

struct Telling {
    begun: Instant,
    listener: Option<Box<dyn Listener + Send>>,
    /// The viewers of the live page, and the history; `None` in the probe.
    live: Option<Arc<dyn Audience>>,
    /// True if bytes of the new protocol are left out of the transcript.
    is_private: bool,
    /// True once the connection has switched to h2c, unless secrets are shown.
    ///
    /// Then only numbers of bytes are shown, except for bytes that were received before the switch.
    /// HTTP/2 compresses its field lines, so secrets cannot be recognised in its bytes.
    whispers: bool,
    /// True while the history keeps the connection's events for future viewers.
    is_kept: bool,
    /// The number of the latest entry; entries that nobody receives count, too.
    steps: u32,
    number: u64,
    state: Option<State>,
    /// The state of the redactor after the bytes received so far.
    received: Redactor,
    /// The outcome so far, which `close` records as the last entry.
    verdict: Verdict,
}

impl Transcript {
    /// Creates the server's transcript of its `number`th connection.
    ///
    /// If `prints` is true, it is printed on standard output as well as sent to `live`.
    pub(crate) fn of_connection(number: u64, prints: bool, live: Arc<dyn Audience>) -> Self {
        let narrator =
            || Box::new(TextPrinter::on_stdout(format!("[{number}] "))) as Box<dyn Listener + Send>;
        Self::new(prints.then(narrator), Some(live), number)
    }

    /// Creates the probe's transcript, which is printed on standard error.
    ///
    /// Standard output gets what the server sends in the new protocol, of frames only the payload.
    /// It also gets the content of responses, except that of a 426 in HTTP/1.1.
    pub(crate) fn of_probe(is_json: bool) -> Self {
        let listener: Box<dyn Listener + Send> =
            if is_json { Box::new(Printer) } else { Box::new(TextPrinter::on_stderr()) };
        Self::new(Some(listener), None, 0)
    }

    fn new(
        listener: Option<Box<dyn Listener + Send>>,
        live: Option<Arc<dyn Audience>>,
        number: u64,
    ) -> Self {
        Self(Mutex::new(Telling {
            begun: Instant::now(),
            listener,
            live,
            is_private: false,
            whispers: false,
            is_kept: true,
            steps: 0,
            number,
            state: None,
            received: Redactor::default(),
            verdict: Verdict::new("closed", "closed"),
        }))
    }

    fn lock(&self) -> MutexGuard<'_, Telling> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn tell(&self, what: &What<'_>) {
        self.lock().tell(what);
    }

    /// Records bytes of the new protocol, which `by` has sent.
    pub(crate) fn spoke(&self, by: By, bytes: &[u8]) {
        if !bytes.is_empty() {
            let mut telling = self.lock();
            let what = telling.upgraded(by, bytes);
            telling.tell(&what);
        }
    }

    /// Records a remark of the server or the probe.
    pub(crate) fn say(&self, remark: impl Display) {
        self.tell(&What::Remark(&remark.to_string()));
    }

    /// Sets the verdict, which [`close`](Self::close) records; the latest one counts.
    pub(crate) fn conclude(&self, verdict: Verdict) {
        self.lock().verdict = verdict;
    }

    /// Records the verdict so far as a remark, because another attempt follows.
    pub(crate) fn interim(&self) {
        let text = self.lock().verdict.text.clone();
        self.say(text);
    }

    /// Records the verdict as the transcript's last entry.
    pub(crate) fn close(&self) {
        let verdict = self.lock().verdict.clone();
        self.tell(&What::Verdict(&verdict));
    }

    /// Removes the connection from the history for future viewers.
    pub(crate) fn be_forgotten(&self) {
        let mut telling = self.lock();
        telling.is_kept = false;
        telling.live.iter().for_each(|hub| hub.forget(telling.number));
    }

    /// Leaves further bytes of the new protocol out of the transcript.
    pub(crate) fn be_private(&self) {
        self.lock().is_private = true;
    }
}

impl Telling {
    /// Returns whether a listener, a viewer or the history needs entries.
    ///
    /// If none does, only the verdict is built and sent.
    fn is_heard(&self) -> bool {
        self.listener.is_some()
            || self.live.as_ref().is_some_and(|hub| self.is_kept || hub.is_watched())
    }

    /// Returns the entry for bytes of the new protocol.
    ///
    /// If they may contain secrets, it has only their number.
    fn upgraded<'a>(&self, by: By, bytes: &'a [u8]) -> What<'a> {
        if self.whispers {
            What::Whispered(by, bytes.len())
        } else {
            What::UpgradedWrite(by, bytes)
        }
    }

    fn tell(&mut self, what: &What<'_>) {
        // Entries that nobody receives are numbered, too, so that later viewers notice a gap.
        self.steps += 1;
        // The verdict is sent in any case.
        if !self.is_heard() && !matches!(what, What::Verdict(_)) {
            return;
        }
        // Times count from the connection's beginning, but this entry may be recorded later.
        let at =
            if matches!(what, What::Opened { .. }) { Duration::ZERO } else { self.begun.elapsed() };
        if let Some(listener) = &mut self.listener {
            listener.hear(at, what);
        }
        if let Some(hub) = &self.live {
            self.is_kept =
                hub.tell(self.number, &JsonEvent::of(self.number, at, what).at_step(self.steps));
        }
    }
}

impl Observer for Transcript {
    fn observe(&self, what: Observation<'_>, http: &Connection) {
        let mut telling = self.lock();
        let words;
        let before = telling.received.clone();
        if let Observation::Received(bytes) = what {
            telling.received.pass(bytes);
        }
        if let Observation::Event(Event::Switched(switched)) = what {
            telling.whispers = hides_secrets()
                && switched
                    .protocols
                    .iter()
                    .any(|protocol| protocol.name.eq_ignore_ascii_case("h2c"));
        }
        if !telling.is_heard() {
            telling.steps += 1;
            return;
        }
        let what = match what {
            Observation::Received(bytes) => What::Received(bytes, &before),
            Observation::Ended(end) => What::Ended(end),
            Observation::Event(event) => What::Came(event, http.position()),
            Observation::EndOfMessage => What::MessageEnded(http.position()),
            Observation::Paused(why @ Paused::Closed) => What::Paused(why),
            Observation::Failed(error) => What::Failed(error),
            Observation::Decided(Decision::Data(content), wrote) => What::Gave(content, wrote),
            Observation::Decided(decision, wrote) => {
                words = lines::words(&decision);
                What::Decided(&words, wrote)
            }
            Observation::Refused(decision, error) => {
                words = lines::words(&decision);
                What::Refused(&words, error)
            }
            Observation::UpgradedRead(_) | Observation::UpgradedWrite(_) if telling.is_private => {
                return;
            }
            Observation::UpgradedRead(bytes) => telling.upgraded(By::Peer, bytes),
            Observation::UpgradedWrite(bytes) => telling.upgraded(By::Us, bytes),
            _ => return,
        };
        telling.tell(&what);
        let state = Some(http.state());
        if telling.state != state {
            telling.state = state;
            telling.tell(&What::State(http.state()));
        }
    }
}

#[cfg(test)]
mod tests {
    use switchover::{Order, Role, Step};
    use switchover_tokio::observe::ObservedConnection;

    use super::*;

    struct Recorder(Arc<Mutex<Vec<String>>>);

    impl Listener for Recorder {
        fn hear(&mut self, _: Duration, what: &What<'_>) {
            self.0.lock().expect("one thread").extend(lines::of(what));
        }
    }

    /// Switches a server to `token` and observes `bytes`; returns the last line.
    ///
    /// That is the last line of the transcript, for `bytes` of the new protocol.
    fn heard(token: &str, bytes: &[u8]) -> String {
        let lines: Arc<Mutex<Vec<String>>> = Arc::default();
        let transcript =
            Arc::new(Transcript::new(Some(Box::new(Recorder(Arc::clone(&lines)))), None, 1));
        let mut http =
            ObservedConnection::new(Connection::new(Role::Server), Some(transcript.clone()));
        let settings = "HTTP2-Settings: AAMAAABkAAQAAP__\r\nConnection: HTTP2-Settings";
        let offer = format!(
            "GET / HTTP/1.1\r\nHost: a\r\n\
             Upgrade: {token}\r\nConnection: Upgrade\r\n{settings}\r\n\r\n"
        );
        http.receive(offer.as_bytes()).expect("room");
        while http.advance().expect("an offer") == Step::Event {}
        let selection = http.select(&[token], Order::Client).expect("what was offered");
        http.accept(selection, &[token], &(), &mut Vec::new()).expect("a 101");
        assert!(http.advance() == Ok(Step::Event) && http.state().rx.name() == "switched");
        transcript.observe(Observation::UpgradedRead(bytes), &http);
        lines.lock().expect("one thread").last().expect("a line").clone()
    }

    #[test]
    fn what_is_said_in_http2_may_be_a_secret() {
        assert_eq!(heard("h2c", b"secret"), "<< <hidden>");
        assert_eq!(heard("foo/1", b"hello"), "<< hello");
    }
}
