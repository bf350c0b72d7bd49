//! The exchange that a client shares with the bodies of its responses.
//!
//! What polls the request's content locks the exchange anew for each step.

use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::Frame;
use switchover::Content;

use super::content::{NextFrame, Sent};
use super::exchange::{Exchange, Head};
use super::waiters::Waiter;
use crate::Transport;
use crate::body::Source;
use crate::error::Error;
use crate::sync::{Mutex, MutexGuard, lock};

/// A locked exchange.
///
/// What it gives up of the request's content is dropped once it is unlocked.
pub(super) struct Locked<'a, S> {
    exchange: MutexGuard<'a, Exchange<S>>,
    /// Request content that was given up, dropped after the mutex is unlocked.
    ///
    /// Fields are dropped in order, so it stays below the guard. Its own drop may lock the exchange
    /// again.
    given_up: Option<Pin<Box<Sent>>>,
}

/// Content being polled; a drop puts it back if it has returned no frame.
///
/// A drop in a panic also stops the sending of the request.
struct Taken<'a, S: Transport> {
    shared: &'a Mutex<Exchange<S>>,
    content: Option<Pin<Box<Sent>>>,
}

impl<S: Transport> Taken<'_, S> {
    /// Polls the content; returns its next frame together with the content.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<(NextFrame, Pin<Box<Sent>>)> {
        let Some(content) = &mut self.content else { return Poll::Pending };
        let frame = ready!(content.as_mut().poll_frame(context));
        self.content.take().map_or(Poll::Pending, |content| Poll::Ready((frame, content)))
    }
}

impl<S: Transport> Drop for Taken<'_, S> {
    fn drop(&mut self) {
        if let Some(content) = self.content.take() {
            let mut exchange = locked(self.shared);
            let missed = exchange.content.put_back(content) == Some(true);
            if std::thread::panicking() {
                exchange.stop_sending();
            }
            // What woke the other task may have been for the content.
            if missed || std::thread::panicking() {
                exchange.waiters.wake(Waiter::Reader);
                exchange.waiters.wake(Waiter::Closer);
            }
        }
    }
}

/// Locks the exchange that a client shares with the bodies of its responses.
pub(super) fn locked<S>(shared: &Mutex<Exchange<S>>) -> Locked<'_, S> {
    Locked { exchange: lock(shared), given_up: None }
}

impl<S> Deref for Locked<'_, S> {
    type Target = Exchange<S>;

    fn deref(&self) -> &Exchange<S> {
        &self.exchange
    }
}

impl<S> DerefMut for Locked<'_, S> {
    fn deref_mut(&mut self) -> &mut Exchange<S> {
        &mut self.exchange
    }
}

impl<S> Drop for Locked<'_, S> {
    fn drop(&mut self) {
        self.given_up = self.exchange.content.take_given_up();
    }
}

impl<S: Transport> Exchange<S> {
    pub(super) fn poll_head(
        shared: &Mutex<Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<Head, Error>> {
        loop {
            Self::send_on(shared, context)?;
            if let Some(head) = ready!(locked(shared).poll_next_head(context))? {
                return Poll::Ready(Ok(head));
            }
        }
    }

    pub(super) fn poll_content(
        shared: &Mutex<Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let (waker, was_out) = {
            let exchange = locked(shared);
            (exchange.waiters.register(Waiter::Reader, context), exchange.is_out())
        };
        let context = &mut Context::from_waker(&waker);
        // What has already come of the response decides on content that is withheld.
        let is_withheld = locked(shared).is_withheld;
        if is_withheld && let Poll::Ready(frame) = locked(shared).poll_frame(context) {
            return Poll::Ready(frame);
        }
        // A response that has begun is received, whatever becomes of the request: the server may
        // have answered early.
        let sent = Self::send_on(shared, context);
        let mut exchange = locked(shared);
        if let Err(error) = sent {
            exchange.failure = Some(error);
        }
        if exchange.is_out() && !was_out {
            exchange.waiters.wake(Waiter::Closer);
        }
        exchange.poll_frame(context)
    }

    /// Waits until the whole request was sent, while others may read the response.
    pub(super) fn poll_sent_beside(
        shared: &Mutex<Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Error>> {
        let waker = locked(shared).waiters.register(Waiter::Closer, context);
        Self::poll_sent(shared, &mut Context::from_waker(&waker))
    }

    /// Waits until the whole request was sent.
    pub(super) fn poll_sent(
        shared: &Mutex<Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Error>> {
        ready!(Self::poll_sending(shared, context))?;
        Poll::Ready(locked(shared).sent())
    }

    /// Sends content while the response is awaited or read.
    ///
    /// A server that accepts no more content may still respond. So an I/O error only stops the
    /// sending. Any other error is returned.
    fn send_on(shared: &Mutex<Self>, context: &mut Context<'_>) -> Result<(), Error> {
        let sent = Self::poll_sending(shared, context);
        let Poll::Ready(Err(error)) = sent else { return Ok(()) };
        locked(shared).stop_sending();
        match error {
            Error::Io(_) => Ok(()),
            error => Err(error),
        }
    }

    /// Sends as much content as is available and the server accepts.
    ///
    /// Ready once no content is left and all output was sent; `is_encoded` is false if the content
    /// was given up.
    fn poll_sending(shared: &Mutex<Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        loop {
            let wanted = locked(shared).poll_wanted(context);
            let Some(content) = ready!(wanted)? else { break };
            let mut taken = Taken { shared, content: Some(content) };
            let Poll::Ready((frame, content)) = taken.poll(context) else { break };
            let data = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref());
            let is_empty = data.is_some_and(Bytes::is_empty);
            locked(shared).encode(content, frame)?;
            if is_empty {
                // Empty frames without end must not hold up the thread.
                context.waker().wake_by_ref();
                break;
            }
        }
        locked(shared).poll_output_sent(context)
    }
}

impl<S: Transport> Source for Mutex<Exchange<S>> {
    fn release(&self) {
        let mut exchange = locked(self);
        exchange.holders -= 1;
        exchange.waiters.wake(Waiter::Closer);
    }

    fn poll_frame(&self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        Exchange::poll_content(self, context)
    }

    fn left(&self) -> Option<u64> {
        match locked(self).wire.as_ref()?.http.content() {
            Content::Length(length) => Some(length),
            Content::None => Some(0),
            _ => None,
        }
    }

    fn take_end(&self) -> bool {
        let mut exchange = locked(self);
        let has_ended = exchange.wire.as_mut().is_some_and(|wire| wire.http.take_end());
        if has_ended && exchange.is_withheld {
            exchange.withhold();
        }
        has_ended
    }
}
