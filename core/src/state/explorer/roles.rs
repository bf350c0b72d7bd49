//! Each role alone, fed with every input in every state.

use std::collections::BTreeSet;
use std::prelude::v1::*;
use std::{format, vec};

use super::fault::Fault;
use super::rules::Machine;
use super::search::{Found, Model, Step, Until, search};
use super::side::PIPELINE;
use crate::state::{
    Answer, Awaiting, Expect, Input, Opening, Peer, Phase, Rejected, Role, Rx, State, Turn, Tx, PIPELINE as MACHINE_PIPELINE,
};

/// A machine that receives and decides anything.
pub(super) struct Alone {
    pub(super) role: Role,
    pub(super) machine: Machine,
}

/// Every request head that can reach the machine of `role`.
pub(super) fn openings(role: Role) -> impl Iterator<Item = Opening> {
    // Our client speaks HTTP/1.1; a server is told what its client speaks.
    let versions: &[Peer] = if role == Role::Client { &[Peer::V11] } else { &[Peer::V10, Peer::V11] };
    let turns = [Turn::None, Turn::Offered, Turn::Connect];
    versions.iter().flat_map(move |&version| turns.into_iter().flat_map(move |turn| heads(turn, version))).filter(
        move |opening| match opening.turn {
            // HTTP/1.0 ignores Upgrade.
            Turn::Offered => opening.version == Peer::V11,
            // A CONNECT with content is refused before the machine sees it.
            Turn::Connect => !opening.content,
            _ => true,
        },
    )
}

fn heads(turn: Turn, version: Peer) -> impl Iterator<Item = Opening> {
    // An expectation without content is not sent, and means nothing where it is received.
    let contents = [(false, false), (true, false), (true, true)];
    contents.into_iter().flat_map(move |(content, expect)| {
        [false, true].map(|persist| Opening { turn, content, expect, persist, version })
    })
}

/// Every final response head to a request with this turn. Success means something to a CONNECT alone.
pub(super) fn answers(turn: Turn) -> impl Iterator<Item = Answer> {
    let tunnel = Answer { success: true, content: false, persist: true };
    let plain = [(false, false), (false, true), (true, false), (true, true)]
        .map(|(content, persist)| Answer { success: false, content, persist });
    plain.into_iter().chain((turn == Turn::Connect).then_some(tunnel))
}

/// Every input that `role` can meet where the latest request has this turn.
pub(super) fn inputs(role: Role, turn: Turn) -> Vec<Input> {
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
        Input::CloseAfterResponse,
        Input::Abandon,
        Input::Resume,
        Input::Preface,
    ];
    inputs.extend(openings(role).map(Input::Request));
    inputs.extend(answers(turn).map(Input::Response));
    inputs
}

impl Model for Alone {
    type Node = State;
    type Label = Input;

    fn start(&self) -> State {
        State::NEW
    }

    fn steps(&self, node: &State, steps: &mut Vec<Step<Self>>) {
        for label in inputs(self.role, node.turn) {
            let Ok(next) = self.machine.apply(*node, self.role, label) else { continue };
            if next.behind < PIPELINE {
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
    /// What no input may do.
    fn edge_fault(&self, from: State, input: Input, to: State) -> Option<Fault> {
        let closed = |rx, tx| (matches!(rx, Rx::Closed | Rx::Failed), tx == Tx::Closed);
        let (rx_was, tx_was) = closed(from.rx, from.tx);
        let left = (from.rx == Rx::Switched && to.rx != Rx::Switched) || (from.tx == Tx::Switched && to.tx != Tx::Switched);
        match input {
            _ if (rx_was && from.rx != to.rx) || (tx_was && from.tx != to.tx) => Some(Fault::Reopened),
            _ if left && input != Input::Resume => Some(Fault::SwitchLeft),
            _ if from.is_over() && !to.is_over() && input != Input::Resume => Some(Fault::Undead),
            _ if to.persist && !from.persist => Some(Fault::KeepAliveReturned),
            Input::Request(_) | Input::RequestEnd if !self.accepts_at_once(to) => Some(Fault::AcceptPostponed),
            _ => None,
        }
    }

    /// A server with an offer whose request is complete by its framing may accept it.
    fn accepts_at_once(&self, state: State) -> bool {
        let was_complete = |state: State| self.machine.apply(state, self.role, Input::RequestEnd).is_err();
        self.role == Role::Client || state.turn != Turn::Offered || !was_complete(state) || {
            self.machine.apply(state, self.role, Input::Switch { early: false }).is_ok()
        }
    }

    /// What no state may be.
    fn node_fault(&self, state: State) -> Option<Fault> {
        let answers_switched = match self.role {
            Role::Client => state.rx == Rx::Switched,
            Role::Server => state.tx == Tx::Switched,
        };
        let is_ended = matches!(state.rx, Rx::Closed | Rx::Failed) || state.tx == Tx::Closed;
        let is_answered = state.behind == 0 && state.response != Phase::Idle;
        if (state.turn == Turn::Agreed) != answers_switched {
            Some(Fault::AgreedElsewhere)
        } else if is_ended && state.persist {
            Some(Fault::KeepAliveAfterEnd)
        } else if is_answered && state.expect != Expect::None && state.request == Phase::Body {
            Some(Fault::ExpectStray)
        } else {
            None
        }
    }
}

#[test]
fn each_role_alone() {
    for &role in Role::ALL {
        let found = search(&Alone { role, machine: Machine::WHOLE }, Until::Exhausted);
        found.assert_sound(role.name());
    }
}
