//! The seeds: the first inputs of the fuzz targets, the same in every run.
//!
//! They are the input of test vectors, captures and corpora, random tapes, and capsules.

use switchover::{Lenient, Role};

use super::script::FLAG_BITS;
use crate::corpus;
use crate::random::Dice;
use crate::script::input;
use crate::vector::load;

/// The maximum length of a seed's wire bytes.
///
/// Longer inputs take more time to run, and seldom find other errors.
const LONGEST: usize = 4_000;

/// The bytes of a peer, with the flags byte of the target `connection` for them.
struct Wire {
    role: Role,
    flags: u8,
    bytes: Vec<u8>,
}

fn wires() -> Vec<Wire> {
    let vectors = load(&crate::home().join("vectors")).into_iter().map(|vector| {
        let config = &vector.config;
        let is_lenient = config.lenient != Lenient::none();
        let flags = [vector.role == Role::Client, false, false, false, is_lenient];
        let of_config = config.flags().zip(FLAG_BITS.into_iter().cycle());
        let flags =
            of_config.fold(bits(&flags), |bits, ((_, is_set), bit)| bits | u8::from(is_set) << bit);
        Wire { role: vector.role, flags, bytes: input(&vector) }
    });
    let cases = corpus::load().into_iter().map(|case| Wire {
        role: case.role,
        flags: bits(&[case.role == Role::Client, case.secure]),
        bytes: case.input,
    });
    let short = |wire: &Wire| !wire.bytes.is_empty() && wire.bytes.len() <= LONGEST;
    vectors.chain(cases).filter(short).collect()
}

fn bits(flags: &[bool]) -> u8 {
    flags.iter().rev().fold(0, |bits, flag| bits << 1 | u8::from(*flag))
}

/// The first requests of client seeds, as indices into `REQUESTS` of `moves.rs`.
const REQUESTS: &[u8] = &[0, 1, 2, 3, 4, 8, 12, 14];

/// Returns the first inputs for [`connection`](super::connection).
pub fn connection() -> Vec<Vec<u8>> {
    let mut dice = Dice(1);
    let mut seeds = passing();
    for (index, wire) in wires().into_iter().enumerate() {
        let mut add = |flags: u8, tape: &[u8]| {
            seeds.push([&[flags, tape.len() as u8][..], tape, &wire.bytes].concat());
        };
        if wire.role == Role::Client {
            add(wire.flags, &[]);
            add(wire.flags, &[1, 1, REQUESTS[index % REQUESTS.len()]]);
            let switches = wire.bytes.windows(4).any(|four| four == b" 101");
            let offers: &[u8] = if switches { &[2, 3, 4, 12, 14] } else { &[] };
            offers.iter().for_each(|offer| add(wire.flags, &[1, 1, *offer]));
        } else {
            add(wire.flags, &[]);
            // Accepts at the first pause, after a request's head and its end.
            add(wire.flags, &[0, 0, 0, 0, 0, 13, 0, 0, 0]);
            add(wire.flags, &[0, 0, 0, 16, 1, 0, 0]);
        }
        match index % 2 {
            // Another seed with small limits; half of these also skip content.
            0 if index % 4 == 0 => add(wire.flags | 8, &[0, 0, 0, 26]),
            0 => add(wire.flags | 8, &[]),
            _ => {
                let len = 4 + dice.below(30);
                add(wire.flags | (dice.below(2) as u8) << 6, &dice.bytes(len));
            }
        }
    }
    seeds
}

/// Returns inputs for `connection` whose content the caller reads past the engine.
///
/// Their tapes call `pass_content`.
fn passing() -> Vec<Vec<u8>> {
    const CONTENT: [&str; 2] = [
        "Content-Length: 10\r\n\r\nhelloworld",
        "Transfer-Encoding: chunked\r\n\r\na\r\nhelloworld\r\n0\r\n\r\n",
    ];
    let wires = CONTENT.map(|content| format!("POST / HTTP/1.1\r\nHost: a\r\n{content}"));
    // Half of the bytes up to the content, then no decision at the events, then `pass_content`.
    let seed = |(wire, events): (&String, usize)| {
        let head = wire.find("hello").map_or(0, |at| at.div_ceil(2) as u8);
        let tape = [&[0, 0, head][..], &vec![0; events], &[36, 4, 1, 36, 200, 0]].concat();
        [&[0, tape.len() as u8][..], &tape, wire.as_bytes()].concat()
    };
    wires.iter().flat_map(|wire| (0..4).map(move |events| (wire, events))).map(seed).collect()
}

/// Returns the first inputs for [`naive`](super::naive).
pub fn naive() -> Vec<Vec<u8>> {
    let with_flags = |(index, wire): (usize, Wire)| {
        let role = u8::from(wire.role == Role::Client);
        [&[role | (index as u8 & 1) << 1 | 5 << 2][..], &wire.bytes].concat()
    };
    let mut seeds: Vec<_> = wires().into_iter().enumerate().map(with_flags).collect();
    // Another seed for each response, with other request methods of the client.
    let responses: Vec<_> = seeds.iter().filter(|seed| seed[0] & 1 == 1).cloned().collect();
    for (index, mut seed) in responses.into_iter().enumerate() {
        seed[0] = seed[0] & 3 | (index as u8 % 5) << 2;
        seeds.push(seed);
    }
    seeds
}

/// Returns the first inputs for [`received`](super::received).
pub fn received() -> Vec<Vec<u8>> {
    let with_flags = |(index, wire): (usize, Wire)| {
        let role = u8::from(wire.role == Role::Client);
        [&[role | (index as u8 & 3) << 1][..], &wire.bytes].concat()
    };
    wires().into_iter().enumerate().map(with_flags).collect()
}

/// Returns the first inputs for [`adapter`](super::adapter): requests.
pub fn adapter() -> Vec<Vec<u8>> {
    const FORMS: [[u8; 3]; 5] = [[255, 255, 0], [255, 0, 1], [0, 30, 2], [3, 7, 3], [2, 90, 0]];
    let requests = wires().into_iter().filter(|wire| wire.role == Role::Server);
    let with_form = |(index, wire): (usize, Wire)| [&FORMS[index % 5], &wire.bytes[..]].concat();
    requests.enumerate().map(with_form).collect()
}

/// Returns 400 tapes of random decisions, for [`pair`](super::pair).
pub fn tapes() -> Vec<Vec<u8>> {
    let mut dice = Dice(2);
    (0..400).map(|index| dice.bytes(10 + index)).collect()
}

/// Returns inputs for [`sent`](super::sent).
///
/// Most of their words are from the target's tables, few are random bytes.
pub fn sent() -> Vec<Vec<u8>> {
    let mut dice = Dice(3);
    let usual =
        |dice: &mut Dice| if dice.below(12) == 0 { dice.below(256) } else { dice.below(24) } as u8;
    (0..400).map(|index| (0..10 + index / 2).map(|_| usual(&mut dice)).collect()).collect()
}

/// Returns inputs for [`splice`](super::splice): tapes of random bytes.
///
/// Half of them contain what the client and the HTTP/2 engine send. The others decide what a
/// client that conforms to HTTP/2 does.
pub fn splice() -> Vec<Vec<u8>> {
    let mut dice = Dice(4);
    (0..200).map(|index| [&[index as u8 & 1][..], &dice.bytes(10 + index * 2)].concat()).collect()
}

/// Returns inputs for each of the four parts of [`fields`](super::fields).
pub fn fields() -> Vec<Vec<u8>> {
    // Parameters of a structured item, for the third part.
    const PARAMETERS: &[&str] = &[
        ";a;b=1;c=-2.5;*d-e_f.g=?0",
        "; a=\"x\\\"y\\\\\";b=:AQ==:;c=@17",
        ";a=token/x:y;b=*;c=%\"%c3\"",
        ";a=1.",
        ";A",
        ";a=\"\\x\"",
        ";a=:*:",
        ";a=?2",
    ];
    let mut dice = Dice(5);
    let tapes =
        (0..600).map(|index| [&[index as u8 & 3][..], &dice.bytes(6 + index / 10)].concat());
    let items = PARAMETERS.iter().map(|text| [&[2, text.len() as u8], text.as_bytes()].concat());
    tapes.chain(items).collect()
}

/// Returns inputs for each of the six parts of [`twins`](super::twins).
pub fn twins() -> Vec<Vec<u8>> {
    const TEXTS: &[&[u8]] = &[
        b"\0Server: example\r\nX-Frame-Options:DENY \r\n",
        b"\0a: 1\nb: 2\r\n",
        b"\0no colon\r\na: b",
        b"\0Upgrade: foo/2\r\n",
        b"\0Content-Type:\ttext/html; charset=utf-8\r\nAuthorization: secret\r\n",
        b"\x04Raise `limits.field_line` or `lenient.lone_lf`; `send_end`, `#`, a ` alone",
        b"\x04`Content-Length` and `respond`",
    ];
    let mut dice = Dice(6);
    let tapes = (0..600).map(|index| [&[index as u8 % 6][..], &dice.bytes(6 + index / 6)].concat());
    tapes.chain(TEXTS.iter().map(|text| text.to_vec())).collect()
}

/// Returns inputs for [`capsules`](super::capsules).
///
/// The streams are complete, truncated or malformed.
pub fn capsules() -> Vec<Vec<u8>> {
    let streams: &[&[u8]] = &[
        b"\x00\x03\x00hi",
        b"\x00\x04\x00one\x1b\x02xx\x00\x03\x40\x40z",
        b"\x2f\xc0\0\0\0\0\0\0\x46yyyyyyyyyy",
        b"\x40\x00\x40\x04\x40\x00zz",
        b"\x00\x00",
        b"\x00\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x00\x01\x40",
        b"",
    ];
    let lengths: &[[u8; 2]] = &[[100, 0], [2, 0], [0xf7, 0xff], [0, 0]];
    let seed = |length: &[u8; 2], stream: &[u8]| [&length[..], &[2], stream].concat();
    lengths
        .iter()
        .flat_map(|length| streams.iter().map(move |stream| seed(length, stream)))
        .collect()
}
