//! Deadlines, and the one alarm of a connection.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// The time that a byte adds.
const TIME_PER_BYTE: Duration = Duration::from_millis(1);
/// The number of timeouts that a peer may earn by what the system holds.
///
/// The system takes more only once a third of what it holds has left, which may be a megabyte.
const SYSTEM: u32 = 3;

/// A deadline for one phase.
#[derive(Default)]
pub(crate) struct Deadline {
    what: &'static str,
    time: Time,
    timeout: Duration,
    /// Earned before there was something to wait for.
    credit: Duration,
}

#[derive(Clone, Copy, Default)]
enum Time {
    /// No deadline: nothing is awaited, or for ever.
    #[default]
    Unlimited,
    Until(Instant),
    /// Your code works on what has come; then this much is left for the rest.
    Left(Duration),
}

impl Deadline {
    /// Starts the deadline, or goes on with one for the same phase.
    ///
    /// Returns the time of its beginning, if it begins now.
    pub(crate) fn wait_for(
        &mut self,
        what: &'static str,
        timeout: Option<Duration>,
    ) -> Option<Instant> {
        let Some(timeout) = timeout else {
            self.clear();
            return None;
        };
        let left = match self.time {
            Time::Until(_) if self.what == what => return None,
            Time::Left(left) if self.what == what => left,
            _ => timeout.saturating_add(
                std::mem::take(&mut self.credit).min(timeout.saturating_mul(SYSTEM)),
            ),
        };
        // What is longer than a clock goes is for ever.
        let now = Instant::now();
        *self = Self {
            what,
            time: now.checked_add(left).map_or(Time::Unlimited, Time::Until),
            timeout,
            ..*self
        };
        Some(now)
    }

    /// Returns the deadline and its phase.
    pub(crate) fn until(&self) -> Option<(Instant, &'static str)> {
        match self.time {
            Time::Until(until) => Some((until, self.what)),
            Time::Unlimited | Time::Left(_) => None,
        }
    }

    /// Stops the time, as part of the phase has come.
    pub(crate) fn pause(&mut self) {
        if let Time::Until(until) = self.time {
            self.time = Time::Left(until.saturating_duration_since(Instant::now()));
        }
    }

    /// Clears the deadline.
    pub(crate) fn clear(&mut self) {
        self.time = Time::Unlimited;
    }

    /// Extends the deadline by received bytes, up to the timeout at the beginning.
    pub(crate) fn extend(&mut self, len: usize) {
        self.earn_up_to(self.timeout, len);
    }

    /// Extends the deadline by bytes that the system has taken for the peer.
    ///
    /// It counts also before the phase begins.
    pub(crate) fn earn_from_system(&mut self, len: usize) {
        match self.time {
            Time::Until(_) => self.earn_up_to(self.timeout.saturating_mul(1 + SYSTEM), len),
            Time::Unlimited | Time::Left(_) => {
                self.credit = self.credit.saturating_add(earned(len))
            }
        }
    }

    fn earn_up_to(&mut self, most: Duration, len: usize) {
        if let Time::Until(until) = &mut self.time {
            let most = Instant::now().checked_add(most);
            *until = until.checked_add(earned(len)).into_iter().chain(most).min().unwrap_or(*until);
        }
    }

    /// Waits until the deadline has expired; returns the phase.
    pub(crate) fn poll_timeout(
        &self,
        alarm: &mut Alarm,
        context: &mut Context<'_>,
    ) -> Poll<&'static str> {
        let Time::Until(until) = self.time else { return Poll::Pending };
        ready!(alarm.poll(until, context));
        Poll::Ready(self.what)
    }
}

fn earned(len: usize) -> Duration {
    TIME_PER_BYTE.saturating_mul(u32::try_from(len).unwrap_or(u32::MAX))
}

/// Goes off at the earliest deadline that was asked for.
#[derive(Default)]
pub(crate) struct Alarm(Option<Pin<Box<Sleep>>>);

impl Alarm {
    /// Waits until the alarm goes off.
    ///
    /// An alarm that is set for an earlier time goes off for nothing, and is set again. That costs
    /// less than to move it for each message.
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
