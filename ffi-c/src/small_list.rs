//! A list that uses the heap only if it has more than eight entries.
//!
//! Lists of protocols are usually shorter.

use alloc::vec::Vec;
use core::ops::Deref;

use switchover::ErrorKind;

use crate::error::Done;

/// The maximum number of entries without the heap.
const ROOM: usize = 8;

pub(crate) enum SmallList<T> {
    Here([T; ROOM], usize),
    OnHeap(Vec<T>),
}

impl<T: Copy + Default> SmallList<T> {
    /// Collects all entries, or returns the first error.
    pub(crate) fn collect(entries: impl ExactSizeIterator<Item = Done<T>>) -> Done<Self> {
        let len = entries.len();
        if len > ROOM {
            let mut list = Vec::new();
            list.try_reserve_exact(len).map_err(|_| ErrorKind::OutOfMemory)?;
            for entry in entries {
                list.push(entry?);
            }
            return Ok(Self::OnHeap(list));
        }
        let mut here = [T::default(); ROOM];
        for (place, entry) in here.iter_mut().zip(entries) {
            *place = entry?;
        }
        Ok(Self::Here(here, len))
    }
}

impl<T> Deref for SmallList<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        match self {
            Self::Here(entries, len) => &entries[..*len],
            Self::OnHeap(entries) => entries,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::BindingError;

    #[test]
    fn entries_keep_their_number_and_order() {
        for len in [0, 1, ROOM, ROOM + 1, 100] {
            let few = SmallList::collect((0..len).map(Ok)).unwrap();
            assert_eq!(*few, *(0..len).collect::<Vec<_>>());
        }
        for len in [1, ROOM, ROOM + 1] {
            let refused = SmallList::collect(
                (0..len)
                    .map(|at| if at == len - 1 { Err(BindingError::Null.into()) } else { Ok(at) }),
            );
            assert_eq!(refused.err(), Some(BindingError::Null.into()));
        }
    }
}
