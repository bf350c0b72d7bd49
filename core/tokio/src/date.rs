//! The `Date` field line, formatted at most once per second in each thread.
//!
//! RFC 9110, section 6.6.1.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pin_project_lite::pin_project;
use switchover::{Block, Error};

struct Last {
    second: u64,
    line: Option<Block>,
    /// Set if the clock was read in the current poll of a connection.
    is_new: bool,
}

thread_local! {
    static LAST: RefCell<Last> = const {
        RefCell::new(Last { second: 0, line: None, is_new: false })
    };
}

pin_project! {
    /// A future that runs the inner one with a cached date.
    ///
    /// All responses written in one poll have the same date. To read the clock for each response
    /// would cost as much as the rest of its head.
    pub(crate) struct CachedDate<F> {
        #[pin]
        pub(crate) future: F,
    }
}

impl<F: Future> Future for CachedDate<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        LAST.with_borrow_mut(|last| last.is_new = false);
        self.project().future.poll(context)
    }
}

/// Calls `send` with the `Date` field line, or with no line if it is not wanted.
pub(crate) fn with_line(
    is_wanted: bool,
    send: impl FnOnce(&Block) -> Result<(), Error>,
) -> Result<(), Error> {
    if !is_wanted {
        return send(&Block::new("")?);
    }
    LAST.with_borrow_mut(|last| send(last.line()?))
}

impl Last {
    fn line(&mut self) -> Result<&Block, Error> {
        if !self.is_new {
            let now = SystemTime::now();
            let second = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
            if self.second != second {
                (self.second, self.line) = (second, None);
            }
            self.is_new = true;
        }
        match &mut self.line {
            Some(line) => Ok(line),
            none => {
                let now = UNIX_EPOCH + Duration::from_secs(self.second);
                Ok(none.insert(Block::new(format!("date: {}", httpdate::fmt_http_date(now)))?))
            }
        }
    }
}
