//! The sources of the playground: the vectors of its menu, and its diagrams.
//!
//! The diagrams are those of `states.md`.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};

use crate::home;

/// The menu of the playground: titles, and names of vectors.
const MENU: [(&str, &[&str]); 6] = [
    (
        "An exchange",
        &[
            "keep-alive-default",
            "respond-chunked",
            "chunks",
            "trailers",
            "pipeline-of-three",
            "expect-100-then-content",
            "client-waits",
            "early-final-response",
            "http-1.0-until-close",
            "response-until-close",
            "response-204",
            "send-length",
            "send-chunked",
            "reject-half-head",
            "connect-form",
            "client-connect-200",
        ],
    ),
    (
        "An upgrade",
        &[
            "accept-simple",
            "accept-with-body",
            "accept-early-length",
            "expect-100-then-101",
            "leftover-get-accepted",
            "decline-with-body",
            "decline-early-speaker",
            "require-426",
            "offer-server-order",
            "offer-without-option",
            "client-101-fields",
            "client-101-not-offered",
            "client-declined",
            "client-426",
            "resume-server",
            "resume-client",
        ],
    ),
    (
        "A particular protocol",
        &[
            "offer-websocket",
            "ws-no-key",
            "ws-client-wrong-accept",
            "h2c-accept",
            "h2c-no-settings",
            "offer-h2-preface-allowed",
            "tls-mandatory",
            "tls-client-stripped",
            "udp-bad-target",
            "ip-accept",
        ],
    ),
    (
        "A capture",
        &[
            "capture-chromium-156-websocket-request",
            "capture-chromium-156-websocket-response",
            "capture-curl-7.88.1-h2c-post-expect-request",
            "capture-curl-7.88.1-h2c-post-expect-response",
            "capture-docker-28.2.2-attach-request",
            "capture-docker-28.2.2-attach-response",
            "capture-cups-2.4.2-real-lpstat-and-cupsd-request",
            "capture-cups-2.4.2-real-lpstat-and-cupsd-response",
            "capture-kubectl-1.32.4-exec-ws-request",
            "capture-nginx-1.22.1-proxy-upstream-ws-request",
            "capture-haproxy-2.6.12-proxy-upstream-hijack-coalesced-response",
            "capture-node-20.20.2-http-upgrade-426-response",
        ],
    ),
    (
        "A smuggling case",
        &[
            "chunked-and-length",
            "length-lines-differ",
            "length-signed",
            "length-space-inside",
            "coding-chunked-twice",
            "coding-similar-name",
            "coding-not-final",
            "coding-in-1.0",
            "field-space-before-colon",
            "field-bare-cr",
            "field-bare-lf",
            "fold-in-request",
            "fold-framing-field",
            "chunk-size-signed",
            "chunk-line-bare-lf",
            "chunk-data-too-long",
            "host-twice",
            "leftover-get-declined",
            "unsolicited",
            "response-both",
        ],
    ),
    (
        "Another mistake",
        &[
            "two-spaces-before-target",
            "tls-hello",
            "version-2",
            "host-missing",
            "absolute-form-userinfo",
            "end-inside-content",
            "send-injected-crlf",
            "send-both-framings",
            "respond-data-too-early",
            "answered-twice",
        ],
    ),
];

/// Prints `cases.js`.
pub fn cases() -> String {
    let vectors = vectors();
    let groups: Vec<Value> = MENU
        .iter()
        .map(|(title, names)| {
            let cases: Vec<&Value> = names
                .iter()
                .map(|name| vectors.get(*name).unwrap_or_else(|| panic!("no vector is {name}")))
                .collect();
            json!({ "title": title, "cases": cases })
        })
        .collect();
    printed("The menu: vectors of tests/vectors.", "GROUPS", &json!(groups))
}

/// Returns each vector as its file has it, without what it proves.
fn vectors() -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    for file in crate::files(&home().join("vectors"), "md") {
        let text = fs::read_to_string(&file).expect("a vector file");
        for section in text.split("\n## ").skip(1) {
            let (name, rest) = section.split_once('\n').unwrap_or_default();
            let about = rest
                .split("\n\n")
                .next()
                .unwrap_or_default()
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ");
            // A vector has one block; what is none begins otherwise.
            let Some((info, lines)) =
                rest.split_once("\n```").and_then(|(_, block)| block.split_once('\n'))
            else {
                continue;
            };
            let lines: Vec<&str> = lines.lines().take_while(|line| *line != "```").collect();
            found.insert(
                name.to_owned(),
                json!({ "name": name, "about": about, "info": info, "lines": lines }),
            );
        }
    }
    found
}

/// Prints `states.js`.
pub fn states() -> String {
    let text = fs::read_to_string(home().join("../core/docs/states.md")).expect("states.md");
    let mut roles: BTreeMap<&str, BTreeMap<&str, Vec<Value>>> = BTreeMap::new();
    let (mut role, mut diagram) = ("", "");
    for line in text.lines() {
        match line {
            "## The client" => role = "client",
            "## The server" => role = "server",
            _ if line.starts_with("### One exchange") => diagram = "exchange",
            _ if line.starts_with("### The directions") => diagram = "directions",
            _ if line.starts_with("### The effect") => diagram = "upgrade",
            _ if line.starts_with('#') => diagram = "",
            _ => {}
        }
        let arrow = line
            .trim()
            .split_once(" --> ")
            .and_then(|(from, rest)| Some((from, rest.split_once(" : ")?)));
        if let Some((from, (to, inputs))) = arrow.filter(|_| !diagram.is_empty()) {
            roles
                .entry(role)
                .or_default()
                .entry(diagram)
                .or_default()
                .push(json!([from, to, inputs]));
        }
    }
    assert!(
        roles.len() == 2 && roles.values().all(|diagrams| diagrams.len() == 3),
        "three diagrams of each role"
    );
    printed(
        "The diagrams of core/docs/states.md: from, to, by what input.",
        "STATES",
        &json!(roles),
    )
}

/// Prints one value a line, as far as lines go.
fn printed(what: &str, name: &str, value: &Value) -> String {
    let text = serde_json::to_string_pretty(value).expect("JSON");
    format!(
        "// {what} Printed by `BLESS=1 cargo test -p switchover-tests --test generated`; do not edit.\nexport const {name} = {text};\n"
    )
}
