//! Escaping of bytes as text, in the format of the test vectors.

/// Returns bytes as one line of printable ASCII; others and `\` are escaped.
pub(crate) fn escape(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    bytes.iter().for_each(|&byte| push_escaped(&mut text, byte));
    text
}

/// Appends a byte to a text; a backslash or unprintable byte is escaped.
pub(super) fn push_escaped(text: &mut String, byte: u8) {
    match byte {
        b'\r' => text.push_str("\\r"),
        b'\n' => text.push_str("\\n"),
        b'\t' => text.push_str("\\t"),
        0 => text.push_str("\\0"),
        b'\\' => text.push_str("\\\\"),
        0x20..=0x7e => text.push(byte.into()),
        _ => {
            text.push_str("\\x");
            text.extend(
                [byte >> 4, byte & 15]
                    .map(|half| char::from(b"0123456789abcdef"[usize::from(half)])),
            );
        }
    }
}
