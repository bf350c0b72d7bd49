//! The return values of exported functions.

use core::ffi::{CStr, c_char};

use crate::error::{CallError, Done, swo_result};
use crate::panics::contained;
use crate::types::{SWO_NONE, swo_flag, swo_slice};

/// Runs the body of an exported function, and converts its result for C.
///
/// In the std flavour, a panic is caught and becomes `BindingError::Panic`. It marks a
/// [`Conn`](crate::object::Conn) that the body holds as dead.
pub(crate) fn shielded<R: IntoC>(body: impl FnOnce() -> Done<R::Value>) -> R {
    R::from_outcome(contained(body))
}

/// A return type of exported functions, made from the result of the safe Rust code.
pub(crate) trait IntoC {
    /// The type that the safe Rust code returns on success.
    type Value;
    fn from_outcome(outcome: Done<Self::Value>) -> Self;
}

impl IntoC for swo_result {
    type Value = ();
    fn from_outcome(outcome: Done) -> Self {
        Self(outcome.err().map_or(0, CallError::code))
    }
}

impl IntoC for swo_flag {
    type Value = bool;
    fn from_outcome(outcome: Done<bool>) -> Self {
        Self(u32::from(outcome.unwrap_or(false)))
    }
}

impl IntoC for u32 {
    type Value = u32;
    fn from_outcome(outcome: Done<u32>) -> Self {
        outcome.unwrap_or(SWO_NONE)
    }
}

impl IntoC for u64 {
    type Value = u64;
    fn from_outcome(outcome: Done<u64>) -> Self {
        outcome.unwrap_or(0)
    }
}

impl IntoC for usize {
    type Value = usize;
    fn from_outcome(outcome: Done<usize>) -> Self {
        outcome.unwrap_or(0)
    }
}

impl IntoC for swo_slice {
    type Value = swo_slice;
    fn from_outcome(outcome: Done<swo_slice>) -> Self {
        outcome.unwrap_or(swo_slice::NONE)
    }
}

impl IntoC for *const c_char {
    type Value = &'static CStr;
    fn from_outcome(outcome: Done<&'static CStr>) -> Self {
        outcome.unwrap_or(c"unknown").as_ptr()
    }
}
