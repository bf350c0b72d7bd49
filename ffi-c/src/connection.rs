//! Creation and release of connections; the library's version and allocator.

use core::ffi::{c_char, c_void};
use core::ptr;

use switchover::binding::Bound;
use switchover::{Connection, Role};

use crate::config::swo_config;
use crate::error::{BindingError, Done, swo_result};
use crate::handle::Release;
#[cfg(not(feature = "std"))]
use crate::handle::allocator::set_memory;
#[cfg(feature = "std")]
use crate::handle::memory::Functions;
use crate::object::{Handle, IN_PLACE, Object, swo_conn};
use crate::out::Out;
use crate::types::{swo_free, swo_malloc, swo_realloc};

export! {
    /// Returns the version of the loaded library; SWO_VERSION is that of the header.
    ///
    /// The string is static and must not be freed.
    fn swo_version() -> *const c_char = version();

    /// Returns the ABI number of the loaded library.
    ///
    /// A program may use the library if the number equals SWO_ABI_VERSION of the header.
    fn swo_abi_version() -> u32 = abi_version();

    /// Sets the functions that allocate and free memory, in the small flavour.
    ///
    /// The small flavour is the library that `ffi-c/small` builds; the ordinary one is the std
    /// flavour. The functions replace malloc(3), realloc(3) and free(3). Call this before any
    /// function but swo_version and swo_abi_version, while no other thread is in the library. The
    /// functions may be called by every thread that calls the library. If `malloc` returns NULL,
    /// the call that needed memory returns SWO_ERROR_OUT_OF_MEMORY. Errors: SWO_NULL; SWO_TOO_LATE
    /// if the library has allocated memory already, and always in the std flavour.
    fn swo_set_memory(malloc: swo_malloc, realloc: swo_realloc, free: swo_free) -> swo_result
        = set_memory((malloc, realloc, free));

    /// Makes a connection on the heap.
    ///
    /// `role` is SWO_ROLE_*. `config` is copied; NULL means the defaults. Errors: SWO_NULL,
    /// SWO_BAD_ENUM, SWO_STRUCT_TOO_OLD, SWO_STRUCT_TOO_NEW, SWO_ERROR_OUT_OF_MEMORY. Next: a
    /// server receives, a client sends a request; at the end swo_conn_free.
    fn swo_conn_new(role: u32, config: *const swo_config, conn: *mut *mut swo_conn) -> swo_result
        = new(role, config, conn);

    /// Frees a connection that swo_conn_new made; its slices become invalid.
    ///
    /// NULL is allowed. A double free is not detected. Errors: SWO_BAD_HANDLE for a connection that
    /// swo_conn_init made.
    fn swo_conn_free(conn: *mut swo_conn) -> swo_result = free((conn, ()));

    /// Returns the size of the memory that swo_conn_init needs, in bytes.
    ///
    /// It may differ between versions of the library: call this at run time and do not store the
    /// result, or use SWO_CONN_SIZE_MAX.
    fn swo_conn_size() -> usize = size();

    /// Returns the alignment of the memory that swo_conn_init needs, in bytes.
    ///
    /// Memory from malloc is always aligned so.
    fn swo_conn_align() -> usize = align();

    /// Makes a connection in the caller's memory; `conn` becomes `memory`.
    ///
    /// The memory may be a part of the caller's own struct.
    ///
    /// Between two calls the connection may be moved, as realloc(3) does with an array. Copy its
    /// bytes to another place of that size and alignment, and use that pointer. Forget or clear the
    /// old place: to use both is not detected. Slices of its event stay valid. A second
    /// swo_conn_init before swo_conn_deinit leaks the heap memory of the first connection. Errors:
    /// those of swo_conn_new, and SWO_BAD_PLACE if the memory is too small or not aligned.
    fn swo_conn_init(
        memory: *mut c_void, size: usize, role: u32, config: *const swo_config,
        conn: *mut *mut swo_conn,
    ) -> swo_result = init((memory, size), role, config, conn);

    /// Ends a connection that swo_conn_init made; the memory is the caller's again.
    ///
    /// NULL is allowed. Errors: SWO_BAD_HANDLE for a connection from swo_conn_new, and for one that
    /// was already ended.
    fn swo_conn_deinit(conn: *mut swo_conn) -> swo_result = deinit((conn, ()));
}

/// The value of SWO_CONN_SIZE_MAX in bytes.
///
/// Larger than needed, so that later versions of the same ABI fit.
const CONN_SIZE_MAX: usize = 256;

const _: () = assert!(
    size_of::<Object<Connection>>() <= CONN_SIZE_MAX && align_of::<Object<Connection>>() <= 8
);

fn version() -> Done<&'static core::ffi::CStr> {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    Ok(core::ffi::CStr::from_bytes_until_nul(VERSION.as_bytes()).unwrap_or_default())
}

fn abi_version() -> Done<u32> {
    Ok(env!("SWO_ABI").parse().unwrap_or_default())
}

#[cfg(feature = "std")]
fn set_memory(_: Functions) -> Done {
    Err(BindingError::TooLate.into())
}

fn build(role: u32, config: Option<swo_config>) -> Done<Connection> {
    let role = Role::from_number(role).ok_or(BindingError::BadEnum)?;
    match config {
        Some(config) => Ok(Connection::try_with_config(role, config.into())?),
        None => Ok(Connection::new(role)),
    }
}

fn new(role: u32, config: Option<swo_config>, out: Out<'_, *mut swo_conn>) -> Done {
    out.set(swo_conn::new(build(role, config)?)?)
}

fn free(conn: Release<swo_conn>) -> Done {
    conn.free()
}

fn size() -> Done<usize> {
    Ok(size_of::<Object<Connection>>())
}

fn align() -> Done<usize> {
    Ok(align_of::<Object<Connection>>())
}

fn init(
    place: Out<'_, Object<Connection>>,
    role: u32,
    config: Option<swo_config>,
    out: Out<'_, *mut swo_conn>,
) -> Done {
    let connection = build(role, config)?;
    out.set(ptr::from_mut(place.0.write(Object::new(IN_PLACE, connection))).cast())
}

fn deinit(conn: Release<swo_conn>) -> Done {
    conn.end(IN_PLACE)
}
