//! Finding line ends fast. The engine asks one question of the octets in bulk: where is the first one that cannot
//! stand inside a line? Everything up to there is a legal value, so validation costs nothing extra.
//!
//! `swar.rs` answers it for all targets in a form that compilers vectorise; `naive.rs` is its twin, four lines that
//! anybody can check, and must agree with it on every input.

#[cfg(test)]
mod naive;
mod swar;

/// The first control octet other than HTAB: the only octets that end a line or are errors in it.
pub(crate) fn control(bytes: &[u8]) -> Option<usize> {
    swar::control(bytes)
}

#[cfg(test)]
mod tests {
    use super::{control, naive};

    #[test]
    fn agrees_with_its_twin_on_every_octet_at_every_place() {
        for octet in 0..=255u8 {
            for len in 0..70 {
                for at in 0..=len {
                    let mut bytes = alloc::vec![b'a'; len + 1];
                    bytes[at] = octet;
                    bytes[len] = b'\r';
                    assert_eq!(control(&bytes), naive::control(&bytes), "octet {octet} at {at} of {len}");
                    assert_eq!(control(&bytes[..len]), naive::control(&bytes[..len]));
                }
            }
        }
    }
}
