//! Observation of a connection: its bytes, decisions and events.
//!
//! Use it to log the bytes while you develop, to visualise a connection, or to assert in a test
//! what happened. It shows everything, including passwords, which the `tracing` feature leaves out.
//! The [front page](crate#what-happens-on-the-wire) has an example of an observer; set it as
//! [`Config::observer`](crate::Config::observer):
//!
//! ```
//! # struct Log;
//! # impl switchover_tokio::observe::Observer for Log {
//! #     fn observe(
//! #         &self,
//! #         _: switchover_tokio::observe::Observation<'_>,
//! #         _: &switchover_tokio::switchover::Connection,
//! #     ) {
//! #     }
//! # }
//! use std::sync::Arc;
//! use switchover_tokio::Config;
//!
//! let config = Config { observer: Some(Arc::new(Log)), ..Config::default() };
//! ```
//!
//! One observer may watch many connections. To distinguish them, give each connection its own
//! observer, in its own config: see [`accept`](crate::accept).

use std::ops::Deref;
use std::sync::Arc;

use bytes::Bytes;
use switchover::{
    Connection, DataParts, End, Error, ErrorKind, Event, FieldSource, Next, Paused, RequestHead,
    ResponseHead, Selection, Step,
};

/// An observer of connections.
pub trait Observer: Send + Sync {
    /// Receives an observation, just after the observed action.
    ///
    /// `http` is the connection afterwards. Query it for its state, its position, or why an offer
    /// was declined. The task that runs the connection makes the call, so it must not block.
    fn observe(&self, what: Observation<'_>, http: &Connection);
}

impl std::fmt::Debug for dyn Observer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Observer")
    }
}

/// An observation: something that happened on a connection.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Observation<'a> {
    /// Bytes from the peer that the engine was given, before it parses them.
    ///
    /// The first bytes of a new protocol may be among them.
    Received(&'a [u8]),
    /// The peer closed its direction, or the transport failed.
    Ended(End),
    /// The engine emitted this event.
    Event(Event<'a>),
    /// The received message ended with the previous event; no own event marks its end.
    EndOfMessage,
    /// The engine emits no event until your code acts, or no further event at all.
    Paused(Paused),
    /// The engine rejected the peer's bytes or their early end, or memory ran out.
    Failed(Error),
    /// A call by your code or the adapter, and the bytes that it wrote for the peer.
    Decided(Decision<'a>, &'a [u8]),
    /// A call that the engine rejected with an error, and that wrote no bytes.
    Refused(Decision<'a>, Error),
    /// Bytes of the new protocol that [`Upgraded`](crate::Upgraded) has read.
    ///
    /// Bytes that arrived together with the upgrade are not included.
    UpgradedRead(&'a [u8]),
    /// Bytes of the new protocol that `Upgraded` has written.
    UpgradedWrite(&'a [u8]),
}

/// A call of a method of [`Connection`], with its arguments.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Decision<'a> {
    /// A call of [`Connection::send_request`], with the head and the offered protocols.
    Request(&'a RequestHead<'a>, &'a [&'a str]),
    /// A call of [`Connection::send_informational`], with the head of the response.
    Inform(&'a ResponseHead<'a>),
    /// A call of [`Connection::send_response`], with the head of the response.
    Response(&'a ResponseHead<'a>),
    /// A call of [`Connection::respond`], with the head and the content.
    Respond(&'a ResponseHead<'a>, &'a [u8]),
    /// A call of [`Connection::reject`], with the head and the content.
    Reject(&'a ResponseHead<'a>, &'a [u8]),
    /// A call of [`Connection::accept`]: selection, candidates, and field lines.
    Accept(Selection, &'a [&'a str], &'a dyn FieldSource),
    /// A call of [`Connection::require`], with the protocols and field lines.
    Require(&'a [&'a str], &'a dyn FieldSource),
    /// A call of [`Connection::advertise`], with the protocols.
    Advertise(&'a [&'a str]),
    /// A call of [`Connection::send_data`] or `send_data_parts`, with the content.
    Data(&'a [u8]),
    /// A call of [`Connection::send_end`], with trailers.
    End(&'a dyn FieldSource),
    /// A call of [`Connection::skip_content`].
    Skip,
    /// A call of [`Connection::close_after_response`].
    Close,
    /// A call of [`Connection::abandon`].
    Abandon,
    /// A call of [`Connection::resume_http`].
    Resume,
    /// A call of [`Connection::take_leftover`].
    Take,
}

/// A connection of the engine that reports to an observer, if there is one.
///
/// The adapter uses it. It is public for code that drives the engine itself.
///
/// It derefs to the [`Connection`] for read access. Each method but `new` acts as the one of that
/// name in [`Connection`], which documents its errors and when it may be called. Methods that only
/// read are not repeated here, and some that the adapter does not call are missing.
pub struct ObservedConnection {
    connection: Connection,
    observer: Option<Arc<dyn Observer>>,
}

impl Deref for ObservedConnection {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl ObservedConnection {
    /// Creates a connection that reports to `observer`; `None` disables reports.
    pub fn new(connection: Connection, observer: Option<Arc<dyn Observer>>) -> Self {
        Self { connection, observer }
    }

    #[inline]
    fn tell<'a>(&'a self, what: impl FnOnce(&'a Connection) -> Option<Observation<'a>>) {
        if let Some(observer) = &self.observer
            && let Some(what) = what(&self.connection)
        {
            self.observe(observer, what);
        }
    }

    /// Calls the observer; out of line, because few connections have one.
    #[cold]
    #[inline(never)]
    fn observe(&self, observer: &Arc<dyn Observer>, what: Observation<'_>) {
        observer.observe(what, &self.connection);
    }

    // Input: bytes in, events out.

    /// Calls [`Connection::receive`], then reports the bytes to the observer.
    ///
    /// # Errors
    ///
    /// Those of the engine.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.connection.receive(bytes)?;
        if let Some(observer) = &self.observer {
            self.observe(observer, Observation::Received(bytes));
        }
        Ok(())
    }

    /// Calls [`Connection::receive_buffer`], which causes no observation.
    ///
    /// # Errors
    ///
    /// Those of the engine.
    pub fn receive_buffer(&mut self, min: usize) -> Result<&mut [u8], Error> {
        self.connection.receive_buffer(min)
    }

    /// Calls [`Connection::commit`], then reports the appended bytes to the observer.
    pub fn commit(&mut self, len: usize) {
        let taken = self.connection.commit(len);
        // The bytes just committed are the last of the unread ones.
        self.tell(|http| {
            let bytes = http.unread();
            let begin = bytes.len().checked_sub(taken)?;
            (taken > 0).then(|| Observation::Received(&bytes[begin..]))
        });
    }

    /// Calls [`Connection::receive_eof`], then reports the end to the observer.
    pub fn receive_eof(&mut self, end: End) {
        self.connection.receive_eof(end);
        self.tell(|_| Some(Observation::Ended(end)));
    }

    /// Calls [`Connection::advance`], then reports the event, pause or error.
    ///
    /// # Errors
    ///
    /// Those of the engine.
    #[inline]
    pub fn advance(&mut self) -> Result<Step, Error> {
        let step = self.connection.advance();
        self.tell(|http| match step {
            Ok(Step::Event) => http.event().map(Observation::Event),
            Ok(Step::Paused(why)) => Some(Observation::Paused(why)),
            Ok(Step::NeedData) => None,
            Err(error) => Some(Observation::Failed(error)),
        });
        step
    }

    /// Acts as [`Connection::next_event`] does, and reports as [`Self::advance`] does.
    ///
    /// # Errors
    ///
    /// Those of the engine.
    #[inline]
    pub fn next_event(&mut self) -> Result<Next<'_>, Error> {
        Ok(match self.advance()? {
            Step::Paused(why) => Next::Paused(why),
            Step::Event => self.connection.event().map_or(Next::NeedData, Next::Event),
            Step::NeedData => Next::NeedData,
        })
    }

    /// Calls [`Connection::take_end`], then reports an end to the observer.
    #[inline]
    pub fn take_end(&mut self) -> bool {
        let has_ended = self.connection.take_end();
        self.tell(|_| has_ended.then_some(Observation::EndOfMessage));
        has_ended
    }

    /// Calls [`Connection::take_leftover`], then reports the call to the observer.
    pub fn take_leftover(&mut self) -> Bytes {
        let leftover = self.connection.take_leftover();
        self.tell(|_| Some(Observation::Decided(Decision::Take, &[])));
        leftover
    }

    // Output: decisions in, bytes out.

    #[inline]
    fn write(
        &mut self,
        decision: Decision<'_>,
        out: &mut Vec<u8>,
        verb: impl FnOnce(&mut Connection, &mut Vec<u8>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let before = out.len();
        let outcome = verb(&mut self.connection, out);
        if let Some(observer) = &self.observer {
            let what = match outcome {
                Ok(()) => Observation::Decided(decision, &out[before..]),
                Err(error) => Observation::Refused(decision, error),
            };
            self.observe(observer, what);
        }
        outcome
    }

    #[inline]
    fn decide(
        &mut self,
        decision: Decision<'_>,
        verb: impl FnOnce(&mut Connection) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.write(decision, &mut Vec::new(), |http, _| verb(http))
    }

    /// Calls [`Connection::send_request`], then reports the call or its error.
    pub fn send_request(
        &mut self,
        request: &RequestHead<'_>,
        offer: &[&str],
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        self.write(Decision::Request(request, offer), out, |http, out| {
            http.send_request(request, offer, out)
        })
    }

    /// Calls [`Connection::send_informational`], then reports the call or its error.
    pub fn send_informational(
        &mut self,
        response: &ResponseHead<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        self.write(Decision::Inform(response), out, |http, out| {
            http.send_informational(response, out)
        })
    }

    /// Calls [`Connection::send_response`], then reports the call or its error.
    #[inline]
    pub fn send_response(
        &mut self,
        response: &ResponseHead<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        self.write(Decision::Response(response), out, |http, out| http.send_response(response, out))
    }

    /// Calls [`Connection::respond`], then reports the call or its error.
    #[inline]
    pub fn respond(
        &mut self,
        response: &ResponseHead<'_>,
        content: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        self.write(Decision::Respond(response, content), out, |http, out| {
            http.respond(response, content, out)
        })
    }

    /// Calls [`Connection::reject`], then reports the call or its error.
    pub fn reject(
        &mut self,
        response: &ResponseHead<'_>,
        content: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        self.write(Decision::Reject(response, content), out, |http, out| {
            http.reject(response, content, out)
        })
    }

    /// Calls [`Connection::accept`], then reports the call or its error.
    ///
    /// `selection` was selected from `protocols`, which only the observer gets.
    pub fn accept(
        &mut self,
        selection: Selection,
        protocols: &[&str],
        fields: &dyn FieldSource,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let decision = Decision::Accept(selection, protocols, fields);
        self.write(decision, out, |http, out| http.accept(selection, fields, out))
    }

    /// Calls [`Connection::require`], then reports the call or its error.
    pub fn require(
        &mut self,
        protocols: &[&str],
        fields: &dyn FieldSource,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let decision = Decision::Require(protocols, fields);
        self.write(decision, out, |http, out| http.require(protocols, fields, out))
    }

    /// Calls [`Connection::advertise`], then reports the call or its error.
    ///
    /// # Errors
    ///
    /// Those of the engine.
    pub fn advertise(&mut self, protocols: &[&str]) -> Result<(), Error> {
        self.decide(Decision::Advertise(protocols), |http| http.advertise(protocols))
    }

    /// Calls [`Connection::send_data`], then reports the call or its error.
    ///
    /// # Errors
    ///
    /// Those of the engine.
    pub fn send_data(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        self.write(Decision::Data(data), out, |http, out| http.send_data(data, out))
    }

    /// Calls [`Connection::send_data_parts`], then reports the call or its error.
    ///
    /// `data` is the content.
    ///
    /// The observer gets prefix, content and suffix as one piece.
    ///
    /// # Errors
    ///
    /// Those of the engine.
    pub fn send_data_parts(&mut self, data: &[u8]) -> Result<DataParts, Error> {
        let parts = self.connection.send_data_parts(data.len() as u64);
        if let Some(observer) = &self.observer {
            let decision = Decision::Data(data);
            match &parts {
                Ok(parts) => {
                    let wrote = [parts.prefix(), data, parts.suffix()].concat();
                    self.observe(observer, Observation::Decided(decision, &wrote));
                }
                Err(error) => self.observe(observer, Observation::Refused(decision, *error)),
            }
        }
        parts
    }

    /// Calls [`Connection::send_end`], then reports the call or its error.
    ///
    /// # Errors
    ///
    /// Those of the engine.
    #[inline]
    pub fn send_end(&mut self, trailers: &dyn FieldSource, out: &mut Vec<u8>) -> Result<(), Error> {
        self.write(Decision::End(trailers), out, |http, out| http.send_end(trailers, out))
    }

    /// Calls [`Connection::skip_content`], then reports the call or its error.
    ///
    /// If there is nothing to skip, the error is not reported to the observer.
    ///
    /// # Errors
    ///
    /// Those of the engine.
    pub fn skip_content(&mut self) -> Result<(), Error> {
        let outcome = self.connection.skip_content();
        self.tell(|_| match outcome {
            Ok(()) => Some(Observation::Decided(Decision::Skip, &[])),
            Err(error) if error.kind() == ErrorKind::NoContent => None,
            Err(error) => Some(Observation::Refused(Decision::Skip, error)),
        });
        outcome
    }

    /// Calls [`Connection::close_after_response`], then reports the call or its error.
    ///
    /// # Errors
    ///
    /// Those of the engine.
    pub fn close_after_response(&mut self) -> Result<(), Error> {
        self.decide(Decision::Close, Connection::close_after_response)
    }

    /// Calls [`Connection::abandon`], then reports the call or its error.
    ///
    /// # Errors
    ///
    /// Those of the engine.
    pub fn abandon(&mut self) -> Result<(), Error> {
        self.decide(Decision::Abandon, Connection::abandon)
    }

    /// Calls [`Connection::resume_http`], then reports the call or its error.
    ///
    /// # Errors
    ///
    /// Those of the engine.
    pub fn resume_http(&mut self) -> Result<(), Error> {
        self.decide(Decision::Resume, Connection::resume_http)
    }

    /// Calls [`Connection::release`], which causes no observation.
    pub fn release(&mut self) {
        self.connection.release();
    }

    /// Reports bytes of the new protocol to the observer, unless there are none.
    #[inline]
    pub(crate) fn tell_of_new_protocol(&self, what: Observation<'_>) {
        match (&self.observer, what) {
            (None, _) | (_, Observation::UpgradedRead([]) | Observation::UpgradedWrite([])) => {}
            (Some(observer), what) => self.observe(observer, what),
        }
    }

    #[cfg(feature = "tracing")]
    pub(crate) fn trace(&mut self) -> Option<switchover::trace::Trace> {
        self.connection.trace()
    }
}
