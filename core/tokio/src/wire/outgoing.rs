//! What waits to be sent: text that the engine has written, and at most one piece of content that is not copied.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::AsyncWrite;

/// Content that is worth a piece of its own; what is shorter is copied.
const WORTH_IT: usize = 4 * 1024;

/// Bytes that wait to be sent before more are made.
const ENOUGH: usize = 64 * 1024;

/// In this order.
#[derive(Default)]
pub(crate) struct Outgoing {
    text: Vec<u8>,
    /// How much of `text` has left.
    sent: usize,
    content: Bytes,
    after: Vec<u8>,
}

impl Outgoing {
    /// Where the engine writes.
    pub(crate) fn text(&mut self) -> &mut Vec<u8> {
        if self.content.is_empty() { &mut self.text } else { &mut self.after }
    }

    /// Content that the engine has framed.
    pub(crate) fn push(&mut self, content: Bytes) {
        if content.len() < WORTH_IT || !self.content.is_empty() {
            self.text().extend_from_slice(&content);
        } else {
            self.content = content;
        }
    }

    fn len(&self) -> usize {
        self.text.len() - self.sent + self.content.len() + self.after.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn is_full(&self) -> bool {
        self.len() >= ENOUGH
    }

    /// Gives back the memory of what has left.
    pub(crate) fn release(&mut self) {
        if self.is_empty() {
            *self = Self::default();
        }
    }

    /// Sends once; gives how much it was.
    pub(crate) fn poll_write(
        &mut self,
        stream: Pin<&mut impl AsyncWrite>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let text = &self.text[self.sent..];
        let written = if self.content.is_empty() {
            ready!(stream.poll_write(context, text))?
        } else if stream.is_write_vectored() {
            let pieces = [IoSlice::new(text), IoSlice::new(&self.content), IoSlice::new(&self.after)];
            ready!(stream.poll_write_vectored(context, &pieces))?
        } else {
            ready!(stream.poll_write(context, if text.is_empty() { &self.content } else { text }))?
        };
        self.advance(written);
        match written {
            0 => Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            _ => Poll::Ready(Ok(written)),
        }
    }

    fn advance(&mut self, written: usize) {
        let of_text = written.min(self.text.len() - self.sent);
        self.sent += of_text;
        let of_content = (written - of_text).min(self.content.len());
        self.content.advance(of_content);
        if self.sent == self.text.len() && self.content.is_empty() {
            self.text.clear();
            std::mem::swap(&mut self.text, &mut self.after);
            self.sent = written - of_text - of_content;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However much a transport takes at a time, and whether it takes several pieces or one.
    #[test]
    fn what_waits_leaves_in_order() {
        for step in [1, 3, 5000, 20_000] {
            let mut out = Outgoing::default();
            let mut wanted = Vec::new();
            for (text, content) in [("head", 10_000), ("more", 5), ("again", 9_000)] {
                out.text().extend_from_slice(text.as_bytes());
                out.push(vec![b'c'; content].into());
                wanted.extend_from_slice(text.as_bytes());
                wanted.resize(wanted.len() + content, b'c');
            }
            let mut sent = 0;
            while !out.is_empty() {
                let first = if out.sent < out.text.len() { out.text[out.sent] } else { out.content[0] };
                assert_eq!(first, wanted[sent], "{step}: {sent}");
                let len = step.min(out.len());
                out.advance(len);
                sent += len;
            }
            assert_eq!(sent, wanted.len());
        }
    }
}
