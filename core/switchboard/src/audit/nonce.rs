//! The random words of an exchange, which tell its bytes from those of all others.

use std::sync::atomic::{AtomicU32, Ordering};

/// The letters that a random word consists of.
const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// The length of a random word, in bytes.
pub(crate) const LEN: usize = 5;

/// Two random words that most likely no other exchange sends.
///
/// They are needed because a resource may store a message and deliver it to the next client, as a
/// chat does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Nonce {
    /// The payload of the frame that probes a WebSocket.
    pub(crate) probe: [u8; LEN],
    /// The payload of the frame that is sent as content.
    pub(crate) content: [u8; LEN],
}

impl Nonce {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let other = || u64::from(NEXT.fetch_add(1, Ordering::Relaxed));
        let mut bits = getrandom::u64().unwrap_or_else(|_| other());
        let mut word = || {
            std::array::from_fn(|_| {
                let letter = LETTERS[usize::try_from(bits % 32).unwrap_or_default()];
                bits /= 32;
                letter
            })
        };
        Self { probe: word(), content: word() }
    }
}
