//! The loop over the requests of a connection, and its end.

use std::future::{Future, poll_fn};
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::{Response, StatusCode};
use switchover::{Awaiting, Content, Event, Next, ResponseHead};
use tokio::sync::watch;

use super::response::{ResponseKind, ResponseOutcome};
use super::{Failure, NO_HTTP2, NextRequest, RequestHandles, ServerConnection};
use crate::body::{Body, Channel};
use crate::client_end::ClientEndSender;
use crate::config::{Config, Http2Connection, Http2Handler};
use crate::error::{BoxError, Error, Timeout, content_error};
use crate::field_names::FieldNames;
use crate::handler::{ErrorMappers, HttpService};
use crate::informational::InformationalSender;
use crate::observe::ObservedConnection;
use crate::shutdown::ShutdownSignal;
use crate::upgrade::{PendingUpgrade, UpgradeCallback, Upgraded};
use crate::wire::{Deadline, Wire};
use crate::{Transport, date, trace};

impl<'c, S: Transport, H: HttpService, F: Future<Output = ()>> ServerConnection<'c, S, H, F> {
    pub(super) fn new(
        wire: Wire<S>,
        handler: H,
        errors: ErrorMappers<H>,
        config: &'c Config,
        stop: Pin<&'c mut F>,
    ) -> Self {
        Self {
            wire,
            handler,
            errors,
            config,
            stop,
            is_stopping: false,
            client_end: config.client_end.then(ClientEndSender::new),
            handling: Deadline::default(),
            question: NextRequest::default(),
            is_asked: false,
            memory: BytesMut::new(),
        }
    }

    /// Serves the connection to its end.
    ///
    /// If `is_asked` is set, the request in `question` is served first.
    #[expect(clippy::manual_async_fn, reason = "an `async fn` holds its arguments twice")]
    pub(super) fn run(mut self) -> impl Future<Output = Result<(), Error>> {
        async move {
            let ended = self.requests().await;
            let error = match ended {
                Ok(Ending::Switched(pending)) => {
                    let callback = pending.take_callback();
                    let callback =
                        callback.ok_or(Error::Misuse("nothing takes the connection over"))?;
                    self.wire.flush().await?;
                    // The end of content that was read exactly may come first.
                    while let Next::Event(event) = self.wire.http.next_event()?
                        && !matches!(event, Event::Switched(_))
                    {}
                    self.into_upgraded(&pending, callback).await;
                    return Ok(());
                }
                Ok(Ending::Http2) => {
                    self.into_http2()?.await;
                    return Ok(());
                }
                Ok(Ending::Closed) => None,
                Err(Failure::Error(status, error)) => {
                    self.send_error_response(status);
                    Some(Failure::Error(status, error))
                }
                Err(Failure::Panic(panic)) => {
                    self.send_error_response(StatusCode::INTERNAL_SERVER_ERROR);
                    Some(Failure::Panic(panic))
                }
            };
            self.wire.end().await;
            match error {
                None => Ok(()),
                Some(Failure::Error(_, error)) => Err(error),
                Some(Failure::Panic(panic)) => resume_unwind(panic),
            }
        }
    }

    /// Serves requests one after the other; returns the reason why there are no more.
    async fn requests(&mut self) -> Result<Ending, Failure> {
        loop {
            if !mem::take(&mut self.is_asked)
                && let Some(ending) = self.next_request().await?
            {
                return Ok(ending);
            }
            if let Some(client_end) = &self.client_end {
                self.question.request.extensions_mut().insert(client_end.signal());
                self.tell_client_end();
            }
            let NextRequest { request, links } = &mut self.question;
            let (kind, span, mut links) =
                (ResponseKind::of(request.method()), trace::exchange(request), mem::take(links));
            let answered = span.run(self.exchange(kind, &links)).await;
            span.tell(&mut self.wire.http);
            if let (Err(Failure::Error(_, error)), Some(channel)) = (&answered, &links.channel)
                && error.is_disconnect()
            {
                // Another task may still read the content.
                channel.cut(Error::Disconnected("the client has gone"));
            }
            match answered? {
                ResponseOutcome::Switched => {
                    return Ok(links.pending.take().map_or(Ending::Closed, Ending::Switched));
                }
                ResponseOutcome::Whole if !self.wire.http.persists() => return Ok(Ending::Closed),
                ResponseOutcome::Whole => {}
            }
        }
    }

    async fn exchange(
        &mut self,
        kind: ResponseKind,
        links: &RequestHandles,
    ) -> Result<ResponseOutcome, Failure> {
        poll_fn(|context| {
            self.drive_handler(context, links, |this, context| this.handler.poll_ready(context))
        })
        .await?;
        // The handler's future is dropped before its response is sent.
        let (mut head, content) = {
            let call = || self.handler.call(mem::take(&mut self.question.request));
            let mut response = match catch_unwind(AssertUnwindSafe(call)) {
                Ok(response) => pin!(response),
                Err(panic) => return Err(Failure::Panic(panic)),
            };
            let polled = poll_fn(|context| {
                self.drive_handler(context, links, |_, context| response.as_mut().poll(context))
            });
            polled.await?.into_parts()
        };
        self.handling.clear();
        self.answer(&mut head, pin!(content), kind, links).await
    }

    // Receiving a request.

    /// Waits for the next request; returns the end of HTTP/1.1 if there will be none.
    ///
    /// `None` means that `question` holds the request.
    async fn next_request(&mut self) -> Result<Option<Ending>, Failure> {
        // If responses are not received by the client, no further request is read.
        poll_fn(|context| self.wire.poll_writable(context)).await?;
        loop {
            match self.wire.http.next_event()? {
                Next::Event(Event::Request(request)) => {
                    self.question.fill(request, &mut self.memory, self.config)?;
                    self.wire.clear();
                    self.question.add_content(&mut self.wire.http);
                    return Ok(None);
                }
                // Before the first request, only the preface of HTTP/2 switches.
                Next::Event(Event::Switched(_)) => return Ok(Some(Ending::Http2)),
                // The rest of a request whose response was sent before its end.
                Next::Event(_) => {}
                Next::Paused(_) => return Ok(Some(Ending::Closed)),
                Next::NeedData => {
                    if !poll_fn(|context| self.poll_more(context)).await? {
                        return Ok(Some(Ending::Closed));
                    }
                }
            }
        }
    }

    /// Reads more from the peer; returns `false` if the connection should end.
    fn poll_more(&mut self, context: &mut Context<'_>) -> Poll<Result<bool, Error>> {
        ready!(self.wire.poll_send(context))?;
        let is_idle = self.wire.is_idle();
        if is_idle && self.poll_stop(context) {
            return Poll::Ready(Ok(false));
        }
        let timeouts = &self.config.timeouts;
        match self.wire.http.awaiting() {
            Awaiting::Request => self.wire.wait_for_request(timeouts.idle),
            Awaiting::Content => self.wire.receiving.wait_for(Timeout::Content, timeouts.content),
            _ => self.wire.receiving.wait_for(Timeout::Head, timeouts.head),
        };
        match self.wire.poll_receive(context) {
            Poll::Ready(Ok(())) => Poll::Ready(Ok(true)),
            // A client without a request in progress may disconnect in any way.
            Poll::Ready(Err(_)) if is_idle => Poll::Ready(Ok(false)),
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                if self.wire.is_parked() {
                    self.memory = BytesMut::new();
                    self.question = NextRequest::default();
                }
                Poll::Pending
            }
        }
    }

    pub(super) fn poll_stop(&mut self, context: &mut Context<'_>) -> bool {
        self.is_stopping = self.is_stopping || self.stop.as_mut().poll(context).is_ready();
        self.is_stopping
    }

    // Running the handler.

    /// Polls the handler, and runs the connection's I/O meanwhile.
    fn drive_handler<T>(
        &mut self,
        context: &mut Context<'_>,
        links: &RequestHandles,
        mut poll: impl FnMut(&mut Self, &mut Context<'_>) -> Poll<Result<T, H::Error>>,
    ) -> Poll<Result<T, Failure>> {
        loop {
            if let Some(channel) = &links.channel {
                channel.attend();
            }
            let polled = catch_unwind(AssertUnwindSafe(|| poll(self, context)));
            let was_full = self.wire.out.is_full();
            if let Some(sender) = links.informational.as_ref().filter(|_| !was_full) {
                self.send_informational(sender.take(context));
            }
            match polled {
                Ok(Poll::Ready(Ok(outcome))) => return Poll::Ready(Ok(outcome)),
                Ok(Poll::Ready(Err(error))) => {
                    return Poll::Ready(Err(handler_failed((self.errors.of_handler)(error))));
                }
                Err(panic) => return Poll::Ready(Err(Failure::Panic(panic))),
                Ok(Poll::Pending) => {}
            }
            let is_given = self.drive_io(context, links.channel.as_ref())?;
            // Interim responses may have waited for room.
            let has_room = was_full && !self.wire.out.is_full();
            if !is_given && !has_room {
                break;
            }
        }
        self.handling.wait_for(Timeout::Handler, self.config.timeouts.handler);
        self.handling.poll_timeout(&mut self.wire.alarm, context).map(|_| {
            let error = Error::Handler(Timeout::Handler.into());
            Err(Failure::Error(StatusCode::SERVICE_UNAVAILABLE, error))
        })
    }

    /// Sends interim responses, except those that the engine rejects.
    fn send_informational(&mut self, responses: impl IntoIterator<Item = Response<()>>) {
        for response in responses {
            let head = ResponseHead::new(response.status().as_u16(), response.headers());
            // The engine rejects those that the client does not support.
            let _ = self.wire.http.send_informational(&head, self.wire.out.text());
        }
    }

    /// Runs the connection's I/O while the handler works.
    ///
    /// Returns `true` if the handler was given what it waits for, or an error. Content that nobody
    /// waits for yet is read, too, as far as the engine buffers it. Such a read shows that the
    /// client of a silent handler has gone. Once the engine takes no more, only `poll_reset` shows
    /// it.
    pub(super) fn drive_io(
        &mut self,
        context: &mut Context<'_>,
        channel: Option<&Arc<Channel>>,
    ) -> Result<bool, Error> {
        if let Poll::Ready(Err(error)) = self.wire.poll_send(context) {
            return Err(error);
        }
        if let Some(channel) = channel.filter(|channel| channel.is_awaited(context)) {
            let Poll::Ready(frame) = self.wire.poll_content(context, self.config.timeouts.content)
            else {
                return Ok(false);
            };
            channel.give(frame);
            return Ok(true);
        }
        // The handler has learned it by its content. It may still wait for something else.
        if self.wire.is_reset() || self.has_left() {
            return Err(Error::Disconnected("the client has gone"));
        }
        // The client is not awaited while the handler works.
        self.wire.receiving.pause();
        // Reads in order to notice that the client disconnects. Bytes after the request are
        // buffered until the response is complete.
        while self.wire.http.wants_input()
            && let Poll::Ready(received) = self.wire.poll_receive(context)
        {
            received?;
            if self.has_left() {
                return Err(Error::Disconnected("the client has gone"));
            }
        }
        self.tell_client_end();
        if !self.wire.http.wants_input() && self.wire.poll_reset(context).is_ready() {
            return Err(Error::Disconnected("the client has gone"));
        }
        Ok(false)
    }

    /// Returns whether the client counts as gone, because it has ended its direction.
    ///
    /// With `half_close` it never does.
    fn has_left(&self) -> bool {
        self.wire.is_read_closed() && !self.config.half_close
    }

    /// Signals that the client has ended its direction, once it has.
    ///
    /// Does nothing unless `Config::client_end` is set.
    fn tell_client_end(&self) {
        if let Some(client_end) = &self.client_end
            && self.wire.is_read_closed()
        {
            client_end.end();
        }
    }

    // The end of the connection.

    /// Responds to a request that cannot be served, if that is still possible.
    fn send_error_response(&mut self, status: StatusCode) {
        let (http, out) = (&mut self.wire.http, self.wire.out.text());
        let refused = date::with_line(self.config.date, |date| {
            let head = ResponseHead::new(status.as_u16(), &date);
            http.reject(&head, b"", out)
        });
        if refused.is_err() {
            // A response has begun, or the connection has already ended.
            let _ = http.abandon();
        }
    }

    /// Passes the connection to the callback of the new protocol.
    ///
    /// The new protocol may run for long, so its future holds only what it needs of the connection.
    #[cfg_attr(not(feature = "h2c"), expect(unused_variables))]
    fn into_upgraded(
        self,
        pending: &PendingUpgrade,
        callback: UpgradeCallback,
    ) -> impl Future<Output = ()> + use<'c, S, H, F> {
        let (stops, stopping) = ShutdownSignal::new();
        let mut upgraded = Upgraded::new(self.wire.stream.boxed(), self.wire.http);
        upgraded.stopping = Some(stopping);
        #[cfg(feature = "h2c")]
        {
            upgraded.splice = pending.splice();
            upgraded.set_preface(self.config.timeouts.head);
        }
        #[cfg(feature = "h2")]
        if upgraded.splice.is_some() {
            upgraded.http2 = Some(Box::new(self.config.http2_options()));
        }
        told_of_stop(callback(upgraded), self.stop, self.is_stopping, stops, self.client_end)
    }

    /// Passes the connection to the handler of HTTP/2, with every byte of it.
    fn into_http2(self) -> Result<impl Future<Output = ()>, Error> {
        let Http2Handler(handler) = self.config.http2.as_ref().ok_or(NO_HTTP2)?;
        let (stops, stopping) = ShutdownSignal::new();
        let mut stream = Upgraded::new(self.wire.stream.boxed(), self.wire.http);
        stream.stopping = Some(stopping.clone());
        let extensions = self.config.extensions.clone();
        let serving = handler(Http2Connection { stream, extensions, stopping });
        Ok(told_of_stop(serving, self.stop, self.is_stopping, stops, None))
    }
}

/// Runs a protocol after HTTP/1.1, and signals the shutdown once `stop` is ready.
///
/// `kept` sends the client's end. It is dropped with this future, because a dropped sender means
/// that the connection has ended.
fn told_of_stop(
    mut speaking: Pin<Box<dyn Future<Output = ()> + Send>>,
    mut stop: Pin<&mut impl Future<Output = ()>>,
    mut is_stopping: bool,
    stops: watch::Sender<bool>,
    kept: Option<ClientEndSender>,
) -> impl Future<Output = ()> {
    // The signal is kept for those that look later.
    stops.send_replace(is_stopping);
    poll_fn(move |context| {
        let _kept = &kept;
        if !is_stopping && stop.as_mut().poll(context).is_ready() {
            is_stopping = true;
            let _ = stops.send(true);
        }
        speaking.as_mut().poll(context)
    })
}

/// The reason why a connection serves no more requests in HTTP/1.1.
enum Ending {
    Closed,
    Switched(Arc<PendingUpgrade>),
    /// The connection begins with the preface of HTTP/2.
    Http2,
}

impl NextRequest {
    fn fill(
        &mut self,
        received: switchover::Request<'_>,
        memory: &mut BytesMut,
        config: &Config,
    ) -> Result<(), Failure> {
        let Self { request, links } = self;
        // A target may be valid in HTTP but not representable in the crate `http`.
        received.write_to(request, memory).map_err(|error| {
            Failure::Error(StatusCode::BAD_REQUEST, Error::Handler(error.into()))
        })?;
        if config.field_names {
            request.extensions_mut().insert(FieldNames::of(received.fields()));
        }
        links.pending = PendingUpgrade::of(&received, request.method());
        if let Some(pending) = &links.pending {
            Arc::clone(pending).put_into(request.extensions_mut());
        }
        self.add_extensions(config);
        Ok(())
    }

    /// Adds to the request the extensions that each request of the connection gets.
    ///
    /// They are the configured ones, and a sender of interim responses if that is enabled.
    pub(super) fn add_extensions(&mut self, config: &Config) {
        if !config.extensions.is_empty() {
            self.request.extensions_mut().extend(config.extensions.clone());
        }
        if config.informational {
            let sender = InformationalSender::new();
            self.request.extensions_mut().insert(sender.clone());
            self.links.informational = Some(sender);
        }
    }

    /// Sets the request's body: its content if all has arrived, otherwise a channel.
    ///
    /// Chunked content always gets a channel. Without content the body stays empty.
    fn add_content(&mut self, http: &mut ObservedConnection) {
        if http.take_end() {
            return;
        }
        let left = match http.content() {
            Content::Length(length) => Some(length),
            _ => None,
        };
        if left.is_some_and(|length| length <= http.unread().len() as u64) {
            // All content has arrived: it is one event, and no other can precede it.
            if let Ok(Next::Event(Event::Data(data))) = http.next_event() {
                *self.request.body_mut() = Bytes::copy_from_slice(data).into();
                http.take_end();
                return;
            }
        }
        let channel = Arc::new(Channel::new(left));
        *self.request.body_mut() = Body::coming(channel.clone());
        self.links.channel = Some(channel);
    }
}

/// Returns the failure for an error of the handler.
///
/// If its cause is the request's body, the status is the one that fits that error.
fn handler_failed(error: BoxError) -> Failure {
    if let Some(status) = content_error(&error).map(Error::status) {
        return Failure::Error(status, Error::Handler(error));
    }
    Failure::Error(StatusCode::INTERNAL_SERVER_ERROR, Error::Handler(error))
}
