//! Conversion of C pointers to the caller's memory into references and slices.
//!
//! `handle` converts pointers to the library's objects. Only this file, its parent and `allocator`
//! have `unsafe` code. Every `unsafe fn` here requires the contract that `handle` explains and
//! nothing else, and each `unsafe` block in it relies on that.
#![allow(unsafe_code)]

use core::ffi::{CStr, c_char, c_void};
use core::mem::MaybeUninit;
use core::{ptr, slice};

use switchover::binding::{Piece, Pieces, TextLines, selection_from_bits};
use switchover::masque::Datagram;
use switchover::{Block, Config, Field, FieldSource, Selection};

use super::seen;
use crate::config::swo_config;
use crate::error::{BindingError, Done};
use crate::object::swo_block;
use crate::small_list::SmallList;
use crate::types::{
    swo_datagram, swo_field, swo_free, swo_malloc, swo_realloc, swo_request, swo_request_head,
    swo_response_head, swo_selection, swo_slice,
};

// Inputs.

/// Checks that an array of `len` entries is possible, and not NULL unless empty.
///
/// Returns `BadLength` if its size in bytes exceeds `isize::MAX`, `Null` for NULL with entries.
fn length<T>(data: *const T, len: usize) -> Done {
    match len > isize::MAX as usize / size_of::<T>() {
        true => Err(BindingError::BadLength.into()),
        false if data.is_null() && len > 0 => Err(BindingError::Null.into()),
        false => Ok(()),
    }
}

pub(crate) unsafe fn entries<'a, T>((data, len): (*const T, usize)) -> Done<&'a [T]> {
    length(data, len)?;
    // SAFETY: the contract; a slice of none needs no memory.
    Ok(if len == 0 { &[] } else { unsafe { slice::from_raw_parts(data, len) } })
}

pub(crate) unsafe fn bytes<'a>(part: swo_slice) -> Done<&'a [u8]> {
    // SAFETY: the contract.
    unsafe { entries((part.data, part.len)) }
}

pub(crate) unsafe fn optional<'a>((part, ()): (swo_slice, ())) -> Done<Option<&'a [u8]>> {
    // SAFETY: the contract.
    let given = unsafe { bytes(part) }?;
    Ok((!part.data.is_null()).then_some(given))
}

pub(crate) unsafe fn texts<'a>(list: (*const swo_slice, usize)) -> Done<SmallList<&'a [u8]>> {
    // SAFETY: the contract, for the list and for each entry.
    unsafe { SmallList::collect(entries(list)?.iter().map(|&entry| bytes(entry))) }
}

/// The caller's array of `swo_field`, with its lengths and marks checked.
///
/// An entry is a field line, a text of field lines (SWO_HEAD), or a block (SWO_BLOCK).
#[derive(Clone, Copy)]
pub(crate) struct FieldList<'a> {
    entries: &'a [swo_field],
    has_marks: bool,
}

/// The `name.len` by which a `swo_field` entry stands for a `swo_block`.
///
/// SWO_BLOCK makes such an entry. No name can have that length.
const IS_BLOCK: usize = usize::MAX;
/// The `name.len` by which a `swo_field` entry stands for a text of field lines.
///
/// SWO_HEAD makes such an entry. No name can have that length.
const IS_TEXT: usize = usize::MAX - 1;

pub(crate) unsafe fn field_list<'a>(list: (*const swo_field, usize)) -> Done<FieldList<'a>> {
    // SAFETY: the contract.
    let entries = unsafe { entries(list) }?;
    let mut parts = entries.iter().flat_map(|field| [field.name, field.value]);
    let has_marks = parts.any(|part| length(part.data, part.len).is_err());
    if has_marks {
        // SAFETY: the contract.
        unsafe { marks_and_lines(entries) }?;
    }
    Ok(FieldList { entries, has_marks })
}

/// Checks each entry of the caller's field lines, as not all are plain lines.
///
/// A block must have the mark (type tag) of a block, other entries possible lengths.
unsafe fn marks_and_lines(entries: &[swo_field]) -> Done {
    entries.iter().try_for_each(|field| match field.name.len {
        // SAFETY: the contract, for what SWO_BLOCK was made of.
        IS_BLOCK if field.name.data.is_null() => {
            unsafe { seen::<swo_block>(field.value.data.cast()) }.map(drop)
        }
        IS_TEXT if field.name.data.is_null() => length(field.value.data, field.value.len),
        _ => length(field.name.data, field.name.len).and(length(field.value.data, field.value.len)),
    })
}

impl<'a> FieldList<'a> {
    fn field(field: &swo_field) -> Field<'a> {
        // SAFETY: the contract, which held when the list was made and holds through the call.
        let part = |part: swo_slice| unsafe { bytes(part) }.unwrap_or_default();
        Field { name: part(field.name), value: part(field.value) }
    }

    fn entry(field: &swo_field) -> Entry<'a> {
        match field.name.len {
            IS_TEXT => Entry::Text(TextLines(Self::field(field).value)),
            // SAFETY: as above; and its mark was seen.
            IS_BLOCK => match unsafe { seen::<swo_block>(field.value.data.cast()) } {
                Ok(block) => Entry::Block(block),
                Err(_) => Entry::Line(Self::field(field)),
            },
            _ => Entry::Line(Self::field(field)),
        }
    }
}

/// An entry of the caller's array: a field line, a text of lines, or a `swo_block`.
enum Entry<'a> {
    Line(Field<'a>),
    Text(TextLines<'a>),
    Block(&'a Block),
}

impl FieldSource for FieldList<'_> {
    fn each<'s>(&'s self, each: &mut dyn FnMut(Field<'s>)) {
        if self.has_marks {
            self.entries.iter().for_each(|field| match Self::entry(field) {
                Entry::Text(text) => text.each_line(each),
                Entry::Block(block) => block.each(each),
                Entry::Line(field) => each(field),
            });
        } else {
            self.entries.iter().for_each(|field| each(Self::field(field)));
        }
    }

    fn pieces(&self) -> Option<&dyn Pieces> {
        self.has_marks.then_some(self)
    }
}

impl Pieces for FieldList<'_> {
    fn each_piece<'s>(&'s self, each: &mut dyn FnMut(Piece<'s>)) {
        for field in self.entries {
            match Self::entry(field) {
                Entry::Text(text) => text.each_line(&mut |field| each(Piece::Line(field))),
                Entry::Block(block) => block.each_piece(each),
                Entry::Line(field) => each(Piece::Line(field)),
            }
        }
    }
}

pub(crate) unsafe fn text<'a>(text: *const c_char) -> Done<&'a [u8]> {
    // SAFETY: the contract: it ends with a NUL.
    if text.is_null() {
        Err(BindingError::Null.into())
    } else {
        Ok(unsafe { CStr::from_ptr(text) }.to_bytes())
    }
}

pub(crate) unsafe fn one<'a, T>(given: *const T) -> Done<&'a T> {
    // SAFETY: the contract.
    unsafe { given.as_ref() }.ok_or(BindingError::Null.into())
}

/// The method, target and field lines of a request to send.
pub(crate) type RequestGiven<'a> = (&'a [u8], &'a [u8], FieldList<'a>);

pub(crate) unsafe fn request_head<'a>(head: *const swo_request_head) -> Done<RequestGiven<'a>> {
    // SAFETY: the contract, for the struct and for what it points to.
    unsafe {
        let head = one(head)?;
        Ok((bytes(head.method)?, bytes(head.target)?, field_list((head.fields, head.field_count))?))
    }
}

/// The method and target of a request that an event contained.
pub(crate) type RequestLine<'a> = (&'a [u8], &'a [u8]);

pub(crate) unsafe fn request_line<'a>(request: *const swo_request) -> Done<RequestLine<'a>> {
    // SAFETY: the contract, for the struct and for what it points to.
    unsafe { one(request).and_then(|request| Ok((bytes(request.method)?, bytes(request.target)?))) }
}

/// The status, the optional reason phrase and the field lines of a response.
pub(crate) type ResponseGiven<'a> = (u32, Option<&'a [u8]>, FieldList<'a>);

pub(crate) unsafe fn response_head<'a>(head: *const swo_response_head) -> Done<ResponseGiven<'a>> {
    // SAFETY: the contract, for the struct and for what it points to.
    unsafe {
        let head = one(head)?;
        Ok((
            head.status,
            optional((head.reason, ()))?,
            field_list((head.fields, head.field_count))?,
        ))
    }
}

/// Reads the caller's configuration struct, which may be of another version.
///
/// Fields that both versions have are read, the others are the defaults. Returns `None` for NULL. A
/// field that this library does not know must be 0, else it is `StructTooNew`. `StructTooOld` for a
/// struct that is too small or was not filled.
pub(crate) unsafe fn config(given: *const swo_config) -> Done<Option<swo_config>> {
    if given.is_null() {
        return Ok(None);
    }
    // SAFETY: the contract: the size comes first, and so many bytes there are.
    let given = unsafe {
        slice::from_raw_parts(given.cast::<u8>(), swo_config::size(given.cast::<usize>().read())?)
    };
    let common = given.len().min(size_of::<swo_config>());
    if given[common..].iter().any(|&byte| byte != 0) {
        return Err(BindingError::StructTooNew.into());
    }
    let mut config = swo_config::from(Config::default());
    // SAFETY: both have so many bytes, and the struct is made of integers, which any bytes are.
    unsafe { ptr::copy_nonoverlapping(given.as_ptr(), (&raw mut config).cast::<u8>(), common) };
    config.was_filled().map(Some)
}

pub(crate) unsafe fn datagram<'a>(given: *const swo_datagram) -> Done<Datagram<'a>> {
    // SAFETY: the contract, for the struct and for what it points to.
    unsafe {
        one(given).and_then(|given| {
            Ok(Datagram { context: given.context, payload: bytes(given.payload)? })
        })
    }
}

pub(crate) unsafe fn selection(given: *const swo_selection) -> Done<Selection> {
    // SAFETY: the contract: a pointer to such a struct, or NULL. The engine checks what the numbers
    // say.
    unsafe { one(given).map(|given| selection_from_bits(given.opaque)) }
}

/// Functions like malloc(3), realloc(3) and free(3); none is NULL.
#[derive(Clone, Copy)]
#[cfg_attr(feature = "std", expect(dead_code, reason = "it takes Rust's allocator"))]
pub(crate) struct Functions {
    pub(crate) malloc: unsafe extern "C" fn(usize) -> *mut c_void,
    pub(crate) realloc: unsafe extern "C" fn(*mut c_void, usize) -> *mut c_void,
    pub(crate) free: unsafe extern "C" fn(*mut c_void),
}

pub(crate) unsafe fn functions(
    (malloc, realloc, free): (swo_malloc, swo_realloc, swo_free),
) -> Done<Functions> {
    let all = malloc.zip(realloc).zip(free);
    all.map(|((malloc, realloc), free)| Functions { malloc, realloc, free })
        .ok_or(BindingError::Null.into())
}

// Outputs.

pub(crate) unsafe fn space<'a, T>(data: *mut T, len: usize) -> Done<&'a mut [MaybeUninit<T>]> {
    length(data, len)?;
    // SAFETY: the contract; a slice of none needs no memory.
    Ok(if len == 0 { &mut [] } else { unsafe { slice::from_raw_parts_mut(data.cast(), len) } })
}

/// The caller's memory for a configuration, and its size in bytes.
pub(crate) struct ConfigPlace(*mut swo_config, usize);

pub(crate) unsafe fn config_place((place, size): (*mut swo_config, usize)) -> Done<ConfigPlace> {
    if place.is_null() {
        Err(BindingError::Null.into())
    } else {
        Ok(ConfigPlace(place, swo_config::size(size)?))
    }
}

impl ConfigPlace {
    /// Writes as many bytes of a configuration as the caller's struct has.
    ///
    /// The rest of a longer struct becomes 0.
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
