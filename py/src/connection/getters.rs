//! Getters of a connection, and methods that change it but send nothing.

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use switchover::binding::Bound as _;
use switchover::{Awaiting, Closing, Order, Owes, Why, gateway, websocket};

use super::Connection;
use crate::args::ProtocolList;
use crate::config::Config;
use crate::enums::Member;
use crate::head::Request;
use crate::stage::H11State;
use crate::values::{Content, Protocol, Selection, State, Trace, Tuple};
use crate::websocket::Deflate;

#[pymethods]
impl Connection {
    /// Returns the state of the connection's state machine.
    #[getter]
    fn state(&self) -> PyResult<State> {
        self.ask(|engine| State::of(engine.state()))
    }

    /// Returns the state of this side, with the names that h11 uses.
    #[getter]
    pub(super) fn our_state(&self) -> PyResult<Member<H11State>> {
        self.ask(|engine| Member(H11State::ours(engine.role(), engine.state())))
    }

    /// Returns the state of the peer's side, with the names that h11 uses.
    #[getter]
    pub(super) fn their_state(&self) -> PyResult<Member<H11State>> {
        self.ask(|engine| Member(H11State::theirs(engine.role(), engine.state())))
    }

    /// Returns the party that the connection is waiting for; choose a timeout by it.
    #[getter]
    fn awaiting(&self) -> PyResult<Member<Awaiting>> {
        self.ask(|engine| Member(engine.awaiting()))
    }

    /// Returns whether the caller should read from the transport and pass the bytes on.
    #[getter]
    fn wants_input(&self) -> PyResult<bool> {
        self.ask(|engine| engine.wants_input())
    }

    /// Returns whether this side has switched and may send the new protocol.
    #[getter]
    fn may_speak(&self) -> PyResult<bool> {
        self.ask(|engine| engine.may_speak())
    }

    /// Returns what the caller must send next.
    #[getter]
    fn owes(&self) -> PyResult<Member<Owes>> {
        self.ask(|engine| Member(engine.owes()))
    }

    /// Returns whether another request may follow on this connection.
    ///
    /// RFC 9112, section 9.3.
    #[getter]
    fn persists(&self) -> PyResult<bool> {
        self.ask(|engine| engine.persists())
    }

    /// Returns how much content of the message being received is still to come.
    ///
    /// RFC 9112, section 6.3.
    #[getter]
    fn content(&self) -> PyResult<Content> {
        self.ask(|engine| Content::of(engine.content()))
    }

    /// Returns a copy of the received bytes after the current event, not parsed yet.
    #[getter]
    fn unread<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        self.ask(|engine| PyBytes::new(py, engine.unread()))
    }

    /// Merges the end of the message into the current event, if that is its last.
    ///
    /// Returns true if it is known to be the last: no EndOfMessage follows then.
    fn take_end(&self) -> PyResult<bool> {
        self.with(|inner| inner.engine.take_end())
    }

    /// Counts bytes of content that your code has read without the engine.
    ///
    /// Next: next_event. RFC 9112, section 6.
    fn pass_content(&self, py: Python<'_>, length: u64) -> PyResult<()> {
        self.call(py, |engine| engine.pass_content(length))
    }

    /// Hands the whole connection over to another HTTP parser (server).
    ///
    /// Returns the current request's head and all bytes after it. Raises LocalProtocolError once
    /// something after the head was read, or a final response or 101 was sent. Next: discard the
    /// connection object, keep the transport.
    fn hand_over<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        self.call(py, |engine| engine.hand_over()).map(|bytes| PyBytes::new(py, &bytes))
    }

    /// Returns how to close the transport now.
    #[getter]
    fn closing(&self) -> PyResult<Member<Closing>> {
        self.ask(|engine| Member(engine.closing()))
    }

    /// Changes the limits to those of `config`, from the next message on.
    ///
    /// Raises LocalProtocolError while a request or its response is incomplete, and once a part of
    /// the next head has been read.
    fn set_limits(&self, py: Python<'_>, config: &Config) -> PyResult<()> {
        self.call(py, |engine| engine.set_limits(&config.0.limits))
    }

    /// Returns the number of bytes received up to the end of the current event.
    #[getter]
    fn position(&self) -> PyResult<u64> {
        self.ask(|engine| engine.position())
    }

    /// Returns the current request, as long as its head is kept (server).
    ///
    /// The head is kept while its event is current. With an offer or a CONNECT it is kept at least
    /// until that is declined or receiving ends. None once it is not kept.
    #[getter]
    fn request(&self, py: Python<'_>) -> PyResult<Option<Request>> {
        self.ask(|engine| engine.request().map(|request| Request::of(py, request)).transpose())?
    }

    /// Returns the protocols that a 426 to the latest request requires (client).
    ///
    /// Empty if the response is no 426; until it arrives, they are those of an earlier request. RFC
    /// 9110, section 15.5.22.
    #[getter]
    fn required(&self) -> PyResult<Tuple<Protocol>> {
        self.ask(|engine| Protocol::all(engine.required().iter()))
    }

    /// Returns the protocols that a 101 switched to, lowest layer first; else empty.
    #[getter]
    fn agreed(&self) -> PyResult<Tuple<Protocol>> {
        self.ask(|engine| Protocol::all(engine.agreed().iter()))
    }

    /// Returns the number of requests without a complete final response (client).
    ///
    /// Those that `Response.dropped` has counted are not among them.
    #[getter]
    fn unanswered(&self) -> PyResult<u8> {
        self.ask(|engine| engine.unanswered())
    }

    /// Returns why the latest request's upgrade did not happen.
    ///
    /// None if it did happen, before the first request, and if a server could not read the head.
    #[getter]
    fn why(&self) -> PyResult<Option<Member<Why>>> {
        self.ask(|engine| engine.why().map(Member))
    }

    /// Removes and returns the received bytes of the new protocol.
    ///
    /// Next: pass them to the code that speaks the new protocol.
    fn take_leftover<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        self.with(|inner| PyBytes::new(py, &inner.engine.take_leftover()))
    }

    /// Returns the trace entries since the last call and removes them.
    ///
    /// The connection keeps only the latest 32.
    fn trace(&self) -> PyResult<Vec<Trace>> {
        self.with(|inner| std::iter::from_fn(|| inner.engine.trace()).map(Trace::of).collect())
    }

    /// Selects an offered protocol that the server supports too (server).
    ///
    /// Returns a selection for accept, or None if no protocol matches or no offer is
    /// undecided. RFC 9110, section 7.8.
    #[pyo3(
        signature = (preferences, order = Member(Order::Client)),
        text_signature = "($self, preferences, order=...)"
    )]
    fn select(
        &self,
        preferences: ProtocolList,
        order: Member<Order>,
    ) -> PyResult<Option<Selection>> {
        self.ask(|engine| engine.select(&preferences.refs(), order.0).map(Selection))
    }

    /// Returns the WebSocket subprotocols that the current request offers (server).
    ///
    /// In the client's order. RFC 6455, section 4.1.
    #[getter]
    fn subprotocols(&self) -> PyResult<Tuple<String>> {
        self.ask(|engine| {
            let request = engine.request();
            Tuple(request.iter().flat_map(websocket::subprotocols).map(Into::into).collect())
        })
    }

    /// Selects a subprotocol of an offered websocket that both sides support (server).
    ///
    /// None if none matches. Next: accept with it as the value of Sec-WebSocket-Protocol. RFC 6455,
    /// section 4.2.2.
    #[pyo3(
        signature = (preferences, order = Member(Order::Client)),
        text_signature = "($self, preferences, order=...)"
    )]
    fn select_subprotocol(
        &self,
        preferences: ProtocolList,
        order: Member<Order>,
    ) -> PyResult<Option<String>> {
        self.ask(|engine| {
            let chosen =
                websocket::select_subprotocol(&engine.request()?, &preferences.refs(), order.0);
            chosen.map(Into::into)
        })
    }

    /// Negotiates the permessage-deflate parameters of an offered websocket (server).
    ///
    /// None if no offer of it can be accepted. Next: accept with str() of it as the value of
    /// Sec-WebSocket-Extensions. RFC 7692, section 7.1.
    #[pyo3(signature = (own = Deflate::default()), text_signature = "($self, own=...)")]
    fn select_deflate(&self, own: Deflate) -> PyResult<Option<Deflate>> {
        self.ask(|engine| websocket::select_deflate(&engine.request()?, &own.0).map(Deflate))
    }

    /// Returns the offered protocols that an intermediary may offer to its server.
    ///
    /// They are offered by the current request, can be accepted, and are not limited to one hop.
    /// RFC 9110, section 7.6.1.
    #[getter]
    fn forwardable(&self) -> PyResult<Tuple<Protocol>> {
        self.ask(|engine| {
            Tuple(
                engine.request().iter().flat_map(gateway::forwardable).map(Protocol::of).collect(),
            )
        })
    }

    /// Advertises protocols in the Upgrade field of the next final response (server).
    ///
    /// Next: send_response. RFC 9110, section 7.8.
    fn advertise(&self, py: Python<'_>, protocols: ProtocolList) -> PyResult<()> {
        self.call(py, |engine| engine.advertise(&protocols.refs()))
    }

    /// Discards the rest of the content of the message being received.
    ///
    /// If more than the limit `drain` follows, receiving ends. Next: next_event.
    fn skip_content(&self, py: Python<'_>) -> PyResult<()> {
        self.call(py, |engine| engine.skip_content())
    }

    /// Makes the response to the current request the last on the connection.
    ///
    /// If no request is pending, HTTP ends at once. Raises LocalProtocolError (TOO_LATE) once a
    /// server's response has begun that does not close the connection. Next: go on as before. RFC
    /// 9112, section 9.6.
    fn close_after_response(&self, py: Python<'_>) -> PyResult<()> {
        self.call(py, |engine| engine.close_after_response())
    }

    /// Gives up the request being sent, or the whole connection.
    ///
    /// A client with an unfinished request truncates it. In every other state, or at a second call,
    /// HTTP ends in both directions. Next: close the direction of the transport that has ended, or
    /// the whole transport as `closing` returns.
    fn abandon(&self, py: Python<'_>) -> PyResult<()> {
        self.call(py, |engine| engine.abandon())
    }

    /// Resumes HTTP within the new protocol, such as TLS, after a 101.
    ///
    /// The response to the original request is sent there. Raises LocalProtocolError before both
    /// directions have switched and the leftover is taken. Next: a server responds, a client
    /// receives. RFC 2817, section 3.
    fn resume_http(&self, py: Python<'_>) -> PyResult<()> {
        self.call(py, |engine| engine.resume_http())
    }

    /// Releases memory that an idle connection does not need.
    ///
    /// The current event ends; the contents of trace, required and agreed may be lost.
    fn release(&self) -> PyResult<()> {
        self.with(|inner| {
            inner.engine.release();
            inner.landing = None;
            inner.out = Vec::new();
            inner.offer = None;
        })
    }
}
