//! Getters of a connection, and decisions that send nothing.

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
    /// Returns the machine's state.
    #[getter]
    fn state(&self) -> PyResult<State> {
        self.ask(|engine| State::of(engine.state()))
    }

    /// Returns how far our side has come.
    #[getter]
    pub(super) fn our_state(&self) -> PyResult<Member<H11State>> {
        self.ask(|engine| Member(H11State::ours(engine.role(), engine.state())))
    }

    /// Returns how far the peer's side has come.
    #[getter]
    pub(super) fn their_state(&self) -> PyResult<Member<H11State>> {
        self.ask(|engine| Member(H11State::theirs(engine.role(), engine.state())))
    }

    /// Returns the party that the connection is waiting for.
    #[getter]
    fn awaiting(&self) -> PyResult<Member<Awaiting>> {
        self.ask(|engine| Member(engine.awaiting()))
    }

    /// Returns whether to go on reading the transport.
    #[getter]
    fn wants_input(&self) -> PyResult<bool> {
        self.ask(|engine| engine.wants_input())
    }

    /// Returns whether our direction may carry the new protocol.
    #[getter]
    fn may_speak(&self) -> PyResult<bool> {
        self.ask(|engine| engine.may_speak())
    }

    /// Returns what the caller must send next.
    #[getter]
    fn owes(&self) -> PyResult<Member<Owes>> {
        self.ask(|engine| Member(engine.owes()))
    }

    /// Returns whether another request may follow.
    ///
    /// RFC 9112, section 9.3.
    #[getter]
    fn persists(&self) -> PyResult<bool> {
        self.ask(|engine| engine.persists())
    }

    /// Returns what is still to come of the message being received.
    ///
    /// RFC 9112, section 6.3.
    #[getter]
    fn content(&self) -> PyResult<Content> {
        self.ask(|engine| Content::of(engine.content()))
    }

    /// Returns the received bytes after the current event.
    ///
    /// Nothing has read them yet.
    #[getter]
    fn unread<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        self.ask(|engine| PyBytes::new(py, engine.unread()))
    }

    /// Folds the end of the message into the current event, if it is known.
    ///
    /// Next: answer.
    fn take_end(&self) -> PyResult<bool> {
        self.with(|inner| inner.engine.take_end())
    }

    /// Counts content that your code has read from the transport itself.
    ///
    /// Next: next_event. RFC 9112, section 6.
    fn pass_content(&self, py: Python<'_>, length: u64) -> PyResult<()> {
        self.call(py, |engine| engine.pass_content(length))
    }

    /// Gives the whole connection to another parser (server).
    ///
    /// Next: drop the engine, keep the transport.
    fn hand_over<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        self.call(py, |engine| engine.hand_over()).map(|bytes| PyBytes::new(py, &bytes))
    }

    /// Returns how to close the transport now.
    #[getter]
    fn closing(&self) -> PyResult<Member<Closing>> {
        self.ask(|engine| Member(engine.closing()))
    }

    /// Changes the limits, from the next message on.
    fn set_limits(&self, py: Python<'_>, config: &Config) -> PyResult<()> {
        self.call(py, |engine| engine.set_limits(&config.0.limits))
    }

    /// Returns the number of the peer's bytes that events have passed.
    #[getter]
    fn position(&self) -> PyResult<u64> {
        self.ask(|engine| engine.position())
    }

    /// Returns the current request, as long as its head is kept (server).
    #[getter]
    fn request(&self, py: Python<'_>) -> PyResult<Option<Request>> {
        self.ask(|engine| engine.request().map(|request| Request::of(py, request)).transpose())?
    }

    /// Returns the protocols that the latest 426 asks for (client).
    ///
    /// RFC 9110, section 15.5.22.
    #[getter]
    fn required(&self) -> PyResult<Tuple<Protocol>> {
        self.ask(|engine| Protocol::all(engine.required().iter()))
    }

    /// Returns the protocols that a 101 switched to, lowest layer first.
    #[getter]
    fn agreed(&self) -> PyResult<Tuple<Protocol>> {
        self.ask(|engine| Protocol::all(engine.agreed().iter()))
    }

    /// Returns the number of requests without a complete final response (client).
    #[getter]
    fn unanswered(&self) -> PyResult<u8> {
        self.ask(|engine| engine.unanswered())
    }

    /// Returns why the current cycle's upgrade did not happen.
    #[getter]
    fn why(&self) -> PyResult<Option<Member<Why>>> {
        self.ask(|engine| engine.why().map(Member))
    }

    /// Takes the first bytes of the new protocol out of the connection. Next: speak it.
    fn take_leftover<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        self.with(|inner| PyBytes::new(py, &inner.engine.take_leftover()))
    }

    /// Takes the trace since the last call.
    ///
    /// The oldest entries may have given way.
    fn trace(&self) -> PyResult<Vec<Trace>> {
        self.with(|inner| std::iter::from_fn(|| inner.engine.trace()).map(Trace::of).collect())
    }

    /// Server: one offered protocol that both sides can live with, for accept.
    ///
    /// RFC 9110, section 7.8.
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

    /// Returns the subprotocols that the current request asks for (server).
    ///
    /// In the client's order. RFC 6455, section 4.1.
    #[getter]
    fn subprotocols(&self) -> PyResult<Tuple<String>> {
        self.ask(|engine| {
            let request = engine.request();
            Tuple(request.iter().flat_map(websocket::subprotocols).map(Into::into).collect())
        })
    }

    /// Server: the subprotocol of an offered websocket that both sides can live with.
    ///
    /// Next: accept with it as the value of Sec-WebSocket-Protocol. RFC 6455, section 4.2.2.
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

    /// Decides how to accept the permessage-deflate of an offered websocket (server).
    ///
    /// Next: accept with it, as text, as the value of Sec-WebSocket-Extensions. RFC 7692, section
    /// 7.1.
    #[pyo3(signature = (own = Deflate::default()), text_signature = "($self, own=...)")]
    fn select_deflate(&self, own: Deflate) -> PyResult<Option<Deflate>> {
        self.ask(|engine| websocket::select_deflate(&engine.request()?, &own.0).map(Deflate))
    }

    /// Returns the offers that may be made to the next server (intermediary).
    ///
    /// Those of the current request. RFC 9110, section 7.6.1.
    #[getter]
    fn forwardable(&self) -> PyResult<Tuple<Protocol>> {
        self.ask(|engine| {
            Tuple(
                engine.request().iter().flat_map(gateway::forwardable).map(Protocol::of).collect(),
            )
        })
    }

    /// Announces on the next final response what could be upgraded to (server).
    ///
    /// Next: send_response. RFC 9110, section 7.8.
    fn advertise(&self, py: Python<'_>, protocols: ProtocolList) -> PyResult<()> {
        self.call(py, |engine| engine.advertise(&protocols.refs()))
    }

    /// Drops the rest of the content being received. Next: next_event.
    fn skip_content(&self, py: Python<'_>) -> PyResult<()> {
        self.call(py, |engine| engine.skip_content())
    }

    /// Ends the connection after this request's response.
    ///
    /// Next: go on; the engine closes when it is time. RFC 9112, section 9.6.
    fn close_after_response(&self, py: Python<'_>) -> PyResult<()> {
        self.call(py, |engine| engine.close_after_response())
    }

    /// Gives up.
    ///
    /// Next: close the transport's direction that has ended; next_event says which.
    fn abandon(&self, py: Python<'_>) -> PyResult<()> {
        self.call(py, |engine| engine.abandon())
    }

    /// Resumes HTTP above the new layer.
    ///
    /// Next: a server answers, a client receives. RFC 2817, section 3.
    fn resume_http(&self, py: Python<'_>) -> PyResult<()> {
        self.call(py, |engine| engine.resume_http())
    }

    /// Gives memory back where the connection is parked.
    fn release(&self) -> PyResult<()> {
        self.with(|inner| {
            inner.engine.release();
            inner.landing = None;
            inner.out = Vec::new();
            inner.offer = None;
        })
    }
}
