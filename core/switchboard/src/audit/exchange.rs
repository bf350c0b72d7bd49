//! One connection of the audit: sends a script and reads the responses.
//!
//! After a switch, probes the new protocol.

use std::io;
use std::time::{Duration, Instant};

use super::endpoint::Endpoint;
use super::finding::{End, Received};
use super::frames::{self, Frame};
use super::nonce::Nonce;
use super::probes::{Probe, Spoken};
use super::response_reader::{Answer, ResponseReader};
use super::script::{Asked, Script, Step, Wait};
use super::timeline::{Switch, Timeline};
use super::wire::{WaitResult, Wire};

/// The length of `~ pause` in a check's script, and of other short waits.
const PAUSE: Duration = Duration::from_millis(300);
/// The most bytes received in an exchange that a finding keeps for the report.
const KEPT: usize = 16 * 1024;

/// The record of one connection of the audit to a server or an intermediary.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    /// The requests of the script, in order; those after a switch are not sent.
    pub(crate) asked: Vec<Asked>,
    /// The responses, in the order of the requests.
    ///
    /// The last may be incomplete, or empty if no head of it was received.
    pub(crate) answers: Vec<Answer>,
    /// The number of steps `Ask` whose bytes were sent.
    ///
    /// The other steps `Ask` were left out, because the connection had switched.
    pub(crate) asks: usize,
    /// The total of HTTP bytes received by the end of each wait for a response.
    pub(crate) marks: Vec<usize>,
    /// The sent bytes of the probe of the new protocol; empty if none was sent.
    pub(crate) said: Vec<u8>,
    /// The result of the probe of the new protocol, if one was sent.
    pub(crate) spoken: Option<Spoken>,
    /// All bytes that the audit has sent on the connection.
    pub(crate) sent: Vec<u8>,
    /// All bytes that the audit has received on the connection.
    pub(crate) came: Vec<u8>,
    pub(crate) timeline: Timeline,
    /// The offset in `came` up to which bytes were parsed as responses.
    pub(crate) end: usize,
    /// True if the peer has closed or reset the connection.
    pub(crate) has_ended: bool,
    /// The duration of the last wait, if it ended by its timeout; else `None`.
    pub(crate) waited: Option<Duration>,
    /// True if the wait for a 100 brought no 1xx, no response head and no close.
    pub(crate) waited_in_vain: bool,
    /// True if the peer has sent more bytes than the audit reads of a connection.
    pub(crate) is_flooded: bool,
    /// The random payloads that tell this exchange's bytes from those of others.
    pub(crate) nonce: Nonce,
}

/// The condition that ends an exchange once its responses have been received.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    /// Each request of the script has its response.
    Answered,
    /// The short wait after the last response is over, or more bytes have come.
    ///
    /// They would be a response that no request expects. There is no such wait after a switch, or
    /// if the last response announces the end of the connection.
    Another,
    /// The peer has closed the connection; only waited for if a response announces it.
    AnnouncedEnd,
    /// The peer has closed the connection, announced or not.
    ///
    /// The close is not waited for after a switch.
    End,
    /// Each request and the probe are answered; the probe is sent after a pause.
    ///
    /// In the pause, a server can answer content that it took for the new protocol.
    Settled,
    /// The peer has closed after a switch and the audit's half-close.
    OtherEnd,
}

impl Exchange {
    /// Returns the response to the first request of the script.
    ///
    /// It may be incomplete, or empty if none was received. `None` only if the engine could not
    /// parse responses to that request.
    pub(crate) fn first(&self) -> Option<&Answer> {
        self.answers.first()
    }

    /// Returns the status of the response to the script's first request.
    ///
    /// It is that of a final or malformed response, or of the 101; `None` if no such head came.
    pub(crate) fn status(&self) -> Option<u16> {
        self.first()?.status()
    }

    /// Returns the response to the last request of the script, complete or not.
    ///
    /// `None` if an earlier response is incomplete, or does not let the connection persist.
    pub(crate) fn last(&self) -> Option<&Answer> {
        self.answers.get(self.asked.len().checked_sub(1)?)
    }

    /// Returns whether every request of the script has a complete final response.
    pub(crate) fn is_complete(&self) -> bool {
        self.last().is_some_and(|answer| answer.is_whole)
    }

    /// Returns whether the connection has switched protocols.
    pub(crate) fn has_switched(&self) -> bool {
        self.answers.iter().any(|answer| answer.switched.is_some())
    }

    /// Returns the received bytes after those that were parsed as responses.
    ///
    /// After a switch they are those of the new protocol.
    pub(crate) fn rest(&self) -> &[u8] {
        &self.came[self.end..]
    }

    /// Returns the first `KEPT` received bytes, the connection's end and its timeline.
    pub(crate) fn received(&self) -> Received {
        let end = match self.waited {
            _ if self.has_ended => End::Closed,
            Some(time) => End::OpenAfter(time),
            None => End::Open,
        };
        let bytes = self.came[..self.came.len().min(KEPT)].to_vec();
        Received { bytes, end, timeline: self.timeline.clone() }
    }

    /// Returns the complete WebSocket frames that were received after the switch.
    pub(crate) fn frames(&self) -> Vec<Frame> {
        frames::frames(self.rest())
    }
}

/// Connects, sends a script, reads the responses, and probes a new protocol.
///
/// A WebSocket is probed by a frame with `opcode`.
pub(crate) fn run(
    endpoint: &Endpoint<'_>,
    script: &Script,
    until: Until,
    opcode: u8,
) -> io::Result<Exchange> {
    let (wire, timeout) = (endpoint.connect()?, endpoint.timeout);
    let reader = ResponseReader::new(&script.requests, endpoint.target.is_secure);
    let mut session = Session {
        wire,
        reader,
        timeout,
        sent: Vec::new(),
        asks: 0,
        marks: Vec::new(),
        said: Vec::new(),
        waited: None,
        waited_in_vain: false,
    };
    script.steps.iter().for_each(|step| session.take(step));
    session.hear_answers(ResponseReader::is_done);
    session.mark();
    if until == Until::Settled && session.reader.has_switched() {
        session.listen(PAUSE.min(timeout), |_| false);
    }
    let sent_in_http = session.sent.len();
    let spoken = session.speak(&script.nonce, opcode);
    session.see_the_end(until);
    let Session { wire, reader, sent, asks, marks, said, waited, waited_in_vain, .. } = session;
    let is_flooded = reader.is_full();
    let end = reader.came.len() - reader.rest().len();
    let protocol = reader.last().and_then(|answer| answer.switched.clone());
    let switch = protocol.map(|protocol| Switch { protocol, sent: sent_in_http, came: end });
    Ok(Exchange {
        asked: script.requests.clone(),
        asks,
        marks,
        said,
        spoken,
        end,
        sent,
        came: reader.came,
        timeline: Timeline { switch, ..wire.leave() },
        answers: reader.answers,
        has_ended: reader.has_ended,
        waited,
        waited_in_vain,
        is_flooded,
        nonce: script.nonce.clone(),
    })
}

struct Session {
    wire: Wire,
    reader: ResponseReader,
    timeout: Duration,
    sent: Vec<u8>,
    asks: usize,
    marks: Vec<usize>,
    said: Vec<u8>,
    waited: Option<Duration>,
    waited_in_vain: bool,
}

impl Session {
    fn take(&mut self, step: &Step) {
        match step {
            Step::Ask(_) if self.reader.has_switched() => {}
            Step::Ask(bytes) => {
                self.asks += 1;
                self.send(bytes);
            }
            Step::Send(bytes) => self.send(bytes),
            Step::Wait(Wait::Pause) => self.listen(PAUSE.min(self.timeout), |_| false),
            Step::Wait(Wait::Answers(number)) => {
                self.hear_answers(|reader| reader.is_done() || reader.answered() >= *number);
                self.mark();
            }
            Step::Wait(Wait::Continue) => {
                self.listen(self.timeout, has_begun);
                self.waited_in_vain = !has_begun(&self.reader) && !self.reader.has_ended;
                self.mark();
            }
        }
    }

    fn send(&mut self, bytes: &[u8]) {
        self.sent.extend_from_slice(bytes);
        // A peer that has closed is noticed at the next read.
        let _ = self.wire.send(bytes);
    }

    /// Records the number of HTTP bytes that were received by the end of a wait.
    ///
    /// A greeting in the new protocol does not count: it may come with the 101 or after it.
    fn mark(&mut self) {
        let spoken = if self.reader.has_switched() { self.reader.rest().len() } else { 0 };
        self.marks.push(self.reader.came.len() - spoken);
    }

    /// Reads until a condition holds, the peer closes, or `time` has passed.
    ///
    /// Stops also when more was received than the audit reads of a connection.
    fn listen(&mut self, time: Duration, mut is_enough: impl FnMut(&ResponseReader) -> bool) {
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

    /// Waits for responses until a condition holds, with the full timeout for each.
    ///
    /// A slow server may need it for each of several requests. Stops when a timeout brings no
    /// response.
    fn hear_answers(&mut self, is_enough: impl Fn(&ResponseReader) -> bool) {
        loop {
            let before = self.reader.answered();
            self.listen(self.timeout, |reader| is_enough(reader) || reader.answered() > before);
            if is_enough(&self.reader) || self.reader.answered() == before {
                return;
            }
        }
    }

    /// Sends the probe of the new protocol, and rates what comes back.
    ///
    /// `None` without a switch, or if the audit has no probe of that protocol.
    fn speak(&mut self, nonce: &Nonce, opcode: u8) -> Option<Spoken> {
        let protocol = self.reader.last()?.switched.clone()?;
        let mut probe;
        (probe, self.said) = Probe::of(&protocol, nonce, opcode)?;
        self.send(&self.said.clone());
        self.listen(self.timeout, |reader| probe.judge(reader.rest()) != Spoken::Unknown);
        Some(probe.judge(self.reader.rest()))
    }

    fn see_the_end(&mut self, until: Until) {
        let is_announced =
            self.reader.last().is_some_and(|answer| answer.is_whole && !answer.persists);
        if until == Until::Another && !is_announced && !self.reader.has_switched() {
            self.listen(PAUSE.min(self.timeout), |reader| !reader.rest().is_empty());
        }
        let is_due = match until {
            Until::Answered | Until::Another | Until::Settled => false,
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

/// Returns whether a head or a 1xx of the latest response was received.
///
/// True also once no more bytes are parsed as HTTP.
fn has_begun(reader: &ResponseReader) -> bool {
    reader.is_done()
        || reader.last().is_some_and(|answer| answer.head.is_some() || !answer.interim.is_empty())
}
