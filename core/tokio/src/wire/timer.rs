//! Deadlines, and the one alarm of a connection.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// What a byte adds to the time.
const EARNED: Duration = Duration::from_millis(1);
/// How many patiences more a peer may earn by what the system has taken for it: that takes more only once a third has left of all
/// that it holds, which may be a megabyte.
const SYSTEM: u32 = 3;

/// Until when the peer may keep us waiting for one thing.
#[derive(Default)]
pub(crate) struct Deadline {
    what: &'static str,
    time: Time,
    patience: Duration,
    /// Earned before there was something to wait for.
    credit: Duration,
}

#[derive(Clone, Copy, Default)]
enum Time {
    /// Nothing is waited for, or for ever.
    #[default]
    Unlimited,
    Until(Instant),
    /// Your code works on what has come; then this much is left for the rest.
    Left(Duration),
}

impl Deadline {
    /// We wait for this, for so long; if we did already, the time runs on. If not, it begins now, which is what this gives.
    pub(crate) fn wait_for(&mut self, what: &'static str, patience: Option<Duration>) -> Option<Instant> {
        let Some(patience) = patience else {
            self.clear();
            return None;
        };
        let left = match self.time {
            Time::Until(_) if self.what == what => return None,
            Time::Left(left) if self.what == what => left,
            _ => patience.saturating_add(std::mem::take(&mut self.credit).min(patience.saturating_mul(SYSTEM))),
        };
        // What is longer than a clock goes is for ever.
        let now = Instant::now();
        *self = Self { what, time: now.checked_add(left).map_or(Time::Unlimited, Time::Until), patience, ..*self };
        Some(now)
    }

    /// Until when, and for what.
    pub(crate) fn until(&self) -> Option<(Instant, &'static str)> {
        match self.time {
            Time::Until(until) => Some((until, self.what)),
            Time::Unlimited | Time::Left(_) => None,
        }
    }

    /// Part of it has come.
    pub(crate) fn pause(&mut self) {
        if let Time::Until(until) = self.time {
            self.time = Time::Left(until.saturating_duration_since(Instant::now()));
        }
    }

    /// It has come.
    pub(crate) fn clear(&mut self) {
        self.time = Time::Unlimited;
    }

    /// So many bytes of it have come, which earns time, but never more than there was at the beginning.
    pub(crate) fn earn(&mut self, len: usize) {
        self.earn_up_to(self.patience, len);
    }

    /// The system has taken so many bytes for the peer, which earns it time, also where it has not been waited for yet.
    pub(crate) fn earn_from_system(&mut self, len: usize) {
        match self.time {
            Time::Until(_) => self.earn_up_to(self.patience.saturating_mul(1 + SYSTEM), len),
            Time::Unlimited | Time::Left(_) => self.credit = self.credit.saturating_add(earned(len)),
        }
    }

    fn earn_up_to(&mut self, most: Duration, len: usize) {
        if let Time::Until(until) = &mut self.time {
            let most = Instant::now().checked_add(most);
            *until = until.checked_add(earned(len)).into_iter().chain(most).min().unwrap_or(*until);
        }
    }

    /// Ready with what was waited for, once that has taken too long.
    pub(crate) fn poll_late(&self, alarm: &mut Alarm, context: &mut Context<'_>) -> Poll<&'static str> {
        let Time::Until(until) = self.time else { return Poll::Pending };
        ready!(alarm.poll(until, context));
        Poll::Ready(self.what)
    }
}

fn earned(len: usize) -> Duration {
    EARNED.saturating_mul(u32::try_from(len).unwrap_or(u32::MAX))
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
