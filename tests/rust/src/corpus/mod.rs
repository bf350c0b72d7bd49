//! The corpora: inputs from the tests of three other projects.
//!
//! Each input has an outcome that the RFCs require or allow. This file reads `corpora/cases.jsonl`,
//! `play.rs` runs a case through the engine, `judge.rs` compares the outcome with the expected one.

mod judge;
mod play;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use switchover::Role;

pub use crate::script::FieldLine;
pub use judge::{Score, judge};
pub use play::{Feed, Outcome, Upgrade, play};

/// A test case: one line of `corpora/cases.jsonl`.
#[derive(Debug)]
pub struct Case {
    /// The unique name of the case, under which differences are reported.
    pub id: String,
    /// The role of the engine.
    pub role: Role,
    /// The bytes that the engine receives from its peer.
    pub input: Vec<u8>,
    /// True if EOF follows the input.
    pub eof: bool,
    /// True if the transport is TLS.
    pub secure: bool,
    /// The requests that a client sends, whose responses are the input.
    pub asked: Vec<Asked>,
    /// The Upgrade values of the 101 responses that a server sends, in order.
    ///
    /// The first is for the first request, and so on. Further requests get no 101.
    pub switches: Vec<String>,
    /// The expected outcome.
    pub expected: Expected,
}

/// A request that the client sends before it receives the input.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The method of the request.
    pub method: String,
    /// The target of the request.
    pub target: String,
    /// The protocols that the request offers.
    pub offer: Vec<String>,
}

/// The result of reading an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// No error; any bytes left do not belong to an HTTP message.
    Accept,
    /// The engine returned an error of the peer.
    Reject,
    /// The input ends inside a message.
    Incomplete,
}

/// An expected outcome; a field that is `None` is not compared.
#[derive(Debug)]
pub struct Expected {
    /// The only verdict that the RFCs allow; `None` if they allow several.
    pub verdict: Option<Verdict>,
    /// The verdict of a strict engine, where the RFCs allow several.
    pub strict: Option<Verdict>,
    /// The expected messages, in order; the input may have more.
    pub messages: Vec<ExpectedMessage>,
    /// The number of messages in the input.
    pub total: Option<usize>,
    /// True if the connection must switch, and the bytes that follow the messages.
    ///
    /// False if an offer or a CONNECT must not switch it; `None` if neither is compared.
    pub upgrade: Option<(bool, Vec<u8>)>,
}

/// An expected message; a field that is `None` is not compared.
#[derive(Debug)]
pub struct ExpectedMessage {
    /// The method of a request.
    pub method: Option<Vec<u8>>,
    /// The target of a request.
    pub target: Option<Vec<u8>>,
    /// The version, as `1.0` or `1.1`.
    pub version: Option<String>,
    /// The status of a response.
    pub status: Option<u16>,
    /// The content of the message.
    pub body: Option<Vec<u8>>,
    /// The field lines.
    pub fields: Option<Vec<FieldLine>>,
    /// The field lines of the trailer section.
    pub trailers: Option<Vec<FieldLine>>,
    /// The protocols offered, in order.
    pub offered: Option<Vec<String>>,
}

/// The ids of cases that need a secured transport, which their data does not say.
///
/// `differences.md` has the reason.
pub const OVER_TLS: &[&str] = &["gu-valid-rfc9112-target-absolute-https-01"];

/// Returns all cases of `corpora/cases.jsonl`.
pub fn load() -> Vec<Case> {
    crate::path::choose();
    let path = crate::home().join("corpora/cases.jsonl");
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines()
        .map(|line| case(&serde_json::from_str(line).expect("one JSON object a line")))
        .collect()
}

fn case(value: &Value) -> Case {
    let (context, id) = (&value["ctx"], string(&value["id"]));
    Case {
        secure: context["tls"] == true || OVER_TLS.contains(&id.as_str()),
        id,
        role: match value["role"].as_str() {
            Some("client") => Role::Client,
            Some("server") => Role::Server,
            other => panic!("{other:?} is no role"),
        },
        input: decoded(&value["input_b64"]),
        eof: context["eof"] == true,
        asked: requests(context),
        switches: list(&context["respond"], switch_of),
        expected: expected(&value["expect"]),
    }
}

/// Returns the requests of a client; `GET /` if the case has none.
fn requests(context: &Value) -> Vec<Asked> {
    if !context["requests"].is_null() {
        return list(&context["requests"], asked);
    }
    match &context["request"] {
        Value::Null => vec![Asked { method: "GET".into(), target: "/".into(), offer: Vec::new() }],
        request => vec![asked(request)],
    }
}

fn asked(value: &Value) -> Asked {
    Asked {
        method: string(&value["method"]),
        target: string(&value["target"]),
        offer: list(&value["upgrade"], string),
    }
}

/// Returns the `Upgrade` of a scripted response.
///
/// All scripted responses are 101s, so the rest of the response is not needed.
fn switch_of(response: &Value) -> String {
    assert_eq!(response["status"], 101, "a scripted response");
    let headers = list(&response["headers"], |line| (string(&line[0]), string(&line[1])));
    let upgrade = headers.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("upgrade"));
    upgrade.expect("an Upgrade in a scripted 101").1
}

fn expected(value: &Value) -> Expected {
    let upgrade = &value["upgrade"];
    Expected {
        verdict: verdict(&value["verdict"]),
        strict: present(&value["strict"]).and_then(verdict),
        messages: list(&value["messages"], expected_message),
        total: value["n_messages"].as_u64().map(|total| total as usize),
        upgrade: present(upgrade)
            .map(|upgrade| (upgrade["switched"] == true, decoded(&upgrade["trailing_b64"]))),
    }
}

fn expected_message(value: &Value) -> ExpectedMessage {
    let fields = |name: &str| {
        present(&value[name])
            .map(|lines| list(lines, |line| (bytes(&string(&line[0])), bytes(&string(&line[1])))))
    };
    ExpectedMessage {
        method: present(&value["method"]).map(|method| bytes(&string(method))),
        target: present(&value["target"]).map(|target| bytes(&string(target))),
        version: present(&value["version"]).map(string),
        status: value["status"].as_u64().map(|status| status as u16),
        body: present(&value["body_b64"]).map(decoded),
        fields: fields("headers"),
        trailers: fields("trailers"),
        offered: present(&value["offered"]).map(|offered| list(offered, string)),
    }
}

fn verdict(value: &Value) -> Option<Verdict> {
    match value.as_str() {
        Some("accept") => Some(Verdict::Accept),
        Some("reject") => Some(Verdict::Reject),
        Some("incomplete") => Some(Verdict::Incomplete),
        Some("either") => None,
        other => panic!("{other:?} is no verdict"),
    }
}

fn present(value: &Value) -> Option<&Value> {
    (!value.is_null()).then_some(value)
}

fn string(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no string")).to_owned()
}

fn list<T>(value: &Value, item: impl Fn(&Value) -> T) -> Vec<T> {
    value.as_array().into_iter().flatten().map(item).collect()
}

fn decoded(value: &Value) -> Vec<u8> {
    STANDARD.decode(string(value)).expect("base64")
}

/// Decodes a string of `cases.jsonl`, whose characters are bytes in Latin-1.
///
/// A string with other characters is returned as UTF-8.
fn bytes(text: &str) -> Vec<u8> {
    let latin: Result<Vec<u8>, _> = text.chars().map(u8::try_from).collect();
    latin.unwrap_or_else(|_| text.as_bytes().to_vec())
}
