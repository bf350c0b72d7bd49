//! One connection of the audit: sends a script and reads the responses.
//!
//! After a switch, probes the new protocol.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use super::finding::{End, Received};
use super::probes::{self, Frame, Spoken};
use super::response_reader::{Answer, ResponseReader};
use super::script::{Asked, MESSAGE, Script, Step, Wait};
use super::wire::{WaitResult, Wire};
use crate::target::Target;

/// The wait that puts the next bytes into a segment, so that they are read alone.
const PAUSE: Duration = Duration::from_millis(300);
/// The short wait between bytes that are sent one by one.
const BLINK: Duration = Duration::from_micros(500);
/// The most received bytes of an exchange that are kept for its report.
const KEPT: usize = 16 * 1024;

/// The record of one connection.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    /// The requests that were sent.
    pub(crate) asked: Vec<Asked>,
    /// The responses that were received, in the order of the requests.
    pub(crate) answers: Vec<Answer>,
    /// The bytes sent in the new protocol; empty if there was no switch or no probe.
    pub(crate) said: Vec<u8>,
    /// The result of the probe of the new protocol, if one was sent.
    pub(crate) spoken: Option<Spoken>,
    /// All received bytes.
    pub(crate) came: Vec<u8>,
    /// The offset in `came` where the last expected response ends.
    pub(crate) end: usize,
    /// True if the peer has closed or reset the connection.
    pub(crate) has_ended: bool,
    /// The duration of the last wait, if nothing ended it before its timeout.
    pub(crate) waited: Option<Duration>,
    /// True if neither a 100 nor a response came before the content was sent.
    pub(crate) waited_in_vain: bool,
}

/// The condition that ends an exchange, after the responses.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    /// All requests are answered.
    Answered,
    /// A short wait for a response too many is over.
    Another,
    /// The connection is closed, if a response has announced that.
    AnnouncedEnd,
    /// The connection is closed, also if no response has announced that.
    End,
    /// A message sent to the WebSocket has come back.
    ///
    /// The content that was sent before must have been answered by then.
    Echo,
    /// The peer has closed the connection after a switch and our half-close.
    OtherEnd,
}

impl Exchange {
    /// Returns the response to the first request.
    pub(crate) fn first(&self) -> Option<&Answer> {
        self.answers.first()
    }

    /// Returns the status of the first final response, or 101.
    pub(crate) fn status(&self) -> Option<u16> {
        self.first()?.status()
    }

    /// Returns the response to the last request, if all earlier ones have theirs.
    pub(crate) fn last(&self) -> Option<&Answer> {
        self.answers.get(self.asked.len().checked_sub(1)?)
    }

    /// Returns whether every request has a complete response.
    pub(crate) fn is_complete(&self) -> bool {
        self.last().is_some_and(|answer| answer.is_whole)
    }

    /// Returns whether the connection has switched protocols.
    pub(crate) fn has_switched(&self) -> bool {
        self.answers.iter().any(|answer| answer.switched.is_some())
    }

    /// Returns the bytes after the last expected response.
    pub(crate) fn rest(&self) -> &[u8] {
        &self.came[self.end..]
    }

    /// Returns the first received bytes, and how the connection ended.
    pub(crate) fn received(&self) -> Received {
        let end = match self.waited {
            _ if self.has_ended => End::Closed,
            Some(time) => End::OpenAfter(time),
            None => End::Open,
        };
        Received { bytes: self.came[..self.came.len().min(KEPT)].to_vec(), end }
    }

    /// Returns whether the WebSocket has sent the audit's message back.
    pub(crate) fn has_echo(&self) -> bool {
        has_echo(self.rest())
    }

    /// Returns the complete WebSocket frames that were received after the switch.
    pub(crate) fn frames(&self) -> Vec<Frame> {
        probes::frames(self.rest())
    }
}

/// Sends a script and reads the responses; `timeout` applies to each wait.
pub(crate) fn run(
    target: &Target,
    script: &Script,
    timeout: Duration,
    until: Until,
) -> io::Result<Exchange> {
    let wire = Wire::connect(target, timeout)?;
    let reader = ResponseReader::new(&script.requests, target.is_secure);
    let mut session =
        Session { wire, reader, timeout, said: Vec::new(), waited: None, waited_in_vain: false };
    script.steps.iter().for_each(|step| session.take(step));
    session.listen(timeout, ResponseReader::is_done);
    let spoken = session.speak();
    if until == Until::Echo && spoken == Some(Spoken::Yes) {
        session.wait_for_an_echo();
    }
    session.see_the_end(until);
    let Session { reader, said, waited, waited_in_vain, .. } = session;
    Ok(Exchange {
        asked: script.requests.clone(),
        said,
        spoken,
        end: reader.came.len() - reader.rest().len(),
        came: reader.came,
        answers: reader.answers,
        has_ended: reader.has_ended,
        waited,
        waited_in_vain,
    })
}

struct Session {
    wire: Wire,
    reader: ResponseReader,
    timeout: Duration,
    said: Vec<u8>,
    waited: Option<Duration>,
    waited_in_vain: bool,
}

impl Session {
    fn take(&mut self, step: &Step) {
        match step {
            Step::Ask(_) if self.reader.has_switched() => {}
            // A peer that has closed is noticed at the next read.
            Step::Ask(bytes) | Step::Send(bytes) => drop(self.wire.send(bytes)),
            Step::Wait(Wait::Pause) => self.listen(PAUSE.min(self.timeout), |_| false),
            Step::Wait(Wait::Blink) => thread::sleep(BLINK),
            Step::Wait(Wait::Answers(number)) => {
                self.listen(self.timeout, |reader| {
                    reader.is_done() || reader.answered() >= *number
                });
            }
            Step::Wait(Wait::Continue) => {
                self.listen(self.timeout, has_begun);
                self.waited_in_vain = !has_begun(&self.reader) && !self.reader.has_ended;
            }
        }
    }

    /// Reads until a condition holds, the connection ends, or `time` is over.
    fn listen(&mut self, time: Duration, is_enough: impl Fn(&ResponseReader) -> bool) {
        let deadline = Instant::now() + time;
        self.waited = None;
        while !is_enough(&self.reader) && !self.reader.has_ended && !self.reader.is_full() {
            match self.wire.next(deadline) {
                WaitResult::Bytes(bytes) => self.reader.receive(&bytes),
                WaitResult::End(end) => self.reader.end(end),
                WaitResult::Nothing => {
                    self.waited = Some(time);
                    return;
                }
            }
        }
    }

    /// Sends the probe of the new protocol, if there is one, and checks the response.
    fn speak(&mut self) -> Option<Spoken> {
        let protocol = self.reader.last()?.switched.clone()?;
        self.said = probes::opening(&protocol)?;
        let _ = self.wire.send(&self.said);
        self.listen(self.timeout, |reader| {
            probes::judge(&protocol, reader.rest()) != Spoken::Unknown
        });
        Some(probes::judge(&protocol, self.reader.rest()))
    }

    fn wait_for_an_echo(&mut self) {
        self.said.extend_from_slice(MESSAGE);
        let _ = self.wire.send(MESSAGE);
        self.listen(self.timeout, |reader| has_echo(reader.rest()));
    }

    fn see_the_end(&mut self, until: Until) {
        let is_announced =
            self.reader.last().is_some_and(|answer| answer.is_whole && !answer.persists);
        if until == Until::Another && !is_announced && !self.reader.has_switched() {
            self.listen(PAUSE.min(self.timeout), |reader| !reader.rest().is_empty());
        }
        let is_due = match until {
            Until::Answered | Until::Another | Until::Echo => false,
            Until::AnnouncedEnd => is_announced,
            Until::End => !self.reader.has_switched(),
            Until::OtherEnd => self.reader.has_switched(),
        };
        if until == Until::OtherEnd {
            self.wire.end();
        }
        if is_due {
            self.listen(self.timeout, |_| false);
        }
    }
}

fn has_echo(bytes: &[u8]) -> bool {
    probes::frames(bytes).iter().any(|frame| frame.opcode <= 2 && frame.payload.ends_with(b"again"))
}

/// Returns whether a 1xx or the head of a response was received.
fn has_begun(reader: &ResponseReader) -> bool {
    reader.is_done()
        || reader.last().is_some_and(|answer| answer.head.is_some() || !answer.interim.is_empty())
}
