//! Panics, which only a defect can cause, in the two flavours.
//!
//! In the std flavour a panic ends the call that it came from; in the small one it ends the
//! program.

#[cfg(feature = "std")]
use std::panic::{AssertUnwindSafe, catch_unwind};

#[cfg(feature = "std")]
use crate::error::BindingError;
use crate::error::Done;

/// Returns the body's result; a panic stays here.
#[cfg(feature = "std")]
#[inline(always)]
pub(crate) fn contained<T>(body: impl FnOnce() -> Done<T>) -> Done<T> {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(Err(BindingError::Panic.into()))
}

/// Returns the body's result; a panic ends the program.
#[cfg(not(feature = "std"))]
#[inline(always)]
pub(crate) fn contained<T>(body: impl FnOnce() -> Done<T>) -> Done<T> {
    body()
}

/// Returns whether the thread unwinds.
#[inline(always)]
pub(crate) fn is_unwinding() -> bool {
    #[cfg(feature = "std")]
    return std::thread::panicking();
    #[cfg(not(feature = "std"))]
    false
}
