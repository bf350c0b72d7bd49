//! Deadlines, and the single timer of a connection.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use crate::error::Timeout;

/// The time that each byte adds to a deadline.
const TIME_PER_BYTE: Duration = Duration::from_millis(1);
/// The number of timeouts by which sent bytes may extend a deadline.
///
/// The system accepts more bytes only once a third of its buffer was sent, which may be a megabyte.
const EARNED_MAX: u32 = 9;

/// A deadline for the phase that a connection is in, such as receiving a head.
pub(crate) struct Deadline {
    phase: Timeout,
    time: Time,
    timeout: Duration,
    /// The number of bytes sent while no clock ran; they extend the next phase.
    credit: u32,
}

impl Default for Deadline {
    fn default() -> Self {
        Self { phase: Timeout::Idle, time: Time::Unlimited, timeout: Duration::ZERO, credit: 0 }
    }
}

#[derive(Clone, Copy)]
enum Time {
    /// No deadline: nothing is awaited, or the timeout is disabled.
    Unlimited,
    Until(Instant),
    /// The clock is stopped while the caller works; this much time is left.
    Left(Duration),
}

impl Deadline {
    /// Starts the deadline, or continues one for the same phase.
    ///
    /// Removes the deadline if `timeout` is `None`. Returns the current time if the clock starts
    /// now, else `None`.
    pub(crate) fn wait_for(
        &mut self,
        phase: Timeout,
        timeout: Option<Duration>,
    ) -> Option<Instant> {
        let Some(timeout) = timeout else {
            self.clear();
            return None;
        };
        let left = match self.time {
            Time::Until(_) if self.phase == phase => return None,
            Time::Left(left) if self.phase == phase => left,
            _ => timeout.saturating_add(
                TIME_PER_BYTE
                    .saturating_mul(std::mem::take(&mut self.credit))
                    .min(timeout.saturating_mul(EARNED_MAX)),
            ),
        };
        // A timeout beyond the range of the clock is unlimited.
        let now = Instant::now();
        *self = Self {
            phase,
            time: now.checked_add(left).map_or(Time::Unlimited, Time::Until),
            timeout,
            ..*self
        };
        Some(now)
    }

    /// Returns the deadline and its phase, if the clock runs.
    pub(crate) fn until(&self) -> Option<(Instant, Timeout)> {
        match self.time {
            Time::Until(until) => Some((until, self.phase)),
            Time::Unlimited | Time::Left(_) => None,
        }
    }

    /// Stops the clock, and keeps the time that is left.
    pub(crate) fn pause(&mut self) {
        if let Time::Until(until) = self.time {
            self.time = Time::Left(until.saturating_duration_since(Instant::now()));
        }
    }

    pub(crate) fn clear(&mut self) {
        self.time = Time::Unlimited;
    }

    /// Extends the deadline by a millisecond for each of `len` received bytes.
    ///
    /// It is extended at most to a full timeout from now.
    ///
    /// If the clock is stopped, the time left grows instead, also at most to a timeout.
    pub(crate) fn extend(&mut self, len: usize) {
        if let Time::Left(left) = &mut self.time {
            *left = left.saturating_add(earned(len)).min(self.timeout.max(*left));
        }
        self.earn_up_to(self.timeout, len);
    }

    /// Extends the deadline for `len` bytes that the system accepted for the peer.
    ///
    /// Each byte adds a millisecond, at most to ten timeouts from now. If the clock does not run,
    /// the bytes are kept for the next phase.
    pub(crate) fn earn_from_system(&mut self, len: usize) {
        match self.time {
            Time::Until(_) => self.earn_up_to(self.timeout.saturating_mul(1 + EARNED_MAX), len),
            Time::Unlimited | Time::Left(_) => {
                self.credit = self.credit.saturating_add(counted(len));
            }
        }
    }

    fn earn_up_to(&mut self, most: Duration, len: usize) {
        if let Time::Until(until) = &mut self.time {
            let most = Instant::now().checked_add(most);
            *until = until.checked_add(earned(len)).into_iter().chain(most).min().unwrap_or(*until);
        }
    }

    /// Waits until the deadline expires; returns the phase.
    pub(crate) fn poll_timeout(
        &self,
        alarm: &mut Alarm,
        context: &mut Context<'_>,
    ) -> Poll<Timeout> {
        let Time::Until(until) = self.time else { return Poll::Pending };
        ready!(alarm.poll(until, context));
        Poll::Ready(self.phase)
    }
}

fn earned(len: usize) -> Duration {
    TIME_PER_BYTE.saturating_mul(counted(len))
}

fn counted(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

/// A timer that fires at the earliest deadline requested.
#[derive(Default)]
pub(crate) struct Alarm(Option<Pin<Box<Sleep>>>);

impl Alarm {
    /// Waits until `until`.
    ///
    /// A timer set for an earlier time fires too early, and is set again. That costs less than to
    /// move it for each message.
    pub(crate) fn poll(&mut self, until: Instant, context: &mut Context<'_>) -> Poll<()> {
        let sleep = self.0.get_or_insert_with(|| Box::pin(sleep_until(until)));
        if sleep.deadline() > until {
            // A timer for a past deadline would fire at once, again and again.
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
