//! The faults that the explorer looks for.

use crate::enums::enums;

/// A broken invariant of the state machine, or of the `Connection` around it.
///
/// The table of names at the end of this file describes each fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    // In a single state machine.
    Reopened,
    SwitchLeft,
    Undead,
    /// The upgrade state contradicts the direction in which responses are sent.
    ///
    /// It must be `Agreed` exactly while the server's `tx`, which is the client's `rx`, is
    /// `Switched`.
    AgreedElsewhere,
    KeepAliveReturned,
    KeepAliveAfterEnd,
    ExpectStray,
    AcceptPostponed,

    // Between a client and a server.
    Deadlock,
    MutualWait,
    Mismatched,
    Refused,
    Blamed,
    WrongLayer,
    HttpAtSwitched,
    ForeignAtHttp,
    Disagreement,

    // Against peers that break rules.
    RequestAsContent,
    /// A request discarded as content after a response with `close`; harmless.
    ///
    /// The client omitted that content, and the server processes no further request.
    DiscardedAfterClose,
    /// The new protocol read as HTTP after a declined Upgrade; not preventable.
    ///
    /// A declined Upgrade keeps the connection.
    EarlyAfterUpgrade,
    /// A tunnel read as HTTP after a declined CONNECT; not preventable.
    ///
    /// The client keeps the connection, as HTTP allows. It cannot tell a proxy that tunnels all the
    /// same from one that sends responses.
    TunnelAfterRefusal,
}

impl Fault {
    /// Returns whether HTTP itself allows the fault, so that no rule can prevent it.
    ///
    /// The explorer then counts the fault, and the test does not fail.
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
