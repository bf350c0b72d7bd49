//! The exchange of a client's request and its response.
//!
//! Content moves in both directions at once, as fast as the peer receives and sends it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http::{Request, Response};
use http_body::{Body as HttpBody, Frame};
use pin_project_lite::pin_project;
use switchover::{Awaiting, Content, Event, Next, ResponseHead, Why};
use tokio::io::AsyncWrite;

use super::SWITCHED;
use super::request::write_request_head;
use super::waiters::{Waiter, Waiters};
use crate::body::Source;
use crate::config::Config;
use crate::error::{BoxError, Error, Timeout};
use crate::field_names::FieldNames;
use crate::sync::{Mutex, lock};
use crate::timeouts::Timeouts;
use crate::wire::{Deadline, Wire};
use crate::{ReasonPhrase, Transport};

/// A connection, and the content of the request being sent.
pub(super) struct Exchange<S> {
    /// The transport and the engine; `None` after an upgrade or `close`.
    pub(super) wire: Option<Wire<S>>,
    timeouts: Timeouts,
    field_names: bool,
    content: Option<Pin<Box<Sent>>>,
    /// Set once the whole request was encoded; its bytes may still be unsent.
    is_encoded: bool,
    /// Set while the head of a response is due, also after `send` was cancelled.
    awaits_head: bool,
    /// Set by an error response: `close` and the next request do not send the rest.
    pub(super) is_refused: bool,
    /// The error that stopped the sending of a request after its response had begun.
    failure: Option<Error>,
    /// The deadline for a 100 (Continue).
    expect_continue: Deadline,
    /// The reader of a response, and the task in `close` or `closed`.
    pub(super) waiters: Waiters,
    /// The number of bodies that hold the content of a response.
    pub(super) holders: usize,
    pub(super) on_informational: Option<Box<dyn FnMut(Response<()>) + Send>>,
}

type Sent = dyn HttpBody<Data = Bytes, Error = BoxError> + Send;

/// The final response to a request, or the switch to another protocol.
pub(super) enum Head {
    /// A response without its content.
    ///
    /// The body of the `Response` is `None` without content, `Some(None)` if its length is unknown.
    /// The other fields are why an offer was declined, and the protocols that a 426 requires.
    Response(Response<Option<Option<u64>>>, Option<Why>, Vec<String>),
    Switched,
}

impl<S: Transport> Exchange<S> {
    pub(super) fn new(wire: Wire<S>, config: &Config) -> Self {
        Self {
            wire: Some(wire),
            timeouts: config.timeouts,
            field_names: config.field_names,
            content: None,
            is_encoded: true,
            awaits_head: false,
            is_refused: false,
            failure: None,
            expect_continue: Deadline::default(),
            waiters: Waiters::new(),
            holders: 0,
            on_informational: None,
        }
    }

    /// Reads bytes that the server sent although no request is in progress.
    ///
    /// If there are any, the engine rejects the next request (RFC 9112, section 9.2). Fails if the
    /// server has unexpectedly closed the connection.
    pub(super) fn look(&mut self, context: &mut Context<'_>) -> Result<(), Error> {
        let wire = self.wire.as_mut().ok_or(SWITCHED)?;
        if !wire.is_read_closed() {
            let _ = wire.poll_receive(context)?;
        }
        // After `Connection: close`, or with unread bytes, the engine rejects the request itself,
        // with the reason.
        if wire.is_read_closed() && wire.http.persists() {
            return Err(Error::Disconnected("the server has ended the connection"));
        }
        Ok(())
    }

    /// Waits until the idle connection takes no further request, which is `true`.
    ///
    /// It is `false` if the last response or request is incomplete, and nobody reads it any more.
    pub(super) fn poll_closed(&mut self, context: &mut Context<'_>) -> Poll<bool> {
        let waker = self.waiters.register(Waiter::Closer, context);
        let context = &mut Context::from_waker(&waker);
        while self.persists() {
            let is_sent = self.has_sent();
            let Some(wire) = &mut self.wire else { return Poll::Ready(true) };
            // What comes now belongs to the response, whose reader takes it and wakes this.
            if wire.http.unanswered() > 0 || !is_sent {
                if self.holders == 0 {
                    return Poll::Ready(false);
                }
                return Poll::Pending;
            }
            if !wire.http.unread().is_empty() || ready!(wire.poll_receive(context)).is_err() {
                return Poll::Ready(true);
            }
        }
        Poll::Ready(true)
    }

    pub(super) fn begin<B>(&mut self, request: Request<B>, offer: &[&str]) -> Result<(), Error>
    where
        B: HttpBody<Error: Into<BoxError>> + Send + 'static,
    {
        let wire = self.wire.as_mut().ok_or(SWITCHED)?;
        self.expect_continue.clear();
        let (head, body) = request.into_parts();
        write_request_head(&mut wire.http, wire.out.text(), head, &body, offer)?;
        (self.is_encoded, self.is_refused) = (body.is_end_stream(), false);
        self.awaits_head = true;
        if self.is_encoded {
            wire.http.send_end(&(), wire.out.text())?;
        } else {
            self.content = Some(Box::pin(BytesBody { body }));
        }
        Ok(())
    }

    pub(super) fn poll_head(&mut self, context: &mut Context<'_>) -> Poll<Result<Head, Error>> {
        loop {
            self.send_on(context)?;
            let is_out = self.is_out();
            let wire = self.wire.as_mut().ok_or(SWITCHED)?;
            let waits_for_100 =
                self.content.is_some() && wire.http.awaiting() == Awaiting::Continue;
            match wire.http.next_event()? {
                Next::Event(Event::Informational(response)) => {
                    if let Some(tell) = &mut self.on_informational {
                        tell(Response::try_from(response).map_err(invalid)?);
                    }
                    wire.receiving.clear();
                }
                Next::Event(Event::Response(response)) => {
                    let usual = ResponseHead::usual_reason(response.status()).as_bytes();
                    let own = Some(response.reason())
                        .filter(|&reason| reason != usual)
                        .map(Bytes::copy_from_slice);
                    let names = self.field_names.then(|| FieldNames::of(response.fields()));
                    let mut response = Response::<()>::try_from(response).map_err(invalid)?;
                    if let Some(names) = names {
                        response.extensions_mut().insert(names);
                    }
                    if let Some(reason) = own {
                        response.extensions_mut().insert(ReasonPhrase::new(reason));
                    }
                    wire.receiving.clear();
                    self.awaits_head = false;
                    self.is_refused =
                        response.status().is_client_error() || response.status().is_server_error();
                    if waits_for_100 {
                        // The server does not want the content. Without it, no other request can
                        // follow (RFC 9110 10.1.1).
                        self.content = None;
                        // Fails if the server has already closed the connection, which does not
                        // matter.
                        let _ = wire.http.close_after_response();
                    }
                    let content = if wire.http.take_end() {
                        None
                    } else {
                        Some(match wire.http.content() {
                            Content::Length(length) => Some(length),
                            _ => None,
                        })
                    };
                    let why = wire.http.why();
                    let required =
                        wire.http.required().iter().map(|protocol| protocol.to_string()).collect();
                    return Poll::Ready(Ok(Head::Response(
                        response.map(|()| content),
                        why,
                        required,
                    )));
                }
                Next::Event(Event::Switched(_)) => return Poll::Ready(Ok(Head::Switched)),
                Next::Event(_) => {}
                Next::Paused(_) => {
                    return Poll::Ready(Err(Error::Disconnected(
                        "the server has closed without an answer",
                    )));
                }
                Next::NeedData => {
                    // Before the request was sent, the server need not respond.
                    let timeout = self.timeouts.response.filter(|_| is_out);
                    wire.receiving.wait_for(Timeout::Response, timeout);
                    ready!(wire.poll_receive(context))?;
                }
            }
        }
    }

    /// Sends content while the response is awaited or read.
    ///
    /// A server that accepts no more content may still respond. So an I/O error only stops the
    /// sending; other errors are returned too.
    fn send_on(&mut self, context: &mut Context<'_>) -> Result<(), Error> {
        let Poll::Ready(Err(error)) = self.poll_content_sent(context) else { return Ok(()) };
        (self.content, self.is_encoded) = (None, false);
        if let Some(wire) = &mut self.wire {
            wire.discard_output();
        }
        match error {
            Error::Io(_) => Ok(()),
            error => Err(error),
        }
    }

    /// Sends as much content as is available and the server accepts.
    ///
    /// Ready once no content is left to send; `is_encoded` is false if the content was given up.
    fn poll_content_sent(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let wire = self.wire.as_mut().ok_or(SWITCHED)?;
        let mut waits = false;
        if self.content.is_some() && wire.http.awaiting() == Awaiting::Continue {
            self.expect_continue
                .wait_for(Timeout::ExpectContinue, Some(self.timeouts.expect_continue));
            waits = self.expect_continue.poll_timeout(&mut wire.alarm, context).is_pending();
        }
        while let Some(content) = &mut self.content
            && !waits
        {
            if wire.out.is_full() {
                ready!(wire.poll_send(context))?;
            }
            let Poll::Ready(frame) = content.as_mut().poll_frame(context) else { break };
            match frame.map(|frame| frame.map(Frame::into_data)) {
                Some(Ok(Ok(data))) => wire.write_data(data)?,
                Some(Ok(Err(frame))) => {
                    (self.content, self.is_encoded) = (None, true);
                    wire.write_end(frame.into_trailers().ok())?;
                }
                None => {
                    (self.content, self.is_encoded) = (None, true);
                    wire.write_end(None)?;
                }
                Some(Err(error)) => {
                    self.content = None;
                    wire.http.abandon()?;
                    return Poll::Ready(Err(Error::Body(error)));
                }
            }
        }
        ready!(wire.poll_send(context))?;
        if self.content.is_none() { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    /// Waits until the whole request was sent, while others may read the response.
    pub(super) fn poll_sent_beside(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Error>> {
        let waker = self.waiters.register(Waiter::Closer, context);
        self.poll_sent(&mut Context::from_waker(&waker))
    }

    /// Waits until the whole request was sent.
    pub(super) fn poll_sent(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        ready!(self.poll_content_sent(context))?;
        Poll::Ready(self.sent())
    }

    /// Returns whether nothing more of the request will be sent.
    fn is_out(&self) -> bool {
        self.content.is_none() && self.wire.as_ref().is_none_or(|wire| wire.out.is_empty())
    }

    pub(super) fn has_sent(&self) -> bool {
        self.is_encoded && self.is_out()
    }

    /// Returns whether the connection allows another request, as far as is known.
    pub(super) fn persists(&self) -> bool {
        let is_given_up = self.content.is_none() && !self.is_encoded;
        let may_send = !is_given_up && self.is_rest_wanted();
        let is_open =
            |wire: &Wire<S>| wire.http.persists() && !wire.is_read_closed() && wire.is_writable();
        !self.awaits_head
            && (self.has_sent() || may_send)
            && self.wire.as_ref().is_some_and(is_open)
    }

    /// Fails if the request was not sent completely, with the reason.
    pub(super) fn sent(&mut self) -> Result<(), Error> {
        match self.failure.take() {
            _ if self.has_sent() => Ok(()),
            Some(failure) => Err(failure),
            None => Err(Error::Disconnected("the server has not taken the request")),
        }
    }

    /// Returns whether the server may still want the rest of the request.
    pub(super) fn is_rest_wanted(&self) -> bool {
        !self.is_refused && self.wire.as_ref().is_some_and(|wire| wire.http.persists())
    }

    pub(super) fn poll_content(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let waker = self.waiters.register(Waiter::Reader, context);
        let context = &mut Context::from_waker(&waker);
        // A response that has begun is received, whatever becomes of the request: the server may
        // have answered early.
        let was_out = self.is_out();
        if let Err(error) = self.send_on(context) {
            self.failure = Some(error);
        }
        let is_out = self.is_out();
        if is_out && !was_out {
            self.waiters.wake();
        }
        let Some(wire) = &mut self.wire else {
            return Poll::Ready(Some(Err(Error::Cancelled("the client was closed meanwhile"))));
        };
        if self.failure.is_some() {
            // The server may wait for the rest before it ends its response. It has failed if this
            // does.
            let _ = Pin::new(&mut wire.stream).poll_shutdown(context);
        }
        let timeout = self.timeouts.content.filter(|_| is_out);
        let frame = ready!(wire.poll_content(context, timeout));
        wire.receiving.clear();
        self.waiters.wake();
        Poll::Ready(frame)
    }
}

impl<S: Transport> Source for Mutex<Exchange<S>> {
    fn release(&self) {
        let mut exchange = lock(self);
        exchange.holders -= 1;
        exchange.waiters.wake();
    }

    fn poll_frame(&self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        lock(self).poll_content(context)
    }

    fn left(&self) -> Option<u64> {
        match lock(self).wire.as_ref()?.http.content() {
            Content::Length(length) => Some(length),
            Content::None => Some(0),
            _ => None,
        }
    }

    fn take_end(&self) -> bool {
        lock(self).wire.as_mut().is_some_and(|wire| wire.http.take_end())
    }
}

fn invalid(error: http::Error) -> Error {
    Error::Io(std::io::Error::new(std::io::ErrorKind::InvalidData, error))
}

pin_project! {
    /// A body with its data converted to `Bytes` and its errors to `BoxError`.
    struct BytesBody<B> {
        #[pin]
        body: B,
    }
}

impl<B: HttpBody<Error: Into<BoxError>>> HttpBody for BytesBody<B> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(self.project().body.poll_frame(context));
        let frame = frame.map(|frame| {
            frame.map(|frame| frame.map_data(|mut data| data.copy_to_bytes(data.remaining())))
        });
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }
}
