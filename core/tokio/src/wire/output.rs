//! The output buffer: bytes that the engine wrote, and content that is not copied.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::AsyncWrite;

/// The length in bytes from which content is kept as a separate piece, not copied.
const ZERO_COPY_MIN: usize = 4 * 1024;

/// The length of `text` at which the buffer is full, in bytes sent and unsent.
///
/// It is also full at `HIGH_WATER` unsent bytes of text and content. Then no content is polled.
const TEXT_HIGH_WATER: usize = 64 * 1024;
const HIGH_WATER: usize = 512 * 1024;

/// The maximum of slices passed to one vectored write.
const MAX_IO_SLICES: usize = 16;

#[derive(Default)]
pub(crate) struct OutputBuffer {
    text: Vec<u8>,
    /// The number of bytes of `text` that were sent.
    sent: usize,
    /// Pieces of content, each with the number of bytes of `text` before it.
    pieces: VecDeque<(usize, Bytes)>,
    /// The number of unsent bytes in `pieces`.
    content: usize,
}

impl OutputBuffer {
    /// Returns the buffer that the engine writes to.
    pub(crate) fn text(&mut self) -> &mut Vec<u8> {
        &mut self.text
    }

    /// Appends content alone; the engine's framing of it is appended to `text`.
    pub(crate) fn push(&mut self, content: Bytes) {
        if content.len() < ZERO_COPY_MIN {
            self.text.extend_from_slice(&content);
        } else {
            self.content += content.len();
            self.pieces.push_back((self.text.len(), content));
        }
    }

    fn len(&self) -> usize {
        self.text.len() - self.sent + self.content
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.sent == self.text.len() && self.pieces.is_empty()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.text.len() >= TEXT_HIGH_WATER || self.len() >= HIGH_WATER
    }

    /// Releases the memory if all output was sent.
    pub(crate) fn release(&mut self) {
        if self.is_empty() {
            *self = Self::default();
        }
    }

    /// Writes once, and returns the number of bytes written.
    pub(crate) fn poll_write(
        &mut self,
        stream: Pin<&mut impl AsyncWrite>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let written = if self.pieces.is_empty() {
            ready!(stream.poll_write(context, &self.text[self.sent..]))?
        } else if stream.is_write_vectored() {
            ready!(self.with_slices(|slices| stream.poll_write_vectored(context, slices)))?
        } else {
            let first =
                self.with_slices(|slices| slices.iter().position(|slice| !slice.is_empty()));
            ready!(
                self.with_slices(|slices| stream.poll_write(context, &slices[first.unwrap_or(0)]))
            )?
        };
        self.advance(written);
        match written {
            0 => Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            _ => Poll::Ready(Ok(written)),
        }
    }

    /// Calls `take` with slices of the first unsent bytes, in the order of sending.
    fn with_slices<T>(&self, take: impl FnOnce(&[IoSlice<'_>]) -> T) -> T {
        let mut slices = [IoSlice::new(&[]); MAX_IO_SLICES];
        let (mut at, mut count) = (self.sent, 0);
        for (end, content) in self.pieces.iter().take(MAX_IO_SLICES / 2) {
            slices[count] = IoSlice::new(&self.text[at..*end]);
            slices[count + 1] = IoSlice::new(content);
            (at, count) = (*end, count + 2);
        }
        if self.pieces.len() < MAX_IO_SLICES / 2 {
            slices[count] = IoSlice::new(&self.text[at..]);
            count += 1;
        }
        take(&slices[..count])
    }

    fn advance(&mut self, mut written: usize) {
        while let Some((end, content)) = self.pieces.front_mut() {
            let of_text = written.min(*end - self.sent);
            let of_content = (written - of_text).min(content.len());
            self.sent += of_text;
            content.advance(of_content);
            self.content -= of_content;
            written -= of_text + of_content;
            if !content.is_empty() {
                return;
            }
            self.pieces.pop_front();
        }
        self.sent += written;
        if self.sent == self.text.len() {
            self.text.clear();
            self.sent = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks that bytes stay in order, however few a transport accepts at a time.
    #[test]
    fn what_waits_leaves_in_order() {
        for step in [97, 997, 5000, 20_000] {
            let mut out = OutputBuffer::default();
            let mut wanted = Vec::new();
            for (text, content) in (0..12).map(|at| (format!("head {at}"), 4000 + at * 50)) {
                out.text().extend_from_slice(text.as_bytes());
                let content: Vec<u8> = (0..content).map(|at| at as u8).collect();
                out.push(content.clone().into());
                wanted.extend_from_slice(text.as_bytes());
                wanted.extend_from_slice(&content);
            }
            assert_eq!((out.len(), out.pieces.len()), (wanted.len(), 10));
            let mut sent = Vec::new();
            while !out.is_empty() {
                let first: Vec<u8> = out
                    .with_slices(|slices| slices.iter().flat_map(|slice| slice.to_vec()).collect());
                let len = step.min(first.len());
                sent.extend_from_slice(&first[..len]);
                out.advance(len);
            }
            assert!(sent == wanted, "{step}");
            assert_eq!(out.len(), 0);
        }
    }
}
