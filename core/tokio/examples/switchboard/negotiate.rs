//! What a request's offer comes to: the 101, or an answer that says what would have done.

use switchover::h2c::Splice;
use switchover::masque::UdpTarget;
use switchover::{Connection, Event};

use crate::routes::Route;
use crate::session::{Session, TEXT};
use crate::udp;
use crate::wire::Ended;

impl Session<'_> {
    /// For the page alone.
    pub(crate) fn negotiate_live(&mut self) -> Result<(), Ended> {
        match self.question.as_ref().is_some_and(|question| question.is_foreign) {
            true => self.reply(403, &[TEXT], "Not for the page of another server.\n"),
            false => self.negotiate(),
        }
    }

    pub(crate) fn negotiate(&mut self) -> Result<(), Ended> {
        let tokens = self.route().tokens();
        let engine = &mut self.wire.engine;
        if let Some(selection) = engine.ask().select(tokens, self.house.prefer) {
            let subprotocol =
                if tokens[selection.preference()] == "websocket" { subprotocol(engine.ask()) } else { None };
            let fields = subprotocol.map(|name| ("Sec-WebSocket-Protocol", name));
            return Ok(engine.accept(selection, tokens, &fields.as_slice(), &mut self.wire.out)?);
        }
        let flaw = self.question.as_ref().and_then(|question| question.flaw);
        match flaw {
            _ if matches!(self.route(), Route::Foo | Route::Server) => {
                self.wire.engine.advertise(tokens)?;
                let target = self.question.as_ref().map_or("", |question| &question.target);
                let text =
                    format!("This is {target} in HTTP/1.1. Offer {} to speak that instead.\n", tokens.join(" or "));
                self.reply(200, &[TEXT], &text)
            }
            Some(flaw) if flaw.status() != 426 => self.reply(flaw.status(), &[TEXT], format!("{}.\n", flaw.text())),
            _ => self.require(tokens),
        }
    }

    /// Everything that the switch needs is made before the 101, so that it cannot fail after it.
    pub(crate) fn negotiate_http2(&mut self) -> Result<(), Ended> {
        let (connection, question) = (self.wire.engine.ask(), self.question.as_ref());
        let selection = connection.select(&["h2c"], self.house.prefer);
        let (Some(selection), Some(request), Some(question)) = (selection, connection.request(), question) else {
            return self.stay("offer h2c to go on in HTTP/2");
        };
        let splice = match connection.event() {
            Some(Event::EndOfMessage(trailers)) => Splice::new(&request, &question.content, &trailers),
            _ => Splice::new(&request, &question.content, &()),
        };
        match splice {
            Ok(splice) => {
                self.splice = Some(splice);
                Ok(self.wire.engine.accept(selection, &["h2c"], &(), &mut self.wire.out)?)
            }
            Err(reason) => self.stay(reason.text()),
        }
    }

    fn stay(&mut self, reason: &str) -> Result<(), Ended> {
        let octets = self.question.as_ref().map_or(0, |question| question.octets);
        self.reply(200, &[TEXT], format!("This is HTTP/1.1: {reason}. {octets} bytes of content came.\n"))
    }

    /// RFC 9298, 3.1: what cannot be reached is refused before anything is switched.
    pub(crate) fn negotiate_udp(&mut self) -> Result<(), Ended> {
        let Some(question) = &self.question else { return Ok(()) };
        match UdpTarget::parse(UdpTarget::TEMPLATE, &question.target) {
            None => self.reply(400, &[TEXT], "The path names no host and port.\n"),
            Some(target) if !udp::is_allowed(&target) => self.reply(403, &[TEXT], "Only to this machine.\n"),
            // Both sides of it are waited for at once, which this example does not do over TLS.
            Some(_) if self.wire.socket.is_secure() => self.reply(501, &[TEXT], "Not over TLS.\n"),
            Some(_) => self.negotiate(),
        }
    }

    /// A 426 has content like any other response. Which version of WebSocket would do, the engine says.
    fn require(&mut self, tokens: &[&str]) -> Result<(), Ended> {
        let text = format!("This needs another protocol: {}.\n", tokens.join(" or "));
        let length = text.len().to_string();
        let fields = [("Date", self.clock.date()), TEXT, ("Content-Length", &length)];
        self.wire.engine.require(tokens, &fields, &mut self.wire.out)?;
        self.explain();
        self.send_content(text.as_bytes())
    }
}

/// The subprotocol that is agreed on. An echo speaks each, so the one that the client likes best; some clients take no answer
/// without one (RFC 6455, 4.1, allows it).
fn subprotocol(connection: &Connection) -> Option<String> {
    switchover::websocket::subprotocols(&connection.request()?).next().map(String::from)
}
