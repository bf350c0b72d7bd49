//! The exploration of a client and a server that are both correct.
//!
//! A queue of at most two messages is between them in each direction.

use std::prelude::v1::*;

use super::fault::Fault;
use super::search::{Model, Step, Until, search};
use super::side::{Act, Move, Scope, Side};
use super::wire::{Message, Queue, What, aged};
use crate::machine::{Input, Role, Rx, Tx};

/// A client, a server, and the messages in transit between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Joint {
    client: Side,
    server: Side,
    up: Queue,
    down: Queue,
}

impl Joint {
    const fn side(&self, role: Role) -> &Side {
        match role {
            Role::Client => &self.client,
            Role::Server => &self.server,
        }
    }

    fn side_mut(&mut self, role: Role) -> &mut Side {
        match role {
            Role::Client => &mut self.client,
            Role::Server => &mut self.server,
        }
    }

    /// Returns the queue of messages in transit to `role`.
    fn incoming(&mut self, role: Role) -> &mut Queue {
        match role {
            Role::Client => &mut self.down,
            Role::Server => &mut self.up,
        }
    }

    /// Returns both ends after `role` has read the first message in its queue.
    ///
    /// `side` is the end of `role` after that.
    fn after_read(mut self, role: Role, side: Side) -> Self {
        let queue = self.incoming(role);
        *queue = queue.popped();
        self.with(role, side)
    }

    /// Returns both ends after a choice of `role`'s caller, and the messages it sends.
    fn after_move(mut self, role: Role, choice: &Move) -> Self {
        for &what in &choice.sends {
            if matches!(what, What::Http(Input::Request(_))) {
                self.one_request_later();
            }
            // A rejection's response belongs to the request that the move itself names.
            let is_rejection = matches!(choice.act, Act::Does(Input::Reject));
            let Side { layer, age, .. } = if is_rejection { choice.side } else { *self.side(role) };
            // The end of a response need not match a request; see `Side::take`.
            let is_asked = matches!(what, What::Http(_)) && what != What::Http(Input::ResponseEnd);
            let age = if is_asked { age } else { 0 };
            self.incoming(role.other()).push(Message { what, layer, age });
        }
        self.with(role, choice.side)
    }

    fn one_request_later(&mut self) {
        self.up = self.up.aged();
        self.down = self.down.aged();
        self.server.age = aged(self.server.age);
    }

    fn with(mut self, role: Role, side: Side) -> Self {
        *self.side_mut(role) = side;
        if side.is_deaf() {
            *self.incoming(role) = Queue::default();
        }
        self
    }

    fn is_quiet(&self) -> bool {
        self.up.is_empty() && self.down.is_empty()
    }

    /// Returns whether both ends agree on which directions have switched.
    ///
    /// Always `true` if one of them gave up.
    fn agrees(&self) -> bool {
        let gave_up = self.client.gave_up || self.server.gave_up;
        let up = (self.client.state.tx == Tx::Switched) == (self.server.state.rx == Rx::Switched);
        let down = (self.server.state.tx == Tx::Switched) == (self.client.state.rx == Rx::Switched);
        gave_up || (up && down)
    }
}

impl Role {
    fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

impl Model for Scope {
    type Node = Joint;
    type Label = (Role, Act);

    fn start(&self) -> Joint {
        Joint {
            client: Side::new(Role::Client),
            server: Side::new(Role::Server),
            up: Queue::default(),
            down: Queue::default(),
        }
    }

    fn steps(&self, node: &Joint, steps: &mut Vec<Step<Self>>) {
        for &role in Role::ALL {
            let mut node = *node;
            let side = *node.side(role);
            let next = node.incoming(role).first();
            if let Some((message, read)) =
                next.and_then(|message| Some((message, side.read(self, message)?)))
            {
                let to = read.map(|side| node.after_read(role, side));
                steps.push(Step { label: (role, Act::Reads(message)), to, is_due: true });
            }
            let room = node.incoming(role.other()).room();
            for choice in side
                .moves(self, *node.incoming(role))
                .iter()
                .filter(|choice| choice.sends.len() <= room)
            {
                let to = Ok(node.after_move(role, choice));
                steps.push(Step { label: (role, choice.act), to, is_due: choice.is_due });
            }
        }
    }

    fn check(&self, node: &Joint, steps: &[Step<Self>]) -> Option<Fault> {
        if !steps.iter().any(|step| step.is_due) {
            return match node.client.is_over() && node.server.is_over() {
                false => Some(Fault::Deadlock),
                true => (!node.agrees()).then_some(Fault::Disagreement),
            };
        }
        let waits = node.is_quiet() && node.client.waits(self) && node.server.waits(self);
        waits.then_some(Fault::MutualWait)
    }
}

#[test]
fn two_ends_agree_in_the_small_product() {
    search(&Scope::SMALL, Until::Exhausted).assert_sound("client x server, small");
}

#[test]
#[ignore = "for a release build: `cargo test --release -p switchover explorer -- --ignored`"]
fn two_ends_agree_in_the_full_product() {
    search(&Scope::FULL, Until::Exhausted).assert_sound("client x server, full");
}
