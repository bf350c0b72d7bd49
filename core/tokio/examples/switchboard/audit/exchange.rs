//! One connection: a script is sent, what comes is read, and after a switch the new protocol is tried.

use std::io;
use std::time::{Duration, Instant};

use super::reading::{Answer, Reader};
use super::script::{Script, Step, Wait};
use super::speech::{self, Spoken};
use super::wire::{Came, Wire};
use crate::target::Target;

/// So that what follows comes as a segment of its own, and is looked at on its own.
const PAUSE: Duration = Duration::from_millis(300);

/// What happened on it.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    pub(crate) answers: Vec<Answer>,
    /// What came of the words in the new protocol, if there are any for it.
    pub(crate) spoken: Option<Spoken>,
    /// Everything that came.
    pub(crate) came: Vec<u8>,
    /// The peer has closed, or reset.
    pub(crate) has_ended: bool,
}

impl Exchange {
    /// The answer to the first request.
    pub(crate) fn first(&self) -> Option<&Answer> {
        self.answers.first()
    }

    /// The status of the first final response, or 101.
    pub(crate) fn status(&self) -> Option<u16> {
        self.first()?.status()
    }

    /// The answer to the last request, if all before it were answered.
    pub(crate) fn last_of(&self, requests: usize) -> Option<&Answer> {
        self.answers.get(requests.checked_sub(1)?)
    }

    /// Every request was answered to the end.
    pub(crate) fn is_complete(&self, requests: usize) -> bool {
        self.last_of(requests).is_some_and(|answer| answer.is_whole)
    }
}

/// Sends a script and reads what comes, with so much patience for each thing. `sees_end`: until the peer closes.
pub(crate) fn run(target: &Target, script: &Script, patience: Duration, sees_end: bool) -> io::Result<Exchange> {
    let wire = Wire::connect(target, patience)?;
    let reader = Reader::new(&script.requests, target.is_secure);
    let mut session = Session { wire, reader, patience };
    for step in &script.steps {
        match step {
            Step::Send(_) if session.reader.has_ended => break,
            // A peer that has closed shows that when it is read from.
            Step::Send(octets) => drop(session.wire.send(octets)),
            Step::Wait(Wait::Pause) => session.listen(PAUSE, |_| false),
            Step::Wait(Wait::Continue) => session.listen(patience, has_begun),
            Step::Wait(Wait::Answer) => session.listen(patience, Reader::is_done),
        }
    }
    session.listen(patience, Reader::is_done);
    let spoken = session.speak();
    if sees_end {
        session.listen(patience, |_| false);
    }
    let Reader { answers, came, has_ended, .. } = &session.reader;
    Ok(Exchange { answers: answers.clone(), spoken, came: came.clone(), has_ended: *has_ended })
}

/// A 1xx or a head has come.
fn has_begun(reader: &Reader) -> bool {
    reader.is_done() || reader.last().is_some_and(|answer| answer.head.is_some() || !answer.interim.is_empty())
}

struct Session {
    wire: Wire,
    reader: Reader,
    patience: Duration,
}

impl Session {
    /// Reads until that is so, or nothing more comes in that time.
    fn listen(&mut self, time: Duration, is_enough: impl Fn(&Reader) -> bool) {
        let deadline = Instant::now() + time;
        while !is_enough(&self.reader) && !self.reader.has_ended && !self.reader.is_full() {
            match self.wire.next(deadline) {
                Came::Octets(octets) => self.reader.receive(&octets),
                Came::End => self.reader.end(),
                Came::Nothing => return,
            }
        }
    }

    /// Tries the new protocol, if there is one and words of it are known.
    fn speak(&mut self) -> Option<Spoken> {
        let protocol = self.reader.last()?.switched.clone()?;
        let opening = speech::opening(&protocol)?;
        let _ = self.wire.send(&opening);
        self.listen(self.patience, |reader| speech::judge(&protocol, reader.rest()) != Spoken::Unknown);
        Some(speech::judge(&protocol, self.reader.rest()))
    }
}
