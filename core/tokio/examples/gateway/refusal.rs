//! Who is to blame, and what the client gets to know.

use std::error::Error;
use std::io;

use crate::side::Failure;

/// Why an exchange has failed, and what the client gets to know about it.
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) why: Failure,
}

/// It is the backend's fault, unless something else is said.
impl<E: Error + Send + Sync + 'static> From<E> for Refusal {
    fn from(why: E) -> Self {
        Self::of_backend(why)
    }
}

impl Refusal {
    pub(crate) fn of_backend(why: impl Into<Failure>) -> Self {
        let why = why.into();
        Self { status: if is_late(&why) { 504 } else { 502 }, why }
    }

    pub(crate) fn of_client(why: impl Into<Failure>) -> Self {
        let why = why.into();
        let status = why.downcast_ref::<switchover::Error>().and_then(switchover::Error::status);
        Self { status: status.unwrap_or(if is_late(&why) { 408 } else { 400 }), why }
    }
}

pub(crate) fn is_late(why: &Failure) -> bool {
    why.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::TimedOut)
}
