//! One end of a connection, as the explorer models it.
//!
//! It consists of the state machine and the few other facts of a `Connection` that matter. It has
//! the conditions under which messages are read, and every choice that a caller has.

use std::prelude::v1::*;
use std::vec;

use super::fault::Fault;
use super::roles::{answers, openings};
use super::rules::{Machine, Rule};
use super::wire::{Message, NEXT, NOBODY, Queue, What};
use crate::machine::{Awaiting, Input, Phase, ResponseInfo, Role, Rx, State, Tx};

/// The maximum number of unanswered requests in the exploration.
///
/// The machine's own limit is far higher. Three requests already have every kind of position in a
/// pipeline: first, last and in between.
pub(super) const PIPELINE: u8 = 3;

/// The bounds of the exploration.
#[derive(Clone, Copy)]
pub(super) struct Scope {
    pub(super) machine: Machine,
    /// Set if callers may abandon, and discarded content may exceed `limits.drain`.
    pub(super) gives_up: bool,
    /// Set if a client may send its content before the 100 that it expects.
    pub(super) impatient: bool,
}

impl Scope {
    /// The smaller bounds, for the product and the evidence in every test run.
    pub(super) const SMALL: Self =
        Self { machine: Machine::WHOLE, gives_up: false, impatient: false };

    /// The full bounds, for peers that break rules, and for the product in `tests/run`.
    pub(super) const FULL: Self = Self { machine: Machine::WHOLE, gives_up: true, impatient: true };
}

/// One end of a connection: a client or a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Side {
    pub(super) role: Role,
    pub(super) state: State,
    /// The number of times that this end has resumed HTTP.
    pub(super) layer: u8,
    /// Set once this end has sent the end of its bytes in the current layer.
    pub(super) ended: bool,
    /// Set once this end has given up, so that the peer may rightly miss something.
    ///
    /// It has truncated a message, rejected a request, or closed while one may be in transit. Or
    /// the peer has broken the protocol or given up.
    pub(super) gave_up: bool,
    /// Set if input received before `Resume` was unread at that time.
    ///
    /// Only a machine without one of its rules allows that.
    pub(super) keeps_old: bool,
    /// Server: the age of the current request, as in [`Message::age`].
    pub(super) age: u8,
}

/// A choice of the caller, and its effect.
pub(super) struct Move {
    pub(super) act: Act,
    pub(super) side: Side,
    pub(super) sends: Vec<What>,
    pub(super) is_due: bool,
}

/// A step in the printed path.
#[derive(Clone, Copy, Debug)]
#[expect(dead_code, reason = "read through Debug")]
pub(super) enum Act {
    Reads(Message),
    Sends(What),
    Does(Input),
}

impl Side {
    pub(super) fn new(role: Role) -> Self {
        Self {
            role,
            state: State::NEW,
            layer: 0,
            ended: false,
            gave_up: false,
            keeps_old: false,
            age: if role == Role::Server { NOBODY } else { 0 },
        }
    }

    /// Returns whether neither direction carries HTTP any more.
    pub(super) fn is_over(self) -> bool {
        self.state.is_over()
    }

    /// Returns whether this end ignores all further bytes.
    ///
    /// The direction has ended, or the caller has closed the transport.
    pub(super) fn is_deaf(self) -> bool {
        matches!(self.state.rx, Rx::Closed | Rx::Failed) || (self.gave_up && self.is_over())
    }

    /// Returns whether this end waits for the peer.
    ///
    /// It does not while it must itself still end the transport's direction.
    pub(super) fn waits(self, scope: &Scope) -> bool {
        let has_ended = self.state.tx != Tx::Closed || self.ended;
        has_ended
            && match scope.machine.awaiting(self.state, self.role) {
                Awaiting::Caller | Awaiting::Nothing => false,
                Awaiting::Request
                | Awaiting::Head
                | Awaiting::Content
                | Awaiting::Response
                | Awaiting::Continue => true,
            }
    }

    /// Returns this end with a new `state`, and with `age` and `gave_up` adapted to it.
    fn with(self, state: State) -> Self {
        let is_done = state.is_idle() || (state.is_over() && !state.is_switched());
        let is_between = self.role == Role::Server && is_done;
        let cuts = self.role == Role::Client
            && self.state.request == Phase::Body
            && state.request == Phase::Aborted;
        Self {
            state,
            age: if is_between { NOBODY } else { self.age },
            gave_up: self.gave_up || cuts,
            ..self
        }
    }

    /// Returns this end after it has found that the peer broke the protocol.
    pub(super) fn failed(self, scope: &Scope) -> Self {
        let state = scope.machine.apply(self.state, self.role, Input::Fail).unwrap_or(self.state);
        Self { gave_up: true, ..self.with(state) }
    }

    // Receiving.

    /// Reads the next message; `None` if it is not read yet.
    pub(super) fn read(self, scope: &Scope, message: Message) -> Option<Result<Self, Fault>> {
        // The end of the transport ends every layer.
        let ends_all = message.what == What::Eof { gave_up: true };
        if self.is_deaf() {
            Some(Ok(self))
        } else if message.layer < self.layer && !ends_all {
            Some(self.read_old(scope, message.what))
        } else if self.state.rx == Rx::Switched {
            self.read_switched(scope, message)
        } else {
            self.read_http(scope, message)
        }
    }

    /// Reads bytes of the layer below the current one.
    ///
    /// They belong to the protocol between the two HTTP layers. Bytes reach the engine only if they
    /// were received before `Resume` and not taken.
    fn read_old(self, scope: &Scope, what: What) -> Result<Self, Fault> {
        match what {
            What::Http(_) => Err(Fault::WrongLayer),
            What::Foreign if self.keeps_old => Err(Fault::ForeignAtHttp),
            What::Eof { gave_up } if self.keeps_old => self.meet_end(scope, gave_up),
            What::Foreign | What::Eof { .. } => Ok(self),
        }
    }

    /// Reads bytes while this end speaks the new protocol.
    ///
    /// Bytes of a higher layer wait until HTTP is resumed here too.
    fn read_switched(self, scope: &Scope, message: Message) -> Option<Result<Self, Fault>> {
        match message.what {
            _ if message.layer > self.layer => None,
            What::Http(_) => Some(Err(Fault::HttpAtSwitched)),
            // The end of the transport stays for the next layer to read; the end of this layer is
            // forgotten.
            What::Eof { gave_up } if gave_up || scope.machine.lacks(Rule::ResumeForgetsEnd) => None,
            What::Foreign | What::Eof { .. } => Some(Ok(self)),
        }
    }

    fn read_http(self, scope: &Scope, message: Message) -> Option<Result<Self, Fault>> {
        let ends_early =
            matches!(message.what, What::Eof { .. }) && scope.machine.lacks(Rule::EndHasAPlace);
        if !self.is_reading() && !ends_early {
            return None;
        }
        Some(match message.what {
            _ if message.layer > self.layer => Err(Fault::WrongLayer),
            What::Foreign => Err(Fault::ForeignAtHttp),
            What::Eof { gave_up } => self.meet_end(scope, gave_up),
            What::Http(input) => self.take(scope, input, message.age),
        })
    }

    /// Returns whether this end takes its next message now; a client always does.
    ///
    /// A server does while a request is incomplete, or while it is idle on a connection that
    /// persists.
    fn is_reading(self) -> bool {
        self.role == Role::Client || self.state.request == Phase::Body || self.state.next_cycle()
    }

    fn take(self, scope: &Scope, input: Input, age: u8) -> Result<Self, Fault> {
        let is_request = matches!(input, Input::Request(_));
        if is_request && self.role == Role::Server && self.state.request == Phase::Body {
            return Err(Fault::RequestAsContent);
        }
        let expected = match self.role {
            Role::Server if is_request => age,
            Role::Server => self.age,
            // After a response with `close` has dropped the later requests, the end of a response
            // has no request to match.
            Role::Client if input == Input::ResponseEnd => age,
            Role::Client => self.state.pipelined,
        };
        if self.role == Role::Client && age == NEXT {
            // The client has sent no request: this is no response, and the connection fails.
            return Ok(self.failed(scope));
        }
        if age != expected {
            return Err(Fault::Mismatched);
        }
        let state =
            scope.machine.apply(self.state, self.role, input).map_err(|_| Fault::Refused)?;
        Ok(Self { age: if is_request { age } else { self.age }, ..self }.with(state))
    }

    /// Applies the end of the peer's bytes.
    ///
    /// Between messages it is regular. Within a message it fails the connection if the peer has
    /// given up. If the peer has not, or if this end is a server that has sent `close`, it is the
    /// fault `Blamed`.
    fn meet_end(self, scope: &Scope, gave_up: bool) -> Result<Self, Fault> {
        if let Ok(state) = scope.machine.apply(self.state, self.role, Input::End) {
            return Ok(self.with(state));
        }
        let has_said_close =
            self.role == Role::Server && self.state.response == Phase::Done && !self.state.persist;
        if !gave_up || has_said_close {
            return Err(Fault::Blamed);
        }
        Ok(self.failed(scope))
    }

    // Deciding.

    /// Returns every choice of the caller, given the messages in transit to this end.
    pub(super) fn moves(self, scope: &Scope, coming: Queue) -> Vec<Move> {
        let mut moves = self.moves_of_both(scope, coming.first());
        match self.role {
            Role::Client => self.client_moves(scope, &mut moves),
            Role::Server => {
                self.server_moves(scope, &mut moves);
                moves.extend(
                    [false, true]
                        .into_iter()
                        .filter_map(|content| self.reject(scope, coming, content)),
                );
            }
        }
        moves
    }

    fn moves_of_both(self, scope: &Scope, next: Option<Message>) -> Vec<Move> {
        let mut moves = self.byte_moves();
        moves.extend(self.resume(scope, next));
        moves.extend(self.close_after_response(scope));
        if scope.gives_up {
            let gives_up =
                [Input::Abandon, Input::DrainLimit].map(|input| self.give_up(scope, input));
            moves.extend(gives_up.into_iter().flatten());
        }
        moves
    }

    /// Returns the choices to send bytes of the new protocol, or EOF.
    fn byte_moves(self) -> Vec<Move> {
        let send =
            |what, side, is_due| Move { act: Act::Sends(what), side, sends: vec![what], is_due };
        let end = |is_due| {
            send(What::Eof { gave_up: self.gave_up }, Self { ended: true, ..self }, is_due)
        };
        let has_asked_last =
            self.role == Role::Client && self.state.request == Phase::Done && !self.state.persist;
        match self.state.tx {
            _ if self.ended => vec![],
            Tx::Closed => vec![end(true)],
            Tx::Switched if self.gave_up => vec![end(true)],
            // The new protocol may stay silent, and may end the transport.
            Tx::Switched => vec![send(What::Foreign, self, false), end(false)],
            // A client that has sent its last request may half-close the transport.
            Tx::Open if has_asked_last => vec![end(false)],
            Tx::Open => vec![],
        }
    }

    /// Returns the choice to resume HTTP in the new protocol after the switch.
    ///
    /// `None` if the machine rejects that, or if this end has given up. Also if `next`, the next
    /// message in transit to this end, is leftover that was not taken. Also if this end has resumed
    /// HTTP before, which keeps the exploration finite.
    fn resume(self, scope: &Scope, next: Option<Message>) -> Option<Move> {
        if self.layer > 0 || self.gave_up {
            return None;
        }
        let keeps_old = match next.filter(|next| next.layer == 0).map(|next| next.what) {
            None => false,
            Some(What::Eof { .. }) => scope.machine.lacks(Rule::ResumeForgetsEnd),
            // The leftover was not taken.
            Some(_)
                if self.state.rx == Rx::Switched
                    && !scope.machine.lacks(Rule::ResumeTakesLeftover) =>
            {
                return None;
            }
            Some(_) => scope.machine.lacks(Rule::ResumeTakesLeftover),
        };
        let step = self.decide(scope, Input::Resume, &[], true)?;
        Some(Move { side: Self { layer: 1, ended: false, keeps_old, ..step.side }, ..step })
    }

    /// Returns the choice to close after the current response, or at once if idle.
    ///
    /// If idle, a request may be in transit: HTTP has no remedy for that. `None` if the choice
    /// changes nothing, or if the machine rejects it.
    fn close_after_response(self, scope: &Scope) -> Option<Move> {
        let input = Input::CloseAfterResponse;
        if self.state.is_idle() {
            return self.give_up(scope, input);
        }
        self.decide(scope, input, &[], false).filter(|step| step.side != self)
    }

    /// Returns the choice to give up by `input`, which closes the transport too.
    ///
    /// It is a choice even if this end's direction was closed before. `None` if it changes nothing,
    /// or if the machine rejects it.
    fn give_up(self, scope: &Scope, input: Input) -> Option<Move> {
        let step = self.decide(scope, input, &[], false)?;
        let side = Side { gave_up: true, ended: self.ended && self.gave_up, ..step.side };
        (side != self).then_some(Move { side, ..step })
    }

    fn client_moves(self, scope: &Scope, moves: &mut Vec<Move>) {
        if self.ended {
            return;
        }
        if self.state.pipelined + 1 < PIPELINE || self.state.is_idle() {
            let openings = openings(Role::Client).map(Input::Request);
            moves.extend(
                openings.filter_map(|input| self.decide(scope, input, &[What::Http(input)], true)),
            );
        }
        if scope.impatient || scope.machine.awaiting(self.state, self.role) != Awaiting::Continue {
            let parts = [Input::RequestContent, Input::RequestEnd];
            moves.extend(
                parts
                    .into_iter()
                    .filter_map(|input| self.decide(scope, input, &[What::Http(input)], true)),
            );
        }
    }

    fn server_moves(self, scope: &Scope, moves: &mut Vec<Move>) {
        let parts = [Input::Continue, Input::Informational, Input::ResponseEnd];
        moves.extend(parts.into_iter().filter_map(|input| {
            // An informational response other than 100 changes no state.
            self.decide(scope, input, &[What::Http(input)], input != Input::Informational)
        }));
        moves.extend(answers(self.state.upgrade).filter_map(|answer| self.answer(scope, answer)));
        // If the request is complete, both variants have the same effect.
        moves.extend([false, true].into_iter().find_map(|early| self.switch(scope, early)));
    }

    fn answer(self, scope: &Scope, answer: ResponseInfo) -> Option<Move> {
        let step = self.decide(scope, Input::Response(answer), &[], true)?;
        // The head's `Connection` field tells what the state machine decided.
        let persist = step.side.state.persist;
        let head = What::Http(Input::Response(ResponseInfo { persist, ..answer }));
        Some(Move { sends: vec![head], ..step })
    }

    /// Returns the choice to send the last response, with `reject`.
    ///
    /// It responds to the request that waits for one, or else to the next request. That is in
    /// transit, or the client has yet to send it. The response head is part of the same call, and
    /// never a 2xx. `None` if the machine rejects the call.
    fn reject(self, scope: &Scope, coming: Queue, content: bool) -> Option<Move> {
        let step = self.decide(scope, Input::Reject, &[], false)?;
        let answer = ResponseInfo { success: false, content, persist: true };
        let state =
            scope.machine.apply(step.side.state, self.role, Input::Response(answer)).ok()?;
        let is_asked = !self.state.is_idle();
        let age = if is_asked { self.age } else { coming.first_request().unwrap_or(NEXT) };
        let head = What::Http(Input::Response(ResponseInfo { persist: state.persist, ..answer }));
        // The request is never read, so the server has given up on it.
        let side = Side { age, gave_up: true, ..step.side.with(state) };
        Some(Move { side, sends: vec![head], ..step })
    }

    fn switch(self, scope: &Scope, early: bool) -> Option<Move> {
        let switch = What::Http(Input::Switch { early: true });
        // A 100 that is expected goes out before the 101.
        let sends = if self.state.continue_unsent() {
            vec![What::Http(Input::Continue), switch]
        } else {
            vec![switch]
        };
        self.decide(scope, Input::Switch { early }, &sends, true)
    }

    /// Returns the caller's choice of an input as a move, if the machine accepts it.
    fn decide(self, scope: &Scope, input: Input, sends: &[What], is_due: bool) -> Option<Move> {
        let state = scope.machine.apply(self.state, self.role, input).ok()?;
        Some(Move { act: Act::Does(input), side: self.with(state), sends: sends.to_vec(), is_due })
    }
}
