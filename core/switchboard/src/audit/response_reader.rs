//! Reads the responses of a server, by the engine.
//!
//! A client's `Connection` reads each. It was given a request as near to the one that was sent as
//! the engine lets a client send. So the engine holds its framing, its 1xx and its 101 to the RFCs,
//! and an error has its number and clause.

use std::collections::VecDeque;

use switchover::{Config, Connection, End, Error, Event, Next, RequestHead, Role};

use super::script::Asked;

/// The bytes that are read of a response.
const MOST: usize = 1 << 20;

/// A head as it came, whether or not it keeps to the rules.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) fields: Vec<(String, String)>,
}

/// A response to one request, with the 1xx before it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    /// The 1xx responses before the final one.
    pub(crate) interim: Vec<Head>,
    pub(crate) head: Option<Head>,
    /// The end of the message has come.
    pub(crate) is_whole: bool,
    /// Another request may follow.
    pub(crate) persists: bool,
    /// The protocol after a switch, if there was one; empty for a tunnel.
    pub(crate) switched: Option<String>,
    /// The fault of the response, if it has one.
    pub(crate) error: Option<Error>,
}

/// Reads the answers of a connection.
pub(crate) struct ResponseReader {
    asked: VecDeque<Asked>,
    is_secure: bool,
    engine: Option<Connection>,
    pub(crate) answers: Vec<Answer>,
    /// The received bytes.
    pub(crate) came: Vec<u8>,
    /// The offset at which this engine began, and that of the next head.
    begin: usize,
    head: usize,
    /// The peer has ended its direction.
    pub(crate) has_ended: bool,
}

impl Head {
    /// Reads as much of a head as can be made out.
    fn read(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or(bytes.len());
        let text = String::from_utf8_lossy(&bytes[..end]);
        let mut lines = text.split("\r\n");
        let status = lines.next()?.strip_prefix("HTTP/1.")?.get(2..5)?.parse().ok()?;
        let field = |line: &str| {
            line.split_once(':').map(|(name, value)| (name.into(), value.trim().into()))
        };
        Some(Self { status, fields: lines.filter_map(field).collect() })
    }

    /// Returns the values of a field.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields
            .iter()
            .filter(move |(each, _)| each.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// Returns whether a list field has that member, whatever its case.
    pub(crate) fn lists(&self, name: &str, member: &str) -> bool {
        self.all(name)
            .flat_map(|value| value.split(','))
            .any(|each| each.trim().eq_ignore_ascii_case(member))
    }
}

impl Answer {
    /// Returns the status of the final response, or of the 101.
    pub(crate) fn status(&self) -> Option<u16> {
        self.head.as_ref().map(|head| head.status)
    }
}

impl ResponseReader {
    pub(crate) fn new(asked: &[Asked], is_secure: bool) -> Self {
        let mut reader = Self {
            asked: asked.iter().cloned().collect(),
            is_secure,
            engine: None,
            answers: Vec::new(),
            came: Vec::new(),
            begin: 0,
            head: 0,
            has_ended: false,
        };
        reader.expect_next(0);
        reader
    }

    pub(crate) fn receive(&mut self, bytes: &[u8]) {
        self.came.extend_from_slice(bytes);
        if let Some(engine) = &mut self.engine {
            match engine.receive(bytes) {
                Ok(()) => self.read(),
                Err(error) => self.fail(error),
            }
        }
    }

    pub(crate) fn end(&mut self, end: End) {
        self.has_ended = true;
        if let Some(engine) = &mut self.engine {
            engine.receive_eof(end);
            self.read();
        }
    }

    /// Returns whether nothing more is to be read as HTTP.
    pub(crate) fn is_done(&self) -> bool {
        self.engine.is_none() || self.is_full()
    }

    /// Returns whether so much has come that the rest is not wanted.
    pub(crate) fn is_full(&self) -> bool {
        self.came.len() > MOST
    }

    /// Returns the bytes after the last response that was read.
    ///
    /// They are of the new protocol, or responses that were not requested.
    pub(crate) fn rest(&self) -> &[u8] {
        self.came.get(self.head..).unwrap_or_default()
    }

    /// Returns the number of final responses that are complete.
    pub(crate) fn answered(&self) -> usize {
        self.answers.iter().filter(|answer| answer.is_whole).count()
    }

    /// Returns whether the connection has left HTTP.
    pub(crate) fn has_switched(&self) -> bool {
        self.last().is_some_and(|answer| answer.switched.is_some())
    }

    /// Returns the latest response.
    pub(crate) fn last(&self) -> Option<&Answer> {
        self.answers.last()
    }

    /// Creates an engine for the response to the next request.
    fn expect_next(&mut self, at: usize) {
        (self.begin, self.head) = (at, at);
        self.engine = self.asked.pop_front().and_then(|asked| shadow(&asked, self.is_secure));
        if self.engine.is_some() {
            self.answers.push(Answer::default());
        }
        let rest = self.came[at..].to_vec();
        if let Some(engine) = self.engine.as_mut().filter(|_| !rest.is_empty()) {
            match engine.receive(&rest) {
                Ok(()) => self.read(),
                Err(error) => self.fail(error),
            }
        }
    }

    fn read(&mut self) {
        while let (Some(engine), Some(answer)) = (&mut self.engine, self.answers.last_mut()) {
            let event = match engine.next_event() {
                Ok(Next::Event(event)) => event,
                Ok(_) => return,
                Err(error) => return self.fail(error),
            };
            match event {
                Event::Informational(_) => {
                    answer.interim.extend(Head::read(&self.came[self.head..]))
                }
                Event::Response(_) => answer.head = Head::read(&self.came[self.head..]),
                Event::EndOfMessage(_) => answer.is_whole = true,
                Event::Switched(switched) => {
                    answer.head = Head::read(&self.came[self.head..]);
                    answer.switched = Some(switched.protocols.to_string());
                }
                Event::Data(_) | Event::Request(_) => {}
            }
            self.head = self.begin + usize::try_from(engine.position()).unwrap_or_default();
            if answer.switched.is_some() {
                self.engine = None;
            } else if answer.is_whole {
                // What came after it is for the engine that expects the next one.
                answer.persists = engine.state().persist;
                match answer.persists {
                    true => self.expect_next(self.head),
                    false => self.engine = None,
                }
            }
        }
    }

    fn fail(&mut self, error: Error) {
        let rest = self.came.get(self.head..).unwrap_or_default();
        if let Some(answer) = self.answers.last_mut() {
            answer.head = answer.head.take().or_else(|| Head::read(rest));
            answer.error = Some(error);
        }
        self.engine = None;
    }
}

/// Returns a client that has sent that request, as far as the engine permits.
///
/// With the field lines as they were sent, or as they should be, or without the offer.
fn shadow(asked: &Asked, is_secure: bool) -> Option<Connection> {
    let offer: Vec<&str> = asked.offer.iter().map(String::as_str).collect();
    let offers = |token: &str| offer.iter().any(|each| each.eq_ignore_ascii_case(token));
    let mut proper = Vec::new();
    if offers("websocket") {
        proper.push(("Sec-WebSocket-Key".into(), "dGhlIHNhbXBsZSBub25jZQ==".into()));
        proper.push(("Sec-WebSocket-Version".into(), "13".into()));
    }
    if offers("h2c") {
        proper.push(("HTTP2-Settings".into(), "AAMAAABkAAQAoAAAAAIAAAAA".into()));
    }
    let tries = [(&asked.fields, &offer[..]), (&proper, &offer), (&Vec::new(), &[])];
    tries.into_iter().find_map(|(fields, offer)| {
        let mut fields = fields.clone();
        fields.push(("Host".into(), "a:1".into()));
        let mut engine = Connection::with_config(
            Role::Client,
            Config { secure: is_secure, ..Config::default() },
        );
        let target = if asked.method == "CONNECT" { "a:1" } else { "/" };
        let head = RequestHead::new(&asked.method, target, &fields);
        engine.send_request(&head, offer, &mut Vec::new()).ok()?;
        Some(engine)
    })
}
