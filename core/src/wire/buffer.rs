//! The buffer of received bytes.
//!
//! It is one allocation that is kept between messages. Its memory is always initialised. It moves
//! bytes only to make room for more and in `release`.
//!
//! ```text
//!   kept          consumed   unread            free
//! ┌─────────────┬──────────┬─────────────────┬──────────┐
//! │ a head      │          │ parsed from here│ receive  │
//! └─────────────┴──────────┴─────────────────┴──────────┘
//!                           start             end
//! ```
//! 64 bytes after the free ones stay unused, so that the scanner can load whole blocks.
//!
//! A head that must stay readable is *kept*. The bytes consumed before and after it can be
//! reclaimed: its spans count from its start, so they stay valid when it is moved.

use alloc::vec::Vec;
use core::ops::Range;

use crate::error::ErrorKind;
use crate::wire::memory;
use crate::wire::scan::{self, PADDING};

/// The smallest size in bytes to which the buffer grows, unless limits allow less.
///
/// Most heads fit, and most allocators serve blocks of up to about this size quickly.
const FIRST: usize = 768;

#[derive(Debug, Default)]
pub(crate) struct Buffer {
    data: Vec<u8>,
    kept: Range<usize>,
    start: usize,
    end: usize,
    /// The bound for `end` below which added bytes only continue an unfinished line.
    ///
    /// It holds for bytes without a control byte. Below it no length limit is exceeded, and no
    /// memory has to be allocated. It is 0 unless all unread bytes have been scanned and end inside
    /// a line.
    line: usize,
    /// The number of bytes after `end` that the last `reserve` lent to the caller.
    ///
    /// It is 0 once `end` has moved.
    reserved: usize,
    /// The number of unread bytes at which the caller has to stop reading.
    ///
    /// The memory exceeds it and the longest head kept so far by more than a quarter only if a
    /// single read needs that.
    waiting: usize,
}

impl Buffer {
    pub(crate) fn with_room_for(waiting: usize) -> Self {
        Self { waiting, ..Self::default() }
    }

    /// Sets the number of unread bytes at which the caller must stop reading.
    pub(crate) fn set_waiting(&mut self, waiting: usize) {
        self.waiting = waiting;
    }

    #[inline]
    pub(crate) fn unread(&self) -> &[u8] {
        &self.data[self.start..self.end]
    }

    /// Returns the first `len` unread bytes, which are a complete head.
    #[inline]
    pub(crate) fn head(&self, len: usize) -> &[u8] {
        self.unread().get(..len).unwrap_or_default()
    }

    /// Returns the first unread byte, or a stale byte or `None` if nothing is unread.
    #[inline]
    pub(crate) fn peek(&self) -> Option<u8> {
        self.data.get(self.start).copied()
    }

    /// Returns all memory from the first unread byte on, and the unread length.
    ///
    /// The slice is mutable because the parser replaces an obs-fold by spaces, and the decoder
    /// coalesces chunks. The slice extends beyond the unread bytes because the scanner loads whole
    /// blocks.
    #[inline]
    pub(crate) fn unread_mut(&mut self) -> (&mut [u8], usize) {
        let len = self.len();
        (&mut self.data[self.start..], len)
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.end - self.start
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    #[inline]
    pub(crate) fn kept(&self) -> &[u8] {
        &self.data[self.kept.clone()]
    }

    /// Returns whether a consumed head is kept readable.
    pub(crate) fn keeps(&self) -> bool {
        !self.kept.is_empty()
    }

    /// Consumes the first `len` unread bytes.
    #[inline]
    pub(crate) fn consume(&mut self, len: usize) {
        debug_assert!(len <= self.len());
        self.start += len;
        if self.is_empty() && self.end != self.kept.end {
            self.start = self.kept.end;
            self.end = self.start;
            self.reserved = 0;
        }
    }

    /// Consumes the first `len` unread bytes, and keeps them readable as the head.
    pub(crate) fn keep(&mut self, len: usize) {
        self.kept = self.start..self.start + len;
        self.start += len;
    }

    /// Discards the bytes of the consumed head that was kept readable.
    pub(crate) fn unkeep(&mut self) {
        self.kept = 0..0;
        self.consume(0);
    }

    /// Returns at least `min` free bytes after the unread ones.
    ///
    /// After writing to them, call `commit`.
    #[inline]
    pub(crate) fn reserve(&mut self, min: usize) -> Result<&mut [u8], ErrorKind> {
        if self.free() < min {
            self.make_room(min)?;
        }
        Ok(self.reserved())
    }

    #[inline]
    fn reserved(&mut self) -> &mut [u8] {
        self.reserved = self.free();
        &mut self.data[self.end..][..self.reserved]
    }

    fn free(&self) -> usize {
        self.data.len().saturating_sub(self.end + PADDING)
    }

    /// Appends the first `len` reserved bytes to the unread ones; returns `len`.
    ///
    /// Appends nothing and returns 0 if the last `reserve` lent fewer bytes.
    #[inline]
    pub(crate) fn commit(&mut self, len: usize) -> usize {
        // The reserved space stays valid, so that bytes already read into it are not lost.
        if len == 0 || len > self.reserved {
            return 0;
        }
        let end = self.end + len;
        if end >= self.line || scan::control(&self.data[self.end..end]).is_some() {
            self.line = 0;
        }
        self.end = end;
        self.reserved = 0;
        len
    }

    /// Records that the last unread bytes belong to a line that has not ended.
    ///
    /// The line may extend to `reach`, counted from the first unread byte.
    pub(crate) fn expect_line(&mut self, reach: usize) {
        self.line =
            self.start.saturating_add(reach).min(self.data.len() - PADDING).saturating_add(1);
    }

    /// Returns whether all bytes since `expect_line` surely belong to its line.
    ///
    /// The line's CR may be among them. Returns `false` if no unfinished line is recorded.
    #[inline(always)]
    pub(crate) fn is_inside_line(&self) -> bool {
        self.line > 0
    }

    /// Forgets the unfinished line that `expect_line` recorded.
    pub(crate) fn end_line(&mut self) {
        self.line = 0;
    }

    /// Fast path of `append`: appends bytes that continue an unfinished line.
    ///
    /// It also appends a single CR, which only an LF may follow. Returns `false` and appends
    /// nothing if the fast path does not apply. Must equal `append`.
    #[inline(always)]
    pub(crate) fn append_inside_line(&mut self, bytes: &[u8]) -> bool {
        let end = self.end + bytes.len();
        if end >= self.line {
            return false;
        }
        if scan::control(bytes).is_some() {
            if bytes != b"\r" {
                return false;
            }
            // The next byte either ends the line or is malformed.
            self.line = end + 1;
        }
        match bytes {
            // A `memcpy` call for each byte of slow input would cost more than everything else.
            [byte] => self.data[self.end] = *byte,
            _ => self.data[self.end..end].copy_from_slice(bytes),
        }
        self.end = end;
        self.reserved = 0;
        true
    }

    /// Appends bytes to the unread ones, or none of them if memory runs out.
    #[inline]
    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<(), ErrorKind> {
        if self.free() < bytes.len() {
            self.make_room(bytes.len())?;
        }
        self.put(bytes);
        Ok(())
    }

    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        let end = self.end + bytes.len();
        self.data[self.end..end].copy_from_slice(bytes);
        self.end = end;
        self.line = 0;
        self.reserved = 0;
    }

    /// Frees the memory that neither the kept nor the unread bytes need.
    ///
    /// Frees nothing if the smaller copy of a buffer that is in use cannot be allocated.
    pub(crate) fn release(&mut self) {
        if self.is_empty() && self.kept.is_empty() {
            *self = Self::with_room_for(self.waiting);
        } else {
            self.compact();
            let len = self.data.len().min(self.end + PADDING);
            // To copy is an allocation that may fail; to shrink is one that may not.
            if let Ok(copy) = memory::copied(&[&self.data[..len]]) {
                self.data = copy;
            }
        }
    }

    /// Returns whether `bytes` overlaps the memory of this buffer.
    pub(crate) fn holds(&self, bytes: &[u8]) -> bool {
        overlap(&self.data, bytes)
    }

    pub(crate) fn has_memory(&self) -> bool {
        self.data.capacity() > 0
    }

    #[cold]
    fn make_room(&mut self, min: usize) -> Result<(), ErrorKind> {
        let len = self.room(min);
        let more = self.data.try_reserve_exact(len - self.data.len());
        more.map_err(|_| ErrorKind::OutOfMemory)?;
        self.data.resize(len, 0);
        Ok(())
    }

    /// Compacts the buffer if useful; returns the size to have for `min` more bytes.
    fn room(&mut self, min: usize) -> usize {
        self.reserved = 0;
        // `most` covers the bytes that may wait, and the kept head. Beyond it the buffer is
        // compacted and grown only in larger steps. Otherwise a caller that always reserves much
        // space would pay for a move with each byte.
        let step = self.waiting / 8;
        let most = self.waiting.saturating_add(2 * step).saturating_add(self.kept.len() + PADDING);
        let reclaimed = self.start - self.kept.len();
        if reclaimed >= self.data.len() / 2 || (self.needed(min) > most && reclaimed > step) {
            self.compact();
        }
        if self.free() >= min {
            return self.data.len();
        }
        let doubled = self.data.len().saturating_mul(2).max(FIRST);
        let needed = self.needed(min);
        match needed > most {
            // A single read that exceeds the limit gets exactly the memory that it needs.
            true if min > self.waiting => needed,
            true => needed.saturating_add(step),
            false => needed.max(doubled.min(most)),
        }
    }

    /// Returns the buffer size for `min` more bytes; saturates instead of wrapping.
    fn needed(&self, min: usize) -> usize {
        self.end.saturating_add(min).saturating_add(PADDING)
    }

    fn compact(&mut self) {
        self.line = 0;
        self.reserved = 0;
        self.data.copy_within(self.kept.clone(), 0);
        self.kept = 0..self.kept.len();
        self.data.copy_within(self.start..self.end, self.kept.end);
        self.end = self.kept.end + self.len();
        self.start = self.kept.end;
    }
}

/// Returns whether two slices share a byte of memory.
pub(crate) fn overlap(one: &[u8], other: &[u8]) -> bool {
    let (one, other) = (one.as_ptr_range(), other.as_ptr_range());
    one.start.max(other.start) < one.end.min(other.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: usize = 10_000;

    #[test]
    fn what_overlaps_has_a_byte_in_common() {
        let bytes = [0; 4];
        let cases =
            [(0..2, 1..3, true), (0..4, 2..2, false), (0..2, 2..4, false), (1..2, 0..4, true)];
        for (one, other, wanted) in cases {
            assert_eq!(
                overlap(&bytes[one.clone()], &bytes[other.clone()]),
                wanted,
                "{one:?} {other:?}"
            );
            assert_eq!(
                overlap(&bytes[other.clone()], &bytes[one.clone()]),
                wanted,
                "{other:?} {one:?}"
            );
        }
    }

    #[test]
    fn a_kept_head_survives_growth_and_compaction() {
        let mut buffer = Buffer::with_room_for(ROOM);
        buffer.append(b"head").expect("memory");
        buffer.keep(4);
        for round in 0..10_000u32 {
            buffer.append(&round.to_be_bytes()).expect("memory");
            assert_eq!(buffer.unread(), round.to_be_bytes());
            buffer.consume(4);
            assert_eq!(buffer.kept(), b"head");
        }
        assert!(buffer.data.len() <= FIRST, "consumed bytes are reclaimed: {}", buffer.data.len());
    }

    #[test]
    fn unread_bytes_keep_their_order_when_moved() {
        let mut buffer = Buffer::with_room_for(ROOM);
        let (mut wrote, mut read) = (0u8, 0u8);
        for step in 0..5_000usize {
            for _ in 0..step % 7 {
                buffer.append(&[wrote]).expect("memory");
                wrote = wrote.wrapping_add(1);
            }
            for _ in 0..(step % 5).min(buffer.len()) {
                assert_eq!(buffer.unread()[0], read);
                buffer.consume(1);
                read = read.wrapping_add(1);
            }
        }
    }

    #[test]
    fn memory_is_bounded_by_what_may_wait_and_a_quarter() {
        let mut buffer = Buffer::with_room_for(ROOM);
        buffer.append(&[b'h'; 700]).expect("memory");
        buffer.keep(700);
        for round in 0..100_000usize {
            while buffer.len() < ROOM {
                buffer.append(&[b'x'; 7]).expect("memory");
            }
            buffer.consume(round % 900);
        }
        assert!(
            buffer.data.capacity() <= 700 + ROOM + ROOM / 4 + PADDING,
            "{}",
            buffer.data.capacity()
        );
        // A single read that brings more than that gets the memory that it needs.
        buffer.append(&[b'y'; 3 * ROOM]).expect("memory");
        assert_eq!(buffer.kept(), [b'h'; 700]);
        assert!(
            buffer.data.capacity() <= 700 + 4 * ROOM + ROOM / 4 + PADDING,
            "{}",
            buffer.data.capacity()
        );
    }

    #[test]
    fn much_space_asked_for_again_and_again_is_not_moved_each_time() {
        let mut buffer = Buffer::with_room_for(ROOM);
        let (mut grown, mut moved, mut before) = (0, 0, (0, 0));
        for round in 0..3 * ROOM {
            buffer.reserve(ROOM).expect("memory");
            buffer.commit(1);
            if buffer.len() == ROOM {
                buffer.consume(100);
            }
            let now = (buffer.data.len(), buffer.end);
            grown += usize::from(now.0 != before.0);
            moved += usize::from(now.1 < before.1);
            before = now;
            assert!(
                buffer.data.capacity() <= 2 * ROOM + ROOM / 2 + PADDING,
                "{} in {round}",
                buffer.data.capacity()
            );
        }
        assert!(grown <= 16 && moved <= 32, "{grown} times grown, {moved} times moved");
    }

    /// Checks that a request for more memory than exists leaves the bytes unchanged.
    #[test]
    fn room_that_is_refused_changes_nothing() {
        let mut buffer = Buffer::with_room_for(ROOM);
        buffer.append(b"headabc").expect("memory");
        buffer.keep(4);
        assert!(buffer.reserve(isize::MAX as usize).is_err());
        assert_eq!((buffer.kept(), buffer.unread()), (&b"head"[..], &b"abc"[..]));
        assert!(buffer.reserve(ROOM).is_ok_and(|space| space.len() >= ROOM));
        let before = buffer.data.capacity();
        assert!(buffer.append(&[b'x'; ROOM]).is_ok());
        assert_eq!((buffer.len(), buffer.data.capacity()), (ROOM + 3, before));
    }

    #[test]
    fn release_keeps_what_is_needed_and_frees_the_rest() {
        let mut buffer = Buffer::with_room_for(ROOM);
        buffer.append(b"abcdef").expect("memory");
        buffer.keep(3);
        buffer.release();
        assert_eq!((buffer.kept(), buffer.unread()), (&b"abc"[..], &b"def"[..]));
        buffer.consume(3);
        buffer.unkeep();
        buffer.release();
        assert!(!buffer.has_memory());
    }
}
