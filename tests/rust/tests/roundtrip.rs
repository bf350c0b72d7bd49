//! Tests that heads survive being sent by one end and received by the other.
//!
//! The heads that a test vector receives are encoded by a connection of the other role and parsed
//! again, if they may be sent. Also, an invalid byte after a vector's input must not change the
//! result of the input before it.

use switchover::{Connection, Event, Field, RequestHead, ResponseHead, Role, Step};
use switchover_tests::script::{Head, heads, with_junk_behind};
use switchover_tests::vector::load;
use switchover_tests::{home, numbers};

/// The uncompared fields: those that the engine may write itself, and TE.
const OURS: &[&str] =
    &["capsule-protocol", "connection", "upgrade", "transfer-encoding", "content-length", "te"];

fn sorted(fields: &[(Vec<u8>, Vec<u8>)]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut sorted: Vec<_> = fields
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
        .filter(|(name, _)| !OURS.iter().any(|ours| ours.as_bytes() == name))
        .collect();
    sorted.sort();
    sorted
}

fn given(fields: &[(Vec<u8>, Vec<u8>)]) -> Vec<Field<'_>> {
    let drops = ["connection", "upgrade", "te"];
    let keep = |name: &[u8]| !drops.iter().any(|drop| name.eq_ignore_ascii_case(drop.as_bytes()));
    fields
        .iter()
        .filter(|(name, _)| keep(name))
        .map(|(name, value)| Field { name, value })
        .collect()
}

/// Encodes a head; returns `None` if it may be received but not sent.
fn encode(head: &Head) -> Option<Vec<u8>> {
    let fields = given(&head.fields);
    let mut out = Vec::new();
    let refused = if head.status == 0 {
        let offers: Vec<&str> = head.offers.iter().map(String::as_str).collect();
        Connection::new(Role::Client).send_request(
            &RequestHead::new(&head.method, &head.target, &fields),
            &offers,
            &mut out,
        )
    } else {
        let mut server = Connection::new(Role::Server);
        server.receive(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").expect("room");
        assert_eq!(server.advance(), Ok(Step::Event));
        server.send_response(
            &ResponseHead { status: head.status, reason: &head.reason, fields: &fields },
            &mut out,
        )
    };
    match refused {
        Ok(()) => Some(out),
        Err(error) => {
            // Missing fields of HTTP/1.0, values that only a receiver may accept, and a bad
            // handshake.
            let reasons = [
                "invalid-host",
                "host-differs",
                "framing-conflict",
                "profile-field",
                "invalid-status",
            ];
            let has_controls =
                |bytes: &[u8]| bytes.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t');
            let is_lenient = has_controls(&head.reason)
                || head.fields.iter().any(|(_, value)| has_controls(value));
            assert!(reasons.contains(&error.kind().name()) || is_lenient, "{head:?}: {error}");
            None
        }
    }
}

fn parse(head: &Head, bytes: &[u8]) -> Head {
    let mut connection = if head.status == 0 {
        Connection::with_config(
            Role::Server,
            switchover::Config { secure: true, ..Default::default() },
        )
    } else {
        let mut client = Connection::new(Role::Client);
        let host = [("Host", "a")];
        client
            .send_request(&RequestHead::new("GET", "/", &host), &[], &mut Vec::new())
            .expect("a plain request");
        client
    };
    connection.receive(bytes).expect("room");
    assert_eq!(connection.advance(), Ok(Step::Event), "{head:?}");
    match connection.event() {
        Some(Event::Request(request)) => Head::of_request(&request),
        Some(Event::Response(response)) => Head::of_response(&response),
        other => panic!("{head:?} came back as {other:?}"),
    }
}

#[test]
fn heads_encode_and_parse_again() {
    let (mut encoded, mut refused) = (0, 0);
    for vector in load(&home().join("vectors")) {
        for head in heads(&vector) {
            let Some(bytes) = encode(&head) else {
                refused += 1;
                continue;
            };
            let back = parse(&head, &bytes);
            assert_eq!(
                (&back.method, &back.target, back.status),
                (&head.method, &head.target, head.status)
            );
            assert_eq!(sorted(&back.fields), sorted(&head.fields), "{}", vector.name);
            assert_eq!(back.offers, head.offers, "{}", vector.name);
            encoded += 1;
        }
    }
    numbers::check("heads of vectors, encoded and parsed again", encoded);
    numbers::check("heads of vectors that may only be received", refused);
}

#[test]
fn junk_behind_changes_nothing_before() {
    let vectors = load(&home().join("vectors"));
    let compared = vectors
        .iter()
        .filter(|vector| with_junk_behind(vector).unwrap_or_else(|error| panic!("{error}")))
        .count();
    numbers::check("vectors with junk after them", compared);
}
