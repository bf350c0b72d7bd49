//! One connection of the server: each event, and what it is answered with.

use std::net::TcpStream;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use switchover::h2c::Splice;
use switchover::masque::UdpTarget;
use switchover::state::Phase;
use switchover::{Config, Connection, Error, Event, FieldSource, Limits, Owes, ResponseHead, Role, SwitchedBy};

use crate::engine::Engine;
use crate::routes::{ALLOWED, Question, Route};
use crate::server::House;
use crate::socket::Socket;
use crate::target::path;
use crate::transcript::{Transcript, Verdict, What};
use crate::wire::{Ended, Wire};
use crate::{foo, http2, live, play, tls, udp, websocket};

/// Content that a request may bring along into a new protocol. Elsewhere it is passed on or dropped as it comes.
const KEPT: usize = 1 << 20;

const SECURE: &str = "This is HTTP/1.1 in TLS.\n";

pub(crate) const TEXT: (&str, &str) = ("Content-Type", "text/plain; charset=utf-8");
const OCTETS: (&str, &str) = ("Content-Type", "application/octet-stream");

pub(crate) struct Session<'h> {
    pub(crate) wire: Wire,
    pub(crate) house: &'h House,
    /// The request that is being received or answered.
    pub(crate) question: Option<Question>,
    /// What HTTP/2 will take along of it.
    pub(crate) splice: Option<Splice>,
    pub(crate) clock: Clock,
    /// The request before this one had its offer declined.
    pub(crate) has_declined: bool,
    pub(crate) has_failed: bool,
}

/// Whether there is more to come.
enum Flow {
    Goes,
    Ends,
}

impl<'h> Session<'h> {
    /// Serves the connection to its end.
    pub(crate) fn run(stream: TcpStream, house: &'h House, transcript: Transcript) {
        let transcript = Rc::new(transcript);
        let peer = stream.peer_addr().map_or(String::new(), |peer| peer.to_string());
        // A socket that cannot be set up is gone already.
        let Ok(socket) = Socket::new(stream, house.patience, Arc::clone(&house.stop)) else { return };
        let first = socket.first_octet();
        let is_secure = matches!(first, Ok(Some(tls::HANDSHAKE)));
        let setup = if is_secure { "server secure" } else { "server http2_preface" };
        transcript.tell_if_heard(|| What::Opened { peer: &peer, setup });
        // A client that does not begin is none; one that cannot do TLS is not served in clear.
        let begun = first.and_then(|_| if is_secure { socket.start_tls(&house.tls, &[]) } else { Ok(()) });
        if let Err(error) = begun {
            let (outcome, what) = if is_secure {
                ("failed", "the TLS handshake has failed")
            } else {
                ("closed", "the client has not begun")
            };
            transcript.conclude(Verdict::new(outcome, format_args!("closed; {what}: {error}")));
            return transcript.close();
        }
        let config = Config { secure: is_secure, http2_preface: !is_secure, ..Config::default() };
        let engine = Engine::new(Connection::with_config(Role::Server, config), transcript);
        let mut session = Self {
            wire: Wire::new(socket, engine),
            house,
            question: None,
            splice: None,
            clock: Clock::default(),
            has_declined: false,
            has_failed: false,
        };
        if let Err(ended) = session.serve() {
            session.give_up(ended);
        }
        // Whatever stands in the way of the last bytes, the connection is over.
        let _ = session.wire.flush();
        if session.wire.engine.ask().must_reset() {
            let _ = session.wire.socket.reset();
        } else {
            session.wire.socket.linger();
        }
        session.wire.engine.transcript.close();
    }

    fn serve(&mut self) -> Result<(), Ended> {
        while self.wire.advance()? {
            if let Flow::Ends = self.handle_event()? {
                return Ok(());
            }
        }
        let discarded = self.wire.engine.ask().unread().len();
        if discarded > 0 {
            self.say(format_args!("{discarded} bytes came too late to be a request"));
        }
        Ok(())
    }

    fn handle_event(&mut self) -> Result<Flow, Ended> {
        match self.wire.engine.ask().event() {
            Some(Event::Request(request)) => {
                if live::is_the_pages_own(request.target()) {
                    self.wire.engine.transcript.be_forgotten();
                }
                self.question = Some(Question::of(&request));
                self.has_declined = false;
                self.begin()?;
            }
            Some(Event::Data(data)) => {
                let len = data.len();
                self.take_content(len)?;
            }
            Some(Event::EndOfMessage(_)) => self.answer()?,
            Some(Event::Switched(switched)) => {
                let token = switched.protocols.iter().next().map(|protocol| protocol.to_string());
                let is_http2 = switched.by == SwitchedBy::Http2Preface;
                return self.speak(token.as_deref().unwrap_or(if is_http2 { "h2c" } else { "" }));
            }
            // These are a client's.
            Some(Event::Informational(_) | Event::Response(_)) | None => {}
        }
        Ok(Flow::Goes)
    }

    // A request, from its head to its answer.

    fn begin(&mut self) -> Result<(), Ended> {
        if let Some((status, text)) = self.question.as_ref().and_then(|question| question.refusal) {
            return self.turn_away(status, text);
        }
        if self.wire.engine.ask().owes() == Owes::Continue {
            let Wire { engine, out, .. } = &mut self.wire;
            engine.send_informational(100, out)?;
        }
        if self.route() == Route::Echo {
            // Without a length, the engine sends chunks; to an HTTP/1.0 client it sends until it closes.
            self.send_head(200, &[OCTETS])?;
        }
        Ok(())
    }

    fn take_content(&mut self, len: usize) -> Result<(), Ended> {
        let Some(question) = &mut self.question else { return Ok(()) };
        question.octets += len as u64;
        match question.route {
            Route::Echo => self.echo(),
            route if route.tokens().is_empty() => Ok(()),
            // More than HTTP/2 can take along: the offer will be declined, and the rest is only counted.
            Route::H2c if question.content.len() as u64 > Limits::DEFAULT.h2c_content => Ok(()),
            _ if question.content.len() + len > KEPT => self.turn_away(413, "That is more than can be taken along.\n"),
            _ => {
                if let Some(Event::Data(data)) = self.wire.engine.ask().event() {
                    question.content.extend_from_slice(data);
                }
                Ok(())
            }
        }
    }

    fn echo(&mut self) -> Result<(), Ended> {
        let Wire { engine, out, .. } = &mut self.wire;
        // The answer to a HEAD has no content.
        if engine.ask().owes() == Owes::Content {
            engine.echo(out)?;
        }
        Ok(self.wire.flush_if_full()?)
    }

    /// Answers before the request has ended, and does not want the rest of it.
    fn turn_away(&mut self, status: u16, text: &str) -> Result<(), Ended> {
        // RFC 9110, 15.5.6.
        let allow = if status == 405 { &[TEXT, ("Allow", ALLOWED)][..] } else { &[TEXT] };
        self.reply(status, allow, text)?;
        if self.wire.engine.state().request == Phase::Body {
            self.wire.engine.skip_content()?;
        }
        Ok(())
    }

    fn answer(&mut self) -> Result<(), Ended> {
        let Some(question) = &self.question else { return Ok(()) };
        match question.route {
            // It was turned away.
            _ if self.wire.engine.state().response == Phase::Done => Ok(()),
            Route::Echo => {
                let Wire { engine, out, .. } = &mut self.wire;
                Ok(engine.send_end(out)?)
            }
            Route::Page((_, kind, text)) => self.reply(200, &[("Content-Type", kind), live::POLICY], text),
            Route::Play => self.play(),
            Route::Live => self.negotiate_live(),
            Route::Plain | Route::Missing => {
                // RFC 9110, 9.3.2: a HEAD gets the head that a GET would get.
                let method = if question.method == "HEAD" { "GET" } else { &question.method };
                let (target, octets) = (&question.target, question.octets);
                let text = format!("{method} {target}: {octets} bytes of content came. No offer is taken here.\n");
                self.reply(200, &[TEXT], &text)
            }
            Route::H2c => self.negotiate_http2(),
            Route::Server if self.wire.engine.ask().select(&["h2c"], self.house.prefer).is_some() => {
                self.negotiate_http2()
            }
            Route::Tls | Route::Server if self.wire.socket.is_secure() => self.reply(200, &[TEXT], SECURE),
            Route::Udp => self.negotiate_udp(),
            Route::Ws | Route::Foo | Route::Required | Route::Tls | Route::Server => self.negotiate(),
        }
    }

    fn play(&mut self) -> Result<(), Ended> {
        let target = self.question.as_ref().map_or("", |question| path(&question.target));
        if target == "/play" {
            return self.reply(308, &[("Location", "/play/")], "");
        }
        let (status, kind, octets) = play::file(&self.house.play, target);
        self.reply(status, &[("Content-Type", kind), play::POLICY], octets)
    }

    pub(crate) fn reply(
        &mut self,
        status: u16,
        fields: &[(&str, &str)],
        content: impl AsRef<[u8]>,
    ) -> Result<(), Ended> {
        let length = content.as_ref().len().to_string();
        self.send_head(status, &(fields, [("Content-Length", &length)]))?;
        self.send_content(content.as_ref())
    }

    fn send_head(&mut self, status: u16, fields: &impl FieldSource) -> Result<(), Error> {
        let fields = ([("Date", self.clock.date())], fields);
        self.wire.engine.send_response(&ResponseHead::new(status, &fields), &mut self.wire.out)?;
        self.explain();
        Ok(())
    }

    pub(crate) fn send_content(&mut self, content: &[u8]) -> Result<(), Ended> {
        let Wire { engine, out, .. } = &mut self.wire;
        // The answer to a HEAD has none.
        if engine.ask().owes() == Owes::Content {
            engine.send_data(content, out)?;
        }
        Ok(engine.send_end(out)?)
    }

    pub(crate) fn route(&self) -> Route {
        self.question.as_ref().map_or(Route::Missing, |question| question.route)
    }

    // What is no longer HTTP.

    /// The 101 is on its way; what came after the request is the new protocol's beginning.
    fn speak(&mut self, token: &str) -> Result<Flow, Ended> {
        let leftover = self.wire.engine.take_leftover();
        self.wire.flush()?;
        self.say(format_args!("speaks {token} now; {} bytes of it came along", leftover.len()));
        self.wire.engine.transcript.conclude(Verdict::new("switched", format_args!("closed; switched to {token}")));
        // The client's spelling of a protocol's name is as good as ours.
        let is = |known: &&&str| known.eq_ignore_ascii_case(token);
        if tls::TOKENS.iter().any(|known| is(&known)) {
            return self.go_on_in_tls(&leftover);
        }
        let socket = &self.wire.socket;
        if self.route() == Route::Live {
            // To watch the watching would never end.
            self.say("a page watches; what it is told is not shown");
            self.wire.engine.transcript.be_private();
        }
        socket.overhear(&self.wire.engine.transcript);
        let outcome = match (foo::TOKENS.iter().find(is), &self.question) {
            (Some(known), Some(question)) => foo::speak(known, question, &leftover, socket).map_err(|e| e.to_string()),
            _ if token == "h2c" => {
                http2::serve(self.splice.take(), &leftover, self.house.window, socket).map_err(|e| e.to_string())
            }
            (None, Some(question)) if token == udp::TOKENS[0] => {
                match UdpTarget::parse(UdpTarget::TEMPLATE, &question.target) {
                    Some(target) => udp::relay(&target, &leftover, socket).map_err(|e| e.to_string()),
                    None => Ok(0),
                }
            }
            _ if self.route() == Route::Live => {
                live::serve(&self.house.live, self.house.address, leftover, socket).map_err(|e| e.to_string())
            }
            _ => websocket::echo(leftover, socket).map_err(|e| e.to_string()),
        };
        match outcome {
            Ok(_) if self.route() == Route::Live => self.say("the page has left"),
            Ok(1) => self.say(format_args!("1 message of {token}")),
            Ok(count) => self.say(format_args!("{count} messages of {token}")),
            Err(error) => self.say(format_args!("{token} ended: {error}")),
        }
        Ok(Flow::Ends)
    }

    /// RFC 2817, 3.3: the handshake first, then the answer to the request within it. A handshake that fails ends the
    /// connection: nothing more is said in clear.
    fn go_on_in_tls(&mut self, leftover: &[u8]) -> Result<Flow, Ended> {
        self.wire.socket.start_tls(&self.house.tls, leftover)?;
        self.wire.engine.resume_http()?;
        self.reply(200, &[TEXT], SECURE)?;
        Ok(Flow::Goes)
    }
}

/// RFC 9110, 6.6.1: a server with a clock says when it answers. The text is made anew only once it has changed.
#[derive(Default)]
pub(crate) struct Clock {
    second: u64,
    text: String,
}

impl Clock {
    pub(crate) fn date(&mut self) -> &str {
        let now = SystemTime::now();
        let second = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        if self.second != second || self.text.is_empty() {
            (self.second, self.text) = (second, httpdate::fmt_http_date(now));
        }
        &self.text
    }
}
