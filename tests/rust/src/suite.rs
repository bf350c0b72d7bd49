//! The export of test vectors for other engines, as `tools/suite/README.md` says.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use switchover::{Config, ErrorKind, Role};

use crate::export;
use crate::script::{self, Record};
use crate::vector::{Vector, load};

/// The folder of vectors for single protocols such as WebSocket, left out here.
const BESIDE: &str = "profiles";

/// Vectors that are left out, since their caller acts before it reads all events.
///
/// Their output differs in an engine whose events are all read first.
const SOONER: &[&str] = &["reject-between"];

/// Returns the cases, each as one line of JSON.
///
/// Left out are the vectors in the folder `profiles`, with the option `tidy`, with calls that the
/// suite has no step for, or without events. So are the vectors whose caller acts before it reads
/// all events.
pub fn cases() -> Vec<String> {
    let rules = rules();
    let vectors = load(&crate::home().join("vectors"));
    vectors
        .iter()
        .filter(|vector| is_for_others(vector))
        .filter_map(|vector| case(vector, &rules))
        .collect()
}

fn is_for_others(vector: &Vector) -> bool {
    let is_beside = vector.file.components().any(|part| part.as_os_str() == BESIDE);
    !is_beside && !vector.config.tidy && !SOONER.contains(&vector.name.as_str())
}

fn case(vector: &Vector, rules: &BTreeMap<String, String>) -> Option<String> {
    let Record { mut steps, events, is_over, is_unspoken, .. } =
        script::record(vector).unwrap_or_else(|error| panic!("{error}"));
    if is_unspoken || events.is_empty() {
        return None;
    }
    // Some engines report an error only at the end of the line, so the case completes it.
    let has_failed = events.iter().any(|event| event["event"] == "error");
    if has_failed && !steps.iter().any(|step| !step["end"].is_null()) {
        steps.push(json!({ "receive": "\r\n\r\n" }));
    }
    let rule = |id: &String| json!({ "id": id, "clause": clause(id), "level": rules.get(id) });
    // The order is for human readers.
    let pairs = [
        ("id", json!(vector.name)),
        ("role", json!(vector.role.name())),
        ("config", config(&vector.config)),
        ("steps", json!(steps)),
        ("events", json!(events)),
        ("over", json!(is_over)),
        ("scope", json!(scope(&steps, &events))),
        ("refusal", refusal(vector)),
        ("rules", vector.proves.iter().map(rule).collect()),
        ("why", json!(vector.why)),
    ];
    let pairs: Vec<String> =
        pairs.iter().map(|(key, value)| format!("\"{key}\": {value}")).collect();
    Some(ascii(&format!("{{{}}}", pairs.join(", "))))
}

/// Escapes all characters that are not ASCII as `\uXXXX`.
///
/// Some readers treat U+0085 as the end of a line.
fn ascii(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_ascii() { c.into() } else { format!("\\u{:04x}", u32::from(c)) })
        .collect()
}

/// Returns the options that differ from the default, by name.
fn config(config: &Config) -> Value {
    let limits = export::limits(config).map(|(name, value)| (name.to_owned(), json!(value)));
    limits.chain(export::flags(config).map(|name| (name.to_owned(), json!(true)))).collect()
}

/// Returns the event of a peer's error, with its RFC clause and requirement level.
pub(crate) fn error(kind: ErrorKind, vector: &Vector) -> Value {
    let named =
        EXCEPTIONS.iter().find(|(names, ..)| names.split(' ').any(|name| name == vector.name));
    let (level, clause) = named.map_or_else(
        || (level(kind, vector.role), kind.clause()),
        |(_, level, clause)| (level, clause),
    );
    json!({
        "event": "error", "kind": kind.name(), "text": kind.text(), "answer": kind.status(), "clause": clause,
        "level": level,
    })
}

/// Returns the kind of engine that a case needs: a `parser`, or a `connection`.
///
/// A connection knows what was sent, such as which requests are owed a response, and which offers
/// were made and accepted. A parser need not.
fn scope(steps: &[Value], events: &[Value]) -> &'static str {
    let is_duty = |event: &Value| DUTIES.contains(&event["kind"].as_str().unwrap_or_default());
    let is_set = |value: &Value| value.as_array().is_some_and(|list| !list.is_empty());
    let offers = |part: &Value| {
        is_set(&part["upgrade"]) || matches!(part["method"].as_str(), Some("HEAD" | "CONNECT"))
    };
    let closes = |step: &Value| {
        let lines = step["fields"].as_array();
        lines.is_some_and(|lines| lines.iter().any(|line| line == &json!(["Connection", "close"])))
    };
    let decides = |step: &Value| {
        matches!(step["do"].as_str(), Some("switch" | "reject")) || offers(step) || closes(step)
    };
    let asked = steps.iter().filter(|step| step["do"] == "request").count();
    let is_of_connection = asked > 1
        || steps.iter().any(decides)
        || events.iter().any(|event| is_duty(event) || offers(event));
    if is_of_connection { "connection" } else { "parser" }
}

/// The errors that only a connection, or the program around a parser, can report.
///
/// They are about what fields and targets mean, and about what was sent before.
const DUTIES: &[&str] = &[
    "host-missing",
    "host-repeated",
    "host-invalid",
    "target-authority",
    "target-form",
    "target-insecure",
    "connect-content",
    "unsolicited",
    "no-response",
    "switch-unasked",
    "switch-not-offered",
    "switch-profile",
    "switch-in-1.0",
    "switch-without-connection",
    "switch-without-upgrade",
    "switch-version-mismatch",
];

/// Returns the level at which an RFC forbids a recipient to reject a case, and why.
///
/// A message that keeps the rules has to be read. An RFC lets a recipient accept or reject a
/// message of the level `choice`, usually because the message breaks a rule of its sender.
fn refusal(vector: &Vector) -> Value {
    let names = |list: &str| list.split(' ').any(|name| name == vector.name);
    let is_lenient = export::flags(&vector.config).next().is_some();
    let (level, clause, text) = match REFUSALS.iter().find(|(list, ..)| names(list)) {
        Some((_, level, clause, text)) => (*level, *clause, *text),
        None if is_lenient => {
            ("choice", "RFC 9110, 2.4", "a message that breaks a rule is refused")
        }
        None => ("MUST", "RFC 9110, 2.2", "a message that keeps the rules is refused"),
    };
    json!({ "level": level, "clause": clause, "text": text })
}

/// Vectors for which an RFC has a rule of its own about rejecting their input.
///
/// Each row has names of vectors, separated by spaces, the requirement level, the clause, and a
/// text: the rule, or what is rejected.
pub const REFUSALS: &[(&str, &str, &str, &str)] = &[
    (
        "length-lines-same length-list-same",
        "choice",
        "RFC 9110, 8.6",
        "the same length twice may be refused",
    ),
    (
        "response-1xx-in-1.0",
        "choice",
        "RFC 9110, 15.2",
        "a 100 in HTTP/1.0, which no server may send",
    ),
    (
        "proxy-connection-ignored",
        "choice",
        "RFC 9112, C.2.2",
        "`Proxy-Connection`, which no client should send, is read as `Connection`",
    ),
    (
        "client-101-framing-ignored",
        "choice",
        "RFC 9112, 6.3",
        "a 101 with framing fields, which no server may send",
    ),
    (
        "connect-2xx-with-length",
        "MUST",
        "RFC 9110, 9.3.6",
        "framing fields in the 2xx to a CONNECT are to be ignored",
    ),
    (
        "trailer-framing-field",
        "choice",
        "RFC 9110, 6.5.1",
        "a framing field among trailers is an error, not ignored",
    ),
    (
        "method-any-token method-fits capture-haproxy-2.6.12-proxy-upstream-hijack-coalesced-request \
         capture-haproxy-2.6.12-proxy-hijack-coalesced-request \
         capture-node-20.20.2-nolistener-hijack-coalesced-request",
        "SHOULD",
        "RFC 9110, 9.1",
        "a method that is not in a list is an error of the parser, not a request to answer with 501",
    ),
    ("version-1-9", "SHOULD", "RFC 9110, 6.2", "a higher minor version is refused"),
    (
        "chunked-empty-members",
        "MUST",
        "RFC 9110, 5.6.1.2",
        "empty members of a list are to be ignored",
    ),
    (
        "chunk-extensions-skipped",
        "MUST",
        "RFC 9110, 5.6.3",
        "whitespace in a chunk extension is to be removed",
    ),
    (
        "fold-in-response fold-of-empty-value trailer-fold-response",
        "MUST",
        "RFC 9112, 5.2",
        "a fold in a response is to be replaced by spaces",
    ),
    ("length-whitespace", "MUST", "RFC 9110, 5.5", "whitespace around a value is not part of it"),
    (
        "awaiting-request-and-head empty-lines-skipped leftover-crlf-declined",
        "SHOULD",
        "RFC 9112, 2.2",
        "an empty line before a request line is not skipped",
    ),
    (
        "stray-crlf-between",
        "choice",
        "RFC 9112, 9.2",
        "an empty line between responses, which no server may send",
    ),
    (
        "http-1.0-keep-alive offer-in-1.0 whole-http-1.0",
        "choice",
        "RFC 9112, 9.3",
        "HTTP/1.0 with `keep-alive` is not kept",
    ),
    (
        "response-gzip response-gzip-chunked response-coding-with-parameters",
        "choice",
        "RFC 9112, 6.3",
        "a response in another coding than chunked is refused, not delivered as it is",
    ),
];

/// Returns the requirement level at which a recipient must report an error.
///
/// `MUST` and `SHOULD` are from the error's clause, or from RFC 9112, section 2.2. `choice` means
/// that a recipient may do otherwise: it may recover, the limit is its own, or the rule binds only
/// the sender.
fn level(kind: ErrorKind, role: Role) -> &'static str {
    use ErrorKind::{
        BadFieldName, BadMethod, BadTarget, BadVersion, BareCr, ChunkEnd, ChunkExtension,
        ChunkSize, CodingIn10, CodingInvalid, CodingNotFinal, CodingUnknown, ContentLengthDiffers,
        ContentLengthInvalid, HostInvalid, HostMissing, HostRepeated, LeadingSpace, MissingColon,
        Nul, SpaceBeforeColon, TargetAuthority, TargetForm, TargetInsecure, Truncated, Unsolicited,
    };
    match (kind, role) {
        (
            BareCr | CodingIn10 | CodingNotFinal | ContentLengthDiffers | ContentLengthInvalid
            | HostInvalid | HostMissing | HostRepeated | LeadingSpace | TargetAuthority
            | TargetInsecure | Truncated | Unsolicited,
            _,
        )
        | (SpaceBeforeColon, Role::Server) => "MUST",
        // A server should respond with 400 to what does not match the grammar (RFC 9112, section
        // 2.2).
        // For clients the RFC has no such rule.
        (
            BadFieldName | BadMethod | BadTarget | BadVersion | ChunkEnd | ChunkExtension
            | ChunkSize | CodingInvalid | CodingUnknown | MissingColon | Nul | TargetForm,
            Role::Server,
        ) => "SHOULD",
        _ => "choice",
    }
}

/// Vectors whose error violates another rule than its kind usually does.
///
/// Each row has names of vectors, separated by spaces, and that rule's level and clause.
pub const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("connect-no-port connect-empty-port connect-port-too-large", "MUST", "RFC 9110, 9.3.6"),
    ("connect-path", "SHOULD", "RFC 9112, 3.2.3"),
    // An empty line that is cut is no message, which a server may leave unread.
    ("empty-line-then-end", "choice", "RFC 9112, 2.2"),
    ("absolute-form-empty-host", "MUST", "RFC 9110, 4.2.1"),
    ("absolute-form-userinfo", "SHOULD", "RFC 9110, 4.2.4"),
    // A NUL in a field value; elsewhere the kind is for a NUL in a start line.
    ("field-nul field-line-syntax-first", "MUST", "RFC 9110, 5.5"),
    // Another engine may support larger lengths.
    ("length-overflow", "choice", "RFC 9110, 8.6"),
    // A malformed start line, which only the grammar forbids.
    (
        "peer-error-second-request peer-error-after-head target-nul decline-peer-error-after",
        "SHOULD",
        "RFC 9112, 2.2",
    ),
    // A rule that binds only the sender.
    ("coding-chunked-twice", "choice", "RFC 9112, 6.1"),
    ("coding-parameter", "SHOULD", "RFC 9112, 7.1"),
    // An empty Transfer-Encoding does not end with chunked.
    ("coding-empty", "MUST", "RFC 9112, 6.3"),
    // Only the lines of heads and trailers may end with a lone LF, chunk lines may not.
    ("chunk-line-bare-lf lone-lf-not-in-chunk-lines", "SHOULD", "RFC 9112, 7.1"),
];

/// Returns the clause of a requirement's id: `RFC 9112, 6.3` for `R9112-6.3-2`.
fn clause(id: &str) -> String {
    let mut parts = id[1..].split('-');
    format!("RFC {}, {}", parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
}

/// Returns the level of each requirement in `requirements.md`, by its id.
fn rules() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(crate::home().join("requirements.md")).expect("the table");
    let rows = text.lines().filter(|line| line.starts_with("| R"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        (cells[1].to_owned(), cells[3].to_owned())
    })
    .collect()
}
