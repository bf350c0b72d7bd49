//! The timeline of a connection: when bytes moved in which direction, and its end.

use std::time::Instant;

/// The most moments that are kept of one connection; later ones are lost.
const MOST: usize = 400;

/// The moments of one or more connections, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timeline {
    pub(crate) moments: Vec<Moment>,
    pub(crate) switch: Option<Switch>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) at: Instant,
    pub(crate) kind: MomentKind,
}

/// The kind of a moment; lengths are in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MomentKind {
    /// A connection was opened.
    Opened,
    /// The audit has sent bytes.
    Sent(usize),
    /// The audit has received bytes of the peer.
    Came(usize),
    /// The audit has closed its sending direction.
    Ended,
    /// The peer's direction has ended: by a FIN, a reset or another read error.
    Closed,
    /// The audit has finished with the connection and dropped it.
    Left,
}

/// A switch of protocols: where in both directions HTTP ends.
#[derive(Clone, Debug)]
pub(crate) struct Switch {
    pub(crate) protocol: String,
    /// The number of bytes that the audit sent before the switch, in HTTP.
    pub(crate) sent: usize,
    /// The number of bytes that the audit received before the switch, in HTTP.
    pub(crate) came: usize,
}

impl Timeline {
    /// Appends a moment with the present time, unless `MOST` are recorded already.
    pub(crate) fn note(&mut self, kind: MomentKind) {
        if self.moments.len() < MOST {
            self.moments.push(Moment { at: Instant::now(), kind });
        }
    }

    /// Appends the moments of a later connection, all of them.
    pub(crate) fn extend(&mut self, next: &Self) {
        self.moments.extend(&next.moments);
    }
}
