//! Exports that configure, create and free connections.

use std::cell::RefCell;

use switchover::binding::Bound;
use switchover::{Config, Connection, Limits, Role};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::handle;

thread_local! {
    /// The pending configuration, for the next connection; `None` means the defaults.
    ///
    /// A prepared response and `set_limits` use it too.
    static NEXT: RefCell<Option<Config>> = const { RefCell::new(None) };
}

fn configure(change: impl FnOnce(&mut Config) -> bool) -> bool {
    NEXT.with_borrow_mut(|config| change(config.get_or_insert_default()))
}

/// Returns and clears the pending configuration.
pub(crate) fn next() -> Option<Config> {
    NEXT.take()
}

/// Returns the largest allowed value of a limit, or -1 if none has that name.
#[wasm_bindgen]
pub fn largest_limit(name: &str) -> f64 {
    Limits::largest(name).map_or(-1.0, |largest| largest as f64)
}

/// Sets a limit of the pending configuration; returns false if none has that name.
#[wasm_bindgen]
pub fn configure_limit(name: &str, value: f64) -> bool {
    configure(|config| config.limits.set(name, value as u64))
}

/// Sets a leniency of the pending configuration; false if none has that name.
#[wasm_bindgen]
pub fn configure_lenient(name: &str, value: bool) -> bool {
    configure(|config| config.lenient.set(name, value))
}

/// Sets a flag of the pending configuration; returns false if none has that name.
#[wasm_bindgen]
pub fn configure_flag(name: &str, value: bool) -> bool {
    configure(|config| config.set_flag(name, value))
}

/// Creates a connection with the pending configuration and returns its handle.
#[wasm_bindgen]
pub fn create(role: u32) -> u32 {
    let role = Role::from_number(role).unwrap_or(Role::Server);
    handle::add(match next() {
        Some(config) => Connection::with_config(role, config),
        None => Connection::new(role),
    })
}

/// Copies a connection's limits into the pending configuration, for `set_limits`.
#[wasm_bindgen]
pub fn configure_as(handle: u32) {
    let limits = handle::ask(handle, |connection| connection.limits());
    NEXT.set(Some(Config { limits, ..Config::default() }));
}

/// Replaces a connection's limits with those of the pending configuration.
///
/// Returns false if the core rejects the change; the error is then in the result buffer.
#[wasm_bindgen]
pub fn set_limits(handle: u32) -> bool {
    let limits = next().unwrap_or_default().limits;
    handle::attempt(handle, |connection| connection.set_limits(&limits).map(|()| true))
}

/// Discards the pending configuration.
#[wasm_bindgen]
pub fn configure_nothing() {
    NEXT.take();
}

/// Frees a connection; its handle becomes invalid.
#[wasm_bindgen]
pub fn free(handle: u32) {
    handle::remove::<Connection>(handle);
}
