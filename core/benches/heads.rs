//! Benchmarks of heads, against other parsers.
//!
//! This library's time includes everything from the bytes in its buffer to the end of the message:
//! strictness, framing and offers. The peers check little but the syntax, except httparse "with
//! meaning". `take_end` combines the end of the message with the event of its head.
//!
//! Copying the bytes into `receive_buffer` stands for the read and is not timed, as the peers parse
//! the bytes in place. The response is not timed either, though a server needs it before the next
//! request; `cycles.rs` times both.

use std::time::{Duration, Instant};

use switchover::binding::Bound;
use switchover::{Connection, Event, RequestHead, ResponseHead, Role, Step};
use switchover_benches::inputs::{self, Input};
use switchover_benches::peers::{self, Message, Peer};
use switchover_benches::{Figures, Job, best, clock, is_wanted, rounds};

/// The number of connections that are used between two readings of the clock.
///
/// There are few of them, so that their memory stays in a fast cache.
const BATCH: usize = 16;

/// Connections of this library in one role, ready for the next message.
struct Ours {
    connections: Vec<Connection>,
    role: Role,
    clock: Duration,
    out: Vec<u8>,
}

impl Ours {
    fn new(role: Role) -> Self {
        Self { connections: Vec::new(), role, clock: clock(), out: Vec::with_capacity(1024) }
    }

    /// Parses all messages, and returns the number of fields and the time.
    fn parse(&mut self, messages: &[&[u8]]) -> (usize, Duration) {
        let (mut fields, mut spent) = (0, Duration::ZERO);
        for batch in messages.chunks(BATCH) {
            self.prepare(batch);
            let start = Instant::now();
            for (connection, message) in self.connections.iter_mut().zip(batch) {
                connection.commit(message.len());
                fields += take(connection);
            }
            spent += start.elapsed().saturating_sub(self.clock);
        }
        (fields, spent)
    }

    /// Prepares the connections for a batch, outside the measured time.
    ///
    /// A server sends the response to the previous request; a new client sends its request. Then
    /// the bytes of the next message are copied into the buffer.
    fn prepare(&mut self, batch: &[&[u8]]) {
        let Self { connections, role, out, .. } = self;
        connections.resize_with(batch.len().max(connections.len()), || Connection::new(*role));
        for (connection, message) in connections.iter_mut().zip(batch) {
            out.clear();
            match role {
                Role::Server
                    if connection.request().is_some()
                        || connection.state() != Connection::new(*role).state() =>
                {
                    connection.send_response(&ResponseHead::new(204, &()), out).expect("an answer");
                    while let Ok(Step::Event) = connection.advance() {}
                }
                Role::Server => {}
                Role::Client => {
                    *connection = Connection::new(*role);
                    let fields = [
                        ("Host", "example.com"),
                        ("Sec-WebSocket-Version", "13"),
                        ("Sec-WebSocket-Key", inputs::KEY),
                    ];
                    let request = RequestHead::new("GET", "/", &fields);
                    connection.send_request(&request, &["websocket"], out).expect("an offer");
                }
            }
            connection.receive_buffer(message.len()).expect("space")[..message.len()]
                .copy_from_slice(message);
        }
    }
}

/// Consumes all events, and returns the number of fields in the head.
#[inline(always)]
fn take(connection: &mut Connection) -> usize {
    let mut fields = 0;
    while let Ok(Step::Event) = connection.advance() {
        match connection.event() {
            Some(Event::Request(request)) => fields += request.fields().len(),
            Some(Event::Switched(switched)) => {
                fields += switched.response.map_or(0, |head| head.fields().len())
            }
            Some(Event::EndOfMessage(_)) if connection.role() == Role::Server => break,
            _ => {}
        }
        if connection.take_end() {
            break;
        }
    }
    fields
}

/// Returns the number of fields in all messages, by counting their lines.
fn count(messages: &[&[u8]]) -> usize {
    let lines = |message: &[u8]| message.windows(2).filter(|pair| pair == b"\r\n").count();
    messages.iter().map(|message| lines(message) - 2).sum()
}

fn heads(
    figures: &mut Figures,
    peers: &[Peer],
    rounds: usize,
    input: &Input,
) -> std::io::Result<()> {
    let split;
    let messages: Vec<&[u8]> = if input.name == "k" {
        split = inputs::distinct();
        split.iter().map(Vec::as_slice).collect()
    } else {
        vec![&input.bytes; 480]
    };
    let truth = count(&messages);
    let (role, function) = match input.name {
        "d" => (Role::Client, "peer_responses"),
        _ => (Role::Server, "peer_requests"),
    };
    let theirs: Vec<Message<'_>> = messages.iter().map(|message| Message::from(*message)).collect();
    let mut jobs = Vec::new();
    let mut ours = Ours::new(role);
    let messages = &messages;
    jobs.push(Job::parts("switchover", messages.len(), move || {
        let (fields, spent) = ours.parse(messages);
        assert_eq!(fields, truth);
        spent
    }));
    for peer in peers {
        for (function, suffix) in [(function, ""), ("peer_requests_with_meaning", ", with meaning")]
        {
            let Some(parse) =
                peer.many(function).filter(|_| role == Role::Server || suffix.is_empty())
            else {
                continue;
            };
            let theirs = &theirs;
            jobs.push(Job::whole(format!("{}{suffix}", peer.name), messages.len(), move || {
                assert_eq!(parse(theirs), truth);
            }));
        }
    }
    let times = best(rounds, &mut jobs);
    figures.row(
        "heads",
        input.name,
        Some(input.bytes.len() / if input.name == "k" { 1000 } else { 1 }),
        &jobs,
        &times,
    )
}

fn main() -> std::io::Result<()> {
    let rounds = rounds(61);
    let peers = peers::load();
    let mut figures = Figures::new("heads")?;
    for input in inputs::all() {
        if is_wanted(input.name) && !input.name.starts_with('g') {
            heads(&mut figures, &peers, rounds, &input)?;
        }
    }
    Ok(())
}
