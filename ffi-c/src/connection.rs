//! The life of a connection, and what your code may ask of it in between.

use core::ffi::{c_char, c_void};
use core::ptr;

use switchover::{Connection, Role};

use crate::config::swo_config;
use crate::error::{BindingError, Done, swo_result};
use crate::flavour;
use crate::handle::Release;
use crate::handle::memory::Functions;
use crate::object::{Handle, IN_PLACE, Object, swo_conn};
use crate::out::Out;
use crate::types::{swo_free, swo_malloc, swo_realloc};

export! {
    /// Returns the version of the library that runs, as SWO_VERSION of the header.
    ///
    /// Static.
    fn swo_version() -> *const c_char = version();

    /// Returns the ABI number of the library that runs.
    ///
    /// A program may use it if it equals SWO_ABI_VERSION of the header.
    fn swo_abi_version() -> u32 = abi_version();

    /// Sets the functions that memory comes from, in the small flavour.
    ///
    /// They replace malloc(3) and its like. To be called before anything else but swo_version and
    /// swo_abi_version, while no other thread is in the library. The functions may be called by
    /// every thread that calls the library. Where malloc gives NULL, the call that needed it is
    /// SWO_OUT_OF_MEMORY or calls abort(3), as its comment says. Errors: SWO_NULL; SWO_TOO_LATE
    /// where the library has taken memory already, and always in the std flavour.
    fn swo_set_memory(malloc: swo_malloc, realloc: swo_realloc, free: swo_free) -> swo_result
        = set_memory((malloc, realloc, free));

    /// Makes a connection on the heap.
    ///
    /// `role` is SWO_ROLE_*; `config` may be NULL for the defaults, and is copied. Errors:
    /// SWO_NULL, SWO_BAD_ENUM, SWO_STRUCT_TOO_OLD, SWO_STRUCT_TOO_NEW, SWO_OUT_OF_MEMORY. Next: a
    /// server receives, a client sends a request; at the end swo_conn_free.
    fn swo_conn_new(role: u32, config: *const swo_config, conn: *mut *mut swo_conn) -> swo_result
        = new(role, config, conn);

    /// Frees a connection that swo_conn_new made; every slice of it is over.
    ///
    /// NULL is allowed. It is not detected when one is freed twice. Errors: SWO_BAD_HANDLE for one
    /// that is in place.
    fn swo_conn_free(conn: *mut swo_conn) -> swo_result = free((conn, ()));

    /// Returns the size of the memory for swo_conn_init, in bytes.
    ///
    /// It may differ between versions of the library: ask, do not store; or take SWO_CONN_SIZE_MAX.
    fn swo_conn_size() -> usize = size();

    /// Returns the alignment of the memory for swo_conn_init.
    ///
    /// malloc always gives it.
    fn swo_conn_align() -> usize = align();

    /// Makes a connection in the caller's memory; `conn` becomes `memory`.
    ///
    /// Such as a part of the caller's own struct. The memory must not be moved or copied until
    /// swo_conn_deinit, and a second swo_conn_init before that loses what the first holds. Errors:
    /// those of swo_conn_new, and SWO_BAD_PLACE where the memory is too small or not aligned.
    fn swo_conn_init(
        memory: *mut c_void, size: usize, role: u32, config: *const swo_config,
        conn: *mut *mut swo_conn,
    ) -> swo_result = init((memory, size), role, config, conn);

    /// Ends a connection that swo_conn_init made; the memory is the caller's again.
    ///
    /// NULL is allowed. Errors: SWO_BAD_HANDLE for one from swo_conn_new, and for one that was
    /// ended already.
    fn swo_conn_deinit(conn: *mut swo_conn) -> swo_result = deinit((conn, ()));
}

/// SWO_CONN_SIZE_MAX: room for what a version of the same ABI adds.
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

fn set_memory(functions: Functions) -> Done {
    flavour::set_memory(functions)
}

fn build(role: u32, config: Option<swo_config>) -> Done<Connection> {
    let role = Role::from_number(role).ok_or(BindingError::BadEnum)?;
    match config {
        Some(config) => flavour::configured(role, config.into()),
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
