//! The value of `Date`, made anew only once it has changed (RFC 9110, 6.6.1).

use std::cell::Cell;
use std::time::{SystemTime, UNIX_EPOCH};

/// As long as an IMF-fixdate is.
const LEN: usize = 29;

thread_local! {
    static LAST: Cell<(u64, [u8; LEN])> = const { Cell::new((0, [0; LEN])) };
}

/// The time now.
pub(crate) fn now() -> [u8; LEN] {
    let now = SystemTime::now();
    let second = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    LAST.with(|last| {
        let (before, text) = last.get();
        if before == second && second > 0 {
            return text;
        }
        let mut text = [b' '; LEN];
        text.copy_from_slice(httpdate::fmt_http_date(now).as_bytes());
        last.set((second, text));
        text
    })
}
