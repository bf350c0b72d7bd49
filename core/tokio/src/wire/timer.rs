//! Deadlines, and the one alarm of a connection.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// What a byte adds to the time.
const EARNED: Duration = Duration::from_millis(1);

/// Until when the peer may keep us waiting for one thing.
#[derive(Default)]
pub(crate) struct Deadline {
    what: &'static str,
    patience: Duration,
    /// What was left of it when it was paused.
    left: Duration,
    until: Option<Instant>,
}

impl Deadline {
    /// We wait for this, for so long; if we did already, the time runs on. If not, it begins now, which is what this gives.
    pub(crate) fn wait_for(&mut self, what: &'static str, patience: Option<Duration>) -> Option<Instant> {
        let Some(patience) = patience else {
            self.clear();
            return None;
        };
        let is_new = !std::ptr::eq(self.what, what);
        if !is_new && self.until.is_some() {
            return None;
        }
        let (now, left) = (Instant::now(), if is_new { patience } else { self.left });
        *self = Self { what, patience, left, until: Some(now + left) };
        Some(now)
    }

    /// Until when, and for what.
    pub(crate) fn until(&self) -> Option<(Instant, &'static str)> {
        self.until.map(|until| (until, self.what))
    }

    /// Your code works on what has come; it goes on where we wait for more of the same.
    pub(crate) fn pause(&mut self) {
        if let Some(until) = self.until.take() {
            self.left = until.saturating_duration_since(Instant::now());
        }
    }

    /// It has come.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// So many bytes of it have come, which earns time, but never more than there was at the beginning.
    pub(crate) fn earn(&mut self, len: usize) {
        if let Some(until) = &mut self.until {
            let earned = EARNED.saturating_mul(u32::try_from(len).unwrap_or(u32::MAX));
            *until = (*until + earned).min(Instant::now() + self.patience);
        }
    }

    /// Ready with what was waited for, once that has taken too long.
    pub(crate) fn poll_late(&self, alarm: &mut Alarm, context: &mut Context<'_>) -> Poll<&'static str> {
        let Some(until) = self.until else { return Poll::Pending };
        ready!(alarm.poll(until, context));
        Poll::Ready(self.what)
    }
}

/// Goes off at the earliest deadline that was asked for.
#[derive(Default)]
pub(crate) struct Alarm(Option<Pin<Box<Sleep>>>);

impl Alarm {
    /// An alarm that is set for an earlier time goes off for nothing, and is set again: that costs less than to move it for
    /// each message.
    pub(crate) fn poll(&mut self, until: Instant, context: &mut Context<'_>) -> Poll<()> {
        let sleep = self.0.get_or_insert_with(|| Box::pin(sleep_until(until)));
        if sleep.deadline() > until {
            // An alarm for what is over would go off at once, again and again.
            if Instant::now() >= until {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(until);
        }
        while sleep.as_mut().poll(context).is_ready() {
            if Instant::now() >= until {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(until);
        }
        Poll::Pending
    }
}
