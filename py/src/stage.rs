//! The state of client or server, with the names that h11 uses.

use switchover::state::{Phase, Rx, Tx, UpgradeState};
use switchover::{self as core, Role};

/// The state of client or server, with the names that h11 uses.
///
/// Derived from the engine's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum H11State {
    Idle,
    SendResponse,
    SendBody,
    Done,
    MustClose,
    Closed,
    MightSwitchProtocol,
    SwitchedProtocol,
    Error,
}

impl H11State {
    pub(crate) const ALL: &'static [Self] = &[
        Self::Idle,
        Self::SendResponse,
        Self::SendBody,
        Self::Done,
        Self::MustClose,
        Self::Closed,
        Self::MightSwitchProtocol,
        Self::SwitchedProtocol,
        Self::Error,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::SendResponse => "send-response",
            Self::SendBody => "send-body",
            Self::Done => "done",
            Self::MustClose => "must-close",
            Self::Closed => "closed",
            Self::MightSwitchProtocol => "might-switch-protocol",
            Self::SwitchedProtocol => "switched-protocol",
            Self::Error => "error",
        }
    }

    /// Returns the state of this side of the connection.
    pub(crate) fn ours(role: Role, state: core::state::State) -> Self {
        match state.tx {
            Tx::Open => Self::message(role, state),
            Tx::Closed => Self::Closed,
            Tx::Switched => Self::SwitchedProtocol,
        }
    }

    pub(crate) fn theirs(role: Role, state: core::state::State) -> Self {
        match (state.rx, role) {
            (Rx::Open, Role::Client) => Self::message(Role::Server, state),
            (Rx::Open, Role::Server) => Self::message(Role::Client, state),
            (Rx::Closed, _) => Self::Closed,
            (Rx::Switched, _) => Self::SwitchedProtocol,
            (Rx::Failed, _) => Self::Error,
        }
    }

    /// Returns the state of the side `sender`, client or server, while it sends HTTP.
    fn message(sender: Role, state: core::state::State) -> Self {
        let core::state::State { request, response, upgrade, persist, .. } = state;
        match (sender, request, response) {
            (Role::Client, Phase::Body, _) | (Role::Server, _, Phase::Body) => Self::SendBody,
            (Role::Client, Phase::Aborted, _) | (Role::Server, _, Phase::Aborted) => Self::Error,
            (Role::Client, Phase::Idle, _) | (Role::Server, Phase::Idle, Phase::Idle) => Self::Idle,
            (Role::Server, _, Phase::Idle) => Self::SendResponse,
            (Role::Client, Phase::Done, _)
                if matches!(upgrade, UpgradeState::Offered | UpgradeState::Connect) =>
            {
                Self::MightSwitchProtocol
            }
            (Role::Client, Phase::Done, _) | (Role::Server, _, Phase::Done) if persist => {
                Self::Done
            }
            (Role::Client, Phase::Done, _) | (Role::Server, _, Phase::Done) => Self::MustClose,
        }
    }
}
