//! Invariant: client and server apply the same rules to offers and responses.
//!
//! An offer that a client may send is one that a server may accept. A client accepts exactly the
//! 101 responses that a server may send.
//!
//! A parsed value is equal to its serialised and reparsed form. Fields that are translated for
//! HTTP/2, or forwarded to the next hop, contain none that are forbidden there.
//!
//! The fuzz input is a tape.

use switchover::bridge::{
    check_http2, extended_connect, http1_fields, http2_fields, http2_request,
};
use switchover::gateway::{EndToEnd, forwardable, may_forward};
use switchover::h2c::Splice;
use switchover::masque::{IpTarget, UdpTarget, says_capsules};
use switchover::websocket::Deflate;
use switchover::{
    Config, Connection, ErrorKind, Event, Field, FieldSource, Order, RequestHead, Role, Step,
};

use super::tape::Tape;

/// Checks the module's invariant for one fuzz input.
pub fn check(data: &[u8]) {
    let mut tape = Tape::new(data);
    match tape.byte() % 4 {
        0 => negotiate(&mut tape),
        1 => targets(&mut tape),
        2 => items(&mut tape),
        _ => hops(&mut tape),
    }
}

type Line = (Vec<u8>, Vec<u8>);

const TOKENS: &[&str] = &[
    "websocket",
    "h2c",
    "TLS/1.2",
    "connect-udp",
    "connect-ip",
    "connect-tcp",
    "foo/2",
    "WebSocket",
    "h2c/1",
    "HTTP/2.0",
];
const NAMES: &[&str] = &[
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Version",
    "Sec-WebSocket-Protocol",
    "Sec-WebSocket-Extensions",
    "HTTP2-Settings",
    "Capsule-Protocol",
    "Content-Length",
    "Content-Type",
    "Cookie",
    "X",
    "Expect",
    "TE",
];
const VALUES: &[&str] = &[
    "dGhlIHNhbXBsZSBub25jZQ==",
    "13",
    "chat, superchat",
    "permessage-deflate; client_max_window_bits",
    "permessage-deflate; server_max_window_bits=10; client_no_context_takeover",
    "permessage-deflate; client_max_window_bits=9, permessage-deflate",
    "AAMAAABkAAQAAP__",
    "?1",
    "3",
    "100-continue",
    "trailers",
    "x; y=\"z\", v",
    "",
    "a=b; c=d",
];

fn bytes(tape: &mut Tape<'_>, usual: &[&str]) -> Vec<u8> {
    match tape.byte() {
        index @ 0..=223 => usual[index as usize % usual.len()].into(),
        _ => tape.piece().to_vec(),
    }
}

/// Reads field lines from a tape, with the whitespace around values trimmed.
fn lines(tape: &mut Tape<'_>, most: usize, usual: &[&str]) -> Vec<Line> {
    let trimmed = |value: Vec<u8>| value.trim_ascii().to_vec();
    (0..tape.below(most)).map(|_| (bytes(tape, usual), trimmed(bytes(tape, VALUES)))).collect()
}

fn as_fields(lines: &[Line]) -> Vec<Field<'_>> {
    lines.iter().map(|(name, value)| Field { name, value }).collect()
}

/// Returns the bytes of a head, without the checks of an engine.
fn by_hand(first: &str, lines: &[Line]) -> Vec<u8> {
    let lines = lines.iter().flat_map(|(name, value)| [name, &b": "[..], value, b"\r\n"].concat());
    first.bytes().chain(*b"\r\n").chain(lines).chain(*b"\r\n").collect()
}

fn line(name: &str, value: &str) -> Line {
    (name.into(), value.into())
}

// Upgrade offers and the responses to them.

fn negotiate(tape: &mut Tape<'_>) {
    let config = Config { secure: tape.flag(), bare_h2c: tape.flag(), ..Config::default() };
    let token = String::from_utf8_lossy(&bytes(tape, TOKENS)).into_owned();
    let method = tape.pick(&["GET", "GET", "GET", "POST", "OPTIONS"]);
    let mut fields = vec![line("Host", "a")];
    if tape.flag() {
        fields.extend([line("Sec-WebSocket-Key", VALUES[0]), line("Sec-WebSocket-Version", "13")]);
    }
    fields.extend(lines(tape, 5, NAMES));
    let mut client = Connection::with_config(Role::Client, config.clone());
    let mut server = Connection::with_config(Role::Server, config);
    let (mut wire, given) = (Vec::new(), as_fields(&fields));
    match client.send_request(&RequestHead::new(method, "/", &given), &[&token], &mut wire) {
        Ok(()) => {
            server.receive(&wire).expect("room");
            assert_eq!(server.advance(), Ok(Step::Event), "{}", wire.escape_ascii());
            let request = server.request().expect("an offer that may be made");
            let offers: Vec<_> = request.offers().expect("an offer").collect();
            assert!(
                offers.iter().all(|offer| offer.ineligible.is_none()),
                "{offers:?}: {}",
                wire.escape_ascii()
            );
            let is_taken_along = Splice::new(&request, b"", &()).is_ok();
            assert!(!is_taken_along || request.fields().get("http2-settings").is_some());
            answer(&mut client, &mut server, &token, &fields, tape);
        }
        Err(error) if error.kind() == ErrorKind::ProfileField => {
            // The server must find the same offer ineligible.
            let hop = if fields.iter().any(|line| line.0.eq_ignore_ascii_case(b"HTTP2-Settings")) {
                ", HTTP2-Settings"
            } else {
                ""
            };
            let added = [line("Upgrade", &token), line("Connection", &format!("upgrade{hop}"))];
            let raw = by_hand(&format!("{method} / HTTP/1.1"), &[&fields[..], &added].concat());
            server.receive(&raw).expect("room");
            if server.advance() == Ok(Step::Event)
                && let Some(Event::Request(request)) = server.event()
                && let Ok(mut offers) = request.offers()
            {
                assert!(
                    offers.any(|offer| offer.ineligible.is_some()),
                    "refused by the client alone: {}",
                    raw.escape_ascii()
                );
            }
        }
        Err(_) => assert!(wire.is_empty(), "it is refused and writes"),
    }
}

/// Accepts an upgrade with field lines from the tape.
///
/// If the server may send the response, the client must accept it. If the rules of the protocol
/// forbid the fields, the client must reject them too.
fn answer(
    client: &mut Connection,
    server: &mut Connection,
    token: &str,
    asked: &[Line],
    tape: &mut Tape<'_>,
) {
    let Some(selection) = server.select(&[token], Order::Client) else { return };
    let own = Deflate {
        server_no_context_takeover: tape.flag(),
        client_no_context_takeover: tape.flag(),
        server_max_window_bits: tape.pick(&[None, Some(8), Some(12), Some(15), Some(7)]),
        client_max_window_bits: tape.pick(&[None, Some(8), Some(12), Some(15), Some(16)]),
    };
    let mut fields = Vec::new();
    let request = server.request().expect("a request with an offer is kept");
    let deflate =
        if tape.flag() { switchover::websocket::select_deflate(&request, &own) } else { None };
    fields.extend(deflate.map(|deflate| line("Sec-WebSocket-Extensions", &deflate.to_string())));
    let subprotocol = if tape.flag() {
        switchover::websocket::select_subprotocol(
            &request,
            &["superchat", "chat", "x"],
            Order::Server,
        )
    } else {
        None
    };
    fields.extend(subprotocol.map(|name| line("Sec-WebSocket-Protocol", name)));
    let is_plain = tape.flag();
    if !is_plain {
        fields.extend(lines(tape, 4, NAMES));
    }
    let mut wire = Vec::new();
    match server.accept(selection.early(), &as_fields(&fields), &mut wire) {
        Ok(()) => {
            let switched = receive(client, &wire);
            assert!(switched.is_ok(), "{switched:?}: {}", wire.escape_ascii());
            assert_eq!(client.agreed().to_string(), server.agreed().to_string());
            let Some(Event::Switched(switched)) = client.event() else {
                panic!("it has just come")
            };
            let agreed = Deflate::of(&switched.response.expect("a 101").fields());
            let is_offered = agreed.is_none_or(|agreed| is_offered(asked, agreed));
            assert!(is_offered || token != "websocket", "{agreed:?} is no answer to {asked:?}");
            if is_plain {
                assert_eq!(agreed, deflate, "what was agreed on: {}", wire.escape_ascii());
            }
        }
        Err(error) => {
            assert!(wire.is_empty(), "it is refused and writes");
            assert!(!is_plain, "{error}: what was selected is refused: {fields:?}");
            if error.kind() == ErrorKind::ProfileField {
                server.accept(selection.early(), &(), &mut wire).expect("nothing but a 101");
                // The fields go before the empty line that ends the 101, so also after a 100.
                let end = wire.len() - 2;
                wire.splice(end.., by_hand("", &fields).into_iter().skip(2));
                assert!(
                    receive(client, &wire).is_err(),
                    "refused by the server alone: {}",
                    wire.escape_ascii()
                );
            }
        }
    }
}

/// Returns whether an offer of permessage-deflate allows the agreed parameters.
///
/// Applies the rules of RFC 7692, section 7.1 without the engine.
fn is_offered(asked: &[Line], agreed: Deflate) -> bool {
    let lines =
        asked.iter().filter(|line| line.0.eq_ignore_ascii_case(b"Sec-WebSocket-Extensions"));
    let lines: Vec<String> =
        lines.map(|line| String::from_utf8_lossy(&line.1).replace(['"', '\\'], "")).collect();
    lines.iter().flat_map(|line| line.split(',')).any(|offer| {
        let mut parts = offer.split(';').map(str::trim);
        let is_deflate = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("permessage-deflate"));
        is_deflate
            && parts.clone().all(|part| match part.split_once('=').map(|(name, bits)| (name.trim(), bits.trim())) {
                // The server must obey the parameters that the client asked of it.
                Some(("server_max_window_bits", bits)) => {
                    agreed.server_max_window_bits.is_some_and(|own| bits.parse().is_ok_and(|most: u8| own <= most))
                }
                None if part == "server_no_context_takeover" => agreed.server_no_context_takeover,
                _ => true,
            })
            // The server may limit the client's window only if the client offered that.
            && (agreed.client_max_window_bits.is_none() || parts.any(|part| part.starts_with("client_max_window_bits")))
    })
}

/// Feeds a client until it emits `Event::Switched`, or returns why it does not.
fn receive(client: &mut Connection, wire: &[u8]) -> Result<(), String> {
    client.receive(wire).map_err(|error| error.to_string())?;
    for _ in 0..4 {
        match client.advance() {
            Err(error) => return Err(error.to_string()),
            Ok(Step::Event) if matches!(client.event(), Some(Event::Switched(_))) => return Ok(()),
            Ok(Step::Event) => {}
            Ok(other) => return Err(format!("{other:?}")),
        }
    }
    Err("no switch".into())
}

// Targets of connect-udp and connect-ip.

const TEMPLATES: &[&str] = &[
    UdpTarget::TEMPLATE,
    IpTarget::TEMPLATE,
    "/p?h={target_host}&p={target_port}",
    "/p{?target_host,target_port}",
    "/{target}{?ipproto}",
    "/x/{target_host}{?target_port}",
];
const HOSTS: &[&str] = &[
    "192.0.2.6",
    "2001:db8::42",
    "a.example",
    "*",
    "192.0.2.0/24",
    "2001:db8::/32",
    "::",
    "",
    "a b",
    "\u{e9}",
    "%41",
];
const NUMBERS: &[&str] =
    &["443", "1", "65535", "65536", "0", "*", "17", "255", "256", "01", "+1", ""];

fn targets(tape: &mut Tape<'_>) {
    let template = String::from_utf8_lossy(&bytes(tape, TEMPLATES)).into_owned();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let (host, number) = (text(bytes(tape, HOSTS)), text(bytes(tape, NUMBERS)));
    let target =
        if tape.flag() { text(tape.piece().to_vec()) } else { expanded(&template, &host, &number) };
    if let Some(read) = UdpTarget::parse(&template, &target) {
        assert!(!read.host.is_empty() && read.port > 0);
        let again = expanded(&template, &read.host, &read.port.to_string());
        assert_eq!(
            UdpTarget::parse(&template, &again).as_ref(),
            Some(&read),
            "{template} {target} {again}"
        );
        assert_eq!(
            UdpTarget::parse(&template, &format!("https://proxy{again}")),
            Some(read).filter(|_| again.starts_with(['/', '?']))
        );
    }
    if let Some(read) = IpTarget::parse(&template, &target) {
        let protocol = read.protocol.map_or("*".into(), |number| number.to_string());
        let again = expanded(&template, read.target.as_deref().unwrap_or("*"), &protocol);
        assert_eq!(IpTarget::parse(&template, &again), Some(read), "{template} {target} {again}");
    }
}

/// Expands a URI template with these values (RFC 6570, section 3.2).
///
/// The value `*` is not percent-encoded, as in RFC 9484, section 4.6.
fn expanded(template: &str, host: &str, number: &str) -> String {
    let encoded = |value: &str| -> String {
        let one = |byte: u8| match byte {
            byte if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                char::from(byte).to_string()
            }
            b'*' if value == "*" => "*".into(),
            byte => format!("%{byte:02X}"),
        };
        value.bytes().map(one).collect()
    };
    let value =
        |name: &str| encoded(if matches!(name, "target_port" | "ipproto") { number } else { host });
    let (mut out, mut rest) = (String::new(), template);
    while let Some((literal, (expression, after))) =
        rest.split_once('{').and_then(|(literal, rest)| Some((literal, rest.split_once('}')?)))
    {
        out += literal;
        match expression.strip_prefix('?') {
            None => out += &value(expression),
            Some(names) => {
                let pairs: Vec<String> =
                    names.split(',').map(|name| format!("{name}={}", value(name))).collect();
                out += &format!("?{}", pairs.join("&"));
            }
        }
        rest = after;
    }
    out + rest
}

// Structured field items and lists.

fn items(tape: &mut Tape<'_>) {
    let parameters = tape.piece();
    let item = [b"?1", parameters].concat();
    let says = |value: &[u8]| says_capsules(&[(&b"capsule-protocol"[..], value)]);
    // RFC 9651, 3.1.2: another parameter makes no valid item invalid, and no invalid one valid.
    for more in [&b";a"[..], b"; b=2.5", b";c=\"d\\\"\"", b";*=:AQ==:"] {
        // If the parameters end inside a string, the appended text might close it.
        let is_closed = parameters.iter().all(|byte| !matches!(byte, b'"' | b':' | b'\\'));
        if says(&item) || is_closed {
            let longer = [&item[..], more].concat();
            assert_eq!(says(&longer), says(&item), "{}", longer.escape_ascii());
        }
    }
    assert!(!says(&[b"?0", parameters].concat()));
    // A list in several field lines equals their joined list (RFC 9110, 5.3).
    let (first, second) = (tape.piece(), tape.piece());
    let has_quote = first.contains(&b'"') || second.contains(&b'"');
    if !has_quote {
        let apart = [("Sec-WebSocket-Extensions", first), ("sec-websocket-extensions", second)];
        let joined = [first, b", ", second].concat();
        let together = [("Sec-WebSocket-Extensions", &joined[..])];
        assert_eq!(Deflate::of(&apart), Deflate::of(&together), "{}", joined.escape_ascii());
    }
    if let Some(agreed) = Deflate::of(&[("Sec-WebSocket-Extensions", first)]) {
        let text = agreed.to_string();
        assert_eq!(Deflate::of(&[("Sec-WebSocket-Extensions", &text)]), Some(agreed), "{text}");
    }
}

// Fields that are forwarded to the next hop.

const HOP_BY_HOP: &[&str] = &[
    "connection",
    "http2-settings",
    "keep-alive",
    "proxy-connection",
    "te",
    "transfer-encoding",
    "upgrade",
];
const HOP_NAMES: &[&str] = &[
    "Connection",
    "Keep-Alive",
    "TE",
    "Upgrade",
    "X",
    "x",
    "Cookie",
    "HTTP2-Settings",
    "Via",
    "Y",
    LENGTH,
    LENGTH,
];
const LENGTH: &str = "Content-Length";
const HOP_VALUES: &[&str] = &[
    "close",
    "x",
    "upgrade, x",
    "trailers",
    "foo/2, h2c",
    "a=b",
    "c=d",
    "AAMAAABk",
    "",
    "y,,X",
    "0",
    "00, 0",
    "0,, 00",
];

fn hops(tape: &mut Tape<'_>) {
    let mut fields = vec![line("Host", "a")];
    fields.extend((0..tape.below(8)).map(|_| (bytes(tape, HOP_NAMES), bytes(tape, HOP_VALUES))));
    let target = tape.pick(&["/p?q", "http://a/p?q", "http://a?q", "http://a", "/"]);
    let raw = by_hand(&format!("GET {target} HTTP/1.1"), &fields);
    let mut server = Connection::new(Role::Server);
    server.receive(&raw).expect("room");
    if server.advance() != Ok(Step::Event) {
        return;
    }
    let Some(Event::Request(request)) = server.event() else { return };
    let fields = request.fields();

    let passed = collect(&EndToEnd(&fields));
    let all = collect(&fields);
    // Of equal lengths one is left.
    let is_length = |name: &[u8]| name.eq_ignore_ascii_case(LENGTH.as_bytes());
    for line in &passed {
        let name = &line.0;
        assert!(all.contains(line) || is_length(name), "{passed:?}");
        assert!(
            !HOP_BY_HOP.iter().any(|hop| name.eq_ignore_ascii_case(hop.as_bytes())),
            "{}",
            name.escape_ascii()
        );
    }
    assert_eq!(collect(&EndToEnd(&EndToEnd(&fields))), passed, "nothing is left to be taken away");
    let mut client = Connection::new(Role::Client);
    let fields_to_send = EndToEnd(&fields);
    let head = RequestHead::new(request.method(), request.target(), &fields_to_send);
    let sent = client.send_request(&head, &[], &mut Vec::new());
    // A request without content may be received with Expect, not sent (RFC 9110, section 10.1.1).
    let expects = all.iter().any(|(name, _)| name.eq_ignore_ascii_case(b"Expect"));
    assert!(sent.is_ok() || expects, "what is taken can be forwarded: {sent:?} {passed:?}");
    for protocol in forwardable(&request) {
        assert!(may_forward(&protocol.to_string()), "{protocol}");
    }

    let head = RequestHead::new(request.method(), request.target(), &fields);
    let asked = [
        http2_request(&head, false),
        extended_connect(&head, "websocket", true),
        http2_fields(&fields),
    ];
    for list in &asked {
        assert_eq!(check_http2(None, list), Ok(()), "{list:?}");
        for (name, value) in list {
            assert!(!name.iter().any(u8::is_ascii_uppercase), "{}", name.escape_ascii());
            assert!(
                !value.iter().any(|byte| matches!(byte, 0 | b'\r' | b'\n')),
                "{}",
                value.escape_ascii()
            );
        }
    }
    // And back to HTTP/1.1: all end-to-end fields are there, and may be sent.
    let back = http1_fields("a", &asked[0], None).expect("it was just checked");
    let mut client = Connection::new(Role::Client);
    client
        .send_request(&RequestHead::new("GET", "/p?q", &as_fields(&back)), &[], &mut Vec::new())
        .unwrap_or_else(|error| panic!("{error}: {back:?} of {}", raw.escape_ascii()));
    let is_same =
        |(name, value): &&Line, line: &Line| name.eq_ignore_ascii_case(&line.0) && *value == line.1;
    for line in passed.iter().filter(|line| {
        !["cookie", "host", "expect", "content-length"]
            .iter()
            .any(|name| line.0.eq_ignore_ascii_case(name.as_bytes()))
    }) {
        let is_of_a_handshake = line.0.to_ascii_lowercase().starts_with(b"sec-websocket-");
        assert!(
            is_of_a_handshake || back.iter().any(|other| is_same(&line, other)),
            "{line:?} is lost: {back:?}"
        );
    }
}

fn collect(fields: &dyn FieldSource) -> Vec<Line> {
    let mut list = Vec::new();
    fields.each(&mut |field| list.push((field.name.to_vec(), field.value.to_vec())));
    list
}
