//! One connection of the probe: a request with an offer, and everything up to its answer or its switch.

use std::error::Error as AnyError;
use std::fs::File;
use std::io::Write;
use std::time::{Duration, Instant};

use switchover::{
    Awaiting, Config, Connection, Event, Phase, Protocol, RequestHead, Role, Rx, Step, Switched, websocket,
};

use crate::ProbeArgs;
use crate::duplex::Input;
use crate::http2;
use crate::line::Line;
use crate::probe::names;
use crate::transcript::Transcript;

type Failure = Box<dyn AnyError>;

/// RFC 9110, 10.1.1: a client does not wait for ever for its 100.
const UNTIL_CONTINUE: Duration = Duration::from_secs(1);

/// Octets of the new protocol that may come before our own request is out.
const EARLY: usize = 1 << 20;

/// Whether what was agreed on is TLS with HTTP above it.
fn is_tls(protocol: Protocol<'_>) -> bool {
    protocol.name.eq_ignore_ascii_case("TLS")
}

/// What came of a request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Both directions have left HTTP.
    Switched,
    /// A final response, complete.
    Answered { status: u16 },
    /// The same, within the TLS that was switched to.
    AnsweredInTls,
    /// Neither; it has been said why.
    Failed,
}

pub(crate) struct Exchange<'a> {
    args: &'a ProbeArgs,
    pub(crate) line: Line,
    pub(crate) connection: Connection,
    pub(crate) transcript: Transcript,
    /// The content, until it is being sent.
    body: Option<File>,
    /// The content is being fed in, and its end has not come by.
    is_feeding: bool,
    /// When something last happened.
    since: Instant,
    /// What the server said in the new protocol before we may speak it.
    early: Vec<u8>,
    peer_ended: bool,
    /// The status of the final response, and whether all of it is here.
    status: u16,
    is_answered: bool,
}

impl<'a> Exchange<'a> {
    pub(crate) fn connect(args: &'a ProbeArgs) -> Result<Self, Failure> {
        let config = Config { secure: args.url.is_secure, lenient: args.lenient(), ..Config::default() };
        Ok(Self {
            args,
            line: Line::connect(&args.url, args.patience())?,
            connection: Connection::with_config(Role::Client, config),
            transcript: Transcript::of_probe(),
            body: None,
            is_feeding: false,
            since: Instant::now(),
            early: Vec::new(),
            peer_ended: false,
            status: 0,
            is_answered: false,
        })
    }

    /// Sends the request with this offer and goes on until it is settled. A retry is one on the connection on which
    /// the 426 came.
    pub(crate) fn ask(&mut self, offer: &[String], is_retry: bool) -> Result<Outcome, Failure> {
        let offer: Vec<&str> = offer.iter().map(String::as_str).collect();
        let fields = self.fields(&offer)?;
        let method = self.args.method.as_deref().unwrap_or(if self.body.is_some() { "POST" } else { "GET" });
        let target = if method == "OPTIONS" { "*" } else { &self.args.url.path };
        let head = RequestHead::new(method, target, &fields);
        let mut out = Vec::new();
        match is_retry {
            true => self.connection.retry(&head, &offer, &mut out)?,
            false => self.connection.send_request(&head, &offer, &mut out)?,
        }
        self.transcript.sent(&out);
        self.send(out)?;
        (self.since, self.is_answered) = (Instant::now(), false);
        let outcome = self.settle()?;
        self.explain(outcome, &offer);
        if outcome == Outcome::Switched && !self.line.is_secure() && self.connection.agreed().iter().any(is_tls) {
            return self.go_on_in_tls();
        }
        Ok(outcome)
    }

    /// RFC 2817, 3.3: the handshake, then the answer within it. If the handshake fails, so does all.
    fn go_on_in_tls(&mut self) -> Result<Outcome, Failure> {
        let (early, _) = self.take_early();
        self.line.start_tls(self.args.url.host(), &early)?;
        self.connection.resume_http()?;
        self.transcript.say("TLS is up; the answer comes within it");
        (self.since, self.is_answered) = (Instant::now(), false);
        Ok(match self.settle()? {
            Outcome::Answered { .. } => Outcome::AnsweredInTls,
            outcome => outcome,
        })
    }

    /// What came before the relay begins, and whether anything comes after it.
    pub(crate) fn take_early(&mut self) -> (Vec<u8>, bool) {
        (std::mem::take(&mut self.early), self.peer_ended)
    }

    fn fields(&mut self, offer: &[&str]) -> Result<Vec<(&'static str, String)>, Failure> {
        let mut fields = vec![
            ("Host", self.args.url.authority.clone()),
            ("User-Agent", concat!("switchboard/", env!("CARGO_PKG_VERSION")).into()),
            ("Accept", "*/*".into()),
        ];
        if let Some(path) = &self.args.body {
            let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
            let length = file.metadata()?.len();
            fields.push(("Content-Length", length.to_string()));
            if self.args.expect && length > 0 {
                fields.push(("Expect", "100-continue".into()));
            }
            self.body = Some(file);
        }
        if offer.iter().any(|token| token.eq_ignore_ascii_case("websocket")) {
            let mut nonce = [0; 16];
            getrandom::fill(&mut nonce)?;
            fields.push(("Sec-WebSocket-Key", websocket::key(&nonce)));
            fields.push(("Sec-WebSocket-Version", "13".into()));
        }
        if offer.iter().any(|token| token.eq_ignore_ascii_case("h2c")) {
            fields.push(("HTTP2-Settings", http2::SETTINGS.into()));
        }
        Ok(fields)
    }

    // The run loop: what has come is made into events, then one more thing may happen.

    fn settle(&mut self) -> Result<Outcome, Failure> {
        loop {
            let step = self.connection.advance();
            if let Some(outcome) = self.handle(step)? {
                return Ok(outcome);
            }
            let is_stuck = !matches!(step, Ok(Step::Event));
            if is_stuck && !self.take_input()? {
                self.transcript.say(format_args!("nothing came for {} seconds", self.args.patience().as_secs()));
                // The first time this cuts an unfinished request, the second time it ends the connection.
                self.connection.abandon()?;
                self.connection.abandon().ok();
                return Ok(Outcome::Failed);
            }
        }
    }

    fn handle(&mut self, step: Result<Step, switchover::Error>) -> Result<Option<Outcome>, Failure> {
        if let Err(error) = step {
            self.transcript.engine(&mut self.connection);
            self.transcript.say(format_args!("the server broke the protocol: {error}"));
            return Ok(Some(Outcome::Failed));
        }
        let is_closed = matches!(self.connection.event(), Some(Event::Closed { .. }));
        self.handle_event()?;
        self.transcript.engine(&mut self.connection);
        Ok(match self.connection.state().request {
            // An answer that came first does not free us from the rest of the request, as long as somebody reads it.
            Phase::Body if !is_closed => None,
            // The engine knows the end of the content by its length; the source's own end must not be left for others.
            Phase::Done if self.is_feeding && !is_closed => None,
            // RFC 9110, 7.8: nothing of the new protocol is sent before our request is out.
            _ if self.connection.may_speak() => Some(Outcome::Switched),
            _ if self.is_answered => Some(Outcome::Answered { status: self.status }),
            _ => is_closed.then_some(Outcome::Failed),
        })
    }

    fn handle_event(&mut self) -> Result<(), Failure> {
        match self.connection.event() {
            Some(Event::Informational(response)) => self.transcript.response(&response),
            Some(Event::Response(response)) => {
                self.transcript.response(&response);
                self.status = response.status();
                let advertised: Vec<String> = response.advertised().map(|protocol| protocol.to_string()).collect();
                if !advertised.is_empty() && self.status != 426 {
                    self.transcript.say(format_args!("the server also speaks {}", advertised.join(", ")));
                }
                if self.status >= 300 && self.connection.state().request == Phase::Body {
                    // It does not want the content; we do not send it, and read on.
                    self.connection.abandon()?;
                    self.body = None;
                }
            }
            // Another answer may follow; only that one's content is for standard output.
            Some(Event::Data(data)) if self.status == 426 => self.transcript.received(data),
            Some(Event::Data(data)) => std::io::stdout().write_all(data)?,
            Some(Event::EndOfMessage(_)) => self.is_answered = true,
            Some(Event::Switched(switched)) => {
                self.show_switch(&switched);
                self.early = self.connection.take_leftover().into();
            }
            Some(Event::Closed { .. } | Event::Request(_)) | None => {}
        }
        Ok(())
    }

    fn show_switch(&self, switched: &Switched<'_>) {
        if let Some(response) = switched.response {
            self.transcript.response(&response);
        }
        self.transcript.say(format_args!(
            "the server speaks {} now; {} octets of it came along",
            switched.protocols,
            switched.leftover.len()
        ));
    }

    /// Waits for one thing to happen; false if nothing does.
    fn take_input(&mut self) -> Result<bool, Failure> {
        if self.connection.awaiting() != Awaiting::Continue {
            self.begin_content();
        }
        let patience = if self.body.is_some() { UNTIL_CONTINUE } else { self.args.patience() };
        match self.line.next(Some(self.since + patience))? {
            None if self.body.is_some() => self.begin_content(),
            None => return Ok(false),
            Some(Input::Peer(octets)) if self.connection.state().rx == Rx::Switched => self.keep(&octets)?,
            Some(Input::Peer(octets)) => self.connection.receive(&octets)?,
            Some(Input::PeerEnd(end)) => {
                self.peer_ended = true;
                self.connection.receive_eof(end);
            }
            Some(Input::Local(octets)) => self.send_content(&octets)?,
            Some(Input::LocalEnd) => self.end_content()?,
        }
        self.since = Instant::now();
        Ok(true)
    }

    fn keep(&mut self, octets: &[u8]) -> Result<(), Failure> {
        if self.early.len() + octets.len() > EARLY {
            return Err("the server says too much before our request is out".into());
        }
        self.early.extend_from_slice(octets);
        Ok(())
    }

    // Our side.

    fn begin_content(&mut self) {
        if let Some(file) = self.body.take() {
            self.line.feed(file);
            self.is_feeding = true;
        }
    }

    fn send_content(&mut self, octets: &[u8]) -> Result<(), Failure> {
        // What the server did not want is not sent.
        if self.connection.state().request == Phase::Body {
            let mut out = Vec::new();
            self.connection.send_data(octets, &mut out)?;
            self.send(out)?;
        }
        Ok(())
    }

    fn end_content(&mut self) -> Result<(), Failure> {
        self.is_feeding = false;
        if self.connection.state().request != Phase::Cut {
            let mut out = Vec::new();
            self.connection.send_end(&(), &mut out)?;
            self.send(out)?;
        }
        Ok(())
    }

    fn send(&mut self, out: Vec<u8>) -> Result<(), Failure> {
        self.line.send(out)?;
        self.transcript.engine(&mut self.connection);
        Ok(())
    }

    /// What happened, and why.
    fn explain(&self, outcome: Outcome, offer: &[&str]) {
        let why = self.connection.why().map_or("", |why| why.text());
        match outcome {
            Outcome::Switched => {
                let lowest = self.connection.agreed().iter().next();
                let place = lowest.and_then(|lowest| offer.iter().position(|token| names(token, &lowest)));
                let place = place.map_or(String::new(), |place| format!(", number {} of {}", place + 1, offer.len()));
                self.transcript.say(format_args!("switched to {}{place}", self.connection.agreed()));
            }
            Outcome::Answered { status } => self.transcript.say(format_args!("not switched ({status}): {why}")),
            Outcome::AnsweredInTls => {}
            Outcome::Failed => self.transcript.say(format_args!("failed: {why}")),
        }
    }
}
