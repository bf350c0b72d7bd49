//! The caller's output memory, which gets a result only on success.
//!
//! On an error, at most one number is written that explains it. It is the size or count needed, the
//! index of a field line, or a reason.

use core::mem::MaybeUninit;

use bytes::BufMut;
use switchover::{Error, ErrorKind};

use crate::error::{BindingError, Done};
use crate::types::{
    SWO_NONE, swo_content_left, swo_data_parts, swo_datagram, swo_deflate, swo_event,
    swo_failure_info, swo_field, swo_offer, swo_protocol, swo_request, swo_selection, swo_slice,
    swo_state_info, swo_trace_entry,
};

/// A type that C can read as it is in memory.
pub(crate) trait Plain {}

impl Plain for u8 {}
impl Plain for u32 {}
impl Plain for usize {}
impl<T> Plain for *mut T {}
impl<T> Plain for *const T {}
impl Plain for swo_content_left {}
impl Plain for swo_data_parts {}
impl Plain for swo_datagram {}
impl Plain for swo_deflate {}
impl Plain for swo_event {}
impl Plain for swo_failure_info {}
impl Plain for swo_field {}
impl Plain for swo_offer {}
impl Plain for swo_protocol {}
impl Plain for swo_request {}
impl Plain for swo_selection {}
impl Plain for swo_slice {}
impl Plain for swo_state_info {}
impl Plain for swo_trace_entry {}

/// The caller's memory for one value.
pub(crate) struct Out<'a, T>(pub(crate) &'a mut MaybeUninit<T>);

impl<T> Out<'_, T> {
    pub(crate) fn set(self, value: T) -> Done {
        self.0.write(value);
        Ok(())
    }
}

impl Out<'_, u32> {
    /// Writes the number of an `Err`, or SWO_NONE, and turns an `Err` into SWO_REFUSED.
    pub(crate) fn reason<T>(self, outcome: Result<T, u32>) -> Done<T> {
        self.set(outcome.as_ref().err().copied().unwrap_or(SWO_NONE))?;
        Ok(outcome.map_err(|_| BindingError::Refused)?)
    }
}

/// The caller's memory for several values and their count.
pub(crate) struct Array<'a, T> {
    pub(crate) space: &'a mut [MaybeUninit<T>],
    pub(crate) count: Option<Out<'a, usize>>,
}

impl<T> Array<'_, T> {
    /// Writes all values, or none if they do not fit, and their count in either case.
    pub(crate) fn fill_counted(
        self,
        count: usize,
        values: impl Iterator<Item = impl Into<T>>,
    ) -> Done {
        self.fill_by(count, |put| values.for_each(|value| put(value.into())))
    }

    /// Writes `count`, and the values that `each` passes on if that many fit.
    ///
    /// If they do not fit, writes none of them and returns `ArrayTooSmall`.
    pub(crate) fn fill_by(self, count: usize, each: impl FnOnce(&mut dyn FnMut(T))) -> Done {
        let fits = count <= self.space.len();
        if fits {
            let mut places = self.space.iter_mut();
            each(&mut |value| {
                if let Some(place) = places.next() {
                    place.write(value);
                }
            });
        }
        self.count.map_or(Ok(()), |place| place.set(count))?;
        if fits { Ok(()) } else { Err(BindingError::ArrayTooSmall.into()) }
    }

    /// Counts the values, and writes them and their count; only the count if too many.
    pub(crate) fn fill(self, values: impl Iterator<Item = impl Into<T>> + Clone) -> Done {
        // Counting field lines by iterating would cost as much as writing them.
        let count = match values.size_hint() {
            (least, Some(most)) if least == most => least,
            _ => values.clone().count(),
        };
        self.fill_counted(count, values)
    }

    /// Writes what `next` returns until that is `None` or the space is full.
    ///
    /// Writes the number of values too.
    pub(crate) fn drain(self, mut next: impl FnMut() -> Option<T>) -> Done {
        let mut count = 0;
        for place in self.space {
            let Some(value) = next() else { break };
            place.write(value);
            count += 1;
        }
        self.count.map_or(Ok(()), |place| place.set(count))
    }
}

/// The caller's memory for bytes, and for the number of bytes written.
pub(crate) type Output<'a> = Array<'a, u8>;

impl Output<'_> {
    /// Writes all bytes that `decide` encodes, or none.
    ///
    /// On an error the count becomes the size needed, the index of the field line, or the number of
    /// the ineligibility. If the error has none of them, the count is unchanged.
    pub(crate) fn write(
        self,
        decide: impl FnOnce(&mut &mut [MaybeUninit<u8>]) -> Result<(), Error>,
    ) -> Done {
        let space = self.space.len();
        let mut free = self.space;
        match decide(&mut free) {
            Ok(()) => self.count.map_or(Ok(()), |place| place.set(space - free.len())),
            Err(error) => {
                let ineligible = || error.ineligible().map(|reason| reason.number() as usize);
                if let Some(number) = error.needed().or(error.field()).or_else(ineligible) {
                    self.count.map_or(Ok(()), |place| place.set(number))?;
                }
                Err(error.into())
            }
        }
    }

    /// Writes `len` bytes, or none if they do not fit; the count becomes `len`.
    pub(crate) fn put(self, len: usize, write: impl FnOnce(&mut &mut [MaybeUninit<u8>])) -> Done {
        let mut free = self.space;
        let fits = len <= free.len();
        if fits {
            write(&mut free);
        }
        self.count.map_or(Ok(()), |place| place.set(len))?;
        if fits { Ok(()) } else { Err(ErrorKind::OutputTooSmall.into()) }
    }

    /// Copies the bytes, or none if they do not fit; the count becomes their number.
    pub(crate) fn copy(self, bytes: &[u8]) -> Done {
        self.put(bytes.len(), |space| space.put_slice(bytes))
    }
}
