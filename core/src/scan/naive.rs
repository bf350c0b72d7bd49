//! The twin of the fast scanner.

pub(crate) fn control(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|&octet| octet != b'\t' && octet.is_ascii_control())
}
