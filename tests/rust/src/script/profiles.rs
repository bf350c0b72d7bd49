//! The queries of a test vector to the core's helpers for single protocols.
//!
//! They cover WebSocket and MASQUE negotiation, forwarding by a gateway, translation to and from
//! HTTP/2, and the `h2c::Splice` before an HTTP/2 engine.

use switchover::binding::Bound;
use switchover::binding::FieldLine;
use switchover::bridge;
use switchover::gateway::{self, EndToEnd};
use switchover::h2c::Splice;
use switchover::masque::{self, Capsules, IpTarget, UdpTarget};
use switchover::websocket::{self, Deflate};
use switchover::{Connection, Event, Field, FieldSource, Fields, Order, Request, RequestHead};

use super::host::{entries, split_fields};
use super::lines::put_fields;
use crate::text::{summary, unescape};

/// The verbs of the queries to helpers for WebSocket, MASQUE, gateways and HTTP/2.
pub(crate) const QUESTIONS: [&str; 20] = [
    "may-forward",
    "websocket-key",
    "subprotocol",
    "deflate",
    "agreed-deflate",
    "says-capsules",
    "udp-target",
    "ip-target",
    "capsules",
    "forwardable",
    "end-to-end",
    "check-http2",
    "http2",
    "extended",
    "http2-fields",
    "http1",
    "splice",
    "from-client",
    "from-engine",
    "client-ended",
];

/// Returns whether a line beginning with `word` is a result of a `QUESTIONS` query.
///
/// Such a line begins with a verb of `QUESTIONS` or with the name of an output.
pub(super) fn is_answer(word: &str) -> bool {
    QUESTIONS.contains(&word) || ["datagram", "for-engine", "for-client"].contains(&word)
}

/// The `h2c::Splice` that a caller keeps between queries, if there is one.
#[derive(Default)]
pub(super) struct Profiles {
    splice: Option<Splice>,
}

impl Profiles {
    /// Returns the result of a query in `QUESTIONS`, as one or more lines.
    ///
    /// `None` if `question` is no such query.
    pub(super) fn answer(
        &mut self,
        question: &str,
        connection: &Connection,
    ) -> Option<Vec<String>> {
        let (verb, rest) = question.split_once(' ').unwrap_or((question, ""));
        let (what, given) = split_fields(rest);
        let given: Vec<Field<'_>> =
            given.iter().map(|(name, value)| Field { name, value }).collect();
        let request = connection.request();
        Some(match verb {
            "websocket-key" => {
                let nonce = unescape(what).try_into().expect("16 bytes");
                vec![format!("websocket-key {}", websocket::key(&nonce))]
            }
            "subprotocol" => {
                vec![format!("subprotocol {}", subprotocol(connection, what).unwrap_or("none"))]
            }
            "deflate" => {
                let agreed = connection
                    .request()
                    .and_then(|request| websocket::select_deflate(&request, &own_deflate(what)))
                    .map(|deflate| deflate.to_string());
                vec![format!("deflate {}", agreed.as_deref().unwrap_or("none"))]
            }
            "agreed-deflate" => {
                let agreed = fields(connection)
                    .and_then(|fields| Deflate::of(&fields))
                    .map(|agreed| agreed.to_string());
                vec![format!("agreed-deflate {}", agreed.as_deref().unwrap_or("none"))]
            }
            "says-capsules" => {
                let fields = fields(connection);
                vec![format!(
                    "says-capsules {}",
                    fields.is_some_and(|fields| masque::says_capsules(&fields))
                )]
            }
            "udp-target" => vec![udp_target(what, request)],
            "ip-target" => vec![ip_target(what, request)],
            "capsules" => capsules(&unescape(what)),
            "may-forward" => vec![format!("may-forward {}", gateway::may_forward(what))],
            "forwardable" => vec![forwardable(request)],
            "end-to-end" => {
                vec![line("end-to-end", &EndToEnd(&fields(connection).expect("a head")))]
            }
            "check-http2" => {
                let status = what.parse().ok();
                vec![format!(
                    "check-http2 {}",
                    bridge::check_http2(status, &given).map_or_else(|f| f.name(), |()| "ok")
                )]
            }
            "http2" => vec![translated("http2", request, |head| {
                bridge::http2_request(head, connection.is_secure())
            })],
            "extended" => vec![translated("extended", request, |head| {
                bridge::extended_connect(head, what, connection.is_secure())
            })],
            "http2-fields" => vec![line(
                "http2-fields",
                &bridge::http2_fields(&fields(connection).expect("a head")),
            )],
            "http1" => {
                let (authority, key) =
                    what.split_once(' ').map_or((what, None), |(what, key)| (what, Some(key)));
                vec![match bridge::http1_fields(authority, &given, key) {
                    Ok(list) => line("http1", &list),
                    Err(fault) => format!("http1 {}", fault.name()),
                }]
            }
            "splice" => {
                vec![self.begin_splice(request.expect("a request"), &unescape(what), &given)]
            }
            "from-client" | "from-engine" | "client-ended" => self.splice(verb, &unescape(what)),
            _ => return None,
        })
    }

    fn begin_splice(
        &mut self,
        request: Request<'_>,
        content: &[u8],
        trailers: &dyn FieldSource,
    ) -> String {
        match Splice::new(&request, content, trailers) {
            Ok(splice) => {
                self.splice = Some(splice);
                "splice ok".into()
            }
            Err(reason) => format!("splice {}", reason.name()),
        }
    }

    /// Passes bytes or an EOF to the `h2c::Splice`; returns its output and its state.
    fn splice(&mut self, verb: &str, bytes: &[u8]) -> Vec<String> {
        let splice = self.splice.as_mut().expect("a splice");
        match verb {
            "from-client" => splice.client_sent(bytes),
            "from-engine" => splice.engine_sent(bytes),
            _ => splice.client_ended(),
        }
        let mut lines = Vec::new();
        for (name, bytes) in
            [("for-engine", splice.take_for_engine()), ("for-client", splice.take_for_client())]
        {
            if !bytes.is_empty() {
                lines.push(format!("{name} {}", summary(&bytes)));
            }
        }
        let (done, waiting, wants) = (splice.is_done(), splice.is_waiting(), splice.wants_client());
        lines.push(format!("splice done={done} waiting={waiting} wants={wants}"));
        lines
    }
}

/// Returns the fields of the head that the connection holds.
///
/// The head is the request on a server, and the current response on a client.
fn fields(connection: &Connection) -> Option<Fields<'_>> {
    match connection.event() {
        Some(Event::Response(response) | Event::Informational(response)) => Some(response.fields()),
        Some(Event::Switched(switched)) if switched.response.is_some() => {
            switched.response.map(|response| response.fields())
        }
        _ => connection.request().map(|request| request.fields()),
    }
}

fn line(name: &str, fields: &dyn FieldSource) -> String {
    let mut line = name.to_owned();
    put_fields(&mut line, fields);
    line
}

fn translated(
    name: &str,
    request: Option<Request<'_>>,
    translate: impl Fn(&RequestHead<'_>) -> Vec<FieldLine>,
) -> String {
    let request = request.expect("a request");
    let fields = request.fields();
    line(name, &translate(&RequestHead::new(request.method(), request.target(), &fields)))
}

fn subprotocol<'p>(connection: &Connection, what: &'p str) -> Option<&'p str> {
    let (preferences, by) = match what.strip_suffix(" by server") {
        Some(rest) => (rest, Order::Server),
        None => (what, Order::Client),
    };
    websocket::select_subprotocol(&connection.request()?, &entries(preferences), by)
}

fn own_deflate(what: &str) -> Deflate {
    let mut own = Deflate::default();
    for word in what.split_whitespace() {
        match word.split_once('=').unwrap_or((word, "")) {
            ("server_no_context_takeover", _) => own.server_no_context_takeover = true,
            ("client_no_context_takeover", _) => own.client_no_context_takeover = true,
            ("server_max_window_bits", bits) => own.server_max_window_bits = bits.parse().ok(),
            ("client_max_window_bits", bits) => own.client_max_window_bits = bits.parse().ok(),
            other => panic!("{other:?} is no parameter"),
        }
    }
    own
}

fn udp_target(template: &str, request: Option<Request<'_>>) -> String {
    let template = if template.is_empty() { masque::UdpTarget::TEMPLATE } else { template };
    match request.and_then(|request| UdpTarget::parse(template, request.target())) {
        Some(UdpTarget { host, port }) => format!("udp-target {host} {port}"),
        None => "udp-target none".into(),
    }
}

fn ip_target(template: &str, request: Option<Request<'_>>) -> String {
    let template = if template.is_empty() { masque::IpTarget::TEMPLATE } else { template };
    match request.and_then(|request| IpTarget::parse(template, request.target())) {
        Some(IpTarget { target, protocol }) => {
            let protocol = protocol.map_or("*".to_owned(), |protocol| protocol.to_string());
            format!("ip-target {} {protocol}", target.as_deref().unwrap_or("*"))
        }
        None => "ip-target none".into(),
    }
}

fn capsules(bytes: &[u8]) -> Vec<String> {
    let mut capsules = Capsules::new(Capsules::UDP_PAYLOAD);
    capsules.receive(bytes);
    let mut lines = Vec::new();
    loop {
        match capsules.next_datagram() {
            Ok(Some(datagram)) => {
                let mut again = Vec::new();
                datagram.write(&mut again);
                lines.push(format!(
                    "datagram {} {} {}",
                    datagram.context,
                    summary(datagram.payload),
                    again.len()
                ));
            }
            Ok(None) => break,
            Err(fault) => {
                lines.push(format!("capsules {}", fault.name()));
                return lines;
            }
        }
    }
    lines.push(format!(
        "capsules {}",
        capsules.finish().map_or_else(|fault| fault.name(), |()| "end")
    ));
    lines
}

fn forwardable(request: Option<Request<'_>>) -> String {
    let protocols = request
        .map(|request| gateway::forwardable(&request).map(|p| p.to_string()).collect::<Vec<_>>());
    format!("forwardable {}", protocols.unwrap_or_default().join(", ")).trim_end().to_owned()
}
