//! The boundary to C: all `unsafe` code of the crate is in this module and below.
//!
//! It converts the pointers that C passes to references and slices, once, by their type; the rest
//! of the crate is safe code. This file converts pointers to the library's objects and to places
//! for results; `memory` converts the other pointers to the caller's memory.
//!
//! All of it relies on *the contract* in the first lines of the header. A pointer is NULL, or
//! points to an object of its type that lives through the call. A length is that of the object that
//! the pointer beside it points to. Outputs overlap no input. A connection is used by one thread at
//! a time. Arguments from C are checked for NULL, impossible lengths, numbers outside an enum, and
//! the mark of an object.
//!
//! A slice of an event may be passed to a sending function: it points into the heap, to which those
//! do not write.
#![allow(unsafe_code)]

#[cfg(not(feature = "std"))]
pub(crate) mod allocator;
pub(crate) mod memory;

use alloc::boxed::Box;
use core::ffi::{c_char, c_void};
use core::mem::MaybeUninit;
use core::ptr;

use switchover::masque::Datagram;
use switchover::{Connection, Selection};

use self::memory::{
    ConfigPlace, FieldList, Functions, RequestGiven, RequestLine, ResponseGiven, bytes, config,
    config_place, datagram, entries, field_list, functions, one, optional, request_head,
    request_line, response_head, selection, space, text, texts,
};
use crate::config::swo_config;
use crate::error::{BindingError, Done, swo_result};
#[cfg(feature = "h2c")]
use crate::object::swo_splice;
use crate::object::{
    Changed, Handle, Object, swo_block, swo_capsules, swo_conn, swo_lines, swo_prepared,
};
use crate::out::{Array, Out, Plain};
use crate::small_list::SmallList;
use crate::types::{
    swo_datagram, swo_deflate, swo_field, swo_free, swo_malloc, swo_realloc, swo_request,
    swo_request_head, swo_response_head, swo_selection, swo_slice,
};

/// Exports safe functions to C.
///
/// Each row is a C function with its comment, then the safe function that does its work and the
/// arguments that it gets.
macro_rules! export {
    ($($(#[$comment:meta])* fn $name:ident($($arg:ident: $type:ty),* $(,)?) -> $returns:ty
        = $body:ident($($given:expr),* $(,)?);)+) => {$(
        $(#[$comment])*
        #[doc = "\n# Safety\n\nAs the header says in its first lines."]
        #[allow(unsafe_code, clippy::too_many_arguments)]
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($($arg: $type),*) -> $returns {
            // SAFETY: the caller keeps the contract, which is all that the conversions ask for.
            $crate::outcome::shielded(move || {
                self::$body($(unsafe { $crate::handle::Argument::into_safe($given) }?),*)
            })
        }
    )+};
}

/// A type of argument that C passes, which is converted to a safe type.
pub(crate) trait Argument<'a> {
    /// The safe type to which the argument is converted for the rest of the crate.
    type Safe;

    /// # Safety
    /// The caller keeps *the contract* between C and this library: see the head of this file.
    unsafe fn into_safe(self) -> Done<Self::Safe>;
}

/// Implements `Argument` for types that C passes.
///
/// Each row has the type from C, the safe type, and the function that converts.
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
    u64 => u64, |number| Ok(number);
    usize => usize, |number| Ok(number);
    swo_result => swo_result, |result| Ok(result);

    (*mut c_void, usize) => Out<'a, Object<Connection>>, place;

    (*const u8, usize) => &'a [u8], entries;
    swo_slice => &'a [u8], bytes;
    (swo_slice, ()) => Option<&'a [u8]>, optional;
    (*const swo_slice, usize) => SmallList<&'a [u8]>, texts;
    (*const swo_field, usize) => FieldList<'a>, field_list;
    *const c_char => &'a [u8], text;
    *const swo_request_head => RequestGiven<'a>, request_head;
    *const swo_response_head => ResponseGiven<'a>, response_head;
    *const swo_request => RequestLine<'a>, request_line;
    *const swo_config => Option<swo_config>, config;
    *const swo_selection => Selection, selection;
    *const swo_deflate => &'a swo_deflate, one;
    *const swo_datagram => Datagram<'a>, datagram;

    (*mut swo_config, usize) => ConfigPlace, config_place;
    (swo_malloc, swo_realloc, swo_free) => Functions, functions;
}

/// Implements `Argument` for the three ways in which C passes an object.
///
/// A mutable pointer changes the object, a constant one reads it, and a pair with `()` ends it.
macro_rules! handles {
    ($($handle:ty),+) => {$(
        conversions! {
            *mut $handle => Changed<'a, <$handle as Handle>::Value>, changed;
            *const $handle => &'a <$handle as Handle>::Value, seen;
            (*mut $handle, ()) => Release<$handle>, doomed;
        }
    )+};
}

handles! { swo_conn, swo_lines, swo_capsules, swo_prepared, swo_block }
#[cfg(feature = "h2c")]
handles! { swo_splice }

impl<'a, T: Plain + 'a> Argument<'a> for *mut T {
    type Safe = Out<'a, T>;
    unsafe fn into_safe(self) -> Done<Out<'a, T>> {
        // SAFETY: by the contract it is NULL or may be written; nothing is read from it.
        Ok(Out(unsafe { self.cast::<MaybeUninit<T>>().as_mut() }.ok_or(BindingError::Null)?))
    }
}

impl<'a, T: Plain + 'a> Argument<'a> for (*mut T, usize, *mut usize) {
    type Safe = Array<'a, T>;
    unsafe fn into_safe(self) -> Done<Array<'a, T>> {
        // If there is no space to write to, the pointer for the count may be NULL too.
        let counts = self.1 > 0 || !self.2.is_null();
        // SAFETY: the contract, for both pointers.
        let count = counts.then(|| unsafe { self.2.into_safe() }).transpose()?;
        // SAFETY: as above.
        Ok(Array { space: unsafe { space(self.0, self.1) }?, count })
    }
}

// Objects. Every `unsafe fn` from here on requires the contract and nothing else, and each `unsafe`
// block in it relies on that.

/// Checks that a pointer from C is to an object with a mark (type tag) of `H`.
///
/// Returns the pointer and the mark. `Null` for NULL, `BadHandle` for any other mark. Only the mark
/// is read, so that no reference is made to memory of another type.
unsafe fn marked<H: Handle>(handle: *const H) -> Done<(*mut Object<H::Value>, u64)> {
    let object = handle.cast::<Object<H::Value>>().cast_mut();
    if object.is_null() {
        return Err(BindingError::Null.into());
    }
    // SAFETY: the contract: memory that is or was an object, or zeroed; the mark is an integer,
    // which any bytes are.
    let mark = unsafe { (&raw const (*object).mark).read() };
    if H::MARKS.contains(&mark) { Ok((object, mark)) } else { Err(BindingError::BadHandle.into()) }
}

unsafe fn changed<'a, H: Handle>(handle: *mut H) -> Done<Changed<'a, H::Value>> {
    // SAFETY: the contract and the mark: it is an object, and one thread at a time uses it.
    Changed::new(unsafe { marked(handle).map(|(object, _)| &mut *object) }?)
}

unsafe fn seen<'a, H: Handle>(handle: *const H) -> Done<&'a H::Value>
where
    H::Value: 'a,
{
    // SAFETY: the contract and the mark: it is an object, and no other call changes it meanwhile.
    unsafe { marked(handle).map(|(object, _)| &*object) }?.alive()
}

/// A pointer to an object that C frees or ends, and the object's mark (type tag).
///
/// `None` if C passed NULL. A dead object, whose change a panic interrupted, may be freed too.
pub(crate) struct Release<H: Handle>(Option<(*mut Object<H::Value>, u64)>);

unsafe fn doomed<H: Handle>((handle, ()): (*mut H, ())) -> Done<Release<H>> {
    // SAFETY: the contract.
    Ok(Release(if handle.is_null() { None } else { Some(unsafe { marked(handle) }?) }))
}

impl<H: Handle> Release<H> {
    /// Frees an object on the heap; does nothing for NULL.
    ///
    /// Returns `BadHandle` for a connection in the caller's memory.
    pub(crate) fn free(self) -> Done {
        self.end(H::MARKS[0])
    }

    /// Frees an object on the heap, or drops the value of one in the caller's memory.
    ///
    /// Its mark becomes 0. Returns `BadHandle` for an object whose mark is not `wanted`. Does
    /// nothing for NULL.
    pub(crate) fn end(self, wanted: u64) -> Done {
        let Some((object, mark)) = self.0 else { return Ok(()) };
        if mark != wanted {
            return Err(BindingError::BadHandle.into());
        }
        // SAFETY: it is an object, as its mark said; without the mark this happens once. One on the
        // heap was boxed.
        unsafe {
            (&raw mut (*object).mark).write(0);
            if mark == H::MARKS[0] {
                drop(Box::from_raw(object))
            } else {
                ptr::drop_in_place(&raw mut (*object).value)
            }
        }
        Ok(())
    }
}

/// Returns the caller's memory for a connection, if it is large enough and aligned.
///
/// Otherwise returns `BadPlace`, or `Null` for NULL.
unsafe fn place<'a>((memory, size): (*mut c_void, usize)) -> Done<Out<'a, Object<Connection>>> {
    let place = memory.cast::<MaybeUninit<Object<Connection>>>();
    match place.is_aligned() && size >= size_of::<Object<Connection>>() {
        // SAFETY: the contract, and the size and alignment.
        true => Ok(Out(unsafe { place.as_mut() }.ok_or(BindingError::Null)?)),
        false => {
            Err(if place.is_null() { BindingError::Null } else { BindingError::BadPlace }.into())
        }
    }
}
