//! Links that open an exchange in the playground of the WebAssembly package.
//!
//! `wasm/playground/scenario.js` defines their form: JSON, deflated, in base64url.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::{Role, latin1};
use crate::audit::finding::{End, Evidence};
use crate::audit::response_reader::Shadow;
use crate::transcript::escape;

/// The most bytes of one direction of an exchange for which a link is made.
const MOST: usize = 8 * 1024;

/// Returns playground links for both sides of an exchange, each with its label.
///
/// One link opens the client's bytes as a server reads them. The other opens the server's bytes as
/// a client reads them, if there was just one request. A side without bytes, or with more than
/// `MOST`, has no link.
pub(super) fn links(
    playground: &str,
    role: Role,
    evidence: &Evidence,
) -> Vec<(String, &'static str)> {
    let came = &evidence.came;
    let (client, server) = match role {
        Role::Client => (&came.bytes, &evidence.sent),
        Role::Server | Role::Proxy => (&evidence.sent, &came.bytes),
    };
    let is_over = role != Role::Client && came.end == End::Closed;
    let request = json!(["server", "", latin1(client), [], 0, null, []]);
    let request = (client, request, "the request, as a server reads it");
    let answer = match &evidence.asked[..] {
        [asked] => Shadow::of(asked, false).map(|(request, _)| {
            let act = json!([0, 0, 0, 0, act(&request)]);
            let end = if is_over { json!("clean") } else { json!(null) };
            let answer = json!(["client", "", latin1(server), [], 0, end, [act]]);
            (server, answer, "the answer, as a client reads it")
        }),
        _ => None,
    };
    let fits = |bytes: &[u8]| !bytes.is_empty() && bytes.len() <= MOST;
    let all = [Some(request), answer].into_iter().flatten().filter(|(bytes, ..)| fits(bytes));
    all.map(|(_, scenario, text)| (address(playground, &scenario.to_string()), text)).collect()
}

/// Returns a client's request in the syntax of the engine's test vectors.
fn act(request: &Shadow<'_>) -> String {
    let Shadow { method, target, offer, fields } = request;
    let offer = match offer[..] {
        [] => String::new(),
        _ => format!(" offer {}", offer.join("; ")),
    };
    let quoted = |text: &str| escape(text.as_bytes()).replace('|', "\\x7c");
    let field = |(name, value): &(String, String)| format!(" | {name}: {}", quoted(value));
    let fields: String = fields.iter().map(field).collect();
    format!("request {method} {target}{offer}{fields}")
}

fn address(playground: &str, scenario: &str) -> String {
    let playground = playground.split('#').next().unwrap_or_default();
    format!("{playground}#s={}", URL_SAFE_NO_PAD.encode(stored(scenario.as_bytes())))
}

/// Returns text as blocks of DEFLATE without compression (RFC 1951, section 3.2.4).
fn stored(text: &[u8]) -> Vec<u8> {
    let blocks = text.chunks(usize::from(u16::MAX));
    let last = blocks.len() - 1;
    let block = |(index, block): (usize, &[u8])| {
        let len = u16::try_from(block.len()).unwrap_or_default();
        let mut out = vec![u8::from(index == last)];
        out.extend(len.to_le_bytes());
        out.extend((!len).to_le_bytes());
        out.extend(block);
        out
    };
    blocks.enumerate().flat_map(block).collect()
}
