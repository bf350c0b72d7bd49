//! A reader of a client's requests, based on the engine.
//!
//! A server `Connection` parses each request. So the engine finds and names a rule that the request
//! or an offer breaks.

use switchover::{Connection, End, Error, Event, Next, NoOffer, Role, Why};

use super::script::Asked;

/// The number of bytes of a connection above which the audit stops reading.
const MOST: usize = 1 << 20;
/// The most bytes that are kept of a request's content; the rest is discarded.
const KEPT: usize = 1 << 10;

/// A request as it was received, valid or not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) fields: Vec<(String, String)>,
    /// The bytes of the request's head as received; empty if the head is malformed.
    pub(crate) head: Vec<u8>,
    pub(crate) content: Vec<u8>,
    /// True once the end of the request was received.
    pub(crate) is_whole: bool,
    /// The offered protocols, each with the rule that the offer breaks, if any.
    pub(crate) offers: Vec<(String, Option<&'static str>)>,
    /// The engine's reason why the request has no offer; `None` if it has one.
    ///
    /// `None` too if the head is malformed.
    pub(crate) no_offer: Option<NoOffer>,
    /// The engine's error for the request, if it is malformed or truncated.
    pub(crate) error: Option<Error>,
}

/// A reader that parses the requests of a connection one by one.
pub(crate) struct RequestReader {
    engine: Option<Connection>,
    pub(crate) requests: Vec<Request>,
    /// All bytes received on the connection.
    pub(crate) came: Vec<u8>,
    /// The offset in `came` of the first byte that the current engine received.
    begin: usize,
    /// The offset in `came` up to which the current or last engine has parsed.
    end: usize,
    pub(crate) has_ended: bool,
}

impl Request {
    /// Returns the request's method and offer, which a reader of its response needs.
    pub(crate) fn asked(&self) -> Asked {
        let method = self.head.split(|byte| *byte == b' ').next().unwrap_or_default();
        let mut asked =
            Asked { method: String::from_utf8_lossy(method).into(), ..Asked::default() };
        let fields = self.fields.iter();
        fields.for_each(|(name, value)| asked.note(&name.to_ascii_lowercase(), value));
        asked
    }

    /// Returns the value of the first field line with that name, if there is one.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let field = self.fields.iter().find(|(each, _)| each.eq_ignore_ascii_case(name))?;
        Some(&field.1)
    }

    /// Returns whether the field lines with that name list `member`, in any case.
    pub(crate) fn lists(&self, name: &str, member: &str) -> bool {
        let lines = self.fields.iter().filter(|(each, _)| each.eq_ignore_ascii_case(name));
        lines
            .flat_map(|(_, value)| value.split(','))
            .any(|each| each.trim().eq_ignore_ascii_case(member))
    }

    /// Returns a description of the rule that the request or its offer breaks, if any.
    pub(crate) fn fault(&self) -> Option<String> {
        if let Some(error) = self.error {
            return Some(format!("{} ({})", error.kind().text(), error.kind().clause()));
        }
        if let Some(why) =
            self.no_offer.filter(|why| !matches!(why, NoOffer::Absent | NoOffer::Connect))
        {
            return Some(Why::from(why).text().into());
        }
        let broken = self.offers.iter().find_map(|(token, broken)| Some((token, (*broken)?)));
        broken.map(|(token, broken)| format!("the offer of {token}: {broken}"))
    }
}

impl RequestReader {
    pub(crate) fn new() -> Self {
        let mut incoming = Self {
            engine: None,
            requests: Vec::new(),
            came: Vec::new(),
            begin: 0,
            end: 0,
            has_ended: false,
        };
        incoming.expect_next();
        incoming
    }

    pub(crate) fn receive(&mut self, bytes: &[u8]) {
        self.came.extend_from_slice(bytes);
        self.feed(self.came.len() - bytes.len());
    }

    pub(crate) fn end(&mut self, end: End) {
        self.has_ended = true;
        if let Some(engine) = &mut self.engine {
            engine.receive_eof(end);
            self.read();
        }
    }

    /// Returns whether more than `MOST` bytes were received.
    pub(crate) fn is_full(&self) -> bool {
        self.came.len() > MOST
    }

    /// Returns whether the current request is complete or malformed.
    ///
    /// True also if more was received than the audit reads of a connection.
    pub(crate) fn is_done(&self) -> bool {
        self.engine.is_none() || self.is_full()
    }

    /// Returns whether bytes after the previous request were received.
    pub(crate) fn has_begun(&self) -> bool {
        self.came.len() > self.begin
    }

    /// Returns the received bytes after the latest parsed part of a request.
    pub(crate) fn rest(&self) -> &[u8] {
        &self.came[self.end..]
    }

    /// Starts parsing the next request, in the bytes after the latest one.
    pub(crate) fn expect_next(&mut self) {
        self.begin = self.end;
        self.engine = Some(Connection::new(Role::Server));
        self.feed(self.begin);
    }

    fn feed(&mut self, from: usize) {
        let Some(engine) = self.engine.as_mut().filter(|_| from < self.came.len()) else { return };
        match engine.receive(&self.came[from..]) {
            Ok(()) => self.read(),
            Err(error) => self.fail(error),
        }
    }

    fn read(&mut self) {
        while let Some(engine) = &mut self.engine {
            let event = match engine.next_event() {
                Ok(Next::Event(event)) => event,
                Ok(_) => return,
                Err(error) => return self.fail(error),
            };
            let mut is_whole = false;
            match (event, self.requests.last_mut()) {
                (Event::Request(request), _) => self.requests.push(Request::of(&request)),
                (Event::Data(data), Some(request)) => {
                    let room = KEPT.saturating_sub(request.content.len());
                    request.content.extend_from_slice(&data[..data.len().min(room)]);
                }
                (Event::EndOfMessage(_), Some(request)) => {
                    request.is_whole = true;
                    is_whole = true;
                }
                _ => {}
            }
            self.end = self.begin + usize::try_from(engine.position()).unwrap_or_default();
            if let Some(request) =
                self.requests.last_mut().filter(|request| request.head.is_empty())
            {
                request.head = self.came[self.begin..self.end].to_vec();
            }
            if is_whole {
                self.engine = None;
            }
        }
    }

    fn fail(&mut self, error: Error) {
        match self.requests.last_mut().filter(|request| !request.is_whole) {
            Some(request) => request.error = Some(error),
            None => self.requests.push(Request { error: Some(error), ..Request::default() }),
        }
        self.engine = None;
    }
}

impl Request {
    fn of(request: &switchover::Request<'_>) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let offers = request.offers();
        let no_offer = offers.as_ref().err().copied();
        let offer = |offer: switchover::Offer<'_>| {
            (offer.protocol.to_string(), offer.ineligible.map(|why| why.text()))
        };
        Self {
            fields: request
                .fields()
                .iter()
                .map(|field| (text(field.name), text(field.value)))
                .collect(),
            offers: offers.into_iter().flatten().map(offer).collect(),
            no_offer,
            ..Self::default()
        }
    }
}

/// Returns the Sec-WebSocket-Accept for a key, computed by the engine.
///
/// `None` if the key is not the base64 of 16 bytes.
pub(crate) fn accept(key: &str) -> Option<String> {
    let mut engine = Connection::new(Role::Server);
    let head = format!(
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
    );
    engine.receive(head.as_bytes()).ok()?;
    while let Next::Event(_) = engine.next_event().ok()? {}
    let mut out = Vec::new();
    let selection = engine.select(&["websocket"], switchover::Order::Client)?;
    engine.accept(selection, &(), &mut out).ok()?;
    let text = String::from_utf8(out).ok()?;
    let value = text.split("Sec-WebSocket-Accept: ").nth(1)?.split("\r\n").next()?;
    Some(value.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_accept_is_made_of_the_key() {
        assert_eq!(
            accept("dGhlIHNhbXBsZSBub25jZQ==").as_deref(),
            Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        );
        assert_eq!(accept("dGhl"), None);
    }

    #[test]
    fn requests_are_read_one_by_one() {
        let mut incoming = RequestReader::new();
        let post = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\
                     Upgrade: x/1\r\nConnection: upgrade\r\n\r\nhello";
        incoming.receive(post);
        assert!(incoming.is_done() && incoming.requests[0].is_whole);
        assert_eq!(incoming.requests[0].offers, [("x/1".into(), None)]);
        assert_eq!(
            (incoming.requests[0].content.as_slice(), incoming.rest()),
            (&b"hello"[..], &b""[..])
        );
        incoming.receive(b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: x/1\r\n\r\nrest");
        assert_eq!(incoming.requests.len(), 1);
        incoming.expect_next();
        assert_eq!(incoming.requests[1].no_offer, Some(NoOffer::NoConnectionOption));
        assert_eq!((incoming.requests[1].head.len(), incoming.rest()), (41, &b"rest"[..]));
    }
}
