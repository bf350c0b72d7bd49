//! Transcripts: all input and output of the engine, in its order.
//!
//! `lines` has the language, which is that of the engine's test vectors. `text` is for people,
//! `json` for programs and the page. `redact` keeps credentials out of all of them.

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

pub(crate) use json::JsonEvent;
pub(crate) use redact::show_secrets;

use json::Printer;
use redact::{Redactor, hides_secrets};
use text::TextPrinter;

/// The audience of a server: it watches connections.
pub(crate) trait Audience: Send + Sync {
    /// Returns whether anybody watches.
    fn is_watched(&self) -> bool;

    /// Sends an event to all viewers; returns whether more would be kept.
    fn tell(&self, number: u64, event: &JsonEvent) -> bool;

    /// Forgets a connection, which is not kept for later viewers.
    fn forget(&self, number: u64);
}

/// The sender of a direction.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Peer,
    Us,
}

/// One event of a transcript.
pub(crate) enum What<'a> {
    /// A connection of that peer; how the engine is set up, as a vector says it.
    Opened { peer: &'a str, setup: &'a str },
    /// Bytes that the engine received.
    ///
    /// With the redactor's state at their beginning, for secrets that have begun before.
    Received(&'a [u8], &'a Redactor),
    /// The peer's bytes have ended.
    Ended(End),
    /// The engine emitted this event; so many bytes have passed.
    Came(Event<'a>, u64),
    /// The message has ended with the event before.
    MessageEnded(u64),
    /// The engine goes on when the caller has acted.
    Paused(Paused),
    /// The peer broke the protocol.
    Failed(Error),
    /// The caller decided this, in the words of a vector, and the engine wrote that.
    Decided(&'a str, &'a [u8]),
    /// Content that was given, and the bytes that the engine wrote.
    Gave(&'a [u8], &'a [u8]),
    /// A decision that the engine rejected.
    Refused(&'a str, Error),
    /// The engine's state is another one now.
    State(State),
    /// Bytes of the new protocol.
    UpgradedWrite(By, &'a [u8]),
    /// So many of a protocol in which a secret cannot be told from what is none.
    Whispered(By, usize),
    /// A remark of the caller.
    Remark(&'a str),
    /// The outcome of the connection, and the reason; its last event.
    Verdict(&'a Verdict),
}

/// The outcome of a connection.
#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    /// The outcome in a word, for programs.
    pub(crate) outcome: &'static str,
    /// The outcome in a sentence, for people.
    pub(crate) text: String,
    /// The status of the final response.
    pub(crate) status: Option<u16>,
    /// The engine's reason for the offer's outcome.
    pub(crate) why: Option<Why>,
}

impl Verdict {
    pub(crate) fn new(outcome: &'static str, text: impl Display) -> Self {
        Self { outcome, text: text.to_string(), status: None, why: None }
    }
}

/// A listener of a transcript.
pub(crate) trait Listener {
    fn hear(&mut self, at: Duration, what: &What<'_>);
}

/// The story of a connection, told to its listeners while it happens.
///
/// The engine's part of it comes to it as an observer.
pub(crate) struct Transcript(Mutex<Telling>);

struct Telling {
    begun: Instant,
    listener: Option<Box<dyn Listener + Send>>,
    /// The viewers, who may come and go.
    ///
    /// And whether what is said after the switch is hidden from them.
    live: Option<Arc<dyn Audience>>,
    is_private: bool,
    /// True once HTTP/2 is spoken, which is not shown.
    ///
    /// Its field lines are compressed, so that it cannot be seen which of its bytes are secrets.
    whispers: bool,
    /// More events are kept for later viewers.
    is_kept: bool,
    /// The number of events sent to viewers.
    steps: u32,
    number: u64,
    state: Option<State>,
    /// The state of the redactor after the bytes received.
    received: Redactor,
    /// The outcome, which is said once, and last.
    verdict: Verdict,
}

impl Transcript {
    /// Creates the server's transcript of its `number`th connection.
    pub(crate) fn of_connection(number: u64, prints: bool, live: Arc<dyn Audience>) -> Self {
        let narrator =
            || Box::new(TextPrinter::on_stdout(format!("[{number}] "))) as Box<dyn Listener + Send>;
        Self::new(prints.then(narrator), Some(live), number)
    }

    /// Creates the probe's transcript, off standard output.
    ///
    /// That belongs to the new protocol.
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

    /// Bytes of the new protocol.
    pub(crate) fn spoke(&self, by: By, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.tell(&What::UpgradedWrite(by, bytes));
        }
    }

    /// Records a remark.
    pub(crate) fn say(&self, remark: impl Display) {
        self.tell(&What::Remark(&remark.to_string()));
    }

    /// Sets the outcome; [`close`](Self::close) records the latest.
    pub(crate) fn conclude(&self, verdict: Verdict) {
        self.lock().verdict = verdict;
    }

    /// Records the outcome so far as a remark: there is another try.
    pub(crate) fn interim(&self) {
        let text = self.lock().verdict.text.clone();
        self.say(text);
    }

    /// Ends the transcript with the outcome.
    pub(crate) fn close(&self) {
        let verdict = self.lock().verdict.clone();
        self.tell(&What::Verdict(&verdict));
    }

    /// Hides the connection from later viewers altogether.
    pub(crate) fn be_forgotten(&self) {
        let mut telling = self.lock();
        telling.is_kept = false;
        telling.live.iter().for_each(|hub| hub.forget(telling.number));
    }

    /// Hides what is said after the switch from viewers.
    pub(crate) fn be_private(&self) {
        self.lock().is_private = true;
    }
}

impl Telling {
    /// Returns whether anybody listens; nothing is put into words in vain.
    fn is_heard(&self) -> bool {
        self.listener.is_some()
            || self.live.as_ref().is_some_and(|hub| self.is_kept || hub.is_watched())
    }

    fn tell(&mut self, what: &What<'_>) {
        // Numbered all the same, so that who comes later knows that something is missing.
        self.steps += 1;
        // How it came out is kept in any case.
        if !self.is_heard() && !matches!(what, What::Verdict(_)) {
            return;
        }
        // Times count from the connection, though what it opens with may be known later.
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
            Observation::UpgradedRead(bytes) if telling.whispers => {
                What::Whispered(By::Peer, bytes.len())
            }
            Observation::UpgradedWrite(bytes) if telling.whispers => {
                What::Whispered(By::Us, bytes.len())
            }
            Observation::UpgradedRead(bytes) => What::UpgradedWrite(By::Peer, bytes),
            Observation::UpgradedWrite(bytes) => What::UpgradedWrite(By::Us, bytes),
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

    /// Returns the bytes of this protocol as lines have them.
    ///
    /// After a server has switched.
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
