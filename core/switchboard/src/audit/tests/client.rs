//! Tests of the client audit, with mutants: clients with one fault each.
//!
//! Each check finds its mutants, and clients without a fault get no complaints.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rustls::{ClientConnection, StreamOwned};
use switchover::{Connection, End, Event, Next, RequestHead, Role, websocket};

use super::identity::Identity;
use super::launcher::ClientLauncher;
use super::session::Times;
use super::symptoms::SYMPTOMS;
use super::{Audit, NEEDS, TABLE, TOLD, tail};
use crate::audit::auditor::{Auditor, Findings};
use crate::audit::frames::{frames, masked};
use crate::audit::request_reader::accept;
use crate::audit::table::{self, Check};
use crate::audit::tests::says_what_to_do;
use crate::audit::verdict::Verdict;
use crate::tls;

/// The protocol that a test client offers.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    WebSocket,
    Http2,
    Foo,
    Plain,
}
use Kind::{Foo, Http2, Plain, WebSocket};

/// The transport of a test client.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Clear,
    Tls,
}

/// A condition for a fault, on the response head and the valid accept value.
///
/// The accept value is that of Sec-WebSocket-Accept for the client's key.
type When = fn(&str, &str) -> bool;

/// The fault of a mutant, which is a test client.
#[derive(Clone, Copy)]
enum Wrong {
    Nothing,
    /// Closes the connection after a response that fulfils the condition.
    Refuses(When),
    /// Speaks the new protocol after a response that fulfils the condition.
    ///
    /// The condition selects responses after which a client must not speak it.
    Opens(When),
    /// Loses the bytes that were received together with the head of the 101.
    Deaf(When),
    /// Loses the first byte after a 101 that was received in at least three pieces.
    Piecemeal,
    /// Sends nothing after a response that fulfils the condition; keeps the connection.
    Sleeps(When),
    /// Sends a Close frame as soon as the WebSocket is open, which is not a fault.
    Leaves,
    /// Sends the offer without `Connection: Upgrade`.
    NoOption,
    /// Sends a frame before the response.
    Early,
    /// Uses the same Sec-WebSocket-Key in each handshake.
    OneKey,
    /// Sends another request on the same connection.
    AsksAgain,
    /// Sends another offer without `Connection: Upgrade`.
    AsksBadly,
    /// Sends another request before the response is complete.
    AsksHastily,
}
use Wrong::{Deaf, Opens, Refuses, Sleeps};

/// The timeouts of the first attempt, and longer ones for a second.
///
/// The second attempt helps on a slow or busy machine.
const TIMES: [Times; 2] = [
    Times { timeout: Duration::from_millis(1500), pause: Duration::from_millis(100) },
    Times { timeout: Duration::from_secs(15), pause: Duration::from_secs(1) },
];
/// The longest time that a test may take, and the client's read timeout.
const LONGEST: Duration = Duration::from_secs(60);

const MUTANTS: &[(&str, Verdict, Kind, Wrong)] = &[
    ("C00", Verdict::Fail, WebSocket, Wrong::NoOption),
    ("C00", Verdict::Fail, WebSocket, Wrong::Early),
    ("C00", Verdict::Fail, Http2, Wrong::NoOption),
    ("C01", Verdict::Fail, WebSocket, Refuses(|_, _| true)),
    ("C02", Verdict::Fail, WebSocket, Refuses(|came, _| came.contains("Upgrade: WebSocket\r\n"))),
    (
        "C03",
        Verdict::Warn,
        WebSocket,
        Refuses(|came, _| came.contains("Connection: keep-alive, Upgrade")),
    ),
    ("C04", Verdict::Warn, WebSocket, Refuses(|came, _| came.contains("Connection: upgrade\r\n"))),
    ("C05", Verdict::Fail, WebSocket, Refuses(|came, _| came.contains("Accept:   "))),
    ("C06", Verdict::Fail, WebSocket, Refuses(|came, _| came.contains(" 103 "))),
    ("C06a", Verdict::Fail, WebSocket, Refuses(|came, _| came.contains(" 100 "))),
    ("C06b", Verdict::Fail, WebSocket, Refuses(|came, _| came.contains(" 102 "))),
    ("C07", Verdict::Warn, WebSocket, Refuses(|came, _| came.contains(" 101 \r\n"))),
    (
        "C08",
        Verdict::Fail,
        WebSocket,
        Deaf(|came, accept| came.ends_with(&format!("{accept}\r\n\r\n"))),
    ),
    ("C09", Verdict::Fail, WebSocket, Wrong::Piecemeal),
    ("C10", Verdict::Warn, WebSocket, Deaf(|came, _| came.contains("Content-Length: 5"))),
    ("C11", Verdict::Warn, WebSocket, Deaf(|came, _| came.contains("chunked"))),
    (
        "C20",
        Verdict::Fail,
        WebSocket,
        Opens(|came, _| came.contains("ICX+Yqv66kxgM0FcWaLWlFLwTAI=")),
    ),
    (
        "C20",
        Verdict::Warn,
        WebSocket,
        Sleeps(|came, _| came.contains("ICX+Yqv66kxgM0FcWaLWlFLwTAI=")),
    ),
    (
        "C21",
        Verdict::Fail,
        WebSocket,
        Opens(|came, _| is_101(came) && is_good(came) && !came.contains("Accept")),
    ),
    ("C22", Verdict::Fail, WebSocket, Opens(is_same_but_for_case)),
    ("C23", Verdict::Fail, WebSocket, Opens(|came, _| is_101(came) && !came.contains("Upgrade: "))),
    (
        "C24",
        Verdict::Fail,
        WebSocket,
        Opens(|came, _| is_101(came) && !came.contains("Connection: ")),
    ),
    ("C25", Verdict::Fail, WebSocket, Opens(|came, _| came.contains("Connection: keep-alive\r\n"))),
    ("C26", Verdict::Fail, WebSocket, Opens(|came, _| came.contains("notupgrade"))),
    (
        "C27",
        Verdict::Fail,
        WebSocket,
        Opens(|came, _| is_101(came) && came.contains("Upgrade: x-audit/1\r\n")),
    ),
    ("C28", Verdict::Fail, WebSocket, Opens(|came, _| came.contains("notwebsocket"))),
    ("C29", Verdict::Warn, WebSocket, Opens(|came, _| came.contains("x-audit/1, websocket"))),
    (
        "C30",
        Verdict::Fail,
        WebSocket,
        Opens(|came, _| came.contains("Sec-WebSocket-Protocol: x-audit")),
    ),
    ("C31", Verdict::Fail, WebSocket, Opens(|came, _| came.contains("x-audit-ext"))),
    ("C32", Verdict::Fail, WebSocket, Opens(|came, _| came.contains("server_max_window_bits=99"))),
    (
        "C33",
        Verdict::Fail,
        WebSocket,
        Opens(|came, _| came.contains(" 200 ") && came.contains("Accept")),
    ),
    ("C34", Verdict::Fail, WebSocket, Opens(|came, _| came.contains("Version: 8"))),
    ("C35", Verdict::Fail, WebSocket, Opens(|came, _| is_101(came) && !came.contains("\r\n\r\n"))),
    ("C36", Verdict::Warn, WebSocket, Opens(|came, _| came.contains("HTTP/1.0"))),
    ("C37", Verdict::Warn, WebSocket, Opens(|came, _| came.contains("Accept : "))),
    ("C38", Verdict::Warn, WebSocket, Opens(|came, _| came.contains("Accept: AAAA"))),
    ("C43", Verdict::Fail, WebSocket, Opens(|came, _| came.contains("Content-Length: 7"))),
    ("C44", Verdict::Fail, WebSocket, Opens(|came, _| came.contains(" 401 "))),
    ("C44a", Verdict::Fail, WebSocket, Opens(|came, _| came.contains(" 302 "))),
    ("C44b", Verdict::Fail, WebSocket, Opens(|came, _| came.contains(" 503 "))),
    ("C42", Verdict::Fail, Http2, Refuses(|_, _| true)),
    ("C42a", Verdict::Fail, Http2, Deaf(|_, _| true)),
    ("C42b", Verdict::Warn, Http2, Opens(|came, _| is_101(came) && !came.contains("Connection: "))),
    ("C42c", Verdict::Fail, Http2, Opens(|came, _| came.contains(" 200 "))),
    (
        "C42d",
        Verdict::Warn,
        Http2,
        Opens(|came, _| is_101(came) && came.contains("Upgrade: x-audit/1")),
    ),
    ("C51", Verdict::Fail, Foo, Refuses(|came, _| came.contains(" 103 "))),
    ("C52", Verdict::Fail, Foo, Opens(|came, _| came.contains(" 200 "))),
    ("C53", Verdict::Warn, Foo, Opens(|came, _| came.contains("x-audit/9"))),
    ("C54", Verdict::Warn, Foo, Opens(|came, _| is_101(came) && !came.contains("Upgrade: "))),
    ("C40", Verdict::Warn, Plain, Wrong::AsksAgain),
    ("C41", Verdict::Fail, WebSocket, Wrong::AsksBadly),
    ("C41", Verdict::Warn, WebSocket, Wrong::AsksHastily),
    ("C45", Verdict::Fail, WebSocket, Wrong::OneKey),
];

/// The IDs of the checks whose mutants also run with TLS.
///
/// The mutant of C05 rejects a valid 101. Those of C08 and C09 lose bytes after it. That of C35
/// accepts an unfinished 101. C20 has two: one accepts an invalid 101, the other is silent.
const IN_TLS: [&str; 5] = ["C05", "C08", "C09", "C20", "C35"];

fn is_101(came: &str) -> bool {
    came.contains(" 101 ")
}

fn is_same_but_for_case(came: &str, accept: &str) -> bool {
    came.to_lowercase().contains(&accept.to_lowercase()) && !came.contains(accept)
}

fn is_good(came: &str) -> bool {
    came.contains("Upgrade: websocket\r\nConnection: Upgrade\r\n") && !came.contains(" 200 ")
}

#[test]
fn who_breaks_no_rule_is_not_complained_about() {
    for kind in [WebSocket, Http2, Foo, Plain] {
        assert_eq!(complaints(Way::Clear, kind, Wrong::Nothing, |found| found.is_empty()), []);
    }
    assert_eq!(complaints(Way::Tls, WebSocket, Wrong::Nothing, |found| found.is_empty()), []);
}

#[test]
fn who_breaks_one_rule_is_told_just_that() {
    let audit = |(way, &(id, verdict, kind, wrong))| {
        let is_wanted =
            move |found: &[Complaint]| matches!(found, [one] if (one.0, one.1) == (id, verdict));
        (id, verdict, is_wanted, thread::spawn(move || complaints(way, kind, wrong, is_wanted)))
    };
    let clear = MUTANTS.iter().map(|mutant| (Way::Clear, mutant));
    let in_tls =
        MUTANTS.iter().filter(|(id, ..)| IN_TLS.contains(id)).map(|mutant| (Way::Tls, mutant));
    for (id, verdict, is_wanted, audit) in clear.chain(in_tls).map(audit).collect::<Vec<_>>() {
        let found = audit.join().expect("an audit");
        assert!(is_wanted(&found), "{id} {verdict:?} is wanted, not {found:?}");
    }
}

/// A client that is silent, endless or closes at once does not block an audit.
#[test]
fn no_client_hangs_an_audit() {
    let times = Times { timeout: Duration::from_millis(100), pause: Duration::from_millis(10) };
    let connect = |port| TcpStream::connect((Ipv4Addr::LOCALHOST, port));
    let silent = move |port| connect(port).and_then(|mut stream| stream.read(&mut [0]));
    let endless = move |port| {
        let mut stream = connect(port)?;
        stream.write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n")?;
        while stream.write_all(&[b'x'; 4096]).is_ok() {}
        std::io::Result::Ok(())
    };
    let clients = [
        (ClientLauncher::Thread(Arc::new(move |port| drop(silent(port)))), false),
        (ClientLauncher::Thread(Arc::new(move |port| drop(endless(port)))), true),
        (ClientLauncher::Thread(Arc::new(move |port| drop(connect(port)))), false),
    ];
    for (client, has_asked) in clients {
        let (checks, begun) = (checks(), Instant::now());
        let findings = Audit::with_times(client, None, times, Findings::default(), &checks)
            .and_then(|mut audit| {
                checks.iter().map(|check| audit.judge(check)).collect::<Result<Vec<_>, _>>()
            });
        let trouble = findings.as_ref().err().and_then(|trouble| trouble.split(": ").next());
        assert_eq!(trouble, (!has_asked).then_some("no client came"));
        assert!(begun.elapsed() < LONGEST, "{:?}", begun.elapsed());
    }
}

/// A client that sends only a Close frame after a valid 101 is not rated.
///
/// It shows neither that it accepts the 101 nor that it rejects it.
#[test]
fn who_says_nothing_is_not_judged() {
    let checks = checks();
    let client = ClientLauncher::Thread(Arc::new(|port| {
        come(port, Way::Clear, WebSocket, Wrong::Leaves).unwrap_or_default()
    }));
    let mut audit = Audit::with_times(client, None, TIMES[1], Findings::default(), &checks)
        .expect("the client comes");
    for id in ["C01", "C02", "C20"] {
        let check = checks.iter().find(|check| check.id == id).expect("a check");
        let finding = audit.judge(check).expect("the client comes");
        assert_eq!(finding.verdict, Verdict::NotApplicable, "{finding:?}");
        assert!(finding.reasons[0].contains("leaves as soon as it is open"), "{finding:?}");
        assert!(says_what_to_do(&finding), "{finding:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_command_ends_with_all_that_it_has_started() {
    let run = |script: &str, grace| {
        let words = ["sh", "-c", script].map(String::from);
        ClientLauncher::Command(words.into())
            .call(1, "C00", None)
            .expect("a shell")
            .end(grace)
            .expect("a command")
    };
    let ended = run("read line; echo $line {port} {id} {ws}; exit 3", LONGEST);
    assert_eq!(ended.code, Some(3));
    assert_eq!(String::from_utf8_lossy(&ended.output), "hello 1 C00 ws://127.0.0.1:1/C00\n");
    // The output is read to its end, although the command has exited before. A process that has not
    // left the command's group by then would be killed with it. Field 6 of `stat` is its session.
    let left = "until [ $(cut -d ' ' -f 6 /proc/$!/stat) = $! ]; do sleep 0.01; done";
    let ended = run(&format!("setsid sh -c 'sleep 0.2; echo last' & {left}; exit 0"), LONGEST);
    assert_eq!(String::from_utf8_lossy(&ended.output), "last\n");
    let ended = run("sleep 600 & echo $!; sleep 600", Duration::from_secs(6));
    let child = String::from_utf8_lossy(&ended.output).trim().to_owned();
    assert_eq!(ended.code, None);
    // A killed process may remain as a zombie until it is reaped.
    let state =
        |child: &str| std::fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
    let has_gone = || state(&child).is_empty() || state(&child).contains(") Z ");
    assert!(
        (0..100).any(|_| has_gone() || {
            thread::sleep(Duration::from_millis(100));
            false
        }),
        "{child}"
    );
}

#[test]
fn each_check_has_a_mutant() {
    let checks = checks();
    let is_tried = |check: &Check| MUTANTS.iter().any(|(id, ..)| *id == check.id);
    let can_fail = |check: &&Check| !(check.rules.fail.is_empty() && check.rules.warn.is_empty());
    let untried: Vec<_> = checks
        .iter()
        .filter(can_fail)
        .filter(|check| !is_tried(check))
        .map(|check| check.id)
        .collect();
    assert_eq!(untried, [""; 0]);
}

/// Gives a client's command https and wss URLs, and a CA file in place of {ca}.
///
/// The file is removed with the TLS identity.
#[cfg(unix)]
#[test]
fn a_command_is_given_what_to_trust() {
    let identity = Identity::make().expect("a certificate");
    let words = ["sh", "-c", "echo {url} {ws}; cat {ca}"].map(String::from);
    let call =
        ClientLauncher::Command(words.into()).call(1, "C00", Some(&identity)).expect("a shell");
    let output = String::from_utf8(call.end(LONGEST).expect("a command").output).expect("text");
    assert!(
        output.starts_with(
            "https://127.0.0.1:1/C00 wss://127.0.0.1:1/C00\n-----BEGIN CERTIFICATE-----"
        ),
        "{output}"
    );
    let file = identity.authority();
    assert!(file.exists());
    drop(identity);
    assert!(!file.exists());
}

/// If the client fails the TLS handshake, the audit ends with an error about it.
#[test]
fn who_does_not_trust_the_server_hears_why() {
    let checks = checks();
    let client = ClientLauncher::Thread(Arc::new(|port| {
        drop(come(port, Way::Clear, WebSocket, Wrong::Nothing))
    }));
    let times = Times { timeout: Duration::from_millis(300), ..TIMES[0] };
    let identity = Identity::make().expect("a certificate");
    let why = Audit::with_times(client, Some(identity), times, Findings::default(), &checks)
        .err()
        .expect("no request comes");
    assert!(why.contains("handshake of TLS") && why.contains("{ca}"), "{why}");
}

/// The documentation has the current number of client checks.
#[test]
fn the_page_has_the_number() {
    let said = format!("client then does. {} checks", checks().len());
    assert!(include_str!("../../../../docs/audit.md").replace('\n', " ").contains(&said), "{said}");
}

#[test]
fn each_word_of_the_table_is_known() {
    let known = SYMPTOMS.iter().map(|(name, ..)| *name).collect();
    crate::audit::tests::the_words_are_known(&checks(), &known, NEEDS);
}

fn checks() -> Vec<Check> {
    table::parse(TABLE).expect("the table can be read")
}

type Complaint = (&'static str, Verdict, Vec<String>);

/// Returns the warnings and failures of an audit of the test client.
///
/// If they are not as wanted, returns those of a second audit with longer timeouts.
fn complaints(
    way: Way,
    kind: Kind,
    wrong: Wrong,
    is_wanted: impl Fn(&[Complaint]) -> bool,
) -> Vec<Complaint> {
    match complaints_within(TIMES[0], way, kind, wrong) {
        Ok(found) if is_wanted(&found) => found,
        _ => complaints_within(TIMES[1], way, kind, wrong).expect("the client comes"),
    }
}

fn complaints_within(
    times: Times,
    way: Way,
    kind: Kind,
    wrong: Wrong,
) -> Result<Vec<Complaint>, String> {
    let checks = checks();
    let client = ClientLauncher::Thread(Arc::new(move |port| {
        come(port, way, kind, wrong).unwrap_or_default()
    }));
    let identity = (way == Way::Tls).then(|| Identity::make().expect("a certificate"));
    let mut audit = Audit::with_times(client, identity, times, Findings::default(), &checks)?;
    let findings = checks.iter().map(|check| audit.judge(check)).collect::<Result<Vec<_>, _>>()?;
    let complaints = findings.into_iter().filter(|finding| finding.verdict >= Verdict::Warn);
    Ok(complaints.map(|finding| (finding.check.id, finding.verdict, finding.reasons)).collect())
}

/// Runs a test client, with the mistake `wrong`, for one check of the audit.
fn come(port: u16, way: Way, kind: Kind, wrong: Wrong) -> std::io::Result<()> {
    let mut stream = connected(port, way)?;
    let stream = &mut *stream;
    let mut nonce = [7; 16];
    if !matches!(wrong, Wrong::OneKey) {
        getrandom::fill(&mut nonce).map_err(std::io::Error::other)?;
    }
    let key = websocket::key(&nonce);
    let mut engine = Connection::new(Role::Client);
    stream.write_all(&request(&mut engine, kind, &key, wrong))?;
    if matches!(wrong, Wrong::Early) {
        stream.write_all(&masked(1, b"early"))?;
    }
    let (came, is_switched, pieces) = answer(stream, &mut engine, wrong)?;
    let text: String = came.iter().copied().map(char::from).collect();
    let end = text.rfind("\r\n\r\n").map_or(text.len(), |end| end + 4);
    let (head, leftover) = (&text[..end], &came[end.min(came.len())..]);
    let accept = accept(&key).unwrap_or_default();
    match wrong {
        Refuses(when) if when(head, &accept) => Ok(()),
        Sleeps(when) if when(head, &accept) => stream.read_to_end(&mut Vec::new()).map(drop),
        Opens(when) if when(head, &accept) => speak(stream, kind, leftover),
        Deaf(when) if is_switched && when(head, &accept) => speak(stream, kind, b""),
        Wrong::AsksAgain | Wrong::AsksHastily if kind == Plain || text.contains(" 426 ") => {
            stream.write_all(b"GET /again HTTP/1.1\r\nHost: a\r\n\r\n")?;
            stream.read_to_end(&mut Vec::new()).map(drop)
        }
        Wrong::AsksBadly if text.contains(" 426 ") && text.contains("x-audit") => {
            let mut stream = connected(port, way)?;
            stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: x-audit/1\r\n\r\n")?;
            stream.read_to_end(&mut Vec::new()).map(drop)
        }
        Wrong::Piecemeal if is_switched && pieces > 2 => {
            let rest = if leftover.is_empty() { some(stream)? } else { leftover.to_vec() };
            speak(stream, kind, &rest[1..])
        }
        Wrong::Leaves if is_switched => {
            stream.write_all(&masked(8, &[3, 0xe8]))?;
            stream.read_to_end(&mut Vec::new()).map(drop)
        }
        _ if is_switched => speak(stream, kind, leftover),
        _ => Ok(()),
    }
}

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

/// Connects, in TLS without verification if needed.
fn connected(port: u16, way: Way) -> std::io::Result<Box<dyn Stream>> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(LONGEST))?;
    if way == Way::Clear {
        return Ok(Box::new(stream));
    }
    let config = tls::client().map_err(std::io::Error::other)?;
    let name = Ipv4Addr::LOCALHOST.to_string().try_into().map_err(std::io::Error::other)?;
    let tls = ClientConnection::new(config, name).map_err(std::io::Error::other)?;
    Ok(Box::new(StreamOwned::new(tls, stream)))
}

fn request(engine: &mut Connection, kind: Kind, key: &str, wrong: Wrong) -> Vec<u8> {
    let (offer, fields): (&[&str], &[(&str, &str)]) = match kind {
        WebSocket => (
            &["websocket"],
            &[("Host", "a"), ("Sec-WebSocket-Key", key), ("Sec-WebSocket-Version", "13")],
        ),
        Http2 => (&["h2c"], &[("Host", "a"), ("HTTP2-Settings", "AAMAAABkAAQAoAAAAAIAAAAA")]),
        Foo => (&["foo/2"], &[("Host", "a")]),
        Plain => (&[], &[("Host", "a")]),
    };
    let mut out = Vec::new();
    let head = RequestHead::new("GET", "/", &fields);
    engine.send_request(&head, offer, &mut out).expect("it is in order");
    if matches!(wrong, Wrong::NoOption) {
        let text = String::from_utf8_lossy(&out);
        let lines = text.split_inclusive("\r\n").filter(|line| !line.starts_with("Connection"));
        return lines.collect::<String>().into_bytes();
    }
    out
}

/// Reads a response until the engine can tell its outcome.
///
/// Returns the bytes, whether they switch, and the number of reads.
fn answer(
    stream: &mut dyn Stream,
    engine: &mut Connection,
    wrong: Wrong,
) -> std::io::Result<(Vec<u8>, bool, usize)> {
    let (mut came, mut pieces) = (Vec::new(), 0);
    let is_switched = loop {
        match engine.next_event() {
            Ok(Next::Event(Event::Switched(_))) => break true,
            Ok(Next::Event(Event::Response(_))) if matches!(wrong, Wrong::AsksHastily) => {
                break false;
            }
            // These clients do not read close-delimited content.
            Ok(Next::Event(Event::Response(response)))
                if response.status() == 200 && came.ends_with(b"\r\n\r\n") =>
            {
                break false;
            }
            Ok(Next::Event(Event::EndOfMessage(_)) | Next::Paused(_)) | Err(_) => break false,
            Ok(Next::Event(_)) => {}
            Ok(Next::NeedData) => match some(stream)?.as_slice() {
                [] => engine.receive_eof(End::Clean),
                piece => {
                    pieces += 1;
                    came.extend_from_slice(piece);
                    // An error is returned again by the next event.
                    let _ = engine.receive(piece);
                }
            },
        }
    };
    Ok((came, is_switched, pieces))
}

/// Reads bytes; returns none at the end of the connection.
fn some(stream: &mut dyn Stream) -> std::io::Result<Vec<u8>> {
    let mut piece = vec![0; 4096];
    let len = stream.read(&mut piece)?;
    piece.truncate(len);
    Ok(piece)
}

/// Speaks the new protocol until the server closes the connection or the WebSocket.
///
/// Sends a message or a preface, and responds to Ping and Close frames, or to SETTINGS.
fn speak(stream: &mut dyn Stream, kind: Kind, leftover: &[u8]) -> std::io::Result<()> {
    match kind {
        WebSocket => stream.write_all(&masked(1, b"hello"))?,
        Http2 => stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")?,
        Foo => stream.write_all(b"hello\n")?,
        Plain => return Ok(()),
    }
    let mut came = leftover.to_vec();
    loop {
        if kind == Http2 && came.len() >= 9 {
            came.clear();
            stream.write_all(b"\0\0\0\x04\x01\0\0\0\0")?;
        }
        if let Some(frame) = frames(&came).first().filter(|_| kind == WebSocket) {
            match frame.opcode {
                8 => return stream.write_all(&masked(8, &frame.payload)),
                9 => stream.write_all(&masked(10, &frame.payload))?,
                _ => {}
            }
            came.drain(..2 + frame.payload.len());
            continue;
        }
        match some(stream)? {
            piece if piece.is_empty() => return Ok(()),
            piece => came.extend(piece),
        }
    }
}

/// Long output of a client's command is cut to its last words, after an ellipsis.
#[test]
fn what_a_command_says_is_cut_between_words() {
    assert_eq!(tail(" short\n"), "short");
    let exact = "word ".repeat(TOLD / 5);
    assert_eq!(tail(&exact), exact.trim());
    let long = format!("{}the end", "wörd ".repeat(100));
    let cut = tail(&long);
    assert!(cut.starts_with("… wörd wörd ") && cut.ends_with(" the end"), "{cut}");
    assert!(cut.chars().count() <= TOLD + 2, "{cut}");
    assert!(tail(&"x".repeat(2 * TOLD)).starts_with("… xxx"));
}
