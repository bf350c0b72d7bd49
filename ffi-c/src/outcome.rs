//! What an exported function returns, and the barrier after which a panic stays.

use std::ffi::{CStr, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::{Done, Own, Refusal, swo_result};
use crate::types::{SWO_NONE, swo_flag, swo_slice};

/// The one panic barrier. What unwinds through a [`Conn`] leaves it dead.
pub(crate) fn shielded<R: Returned>(body: impl FnOnce() -> Done<R::Value>) -> R {
    R::from_outcome(catch_unwind(AssertUnwindSafe(body)).unwrap_or(Err(Own::Panic.into())))
}

/// What an exported function returns, made from what its safe body came to.
pub(crate) trait Returned {
    /// What the body returns.
    type Value;
    fn from_outcome(outcome: Done<Self::Value>) -> Self;
}

impl Returned for swo_result {
    type Value = ();
    fn from_outcome(outcome: Done) -> Self {
        Self(outcome.err().map_or(0, Refusal::code))
    }
}

impl Returned for swo_flag {
    type Value = bool;
    fn from_outcome(outcome: Done<bool>) -> Self {
        Self(u32::from(outcome.unwrap_or(false)))
    }
}

impl Returned for u32 {
    type Value = u32;
    fn from_outcome(outcome: Done<u32>) -> Self {
        outcome.unwrap_or(SWO_NONE)
    }
}

impl Returned for u64 {
    type Value = u64;
    fn from_outcome(outcome: Done<u64>) -> Self {
        outcome.unwrap_or(0)
    }
}

impl Returned for usize {
    type Value = usize;
    fn from_outcome(outcome: Done<usize>) -> Self {
        outcome.unwrap_or(0)
    }
}

impl Returned for swo_slice {
    type Value = swo_slice;
    fn from_outcome(outcome: Done<swo_slice>) -> Self {
        outcome.unwrap_or(swo_slice::NONE)
    }
}

impl Returned for *const c_char {
    type Value = &'static CStr;
    fn from_outcome(outcome: Done<&'static CStr>) -> Self {
        outcome.unwrap_or(c"unknown").as_ptr()
    }
}
