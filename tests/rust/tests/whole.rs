//! A comparison of whole responses with the same responses in three calls.
//!
//! `respond` and `respond_prepared` must equal `send_response`, `send_data` and `send_end`. They
//! are compared in every state that a server can reach by at most five calls of `ACTS`.

use std::collections::BTreeSet;

use switchover::state::{State, UpgradeState};
use switchover::trace::TraceStep;
use switchover::{
    Config, Connection, End, Error, ErrorKind, FieldSource, Order, Prepared, ResponseHead, Role,
    Step, Why,
};
use switchover_tests::numbers;

/// A call on a server; the calls in a list bring a new server into a state.
#[derive(Clone, Copy, Debug)]
enum Act {
    /// Receives bytes, then advances by one step.
    Feed(&'static str),
    Advance,
    Continue,
    Inform,
    Advertise,
    Close,
    Skip,
    Eof,
    Accept,
    Begin,
    Chunk,
    Finish,
    Abandon,
}

const ACTS: &[Act] = &[
    Act::Feed("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    Act::Feed("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
    Act::Feed("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"),
    Act::Feed("GET / HTTP/1.0\r\n\r\n"),
    Act::Feed("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
    Act::Feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n"),
    Act::Feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"),
    Act::Feed("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: foo\r\nConnection: upgrade\r\n\r\n"),
    Act::Feed("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n"),
    Act::Feed("HEAD / HTTP/1.1\r\nBroken\r\n\r\n"),
    Act::Feed("abc"),
    Act::Advance,
    Act::Continue,
    Act::Inform,
    Act::Advertise,
    Act::Close,
    Act::Skip,
    Act::Eof,
    Act::Accept,
    Act::Begin,
    Act::Chunk,
    Act::Finish,
    Act::Abandon,
];

/// Returns a server after the given steps, with an empty trace.
fn at(way: &[Act], config: &Config) -> Connection {
    let mut server = Connection::with_config(Role::Server, config.clone());
    way.iter().for_each(|act| apply(&mut server, *act));
    while server.trace().is_some() {}
    server
}

/// Makes the call of a step, and ignores any error.
fn apply(server: &mut Connection, act: Act) {
    let out = &mut Vec::new();
    let _ = match act {
        Act::Feed(bytes) => {
            server.receive(bytes.as_bytes()).and_then(|()| server.advance()).map(drop)
        }
        Act::Advance => server.advance().map(drop),
        Act::Continue => server.send_informational(&ResponseHead::new(100, &()), out),
        Act::Inform => server.send_informational(&ResponseHead::new(103, &()), out),
        Act::Advertise => server.advertise(&["foo"]),
        Act::Close => server.close_after_response(),
        Act::Skip => server.skip_content(),
        Act::Eof => {
            server.receive_eof(End::Clean);
            Ok(())
        }
        Act::Accept => match server.select(&["foo"], Order::Client) {
            Some(selection) => server.accept(selection, &(), out),
            None => Ok(()),
        },
        Act::Begin => server.send_response(&ResponseHead::new(200, &()), out),
        Act::Chunk => server.send_data(b"x", out),
        Act::Finish => server.send_end(&(), out),
        Act::Abandon => server.abandon(),
    };
}

/// Returns, as text, the properties of a server that affect a response.
fn key(server: &mut Connection) -> String {
    let method = server.request().map(|request| request.method().to_owned());
    // Only a sent response shows whether protocols are advertised, or the request is HEAD.
    let probe = server
        .send_response(&ResponseHead::new(200, &[("Bad", "\n")]), &mut Vec::new())
        .map_err(|e| e.kind());
    format!("{:?} {:?} {:?} {method:?} {probe:?}", server.state(), server.owes(), server.why())
}

/// Returns the steps that lead to each state, at most five.
fn ways() -> Vec<Vec<Act>> {
    const LONGEST: usize = 5;
    let config = Config::default();
    let (mut seen, mut ways, mut frontier) =
        (BTreeSet::new(), Vec::new(), vec![(Vec::new(), false)]);
    while let Some((way, advertises)) = frontier.pop() {
        let is_new = seen.insert((key(&mut at(&way, &config)), advertises, way.len()));
        if !is_new {
            continue;
        }
        if way.len() < LONGEST {
            for act in ACTS {
                let advertises = advertises || matches!(act, Act::Advertise);
                frontier.push(([&way[..], &[*act]].concat(), advertises));
            }
        }
        ways.push((way, advertises));
    }
    // Keep the shortest path to each state.
    ways.sort_by_key(|(way, _)| way.len());
    let mut met = BTreeSet::new();
    ways.retain(|(way, advertises)| met.insert((key(&mut at(way, &config)), *advertises)));
    ways.into_iter().map(|(way, _)| way).collect()
}

/// The output, state, trace and next events of a server after a response.
#[derive(Debug, PartialEq)]
struct Seen {
    outcome: Result<(), ErrorKind>,
    wrote: String,
    state: State,
    why: Option<Why>,
    trace: Vec<(TraceStep, u32, u64)>,
    then: Vec<String>,
}

impl Seen {
    fn of(server: &mut Connection, outcome: Result<(), Error>, wrote: &[u8]) -> Self {
        let (state, why) = (server.state(), server.why());
        let mut trace = Vec::new();
        while let Some(entry) = server.trace() {
            if entry.step != TraceStep::Refused {
                trace.push((entry.step, entry.number, entry.offset));
            }
        }
        let mut then = vec![format!("{:?} {:?}", server.owes(), server.closing())];
        for _ in 0..4 {
            let step = server.advance();
            then.push(format!("{step:?} {:?}", server.event()));
            if step != Ok(Step::Event) {
                break;
            }
        }
        let wrote = String::from_utf8_lossy(wrote).into_owned();
        Self { outcome: outcome.map_err(|error| error.kind()), wrote, state, why, trace, then }
    }
}

type Lines = &'static [(&'static str, &'static str)];

struct Case {
    status: u16,
    content: &'static str,
    fields: Lines,
}

fn cases() -> Vec<Case> {
    let statuses = [101, 200, 204, 205, 304, 404, 426, 503, 600];
    let lists: [Lines; 7] = [
        &[],
        &[("Content-Type", "text/plain")],
        &[("Content-Length", "5")],
        &[("Content-Length", "0"), ("Connection", "x")],
        &[("Transfer-Encoding", "chunked")],
        &[("Connection", "close")],
        &[("Upgrade", "foo")],
    ];
    let of = |status, content| lists.map(|fields| Case { status, content, fields });
    statuses
        .into_iter()
        .flat_map(|status| ["", "hello"].into_iter().flat_map(move |content| of(status, content)))
        .collect()
}

/// Sends the response of a case in up to three calls, as `respond` does in one.
fn longhand(
    server: &mut Connection,
    case: &Case,
    is_head: bool,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    let Case { status, content, fields } = *case;
    let given = fields
        .iter()
        .find(|(name, _)| *name == "Content-Length")
        .map(|(_, value)| value.parse::<usize>().unwrap());
    let is_tunnel = server.state().upgrade == UpgradeState::Connect && (200..300).contains(&status);
    let has_none = matches!(status, 204 | 205 | 304) || is_tunnel;
    let length = content.len().to_string();
    let added = [("Content-Length", &length[..])];
    let adds = given.is_none() && (!content.is_empty() || !(has_none || is_head));
    let own = fields;
    let both = (own, &added[..]);
    let source: &dyn FieldSource = if adds { &both } else { &own };
    server.send_response(&ResponseHead::new(status, source), out)?;
    if !content.is_empty() && !is_head {
        server.send_data(content.as_bytes(), out)?;
    }
    server.send_end(&(), out)
}

/// Returns the error of a case that breaks the rules of whole responses.
///
/// `None` if it breaks none. `respond` may return this error whatever the three calls do: they may
/// succeed, or fail with the same or another error.
fn refusal(case: &Case, is_head: bool, is_tunnel: bool) -> Option<ErrorKind> {
    let given = case
        .fields
        .iter()
        .find(|(name, _)| *name == "Content-Length")
        .and_then(|(_, value)| value.parse::<usize>().ok());
    let len = case.content.len();
    let has_none = matches!(case.status, 204 | 205 | 304) || is_tunnel;
    match given {
        _ if case.fields.iter().any(|(name, _)| *name == "Transfer-Encoding") => {
            Some(ErrorKind::FramingConflict)
        }
        _ if has_none => (len > 0).then_some(ErrorKind::FramingConflict),
        Some(_) if is_head && len == 0 => None,
        Some(given) if given < len => Some(ErrorKind::LengthExceeded),
        Some(given) if given > len => Some(ErrorKind::LengthShort),
        _ => None,
    }
}

/// Returns whether the server's next response is one to HEAD.
///
/// Only a response whose content is rejected shows it.
fn answers_head(way: &[Act], config: &Config) -> bool {
    let (mut server, mut out) = (at(way, config), Vec::new());
    let response = ResponseHead::new(200, &[("Content-Length", "1")]);
    server.send_response(&response, &mut out).is_ok() && server.send_data(b"x", &mut out).is_err()
}

fn whole(server: &mut Connection, case: &Case, out: &mut Vec<u8>) -> Result<(), Error> {
    server.respond(&ResponseHead::new(case.status, &case.fields), case.content.as_bytes(), out)
}

#[test]
fn a_whole_answer_is_its_longhand_in_every_state() {
    let config = Config::default();
    let (ways, cases) = (ways(), cases());
    let mut compared = 0;
    for way in &ways {
        let is_head = answers_head(way, &config);
        for case in &cases {
            let (mut one, mut other) = (at(way, &config), at(way, &config));
            let is_tunnel =
                one.state().upgrade == UpgradeState::Connect && (200..300).contains(&case.status);
            let (mut wrote, mut wrote_longhand) = (Vec::new(), Vec::new());
            let before = one.state();
            let outcome = whole(&mut one, case, &mut wrote);
            let what = format!("{way:?}: {} {:?} {:?}", case.status, case.content, case.fields);
            if let Err(error) = outcome {
                assert!(
                    wrote.is_empty() && one.state() == before,
                    "{what}: a refusal changes nothing"
                );
                let longhand = longhand(&mut other, case, is_head, &mut wrote_longhand)
                    .map_err(|error| error.kind());
                let own = refusal(case, is_head, is_tunnel);
                assert!(
                    longhand == Err(error.kind()) || own == Some(error.kind()),
                    "{what}: {error}, {longhand:?}"
                );
                continue;
            }
            assert_eq!(refusal(case, is_head, is_tunnel), None, "{what}");
            let done = longhand(&mut other, case, is_head, &mut wrote_longhand);
            let (one, other) =
                (Seen::of(&mut one, outcome, &wrote), Seen::of(&mut other, done, &wrote_longhand));
            assert_eq!(one, other, "{what}");
            compared += 1;
        }
    }
    numbers::check("states of a server that whole answers are compared in", ways.len());
    assert!(compared > 3 * ways.len(), "{compared} answers were sent in {} states", ways.len());
}

#[test]
fn a_prepared_answer_is_a_whole_one_in_every_state() {
    let (ways, cases) = (ways(), cases());
    for tidy in [false, true] {
        let config = Config { tidy, ..Config::default() };
        let prepared: Vec<_> = cases
            .iter()
            .map(|case| {
                let response = ResponseHead::new(case.status, &case.fields);
                Prepared::with_config(&response, case.content.as_bytes(), config.clone())
            })
            .collect();
        for way in &ways {
            for (case, prepared) in cases.iter().zip(&prepared) {
                let what = format!(
                    "tidy {tidy}, {way:?}: {} {:?} {:?}",
                    case.status, case.content, case.fields
                );
                let (mut one, mut wrote) = (at(way, &config), Vec::new());
                let outcome = whole(&mut one, case, &mut wrote);
                let Ok(prepared) = prepared else {
                    // A response that suits HEAD only, a tunnel, or a 426 with an advertised list.
                    let is_special = case.status == 426
                        || wrote.starts_with(b"HTTP/1.1 2")
                        || wrote.is_empty()
                        || wrote.ends_with(b"\r\n\r\n");
                    assert!(outcome.is_err() || is_special, "{what}");
                    continue;
                };
                let (mut other, mut wrote_prepared) = (at(way, &config), Vec::new());
                let needed = outcome.is_ok().then_some(wrote.len());
                if let Some(needed) = needed {
                    // The call needs space for the whole response before it writes.
                    let (mut short, before) = (vec![0; needed - 1], other.state());
                    let refused = other
                        .respond_prepared(prepared, &mut &mut short[..])
                        .expect_err("too little space");
                    assert_eq!((refused.needed(), other.state()), (Some(needed), before), "{what}");
                    while other.trace().is_some() {}
                }
                let done = other.respond_prepared(prepared, &mut wrote_prepared);
                let (one, other) = (
                    Seen::of(&mut one, outcome, &wrote),
                    Seen::of(&mut other, done, &wrote_prepared),
                );
                assert_eq!(one, other, "{what}");
                // Connections with another configuration send what `respond` sends.
                let other_config = Config { tidy: !tidy, ..Config::default() };
                let (mut one, mut other) = (at(way, &other_config), at(way, &other_config));
                let (mut wrote, mut wrote_prepared) = (Vec::new(), Vec::new());
                let outcome = whole(&mut one, case, &mut wrote);
                let done = other.respond_prepared(prepared, &mut wrote_prepared);
                let (one, other) = (
                    Seen::of(&mut one, outcome, &wrote),
                    Seen::of(&mut other, done, &wrote_prepared),
                );
                assert_eq!(one, other, "{what}, elsewhere");
            }
        }
    }
}
