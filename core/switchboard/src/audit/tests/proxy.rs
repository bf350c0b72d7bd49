//! Tests of the intermediary audit, with mutants: proxies with one fault each.
//!
//! Each check finds its mutants, and a proxy without a fault gets no complaints.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use super::origin::Origin;
use super::symptoms::{SYMPTOMS, means};
use super::{Audit, NEEDS, TABLE};
use crate::audit::auditor::{Auditor, Findings};
use crate::audit::endpoint::Endpoint;
use crate::audit::finding::Finding;
use crate::audit::request_reader::{Request, RequestReader};
use crate::audit::table::{self, Check, Rules};
use crate::audit::verdict::Verdict;
use crate::target::Target;

/// The fault of a mutant, which is a test proxy.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Wrong {
    Nothing,
    AnswersItself,
    StripsA101,
    RefusesSwitches,
    LosesLeftover,
    Drops(&'static str),
    EndsAt(&'static str),
    ForgetsLists,
    ForwardsWithoutOption,
    ForwardsUnnamed,
    ForwardsOffersOf10,
    Forwards(&'static str),
    ForwardsSettingsAlone,
    ForgetsTheNext,
    StripsA426,
    StripsItsOption,
    SwitchesIn10,
    ServesAfterRefusal,
    TunnelsAfter(u16),
    BelievesUnasked,
    BelievesOther,
    DropsContent,
    CutsChunks,
    RefusesEarly101,
    KeepsHop,
    KeepsLength,
    ReadsLength,
    BelievesBare,
    EndsBoth,
    WantsTheOptionAlone,
    StaysOpen,
    HasNoVia,
    PassesConnect,
}
use Wrong::*;

const MUTANTS: &[(&str, Verdict, Wrong)] = &[
    ("P01", Verdict::Fail, StripsA101),
    ("P01", Verdict::Warn, RefusesSwitches),
    ("P02", Verdict::Warn, LosesLeftover),
    ("P03", Verdict::Warn, Drops("103")),
    ("P03", Verdict::Warn, EndsAt("103")),
    ("P04", Verdict::Warn, ForgetsLists),
    ("P05", Verdict::Fail, ForwardsWithoutOption),
    ("P07", Verdict::Fail, SwitchesIn10),
    ("P07", Verdict::Warn, ForwardsOffersOf10),
    ("P08", Verdict::Fail, ForgetsTheNext),
    ("P09", Verdict::Fail, StripsItsOption),
    ("P09", Verdict::Warn, StripsA426),
    ("P10", Verdict::Fail, TunnelsAfter(426)),
    ("P11", Verdict::Fail, TunnelsAfter(200)),
    ("P12", Verdict::Fail, BelievesUnasked),
    ("P13", Verdict::Warn, BelievesOther),
    ("P14", Verdict::Warn, Forwards("h2c")),
    ("P14", Verdict::Fail, ForwardsSettingsAlone),
    ("P16", Verdict::Fail, DropsContent),
    ("P17", Verdict::Fail, KeepsHop),
    ("P18", Verdict::Warn, KeepsLength),
    ("P18", Verdict::Warn, ReadsLength),
    ("P19", Verdict::Warn, BelievesBare),
    ("P21", Verdict::Warn, WantsTheOptionAlone),
    ("P22", Verdict::Fail, StaysOpen),
    ("P23", Verdict::Warn, EndsAt("102")),
    ("P23a", Verdict::Warn, Drops("100")),
    ("P23a", Verdict::Warn, EndsAt("100")),
    ("P24", Verdict::Fail, CutsChunks),
    ("P24", Verdict::Warn, RefusesEarly101),
    ("P25", Verdict::Warn, HasNoVia),
    ("P26", Verdict::Warn, PassesConnect),
];

/// The mutants that are audited as forward proxies, mostly with a worse verdict.
///
/// It is worse than that of a gateway with the same fault (RFC 9110, section 3.7).
const FORWARD_MUTANTS: &[(&str, Verdict, Wrong)] = &[
    ("P01", Verdict::Fail, RefusesSwitches),
    ("P02", Verdict::Fail, LosesLeftover),
    ("P03", Verdict::Fail, Drops("103")),
    ("P03", Verdict::Fail, EndsAt("103")),
    ("P04", Verdict::Fail, ForgetsLists),
    ("P19", Verdict::Warn, BelievesBare),
    ("P23", Verdict::Fail, EndsAt("102")),
    ("P23a", Verdict::Fail, Drops("100")),
    ("P23a", Verdict::Fail, EndsAt("100")),
    ("P25", Verdict::Fail, HasNoVia),
    ("P27", Verdict::Fail, ServesAfterRefusal),
];

/// The mutants that pass all checks, each with a check and words of its reason.
///
/// The check passes with a note of what it has seen.
const NOTED: &[(&str, Wrong, &str)] = &[
    ("P06", ForwardsUnnamed, "the origin got Upgrade: websocket"),
    ("P15", Forwards("TLS/1.2"), "the origin got Upgrade: TLS/1.2"),
    ("P20", EndsBoth, "did not reach the client"),
];

/// The timeout of a first audit, and a longer one for a second.
///
/// The second is needed on a slow or busy machine.
const TIMEOUT: [Duration; 2] = [Duration::from_millis(1500), Duration::from_secs(15)];
/// The longest time that a test may take, and the proxy's read timeout.
const LONGEST: Duration = Duration::from_secs(60);

#[test]
fn who_breaks_no_rule_is_not_complained_about() {
    for is_forward in [false, true] {
        assert_eq!(complaints(Nothing, is_forward, |found| found.is_empty()), Ok(vec![]));
    }
}

#[test]
fn who_forwards_nothing_is_not_judged() {
    let trouble = complaints_within(TIMEOUT[0], AnswersItself, false);
    assert!(trouble.is_err_and(|trouble| trouble.contains("does not forward")));
}

#[test]
fn who_breaks_one_rule_is_told_just_that() {
    let audit = |(is_forward, &(id, verdict, wrong))| {
        let is_wanted =
            move |found: &[Complaint]| matches!(found, [one] if (one.0, one.1) == (id, verdict));
        (wrong, is_wanted, thread::spawn(move || complaints(wrong, is_forward, is_wanted)))
    };
    let gateways = MUTANTS.iter().map(|mutant| (false, mutant));
    let all = gateways.chain(FORWARD_MUTANTS.iter().map(|mutant| (true, mutant)));
    for (wrong, is_wanted, audit) in all.map(audit).collect::<Vec<_>>() {
        let found = audit.join().expect("an audit").expect("the control");
        assert!(is_wanted(&found), "{wrong:?}: {found:?}");
    }
}

#[test]
fn what_is_no_fault_is_told_all_the_same() {
    let of_nothing = findings_within(TIMEOUT[1], Nothing, false).expect("the control");
    for (id, wrong, words) in NOTED {
        let is_told =
            |finding: &Finding| finding.reasons.iter().any(|reason| reason.contains(words));
        assert!(!of_nothing.iter().any(is_told), "{words}, of a proxy without a fault");
        let findings = findings_within(TIMEOUT[1], *wrong, false).expect("the control");
        for finding in findings {
            assert!(finding.verdict <= Verdict::Pass, "{wrong:?}: {finding:?}");
            assert_eq!(is_told(&finding), finding.check.id == *id, "{wrong:?}: {finding:?}");
        }
    }
}

/// A proxy that is silent, endless or closes at once does not block an audit.
#[test]
fn no_proxy_hangs_an_audit() {
    let (checks, begun) = (checks(), Instant::now());
    let peers: [fn(TcpStream) -> io::Result<()>; 3] = [
        |mut client| client.read_to_end(&mut Vec::new()).map(drop),
        |mut client| {
            client.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")?;
            loop {
                client.write_all(&[b'x'; 4096])?;
            }
        },
        |client| client.shutdown(Shutdown::Both),
    ];
    for peer in peers {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let target = format!("http://{}/", listener.local_addr().expect("an address"))
            .parse()
            .expect("a URL");
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                thread::spawn(move || peer(client));
            }
        });
        let origin = Origin::listen(0).expect("a port");
        let audit = Audit::begin(
            proxy(&target, false, Duration::from_millis(200)),
            origin,
            Findings::default(),
            &checks,
        );
        assert!(audit.is_err_and(|trouble| trouble.contains("does not forward")));
    }
    assert!(begun.elapsed() < LONGEST, "{:?}", begun.elapsed());
}

#[test]
fn each_check_has_a_mutant() {
    let checks = checks();
    let mutants = MUTANTS.iter().chain(FORWARD_MUTANTS).map(|(id, ..)| *id);
    let tried: Vec<_> = mutants.chain(NOTED.iter().map(|(id, ..)| *id)).chain(["P00"]).collect();
    let is_tried = |check: &Check| tried.contains(&check.id);
    let untried: Vec<_> =
        checks.iter().filter(|check| !is_tried(check)).map(|check| check.id).collect();
    assert_eq!(untried, [""; 0]);
}

/// The documentation has the current number of intermediary checks.
#[test]
fn the_page_has_the_number() {
    let said = format!("to. {} checks", checks().len());
    assert!(include_str!("../../../../docs/audit.md").replace('\n', " ").contains(&said), "{said}");
}

#[test]
fn each_word_of_the_table_is_known() {
    let checks = checks();
    let lists =
        |rules: &Rules| [&rules.fail, &rules.warn, &rules.moot, &rules.note].map(Clone::clone);
    let all: Vec<_> = checks.iter().flat_map(|check| lists(&check.rules)).flatten().collect();
    let words = all.iter();
    let is_known = |word: &&str| {
        SYMPTOMS
            .iter()
            .any(|(name, ..)| [false, true].iter().any(|is_forward| means(word, name, *is_forward)))
    };
    let known = words.copied().filter(is_known).collect();
    crate::audit::tests::the_words_are_known(&checks, &known, NEEDS);
}

fn checks() -> Vec<Check> {
    table::parse(TABLE).expect("the table can be read")
}

type Complaint = (&'static str, Verdict, Vec<String>);

/// Returns the warnings and failures of an audit of a test proxy.
///
/// If they are not as wanted, returns those of a second audit with longer timeouts.
fn complaints(
    wrong: Wrong,
    is_forward: bool,
    is_wanted: impl Fn(&[Complaint]) -> bool,
) -> Result<Vec<Complaint>, String> {
    match complaints_within(TIMEOUT[0], wrong, is_forward) {
        Ok(found) if is_wanted(&found) => Ok(found),
        _ => complaints_within(TIMEOUT[1], wrong, is_forward),
    }
}

fn complaints_within(
    timeout: Duration,
    wrong: Wrong,
    is_forward: bool,
) -> Result<Vec<Complaint>, String> {
    let findings = findings_within(timeout, wrong, is_forward)?.into_iter();
    let complaints = findings.filter(|finding| finding.verdict >= Verdict::Warn);
    Ok(complaints.map(|finding| (finding.check.id, finding.verdict, finding.reasons)).collect())
}

fn findings_within(
    timeout: Duration,
    wrong: Wrong,
    is_forward: bool,
) -> Result<Vec<Finding>, String> {
    let checks = checks();
    let origin = Origin::listen(0).expect("a port");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let behind = origin.port;
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            thread::spawn(move || Proxy { client, port: behind, wrong }.serve());
        }
    });
    let target: Target = format!("http://127.0.0.1:{port}/").parse().expect("a URL");
    let mut audit =
        Audit::begin(proxy(&target, is_forward, timeout), origin, Findings::default(), &checks)?;
    checks.iter().map(|check| audit.judge(check)).collect()
}

/// Returns the settings to audit an intermediary, without `--host` and `--header`.
fn proxy(target: &Target, is_forward: bool, timeout: Duration) -> super::Proxy<'_> {
    let (host, fields, options) = Default::default();
    super::Proxy { endpoint: Endpoint::plain(target, timeout), is_forward, host, fields, options }
}

/// A client's connection; each forwarded request opens one to the origin.
struct Proxy {
    client: TcpStream,
    port: u16,
    wrong: Wrong,
}

const REFUSAL: &str = "Content-Length: 0\r\nConnection: close\r\n\r\n";
/// Fields that are not forwarded as they are, most of them hop-by-hop.
const HOP: [&str; 7] = [
    "connection",
    "upgrade",
    "keep-alive",
    "http2-settings",
    "transfer-encoding",
    "content-length",
    "x-hop",
];

impl Proxy {
    fn serve(&mut self) -> io::Result<()> {
        self.client.set_nodelay(true)?;
        self.client.set_read_timeout(Some(LONGEST))?;
        let mut incoming = RequestReader::new();
        loop {
            while !incoming.is_done() {
                let bytes = some(&mut self.client)?;
                incoming.receive(&bytes);
            }
            let request = incoming.requests.last().cloned().unwrap_or_default();
            let line = String::from_utf8_lossy(
                request.head.split(|byte| *byte == b'\r').next().unwrap_or_default(),
            )
            .into_owned();
            let is_refused = line.starts_with("CONNECT") && self.wrong != PassesConnect;
            if request.error.is_some() || is_refused || self.wrong == AnswersItself {
                let serves_on = self.wrong == ServesAfterRefusal && request.error.is_none();
                let refusal = if serves_on { &REFUSAL[REFUSAL.len() - 2..] } else { REFUSAL };
                let length = if serves_on { "Content-Length: 0\r\n" } else { "" };
                write!(self.client, "HTTP/1.1 501 No\r\n{length}{refusal}")?;
                if serves_on {
                    incoming.expect_next();
                    continue;
                }
                return Ok(());
            }
            if self.wrong == SwitchesIn10 && line.ends_with("/1.0") {
                let switch = "101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade";
                return write!(self.client, "HTTP/1.1 {switch}\r\n\r\n");
            }
            let mut origin = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
            origin.set_nodelay(true)?;
            origin.set_read_timeout(Some(LONGEST))?;
            let offer = self.offer(&request, line.ends_with("/1.1"));
            origin.write_all(&self.forwarded(&request, &line, &offer))?;
            if self.wrong == RefusesEarly101 && request.field("transfer-encoding").is_some() {
                some(&mut origin)?;
                return write!(self.client, "HTTP/1.1 502 No\r\n{REFUSAL}");
            }
            let closes = request.lists("connection", "close") || line.ends_with("/1.0");
            let rest = incoming.rest().to_vec();
            match self.relay(&mut origin, &offer, closes)? {
                Some(leftover) => return self.tunnel(origin, &leftover, &rest),
                None if closes && self.wrong != StaysOpen => return Ok(()),
                None if self.wrong == ForgetsTheNext
                    && request.field("upgrade") == Some("websocket")
                    && rest.is_empty() =>
                {
                    return self.client.read_to_end(&mut Vec::new()).map(drop);
                }
                None => incoming.expect_next(),
            }
        }
    }

    /// Returns the protocols to offer to the origin, comma-separated; empty for none.
    fn offer(&self, request: &Request, is_11: bool) -> String {
        let is_offer =
            request.lists("connection", "upgrade") && (is_11 || self.wrong == ForwardsOffersOf10);
        let is_unnamed = self.wrong == ForwardsUnnamed && !request.lists("connection", "upgrade");
        let is_overlooked = self.wrong == WantsTheOptionAlone
            && request.field("connection") == Some("keep-alive, Upgrade");
        if !is_offer && !is_unnamed || is_overlooked {
            return String::new();
        }
        let tokens = request.field("upgrade").unwrap_or_default().split(", ");
        let stays = |token: &&str| {
            ["h2c", "TLS/1.2"].contains(token)
                && self.wrong != Forwards(if *token == "h2c" { "h2c" } else { "TLS/1.2" })
        };
        tokens.filter(|token| !stays(token)).collect::<Vec<_>>().join(", ")
    }

    fn forwarded(&self, request: &Request, line: &str, offer: &str) -> Vec<u8> {
        let mut head = format!("{}1.1\r\n", &line[..line.len() - 3]);
        for (name, value) in &request.fields {
            let is_kept = match name.to_ascii_lowercase().as_str() {
                "x-hop" => self.wrong == KeepsHop && request.field("upgrade").is_some(),
                "http2-settings" => self.wrong == ForwardsSettingsAlone || offer == "h2c",
                name => !HOP.contains(&name),
            };
            if is_kept {
                head += &format!("{name}: {value}\r\n");
            }
        }
        let is_bare = match self.wrong {
            ForwardsWithoutOption => offer == "x-audit/1",
            ForwardsUnnamed => request.field("connection").is_none(),
            _ => false,
        };
        if !offer.is_empty() {
            head += &format!("Upgrade: {offer}\r\n");
            head += if is_bare { "" } else { "Connection: Upgrade\r\n" };
        }
        if self.wrong != HasNoVia {
            head += "Via: 1.1 a\r\n";
        }
        let content = match self.wrong {
            DropsContent => b"",
            CutsChunks | RefusesEarly101 if request.field("transfer-encoding").is_some() => {
                &request.content[..2]
            }
            _ => &request.content[..],
        };
        if !content.is_empty() {
            head += &format!("Content-Length: {}\r\n", content.len());
        }
        [format!("{head}\r\n").as_bytes(), content].concat()
    }

    /// Relays the responses to a request, interim ones included.
    ///
    /// Returns the bytes after the head if the connection becomes a tunnel, else `None`.
    fn relay(
        &mut self,
        origin: &mut TcpStream,
        offer: &str,
        closes: bool,
    ) -> io::Result<Option<Vec<u8>>> {
        let mut came = Vec::new();
        loop {
            let end = loop {
                match came.windows(4).position(|window| window == b"\r\n\r\n") {
                    Some(end) => break end + 4,
                    None => came.extend(some(origin)?),
                }
            };
            let rest = came.split_off(end);
            let head = String::from_utf8_lossy(&came).into_owned();
            let status: u16 = head[9..12].parse().unwrap_or_default();
            match status {
                101 => return self.relay_101(&head, rest, offer),
                100..=199 if self.wrong == Drops(status_text(status)) => {}
                100..=199 if self.wrong == EndsAt(status_text(status)) => {
                    write!(self.client, "HTTP/1.1 502 No\r\n{REFUSAL}")?;
                    return Err(io::ErrorKind::InvalidData.into());
                }
                100..=199 => self.client.write_all(head.as_bytes())?,
                _ => return self.relay_answer(origin, &head, rest, status, offer, closes),
            }
            came = rest;
        }
    }

    fn relay_101(&mut self, head: &str, rest: Vec<u8>, offer: &str) -> io::Result<Option<Vec<u8>>> {
        let has_option = head.contains("Connection: Upgrade\r\n");
        let named = head
            .split("Upgrade: ")
            .nth(1)
            .and_then(|rest| rest.split("\r\n").next())
            .unwrap_or_default();
        let is_asked = offer.split(", ").any(|token| token == named);
        let is_right = (has_option || self.wrong == BelievesBare)
            && (is_asked
                || self.wrong == BelievesUnasked && offer.is_empty()
                || self.wrong == BelievesOther && !offer.is_empty())
            && self.wrong != RefusesSwitches
            && !(self.wrong == ForgetsLists && offer.contains(','));
        if !is_right {
            write!(self.client, "HTTP/1.1 502 No\r\n{REFUSAL}")?;
            return Err(io::ErrorKind::InvalidData.into());
        }
        let has_length = head.contains("Content-Length");
        let mut head = head.to_owned();
        if self.wrong != KeepsLength {
            head = head.replace("Content-Length: 4\r\n", "");
        }
        if self.wrong == StripsA101 {
            head = head.replace("Upgrade: websocket\r\n", "");
        }
        let leftover = match self.wrong {
            LosesLeftover if !has_length => Vec::new(),
            ReadsLength if has_length => rest[4.min(rest.len())..].to_vec(),
            _ => rest,
        };
        self.client.write_all(head.as_bytes())?;
        Ok(Some(leftover))
    }

    fn relay_answer(
        &mut self,
        origin: &mut TcpStream,
        head: &str,
        mut content: Vec<u8>,
        status: u16,
        offer: &str,
        closes: bool,
    ) -> io::Result<Option<Vec<u8>>> {
        let length =
            head.split("Content-Length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
        let length: usize = length.and_then(|length| length.parse().ok()).unwrap_or_default();
        let is_connect = self.wrong == PassesConnect && length == 4;
        while content.len() < length && !is_connect {
            content.extend(some(origin)?);
        }
        let mut head = head.to_owned();
        if self.wrong == StripsA426 {
            head = head.replace("Upgrade: x-audit/1\r\nConnection: Upgrade\r\n", "");
        }
        if self.wrong == StripsItsOption && status == 426 && head.contains("x-audit/1") {
            head = head.replace("Connection: Upgrade\r\n", "");
        }
        if closes {
            head = head.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
        }
        self.client.write_all(&[head.as_bytes(), &content].concat())?;
        Ok((self.wrong == TunnelsAfter(status) && offer == "websocket").then(Vec::new))
    }

    /// Copies bytes in both directions until the origin ends.
    fn tunnel(&mut self, origin: TcpStream, leftover: &[u8], early: &[u8]) -> io::Result<()> {
        self.client.write_all(leftover)?;
        (&origin).write_all(early)?;
        let (mut from, mut to, wrong) = (self.client.try_clone()?, origin.try_clone()?, self.wrong);
        thread::spawn(move || {
            let _ = io::copy(&mut from, &mut to);
            let _ = to.shutdown(if wrong == EndsBoth { Shutdown::Both } else { Shutdown::Write });
        });
        io::copy(&mut &origin, &mut self.client)?;
        self.client.shutdown(Shutdown::Both)
    }
}

fn status_text(status: u16) -> &'static str {
    match status {
        100 => "100",
        102 => "102",
        _ => "103",
    }
}

fn some(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut piece = vec![0; 4096];
    let len = stream.read(&mut piece)?;
    piece.truncate(len);
    if len == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(piece) }
}
