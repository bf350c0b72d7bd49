//! The escape language for bytes in test vectors.
//!
//! Printable ASCII but the backslash stands for itself, other bytes are `\r \n \t \0 \\ \xHH`.
//! `\{1000*ab}` stands for 1,000 times `ab`.

/// Decodes a text with escapes and repetitions to bytes.
pub fn unescape(text: &str) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::new(), text);
    while let Some(c) = rest.chars().next() {
        if c != '\\' {
            let mut utf8 = [0; 4];
            out.extend_from_slice(c.encode_utf8(&mut utf8).as_bytes());
            rest = &rest[c.len_utf8()..];
            continue;
        }
        let kind =
            rest[1..].chars().next().unwrap_or_else(|| panic!("a lone backslash ends {text:?}"));
        rest = &rest[2..];
        match kind {
            'r' => out.push(b'\r'),
            'n' => out.push(b'\n'),
            't' => out.push(b'\t'),
            '0' => out.push(0),
            '\\' => out.push(b'\\'),
            'x' => {
                out.push(
                    u8::from_str_radix(&rest[..2], 16)
                        .unwrap_or_else(|_| panic!("not hex in {text:?}")),
                );
                rest = &rest[2..];
            }
            '{' => {
                let (inside, after) =
                    rest.split_once('}').unwrap_or_else(|| panic!("no brace ends {text:?}"));
                let (count, what) =
                    inside.split_once('*').unwrap_or_else(|| panic!("no star in {text:?}"));
                out.extend(
                    unescape(what)
                        .repeat(count.parse().unwrap_or_else(|_| panic!("no count in {text:?}"))),
                );
                rest = after;
            }
            other => panic!("unknown escape \\{other} in {text:?}"),
        }
    }
    out
}

/// Expands the repetitions of a line, and leaves all other escapes.
///
/// Lines that differ only in the use of repetitions are equal then.
pub fn unfold(line: &str) -> String {
    let (mut out, mut rest) = (String::new(), line);
    while let Some((before, after)) = rest.split_once("\\{") {
        let Some((count, (what, after))) = after
            .split_once('*')
            .and_then(|(count, after)| count.parse::<usize>().ok().zip(after.split_once('}')))
        else {
            break;
        };
        out.push_str(before);
        // A brace is escaped in a repetition alone.
        let what = match what {
            "\\x7b" => "{",
            "\\x7d" => "}",
            _ => what,
        };
        out.push_str(&what.repeat(count));
        rest = after;
    }
    out + rest
}

/// Encodes bytes as text with escapes, but never with the repetition `\{…}`.
pub fn escape(bytes: &[u8]) -> String {
    let mut out = String::new();
    for &byte in bytes {
        match byte {
            b'\r' => out.push_str("\\r"),
            b'\n' => out.push_str("\\n"),
            b'\t' => out.push_str("\\t"),
            0 => out.push_str("\\0"),
            b'\\' => out.push_str("\\\\"),
            0x20..=0x7e => out.push(byte as char),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out
}

/// Returns bytes as hex digits; `-` for no bytes.
pub fn hex(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        "-".into()
    } else {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Returns the 64-bit FNV-1a hash of bytes, which every runner can easily compute.
pub fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// Returns content as quoted text, or its length and checksum if over 160 bytes.
pub fn summary(bytes: &[u8]) -> String {
    if bytes.len() <= 160 {
        return format!("\"{}\"", escape(bytes));
    }
    format!("{} bytes {:016x}", bytes.len(), checksum(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_come_back() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(unescape(&escape(&all)), all);
        assert_eq!(unescape("a\\{3*\\x41b}"), b"aAbAbAb");
        assert_eq!(unfold("a\\{3*bc}d\\{2*\\x41}"), "abcbcbcd\\x41\\x41");
        assert_eq!(unfold("\\{2*\\x7b}\\{2*\\x7d}"), "{{}}");
    }
}
