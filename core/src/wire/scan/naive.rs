//! Simple byte-by-byte versions of the fast scanners, for comparison in tests.

use alloc::vec::Vec;

use super::passes::FIRST_LINE;
use crate::wire::scan::class::is_tchar;

pub(crate) fn control(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|&byte| byte != b'\t' && byte.is_ascii_control())
}

/// Returns start, name length and end of every line after the first one.
///
/// A line ends where a run of control bytes begins; a run of three ends the head. A name may extend
/// into the bytes `after`. Returns `None` if the head is incomplete or its first line too short.
pub(crate) fn lines(bytes: &[u8], after: &[u8]) -> Option<Vec<(usize, usize, usize)>> {
    let (mut lines, mut start) = (Vec::new(), 0);
    for end in 0..bytes.len() {
        let begins =
            bytes[end].is_ascii_control() && (end == 0 || !bytes[end - 1].is_ascii_control());
        if !begins {
            continue;
        }
        let rest = bytes[start.min(bytes.len())..].iter().chain(after);
        lines.push((start, rest.take_while(|&&byte| is_tchar(byte)).count(), end));
        if bytes[end..].iter().take_while(|&&byte| byte.is_ascii_control()).count() >= 3 {
            let (.., first) = lines.remove(0);
            return (first >= FIRST_LINE).then_some(lines);
        }
        start = end + 2;
    }
    None
}
