//! Invariant: two functions that do the same give the same result.
//!
//! Most pairs are a function for bindings and its equivalent in the Rust API. For some, the second
//! function is in this file, such as for an error's text in each language, or for field lines as
//! text.
//!
//! The fuzz input is a tape.

use switchover::binding::{
    Bound, LONGEST, Language, METHODS, Spelled, TextLines, check_field, fallible,
    selection_from_bits, selection_to_bits, websocket_key,
};
use switchover::bridge::{
    OverHttp2, check_http2, extended_connect, http1_fields, http2_fields, http2_request,
};
use switchover::masque::{CapsuleFault, IpTarget, UdpTarget};
use switchover::{
    Block, Config, Connection, ErrorKind, Field, FieldSource, Ineligible, Limits, Order, Prepared,
    RequestHead, ResponseHead, Role, Step, websocket,
};

use super::tape::Tape;

/// Checks the module's invariant for one fuzz input.
pub fn check(data: &[u8]) {
    let mut tape = Tape::new(data);
    match tape.byte() % 6 {
        0 => check_lines(tape.rest()),
        1 => check_answers(&mut tape),
        2 => check_leftover(&mut tape),
        3 => check_conversions(&mut tape),
        4 => check_spelled(&String::from_utf8_lossy(tape.rest())),
        _ => check_numbers(&mut tape),
    }
}

// Field lines as text.

/// Checks that [`TextLines`] and [`Block`] find the lines that `naive_lines` finds.
///
/// They agree up to the first invalid line, and on what is wrong with it.
fn check_lines(text: &[u8]) {
    let lines = naive_lines(text);
    let (source, mut read) = (TextLines(text), Vec::new());
    source.each(&mut |field| read.push(field));
    let fault_of = |lines: &[Field<'_>]| {
        lines.iter().enumerate().find_map(|(index, line)| Some((check_field(*line).err()?, index)))
    };
    let fault = fault_of(&lines);
    let sound = fault.map_or(lines.len(), |(_, index)| index);
    assert_eq!(fault_of(&read), fault, "{}", text.escape_ascii());
    assert_eq!(read[..sound], lines[..sound], "{}", text.escape_ascii());
    assert!(fault.is_some() || read.len() == lines.len(), "{}", text.escape_ascii());
    let sent = |fields: &dyn FieldSource| {
        let (mut server, mut out) = (requested("GET"), Vec::new());
        server.respond(&ResponseHead::new(200, fields), b"", &mut out).map(|()| out)
    };
    match Block::new(text) {
        Ok(block) => {
            assert_eq!((block.len(), block.is_empty()), (lines.len(), lines.is_empty()));
            let mut own = Vec::new();
            block.each(&mut |field| own.push(field));
            assert_eq!(own, lines);
            assert_eq!(sent(&block), sent(&TextLines(text)));
            assert_eq!(sent(&(&block, [("A", "b")])), sent(&(TextLines(text), [("A", "b")])));
            assert_eq!(format!("{block:?}"), format!("{lines:?}"));
        }
        Err(error) if error.kind() == ErrorKind::ReservedField => {
            let index = error.field().expect("the index of the line");
            assert!(fault.is_none_or(|(_, at)| index < at), "{error} after {fault:?}");
        }
        Err(error) => {
            assert_eq!(Some(error.kind()), fault.map(|(kind, _)| kind), "{}", text.escape_ascii());
            assert_eq!(error.field(), fault.map(|(_, index)| index));
            sent(&TextLines(text)).expect_err("an invalid line is not sent");
        }
    }
}

/// Reads lines that end with CRLF; a lone LF ends a line too, and is a part of it.
fn naive_lines(text: &[u8]) -> Vec<Field<'_>> {
    let field = |line| {
        let line: &[u8] = line;
        let line = line.strip_suffix(b"\r\n").unwrap_or(line);
        let colon = line.iter().position(|&byte| byte == b':');
        let (name, value) = colon.map_or((&line[..0], line), |at| (&line[..at], &line[at + 1..]));
        let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
        let start = value.iter().take_while(|byte| is_space(byte)).count();
        let end = value.iter().rev().take_while(|byte| is_space(byte)).count();
        Field { name, value: value.get(start..value.len() - end).unwrap_or_default() }
    };
    text.split_inclusive(|&byte| byte == b'\n').map(field).collect()
}

// Responses.

const METHOD_NAMES: [&str; 4] = ["GET", "HEAD", "POST", "CONNECT"];
const STATUSES: [u16; 9] = [200, 204, 205, 304, 404, 426, 101, 100, 700];
const FIELDS: [&[(&str, &str)]; 9] = [
    &[],
    &[("Server", "example")],
    &[("Content-Length", "3")],
    &[("Content-Length", "0")],
    &[("Transfer-Encoding", "chunked")],
    &[("Connection", "close"), ("Date", "today")],
    &[("Upgrade", "foo/2")],
    &[("Set-Cookie", "a"), ("set-cookie", "b")],
    &[("Bad\r\nName", "")],
];
const CONTENT: [&[u8]; 3] = [b"", b"abc", &[b'x'; 300]];

/// Returns a server whose client has sent a request with this method.
fn requested(method: &str) -> Connection {
    requested_with(method, Config::default())
}

fn requested_with(method: &str, config: Config) -> Connection {
    let mut server = Connection::try_with_config(Role::Server, config).expect("memory");
    let target = if method == "CONNECT" { "a:1" } else { "/" };
    let head = format!("{method} {target} HTTP/1.1\r\nHost: a:1\r\n\r\n");
    server.receive(head.as_bytes()).expect("room");
    assert_eq!(server.advance(), Ok(Step::Event));
    server
}

/// Checks that `respond`, `respond_prepared` and `respond_head` write the same.
///
/// `respond_head` may fail where the others succeed, and may leave out `Content-Length: 0`. Only
/// for a 304 may it succeed where `respond` fails.
fn check_answers(tape: &mut Tape<'_>) {
    let (method, status) = (tape.pick(&METHOD_NAMES), tape.pick(&STATUSES));
    let (fields, content) = (tape.pick(&FIELDS), tape.pick(&CONTENT));
    let config = Config { tidy: tape.flag(), ..Config::default() };
    let head = ResponseHead::new(status, &fields);
    let (mut server, mut whole) = (requested_with(method, config.clone()), Vec::new());
    let result = server.respond(&head, content, &mut whole);

    let shared = Prepared::with_config(&head, content, config.clone());
    let own = fallible::prepared(&head, content, config.clone());
    assert_eq!(shared.as_ref().err(), own.as_ref().err());
    if let (Ok(shared), Ok(own)) = (shared, own) {
        assert_eq!((shared.status(), format!("{shared:?}")), (status, format!("{own:?}")));
        for prepared in [&shared, &own, &own.clone(), &shared.clone()] {
            let (mut server, mut out) = (requested_with(method, config.clone()), Vec::new());
            let sent = server.respond_prepared(prepared, &mut out);
            assert_eq!(
                (sent.map_err(|error| error.kind()), &out),
                (result.map_err(|error| error.kind()), &whole)
            );
        }
    }
    check_head_alone(method, &head, content, config, result.is_ok().then_some(&whole));
}

/// Checks `respond_head`, after which the caller sends the content.
///
/// It repairs no framing and leaves no content out, so it may fail where `respond` succeeds. Only
/// for a 304, whose head may have the length of a 200, may it succeed where `respond` fails.
fn check_head_alone(
    method: &str,
    head: &ResponseHead<'_>,
    content: &[u8],
    config: Config,
    whole: Option<&Vec<u8>>,
) {
    let (mut server, mut out) = (requested_with(method, config), Vec::new());
    if server.respond_head(head, content.len() as u64, &mut out).is_err() {
        return assert!(out.is_empty(), "it is refused and writes");
    }
    let Some(whole) = whole else {
        // The head may have the length that a 200 has. Content is not sent.
        return assert_eq!(head.status, 304, "only the head alone is sent");
    };
    let has_content = method != "HEAD" && !matches!(head.status, 204 | 304);
    if has_content && !content.is_empty() {
        let parts = server.send_data_parts(content.len() as u64).expect("content is owed");
        assert_eq!((parts.prefix(), parts.suffix()), (&b""[..], &b""[..]));
        out.extend_from_slice(content);
    }
    if content.is_empty() && out.len() != whole.len() {
        // Without content, a length of 0 is left out where it would speak of another response.
        let length = b"Content-Length: 0\r\n";
        let at = whole.windows(length.len()).position(|line| line == length).expect("a length");
        assert_eq!([&whole[..at], &whole[at + length.len()..]].concat(), out);
    } else {
        assert_eq!(out.escape_ascii().to_string(), whole.escape_ascii().to_string());
    }
    assert!(server.send_data(b"x", &mut Vec::new()).is_err(), "the response has ended");
}

// Bytes that belong to another protocol or parser.

const HEADS: [&str; 5] = [
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: foo/2\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: foo/2\r\n\
     Content-Length: 3\r\n\r\nabc",
    "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
];

/// Checks, on two equal connections, that two functions take the same unread bytes.
///
/// The pairs are `hand_over` and `hand_over_into`, and `take_leftover` and `leave_leftover`.
fn check_leftover(tape: &mut Tape<'_>) {
    let (head, early, steps) = (tape.pick(&HEADS), tape.flag(), tape.below(5));
    let (accepts, room) = (tape.flag(), tape.below(400));
    let cut = tape.below(head.len() + 1);
    let wire = [head.as_bytes(), tape.clone().rest()].concat();
    let run = || {
        let config = Config { http2_preface: true, ..Config::default() };
        let mut server = Connection::with_config(Role::Server, config);
        for piece in [&wire[..cut], &wire[cut..]] {
            // Refused once the direction has switched or failed.
            let _ = server.receive(piece);
            for _ in 0..steps {
                let _ = server.advance();
            }
        }
        if accepts && let Some(selection) = server.select(&["foo/2"], Order::Client) {
            let selection = if early { selection.early() } else { selection };
            let bits = selection_to_bits(selection);
            assert_eq!(selection_to_bits(selection_from_bits(bits)), bits);
            let selection = selection_from_bits(bits);
            // Refused where the request has content that is not read yet.
            let accepted = server.accept(selection, &(), &mut Vec::new());
            assert!(accepted.is_ok() || !early, "{accepted:?}");
            let _ = server.advance();
        }
        server
    };
    let (mut one, mut other) = (run(), run());
    assert!(!one.holds(&wire), "bytes of the caller");
    assert_eq!(one.leftover(), other.leftover());
    assert!(one.leftover().is_empty() || one.holds(one.leftover()));
    let mut out = vec![0; room];
    let mut space = &mut out[..];
    let before = space.len();
    let written = one.hand_over_into(&mut space);
    let len = before - space.len();
    match (written, other.hand_over()) {
        (Ok(()), Ok(bytes)) => {
            assert_eq!(out[..len], bytes);
            assert!(wire.starts_with(&bytes), "{}", bytes.escape_ascii());
        }
        (Err(error), Ok(bytes)) => {
            assert_eq!(
                (error.kind(), error.needed(), len),
                (ErrorKind::OutputTooSmall, Some(bytes.len()), 0)
            );
        }
        (written, handed) => assert_eq!(written.err(), handed.err()),
    }
    let (mut one, mut other, mut taken) = (run(), run(), b"before".to_vec());
    one.leave_leftover(|bytes| taken.extend_from_slice(bytes));
    assert_eq!(taken[6..], other.take_leftover());
    assert!(one.leftover().is_empty() && other.leftover().is_empty());
    assert_eq!(one.position(), other.position());
}

// Conversions that allocate.

/// Checks that functions of `fallible` return what their twins in the API return.
///
/// A function of `fallible` returns an error if memory is lacking.
fn check_conversions(tape: &mut Tape<'_>) {
    let template = match tape.below(4) {
        0 => UdpTarget::TEMPLATE.into(),
        1 => IpTarget::TEMPLATE.into(),
        _ => String::from_utf8_lossy(tape.piece()).into_owned(),
    };
    let text = String::from_utf8_lossy(tape.piece()).into_owned();
    let target = text.as_str();
    assert_eq!(fallible::udp_target(&template, target), Ok(UdpTarget::parse(&template, target)));
    assert_eq!(fallible::ip_target(&template, target), Ok(IpTarget::parse(&template, target)));

    check_target(target);
    let method = tape.pick(&METHOD_NAMES);
    let (secure, key) = (tape.flag(), tape.flag().then_some("dGhlIHNhbXBsZSBub25jZQ=="));
    let lines: Vec<(&[u8], &[u8])> =
        (0..tape.below(6)).map(|_| (name(tape), tape.piece())).collect();
    assert_eq!(fallible::http2_fields(&lines), Ok(http2_fields(&lines)));
    let head = RequestHead::new(method, target, &lines);
    assert_eq!(fallible::http2_request(&head, secure), Ok(http2_request(&head, secure)));
    assert_eq!(
        fallible::extended_connect(&head, "websocket", secure),
        Ok(extended_connect(&head, "websocket", secure))
    );
    let converted = http1_fields("a", &lines, key);
    assert_eq!(fallible::http1_fields("a", &lines, key), Ok(converted.clone()));
    // HTTP/2's rules for a list decide whether it is converted.
    assert_eq!(converted.map(drop), check_http2(None, &lines));
    assert_eq!(check_http2(Some(101), &lines), Err(OverHttp2::Switching));
}

/// Checks that the request target made from a URI has the parts of the URI's text.
fn check_target(uri: &str) {
    let Ok(uri) = uri.parse::<http::Uri>() else { return };
    let authority = uri.authority().map_or("", http::uri::Authority::as_str);
    assert_eq!(switchover::http::target(&http::Method::CONNECT, &uri), authority);
    let target = switchover::http::target(&http::Method::GET, &uri);
    let query = uri.query().map_or(String::new(), |query| format!("?{query}"));
    let path = if uri.path().is_empty() { "/" } else { uri.path() };
    assert_eq!(target, format!("{path}{query}"), "{uri}");
}

fn name<'t>(tape: &mut Tape<'t>) -> &'t [u8] {
    match tape.byte() {
        byte @ 0..200 => {
            let usual: [&[u8]; 9] = [
                b"host",
                b"te",
                b"cookie",
                b":path",
                b"x",
                b"upgrade",
                b"connection",
                b"expect",
                b"sec-websocket-key",
            ];
            usual[byte as usize % usual.len()]
        }
        _ => tape.piece(),
    }
}

// Texts and numbers.

/// Checks an error's text in C, Python and JavaScript against a plain replacement.
///
/// A name in the text is between backticks. A text is not checked if a language may have another
/// word for one of its names.
fn check_spelled(text: &str) {
    for language in [Language::C, Language::Python, Language::JavaScript] {
        let spelled = Spelled::new(text, language);
        let parts: Vec<&str> = text.split('`').collect();
        let is_name = |index: usize| index % 2 == 1 && index + 1 < parts.len();
        let names = || parts.iter().enumerate().filter(|(index, _)| is_name(*index));
        if names().any(|(_, name)| has_own_word(name)) {
            continue;
        }
        let wanted = parts.iter().enumerate().map(|(index, part)| {
            if is_name(index) { renamed(part, language) } else { (*part).into() }
        });
        let wanted = wanted.collect::<Vec<String>>().join("`");
        let cut = wanted.len().min(LONGEST);
        assert_eq!(spelled.as_bytes(), &wanted.as_bytes()[..cut], "{text:?}");
        assert!(spelled.as_str() == wanted || wanted.len() > LONGEST);
    }
}

fn has_own_word(name: &str) -> bool {
    let first = name.chars().next();
    let is_plain = name.is_empty() || METHODS.contains(&name) || name.contains(['.', ' ']);
    !is_plain && first.is_some_and(|first| first.is_ascii_alphabetic()) || name.contains("()")
}

fn renamed(name: &str, language: Language) -> String {
    let camel = |name: &str| {
        let mut words = name.split('_');
        let first = words.next().unwrap_or_default().to_owned();
        let upper = |word: &str| {
            let mut letters = word.chars();
            letters.next().map_or(String::new(), |letter| letter.to_ascii_uppercase().to_string())
                + letters.as_str()
        };
        first + &words.map(upper).collect::<String>()
    };
    for group in ["limits.", "lenient."] {
        if let Some(member) = name.strip_prefix(group) {
            return match language {
                Language::C => format!("config.{member}"),
                Language::Python => format!("Config.{member}"),
                Language::JavaScript => group.to_owned() + &camel(member),
            };
        }
    }
    match language {
        Language::C if METHODS.contains(&name) => format!("swo_{name}"),
        Language::JavaScript if METHODS.contains(&name) => camel(name),
        _ => name.into(),
    }
}

/// Checks numbers, names and texts of errors, limits and selections.
///
/// An error kind or a selection must equal its conversion to numbers and back. A limit that is set
/// by its name must change no other limit.
fn check_numbers(tape: &mut Tape<'_>) {
    let code = tape.below(1000) as u32;
    if let Some(kind) = ErrorKind::from_code(code) {
        assert_eq!(u32::from(kind.code()), code);
        assert!(!kind.text().is_empty() && !kind.advice().is_empty() && kind.clause().len() > 3);
    }
    for &reason in Ineligible::ALL {
        assert!(matches!(reason.status(), 400..=431) && !reason.text().is_empty());
        assert_eq!(Ineligible::from_number(reason.number()), Some(reason));
    }
    let texts = [
        (OverHttp2::ALL.iter().map(|fault| (fault.text(), fault.to_string())).collect::<Vec<_>>()),
        CapsuleFault::ALL.iter().map(|fault| (fault.text(), fault.to_string())).collect(),
    ];
    for (text, shown) in texts.concat() {
        assert_eq!(text, shown);
    }
    let bits = [(); 4].map(|()| (0..4).fold(0, |bits, _| bits << 8 | u32::from(tape.byte())));
    let selection = selection_from_bits(bits);
    let again = selection_from_bits(selection_to_bits(selection));
    assert_eq!((again, again.preference()), (selection, (bits[3] >> 8) as u16 as usize));
    let mut server = requested("GET");
    server.accept(selection, &(), &mut Vec::new()).expect_err("no request has offered it");

    let mut limits = Limits::DEFAULT;
    let names: Vec<&str> = limits.table().map(|(name, _)| name).collect();
    let (name, value) = (tape.pick(&names), u64::from(bits[0]) << (bits[1] % 33));
    assert!(limits.set(name, value) && !limits.set("nothing", value));
    let largest = Limits::largest(name).expect("a limit");
    let wanted = |(other, before)| (other, if other == name { value.min(largest) } else { before });
    assert!(limits.table().eq(Limits::DEFAULT.table().map(wanted)));
    let nonce: [u8; 16] = std::array::from_fn(|_| tape.byte());
    assert_eq!(websocket_key(&nonce), websocket::key(&nonce).as_bytes());
}
