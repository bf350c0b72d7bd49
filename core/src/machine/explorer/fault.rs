//! The faults that an exploration looks for.

use crate::enums::enums;

/// A broken promise of the machine, or of the `Connection` around it.
///
/// Its name says what happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    // In one machine alone.
    Reopened,
    SwitchLeft,
    Undead,
    /// `Agreed` holds exactly while the server's tx, or the client's rx, is Switched.
    AgreedElsewhere,
    KeepAliveReturned,
    KeepAliveAfterEnd,
    ExpectStray,
    AcceptPostponed,

    // Between two ends.
    Deadlock,
    MutualWait,
    Mismatched,
    Refused,
    Blamed,
    WrongLayer,
    HttpAtSwitched,
    ForeignAtHttp,
    Disagreement,

    // Against foreign peers.
    RequestAsContent,
    /// Nothing that follows a response with `close` is processed, so it does no harm.
    DiscardedAfterClose,
    /// No rule can prevent it, because a refused Upgrade keeps the connection.
    EarlyAfterUpgrade,
    /// A client goes on after a refused CONNECT, because the proxy does.
    ///
    /// One that refuses and tunnels all the same is not told apart from one that answers.
    TunnelAfterRefusal,
}

impl Fault {
    /// Returns whether the protocol itself allows it; it is counted, not forbidden.
    pub(super) fn is_inherent(self) -> bool {
        matches!(
            self,
            Self::EarlyAfterUpgrade | Self::TunnelAfterRefusal | Self::DiscardedAfterClose
        )
    }
}

enums! {
    Fault {
        Reopened = "a direction that had ended carries something again",
        SwitchLeft = "a direction comes back to HTTP without `resume_http`",
        Undead = "a connection that is over goes on",
        AgreedElsewhere = "the upgrade state does not say which connection has switched",
        KeepAliveReturned = "keep-alive was given up, and comes back",
        KeepAliveAfterEnd = "a direction has ended, and a further request is promised",
        ExpectStray = "a 100 is expected for content whose request is being answered",
        AcceptPostponed = "an offer in a complete request cannot be accepted at once",
        Deadlock = "neither end can move, and one is not done with HTTP",
        MutualWait = "each end waits for the other, and nothing is on the way",
        Mismatched = "a response is taken for another request's",
        Refused = "an honest message is refused",
        Blamed = "an honest end is said to have cut a message",
        WrongLayer = "HTTP of one layer is read in another",
        HttpAtSwitched = "HTTP reaches an end that speaks the new protocol",
        ForeignAtHttp = "the new protocol is read as HTTP",
        Disagreement = "the ends differ on what a direction carries",
        RequestAsContent = "a request is read as the content of the one before",
        DiscardedAfterClose =
            "the ends differ on what a direction carries, after a response with `close`",
        EarlyAfterUpgrade = "the new protocol is read as HTTP after a refused Upgrade",
        TunnelAfterRefusal = "a client reads a tunnel as HTTP after the proxy has refused it",
    }
}
