//! What the two flavours do differently. In the std flavour a panic, which only a defect can cause, ends the call that it
//! came from, and memory comes from Rust's allocator. In the small one a panic ends the program, and memory comes from malloc
//! or from what the caller gave, which may say that there is none.

#[cfg(feature = "std")]
mod with_std {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::thread;

    use switchover::{Config, Connection, Error, Role};

    use crate::error::{Done, Own};
    use crate::handle::memory::Functions;

    /// What the body came to; a panic stays here.
    #[inline(always)]
    pub(crate) fn contained<T>(body: impl FnOnce() -> Done<T>) -> Done<T> {
        catch_unwind(AssertUnwindSafe(body)).unwrap_or(Err(Own::Panic.into()))
    }

    /// Whether the thread unwinds.
    #[inline(always)]
    pub(crate) fn is_unwinding() -> bool {
        thread::panicking()
    }

    /// Whether the bytes were received, or there is no memory for them, which here ends the program.
    #[inline(always)]
    pub(crate) fn receive(conn: &mut Connection, data: &[u8]) -> Result<bool, Error> {
        conn.receive(data).map(|()| true)
    }

    /// Space for `min` bytes, if there is memory for it; if not, that here ends the program.
    #[inline(always)]
    pub(crate) fn receive_buffer(conn: &mut Connection, min: usize) -> Result<Option<&mut [u8]>, Error> {
        conn.receive_buffer(min).map(Some)
    }

    /// A connection with a configuration, if there is memory for that; if not, that here ends the program.
    pub(crate) fn configured(role: Role, config: Config) -> Option<Connection> {
        Some(Connection::with_config(role, config))
    }

    pub(crate) fn set_memory(_: Functions) -> Done {
        Err(Own::TooLate.into())
    }
}

#[cfg(not(feature = "std"))]
mod small {
    use switchover::binding::{Bound, is_left};
    use switchover::{Config, Connection, Error, Role};

    use crate::error::Done;
    pub(crate) use crate::handle::allocator::set_memory;

    #[inline(always)]
    pub(crate) fn contained<T>(body: impl FnOnce() -> Done<T>) -> Done<T> {
        body()
    }

    #[inline(always)]
    pub(crate) fn is_unwinding() -> bool {
        false
    }

    #[inline(always)]
    pub(crate) fn receive(conn: &mut Connection, data: &[u8]) -> Result<bool, Error> {
        conn.try_receive(data)
    }

    #[inline(always)]
    pub(crate) fn receive_buffer(conn: &mut Connection, min: usize) -> Result<Option<&mut [u8]>, Error> {
        conn.try_receive_buffer(min)
    }

    /// What a connection keeps its configuration in: the counts of an `Arc` beside it.
    type Shared = ([usize; 2], Config);

    pub(crate) fn configured(role: Role, config: Config) -> Option<Connection> {
        is_left::<Shared>().then(|| Connection::with_config(role, config))
    }
}

#[cfg(not(feature = "std"))]
pub(crate) use small::*;
#[cfg(feature = "std")]
pub(crate) use with_std::*;
