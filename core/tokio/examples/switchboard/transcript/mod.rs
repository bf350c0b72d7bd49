//! What happened on a connection: everything that goes into the engine and comes out of it, in its order.
//!
//! `lines` has the language, which is that of the engine's test vectors; `text` tells it to people, `moment` to programs and
//! to the page.

mod lines;
mod moment;
mod text;

use std::cell::{Cell, RefCell};
use std::fmt::Display;
use std::sync::Arc;
use std::time::{Duration, Instant};

use switchover::state::State;
use switchover::{Connection, End, Error, Event, Paused, Why};

pub(crate) use lines::{fields, list, show_secrets};
pub(crate) use moment::Moment;

use crate::live::Hub;
use moment::Printer;
use text::Narrator;

/// Who sends in a direction.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Peer,
    Us,
}

/// One thing that happened.
pub(crate) enum What<'a> {
    /// A connection of that peer; how the engine is set up, as a vector says it.
    Opened { peer: &'a str, setup: &'a str },
    /// The engine took these bytes.
    Received(&'a [u8]),
    /// The peer's bytes have ended.
    Ended(End),
    /// The engine made this of them; so many bytes have passed.
    Came(Event<'a>, u64),
    /// The engine goes on when the caller has acted.
    Paused(Paused),
    /// The peer broke the protocol.
    Failed(Error),
    /// The caller decided this, in the words of a vector, and the engine wrote that.
    Decided(&'a str, &'a [u8]),
    /// It gave this content, and the engine wrote that.
    Gave(&'a [u8], &'a [u8]),
    /// It was not let.
    Refused(&'a str, Error),
    /// The engine's state is another one now.
    State(State),
    /// Bytes of the new protocol.
    Spoke(By, &'a [u8]),
    /// What the caller has to say.
    Remark(&'a str),
    /// How it came out, and why: nothing comes after it.
    Verdict(&'a Verdict),
}

/// How a connection came out.
#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    /// In a word, for programs.
    pub(crate) outcome: &'static str,
    /// In a sentence, for people.
    pub(crate) text: String,
    /// Of the final response.
    pub(crate) status: Option<u16>,
    /// What the engine says of the offer.
    pub(crate) why: Option<Why>,
}

impl Verdict {
    pub(crate) fn new(outcome: &'static str, text: impl Display) -> Self {
        Self { outcome, text: text.to_string(), status: None, why: None }
    }
}

/// A listener.
pub(crate) trait Listener {
    fn hear(&mut self, at: Duration, what: &What<'_>);
}

/// The story of a connection, told to its listeners while it happens.
pub(crate) struct Transcript {
    begun: Instant,
    listener: Option<RefCell<Box<dyn Listener + Send>>>,
    /// Who may come and go, and whether what is said after the switch is not for them.
    live: Option<Arc<Hub>>,
    is_private: Cell<bool>,
    /// More of it is kept for those who come later.
    is_kept: Cell<bool>,
    /// How many things there were to tell them.
    steps: Cell<u32>,
    number: u64,
    state: Cell<Option<State>>,
    /// How it came out is said once, and last.
    verdict: RefCell<Verdict>,
}

impl Transcript {
    /// The server's, of its `number`th connection.
    pub(crate) fn of_connection(number: u64, prints: bool, live: &Arc<Hub>) -> Self {
        let narrator = || Box::new(Narrator::on_stdout(format!("[{number}] "))) as Box<dyn Listener + Send>;
        Self { live: Some(Arc::clone(live)), number, ..Self::new(prints.then(narrator)) }
    }

    /// The probe's: its standard output belongs to the new protocol.
    pub(crate) fn of_probe(is_json: bool) -> Self {
        let listener: Box<dyn Listener + Send> =
            if is_json { Box::new(Printer) } else { Box::new(Narrator::on_stderr()) };
        Self::new(Some(listener))
    }

    fn new(listener: Option<Box<dyn Listener + Send>>) -> Self {
        Self {
            begun: Instant::now(),
            listener: listener.map(RefCell::new),
            live: None,
            is_private: Cell::new(false),
            is_kept: Cell::new(true),
            steps: Cell::new(0),
            number: 0,
            state: Cell::new(None),
            verdict: RefCell::new(Verdict::new("closed", "closed")),
        }
    }

    /// Whether anybody listens; nothing is put into words in vain.
    pub(crate) fn is_heard(&self) -> bool {
        self.listener.is_some() || self.live.as_ref().is_some_and(|hub| self.is_kept.get() || hub.is_watched())
    }

    pub(crate) fn tell_if_heard<'a>(&self, what: impl FnOnce() -> What<'a>) {
        if self.is_heard() {
            self.tell(&what());
        } else {
            // Numbered all the same, so that who comes later knows that something is missing.
            self.steps.set(self.steps.get() + 1);
        }
    }

    pub(crate) fn tell(&self, what: &What<'_>) {
        // Times count from the connection, though what it opens with may be known later.
        let at = if matches!(what, What::Opened { .. }) { Duration::ZERO } else { self.begun.elapsed() };
        if let Some(listener) = &self.listener {
            listener.borrow_mut().hear(at, what);
        }
        let is_withheld = self.is_private.get() && matches!(what, What::Spoke(..));
        if let Some(hub) = self.live.as_ref().filter(|_| !is_withheld) {
            // Numbered, so that who misses one knows.
            self.steps.set(self.steps.get() + 1);
            self.is_kept.set(hub.tell(self.number, &Moment::of(self.number, at, what).at_step(self.steps.get())));
        }
    }

    /// Bytes of the new protocol.
    pub(crate) fn spoke(&self, by: By, octets: &[u8]) {
        if !octets.is_empty() {
            self.tell_if_heard(|| What::Spoke(by, octets));
        }
    }

    /// A remark.
    pub(crate) fn say(&self, remark: impl Display) {
        if self.is_heard() {
            self.tell(&What::Remark(&remark.to_string()));
        }
    }

    /// The current event, and the state that it has led to.
    pub(crate) fn event(&self, connection: &Connection) {
        if let Some(event) = connection.event() {
            self.tell_if_heard(|| What::Came(event, connection.position()));
        }
        self.state(connection);
    }

    /// The state, if it has changed.
    pub(crate) fn state(&self, connection: &Connection) {
        let state = connection.state();
        if self.is_heard() && self.state.replace(Some(state)) != Some(state) {
            self.tell(&What::State(state));
        }
    }

    /// How it came out; [`close`](Self::close) says the latest.
    pub(crate) fn conclude(&self, verdict: Verdict) {
        *self.verdict.borrow_mut() = verdict;
    }

    /// How it has come out so far, as a remark: there is another try.
    pub(crate) fn interim(&self) {
        self.say(&self.verdict.borrow().text);
    }

    /// Ends it with how it came out.
    pub(crate) fn close(&self) {
        self.tell(&What::Verdict(&self.verdict.borrow()));
    }

    /// Who comes later is not told of it at all.
    pub(crate) fn be_forgotten(&self) {
        self.is_kept.set(false);
        self.live.iter().for_each(|hub| hub.forget(self.number));
    }

    /// Who watches is not told what is said after the switch.
    pub(crate) fn be_private(&self) {
        self.is_private.set(true);
    }
}
