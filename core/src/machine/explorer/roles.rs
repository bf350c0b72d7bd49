//! Each role alone, given every input in every state.

use std::prelude::v1::*;
use std::vec;

use super::fault::Fault;
use super::rules::Machine;
use super::search::{Model, Step, Until, search};
use super::side::PIPELINE;
use crate::machine::{
    ClientVersion, Expect, Input, Phase, RequestInfo, ResponseInfo, Role, Rx, State, Tx,
    UpgradeState,
};

/// A single state machine, to which any message and any call may come at any time.
pub(super) struct Alone {
    pub(super) role: Role,
    pub(super) machine: Machine,
}

/// Returns every request head that a machine of `role` distinguishes and can get.
pub(super) fn openings(role: Role) -> impl Iterator<Item = RequestInfo> {
    // Our client speaks HTTP/1.1; a server's client may speak either version.
    let versions: &[ClientVersion] = if role == Role::Client {
        &[ClientVersion::Http11]
    } else {
        &[ClientVersion::Http10, ClientVersion::Http11]
    };
    let turns = [UpgradeState::None, UpgradeState::Offered, UpgradeState::Connect];
    versions
        .iter()
        .flat_map(move |&version| {
            turns.into_iter().flat_map(move |upgrade| heads(upgrade, version))
        })
        .filter(move |opening| match opening.upgrade {
            // In HTTP/1.0, Upgrade is ignored.
            UpgradeState::Offered => opening.version == ClientVersion::Http11,
            // A CONNECT with content is rejected before the machine sees it.
            UpgradeState::Connect => !opening.content,
            _ => true,
        })
}

fn heads(upgrade: UpgradeState, version: ClientVersion) -> impl Iterator<Item = RequestInfo> {
    // An expectation without content is never sent, and is ignored when received.
    let contents = [(false, false), (true, false), (true, true)];
    contents.into_iter().flat_map(move |(content, expect)| {
        [false, true].map(|persist| RequestInfo { upgrade, content, expect, persist, version })
    })
}

/// Returns every final response head that may follow a request with this upgrade.
pub(super) fn answers(upgrade: UpgradeState) -> impl Iterator<Item = ResponseInfo> {
    let each = [false, true];
    let answers = each.into_iter().flat_map(move |success| {
        each.into_iter()
            .flat_map(move |content| each.map(|persist| ResponseInfo { success, content, persist }))
    });
    // A 2xx to CONNECT has no content.
    answers.filter(move |answer| {
        upgrade != UpgradeState::Connect || !answer.success || !answer.content
    })
}

/// Returns every input that `role` can get after a request with this upgrade.
pub(super) fn inputs(role: Role, upgrade: UpgradeState) -> Vec<Input> {
    let mut inputs = vec![
        Input::RequestContent,
        Input::RequestEnd,
        Input::Continue,
        Input::Informational,
        Input::Switch { early: false },
        Input::Switch { early: true },
        Input::ResponseEnd,
        Input::End,
        Input::Fail,
        Input::DrainLimit,
        Input::Reject,
        Input::CloseAfterResponse,
        Input::Abandon,
        Input::Resume,
        Input::Preface,
    ];
    inputs.extend(openings(role).map(Input::Request));
    inputs.extend(answers(upgrade).map(Input::Response));
    inputs
}

impl Model for Alone {
    type Node = State;
    type Label = Input;

    fn start(&self) -> State {
        State::NEW
    }

    fn steps(&self, node: &State, steps: &mut Vec<Step<Self>>) {
        for label in inputs(self.role, node.upgrade) {
            let Ok(next) = self.machine.apply(*node, self.role, label) else { continue };
            if next.pipelined < PIPELINE {
                let to = self.edge_fault(*node, label, next).map_or(Ok(next), Err);
                steps.push(Step { label, to, is_due: true });
            }
        }
    }

    fn check(&self, node: &State, _: &[Step<Self>]) -> Option<Fault> {
        self.node_fault(*node)
    }
}

impl Alone {
    /// Returns the fault of a transition; `None` if the transition is sound.
    fn edge_fault(&self, from: State, input: Input, to: State) -> Option<Fault> {
        let had_ended =
            |state: State| (matches!(state.rx, Rx::Closed | Rx::Failed), state.tx == Tx::Closed);
        let had_switched = |state: State| (state.rx == Rx::Switched, state.tx == Tx::Switched);
        let changes = |(rx, tx): (bool, bool)| (rx && from.rx != to.rx) || (tx && from.tx != to.tx);
        match input {
            _ if changes(had_ended(from)) => Some(Fault::Reopened),
            _ if changes(had_switched(from)) && input != Input::Resume => Some(Fault::SwitchLeft),
            _ if from.is_over() && !to.is_over() && input != Input::Resume => Some(Fault::Undead),
            _ if to.persist && !from.persist => Some(Fault::KeepAliveReturned),
            _ if completes(input) && !self.accepts_at_once(to) => Some(Fault::AcceptPostponed),
            _ => None,
        }
    }

    /// Returns whether a server can accept the offer in this state at once.
    ///
    /// True for a client, and if there is no offer to accept.
    fn accepts_at_once(&self, state: State) -> bool {
        let is_asked = self.role == Role::Server && state.upgrade == UpgradeState::Offered;
        !is_asked || self.machine.apply(state, self.role, Input::Switch { early: false }).is_ok()
    }

    /// Returns the fault of a state; `None` if the state is sound.
    fn node_fault(&self, state: State) -> Option<Fault> {
        let answers_switched = match self.role {
            Role::Client => state.rx == Rx::Switched,
            Role::Server => state.tx == Tx::Switched,
        };
        let is_ended = matches!(state.rx, Rx::Closed | Rx::Failed) || state.tx == Tx::Closed;
        let is_answered = state.pipelined == 0 && state.response != Phase::Idle;
        if (state.upgrade == UpgradeState::Agreed) != answers_switched {
            Some(Fault::AgreedElsewhere)
        } else if is_ended && state.persist {
            Some(Fault::KeepAliveAfterEnd)
        } else if is_answered && state.expect != Expect::None && state.request == Phase::Body {
            // The 100 would come after the head of the final response.
            Some(Fault::ExpectStray)
        } else {
            None
        }
    }
}

/// Returns whether this input completes a request.
///
/// It is the end of a request, or a head without content.
fn completes(input: Input) -> bool {
    match input {
        Input::Request(opening) => !opening.content,
        _ => input == Input::RequestEnd,
    }
}

#[test]
fn each_role_alone() {
    for &role in Role::ALL {
        let found = search(&Alone { role, machine: Machine::WHOLE }, Until::Exhausted);
        found.assert_sound(role.name());
    }
}
