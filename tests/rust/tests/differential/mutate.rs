//! A generator of random variations of the heads of test vectors and benchmarks.
//!
//! The same seed produces the same heads on every machine.

use std::collections::BTreeSet;

use switchover::Role;
use switchover_benches::inputs;
use switchover_tests::home;
use switchover_tests::random::Dice;
use switchover_tests::script::input;
use switchover_tests::vector::load;

/// The maximum number of bytes that an input keeps after the head of a vector.
const BEHIND: usize = 20;

/// A request or a response, valid or not, which all parsers get as input.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Input {
    pub(crate) bytes: Vec<u8>,
    pub(crate) is_response: bool,
}

impl Input {
    /// Returns the lines of the head, without their line ends.
    ///
    /// Skips empty lines before the head.
    pub(crate) fn lines(&self) -> impl Iterator<Item = &[u8]> {
        let lines = self
            .bytes
            .split(|&byte| byte == b'\n')
            .map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        lines.skip_while(|line| line.is_empty()).take_while(|line| !line.is_empty())
    }

    /// Returns the first three words of the head's first line; a missing word is empty.
    pub(crate) fn words(&self) -> [&[u8]; 3] {
        let mut words = self.lines().next().unwrap_or_default().split(|&byte| byte == b' ');
        std::array::from_fn(|_| words.next().unwrap_or_default())
    }

    /// Returns the number of field lines with the name `name`, given in lower case.
    pub(crate) fn count(&self, name: &[u8]) -> usize {
        self.lines().skip(1).filter(|line| named(line).eq_ignore_ascii_case(name)).count()
    }

    /// Returns the name, in lower case, of the field whose line contains byte `at`.
    pub(crate) fn field_at(&self, at: usize) -> Vec<u8> {
        let before = self.bytes[..at].split(|&byte| byte == b'\n');
        let line = before.rev().find(|line| !line.starts_with(b" ") && !line.starts_with(b"\t"));
        named(line.unwrap_or_default()).to_ascii_lowercase()
    }

    /// Returns whether the head has an end that a parser can find.
    ///
    /// The end is LF LF or CRLF CRLF, after any empty lines before the head.
    pub(crate) fn has_ended(&self) -> bool {
        let start = self
            .bytes
            .iter()
            .position(|byte| !matches!(byte, b'\r' | b'\n'))
            .unwrap_or(self.bytes.len());
        let rest = &self.bytes[start..];
        rest.windows(2).any(|pair| pair == b"\n\n")
            || rest.windows(4).any(|four| four == b"\r\n\r\n")
    }
}

pub(crate) struct Mutator {
    dice: Dice,
    requests: Vec<Vec<u8>>,
    responses: Vec<Vec<u8>>,
}

impl Mutator {
    pub(crate) fn new(seed: u64) -> Self {
        let (mut requests, mut responses) = (BTreeSet::new(), BTreeSet::new());
        for vector in load(&home().join("vectors")) {
            let mut bytes = input(&vector);
            let end = bytes
                .windows(4)
                .position(|four| four == b"\r\n\r\n")
                .map_or(bytes.len(), |at| at + 4);
            bytes.truncate(end + BEHIND);
            if bytes.len() > 4096 {
                continue;
            }
            // A 101 is mostly rejected because the client has not offered its protocol. With status
            // 200 the same head is parsed.
            if bytes.starts_with(b"HTTP/1.1 101") {
                responses.insert([b"HTTP/1.1 200", &bytes[12..]].concat());
            }
            if vector.role == Role::Server { &mut requests } else { &mut responses }.insert(bytes);
        }
        requests.extend(inputs::distinct());
        for small in inputs::small() {
            if small.bytes.starts_with(b"HTTP/") { &mut responses } else { &mut requests }
                .insert(small.bytes);
        }
        let (requests, responses) =
            (requests.into_iter().collect(), responses.into_iter().collect());
        Self { dice: Dice(seed), requests, responses }
    }

    /// Returns the next input, and the position at which it is cut in two.
    pub(crate) fn next(&mut self) -> (Input, usize) {
        let is_response = self.dice.below(3) == 0;
        let seeds = if is_response { &self.responses } else { &self.requests };
        let mut bytes = seeds[self.dice.below(seeds.len())].clone();
        let other = &seeds[self.dice.below(seeds.len())];
        for _ in 0..self.dice.below(4) {
            mutate(&mut bytes, other, is_response, &mut self.dice);
        }
        let cut = self.dice.below(bytes.len() + 1);
        (Input { bytes, is_response }, cut)
    }
}

const ODD: &[u8] = b"\r\n\0 \t:;,/.#%?\"\\\x7f\x80\xff\x01\x0b\x0c\x1f1HTP";
const REQUEST_LINES: &[&str] = &[
    "GET / HTTP/1.0",
    "GET / HTTP/1.2",
    "GET / HTTP/2.0",
    "GET / HTTP/0.9",
    "GET / HTTP/11",
    "GET /",
    "GET  / HTTP/1.1",
    "GET / HTTP/1.1 ",
    " GET / HTTP/1.1",
    "GET\t/\tHTTP/1.1",
    "get / HTTP/1.1",
    "BREW / HTTP/1.1",
    "GET / http/1.1",
    "OPTIONS * HTTP/1.1",
    "GET * HTTP/1.1",
    "CONNECT a:1 HTTP/1.1",
    "CONNECT a HTTP/1.1",
    "GET http://a/b HTTP/1.1",
    "GET http://u@a/ HTTP/1.1",
    "GET a/b HTTP/1.1",
    "GET /a#b HTTP/1.1",
    "GET /\u{e9} HTTP/1.1",
    "PRI * HTTP/2.0",
    "GET / RTSP/1.0",
    "SOURCE / ICE/1.0",
    "M-SEARCH * HTTP/1.1",
    "GET /? HTTP/1.1",
    "GET /%zz HTTP/1.1",
    "GET /<>\"{}|\\^` HTTP/1.1",
    "A!#$%&'*+-.^_`|~9 / HTTP/1.1",
    "AMETHODTHATISLONGERTHANTHELIMITOF32 / HTTP/1.1",
];
const STATUS_LINES: &[&str] = &[
    "HTTP/1.0 200 OK",
    "HTTP/1.1 200",
    "HTTP/1.1 200 ",
    "HTTP/1.1  200 OK",
    "HTTP/1.1 20 OK",
    "HTTP/1.1 2000 OK",
    "HTTP/1.1 099 Low",
    "HTTP/1.1 999 High",
    "HTTP/1.2 200 OK",
    "HTTP/2.0 200 OK",
    "HTTP/2 200 OK",
    "HTTP/0.9 200 OK",
    "http/1.1 200 OK",
    " HTTP/1.1 200 OK",
    "HTTP/1.1 200\tOK",
    "HTTP/1.1 200 \u{e9}",
    "HTTP/1.1 204 No Content",
    "HTTP/1.1 304 Not Modified",
    "HTTP/1.1 100 Continue",
    "HTTP/1.1 101 Switching",
    "RTSP/1.0 200 OK",
    "ICE/1.0 200 OK",
    "HTTP/1.1 200OK",
    "HTTP/1.1 +20 OK",
];
const FIELDS: &[&str] = &[
    "Host: b",
    "Host:",
    "Host: a b",
    "Host: [::1]:80",
    "Host: u@a",
    "Content-Length: 0",
    "Content-Length: 3",
    "Content-Length: 3, 3",
    "Content-Length: +3",
    "Content-Length: 3 3",
    "Content-Length:",
    "Content-Length: 18446744073709551616",
    "Content-Length: 0x3",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: gzip",
    "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding: chunked, gzip",
    "Transfer-Encoding: chunked, chunked",
    "Transfer-Encoding:",
    "Transfer-Encoding: \"chunked\"",
    "Transfer-Encoding: xchunked",
    "Connection: upgrade",
    "Connection: close, upgrade",
    "Connection: ,",
    "Upgrade: foo/2",
    "Upgrade: h2c",
    "Upgrade: websocket",
    "Upgrade:",
    "Expect: 100-continue",
    "X:",
    "X: ",
    "X:\t",
    "X:y",
    "X: y ",
    "X : y",
    "X\t: y",
    " X: y",
    "X",
    ": y",
    "X(: y",
    "X\u{e9}: y",
    "X: \u{e9}",
    "X: y\tz",
    "X: y:z",
    "X::",
    "Proxy-Connection: keep-alive",
    "HTTP2-Settings: AAMAAABk",
    "Keep-Alive: 5",
];

fn mutate(bytes: &mut Vec<u8>, other: &[u8], is_response: bool, dice: &mut Dice) {
    let at = dice.below(bytes.len() + 1);
    let (starts, ends) = lines(bytes);
    let line = dice.below(starts.len());
    let inside = starts[line]..ends[line];
    match dice.below(20) {
        0 if at < bytes.len() => bytes[at] = dice.below(256) as u8,
        1 if at < bytes.len() => bytes[at] ^= 1 << dice.below(8),
        2 | 3 => bytes.insert(at, ODD[dice.below(ODD.len())]),
        4 if at < bytes.len() => drop(bytes.remove(at)),
        5 => {
            let end = bytes.len().min(at + 1 + dice.below(40));
            bytes.drain(at..end);
        }
        6 => bytes.truncate(at),
        // Duplicate, move or remove a line.
        7 => {
            let copy = bytes[inside].to_vec();
            insert(bytes, starts[dice.below(starts.len())], &copy);
        }
        8 => {
            let moved: Vec<u8> = bytes.drain(inside).collect();
            let (starts, _) = lines(bytes);
            insert(bytes, starts[dice.below(starts.len())], &moved);
        }
        9 => drop(bytes.drain(inside)),
        // Join the beginning of one head and the end of another.
        10 => {
            bytes.truncate(at);
            let (starts, _) = lines(other);
            bytes.extend_from_slice(&other[starts[dice.below(starts.len())]..]);
        }
        11 => {
            // Insert whitespace beside the colon, beside a space, or at an end of the line.
            let line = &bytes[inside.clone()];
            let joint = line.iter().position(|&byte| matches!(byte, b':' | b' ')).unwrap_or(0);
            let places = [0, joint, joint + 1, line.len().saturating_sub(2), line.len()];
            let place = inside.start + places[dice.below(places.len())].min(line.len());
            let blanks: Vec<u8> = (0..1 + dice.below(3)).map(|_| b" \t"[dice.below(2)]).collect();
            insert(bytes, place, &blanks);
        }
        12 => {
            let fold: &[u8] =
                [&b"\r\n "[..], b"\r\n\t", b"\r\n \t ", b" \r\n a", b"\r\n \r\n b"][dice.below(5)];
            insert(bytes, inside.start + dice.below(inside.len() + 1), fold);
        }
        13 => {
            let end = inside.end.saturating_sub(2).max(inside.start);
            let instead: &[u8] =
                [&b"\n"[..], b"\r", b"\r\r\n", b"\n\r", b"\r\n\r", b"\r\n\n", b""][dice.below(7)];
            bytes.splice(end..inside.end, instead.iter().copied()).for_each(drop);
        }
        14 => insert(bytes, at, &[dice.below(0x21) as u8]),
        15 => {
            // A field name of random length, mostly near a block size of the scanner.
            let len = [1, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 128, 300][dice.below(14)]
                + dice.below(2);
            let field =
                [&vec![b'n'; len][..], &b":v\r\n"[usize::from(dice.below(9) == 0)..]].concat();
            insert(bytes, starts[line], &field);
        }
        16 => {
            // Shift the rest to within two bytes of a scanner block's border.
            let border = [32, 64][dice.below(2)];
            let len = border * 2 - (starts[line] + 5) % border + dice.below(5) - 2;
            insert(
                bytes,
                starts[line],
                &[b"P: ", &vec![b'p'; len - border.min(len)][..], b"\r\n"].concat(),
            );
        }
        17 => {
            let table = if is_response { STATUS_LINES } else { REQUEST_LINES };
            let replaced = format!("{}\r\n", table[dice.below(table.len())]);
            bytes.splice(..ends[0], replaced.bytes()).for_each(drop);
        }
        18 => {
            let field = format!("{}\r\n", FIELDS[dice.below(FIELDS.len())]);
            insert(bytes, starts[line].max(ends[0]), field.as_bytes());
        }
        _ => match dice.below(40) {
            // Near the limits: the number of fields, the length of a line.
            0 => insert(bytes, starts[line], &b"a:b\r\n".repeat(110 + dice.below(30))),
            1 => insert(
                bytes,
                starts[line],
                &[&b"L:"[..], &vec![b'l'; 16_380 + dice.below(8)], b"\r\n"].concat(),
            ),
            2 => insert(bytes, 0, &b"\r\n".repeat(1 + dice.below(6))),
            3 => insert(bytes, 0, &b"\n".repeat(1 + dice.below(3))),
            _ => insert(bytes, at, &[ODD[dice.below(ODD.len())]]),
        },
    }
}

fn insert(bytes: &mut Vec<u8>, at: usize, more: &[u8]) {
    bytes.splice(at..at, more.iter().copied()).for_each(drop);
}

fn named(line: &[u8]) -> &[u8] {
    line.split(|&byte| byte == b':').next().unwrap_or_default()
}

/// Returns the starts of all lines, and their ends after the LF; at least one each.
fn lines(bytes: &[u8]) -> (Vec<usize>, Vec<usize>) {
    let mut ends: Vec<usize> = bytes
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'\n')
        .map(|(at, _)| at + 1)
        .collect();
    if ends.last() != Some(&bytes.len()) {
        ends.push(bytes.len());
    }
    let starts = [0].into_iter().chain(ends.iter().copied().take(ends.len() - 1)).collect();
    (starts, ends)
}
