//! One connection of the server: each event, and what it is answered with.

use std::net::TcpStream;
use std::sync::Arc;
use std::time::SystemTime;

use switchover::{Awaiting, Connection, Error, Event, Order, Phase, ResponseHead, Role, Why};

use crate::routes::{PAGE, Question, Route};
use crate::server::House;
use crate::socket::Socket;
use crate::transcript::Transcript;
use crate::wire::{Ended, Wire};
use crate::{foo, websocket};

/// Content that a request may bring along into a new protocol. Elsewhere it is passed on or dropped as it comes.
const KEPT: usize = 1 << 20;

const HTML: (&str, &str) = ("Content-Type", "text/html; charset=utf-8");
const TEXT: (&str, &str) = ("Content-Type", "text/plain; charset=utf-8");
const OCTETS: (&str, &str) = ("Content-Type", "application/octet-stream");

pub(crate) struct Session {
    wire: Wire,
    prefer: Order,
    /// The request that is being received or answered.
    question: Option<Question>,
}

/// Whether there is more to come.
enum Flow {
    Goes,
    Ends,
}

impl Session {
    /// Serves the connection to its end.
    pub(crate) fn run(stream: TcpStream, house: &House, transcript: Transcript) {
        if let Ok(peer) = stream.peer_addr() {
            transcript.say(format_args!("{peer} connected"));
        }
        // A socket that cannot be set up is gone already.
        let Ok(socket) = Socket::new(stream, house.patience, Arc::clone(&house.stop)) else { return };
        let wire = Wire::new(socket, Connection::new(Role::Server), transcript);
        let mut session = Self { wire, prefer: house.prefer, question: None };
        if let Err(ended) = session.serve() {
            session.give_up(ended);
        }
        // Whatever stands in the way of the last octets, the connection is over.
        let _ = session.wire.flush();
        session.wire.socket.linger();
        session.wire.transcript.say("closed");
    }

    fn serve(&mut self) -> Result<(), Ended> {
        loop {
            self.wire.advance()?;
            if let Flow::Ends = self.handle_event()? {
                return Ok(());
            }
        }
    }

    fn handle_event(&mut self) -> Result<Flow, Ended> {
        let Wire { connection, transcript, .. } = &self.wire;
        match connection.event() {
            Some(Event::Request(request)) => {
                self.question = Some(Question::of(&request));
                self.begin()?;
            }
            Some(Event::Data(data)) => {
                let len = data.len();
                self.take_content(len)?;
            }
            Some(Event::EndOfMessage(_)) => self.answer()?,
            Some(Event::Switched(switched)) => {
                let token = switched.protocols.iter().next().map(|protocol| protocol.to_string());
                self.speak(&token.unwrap_or_default())?;
                return Ok(Flow::Ends);
            }
            Some(Event::Closed { discarded }) => {
                if discarded > 0 {
                    transcript.say(format_args!("{discarded} octets came too late to be a request"));
                }
                return Ok(Flow::Ends);
            }
            // These are a client's.
            Some(Event::Informational(_) | Event::Response(_)) | None => {}
        }
        Ok(Flow::Goes)
    }

    // A request, from its head to its answer.

    fn begin(&mut self) -> Result<(), Ended> {
        match self.route() {
            Route::Missing => return self.turn_away(404, "There is nothing here. Try / instead.\n"),
            _ if self.wire.connection.owes_continue() => {
                self.wire.decide(|connection, out| connection.send_informational(100, &(), out))?;
            }
            _ => {}
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
            Route::Echo => self.echo(len),
            route if route.tokens().is_empty() => Ok(()),
            _ if question.content.len() + len > KEPT => self.turn_away(413, "That is more than can be taken along.\n"),
            _ => {
                if let Some(Event::Data(data)) = self.wire.connection.event() {
                    question.content.extend_from_slice(data);
                }
                Ok(())
            }
        }
    }

    /// Sends back the very octets that the event shows.
    fn echo(&mut self, len: usize) -> Result<(), Ended> {
        let Wire { connection, out, .. } = &mut self.wire;
        // The answer to a HEAD has no content.
        if connection.wants_content() {
            let parts = connection.send_data_parts(len)?;
            out.extend_from_slice(parts.prefix());
            if let Some(Event::Data(data)) = connection.event() {
                out.extend_from_slice(data);
            }
            out.extend_from_slice(parts.suffix());
        }
        Ok(self.wire.flush_if_full()?)
    }

    /// Answers before the request has ended, and does not want the rest of it.
    fn turn_away(&mut self, status: u16, text: &str) -> Result<(), Ended> {
        self.reply(status, &[TEXT], text)?;
        if self.wire.connection.state().request == Phase::Body {
            self.wire.connection.skip_body()?;
        }
        Ok(())
    }

    fn answer(&mut self) -> Result<(), Ended> {
        let Some(question) = &self.question else { return Ok(()) };
        self.wire.transcript.content('<', question.octets);
        match question.route {
            Route::Echo => {
                let Wire { connection, out, .. } = &mut self.wire;
                Ok(connection.send_end(&(), out)?)
            }
            // It was turned away.
            _ if self.wire.connection.state().response != Phase::Idle => Ok(()),
            Route::Page => self.reply(200, &[HTML], PAGE),
            Route::Plain | Route::Missing => {
                let text = format!(
                    "{} {}: {} octets of content came. No offer is taken here.\n",
                    question.method, question.target, question.octets
                );
                self.reply(200, &[TEXT], &text)
            }
            Route::Ws | Route::Foo | Route::Required => self.negotiate(),
        }
    }

    fn negotiate(&mut self) -> Result<(), Ended> {
        let tokens = self.route().tokens();
        if let Some(selection) = self.wire.connection.select(tokens, self.prefer) {
            return Ok(self.wire.decide(|connection, out| connection.accept(selection, &(), out))?);
        }
        let flaw = self.question.as_ref().and_then(|question| question.flaw);
        match flaw {
            _ if self.route() == Route::Foo => {
                self.wire.connection.advertise(tokens)?;
                self.reply(200, &[TEXT], "This is /foo in HTTP/1.1. Offer foo/2 or foo/1 to speak that instead.\n")
            }
            Some(flaw) if flaw.status() != 426 => self.reply(flaw.status(), &[TEXT], &format!("{}.\n", flaw.text())),
            _ => self.require(tokens),
        }
    }

    /// A 426 has content like any other response, and says which version of WebSocket would do (RFC 6455, 4.4).
    fn require(&mut self, tokens: &[&str]) -> Result<(), Ended> {
        let text = format!("This needs another protocol: {}.\n", tokens.join(" or "));
        let length = text.len().to_string();
        let date = date();
        let fields = [("Date", &*date), TEXT, ("Content-Length", &length), ("Sec-WebSocket-Version", "13")];
        self.wire.decide(|connection, out| connection.require(tokens, &fields, out))?;
        self.explain();
        self.send_content(&text)
    }

    fn reply(&mut self, status: u16, fields: &[(&str, &str)], text: &str) -> Result<(), Ended> {
        let length = text.len().to_string();
        let fields = [fields, &[("Content-Length", &length)]].concat();
        self.send_head(status, &fields)?;
        self.send_content(text)
    }

    fn send_head(&mut self, status: u16, fields: &[(&str, &str)]) -> Result<(), Error> {
        let date = date();
        let fields = [&[("Date", &*date)], fields].concat();
        self.wire.decide(|connection, out| connection.send_response(&ResponseHead::new(status, &fields), out))?;
        self.explain();
        Ok(())
    }

    /// Why an offer came to nothing.
    fn explain(&self) {
        if let Some(why) = self.wire.connection.why().filter(|&why| why != Why::NotOffered) {
            self.wire.transcript.say(format_args!("no switch: {}", why.text()));
        }
    }

    fn send_content(&mut self, text: &str) -> Result<(), Ended> {
        let Wire { connection, out, transcript, .. } = &mut self.wire;
        // The answer to a HEAD has none.
        if connection.wants_content() {
            connection.send_data(text.as_bytes(), out)?;
            transcript.content('>', text.len() as u64);
        }
        Ok(connection.send_end(&(), out)?)
    }

    fn route(&self) -> Route {
        self.question.as_ref().map_or(Route::Missing, |question| question.route)
    }

    // What is no longer HTTP.

    /// The 101 is on its way; what came behind the request is the new protocol's beginning.
    fn speak(&mut self, token: &str) -> Result<(), Ended> {
        let leftover = self.wire.connection.take_leftover();
        self.wire.flush()?;
        let Wire { socket, transcript, .. } = &self.wire;
        transcript.say(format_args!("speaks {token} now; {} octets of it came along", leftover.len()));
        let Some(question) = &self.question else { return Ok(()) };
        // The client's spelling of a protocol's name is as good as ours.
        let known = foo::TOKENS.iter().find(|known| known.eq_ignore_ascii_case(token));
        let outcome = match known {
            Some(known) => foo::speak(known, question, &leftover, socket).map_err(|error| error.to_string()),
            None => websocket::echo(leftover.into(), socket).map_err(|error| error.to_string()),
        };
        match outcome {
            Ok(count) => transcript.say(format_args!("{count} messages of {token}")),
            Err(error) => transcript.say(format_args!("{token} ended: {error}")),
        }
        Ok(())
    }

    // What is over.

    /// Says to the peer what can still be said. What cannot, because an answer has begun, is left unfinished: that
    /// is how the client knows.
    fn give_up(&mut self, ended: Ended) {
        let transcript = &self.wire.transcript;
        let _ = match ended {
            Ended::ByPeer(error) => {
                transcript.say(error);
                error.status().map(|status| self.reply(status, &[TEXT], &format!("{error}\n")))
            }
            Ended::Slow => {
                transcript.say("the peer takes too long");
                // RFC 9110, 15.5.9; an idle connection is not told.
                let is_waiting = self.wire.connection.awaiting() == Awaiting::Content;
                is_waiting.then(|| self.reply(408, &[TEXT, ("Connection", "close")], "That takes too long.\n"))
            }
            Ended::Io(error) => {
                transcript.say(error);
                None
            }
            Ended::ByHost(error) => {
                transcript.say(format_args!("a mistake of this example: {error}"));
                None
            }
            Ended::Owing(why) => {
                transcript.say(format_args!("a mistake of this example: {} is left undone", why.name()));
                None
            }
        };
        // Where both directions have ended already there is nothing to abandon.
        let _ = self.wire.connection.abandon();
        self.wire.transcript.engine(&mut self.wire.connection);
    }
}

/// RFC 9110, 6.6.1: a server with a clock says when it answers.
fn date() -> String {
    httpdate::fmt_http_date(SystemTime::now())
}
