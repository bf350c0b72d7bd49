//! Handling of panics, which only a defect in the library can cause.
//!
//! In the std flavour a panic ends the call in which it occurs; in the small one it ends the
//! program.

#[cfg(feature = "std")]
use std::panic::{AssertUnwindSafe, catch_unwind};

#[cfg(feature = "std")]
use crate::error::BindingError;
use crate::error::Done;

/// Returns the body's result, or `BindingError::Panic` if it panics.
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

/// Returns whether the thread is unwinding after a panic; false without `std`.
#[inline(always)]
pub(crate) fn is_unwinding() -> bool {
    #[cfg(feature = "std")]
    return std::thread::panicking();
    #[cfg(not(feature = "std"))]
    false
}
