//! A reader of a server's responses, based on the engine.
//!
//! A client `Connection` parses each response. It first sends the closest request to the real one
//! that the engine allows. So the engine checks framing, 1xx and 101 against the RFCs, and an error
//! has a number and a clause.

use std::collections::VecDeque;

use switchover::{Config, Connection, End, Error, Event, Next, RequestHead, Role};

use super::script::Asked;

/// The number of bytes of a connection above which the audit stops reading.
const MOST: usize = 1 << 20;

/// A response head as it was received, valid or not.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) fields: Vec<(String, String)>,
}

/// The response to one request, with the 1xx responses before it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    /// The 1xx responses before the final one.
    pub(crate) interim: Vec<Head>,
    /// The head of the final or malformed response, or of the 101; `None` before.
    pub(crate) head: Option<Head>,
    /// True once the end of the final response was received.
    pub(crate) is_whole: bool,
    /// True if the connection persists after this response; false until it is complete.
    pub(crate) persists: bool,
    /// The protocols that the response switched to; `None` without a switch.
    ///
    /// Empty for the tunnel of a 2xx to CONNECT.
    pub(crate) switched: Option<String>,
    /// The engine's error for the response, if it is malformed or truncated.
    pub(crate) error: Option<Error>,
}

/// A reader that parses the responses of a connection one by one.
pub(crate) struct ResponseReader {
    /// The requests after the one whose response is being read, in order.
    asked: VecDeque<Asked>,
    is_secure: bool,
    engine: Option<Connection>,
    pub(crate) answers: Vec<Answer>,
    /// All bytes received on the connection.
    pub(crate) came: Vec<u8>,
    /// The offset in `came` of the first byte that the current engine received.
    begin: usize,
    /// The offset in `came` up to which responses have been parsed.
    head: usize,
    /// True once the peer has closed its direction, or the connection has failed.
    pub(crate) has_ended: bool,
}

impl Head {
    /// Parses a response head leniently, even a malformed one.
    ///
    /// `None` if it does not begin with a status line of HTTP/1.x.
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

    /// Returns the values of all field lines with that name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields
            .iter()
            .filter(move |(each, _)| each.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// Returns whether the field lines with that name list `member`, in any case.
    pub(crate) fn lists(&self, name: &str, member: &str) -> bool {
        self.all(name)
            .flat_map(|value| value.split(','))
            .any(|each| each.trim().eq_ignore_ascii_case(member))
    }
}

impl Answer {
    /// Returns the status code of the final or malformed response, or of the 101.
    ///
    /// `None` before its head was received.
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

    /// Returns whether no more bytes are parsed as responses.
    ///
    /// So it is after the last expected response, one after which the connection does not persist,
    /// an error, a switch, or too many bytes.
    pub(crate) fn is_done(&self) -> bool {
        self.engine.is_none() || self.is_full()
    }

    /// Returns whether more than `MOST` bytes were received.
    pub(crate) fn is_full(&self) -> bool {
        self.came.len() > MOST
    }

    /// Returns the received bytes after the last parsed part of a response.
    ///
    /// After a switch they belong to the new protocol; after the last response, no request expects
    /// them.
    pub(crate) fn rest(&self) -> &[u8] {
        self.came.get(self.head..).unwrap_or_default()
    }

    /// Returns the number of complete final responses.
    pub(crate) fn answered(&self) -> usize {
        self.answers.iter().filter(|answer| answer.is_whole).count()
    }

    /// Returns whether the connection has switched protocols.
    pub(crate) fn has_switched(&self) -> bool {
        self.last().is_some_and(|answer| answer.switched.is_some())
    }

    /// Returns the latest response, complete or not; empty before its first head.
    pub(crate) fn last(&self) -> Option<&Answer> {
        self.answers.last()
    }

    /// Starts parsing the response to the next request, at an offset in `came`.
    ///
    /// Without a next request nothing more is parsed.
    fn expect_next(&mut self, at: usize) {
        (self.begin, self.head) = (at, at);
        self.engine =
            self.asked.pop_front().and_then(|asked| Some(Shadow::of(&asked, self.is_secure)?.1));
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
                _ => {}
            }
            self.head = self.begin + usize::try_from(engine.position()).unwrap_or_default();
            if answer.switched.is_some() {
                self.engine = None;
            } else if answer.is_whole {
                // The engine for the next response parses the bytes after this one.
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

/// A valid request that the engine sends in place of the real one of a check.
///
/// The real request may be invalid, so that the engine would not send it.
pub(crate) struct Shadow<'a> {
    pub(crate) method: &'a str,
    pub(crate) target: &'static str,
    pub(crate) offer: Vec<&'a str>,
    pub(crate) fields: Vec<(String, String)>,
}

impl<'a> Shadow<'a> {
    /// Returns the closest request that the engine allows, and an engine that sent it.
    ///
    /// Tries the real fields of the offer first, then valid ones, then no offer. `None` if the
    /// engine rejects all of them.
    pub(crate) fn of(asked: &'a Asked, is_secure: bool) -> Option<(Self, Connection)> {
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
            let target = if asked.method == "CONNECT" { "a:1" } else { "/" };
            let shadow = Self { method: &asked.method, target, offer: offer.to_vec(), fields };
            let config = Config { secure: is_secure, ..Config::default() };
            let mut engine = Connection::with_config(Role::Client, config);
            let head = RequestHead::new(shadow.method, shadow.target, &shadow.fields);
            engine.send_request(&head, &shadow.offer, &mut Vec::new()).ok()?;
            Some((shadow, engine))
        })
    }
}
