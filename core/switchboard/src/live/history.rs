//! The history: events of the latest connections, for pages that are opened later.

use std::collections::VecDeque;
use std::sync::Arc;

/// The most connections whose events are sent to a new viewer, an opened page.
const CONNECTIONS: usize = 50;
/// The most connections that the history keeps, those of the page itself included.
///
/// The page's own connections, for its files and its WebSocket, are soon removed with `forget`.
const WITH_THE_PAGES_OWN: usize = 64;

/// The most bytes of events that are kept of each connection.
///
/// The last event, the verdict, is kept in any case.
const OF_EACH: usize = 48 << 10;

#[derive(Default)]
pub(super) struct History {
    /// The kept connections, the latest last.
    connections: VecDeque<Kept>,
}

struct Kept {
    number: u64,
    moments: Vec<Arc<str>>,
    bytes: usize,
}

impl History {
    /// Keeps an event of connection `number`; returns whether the event was kept.
    ///
    /// After `false`, no event of that connection but its last, the verdict, can be kept.
    pub(super) fn keep(&mut self, number: u64, moment: &Arc<str>, place: Place) -> bool {
        if place == Place::First {
            self.connections.push_back(Kept { number, moments: Vec::new(), bytes: 0 });
            if self.connections.len() > WITH_THE_PAGES_OWN {
                self.connections.pop_front();
            }
        }
        let Some(kept) = self.connections.iter_mut().rev().find(|kept| kept.number == number)
        else {
            return false;
        };
        if kept.bytes + moment.len() > OF_EACH && place != Place::Last {
            kept.bytes = OF_EACH;
            return false;
        }
        kept.bytes += moment.len();
        kept.moments.push(Arc::clone(moment));
        true
    }

    /// Removes a connection from the history.
    pub(super) fn forget(&mut self, number: u64) {
        self.connections.retain(|kept| kept.number != number);
    }

    /// Returns the events of the latest `CONNECTIONS` connections, the oldest first.
    pub(super) fn moments(&self) -> impl Iterator<Item = &Arc<str>> {
        let too_many = self.connections.len().saturating_sub(CONNECTIONS);
        self.connections.iter().skip(too_many).flat_map(|kept| &kept.moments)
    }
}

/// The position of an event among the events of its connection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    First,
    Within,
    Last,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_are_kept_each_with_its_end() {
        let mut past = History::default();
        let (short, long): (Arc<str>, Arc<str>) = ("end".into(), "x".repeat(OF_EACH).into());
        for number in 1..=70 {
            assert!(past.keep(number, &short, Place::First));
            assert!(!past.keep(number, &long, Place::Within));
            assert!(!past.keep(number, &short, Place::Within));
            past.keep(number, &short, Place::Last);
        }
        assert_eq!(past.moments().count(), 2 * CONNECTIONS);
        past.forget(70);
        assert!(!past.keep(70, &short, Place::Within) && !past.keep(1, &short, Place::Within));
        assert_eq!(past.moments().count(), 2 * CONNECTIONS);
    }
}
