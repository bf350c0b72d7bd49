//! Invariant: `Capsules` and a second reader of RFC 9297 find the same datagrams.
//!
//! The invariant holds for any split of the stream. Datagrams that are written are read back
//! unchanged. Whatever lengths the stream has, `Capsules` holds at most twice the memory that the
//! longest datagram and one piece of the stream need.
//!
//! The fuzz input is the longest payload, the size of pieces, and the stream. The stream is also
//! read as a tape of datagrams to write.

use switchover::binding::{capsules_hold, fallible};
use switchover::masque::{CapsuleFault, Capsules, Datagram};

use super::tape::Tape;

/// Checks the module's invariant for one fuzz input.
pub fn check(data: &[u8]) {
    let mut tape = Tape::new(data);
    let (longest, piece) = (tape.below(0x1_0000), 1 + tape.byte() as usize);
    let stream = tape.clone().rest();
    let expected = naive(stream, longest);
    for piece in [usize::MAX, 1, piece] {
        assert_eq!(read(stream, longest, piece), expected, "in pieces of {piece}");
    }
    written(&mut tape);
}

type Outcome = (Vec<(u64, Vec<u8>)>, Result<(), CapsuleFault>);

fn read(stream: &[u8], longest: usize, piece: usize) -> Outcome {
    let (mut capsules, mut datagrams) = (Capsules::new(longest), Vec::new());
    let mut read = |capsules: &mut Capsules| loop {
        match capsules.next_datagram() {
            Ok(Some(Datagram { context, payload })) => datagrams.push((context, payload.to_vec())),
            Ok(None) => return Ok(()),
            Err(fault) => {
                assert_eq!(capsules.next_datagram(), Err(fault), "each further call says the same");
                return Err(fault);
            }
        }
    };
    // A vector doubles its capacity. At most one payload and its header wait in it.
    let (mut held, most) = (0, 2 * (longest + 32 + piece.min(stream.len())) as i64);
    for piece in stream.chunks(piece) {
        // The function for bindings does the same.
        let receive = || match piece.len() {
            1 => fallible::receive_capsules(&mut capsules, piece).expect("memory"),
            _ => capsules.receive(piece),
        };
        held += allocation_counter::measure(receive).bytes_current;
        assert!(!capsules_hold(&capsules, piece), "it has a copy");
        assert!(held <= most, "{held} bytes are held for a payload of {longest} at most");
        if let Err(fault) = read(&mut capsules) {
            assert_eq!(capsules.finish(), Err(fault));
            return (datagrams, Err(fault));
        }
    }
    (datagrams, capsules.finish())
}

/// Parses a whole stream by RFC 9297, section 3.2 and RFC 9298, section 5.
fn naive(mut stream: &[u8], longest: usize) -> Outcome {
    let mut datagrams = Vec::new();
    while !stream.is_empty() {
        let Some((kind, rest)) = number(stream) else {
            return (datagrams, Err(CapsuleFault::Truncated));
        };
        let Some((length, rest)) = number(rest) else {
            return (datagrams, Err(CapsuleFault::Truncated));
        };
        let is_datagram = kind == 0;
        // A context ID has at most eight bytes, so the payload must be too long.
        if is_datagram && length > longest as u64 + 8 {
            return (datagrams, Err(CapsuleFault::TooLong));
        }
        let Some((value, rest)) =
            usize::try_from(length).ok().and_then(|length| rest.split_at_checked(length))
        else {
            return (datagrams, Err(CapsuleFault::Truncated));
        };
        if is_datagram {
            match number(value) {
                None => return (datagrams, Err(CapsuleFault::NoContext)),
                Some((_, payload)) if payload.len() > longest => {
                    return (datagrams, Err(CapsuleFault::TooLong));
                }
                Some((context, payload)) => datagrams.push((context, payload.to_vec())),
            }
        }
        stream = rest;
    }
    (datagrams, Ok(()))
}

/// Parses a variable-length integer (RFC 9000, section 16), and returns the rest.
fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let first = u64::from(*bytes.first()?);
    let len = [1, 2, 4, 8][first as usize >> 6];
    let (number, rest) = bytes.split_at_checked(len)?;
    Some((
        number[1..].iter().fold(first & 0x3f, |value, byte| value * 256 + u64::from(*byte)),
        rest,
    ))
}

fn written(tape: &mut Tape<'_>) {
    let (mut stream, mut said) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        let context =
            (0..1 + tape.below(8)).fold(0, |context: u64, _| context << 8 | u64::from(tape.byte()));
        let payload = tape.piece();
        let (before, datagram) = (stream.len(), Datagram { context, payload });
        datagram.write(&mut stream);
        assert_eq!(
            stream.len() - before,
            datagram.written_len(),
            "the length that is known before"
        );
        said.push((context & ((1 << 62) - 1), payload.to_vec()));
        if tape.is_over() {
            break;
        }
    }
    assert_eq!(read(&stream, 255, 7), (said, Ok(())), "what was written");
}
