//! Invariant: all ways to read a part of a received message return the same value.
//!
//! The ways are methods of the API, functions for bindings, and conversions to the `http` crate.
//! They are compared with each other, and with a search through the field lines. The text of an
//! event is one line of printable ASCII. No text has the value of a secret field.
//!
//! The fuzz input is a byte of flags, and the bytes of a peer.

use std::fmt::Debug;

use bytes::BytesMut;
use switchover::binding::{
    Bound, ContentKind, FieldLine, KnownField, Method, authority, check_field, content_kind,
    event_kind, index_of, is_token, members, path_and_query, request_ends, request_line, spans,
};
use switchover::{
    Config, Connection, Content, Event, Field, FieldSource, Fields, Lenient, Owes, Request,
    RequestHead, Response, ResponseHead, Role, Step,
};

/// A secret value that is added to the peer's bytes, and which no text may have.
const SECRET: &str = "seventeen-secrets";

/// Checks the module's invariant for one fuzz input.
pub fn check(data: &[u8]) {
    let (flags, wire) = data.split_first().unwrap_or((&0, &[]));
    let flag = |bit: u8| flags >> bit & 1 != 0;
    let mut config = Config { secure: flag(2), ..Config::default() };
    for (name, _) in Lenient::none().table() {
        config.lenient.set(name, flag(1));
    }
    let role = if flag(0) { Role::Client } else { Role::Server };
    let mut connection = Connection::with_config(role, config);
    if role == Role::Client {
        let head = RequestHead::new("GET", "/", &[("Host", "a"), ("TE", "trailers")]);
        connection.send_request(&head, &["foo/2"], &mut Vec::new()).expect("a request");
    }
    // A fuzzer that sees what is compared writes it elsewhere.
    if String::from_utf8_lossy(wire).contains(SECRET) {
        return;
    }
    let wire = with_secret(wire);
    if connection.receive(&wire).is_err() {
        return;
    }
    // Each step takes at least a byte, ends a message, or answers it.
    for _ in 0..=3 * wire.len() {
        let is_empty = match connection.advance() {
            Ok(Step::Event) => check_event(&connection.event().expect("an event")),
            Ok(Step::Paused(_)) if connection.owes() == Owes::Response => {
                match connection.respond(&ResponseHead::new(204, &()), b"", &mut Vec::new()) {
                    Ok(()) => continue,
                    Err(_) => return,
                }
            }
            Ok(Step::NeedData | Step::Paused(_)) => return,
            Err(error) => {
                assert_eq!(connection.failure(), Some(error));
                return check_text(&error, &error.to_string());
            }
        };
        check_text(&connection, "");
        assert!(!is_empty || connection.content() == Content::None, "{}", wire.escape_ascii());
        let (kind, len) = content_kind(connection.content());
        assert!(len == 0 || matches!(kind, ContentKind::Length | ContentKind::Chunked));
    }
    panic!("events without end: {}", wire.escape_ascii());
}

/// Inserts a `Cookie` field with the value [`SECRET`] after a message's first line.
fn with_secret(wire: &[u8]) -> Vec<u8> {
    let end = wire.windows(2).position(|pair| pair == b"\r\n").map_or(wire.len(), |at| at + 2);
    [&wire[..end], b"Cookie: ", SECRET.as_bytes(), b"\r\n", &wire[end..]].concat()
}

/// Checks the parts of an event; returns whether it is a request without content.
fn check_event(event: &Event<'_>) -> bool {
    let line = event.to_string();
    let is_plain = line.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    assert!(is_plain, "{line:?}");
    assert!(line.starts_with(match event_kind(event).name() {
        "end-of-message" => "end",
        kind => kind,
    }));
    match event {
        Event::Request(request) => {
            check_text(event, &line);
            check_request(request);
            return request_ends(request);
        }
        Event::Informational(response) | Event::Response(response) => {
            check_text(event, &line);
            check_response(response);
        }
        Event::EndOfMessage(trailers) => check_fields(trailers),
        Event::Data(data) => assert!(!data.is_empty()),
        Event::Switched(switched) => {
            check_text(&switched.protocols, &switched.protocols.to_string());
            switched.request.iter().for_each(check_request);
            switched.response.iter().for_each(check_response);
        }
    }
    false
}

/// Checks that neither the `Debug` form of `value` nor `text` contains [`SECRET`].
fn check_text(value: &impl Debug, text: &str) {
    for text in [&format!("{value:?}"), text] {
        assert!(!text.contains(SECRET), "{text}");
    }
}

fn check_request(request: &Request<'_>) {
    let (method, target, fields) = (request.method(), request.target(), request.fields());
    check_fields(&fields);
    assert_eq!(request_line(request), (method.as_bytes(), target.as_bytes()));
    assert!(is_token(method.as_bytes()));
    assert!(Method::of(method.as_bytes()).is_none_or(|known| known.name() == method));
    let (path, query) = path_and_query(method.as_bytes(), target.as_bytes());
    assert_eq!((path, query), (request.path().as_bytes(), request.query().map(str::as_bytes)));
    let joined = [path, query.map_or("", |_| "?").as_bytes(), query.unwrap_or_default()].concat();
    assert!(joined == b"/" || joined.starts_with(b"/?") || target.as_bytes().ends_with(&joined));
    let head = RequestHead::new(method, target, &fields);
    assert_eq!(authority(&head), request.authority().map(str::as_bytes), "{target}");
    check_converted(request);
}

/// Checks that `http::Request` is the same if converted in new or in reused memory.
fn check_converted(request: &Request<'_>) {
    let (mut reused, mut memory) = (http::Request::new(()), BytesMut::new());
    *reused.uri_mut() = "/before".parse().expect("a target");
    let written = request.write_to(&mut reused, &mut memory);
    let Ok(new) = http::Request::try_from(*request) else {
        return assert!(written.is_err(), "only one of two conversions succeeds");
    };
    written.expect("both succeed");
    assert_eq!((new.method(), new.uri()), (reused.method(), reused.uri()));
    assert_eq!((new.headers(), new.version()), (reused.headers(), reused.version()));
    assert_eq!(new.method().as_str(), request.method());
    assert_eq!(new.version() == http::Version::HTTP_10, request.minor_version() == 0);
    // The map has the order of each name's lines, and names in lower case.
    let is_whole_server = new.uri() == "*" && request.target() != "*";
    if !is_whole_server {
        assert_eq!(sorted(new.headers()), unified(sorted(&request.fields())));
    }
}

fn check_response(response: &Response<'_>) {
    let fields = response.fields();
    check_fields(&fields);
    if let Ok(new) = http::Response::try_from(*response) {
        assert_eq!(new.status().as_u16(), response.status());
        assert_eq!(sorted(new.headers()), unified(sorted(&fields)));
    }
}

/// Returns the field lines with names in lower case, sorted by name.
fn sorted(fields: &dyn FieldSource) -> Vec<FieldLine> {
    let mut lines = Vec::new();
    fields.each(&mut |field| lines.push((field.name.to_ascii_lowercase(), field.value.to_vec())));
    lines.sort_by(|one, other| one.0.cmp(&other.0));
    lines
}

/// Replaces Content-Length lines that repeat one number by one line.
///
/// A line with a list of equal numbers counts as well (RFC 9110, section 8.6). Lengths that
/// differ are left.
fn unified(mut lines: Vec<FieldLine>) -> Vec<FieldLine> {
    let is_length = |line: &FieldLine| line.0 == b"content-length";
    let (mut numbers, mut is_list) = (Vec::new(), false);
    for line in lines.iter().filter(|line| is_length(line)) {
        is_list |= !numbers.is_empty() || line.1.contains(&b',');
        numbers.push(one_number(&String::from_utf8_lossy(&line.1)));
    }
    numbers.dedup();
    if let ([Some(number)], true) = (&numbers[..], is_list) {
        let at = lines.iter().position(is_length).unwrap_or_default();
        lines.retain(|line| !is_length(line));
        lines.insert(at, (b"content-length".to_vec(), number.to_string().into_bytes()));
    }
    lines
}

/// Returns the number that all members of a list equal.
///
/// `None` if the list is empty, if the members differ, or if one is no number.
fn one_number(list: &str) -> Option<u64> {
    let members = list
        .split(',')
        .map(|member| member.trim_matches([' ', '\t']))
        .filter(|member| !member.is_empty());
    let mut numbers: Vec<Option<u64>> =
        members.map(|member| member.parse().ok().filter(|_| !member.starts_with('+'))).collect();
    numbers.dedup();
    numbers.first().copied().flatten().filter(|_| numbers.len() == 1)
}

fn check_fields(fields: &Fields<'_>) {
    check_text(fields, "");
    let lines: Vec<Field<'_>> = fields.iter().collect();
    assert_eq!((fields.len(), fields.is_empty()), (lines.len(), lines.is_empty()));
    assert_eq!(fields.at(lines.len()), None);
    let (bytes, places) = spans(fields);
    assert_eq!((bytes, places.len()), (fields.as_bytes(), lines.len()));
    for (index, (field, [name, name_end, value, value_end])) in lines.iter().zip(places).enumerate()
    {
        assert_eq!(fields.at(index), Some(*field));
        assert_eq!(field.name, &bytes[name as usize..name_end as usize]);
        assert_eq!(field.value, &bytes[value as usize..value_end as usize]);
        // A lenient connection receives control bytes that may not be sent.
        let Ok(known) = check_field(*field) else {
            assert!(field.value.iter().any(u8::is_ascii_control), "{field:?} may not be sent");
            continue;
        };
        check_known(fields, &lines, known, field);
    }
    let mut passed = Vec::new();
    fields.each(&mut |field| passed.push(field));
    assert_eq!(passed, lines, "as a source for sending");
}

/// Checks that all methods that find one field by its name give the same lines.
///
/// `known` is the field's entry in the engine's table of known fields, which the parser indexes.
fn check_known(
    fields: &Fields<'_>,
    lines: &[Field<'_>],
    known: Option<KnownField>,
    field: &Field<'_>,
) {
    let name = str::from_utf8(field.name).expect("a token");
    let same = || lines.iter().filter(|line| line.is(name));
    assert_eq!(
        known.map(|known| known.name().to_owned()),
        known.map(|_| name.to_ascii_lowercase())
    );
    if let Some(known) = known {
        let first = lines.iter().position(|line| line.is(name));
        assert!([None, first].contains(&index_of(fields, known)), "{name}");
        let mut values = Vec::new();
        fields.each_known(1 << known.number(), &mut |_, value| values.push(value));
        assert!(values.is_empty() || fields.all(name).eq(values), "{name}");
    }
    assert_eq!(fields.get(name), same().next().map(|line| line.value));
    assert!(fields.all(name).eq(same().map(|line| line.value)));
    assert!(fields.list(name).eq(same().flat_map(|line| members(line.value))));
    let plain: Vec<&[u8]> = field.value.split(|&byte| byte == b',').map(trim).collect();
    assert!(members(field.value).eq(plain.into_iter().filter(|member| !member.is_empty())));
}

/// Removes optional whitespace: spaces and tabs (RFC 9110, section 5.6.3).
fn trim(bytes: &[u8]) -> &[u8] {
    let is_other = |byte: &u8| !matches!(byte, b' ' | b'\t');
    let start = bytes.iter().position(is_other).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(is_other).map_or(start, |at| at + 1);
    &bytes[start..end]
}
