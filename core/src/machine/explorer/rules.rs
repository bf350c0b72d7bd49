//! The state machine without one of the rules that look arbitrary, for tests.
//!
//! A rule is removed by changing the result of [`State::apply`], so that the machine itself needs
//! no switch. Rules that are not in `apply` are removed where they are applied: in `side.rs`, or in
//! [`Machine::awaiting`].

use crate::enums::enums;
use crate::error::ErrorKind;
use crate::machine::{
    Awaiting, Expect, Input, Phase, RequestInfo, ResponseInfo, Role, Rx, State, Tx, UpgradeState,
};

/// The state machine, or the state machine without one of its rules.
#[derive(Clone, Copy)]
pub(super) struct Machine {
    without: Option<Rule>,
}

/// A rule of the state machine, removed by a test to show the fault it prevents.
///
/// The table of names at the end of this file states each rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    PipelinedCounts,
    EndHasAPlace,
    OnlyOpenSwitches,
    IdleCloses,
    UnsentContinueCloses,
    OwedContinueNamesCaller,
    ResumeNeedsBoth,
    ResumeTakesLeftover,
    ResumeForgetsEnd,
    NoUnaskedResponse,
    NothingAfterOffer,
    RefusedConnectCloses,
    CloseDropsPipeline,
    EndsDropPersist,
    AcceptLooksAtFraming,
    LateCloseRefused,
    RejectionIsLast,
}

/// The result of `State::apply` without a rule.
///
/// `None` if the rule does not concern the input in that state.
type Bent = Option<Result<State, ErrorKind>>;

impl Machine {
    /// The machine with all of its rules.
    pub(super) const WHOLE: Self = Self { without: None };

    pub(super) const fn without(rule: Rule) -> Self {
        Self { without: Some(rule) }
    }

    pub(super) fn lacks(self, rule: Rule) -> bool {
        self.without == Some(rule)
    }

    pub(super) fn apply(self, state: State, role: Role, input: Input) -> Result<State, ErrorKind> {
        match self.without.and_then(|rule| rule.bent(state, role, input)) {
            Some(bent) => bent,
            None => state.apply(role, input),
        }
    }

    pub(super) fn awaiting(self, state: State, role: Role) -> Awaiting {
        match role {
            Role::Server if self.lacks(Rule::OwedContinueNamesCaller) => {
                State { expect: Expect::None, ..state }.awaiting(role)
            }
            _ => state.awaiting(role),
        }
    }
}

impl Rule {
    /// Returns the result of `State::apply` without this rule.
    ///
    /// `None` if the rule does not concern the input in that state.
    fn bent(self, state: State, role: Role, input: Input) -> Bent {
        match self {
            Self::PipelinedCounts => forget_count(state, role, input),
            Self::OnlyOpenSwitches => reopen(state, role, input),
            Self::IdleCloses => idle_on(state, input),
            Self::UnsentContinueCloses => read_on(state, role, input),
            Self::ResumeNeedsBoth => resume_half(state, input),
            Self::NoUnaskedResponse => answer_nobody(state, role, input),
            Self::NothingAfterOffer => pipeline_behind_offer(state, role, input),
            Self::RefusedConnectCloses => keep_after_connect(state, role, input),
            Self::CloseDropsPipeline => keep_pipeline(state, role, input),
            Self::EndsDropPersist => keep_persist(state, role, input),
            Self::AcceptLooksAtFraming => wait_for_end_event(state, role, input),
            Self::LateCloseRefused => close_late(state, role, input),
            Self::RejectionIsLast => reject_and_read(state, role, input),
            Self::EndHasAPlace
            | Self::OwedContinueNamesCaller
            | Self::ResumeTakesLeftover
            | Self::ResumeForgetsEnd => None,
        }
    }
}

/// Breaks a rule: counts several pipelined requests as one.
fn forget_count(state: State, role: Role, input: Input) -> Bent {
    let next = state.apply(role, input).ok()?;
    (next.pipelined > 1).then_some(Ok(State { pipelined: 1, ..next }))
}

/// Breaks a rule: lets a closed direction switch, completes a truncated request.
fn reopen(state: State, role: Role, input: Input) -> Bent {
    let request = if state.request == Phase::Aborted { Phase::Done } else { state.request };
    let rx = if state.rx == Rx::Closed { Rx::Open } else { state.rx };
    let tx = if state.tx == Tx::Closed { Tx::Open } else { state.tx };
    let next = State { request, rx, tx, ..state }.apply(role, input).ok()?;
    (next.upgrade == UpgradeState::Agreed && state.upgrade != UpgradeState::Agreed)
        .then_some(Ok(next))
}

fn idle_on(state: State, input: Input) -> Bent {
    let applies = input == Input::CloseAfterResponse && state.is_idle() && state.tx == Tx::Open;
    applies.then_some(Ok(State { persist: false, ..state }))
}

/// Breaks a rule: takes a client that waits for a 100 as one that sends content.
fn read_on(state: State, role: Role, input: Input) -> Bent {
    let applies =
        role == Role::Server && matches!(input, Input::Response(_)) && state.expect == Expect::Owed;
    applies.then(|| State { expect: Expect::Begun, ..state }.apply(role, input))
}

fn resume_half(state: State, input: Input) -> Bent {
    let carries = matches!(state.rx, Rx::Open | Rx::Switched) && state.tx != Tx::Closed;
    let applies = input == Input::Resume
        && state.upgrade == UpgradeState::Agreed
        && state.response == Phase::Idle
        && carries;
    applies.then_some(Ok(State {
        rx: Rx::Open,
        tx: Tx::Open,
        upgrade: UpgradeState::Resumed,
        ..state
    }))
}

/// Breaks a rule: sends a final response though no request waits for one.
fn answer_nobody(state: State, role: Role, input: Input) -> Bent {
    let Input::Response(answer) = input else { return None };
    let answer = ResponseInfo { persist: false, ..answer };
    (role == Role::Server && state.next_cycle()).then(|| {
        State { request: Phase::Done, response: Phase::Idle, ..state }
            .apply(role, Input::Response(answer))
    })
}

fn pipeline_behind_offer(state: State, role: Role, input: Input) -> Bent {
    let applies = role == Role::Client && matches!(input, Input::Request(_)) && state.undecided();
    applies.then(|| State { upgrade: UpgradeState::None, ..state }.apply(role, input))
}

/// Breaks a rule: treats a declined CONNECT like a declined Upgrade.
fn keep_after_connect(state: State, role: Role, input: Input) -> Bent {
    let refuses = matches!(input, Input::Response(ResponseInfo { success: false, .. }));
    let applies = role == Role::Server && refuses && state.upgrade == UpgradeState::Connect;
    applies.then(|| State { upgrade: UpgradeState::Offered, ..state }.apply(role, input))
}

/// Breaks a rule: keeps the pipeline after a response with `close`.
fn keep_pipeline(state: State, role: Role, input: Input) -> Bent {
    let Input::Response(answer @ ResponseInfo { persist: false, .. }) = input else { return None };
    (role == Role::Client && state.pipelined > 0).then(|| {
        let next = state.apply(role, Input::Response(ResponseInfo { persist: true, ..answer }))?;
        Ok(State { persist: false, ..next })
    })
}

fn keep_persist(state: State, role: Role, input: Input) -> Bent {
    let ends = matches!(input, Input::End | Input::Fail | Input::DrainLimit | Input::Abandon);
    ends.then(|| state.apply(role, input).map(|next| State { persist: state.persist, ..next }))
}

/// Breaks a rule: ends a request without content one input after its head.
fn wait_for_end_event(state: State, role: Role, input: Input) -> Bent {
    let Input::Request(opening) = input else { return None };
    (role == Role::Server && !opening.content)
        .then(|| state.apply(role, Input::Request(RequestInfo { content: true, ..opening })))
}

fn close_late(state: State, role: Role, input: Input) -> Bent {
    let promised = state.response != Phase::Idle && state.persist && !state.is_idle();
    let applies = role == Role::Server
        && input == Input::CloseAfterResponse
        && promised
        && state.tx == Tx::Open;
    applies.then(|| Ok(State { persist: false, ..state }.close_cycle(role)))
}

/// Breaks a rule: continues to read after `reject`.
fn reject_and_read(state: State, role: Role, input: Input) -> Bent {
    let next = state.apply(role, input).ok()?;
    (input == Input::Reject).then_some(Ok(State {
        request: Phase::Done,
        rx: Rx::Open,
        persist: true,
        ..next
    }))
}

enums! {
    Rule {
        PipelinedCounts = "`pipelined` counts; it is not none, one or many",
        EndHasAPlace = "an end of input has a place in the byte order",
        OnlyOpenSwitches = "only an Open direction becomes Switched",
        IdleCloses = "`close_after_response` while idle closes at once",
        UnsentContinueCloses = "after a final response with the 100 unsent nothing further is read",
        OwedContinueNamesCaller = "`awaiting` names the caller while a 100 is owed",
        ResumeNeedsBoth = "`resume_http` needs both directions switched",
        ResumeTakesLeftover = "`resume_http` needs the leftover taken",
        ResumeForgetsEnd = "`resume_http` forgets an earlier end",
        NoUnaskedResponse = "no response without a request",
        NothingAfterOffer = "nothing is pipelined after an offer",
        RefusedConnectCloses = "a server closes after a refused CONNECT",
        CloseDropsPipeline = "a response with `close` drops what is after it",
        EndsDropPersist = "all that ends a direction drops `persist`",
        AcceptLooksAtFraming = "`accept` looks at framing, not at the event shown",
        LateCloseRefused = "`close_after_response` is refused once the final head has left",
        RejectionIsLast = "nothing is read after `reject`",
    }
}
