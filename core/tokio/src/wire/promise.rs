//! The length of content that a head has promised.

use bytes::Bytes;
use http::{HeaderMap, header};

/// The number of content bytes still to be sent, if the head gives the length.
///
/// The message is complete after the last of them. Further content is not sent, as it must not
/// become a second message, and the end of the content is not awaited.
#[derive(Default)]
pub(crate) struct Promise(Option<u64>);

impl Promise {
    /// Returns the promise of a head with these fields.
    ///
    /// `added` is the `Content-Length` that is added to a head without one.
    pub(crate) fn of(headers: &HeaderMap, added: Option<u64>) -> Self {
        let own = headers.get_all(header::CONTENT_LENGTH).iter();
        let mut lengths =
            own.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(','));
        // The engine refuses what is no number, and numbers that differ (RFC 9110, section 8.6).
        Self(lengths.next().map_or(added, |length| length.trim().parse().ok()))
    }

    /// Counts content, and returns as much of it as is promised; all without a length.
    pub(crate) fn part(&mut self, mut data: Bytes) -> Bytes {
        if let Some(left) = &mut self.0 {
            data.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
            *left -= data.len() as u64;
        }
        data
    }

    /// Returns whether all that was promised has been sent; `false` without a length.
    pub(crate) fn is_kept(&self) -> bool {
        self.0 == Some(0)
    }
}
