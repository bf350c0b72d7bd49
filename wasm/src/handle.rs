//! Connections by number. A number is used again after `free`; the face forgets it then.

use std::cell::RefCell;

use switchover::{Connection, Selection};

use crate::exchange::Exchange;

/// A connection and what belongs to it here.
pub(crate) struct Slot {
    pub(crate) connection: Connection,
    pub(crate) selections: Selections,
}

struct Engine {
    slots: Vec<Option<Box<Slot>>>,
    free: Vec<u32>,
    exchange: Exchange,
}

thread_local! {
    static ENGINE: RefCell<Engine> =
        const { RefCell::new(Engine { slots: Vec::new(), free: Vec::new(), exchange: Exchange::new() }) };
}

/// Calls with a connection and the exchange, emptied before and readable after. A number that stands for nothing gives
/// the default; the face never passes one.
pub(crate) fn with<R: Default>(handle: u32, call: impl FnOnce(&mut Slot, &mut Exchange) -> R) -> R {
    ENGINE.with_borrow_mut(|engine| {
        let Some(Some(slot)) = engine.slots.get_mut(handle as usize) else { return R::default() };
        engine.exchange.clear();
        let result = call(slot, &mut engine.exchange);
        engine.exchange.publish();
        result
    })
}

/// Calls without the exchange: for what is one number.
pub(crate) fn ask<R: Default>(handle: u32, call: impl FnOnce(&mut Connection) -> R) -> R {
    ENGINE.with_borrow_mut(|engine| match engine.slots.get_mut(handle as usize) {
        Some(Some(slot)) => call(&mut slot.connection),
        _ => R::default(),
    })
}

/// Calls with the exchange alone.
pub(crate) fn with_exchange<R>(call: impl FnOnce(&mut Exchange) -> R) -> R {
    ENGINE.with_borrow_mut(|engine| {
        engine.exchange.clear();
        let result = call(&mut engine.exchange);
        engine.exchange.publish();
        result
    })
}

/// Calls with a connection and publishes the place that the call gives, which is in the connection's own memory.
pub(crate) fn with_place(handle: u32, call: impl FnOnce(&mut Slot, &mut Exchange) -> Option<(u32, u32)>) -> bool {
    ENGINE.with_borrow_mut(|engine| {
        let Some(Some(slot)) = engine.slots.get_mut(handle as usize) else { return false };
        engine.exchange.clear();
        let place = call(slot, &mut engine.exchange);
        engine.exchange.publish_place(place.unwrap_or_default());
        place.is_some()
    })
}

pub(crate) fn add(connection: Connection) -> u32 {
    let slot = Some(Box::new(Slot { connection, selections: Selections::default() }));
    ENGINE.with_borrow_mut(|engine| match engine.free.pop() {
        Some(handle) => {
            engine.slots[handle as usize] = slot;
            handle
        }
        None => {
            engine.slots.push(slot);
            engine.slots.len() as u32 - 1
        }
    })
}

pub(crate) fn remove(handle: u32) {
    ENGINE.with_borrow_mut(|engine| {
        if engine.slots.get_mut(handle as usize).is_some_and(|slot| slot.take().is_some()) {
            engine.free.push(handle);
        }
    });
}

/// The selections made on a connection, by number: a `Selection` shows nothing that could cross as it is.
#[derive(Default)]
pub(crate) struct Selections {
    /// The number of the first one kept.
    base: u32,
    kept: Vec<Selection>,
}

impl Selections {
    pub(crate) fn add(&mut self, selection: Selection) -> u32 {
        let place = self.kept.iter().position(|kept| *kept == selection).unwrap_or_else(|| {
            self.kept.push(selection);
            self.kept.len() - 1
        });
        self.base + place as u32
    }

    pub(crate) fn get(&self, number: u32) -> Option<Selection> {
        self.kept.get(number.saturating_sub(self.base) as usize).copied()
    }

    /// Another request is here. One of the earlier selections stands for all of them, so that the core can refuse it.
    pub(crate) fn age(&mut self) {
        let older = self.kept.len().saturating_sub(1);
        self.kept.drain(..older);
        self.base += older as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchover::{ErrorKind, Order, Role};

    const OFFER: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: foo/2, bar\r\nConnection: upgrade\r\n\r\n";

    #[test]
    fn an_older_selection_stays_one_that_the_core_refuses() {
        let mut connection = Connection::new(Role::Server);
        let mut selections = Selections::default();
        let mut numbers = Vec::new();
        for _ in 0..3 {
            connection.receive(OFFER).expect("room");
            assert!(matches!(connection.advance(), Ok(switchover::Step::Event)));
            selections.age();
            for protocol in ["foo/2", "bar", "foo/2"] {
                numbers.push(selections.add(connection.select(&[protocol], Order::Client).expect("it is offered")));
            }
            for &older in &numbers[..numbers.len() - 3] {
                let selection = selections.get(older).expect("it was made");
                let refused = connection.accept(selection, &(), &mut Vec::new()).map_err(|error| error.kind());
                assert_eq!(refused, Err(ErrorKind::StaleSelection));
            }
            let response = switchover::ResponseHead::new(204, &());
            connection.send_response(&response, &mut Vec::new()).expect("an answer");
            connection.advance().expect("the end");
        }
        assert_eq!(numbers, [0, 1, 0, 2, 3, 2, 4, 5, 4]);
        assert!(selections.kept.len() <= 3);
    }

    #[test]
    fn a_number_that_stands_for_nothing_does_nothing() {
        let handle = add(Connection::new(Role::Client));
        remove(handle);
        remove(handle);
        assert!(!with(handle, |_, _| true));
        assert!(!with_place(handle, |_, _| Some((1, 1))));
        assert!(!ask(handle, |_| true));
        assert_eq!(add(Connection::new(Role::Client)), handle);
        assert_ne!(add(Connection::new(Role::Client)), handle);
    }
}
