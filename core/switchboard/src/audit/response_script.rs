//! The scripted responses of a check, whose placeholders the peer's request fills.
//!
//! ```text
//!   HTTP/1.1 101 Switching Protocols
//!   Sec-WebSocket-Accept: ACCEPT     computed from the request's key
//!                                    (OTHER-ACCEPT: from another key; aCCEPT: with inverted case)
//!   Upgrade: TOKEN                   the first protocol that the request offers
//! | PING                             a WebSocket Ping with the payload `audit`
//! | SETTINGS                         an empty SETTINGS frame of HTTP/2
//! | hello\x00                        other bytes, after decoding of escapes
//! ~ pause                            a short wait, so that the next bytes are in a new segment
//! ~ end                              half-close the connection
//! ~ next                             the following lines respond to the next request
//! ```

use super::request_reader::{Request, accept};
use super::script::unescape;
use super::table::{Line, What};

/// A Ping frame of a server.
pub(crate) const PING: &[u8] = b"\x89\x05audit";
/// The payload of `PING`.
pub(crate) const PAYLOAD: &[u8] = b"audit";
/// A key that no client sends: 16 zero bytes in base64.
const OTHER_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAA==";
const SETTINGS: &[u8] = b"\0\0\0\x04\0\0\0\0\0";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Send(Vec<u8>),
    Pause,
    End,
}

/// Splits the lines at `~ next` into the responses to successive requests.
pub(crate) fn sections(lines: &[Line]) -> Vec<&[Line]> {
    lines.split(|line| matches!(line.what, What::Wait("next"))).collect()
}

/// Returns the steps that send the lines of a response, filled in from its request.
///
/// An error names an unknown `~` line or a wrong escape.
pub(crate) fn steps(lines: &[Line], request: &Request) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    for line in lines {
        match line.what {
            What::Text(text) => send(&mut steps, format!("{}\r\n", fill(text, request)).as_bytes()),
            What::Empty => send(&mut steps, b"\r\n"),
            What::Bytes("PING") => send(&mut steps, PING),
            What::Bytes("SETTINGS") => send(&mut steps, SETTINGS),
            What::Bytes(text) => send(&mut steps, &unescape(&fill(text, request))?),
            What::Wait("pause") => steps.push(Step::Pause),
            What::Wait("end") => steps.push(Step::End),
            What::Wait(other) => return Err(format!("there is no step {other}")),
        }
    }
    if !has_protocol(lines) {
        name_protocol(&mut steps, request);
    }
    Ok(steps)
}

/// Appends bytes to the last step if it sends, or else adds a step that does.
fn send(steps: &mut Vec<Step>, bytes: &[u8]) {
    match steps.last_mut() {
        Some(Step::Send(sent)) => sent.extend_from_slice(bytes),
        _ => steps.push(Step::Send(bytes.to_vec())),
    }
}

/// Returns whether the lines of a response have a Sec-WebSocket-Protocol field.
fn has_protocol(lines: &[Line]) -> bool {
    let is_it = |text: &str| text.starts_with("Sec-WebSocket-Protocol");
    lines.iter().any(|line| matches!(line.what, What::Text(text) if is_it(text)))
}

/// Adds the first subprotocol that the request asks for to the head of a 101.
///
/// Adds nothing if it asks for none. A client may refuse a server that names none (RFC 6455,
/// section 1.9).
fn name_protocol(steps: &mut [Step], request: &Request) {
    let Some(asked) = request.field("sec-websocket-protocol") else { return };
    let first = asked.split(',').next().unwrap_or_default().trim();
    let mut is_switch = false;
    for step in steps {
        let Step::Send(bytes) = step else { continue };
        let status = bytes.windows(5).position(|window| window == b" 101 ");
        is_switch |= status.is_some();
        let rest = &bytes[status.unwrap_or_default()..];
        let line = rest.windows(2).position(|window| window == b"\r\n").filter(|_| is_switch);
        if let Some(line) = line {
            let at = status.unwrap_or_default() + line + 2;
            let field = format!("Sec-WebSocket-Protocol: {first}\r\n");
            bytes.splice(at..at, field.into_bytes());
            return;
        }
    }
}

fn fill(text: &str, request: &Request) -> String {
    let of_key = || request.field("sec-websocket-key").and_then(accept).unwrap_or_default();
    let token = || request.offers.first().map_or(String::new(), |(token, _)| token.clone());
    let names: [(&str, &dyn Fn() -> String); 4] = [
        ("OTHER-ACCEPT", &|| accept(OTHER_KEY).unwrap_or_default()),
        ("aCCEPT", &|| of_key().chars().map(turned).collect()),
        ("ACCEPT", &of_key),
        ("TOKEN", &token),
    ];
    let found = names.into_iter().find(|(name, _)| text.contains(name));
    found.map_or(text.into(), |(name, value)| text.replace(name, &value()))
}

fn turned(letter: char) -> char {
    if letter.is_ascii_lowercase() {
        letter.to_ascii_uppercase()
    } else {
        letter.to_ascii_lowercase()
    }
}
