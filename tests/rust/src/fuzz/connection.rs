//! Invariant: split input and rejected calls change nothing; memory is bounded.
//!
//! The invariant holds for any input bytes and any sequence of calls.
//!
//! Events, errors, positions and contents do not depend on how the input is split.
//! Neither do they depend on the receiving call: `receive`, or `receive_buffer` with `commit`.
//! A call that returns an error changes nothing. The leftover is the rest of the input.
//!
//! The fuzz input is a byte of flags, a tape with its length before it, and the peer's bytes.
//! The tape has decisions, which are calls of the caller: some between two deliveries of bytes,
//! some at events and at pauses. It also says how many bytes each delivery has. Each fuzz input
//! runs three times: in whole pieces, a byte at a time, and in random pieces through either
//! receiving call. The third run also calls `release` between pieces, and tries most writes first
//! with too little space. It leaves out the decisions that the first run rejected. Memory is
//! checked only with small limits, in a run of its own.

use std::fmt::Debug;

use switchover::binding::Bound;
use switchover::state::{Rx, State};
use switchover::{Connection, Content, End, Error, ErrorKind, Event, Paused, Role, Step};

use super::moves::Move;
use super::script::{Script, check_memory};
use super::seen::{Seen, Text, text_of, text_of_event};
use super::tape::Tape;

/// Checks the module's invariant for one fuzz input.
pub fn check(data: &[u8]) {
    crate::path::choose();
    let script = Script::read(data);
    let whole = play(&script, How::Whole, &[]);
    let bytes = play(&script, How::Bytes, &[]);
    assert_same(&whole.log, &bytes.log, "a byte at a time");
    assert_same(&whole.refusals, &bytes.refusals, "a byte at a time");
    let pieces = play(&script, How::Pieces, &whole.refusals);
    assert_same(&whole.log, &pieces.log, "in pieces, without what was refused");
    if script.is_small {
        check_memory(&script);
    }
}

/// Asserts that two lists are equal, and reports only their first difference.
fn assert_same<T: Debug + PartialEq>(whole: &[T], other: &[T], how: &str) {
    let same = whole.iter().zip(other).take_while(|(one, other)| one == other).count();
    assert_eq!(whole.get(same), other.get(same), "at {same}, {how}");
}

/// The sizes of the pieces in which the engine receives the input.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Whole,
    Bytes,
    Pieces,
}

/// An entry of the log: the engine's output, or a successful call of the caller.
#[derive(Debug, PartialEq)]
enum Entry {
    Event { text: Text, position: u64, state: State },
    Content(Text),
    Paused { why: Paused, request: Text, state: State },
    PeerError(Error, State),
    Decided(Move, Text, State),
    Leftover(Text),
}

/// The moment at which the caller makes a decision, which is a call on the engine.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before a delivery, once the engine has processed the earlier bytes.
    Boundary,
    Event,
    Pause,
}

struct Host<'t> {
    connection: Connection,
    role: Role,
    tape: Tape<'t>,
    how: How,
    /// The result of each call in an earlier run; this run skips those that failed.
    refused_before: &'t [Option<ErrorKind>],
    /// The result of each call of the caller in this run; `None` if it succeeded.
    refusals: Vec<Option<ErrorKind>>,
    log: Vec<Entry>,
    content: Vec<u8>,
    input: &'t [u8],
    /// The bytes that have arrived and that the engine has not received.
    ///
    /// `fed` counts the bytes that the engine received or passed, `dropped` those that it rejected
    /// for good.
    arrived: &'t [u8],
    fed: u64,
    dropped: u64,
    /// The position of the protocol switch; `leftover` has the bytes after it.
    switched_at: Option<u64>,
    leftover: Vec<u8>,
    /// True once the decision `skip` was accepted in this run.
    ///
    /// `pass` then does nothing, since `pass_content` does not count content as skipped.
    skips: bool,
    /// The number of pauses at which the caller may still make a call.
    turns: usize,
    /// Set at a pause where the tape's call is not possible; more input clears it.
    ///
    /// While it is set, the engine is not advanced.
    waits: bool,
    is_over: bool,
    /// The state of the random numbers, which only `How::Pieces` uses.
    dice: u32,
}

fn play<'t>(script: &Script<'t>, how: How, refused_before: &'t [Option<ErrorKind>]) -> Host<'t> {
    let mut host = Host {
        connection: Connection::with_config(script.role, script.config.clone()),
        role: script.role,
        tape: script.tape.clone(),
        how,
        refused_before,
        refusals: Vec::new(),
        log: Vec::new(),
        content: Vec::new(),
        input: script.input,
        arrived: &[],
        fed: 0,
        dropped: 0,
        switched_at: None,
        leftover: Vec::new(),
        skips: false,
        turns: 100,
        waits: false,
        is_over: false,
        dice: script.input.len() as u32 | 1,
    };
    let mut end = 0;
    for _ in 0..host.tape.below(4) {
        host.decide(Place::Boundary);
    }
    while !host.is_over {
        host.decide(Place::Boundary);
        end = match host.tape.byte() {
            0 => script.input.len(),
            len => script.input.len().min(end + len as usize * 2),
        };
        host.feed(end);
        if end == script.input.len() {
            break;
        }
    }
    host.finish(script.end);
    assert!(
        host.is_over || host.connection.state().rx != Rx::Closed || host.turns == 0,
        "closed and not said"
    );
    if !host.is_over && host.turns > 0 {
        assert_eq!(host.fed + host.dropped, script.input.len() as u64, "a byte is lost");
    }
    host.tell_leftover();
    host
}

impl<'t> Host<'t> {
    /// Feeds the engine the input up to offset `end`.
    ///
    /// While the caller makes no call at a pause, the engine's buffer may be full. The bytes that
    /// do not fit stay in `arrived`, and the next call of `feed` feeds them.
    fn feed(&mut self, end: usize) {
        let given = (self.fed + self.dropped) as usize;
        // Content that bypassed the engine is already consumed, perhaps beyond `end`.
        self.arrived = &self.input[given..end.max(given)];
        self.waits = false;
        self.drain();
        while !self.arrived.is_empty() && !self.is_over {
            let before = self.arrived.len();
            let piece = self.next_piece();
            self.give(piece);
            self.drain();
            if self.arrived.len() == before {
                return;
            }
        }
    }

    fn next_piece(&mut self) -> &'t [u8] {
        let len = match self.how {
            How::Whole => self.arrived.len(),
            How::Bytes => 1,
            How::Pieces => 1 + self.roll(9) as usize * self.roll(9) as usize,
        };
        &self.arrived[..len.min(self.arrived.len())]
    }

    fn roll(&mut self, bound: u32) -> u32 {
        self.dice = self.dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.dice >> 16) % bound
    }

    fn give(&mut self, piece: &'t [u8]) {
        if self.how == How::Pieces && self.roll(4) == 0 {
            self.connection.release();
        }
        let by_buffer = self.how == How::Pieces && self.roll(2) == 0;
        let given = if by_buffer {
            self.give_by_buffer(piece)
        } else {
            self.connection.receive(piece).map(|()| piece.len())
        };
        let taken = match given {
            Ok(taken) => {
                self.fed += taken as u64;
                taken
            }
            Err(error) => {
                match error.kind() {
                    // The piece stays in `arrived`.
                    ErrorKind::BufferFull => return,
                    ErrorKind::Switched => self.leftover.extend_from_slice(piece),
                    ErrorKind::Closed => {}
                    kind => assert_eq!(self.connection.failure(), Some(error), "{kind:?}"),
                }
                self.dropped += piece.len() as u64;
                piece.len()
            }
        };
        self.arrived = &self.arrived[taken..];
        self.check_position();
    }

    fn give_by_buffer(&mut self, piece: &[u8]) -> Result<usize, Error> {
        let space = self.connection.receive_buffer(piece.len())?;
        let len = space.len().min(piece.len());
        assert!(len > 0, "no space");
        let more = space.len() + 1;
        space[..len].copy_from_slice(&piece[..len]);
        assert_eq!(self.connection.commit(more), 0, "more than there is");
        assert_eq!(self.connection.commit(len), len, "what there is");
        assert_eq!(self.connection.commit(1), 0, "twice");
        Ok(len)
    }

    /// Checks that consumed and unread bytes add up to the bytes fed.
    fn check_position(&self) {
        let (position, unread) =
            (self.connection.position(), self.connection.unread().len() as u64);
        assert_eq!(position + unread, self.fed, "position {position}, unread {unread}");
    }

    fn drain(&mut self) {
        while !self.is_over && !self.waits {
            let step = self.connection.advance();
            self.check_position();
            match step {
                Ok(Step::NeedData) => return,
                Ok(Step::Paused(why)) => {
                    self.settle();
                    let request = self.connection.request().map_or(Text(Vec::new()), |request| {
                        text_of(
                            &format!("{} {}", request.method(), request.target()),
                            request.fields(),
                        )
                    });
                    let paused = Entry::Paused { why, request, state: self.connection.state() };
                    // The engine reports the same pause again whenever bytes arrive; log it once.
                    if self.log.last() != Some(&paused) {
                        self.log.push(paused);
                    }
                    if matches!(why, Paused::Switched | Paused::Closed)
                        || !self.decide(Place::Pause)
                    {
                        self.is_over |= why != Paused::Switched && !self.waits;
                        return;
                    }
                }
                Ok(Step::Event) => self.observe(),
                Err(error) => {
                    self.settle();
                    assert!(
                        error.offset().is_some_and(|at| at <= self.fed),
                        "{error} of {}",
                        self.fed
                    );
                    self.log.push(Entry::PeerError(error, self.connection.state()));
                    if self.role == Role::Server && !self.decide(Place::Pause) {
                        self.is_over = !self.waits;
                        return;
                    }
                }
            }
        }
    }

    fn observe(&mut self) {
        let position = self.connection.position();
        let event = self.connection.event().expect("an event that can be seen");
        let (text, state) = (text_of_event(&event), self.connection.state());
        if let Event::Data(data) = event {
            assert!(!data.is_empty(), "content without a byte");
            return self.content.extend_from_slice(data);
        }
        if let Event::Switched(switched) = event {
            assert_eq!(switched.leftover.len() as u64, self.fed - position, "the leftover");
            self.switched_at = Some(position);
        }
        self.settle();
        self.log.push(Entry::Event { text, position, state });
        if !self.is_over {
            self.decide(Place::Event);
        }
    }

    fn settle(&mut self) {
        if !self.content.is_empty() {
            self.log.push(Entry::Content(Text(std::mem::take(&mut self.content))));
        }
    }

    /// Makes the caller's next decision: that of the tape, or the default one.
    ///
    /// The result matters only at a pause. It is `false` if no decision was made, or if the default
    /// one was rejected.
    fn decide(&mut self, place: Place) -> bool {
        if place == Place::Pause {
            if self.turns == 0 {
                return false;
            }
            self.turns -= 1;
        }
        let from_tape = if self.turns > 50 { Move::read(&mut self.tape) } else { None };
        // The outcome of these decisions depends on how many bytes have been received. That number
        // is the same in all runs only at a boundary.
        let is_possible = |decision: &Move| {
            let needs_all = matches!(
                *decision,
                Move::Request(_) | Move::RESUME | Move::HandOver | Move::Pass(_) | Move::Limits(_)
            );
            place == Place::Boundary || !needs_all
        };
        match from_tape.filter(is_possible) {
            Some(Move::RESUME) => {
                self.take_leftover();
                if self.make(Move::RESUME) {
                    self.tell_leftover();
                }
                true
            }
            Some(Move::Pass(len)) => {
                self.pass(len);
                true
            }
            Some(decision) => self.make(decision) || place == Place::Pause,
            None if place == Place::Pause && from_tape.is_some() => {
                self.waits = true;
                false
            }
            None => self.usual(place),
        }
    }

    /// Consumes up to `len` bytes of content with `pass_content`, past the engine.
    ///
    /// The run that feeds a byte at a time lets the engine receive this content instead. Both must
    /// have the same outcome.
    fn pass(&mut self, len: usize) {
        let waiting = &self.input[(self.fed + self.dropped) as usize..];
        let most = match self.connection.content() {
            Content::None => 0,
            Content::Length(left) | Content::Chunked(left) => left,
            Content::UntilClose => u64::MAX,
        };
        let len = waiting.len().min(len).min(usize::try_from(most).unwrap_or(usize::MAX));
        let state = self.connection.state();
        let is_open =
            state.rx == Rx::Open && self.connection.unread().is_empty() && self.arrived.is_empty();
        if len == 0 || self.skips || !is_open || self.is_over {
            return;
        }
        self.arrived = &waiting[..len];
        if self.how == How::Bytes {
            while !self.arrived.is_empty() {
                let piece = self.next_piece();
                self.give(piece);
                // Each byte is a `Data` event; the end of the message comes only after it.
                assert_eq!(self.connection.advance(), Ok(Step::Event), "content");
                let Some(Event::Data(data)) = self.connection.event() else { panic!("content") };
                self.content.extend_from_slice(data);
            }
        } else {
            self.connection.pass_content(len as u64).expect("as much as is to come");
            self.content.extend_from_slice(self.arrived);
            (self.arrived, self.fed) = (&[], self.fed + len as u64);
        }
        self.check_position();
        self.drain();
    }

    fn usual(&mut self, place: Place) -> bool {
        match (self.role, place) {
            (Role::Client, Place::Boundary) => self.make(Move::GET),
            (_, Place::Boundary | Place::Event) => false,
            (Role::Client, Place::Pause) => self.make(Move::ABANDON),
            (Role::Server, Place::Pause) => {
                self.make(Move::OK) || self.make(Move::END) || self.make(Move::ABANDON)
            }
        }
    }

    /// Makes a call on the connection, unless the call failed in an earlier run.
    ///
    /// Each input of the fuzzer runs several times. Returns whether the call succeeded.
    fn make(&mut self, decision: Move) -> bool {
        let is_left_out = self.refused_before.get(self.refusals.len()).is_some_and(Option::is_some);
        if is_left_out {
            self.refusals.push(self.refused_before[self.refusals.len()]);
            return false;
        }
        let before = Seen::of(&self.connection);
        let mut out = Vec::new();
        let outcome = match self.how {
            How::Pieces if decision.is_written_by_the_engine() => {
                self.make_in_exact_space(decision, &mut out)
            }
            _ => decision.make(&mut self.connection, &mut out),
        };
        let refusal = outcome.err().map(|error| error.kind());
        if refusal.is_some() {
            assert!(out.is_empty(), "{decision:?} is refused and writes");
            assert_eq!(
                Seen::of(&self.connection),
                before,
                "{decision:?} is refused and changes something"
            );
        } else {
            self.skips |= decision == Move::SKIP;
            // After `hand_over` the engine has no current event any more.
            let is_kept = decision != Move::HandOver;
            assert!(
                !is_kept || Seen::of(&self.connection).event == before.event,
                "{decision:?} changes the event that is shown"
            );
            self.settle();
            self.log.push(Entry::Decided(decision, Text(out), self.connection.state()));
        }
        self.refusals.push(refusal);
        refusal.is_none()
    }

    /// Makes a call with no output space, then with a byte too few, then with enough.
    ///
    /// Checks that only the last attempt succeeds, and that the attempts before change nothing. A
    /// call that writes nothing succeeds, or returns its own error, at the first attempt.
    fn make_in_exact_space(&mut self, decision: Move, out: &mut Vec<u8>) -> Result<(), Error> {
        let (before, mut none) = (Seen::of(&self.connection), [0u8; 0]);
        let Err(error) = decision.make(&mut self.connection, &mut &mut none[..]) else {
            return Ok(());
        };
        let Some(needed) = error.needed() else { return Err(error) };
        for space in [needed - 1, needed] {
            assert_eq!(
                Seen::of(&self.connection),
                before,
                "{decision:?} has too little space and changes something"
            );
            let mut exact = vec![0; space];
            let mut rest = &mut exact[..];
            let outcome = decision.make(&mut self.connection, &mut rest);
            if space < needed {
                assert_eq!(outcome, Err(error), "a byte too little space");
            } else {
                assert_eq!((outcome, rest.len()), (Ok(()), 0), "what is needed is used");
                *out = exact;
            }
        }
        Ok(())
    }

    /// Moves the engine's leftover to the front of the host's `leftover`.
    ///
    /// `leftover` then has all bytes of the new protocol in order: those that the engine received,
    /// then those that it rejected with `ErrorKind::Switched`.
    fn take_leftover(&mut self) {
        let taken = self.connection.take_leftover();
        self.leftover.splice(..0, taken);
        self.check_position();
    }

    fn tell_leftover(&mut self) {
        if let Some(at) = self.switched_at.take() {
            let rest = &self.input[at as usize..(self.fed + self.dropped) as usize];
            assert_eq!(self.leftover, rest, "the leftover is the rest of the input");
            self.settle();
            self.log.push(Entry::Leftover(Text(std::mem::take(&mut self.leftover))));
        }
    }

    /// Feeds the rest of the input, then EOF; the caller makes only its default calls.
    fn finish(&mut self, end: End) {
        self.tape = Tape::new(&[]);
        self.feed(self.input.len());
        if self.arrived.is_empty() && !self.is_over {
            self.connection.receive_eof(end);
            self.check_position();
        }
        self.drain();
        self.settle();
        self.take_leftover();
        while self.connection.trace().is_some() {}
    }
}
