//! The exchange of a client's request and its response.
//!
//! Content moves in both directions at once, as fast as the peer receives and sends it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body as HttpBody, Frame};
use switchover::{Awaiting, Content, Event, Next, Why};
use tokio::io::AsyncWrite;

use super::SWITCHED;
use super::content::{NextFrame, RequestContent, Sent};
use super::request::write_request_head;
use super::response::to_response;
use super::waiters::{Waiter, Waiters};
use crate::Transport;
use crate::config::Config;
use crate::error::{BoxError, Error, Timeout};
use crate::timeouts::Timeouts;
use crate::wire::{Deadline, Promise, Wire};

/// A client's connection, with the content of the request being sent.
pub(super) struct Exchange<S> {
    /// The transport and the engine; `None` after an upgrade or `close`.
    pub(super) wire: Option<Wire<S>>,
    timeouts: Timeouts,
    field_names: bool,
    pub(super) content: RequestContent,
    promise: Promise,
    /// Set once the whole request was encoded; its bytes may still be unsent.
    is_encoded: bool,
    /// Set while the head of a response is due, also after `send` was cancelled.
    awaits_head: bool,
    /// Set by a 4xx or 5xx response, until the next request begins.
    ///
    /// `close` and the next call of `send` then do not send the rest of the request.
    pub(super) is_refused: bool,
    /// The error that stopped the sending of a request after its response had begun.
    ///
    /// I/O errors are not stored.
    pub(super) failure: Option<Error>,
    /// The deadline for a 100 (Continue).
    expect_continue: Deadline,
    /// Set while content is withheld, because a 2xx came before a 100.
    ///
    /// It is cleared at the end of the response, or at the deadline for the 100.
    pub(super) is_withheld: bool,
    /// The reader of a response, and the task in `close` or `closed`.
    pub(super) waiters: Waiters,
    /// The number of bodies that hold the content of a response.
    pub(super) holders: usize,
    pub(super) on_informational: Option<Box<dyn FnMut(Response<()>) + Send>>,
}

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
            content: RequestContent::none(),
            promise: Promise::default(),
            is_encoded: true,
            awaits_head: false,
            is_refused: false,
            failure: None,
            expect_continue: Deadline::default(),
            is_withheld: false,
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

    /// Waits until the idle connection takes no further request; returns `true`.
    ///
    /// Returns `false` if the last response or request is incomplete, and no body of the response
    /// is held: the caller has to complete them.
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
        self.is_withheld = false;
        let (head, body) = request.into_parts();
        self.promise = write_request_head(&mut wire.http, wire.out.text(), head, &body, offer)?;
        self.is_encoded = body.is_end_stream() || self.promise.is_kept();
        self.is_refused = false;
        self.awaits_head = true;
        if self.is_encoded {
            if let Err(error) = wire.http.send_end(&(), wire.out.text()) {
                // Half a request must not leave.
                self.is_encoded = false;
                wire.discard_output();
                return Err(error.into());
            }
        } else {
            self.content.begin(body);
        }
        Ok(())
    }

    /// Receives the head of the response; `None` after an informational response.
    ///
    /// Content of the request may then be due.
    pub(super) fn poll_next_head(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Head>, Error>> {
        loop {
            let is_out = self.is_out();
            let wire = self.wire.as_mut().ok_or(SWITCHED)?;
            let waits_for_100 =
                !self.content.is_none() && wire.http.awaiting() == Awaiting::Continue;
            match wire.http.next_event()? {
                Next::Event(Event::Informational(response)) => {
                    if let Some(tell) = &mut self.on_informational {
                        tell(to_response(response, self.field_names)?);
                    }
                    wire.receiving.clear();
                    return Poll::Ready(Ok(None));
                }
                Next::Event(Event::Response(response)) => {
                    let response = to_response(response, self.field_names)?;
                    wire.receiving.clear();
                    self.awaits_head = false;
                    self.is_refused =
                        response.status().is_client_error() || response.status().is_server_error();
                    // A server that streams may read the content after its head, without a 100. If
                    // it sends no more, it gets the content (RFC 9110 10.1.1).
                    self.is_withheld = waits_for_100 && response.status().is_success();
                    self.expect_continue.clear();
                    let has_ended = wire.http.take_end();
                    if waits_for_100 && (has_ended || !self.is_withheld) {
                        self.withhold();
                    }
                    let wire = self.wire.as_mut().ok_or(SWITCHED)?;
                    let content = if has_ended {
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
                    let head = Head::Response(response.map(|()| content), why, required);
                    return Poll::Ready(Ok(Some(head)));
                }
                Next::Event(Event::Switched(_)) => return Poll::Ready(Ok(Some(Head::Switched))),
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

    /// Gives up content that the server has not asked for, as its response has come.
    ///
    /// Without the content no other request can follow, so the connection closes after the
    /// response. Our direction stays open: servers take its end for a client that left. RFC 9110,
    /// section 10.1.1.
    pub(super) fn withhold(&mut self) {
        self.is_withheld = false;
        self.content.give_up();
        if let Some(wire) = &mut self.wire {
            // Fails if the server has already closed the connection, which does not matter.
            let _ = wire.http.close_after_response();
        }
    }

    /// Takes out the content to poll; `None` if none is due now.
    ///
    /// Pending if the output buffer is full. Next: `put_back` or `encode`.
    pub(super) fn poll_wanted(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Pin<Box<Sent>>>, Error>> {
        let wire = self.wire.as_mut().ok_or(SWITCHED)?;
        if self.content.is_none() {
            return Poll::Ready(Ok(None));
        }
        if self.is_withheld || wire.http.awaiting() == Awaiting::Continue {
            self.expect_continue
                .wait_for(Timeout::ExpectContinue, Some(self.timeouts.expect_continue));
            if self.expect_continue.poll_timeout(&mut wire.alarm, context).is_pending() {
                return Poll::Ready(Ok(None));
            }
            self.is_withheld = false;
        }
        if wire.out.is_full() {
            ready!(wire.poll_send(context))?;
        }
        Poll::Ready(Ok(self.content.take_out()))
    }

    /// Encodes a frame of content, and puts the content back unless it has ended.
    ///
    /// Encodes nothing if the content was given up while it was polled.
    pub(super) fn encode(
        &mut self,
        content: Pin<Box<Sent>>,
        frame: NextFrame,
    ) -> Result<(), Error> {
        // The caller polls it again, so no task needs to be woken.
        if self.content.put_back(content).is_none() {
            return Ok(());
        }
        let wire = self.wire.as_mut().ok_or(SWITCHED)?;
        let trailers = match frame.map(|frame| frame.map(Frame::into_data)) {
            Some(Ok(Ok(data))) => {
                wire.write_data(self.promise.part(data))?;
                if !self.promise.is_kept() {
                    return Ok(());
                }
                None
            }
            Some(Ok(Err(frame))) => frame.into_trailers().ok(),
            None => None,
            Some(Err(error)) => {
                let abandoned = wire.http.abandon();
                self.content.give_up();
                abandoned?;
                return Err(Error::Body(error));
            }
        };
        self.is_encoded = true;
        let ended = wire.write_end(trailers);
        self.content.give_up();
        ended
    }

    pub(super) fn poll_output_sent(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Error>> {
        ready!(self.wire.as_mut().ok_or(SWITCHED)?.poll_send(context))?;
        if self.content.is_none() { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    /// Stops the sending of the request; its unsent bytes are dropped.
    pub(super) fn stop_sending(&mut self) {
        self.content.give_up();
        self.is_encoded = false;
        if let Some(wire) = &mut self.wire {
            wire.discard_output();
        }
    }

    /// Receives the next frame of the response.
    pub(super) fn poll_frame(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let is_out = self.is_out();
        let Some(wire) = &mut self.wire else {
            return Poll::Ready(Some(Err(Error::Cancelled("the client was closed meanwhile"))));
        };
        if self.failure.is_some() {
            // The server may wait for the rest before it ends its response. It has failed if this
            // does.
            let _ = Pin::new(&mut wire.stream).poll_shutdown(context);
        }
        let timeout = self.timeouts.content.filter(|_| is_out || self.is_withheld);
        let frame = ready!(wire.poll_content(context, timeout));
        wire.receiving.clear();
        self.expect_continue.clear();
        let has_ended = !matches!(&frame, Some(Ok(frame)) if frame.is_data());
        if has_ended && self.is_withheld {
            self.withhold();
        }
        self.waiters.wake(Waiter::Closer);
        Poll::Ready(frame)
    }

    /// Returns whether nothing more of the request will be sent.
    pub(super) fn is_out(&self) -> bool {
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
}
