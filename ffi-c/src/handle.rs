//! The boundary: the only file with `unsafe`. Pointers that C gives become references and slices here, once and by their
//! type; the rest of the crate is safe code.
//!
//! What all of it rests on is *the contract* in the header's first lines. A pointer is NULL, or points to an object of
//! its type that lives through the call; of pairs and triples, the length is that of the object beside it; outputs
//! overlap no input; a connection is used by one thread at a time. C cannot be checked for more than NULL, lengths that
//! no object has, numbers that no enum has, and a connection's mark.
//!
//! A slice of an event may come back as an argument of a decision: it points into the heap, where those do not write.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_void};
use std::mem::MaybeUninit;
use std::{ptr, slice};

use switchover::{Connection, Field, FieldSource, Selection};

use crate::config::swo_config;
use crate::conn::{Conn, IN_PLACE, ON_HEAP, swo_conn};
use crate::error::{Done, Own, swo_result};
use crate::out::{Array, Out, Plain};
use crate::types::{swo_field, swo_request_head, swo_response_head, swo_selection, swo_slice};

/// Exports safe functions: each row is a C function with its comment, and what does its work with the arguments' meaning.
macro_rules! export {
    ($($(#[$comment:meta])* fn $name:ident($($arg:ident: $type:ty),* $(,)?) -> $returns:ty
        = $body:ident($($given:expr),* $(,)?);)+) => {$(
        $(#[$comment])*
        ///
        /// # Safety
        /// As the header says in its first lines.
        #[allow(unsafe_code, clippy::too_many_arguments)]
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($($arg: $type),*) -> $returns {
            // SAFETY: the caller keeps the contract, which is all that the conversions ask for.
            $crate::outcome::shielded(move || self::$body($(unsafe { $crate::handle::Argument::into_safe($given) }?),*))
        }
    )+};
}

/// An argument as C gives it.
pub(crate) trait Argument<'a> {
    /// What the rest of the crate works with.
    type Safe;

    /// # Safety
    /// The contract: see the head of this file.
    unsafe fn into_safe(self) -> Done<Self::Safe>;
}

/// Conversions: from what C gives, to what the crate works with, and how.
macro_rules! conversions {
    ($($from:ty => $safe:ty, $how:expr;)+) => {$(
        impl<'a> Argument<'a> for $from {
            type Safe = $safe;
            unsafe fn into_safe(self) -> Done<$safe> {
                let how: unsafe fn(Self) -> Done<$safe> = $how;
                // SAFETY: the contract holds for this argument, and `how` asks for nothing else.
                unsafe { how(self) }
            }
        }
    )+};
}

conversions! {
    u32 => u32, |number| Ok(number);
    usize => usize, |number| Ok(number);
    swo_result => swo_result, |result| Ok(result);

    *mut swo_conn => Conn<'a>, changed;
    *const swo_conn => &'a Connection, seen;
    (*mut swo_conn, ()) => Doomed, doomed;
    (*mut c_void, usize) => Out<'a, swo_conn>, place;

    (*const u8, usize) => &'a [u8], entries;
    swo_slice => &'a [u8], octets;
    (*const swo_slice, usize) => Vec<&'a [u8]>, texts;
    (*const swo_field, usize) => FieldList<'a>, field_list;
    *const c_char => &'a [u8], text;
    *const swo_request_head => (&'a [u8], &'a [u8], FieldList<'a>), request_head;
    *const swo_response_head => (u32, Option<&'a [u8]>, FieldList<'a>), response_head;
    *const swo_config => Option<swo_config>, config;
    *const swo_selection => Selection, selection;

    (*mut swo_config, usize) => ConfigPlace, config_place;
}

impl<'a, T: Plain + 'a> Argument<'a> for *mut T {
    type Safe = Out<'a, T>;
    unsafe fn into_safe(self) -> Done<Out<'a, T>> {
        // SAFETY: by the contract it is NULL or may be written; nothing is read from it.
        Ok(Out(unsafe { self.cast::<MaybeUninit<T>>().as_mut() }.ok_or(Own::Null)?))
    }
}

impl<'a, T: Plain + 'a> Argument<'a> for (*mut T, usize, *mut usize) {
    type Safe = Array<'a, T>;
    unsafe fn into_safe(self) -> Done<Array<'a, T>> {
        // SAFETY: the contract, for both pointers.
        unsafe { Ok(Array { space: space(self.0, self.1)?, count: self.2.into_safe()? }) }
    }
}

// Connections. Every `unsafe fn` from here on asks for the contract and nothing else, and each block in it rests on that.

/// Looks at the mark before a reference says that there is a connection.
unsafe fn mark(conn: *const swo_conn) -> Done<u64> {
    if conn.is_null() {
        return Err(Own::Null.into());
    }
    // SAFETY: the contract: memory that is or was a connection, or zeroed; the mark is an integer, which any octets are.
    match unsafe { (&raw const (*conn).mark).read() } {
        mark @ (ON_HEAP | IN_PLACE) => Ok(mark),
        _ => Err(Own::NotAConn.into()),
    }
}

unsafe fn changed<'a>(conn: *mut swo_conn) -> Done<Conn<'a>> {
    // SAFETY: the contract and the mark: it is a connection, and one thread at a time uses it.
    Conn::new(unsafe { mark(conn).map(|_| &mut *conn) }?)
}

unsafe fn seen<'a>(conn: *const swo_conn) -> Done<&'a Connection> {
    // SAFETY: the contract and the mark: it is a connection, and nobody changes it during the call.
    unsafe { mark(conn).map(|_| &*conn) }?.alive()
}

/// What is to be given up, dead or not, and its mark; or NULL.
pub(crate) struct Doomed(*mut swo_conn, u64);

unsafe fn doomed(given: (*mut swo_conn, ())) -> Done<Doomed> {
    // SAFETY: the contract.
    Ok(Doomed(given.0, if given.0.is_null() { 0 } else { unsafe { mark(given.0) }? }))
}

impl Doomed {
    /// Frees one on the heap, or ends one in place; and none of another kind than is wanted.
    pub(crate) fn end(self, wanted: u64) -> Done {
        let Self(conn, mark) = self;
        match mark == wanted {
            _ if conn.is_null() => return Ok(()),
            false => return Err(Own::NotAConn.into()),
            true => {}
        }
        // SAFETY: it is a connection, as its mark said; without the mark this happens once. One on the heap was boxed.
        unsafe {
            (&raw mut (*conn).mark).write(0);
            if mark == ON_HEAP { drop(Box::from_raw(conn)) } else { ptr::drop_in_place(&raw mut (*conn).connection) }
        }
        Ok(())
    }
}

/// Memory of the caller's that is large enough and aligned.
unsafe fn place<'a>((memory, size): (*mut c_void, usize)) -> Done<Out<'a, swo_conn>> {
    let place = memory.cast::<MaybeUninit<swo_conn>>();
    match place.is_aligned() && size >= size_of::<swo_conn>() {
        // SAFETY: the contract, and the size and alignment.
        true => Ok(Out(unsafe { place.as_mut() }.ok_or(Own::Null)?)),
        false => Err(if place.is_null() { Own::Null } else { Own::BadPlace }.into()),
    }
}

// Inputs.

/// Whether there can be an object of that length.
fn length<T>(data: *const T, len: usize) -> Done {
    match len > isize::MAX as usize / size_of::<T>() {
        true => Err(Own::BadLength.into()),
        false if data.is_null() && len > 0 => Err(Own::Null.into()),
        false => Ok(()),
    }
}

unsafe fn entries<'a, T>((data, len): (*const T, usize)) -> Done<&'a [T]> {
    length(data, len)?;
    // SAFETY: the contract; a slice of none needs no memory.
    Ok(if len == 0 { &[] } else { unsafe { slice::from_raw_parts(data, len) } })
}

unsafe fn octets<'a>(part: swo_slice) -> Done<&'a [u8]> {
    // SAFETY: the contract.
    unsafe { entries((part.data, part.len)) }
}

unsafe fn texts<'a>(list: (*const swo_slice, usize)) -> Done<Vec<&'a [u8]>> {
    // SAFETY: the contract, for the list and for each entry.
    unsafe { entries(list)?.iter().map(|&entry| octets(entry)).collect() }
}

/// The caller's field lines, their lengths looked at.
#[derive(Clone, Copy)]
pub(crate) struct FieldList<'a>(&'a [swo_field]);

unsafe fn field_list<'a>(list: (*const swo_field, usize)) -> Done<FieldList<'a>> {
    // SAFETY: the contract.
    let list = unsafe { entries(list) }?;
    list.iter().flat_map(|field| [field.name, field.value]).try_for_each(|part| length(part.data, part.len))?;
    Ok(FieldList(list))
}

impl FieldSource for FieldList<'_> {
    fn each<'s>(&'s self, each: &mut dyn FnMut(Field<'s>)) {
        // SAFETY: the contract, which held when the list was made and holds through the call.
        let part = |part: swo_slice| unsafe { octets(part) }.unwrap_or_default();
        self.0.iter().for_each(|field| each(Field { name: part(field.name), value: part(field.value) }));
    }
}

unsafe fn text<'a>(text: *const c_char) -> Done<&'a [u8]> {
    // SAFETY: the contract: it ends with a NUL.
    if text.is_null() { Err(Own::Null.into()) } else { Ok(unsafe { CStr::from_ptr(text) }.to_bytes()) }
}

unsafe fn one<'a, T>(given: *const T) -> Done<&'a T> {
    // SAFETY: the contract.
    unsafe { given.as_ref() }.ok_or(Own::Null.into())
}

/// Method, target, field lines.
unsafe fn request_head<'a>(head: *const swo_request_head) -> Done<(&'a [u8], &'a [u8], FieldList<'a>)> {
    // SAFETY: the contract, for the struct and for what it points to.
    unsafe {
        let head = one(head)?;
        Ok((octets(head.method)?, octets(head.target)?, field_list((head.fields, head.field_count))?))
    }
}

/// Status, reason if one is given, field lines.
unsafe fn response_head<'a>(head: *const swo_response_head) -> Done<(u32, Option<&'a [u8]>, FieldList<'a>)> {
    // SAFETY: the contract, for the struct and for what it points to.
    unsafe {
        let head = one(head)?;
        let reason = octets(head.reason)?;
        let reason = (!head.reason.data.is_null()).then_some(reason);
        Ok((head.status, reason, field_list((head.fields, head.field_count))?))
    }
}

/// The caller's struct may be older or newer than ours: what both have is read, the rest is zero.
unsafe fn config(given: *const swo_config) -> Done<Option<swo_config>> {
    if given.is_null() {
        return Ok(None);
    }
    // SAFETY: the contract: the size comes first, and so many octets there are.
    let given = unsafe { slice::from_raw_parts(given.cast::<u8>(), swo_config::size(given.cast::<usize>().read())?) };
    let common = given.len().min(size_of::<swo_config>());
    if given[common..].iter().any(|&octet| octet != 0) {
        return Err(Own::StructTooNew.into());
    }
    let mut config = swo_config::ZERO;
    // SAFETY: both have so many octets, and the struct is made of integers, which any octets are.
    unsafe { ptr::copy_nonoverlapping(given.as_ptr(), (&raw mut config).cast::<u8>(), common) };
    Ok(Some(config))
}

unsafe fn selection(given: *const swo_selection) -> Done<Selection> {
    // SAFETY: the contract: a pointer to such a struct, or NULL. The engine checks what the numbers say.
    unsafe { one(given).map(|given| Selection::from_bits(given.opaque)) }
}

// Outputs.

unsafe fn space<'a, T>(data: *mut T, len: usize) -> Done<&'a mut [MaybeUninit<T>]> {
    length(data, len)?;
    // SAFETY: the contract; a slice of none needs no memory.
    Ok(if len == 0 { &mut [] } else { unsafe { slice::from_raw_parts_mut(data.cast(), len) } })
}

/// Where a configuration goes, of the size that the caller knows.
pub(crate) struct ConfigPlace(*mut swo_config, usize);

unsafe fn config_place((place, size): (*mut swo_config, usize)) -> Done<ConfigPlace> {
    if place.is_null() { Err(Own::Null.into()) } else { Ok(ConfigPlace(place, swo_config::size(size)?)) }
}

impl ConfigPlace {
    /// As much of it as the caller knows; what only the caller knows is zero.
    pub(crate) fn set(self, config: swo_config) -> Done {
        let config = swo_config { struct_size: self.1, ..config };
        let (place, common) = (self.0.cast::<u8>(), self.1.min(size_of::<swo_config>()));
        // SAFETY: the contract: `place` has that size; `common` is no more than either has.
        unsafe {
            place.write_bytes(0, self.1);
            place.copy_from_nonoverlapping((&raw const config).cast(), common);
        }
        Ok(())
    }
}
