//! Memory that is allocated as messages need it, and that may run out.
//!
//! Rust's own lists and boxes end the program if the allocator has no memory. A peer could then end
//! it. The types and functions here report it instead, and the call returns `OutOfMemory`. Only
//! `or_end` and a clone of a `Draft` still end the program.

use alloc::alloc::{Layout, handle_alloc_error};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::{Deref, DerefMut};

use crate::error::ErrorKind;

/// A list of bytes being written, which records if memory has run out.
///
/// Bytes for which there is no memory are left out. Code that appends need not check for that,
/// because [`whole`](Self::whole) then returns an error to the code that uses the bytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    /// The memory, all of it initialised, so that an append is one copy.
    memory: Vec<u8>,
    len: usize,
    is_short: bool,
}

impl Draft {
    pub(crate) const fn new() -> Self {
        Self { memory: Vec::new(), len: 0, is_short: false }
    }

    /// Removes all bytes, and keeps the memory.
    #[inline]
    pub(crate) fn clear(&mut self) {
        self.len = 0;
        self.is_short = false;
    }

    /// Allocates memory for `len` bytes in all.
    #[inline]
    pub(crate) fn reserve(&mut self, len: usize) -> Result<(), ErrorKind> {
        if len <= self.memory.len() { Ok(()) } else { self.grow(len) }
    }

    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    #[cfg_attr(target_family = "wasm", inline(never))]
    pub(crate) fn push(&mut self, byte: u8) {
        match self.memory.get_mut(self.len) {
            Some(place) => {
                *place = byte;
                self.len += 1;
            }
            None => self.extend_slow(&[byte]),
        }
    }

    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    #[cfg_attr(target_family = "wasm", inline(never))]
    pub(crate) fn extend_from_slice(&mut self, bytes: &[u8]) {
        let end = self.len.saturating_add(bytes.len());
        match self.memory.get_mut(self.len..end) {
            Some(place) => {
                place.copy_from_slice(bytes);
                self.len = end;
            }
            None => self.extend_slow(bytes),
        }
    }

    #[cold]
    #[inline(never)]
    fn extend_slow(&mut self, bytes: &[u8]) {
        let end = self.len.saturating_add(bytes.len());
        self.is_short |= self.grow(end).is_err();
        if let Some(place) = self.memory.get_mut(self.len..end) {
            place.copy_from_slice(bytes);
            self.len = end;
        }
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, len: usize) -> Result<(), ErrorKind> {
        let more = len.saturating_sub(self.memory.len());
        self.memory.try_reserve(more).map_err(|_| ErrorKind::OutOfMemory)?;
        self.memory.resize(self.memory.capacity(), 0);
        Ok(())
    }

    /// Appends the bytes of another draft.
    ///
    /// If memory has run out for the other draft, it counts as run out for this one.
    pub(crate) fn append(&mut self, other: &Self) {
        self.extend_from_slice(other);
        self.is_short |= other.is_short;
    }

    pub(crate) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Removes the first `len` bytes, and keeps the memory.
    #[cfg(feature = "h2c")]
    pub(crate) fn remove_front(&mut self, len: usize) {
        let len = len.min(self.len);
        self.memory.copy_within(len..self.len, 0);
        self.len -= len;
    }

    /// Removes and returns all bytes.
    ///
    /// If they fill less than half of the memory, they are copied, and the draft keeps its memory.
    /// Otherwise, or if the copy cannot be allocated, they are returned in that memory.
    #[cfg(feature = "h2c")]
    pub(crate) fn take(&mut self) -> Vec<u8> {
        if self.len < self.memory.len() / 2
            && let Ok(bytes) = copied(&[self])
        {
            self.clear();
            return bytes;
        }
        let mut taken = core::mem::take(self);
        taken.memory.truncate(taken.len);
        taken.memory
    }

    /// Returns all bytes that were appended.
    ///
    /// # Errors
    ///
    /// `OutOfMemory` if some are missing.
    #[inline]
    pub(crate) fn whole(&self) -> Result<&[u8], ErrorKind> {
        if self.is_short { Err(ErrorKind::OutOfMemory) } else { Ok(self) }
    }
}

impl Deref for Draft {
    type Target = [u8];

    #[inline(always)]
    fn deref(&self) -> &[u8] {
        self.memory.get(..self.len).unwrap_or_default()
    }
}

impl DerefMut for Draft {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [u8] {
        self.memory.get_mut(..self.len).unwrap_or_default()
    }
}

impl PartialEq for Draft {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Draft {}

/// A value on the heap, whose allocation returns an error if memory runs out.
#[derive(Debug)]
pub(crate) struct Boxed<T>(Box<[T; 1]>);

impl<T> Boxed<T> {
    /// Allocates memory for a value, then makes the value there.
    #[inline(always)]
    pub(crate) fn new(make: impl FnOnce() -> T) -> Result<Self, ErrorKind> {
        let mut place = Vec::new();
        place.try_reserve_exact(1).map_err(|_| ErrorKind::OutOfMemory)?;
        place.push(make());
        place.into_boxed_slice().try_into().map(Self).map_err(|_| ErrorKind::OutOfMemory)
    }
}

impl<T> Deref for Boxed<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        let [value] = &*self.0;
        value
    }
}

impl<T> DerefMut for Boxed<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        let [value] = &mut *self.0;
        value
    }
}

/// Allocates memory for `len` items of a list in all, unless it has that much.
#[cfg_attr(not(target_family = "wasm"), inline(always))]
#[cfg_attr(target_family = "wasm", inline(never))]
pub(crate) fn fit<T>(list: &mut Vec<T>, len: usize) -> Result<(), ErrorKind> {
    if list.capacity() < len { grow(list, len) } else { Ok(()) }
}

#[cold]
#[inline(never)]
fn grow<T>(list: &mut Vec<T>, len: usize) -> Result<(), ErrorKind> {
    list.try_reserve(len - list.len()).map_err(|_| ErrorKind::OutOfMemory)
}

/// Appends an item to a list.
pub(crate) fn push<T>(list: &mut Vec<T>, item: T) -> Result<(), ErrorKind> {
    let len = list.len() + 1;
    fit(list, len)?;
    list.push(item);
    Ok(())
}

/// Returns a copy of `parts`, one after another.
pub(crate) fn copied(parts: &[&[u8]]) -> Result<Vec<u8>, ErrorKind> {
    let mut copy = Vec::new();
    fit(&mut copy, parts.iter().map(|part| part.len()).sum())?;
    parts.iter().for_each(|part| copy.extend_from_slice(part));
    Ok(copy)
}

/// Returns the value, or ends the program as Rust's own lists do.
///
/// For functions whose signature has no error for memory that runs out.
pub(crate) fn or_end<T>(made: Result<T, ErrorKind>) -> T {
    made.unwrap_or_else(|_| handle_alloc_error(Layout::new::<u8>()))
}
