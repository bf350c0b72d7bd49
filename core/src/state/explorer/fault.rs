//! What can go wrong.

/// A broken promise of the machine, or of the environment that stands for the `Connection` around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    // One machine alone.
    /// A direction that was closed or had failed carries something again.
    Reopened,
    /// A direction came back from the new protocol without `Resume`.
    SwitchLeft,
    /// The turn does not say `Agreed` exactly while the answering direction has left HTTP.
    AgreedElsewhere,
    /// Keep-alive was given up, and came back.
    KeepAliveReturned,
    /// A direction has ended, and a further request is still promised.
    KeepAliveAfterEnd,
    /// A 100 is expected for a request whose final response has begun.
    ExpectStray,
    /// An offer in a complete request cannot be accepted at once.
    AcceptPostponed,
    /// A connection that is over goes on.
    Undead,

    // Two ends.
    /// Nobody can move, and HTTP is not over at both ends.
    Deadlock,
    /// Each end says that it waits for the other, and nothing is on the way.
    MutualWait,
    /// A response, or a part of a request, was taken for another request's.
    Mismatched,
    /// An honest message was refused.
    Refused,
    /// An end that has done nothing wrong is told to have cut a message.
    Blamed,
    /// HTTP of one layer was read in another.
    WrongLayer,
    /// HTTP reached an end that speaks the new protocol.
    HttpAtSwitched,
    /// The new protocol's octets were read as HTTP.
    ForeignAtHttp,
    /// The two ends stopped with a different idea of what a direction carries.
    Disagreement,

    // Foreign peers.
    /// A further request was read as the content of the one before.
    RequestAsContent,
    /// The same behind a response that carried `close`: nothing that follows is processed.
    DiscardedAfterClose,
    /// An early speaker behind a refused Upgrade was read as HTTP. No rule can prevent it, because a refused Upgrade
    /// keeps the connection.
    EarlyBehindUpgrade,
}

impl Fault {
    /// The protocol itself allows it; it is counted, not forbidden.
    pub(super) fn is_inherent(self) -> bool {
        matches!(self, Self::EarlyBehindUpgrade | Self::DiscardedAfterClose)
    }
}
