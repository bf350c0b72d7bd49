//! Each role against a peer that breaks a rule.
//!
//! Two ends that both keep the rules cannot show what all of the rules are for. The peer knows at
//! once what our side has sent; only its own messages wait in a queue.

use std::prelude::v1::*;
use std::vec;

use super::fault::Fault;
use super::roles::{answers, openings};
use super::search::{Model, Step, Until, search};
use super::side::{Act, Move, Scope, Side};
use super::wire::{Message, Queue, What};
use crate::enums::enums;
use crate::machine::{ClientVersion, Input, Phase, RequestInfo, ResponseInfo, Role, UpgradeState};

/// The kind of a peer, by the rule that it breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Habit {
    /// A client that sends the new protocol right after its offer or CONNECT.
    SpeaksEarly,
    /// A client that omits the content for which it expected a 100.
    ///
    /// It gets a final response instead, and continues with its next request.
    DropsContent,
    /// A client that sends another request after its offer.
    ///
    /// It wants that request to be read as if it came through the new protocol.
    Injects,
    /// A server that declines, and sends the new protocol all the same.
    TunnelsAnyway,
}

/// The model of our side and a peer that breaks a rule.
#[derive(Clone, Copy)]
pub(super) struct Against {
    pub(super) scope: Scope,
    pub(super) habit: Habit,
}

/// The state of our side and of the peer, and the peer's messages not yet read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Pair {
    side: Side,
    mind: Mind,
    queue: Queue,
}

/// The state of the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Mind {
    /// The peer is between two messages.
    Free,
    /// The peer waits for a 100 before it sends its content.
    Holding,
    /// The peer is sending content, after a head that offers or declines this upgrade.
    Sending(UpgradeState),
    /// The peer sends the offered protocol, or tunnelled bytes.
    Tunnelling(UpgradeState),
    /// The peer has made an offer, and now sends plain requests.
    Injecting,
}

impl Against {
    fn role(&self) -> Role {
        match self.habit {
            Habit::SpeaksEarly | Habit::DropsContent | Habit::Injects => Role::Server,
            Habit::TunnelsAnyway => Role::Client,
        }
    }

    /// Returns the messages that the peer may send next.
    ///
    /// Each has the peer's state after it.
    fn sends(&self, node: &Pair) -> Vec<(What, Mind)> {
        match (self.role(), node.mind) {
            (_, Mind::Tunnelling(_)) => vec![(What::Foreign, node.mind)],
            (_, Mind::Injecting) => vec![(What::Http(Input::Request(PLAIN)), Mind::Injecting)],
            (Role::Client, Mind::Free) => self.refusals(node),
            (Role::Client, Mind::Sending(upgrade)) => {
                vec![(What::Http(Input::ResponseEnd), self.mind_after(upgrade))]
            }
            (Role::Server, Mind::Free) => {
                openings(Role::Server).filter_map(|opening| self.asks(opening)).collect()
            }
            (Role::Server, Mind::Sending(upgrade)) => {
                let end = (What::Http(Input::RequestEnd), self.mind_after(upgrade));
                vec![(What::Http(Input::RequestContent), node.mind), end]
            }
            // Its head has been read and responded to, without a 100.
            (_, Mind::Holding)
                if node.queue.is_empty() && node.side.state.response != Phase::Idle =>
            {
                self.sends(&Pair { mind: Mind::Free, ..*node })
            }
            (_, Mind::Holding) => vec![],
        }
    }

    fn asks(&self, opening: RequestInfo) -> Option<(What, Mind)> {
        let drops = self.habit == Habit::DropsContent;
        let mind = match opening {
            RequestInfo { expect: true, version: ClientVersion::Http11, .. } if drops => {
                Mind::Holding
            }
            RequestInfo { content: true, upgrade, .. } => Mind::Sending(upgrade),
            RequestInfo { upgrade, .. } => self.mind_after(upgrade),
        };
        // A client that drops its content does not also make offers.
        (!drops || opening.upgrade == UpgradeState::None)
            .then_some((What::Http(Input::Request(opening)), mind))
    }

    /// Returns the peer's state after it has made or declined this offer.
    fn mind_after(&self, upgrade: UpgradeState) -> Mind {
        match (self.habit, upgrade) {
            (
                Habit::SpeaksEarly | Habit::TunnelsAnyway,
                UpgradeState::Offered | UpgradeState::Connect,
            ) => Mind::Tunnelling(upgrade),
            (Habit::Injects, UpgradeState::Offered) => Mind::Injecting,
            _ => Mind::Free,
        }
    }

    /// Returns the responses by which a server declines the oldest request.
    ///
    /// No 2xx is among them: it would accept a CONNECT.
    fn refusals(&self, node: &Pair) -> Vec<(What, Mind)> {
        let state = node.side.state;
        if state.request == Phase::Idle || state.response != Phase::Idle || !node.queue.is_empty() {
            return vec![];
        }
        let refused = if state.pipelined == 0 { state.upgrade } else { UpgradeState::None };
        let refusals = answers(UpgradeState::None).filter(|answer| !answer.success);
        let send = |answer: ResponseInfo| {
            let mind =
                if answer.content { Mind::Sending(refused) } else { self.mind_after(refused) };
            (What::Http(Input::Response(answer)), mind)
        };
        refusals.map(send).collect()
    }

    /// Returns our side after it has read the peer's next message.
    ///
    /// `None` if our side does not read it yet. A fault that the peer itself causes is not ours: it
    /// is ignored, or replaced by one that HTTP allows.
    ///
    /// If our side rejects the message, its connection fails.
    fn read(&self, node: &Pair, message: Message) -> Option<Result<Side, Fault>> {
        let side = node.side;
        // The peer breaks one rule only: its messages belong to the right request.
        let message = Message {
            age: if self.role() == Role::Client { side.state.pipelined } else { 0 },
            ..message
        };
        Some(side.read(&self.scope, message)?.or_else(|fault| match (fault, node.mind) {
            (Fault::ForeignAtHttp, Mind::Tunnelling(UpgradeState::Offered)) => {
                Err(Fault::EarlyAfterUpgrade)
            }
            (Fault::ForeignAtHttp, Mind::Tunnelling(UpgradeState::Connect))
                if self.role() == Role::Client =>
            {
                Err(Fault::TunnelAfterRefusal)
            }
            (Fault::RequestAsContent, _) if !side.state.persist => Err(Fault::DiscardedAfterClose),
            // HTTP after the switch is rejected by the new protocol, before `Resume` and after it.
            (Fault::HttpAtSwitched, _) => Ok(side),
            (Fault::WrongLayer, _) if !side.keeps_old => Ok(side),
            (Fault::Refused | Fault::Blamed, _) => Ok(side.failed(&self.scope)),
            _ => Err(fault),
        }))
    }
}

const PLAIN: RequestInfo = RequestInfo {
    upgrade: UpgradeState::None,
    content: false,
    expect: false,
    persist: true,
    version: ClientVersion::Http11,
};

impl Model for Against {
    type Node = Pair;
    type Label = Act;

    fn start(&self) -> Pair {
        Pair { side: Side::new(self.role()), mind: Mind::Free, queue: Queue::default() }
    }

    fn steps(&self, node: &Pair, steps: &mut Vec<Step<Self>>) {
        let mut push = |label, to| steps.push(Step { label, to, is_due: true });
        let first = node.queue.first();
        if let Some((message, read)) =
            first.and_then(|message| Some((message, self.read(node, message)?)))
        {
            push(
                Act::Reads(message),
                read.map(|side| Pair { side, queue: node.queue.popped(), ..*node }),
            );
        }
        for choice in node.side.moves(&self.scope, node.queue) {
            push(
                choice.act,
                Ok(Pair { side: choice.side, mind: node.mind.hearing(&choice), ..*node }),
            );
        }
        if node.queue.room() > 0 {
            for (what, mind) in self.sends(node) {
                let mut queue = node.queue;
                queue.push(Message { what, layer: 0, age: 0 });
                push(Act::Sends(what), Ok(Pair { mind, queue, ..*node }));
            }
        }
    }

    fn check(&self, _: &Pair, _: &[Step<Self>]) -> Option<Fault> {
        None
    }
}

impl Mind {
    /// Returns the peer's state after a choice of our caller.
    ///
    /// It changes only if the choice sends the 100 for which the peer waits.
    fn hearing(self, choice: &Move) -> Self {
        let is_continue = choice.sends.contains(&What::Http(Input::Continue));
        if self == Self::Holding && is_continue { Self::Sending(UpgradeState::None) } else { self }
    }
}

enums! {
    Habit {
        SpeaksEarly = "a client that speaks early",
        DropsContent = "a client that drops its content",
        Injects = "a client that injects a request",
        TunnelsAnyway = "a server that tunnels anyway",
    }
}

/// Checks that exactly these faults occur against this peer.
///
/// They are those that HTTP itself allows, so that no rule of the machine can prevent them.
fn assert_only(habit: Habit, inherent: &[Fault]) {
    let found = search(&Against { scope: Scope::FULL, habit }, Until::Exhausted);
    found.assert_sound(habit.name());
    assert!(found.faults.keys().eq(inherent), "{}: {:?} was expected", habit.name(), inherent);
}

#[test]
fn an_early_speaker_is_not_read_behind_a_refused_connect() {
    assert_only(Habit::SpeaksEarly, &[Fault::EarlyAfterUpgrade]);
}

#[test]
fn a_request_is_not_read_as_dropped_content() {
    assert_only(Habit::DropsContent, &[Fault::DiscardedAfterClose]);
}

#[test]
fn an_injected_request_does_not_come_through_the_new_layer() {
    assert_only(Habit::Injects, &[]);
}

#[test]
fn a_tunnel_is_read_as_an_answer_only_where_the_server_has_said_that_there_is_none() {
    assert_only(Habit::TunnelsAnyway, &[Fault::EarlyAfterUpgrade, Fault::TunnelAfterRefusal]);
}
