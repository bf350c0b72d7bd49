//! The line of `Date`, made anew only once it has changed (RFC 9110, 6.6.1).

use std::cell::RefCell;
use std::time::{SystemTime, UNIX_EPOCH};

use switchover::{Block, Error};

thread_local! {
    static LAST: RefCell<Option<(u64, Block)>> = const { RefCell::new(None) };
}

/// Sends something with the line, or without it.
pub(crate) fn with_line(is_wanted: bool, send: impl FnOnce(&Block) -> Result<(), Error>) -> Result<(), Error> {
    if !is_wanted {
        return send(&Block::new("")?);
    }
    let now = SystemTime::now();
    let second = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    LAST.with_borrow_mut(|last| match last {
        Some((before, line)) if *before == second && second > 0 => send(line),
        _ => {
            let line = Block::new(format!("date: {}", httpdate::fmt_http_date(now)))?;
            send(&last.insert((second, line)).1)
        }
    })
}
