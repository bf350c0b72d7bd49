//! Tests of the parser for heads.

use super::diagnose::first_fault;
use super::*;
use alloc::vec::Vec;

const LIMITS: Limits = Limits {
    start_line: 40,
    method: 9,
    field_line: 30,
    fields: 4,
    head: 120,
    trailers: 60,
    ..Limits::DEFAULT
};

const REQUEST: Section = Section::Request { lone_lf: false };

/// Parses the whole input with the state machine of `diagnose.rs`, byte by byte.
fn slow(bytes: &[u8], section: Section) -> Result<Option<usize>, Fault> {
    let (mut start, mut index) = (0, 0);
    loop {
        let line = match section {
            Section::Request { lone_lf } if start == 0 => Line::Request { lone_lf },
            Section::Response(tolerated) if start == 0 => Line::Status(tolerated),
            _ => Line::Field { section, index },
        };
        let next = memchr::memchr(b'\n', &bytes[start..]).map(|at| start + at + 1);
        let seen = next.unwrap_or(bytes.len());
        if let Some(fault) =
            first_fault(line, &bytes[..seen], start, section.limit(&LIMITS), &LIMITS)
        {
            return Err(fault);
        }
        let Some(next) = next else { return Ok(None) };
        let is_field = matches!(line, Line::Field { .. });
        if is_field && bytes[start..next].iter().all(|byte| b"\r\n".contains(byte)) {
            return Ok(Some(next));
        }
        index += usize::from(is_field && !is_ows(bytes[start]));
        start = next;
    }
}

/// A small deterministic random number generator (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}

fn input(dice: &mut Dice, seed: &[u8]) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..dice.below(4) {
        let at = dice.below(bytes.len().max(1));
        match dice.below(4) {
            0 => bytes[at] = dice.below(256) as u8,
            1 => bytes.insert(at, b"\r\n\0 \t:H/1.aZ"[dice.below(12)]),
            2 if bytes.len() > 1 => drop(bytes.remove(at)),
            _ => bytes.truncate(at.max(1)),
        }
    }
    bytes
}

#[test]
fn more_lines_than_the_scanner_counts_are_a_head_all_the_same() {
    let limits = Limits { fields: 5_000, ..Limits::DEFAULT };
    let counts = [513, 500, 511, 512, 958, 959, 960, 961, 962, 4_000];
    // Miri would take minutes for all of them.
    for &count in &counts[..if cfg!(miri) { 1 } else { counts.len() }] {
        let mut bytes =
            [b"GET / HTTP/1.1\r\n".as_slice(), &b"Te: a\r\n".repeat(count), b"\r\n"].concat();
        let len = bytes.len();
        bytes.resize(len + scan::PADDING, 0);
        let mut head = Head::default();
        assert_eq!(head.parse(&mut bytes, len, REQUEST, &limits), Ok(Some(len)), "{count}");
        assert_eq!(
            (head.fields(&bytes).len(), head.values(KnownField::Te, &bytes).count()),
            (count, count)
        );
    }
}

#[test]
fn the_largest_limits_are_no_overflow() {
    let all = u32::MAX;
    let limits =
        Limits { field_line: all, start_line: all, head: all, fields: all, ..Limits::DEFAULT };
    let mut bytes = [b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".as_slice(), &[0; scan::PADDING]].concat();
    let mut head = Head::default();
    for len in 1..27 {
        assert_eq!(head.parse(&mut bytes, len, REQUEST, &limits), Ok(None));
        assert!(head.reach(REQUEST, &limits) > 1 << 30);
    }
    assert_eq!(head.parse(&mut bytes, 27, REQUEST, &limits), Ok(Some(27)));
}

#[test]
fn the_fast_parser_and_the_slow_one_agree_at_every_cut() {
    let response = Section::Response(Tolerated::default());
    let tolerated =
        Tolerated { bare_status: true, any_version: true, lone_lf: true, controls: true };
    let (all, direct) = (Section::Response(tolerated), Section::Request { lone_lf: true });
    let bare = Section::Response(Tolerated { bare_status: true, ..Tolerated::default() });
    let seeds: [(Section, &[u8]); 11] = [
        (direct, b"GET /a HTTP/1.1\nHost: a\r\nB:  c \nD:\n\r\nx"),
        (direct, b"GET /a HTTP/1.1\r\nHost: a\n\nGET / HTTP/1.1\r\n\r\n"),
        (REQUEST, b"GET /a HTTP/1.1\r\nHost: a\r\nB:  c \r\nD:\r\n\r\n"),
        (REQUEST, b"OPTIONS * HTTP/1.0\r\n\r\nGET / HTTP/1.1\r\n\r\n"),
        (response, b"HTTP/1.1 200 Fine\r\nA: b\r\n c\r\n\td\r\nE: f\r\n\r\nx"),
        (response, b"HTTP/1.0 404 \r\n\r\n"),
        (bare, b"HTTP/1.1 200\r\nA: b\r\n\r\n"),
        (all, b"HTTP/2.7 200 a\x01b\nA: b\x7f\n c\r\n\td\n\nx"),
        (Section::Trailers(None), b"A: b\r\nCdef: \xff\r\n\r\n0"),
        (Section::Trailers(Some(Tolerated::default())), b"A: b\r\n c\r\nD: \r\n\te\r\n\r\n0"),
        (Section::Trailers(Some(tolerated)), b"A: b\x1f\n c\n\n0"),
    ];
    let mut dice = Dice(0x5eed);
    for round in 0..if cfg!(miri) { 100 } else { 60_000 } {
        let (section, seed) = seeds[round % seeds.len()];
        let bytes = input(&mut dice, seed);
        let cut = dice.below(bytes.len() + 1);
        // Bytes after the input must not matter.
        let (mut head, mut fed) = (Head::default(), bytes.clone());
        fed.resize(bytes.len() + scan::PADDING, b"\r\n x"[dice.below(4)]);
        let first = head.parse(&mut fed, cut, section, &LIMITS);
        let whole = bytes.len();
        let outcome = if let Ok(None) = first {
            head.parse(&mut fed, whole, section, &LIMITS)
        } else {
            first
        };
        match (outcome, slow(&bytes, section)) {
            // Of an incomplete line the fast parser checks only the length.
            (Ok(None), Err(fault)) => {
                let line = bytes[..fault.at]
                    .iter()
                    .rposition(|&byte| byte == b'\n')
                    .map_or(0, |at| at + 1);
                assert!(
                    !bytes[line..].windows(2).any(|pair| pair == b"\r\n"),
                    "{bytes:?} {fault:?}"
                );
            }
            (fast, slow) => assert_eq!(
                fast,
                slow,
                "{:?} cut at {cut}",
                bytes.escape_ascii().collect::<Vec<_>>()
            ),
        }
    }
}
