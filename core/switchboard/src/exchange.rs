//! One connection of the probe.
//!
//! Sends a request with an offer and drives the engine until the response or the switch.

use std::error::Error as AnyError;
use std::fmt::Display;
use std::fs::File;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use switchover::state::{Phase, Rx};
use switchover::{
    Awaiting, Config, Connection, End, Event, Paused, Protocol, RequestHead, Role, Step, Switched,
    websocket,
};
use switchover_tokio::observe::ObservedConnection;

use crate::ProbeArgs;
use crate::duplex::Input;
use crate::http2;
use crate::transcript::{By, Transcript, Verdict, What};
use crate::transport::Stream;

type Failure = Box<dyn AnyError>;

/// The time to wait for a 100 response before the content is sent anyway.
///
/// RFC 9110, section 10.1.1: clients do not wait for it indefinitely.
const UNTIL_CONTINUE: Duration = Duration::from_secs(1);

/// The most bytes of the new protocol that are kept before the request is complete.
///
/// More of them make the exchange fail.
const EARLY: usize = 1 << 20;

/// Returns whether a protocol is TLS, of any version.
fn is_tls(protocol: Protocol<'_>) -> bool {
    protocol.name.eq_ignore_ascii_case("TLS")
}

/// The outcome of a request that the probe has sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Both directions have switched to the new protocol.
    Switched,
    /// The final response was received completely.
    Answered { status: u16 },
    /// The connection switched to TLS, and the response was received within it.
    AnsweredInTls,
    /// The exchange failed; the transcript has the reason.
    Failed,
}

pub(crate) struct Exchange<'a> {
    pub(crate) args: &'a ProbeArgs,
    pub(crate) line: Stream,
    pub(crate) http: ObservedConnection,
    pub(crate) transcript: Arc<Transcript>,
    /// The file of the request's content, until its sending begins or is given up.
    body: Option<File>,
    /// True while the content's file is being read; its `LocalEnd` is still to come.
    is_feeding: bool,
    /// The beginning of the current wait for input, from which its timeout counts.
    since: Instant,
    /// Bytes of the new protocol, received before the probe may send in it.
    early: Vec<u8>,
    /// The end of the server's direction, clean or truncated; `None` before it.
    end: Option<End>,
    /// The status code of the current request's final response; 0 before it.
    ///
    /// It stays 0 for a tunnel.
    status: u16,
    /// True once the final response is complete.
    is_answered: bool,
}

impl<'a> Exchange<'a> {
    pub(crate) fn connect(
        args: &'a ProbeArgs,
        transcript: &Arc<Transcript>,
    ) -> Result<Self, Failure> {
        let config =
            Config { secure: args.url.is_secure, lenient: args.lenient(), ..Config::default() };
        let line = Stream::connect(&args.url, args.timeout())
            .map_err(|error| format!("{} cannot be reached: {error}", args.url.address))?;
        transcript.tell(&What::Opened { peer: &args.url.address, setup: "client" });
        Ok(Self {
            args,
            line,
            http: ObservedConnection::new(
                Connection::with_config(Role::Client, config),
                Some(transcript.clone()),
            ),
            transcript: Arc::clone(transcript),
            body: None,
            is_feeding: false,
            since: Instant::now(),
            early: Vec::new(),
            end: None,
            status: 0,
            is_answered: false,
        })
    }

    /// Sends a request with this offer, and returns its outcome, which it also records.
    pub(crate) fn ask(&mut self, offer: &[String]) -> Result<Outcome, Failure> {
        let offer: Vec<&str> = offer.iter().map(String::as_str).collect();
        let fields = self.fields(&offer)?;
        let (method, target) = (self.args.method(), self.args.target());
        let head = RequestHead::new(method, target, &fields);
        let mut out = Vec::new();
        self.http.send_request(&head, &offer, &mut out)?;
        self.line.send(out)?;
        (self.since, self.is_answered, self.status) = (Instant::now(), false, 0);
        let outcome = self.settle()?;
        self.judge(outcome, &offer);
        if outcome == Outcome::Switched
            && !self.line.is_secure()
            && self.http.agreed().iter().any(is_tls)
        {
            return self.go_on_in_tls();
        }
        Ok(outcome)
    }

    /// Performs the TLS handshake, then reads the response within TLS.
    ///
    /// RFC 2817, section 3.3. A handshake that fails is an error of the whole exchange.
    fn go_on_in_tls(&mut self) -> Result<Outcome, Failure> {
        let (early, _) = self.take_early();
        self.line.start_tls(self.args.url.host(), &early)?;
        self.http.resume_http()?;
        self.say("TLS is up; the answer comes within it");
        (self.since, self.is_answered) = (Instant::now(), false);
        let outcome = self.settle()?;
        let Outcome::Answered { status } = outcome else { return Ok(outcome) };
        let agreed = self.http.agreed();
        self.conclude(
            "switched",
            format_args!("switched to {agreed}, and answered within it ({status})"),
        );
        Ok(Outcome::AnsweredInTls)
    }

    /// Returns the kept bytes of the new protocol, and removes them.
    ///
    /// They were received before the probe might send in that protocol. The second value is the end
    /// of the server's direction, if it was received.
    pub(crate) fn take_early(&mut self) -> (Vec<u8>, Option<End>) {
        (std::mem::take(&mut self.early), self.end)
    }

    fn fields(&mut self, offer: &[&str]) -> Result<Vec<(&'a str, String)>, Failure> {
        // RFC 9112 3.2.3: the target of a CONNECT names the host.
        let host = if self.args.method() == "CONNECT" {
            self.args.target()
        } else {
            &self.args.url.authority
        };
        let mut fields = vec![
            ("Host", host.to_owned()),
            ("User-Agent", concat!("switchboard/", env!("CARGO_PKG_VERSION")).into()),
            ("Accept", "*/*".into()),
        ];
        fields.retain(|(name, _)| {
            !self.args.header.iter().any(|(given, _)| given.eq_ignore_ascii_case(name))
        });
        fields.extend(self.args.header.iter().map(|(name, value)| (name.as_str(), value.clone())));
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

    // The run loop: turns received bytes into events, then waits for one more input.

    fn settle(&mut self) -> Result<Outcome, Failure> {
        loop {
            let step = self.http.advance();
            if let Some(outcome) = self.handle(step)? {
                return Ok(outcome);
            }
            let is_stuck = !matches!(step, Ok(Step::Event));
            if is_stuck && !self.take_input()? {
                let timeout = self.args.timeout();
                self.conclude("failed", format_args!("failed: nothing came for {timeout:?}"));
                // The first call aborts an unfinished request, the second ends the connection.
                if self.http.state().request == Phase::Body {
                    self.http.abandon()?;
                }
                self.http.abandon()?;
                return Ok(Outcome::Failed);
            }
        }
    }

    fn handle(
        &mut self,
        step: Result<Step, switchover::Error>,
    ) -> Result<Option<Outcome>, Failure> {
        if let Err(error) = step {
            self.conclude("failed", format_args!("failed: the server broke the protocol: {error}"));
            return Ok(Some(Outcome::Failed));
        }
        let is_closed = step == Ok(Step::Paused(Paused::Closed));
        self.handle_event()?;
        Ok(match self.http.state().request {
            // After an early response, the rest of the request is still sent as long as the server
            // reads.
            Phase::Body if !is_closed => None,
            // The engine ends the content by its length. The source's `LocalEnd` must be consumed
            // here, before the next protocol reads the inbox.
            Phase::Done if self.is_feeding && !is_closed => None,
            // RFC 9110 7.8: our request is completed before anything is sent in the new protocol.
            _ if self.http.may_speak() => Some(Outcome::Switched),
            _ if self.is_answered => Some(Outcome::Answered { status: self.status }),
            _ if is_closed => {
                self.conclude("failed", "failed: the server has closed without an answer");
                Some(Outcome::Failed)
            }
            _ => None,
        })
    }

    fn handle_event(&mut self) -> Result<(), Failure> {
        match self.http.event() {
            Some(Event::Response(response)) => {
                self.status = response.status();
                let advertised: Vec<String> =
                    response.advertised().map(|protocol| protocol.to_string()).collect();
                if !advertised.is_empty() && self.status != 426 {
                    self.say(format_args!("the server also speaks {}", advertised.join(", ")));
                }
                if self.status >= 300 && self.http.state().request == Phase::Body {
                    // The server rejected the request, so the rest of the content is not sent.
                    self.http.abandon()?;
                    self.body = None;
                }
            }
            // After a 426 the probe may send another request; only that response is printed.
            Some(Event::Data(_)) if self.status == 426 => {}
            Some(Event::Data(data)) => std::io::stdout().write_all(data)?,
            Some(Event::EndOfMessage(_)) => self.is_answered = true,
            Some(Event::Switched(Switched { protocols, leftover, .. })) => {
                let len = leftover.len();
                self.say(format_args!(
                    "the server speaks {protocols} now; {len} bytes of it came along"
                ));
                self.early = self.http.take_leftover().into();
            }
            Some(Event::Informational(_) | Event::Request(_)) | None => {}
        }
        Ok(())
    }

    /// Waits for one input and processes it; returns `false` after a timeout.
    ///
    /// If no 100 comes within `UNTIL_CONTINUE`, begins the content instead.
    fn take_input(&mut self) -> Result<bool, Failure> {
        if self.http.awaiting() != Awaiting::Continue {
            self.begin_content();
        }
        let timeout = if self.body.is_some() { UNTIL_CONTINUE } else { self.args.timeout() };
        match self.line.next(Some(self.since + timeout))? {
            None if self.body.is_some() => self.begin_content(),
            None => return Ok(false),
            Some(Input::Peer(bytes)) if self.http.state().rx == Rx::Switched => {
                self.keep(&bytes)?
            }
            Some(Input::Peer(bytes)) => self.http.receive(&bytes)?,
            Some(Input::PeerEnd(end)) => {
                self.end = Some(end);
                self.http.receive_eof(end);
            }
            Some(Input::Local(bytes)) => self.send_content(&bytes)?,
            Some(Input::LocalEnd) => self.end_content()?,
        }
        self.since = Instant::now();
        Ok(true)
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        if self.early.len() + bytes.len() > EARLY {
            return Err("the server says too much before our request is out".into());
        }
        self.transcript.spoke(By::Peer, bytes);
        self.early.extend_from_slice(bytes);
        Ok(())
    }

    // Sending of the content.

    fn begin_content(&mut self) {
        if let Some(file) = self.body.take() {
            self.line.feed(file);
            self.is_feeding = true;
        }
    }

    fn send_content(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        // Nothing is sent after the request was aborted.
        if self.http.state().request == Phase::Body {
            let mut out = Vec::new();
            self.http.send_data(bytes, &mut out)?;
            self.line.send(out)?;
        }
        Ok(())
    }

    fn end_content(&mut self) -> Result<(), Failure> {
        self.is_feeding = false;
        if self.http.state().request != Phase::Aborted {
            let mut out = Vec::new();
            self.http.send_end(&(), &mut out)?;
            self.line.send(out)?;
        }
        Ok(())
    }

    // Remarks and the verdict.

    /// Records the outcome and its reason as the verdict.
    ///
    /// Records nothing for a failure, whose verdict was recorded where it occurred.
    fn judge(&self, outcome: Outcome, offer: &[&str]) {
        let connection = &self.http;
        let why = connection.why().map_or("", |why| why.text());
        match outcome {
            Outcome::Switched => {
                let lowest = connection.agreed().iter().next();
                let place =
                    lowest.and_then(|lowest| offer.iter().position(|token| names(token, &lowest)));
                let place = place.map_or(String::new(), |place| {
                    format!(", number {} of {} offered", place + 1, offer.len())
                });
                let agreed = connection.agreed().to_string();
                let agreed = if agreed.is_empty() { "a tunnel" } else { &agreed };
                self.conclude("switched", format_args!("switched to {agreed}{place}"));
            }
            Outcome::Answered { status } if offer.is_empty() && self.args.method() != "CONNECT" => {
                self.conclude("answered", format_args!("answered ({status}): {why}"));
            }
            Outcome::Answered { status } => {
                self.conclude("stayed", format_args!("not switched ({status}): {why}"))
            }
            // The verdict was recorded before.
            Outcome::AnsweredInTls | Outcome::Failed => {}
        }
    }

    pub(crate) fn say(&self, remark: impl Display) {
        self.transcript.say(remark);
    }

    fn conclude(&self, outcome: &'static str, verdict: impl Display) {
        let status = Some(self.status).filter(|&status| status > 0);
        let why = self.http.why();
        self.transcript.conclude(Verdict { status, why, ..Verdict::new(outcome, verdict) });
    }
}

/// Returns whether an offered token names this protocol.
pub(crate) fn names(token: &str, protocol: &Protocol<'_>) -> bool {
    Protocol::parse(token.as_bytes()).is_some_and(|token| token.same_as(protocol))
}
