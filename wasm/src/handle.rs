//! Connections by number. A number is used again after `free`; the face forgets it then.

use std::cell::RefCell;

use switchover::Connection;

use crate::exchange::Exchange;

struct Engine {
    slots: Vec<Option<Box<Connection>>>,
    free: Vec<u32>,
    exchange: Exchange,
}

thread_local! {
    static ENGINE: RefCell<Engine> =
        const { RefCell::new(Engine { slots: Vec::new(), free: Vec::new(), exchange: Exchange::new() }) };
}

/// Calls with a connection and the exchange, emptied before and readable after. A number that stands for nothing gives
/// the default; the face never passes one.
pub(crate) fn with<R: Default>(handle: u32, call: impl FnOnce(&mut Connection, &mut Exchange) -> R) -> R {
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
        Some(Some(slot)) => call(slot),
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
pub(crate) fn with_place(handle: u32, call: impl FnOnce(&mut Connection, &mut Exchange) -> Option<(u32, u32)>) -> bool {
    ENGINE.with_borrow_mut(|engine| {
        let Some(Some(slot)) = engine.slots.get_mut(handle as usize) else { return false };
        engine.exchange.clear();
        let place = call(slot, &mut engine.exchange);
        engine.exchange.publish_place(place.unwrap_or_default());
        place.is_some()
    })
}

pub(crate) fn add(connection: Connection) -> u32 {
    let slot = Some(Box::new(connection));
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

#[cfg(test)]
mod tests {
    use super::*;
    use switchover::Role;

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
