//! The engine, and everything that goes in and comes out written down. Each verb is the engine's own, told in the words of
//! a vector.

use std::io;
use std::rc::Rc;

use switchover::state::State;
use switchover::{Connection, End, Error, Event, FieldSource, Paused, RequestHead, ResponseHead, Selection, Step};

use crate::transcript::{Transcript, What, fields, list};

pub(crate) struct Engine {
    connection: Connection,
    pub(crate) transcript: Rc<Transcript>,
}

impl Engine {
    pub(crate) fn new(connection: Connection, transcript: Rc<Transcript>) -> Self {
        Self { connection, transcript }
    }

    /// What can be asked of it, and its current event.
    pub(crate) fn ask(&self) -> &Connection {
        &self.connection
    }

    pub(crate) fn state(&self) -> State {
        self.connection.state()
    }

    // Bytes in, events out.

    pub(crate) fn receive(&mut self, octets: &[u8]) -> Result<(), Error> {
        self.connection.receive(octets)?;
        self.tell(|| What::Received(octets));
        Ok(())
    }

    /// Has a reader put bytes straight into the engine's memory; how many it was.
    pub(crate) fn read_from(
        &mut self,
        most: usize,
        read: impl FnOnce(&mut [u8]) -> io::Result<usize>,
    ) -> Result<io::Result<usize>, Error> {
        let space = self.connection.receive_buffer(most)?;
        let outcome = read(space);
        if let Ok(len) = outcome {
            if len > 0 {
                self.transcript.tell_if_heard(|| What::Received(&space[..len]));
            }
            self.connection.commit(len);
        }
        Ok(outcome)
    }

    pub(crate) fn receive_eof(&mut self, end: End) {
        self.connection.receive_eof(end);
        self.tell(|| What::Ended(end));
    }

    pub(crate) fn advance(&mut self) -> Result<Step, Error> {
        let step = self.connection.advance();
        match step {
            Ok(Step::Event) => self.transcript.event(&self.connection),
            Ok(Step::Paused(Paused::Closed)) => self.tell(|| What::Paused(Paused::Closed)),
            Ok(_) => {}
            Err(error) => self.tell(|| What::Failed(error)),
        }
        self.transcript.state(&self.connection);
        step
    }

    pub(crate) fn take_leftover(&mut self) -> Vec<u8> {
        let leftover = self.connection.take_leftover();
        self.tell(|| What::Decided("take", &[]));
        leftover.into()
    }

    // Decisions in, bytes out.

    pub(crate) fn send_request(
        &mut self,
        head: &RequestHead<'_>,
        offer: &[&str],
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let words = || {
            let offer = if offer.is_empty() { String::new() } else { format!(" offer {}", list(offer)) };
            format!("request {} {}{offer}{}", head.method, head.target, fields(head.fields))
        };
        self.write(out, words, |connection, out| connection.send_request(head, offer, out))
    }

    pub(crate) fn send_informational(&mut self, status: u16, out: &mut Vec<u8>) -> Result<(), Error> {
        let words = || format!("inform {status}");
        self.write(out, words, |connection, out| connection.send_informational(&ResponseHead::new(status, &()), out))
    }

    pub(crate) fn send_response(&mut self, head: &ResponseHead<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
        let words = || format!("response {}{}", head.status, fields(head.fields));
        self.write(out, words, |connection, out| connection.send_response(head, out))
    }

    /// The selection is the first of these tokens, by whosever order it was made.
    pub(crate) fn accept(
        &mut self,
        selection: Selection,
        tokens: &[&str],
        lines: &dyn FieldSource,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let words = || format!("accept {}{}", tokens.get(selection.preference()).unwrap_or(&""), fields(lines));
        self.write(out, words, |connection, out| connection.accept(selection, lines, out))
    }

    pub(crate) fn require(&mut self, tokens: &[&str], lines: &dyn FieldSource, out: &mut Vec<u8>) -> Result<(), Error> {
        let words = || format!("require {}{}", list(tokens), fields(lines));
        self.write(out, words, |connection, out| connection.require(tokens, lines, out))
    }

    pub(crate) fn advertise(&mut self, tokens: &[&str]) -> Result<(), Error> {
        self.decide(|| format!("advertise {}", list(tokens)), |connection| connection.advertise(tokens))
    }

    pub(crate) fn send_data(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        let before = out.len();
        self.connection.send_data(data, out)?;
        self.gave(data, &out[before..]);
        Ok(())
    }

    /// Sends back the very bytes that the event shows.
    pub(crate) fn echo(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        let Some(Event::Data(data)) = self.connection.event() else { return Ok(()) };
        let (before, len) = (out.len(), data.len());
        let parts = self.connection.send_data_parts(len)?;
        out.extend_from_slice(parts.prefix());
        if let Some(Event::Data(data)) = self.connection.event() {
            out.extend_from_slice(data);
            out.extend_from_slice(parts.suffix());
            self.gave(data, &out[before..]);
        }
        Ok(())
    }

    pub(crate) fn send_end(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        self.write(out, || "end".into(), |connection, out| connection.send_end(&(), out))
    }

    pub(crate) fn skip_content(&mut self) -> Result<(), Error> {
        self.decide(|| "skip".into(), Connection::skip_content)
    }

    pub(crate) fn close_after_response(&mut self) -> Result<(), Error> {
        self.decide(|| "close".into(), Connection::close_after_response)
    }

    pub(crate) fn abandon(&mut self) -> Result<(), Error> {
        self.decide(|| "abandon".into(), Connection::abandon)
    }

    pub(crate) fn resume_http(&mut self) -> Result<(), Error> {
        self.decide(|| "resume".into(), Connection::resume_http)
    }

    // What they have in common.

    fn tell<'a>(&self, what: impl FnOnce() -> What<'a>) {
        self.transcript.tell_if_heard(what);
    }

    fn gave(&self, content: &[u8], wrote: &[u8]) {
        self.tell(|| What::Gave(content, wrote));
        self.transcript.state(&self.connection);
    }

    fn decide(
        &mut self,
        words: impl FnOnce() -> String,
        decision: impl FnOnce(&mut Connection) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.write(&mut Vec::new(), words, |connection, _| decision(connection))
    }

    fn write(
        &mut self,
        out: &mut Vec<u8>,
        words: impl FnOnce() -> String,
        decision: impl FnOnce(&mut Connection, &mut Vec<u8>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let before = out.len();
        let outcome = decision(&mut self.connection, out);
        if self.transcript.is_heard() {
            let words = words();
            match outcome {
                Ok(()) => self.transcript.tell(&What::Decided(&words, &out[before..])),
                Err(error) => self.transcript.tell(&What::Refused(&words, error)),
            }
            self.transcript.state(&self.connection);
        }
        outcome
    }
}
