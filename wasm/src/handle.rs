//! Tables of live objects such as connections, each addressed by a handle.
//!
//! Each kind of object has its own table, so objects of two kinds may have the same handle. A
//! handle is reused after it was freed; the TypeScript code never uses a freed handle.

use std::cell::RefCell;

#[cfg(feature = "profiles")]
use switchover::h2c::Splice;
#[cfg(feature = "profiles")]
use switchover::masque::Capsules;
use switchover::{Connection, Error, Prepared};

use crate::error;
use crate::result::ResultBuffer;

/// The table of all live objects of one type, with a list of free slots.
pub(crate) struct Slots<T> {
    slots: Vec<Option<Box<T>>>,
    free: Vec<u32>,
}

impl<T> Slots<T> {
    const fn new() -> Self {
        Self { slots: Vec::new(), free: Vec::new() }
    }

    fn get(&mut self, handle: u32) -> Option<&mut T> {
        self.slots.get_mut(handle as usize)?.as_deref_mut()
    }

    fn add(&mut self, kept: T) -> u32 {
        let slot = Some(Box::new(kept));
        match self.free.pop() {
            Some(handle) => {
                self.slots[handle as usize] = slot;
                handle
            }
            None => {
                self.slots.push(slot);
                self.slots.len() as u32 - 1
            }
        }
    }

    fn remove(&mut self, handle: u32) {
        if self.slots.get_mut(handle as usize).is_some_and(|slot| slot.take().is_some()) {
            self.free.push(handle);
        }
    }
}

pub(crate) struct Engine {
    connections: Slots<Connection>,
    #[cfg(feature = "profiles")]
    capsules: Slots<Capsules>,
    #[cfg(feature = "profiles")]
    splices: Slots<Splice>,
    prepared: Slots<Prepared>,
    exchange: ResultBuffer,
}

thread_local! {
    static ENGINE: RefCell<Engine> = const {
        RefCell::new(Engine {
            connections: Slots::new(),
            #[cfg(feature = "profiles")]
            capsules: Slots::new(),
            #[cfg(feature = "profiles")]
            splices: Slots::new(),
            prepared: Slots::new(),
            exchange: ResultBuffer::new(),
        })
    };
}

/// A type whose objects are addressed by handles.
pub(crate) trait Kept: Sized {
    /// Returns the table of this type, and the result buffer.
    fn of(engine: &mut Engine) -> (&mut Slots<Self>, &mut ResultBuffer);
}

impl Kept for Connection {
    fn of(engine: &mut Engine) -> (&mut Slots<Self>, &mut ResultBuffer) {
        (&mut engine.connections, &mut engine.exchange)
    }
}

#[cfg(feature = "profiles")]
impl Kept for Capsules {
    fn of(engine: &mut Engine) -> (&mut Slots<Self>, &mut ResultBuffer) {
        (&mut engine.capsules, &mut engine.exchange)
    }
}

#[cfg(feature = "profiles")]
impl Kept for Splice {
    fn of(engine: &mut Engine) -> (&mut Slots<Self>, &mut ResultBuffer) {
        (&mut engine.splices, &mut engine.exchange)
    }
}

impl Kept for Prepared {
    fn of(engine: &mut Engine) -> (&mut Slots<Self>, &mut ResultBuffer) {
        (&mut engine.prepared, &mut engine.exchange)
    }
}

/// Calls a function with the object of a handle and the result buffer.
///
/// The buffer is cleared before the call and published after it. Returns the default for an invalid
/// handle, which the TypeScript code never passes.
pub(crate) fn with_kept<T: Kept, R: Default>(
    handle: u32,
    call: impl FnOnce(&mut T, &mut ResultBuffer) -> R,
) -> R {
    ENGINE.with_borrow_mut(|engine| {
        let (slots, exchange) = T::of(engine);
        let Some(kept) = slots.get(handle) else { return R::default() };
        exchange.clear();
        let result = call(kept, exchange);
        exchange.publish();
        result
    })
}

/// Calls a function with the connection of a handle and the result buffer.
pub(crate) fn with<R: Default>(
    handle: u32,
    call: impl FnOnce(&mut Connection, &mut ResultBuffer) -> R,
) -> R {
    with_kept(handle, call)
}

/// Calls a function with the connection of a handle.
///
/// On an error, writes that error to the result buffer and returns the default. The buffer is
/// otherwise left unchanged.
pub(crate) fn attempt<R: Default>(
    handle: u32,
    call: impl FnOnce(&mut Connection) -> Result<R, Error>,
) -> R {
    ENGINE.with_borrow_mut(|engine| {
        let Some(connection) = engine.connections.get(handle) else { return R::default() };
        call(connection).unwrap_or_else(|failure| {
            error::leave(&failure, &mut engine.exchange);
            R::default()
        })
    })
}

/// Calls a function with a connection, a prepared response, and the result buffer.
pub(crate) fn with_prepared<R: Default>(
    handle: u32,
    prepared: u32,
    call: impl FnOnce(&mut Connection, &Prepared, &mut ResultBuffer) -> R,
) -> R {
    ENGINE.with_borrow_mut(|engine| {
        let Engine { connections, prepared: all, exchange, .. } = engine;
        let (Some(connection), Some(prepared)) = (connections.get(handle), all.get(prepared))
        else {
            return R::default();
        };
        exchange.clear();
        let result = call(connection, prepared, exchange);
        exchange.publish();
        result
    })
}

/// Calls a function with the object of a handle; leaves the result buffer as it is.
pub(crate) fn ask_kept<T: Kept, R: Default>(handle: u32, call: impl FnOnce(&mut T) -> R) -> R {
    ENGINE.with_borrow_mut(|engine| T::of(engine).0.get(handle).map(call).unwrap_or_default())
}

/// Calls a function with a handle's connection; leaves the result buffer as it is.
pub(crate) fn ask<R: Default>(handle: u32, call: impl FnOnce(&mut Connection) -> R) -> R {
    ask_kept(handle, call)
}

/// Calls a function with only the result buffer.
///
/// The buffer is cleared before the call and published after it.
pub(crate) fn with_exchange<R>(call: impl FnOnce(&mut ResultBuffer) -> R) -> R {
    ENGINE.with_borrow_mut(|engine| {
        engine.exchange.clear();
        let result = call(&mut engine.exchange);
        engine.exchange.publish();
        result
    })
}

/// Calls a function that returns an address and length in the connection's memory.
///
/// Publishes both as those of the result buffer's bytes. Returns false for `None`.
pub(crate) fn with_place(
    handle: u32,
    call: impl FnOnce(&mut Connection, &mut ResultBuffer) -> Option<(u32, u32)>,
) -> bool {
    ENGINE.with_borrow_mut(|engine| {
        let (slots, exchange) = Connection::of(engine);
        let Some(connection) = slots.get(handle) else { return false };
        exchange.clear();
        let place = call(connection, exchange);
        exchange.publish_place(place.unwrap_or_default());
        place.is_some()
    })
}

pub(crate) fn add<T: Kept>(kept: T) -> u32 {
    ENGINE.with_borrow_mut(|engine| T::of(engine).0.add(kept))
}

pub(crate) fn remove<T: Kept>(handle: u32) {
    ENGINE.with_borrow_mut(|engine| T::of(engine).0.remove(handle));
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchover::Role;

    #[test]
    fn a_number_that_stands_for_nothing_does_nothing() {
        let handle = add(Connection::new(Role::Client));
        remove::<Connection>(handle);
        remove::<Connection>(handle);
        assert!(!with(handle, |_, _| true));
        assert!(!with_place(handle, |_, _| Some((1, 1))));
        assert!(!ask(handle, |_| true));
        assert_eq!(add(Connection::new(Role::Client)), handle);
        assert_ne!(add(Connection::new(Role::Client)), handle);
    }

    #[cfg(feature = "profiles")]
    #[test]
    fn a_number_of_one_kind_is_none_of_another() {
        let handle = add(Capsules::new(1));
        assert!(!ask_kept(handle, |_: &mut Splice| true));
        remove::<Splice>(handle);
        assert!(with_kept(handle, |_: &mut Capsules, _| true));
    }
}
