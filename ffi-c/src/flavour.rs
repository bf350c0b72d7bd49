//! Calls whose failed allocations have other effects in each of the two flavours.
//!
//! In the std flavour memory comes from Rust's allocator; a failed allocation ends the program. In
//! the small flavour it comes from malloc or the caller's functions; these calls return an error.

#[cfg(feature = "std")]
mod with_std {
    use switchover::{Config, Connection, Limits, Role};

    use crate::error::{BindingError, Done};
    use crate::handle::memory::Functions;

    /// Appends received bytes; a failed allocation ends the program.
    #[inline(always)]
    pub(crate) fn receive(conn: &mut Connection, data: &[u8]) -> Done {
        Ok(conn.receive(data)?)
    }

    #[inline(always)]
    pub(crate) fn receive_buffer(conn: &mut Connection, min: usize) -> Done<&mut [u8]> {
        Ok(conn.receive_buffer(min)?)
    }

    pub(crate) fn configured(role: Role, config: Config) -> Done<Connection> {
        Ok(Connection::with_config(role, config))
    }

    pub(crate) fn set_limits(conn: &mut Connection, limits: &Limits) -> Done {
        Ok(conn.set_limits(limits)?)
    }

    pub(crate) fn set_memory(_: Functions) -> Done {
        Err(BindingError::TooLate.into())
    }
}

#[cfg(not(feature = "std"))]
mod small {
    use switchover::binding::{Bound, is_left};
    use switchover::{Config, Connection, Limits, Role};

    use crate::error::{BindingError, Done};
    pub(crate) use crate::handle::allocator::set_memory;

    #[inline(always)]
    pub(crate) fn receive(conn: &mut Connection, data: &[u8]) -> Done {
        if conn.try_receive(data)? { Ok(()) } else { Err(BindingError::OutOfMemory.into()) }
    }

    #[inline(always)]
    pub(crate) fn receive_buffer(conn: &mut Connection, min: usize) -> Done<&mut [u8]> {
        Ok(conn.try_receive_buffer(min)?.ok_or(BindingError::OutOfMemory)?)
    }

    /// The layout of the `Arc` in which a connection keeps its configuration.
    ///
    /// The two counts of the `Arc` come first.
    type Shared = ([usize; 2], Config);

    pub(crate) fn set_limits(conn: &mut Connection, limits: &Limits) -> Done {
        if is_left::<Shared>() {
            Ok(conn.set_limits(limits)?)
        } else {
            Err(BindingError::OutOfMemory.into())
        }
    }

    pub(crate) fn configured(role: Role, config: Config) -> Done<Connection> {
        if is_left::<Shared>() {
            Ok(Connection::with_config(role, config))
        } else {
            Err(BindingError::OutOfMemory.into())
        }
    }
}

#[cfg(not(feature = "std"))]
pub(crate) use small::*;
#[cfg(feature = "std")]
pub(crate) use with_std::*;
