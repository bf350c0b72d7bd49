//! Sending of a handler's response: its head, content and end.
//!
//! Method and status decide whether the connection continues in HTTP or in another protocol.

use std::future::{Future, poll_fn};
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http::response::Parts;
use http::{HeaderMap, Method, StatusCode, header};
use http_body::{Body, Frame};
use switchover::{Content, Event, Next, Order, ResponseHead};

use super::{Failure, RequestHandles, ServerConnection};
use crate::body::{Channel, Source, discard};
use crate::error::Error;
use crate::field_names::FieldNames;
use crate::handler::{ErrorMappers, HttpService};
use crate::upgrade::PendingUpgrade;
use crate::wire::Promise;
use crate::{ReasonPhrase, Transport, date};

/// The kind of a response, by the content that may follow its head.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ResponseKind {
    Usual,
    /// The response to HEAD: it has no content.
    Head,
    /// The response to CONNECT: a 2xx opens a tunnel.
    Connect,
}

impl ResponseKind {
    pub(super) fn of(method: &Method) -> Self {
        match *method {
            Method::HEAD => Self::Head,
            Method::CONNECT => Self::Connect,
            _ => Self::Usual,
        }
    }
}

/// The outcome of a response: it is complete, or the protocol has switched.
pub(super) enum ResponseOutcome {
    Whole,
    Switched,
}

/// A frame of a handler's content; `None` at its end.
type NextFrame<H> = Option<Frame<<<H as HttpService>::Content as Body>::Data>>;

/// Flags for fields of the handler that the engine or the server may write.
#[derive(Clone, Copy, Default)]
struct HandlerFields {
    date: bool,
    length: bool,
    coding: bool,
    upgrade: bool,
}

impl HandlerFields {
    /// Returns the flags for the fields that the handler set.
    ///
    /// One pass over the fields is faster than lookups.
    fn of(headers: &HeaderMap) -> Self {
        let mut own = Self::default();
        for name in headers.keys() {
            own.date |= name == header::DATE;
            own.length |= name == header::CONTENT_LENGTH;
            own.coding |= name == header::TRANSFER_ENCODING;
            own.upgrade |= name == header::UPGRADE;
        }
        own
    }
}

/// The engine's method that sends the head of a response.
enum Verb {
    Send,
    /// A 426 that requires the protocols of this list.
    Require(String),
}

impl<S: Transport, H: HttpService, F: Future<Output = ()>> ServerConnection<'_, S, H, F> {
    pub(super) async fn answer(
        &mut self,
        head: &mut Parts,
        content: Pin<&mut H::Content>,
        kind: ResponseKind,
        links: &RequestHandles,
    ) -> Result<ResponseOutcome, Failure> {
        let (channel, pending) = (links.channel.as_ref(), links.pending.as_deref());
        let is_last = poll_fn(|context| Poll::Ready(self.poll_stop(context))).await;
        let is_accepted = head.status == StatusCode::SWITCHING_PROTOCOLS;
        // While the handler holds the body it may read the rest: that is discarded afterwards.
        let discarded = channel
            .filter(|channel| !is_last && !is_accepted && !channel.is_in_use())
            .filter(|_| self.wire.http.skip_content().is_ok());
        if is_last || discarded.is_some_and(|channel| self.may_exceed_drain(channel)) {
            self.wire.http.close_after_response()?;
        }
        let own = HandlerFields::of(&head.headers);
        if own.coding {
            // The engine decides about the framing.
            head.headers.remove(header::TRANSFER_ENCODING);
        }
        let has_callback = pending.is_some_and(PendingUpgrade::has_callback);
        if is_accepted {
            let pending = pending.filter(|_| has_callback).ok_or(Error::Misuse(
                "a 101 where nothing takes the connection over: see upgrade::select",
            ))?;
            self.finish_request().await?;
            return self.switch(&mut head.headers, pending);
        }
        if kind == ResponseKind::Connect && head.status.is_success() {
            if !has_callback {
                let error = Error::Misuse(
                    "a 2xx to CONNECT opens a tunnel, and nothing is there to take it: \
                     see upgrade::tunnel",
                );
                return Err(Failure::Error(StatusCode::NOT_IMPLEMENTED, error));
            }
            head.headers.remove(header::CONTENT_LENGTH);
            self.finish_request().await?;
            self.write_head(head, own, &Verb::Send, None)?;
            return Ok(ResponseOutcome::Switched);
        }
        let is_usual = !own.upgrade && head.status != StatusCode::UPGRADE_REQUIRED;
        let verb = if is_usual { Verb::Send } else { self.verb(head, own)? };
        if kind == ResponseKind::Head || has_no_content(head.status) {
            let has_length =
                !matches!(head.status, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT);
            if !has_length {
                // The content is discarded, or would belong to a response to GET: RFC 9110 8.6.
                head.headers.remove(header::CONTENT_LENGTH);
            }
            let length = content.size_hint().exact();
            let length =
                length.filter(|&length| length > 0 && kind == ResponseKind::Head && has_length);
            self.write_head(head, own, &verb, length)?;
            self.wire.http.send_end(&(), self.wire.out.text())?;
        } else {
            self.send(head, own, &verb, content, channel).await?;
        }
        mem::swap(self.question.request.headers_mut(), &mut head.headers);
        if channel.is_some() && discarded.is_none() {
            let _ = self.wire.http.skip_content();
        }
        Ok(ResponseOutcome::Whole)
    }

    /// Returns whether the chunked content being discarded may exceed `limits.drain`.
    ///
    /// Its total length is unknown until all has arrived. If it may, the response announces that
    /// the connection closes; for a `Content-Length` the engine announces it.
    fn may_exceed_drain(&mut self, channel: &Channel) -> bool {
        if channel.left().is_some() {
            return false;
        }
        loop {
            match self.wire.http.next_event() {
                Ok(Next::Event(Event::EndOfMessage(_))) => return false,
                Ok(Next::Event(_)) => {}
                _ => return true,
            }
        }
    }

    /// Returns the engine's method for the response: an ordinary one, or a 426.
    ///
    /// Removes `Upgrade` from the head, because the engine writes it. A 426 without `Upgrade`
    /// becomes a 400.
    fn verb(&mut self, head: &mut Parts, own: HandlerFields) -> Result<Verb, Failure> {
        let mut listed = String::new();
        if own.upgrade {
            let lines: Vec<_> = head
                .headers
                .get_all(header::UPGRADE)
                .iter()
                .flat_map(|line| line.to_str())
                .collect();
            listed = lines.join(", ");
            head.headers.remove(header::UPGRADE);
        }
        match (head.status, listed.as_str()) {
            (StatusCode::UPGRADE_REQUIRED, "") => {
                // RFC 9110 15.5.22: a 426 lists protocols. Without a list it can only mean that
                // this request is invalid.
                head.status = StatusCode::BAD_REQUEST;
            }
            (StatusCode::UPGRADE_REQUIRED, _) => return Ok(Verb::Require(listed)),
            (_, "") => {}
            (_, list) => self.wire.http.advertise(&protocols(list))?,
        }
        Ok(Verb::Send)
    }

    fn write_head(
        &mut self,
        head: &Parts,
        own: HandlerFields,
        verb: &Verb,
        length: Option<u64>,
    ) -> Result<(), Error> {
        let (http, out) = (&mut self.wire.http, self.wire.out.text());
        let length = length.filter(|_| !own.length);
        with_extra(head, self.config.date && !own.date, length, |fields| match verb {
            Verb::Send => http.send_response(&status_line(head, fields), out),
            Verb::Require(list) => http.require(&protocols(list), fields, out),
        })
    }

    /// Sends head and content of a response, together if all content is ready at once.
    async fn send(
        &mut self,
        head: &Parts,
        own: HandlerFields,
        verb: &Verb,
        mut body: Pin<&mut H::Content>,
        channel: Option<&Arc<Channel>>,
    ) -> Result<(), Failure> {
        let errors = self.errors;
        let (mut data, mut trailers) = (Bytes::new(), None);
        let promised = body.size_hint().exact();
        let is_whole = poll_fn(|context| {
            Poll::Ready(match next_frame(body.as_mut(), errors, context)? {
                Poll::Pending => {
                    // The body may wait for the request's content, which the client does not send
                    // once it has a response.
                    if channel.is_some_and(|channel| channel.is_awaited(context)) {
                        self.wire.ask_for_content()?;
                    }
                    Ok::<_, Failure>(false)
                }
                Poll::Ready(None) => Ok(true),
                Poll::Ready(Some(frame)) => {
                    (data, trailers) = parted(frame);
                    Ok(body.is_end_stream())
                }
            })
        });
        let is_whole = is_whole.await?;
        // Content that breaks its own promise is sent as far as it comes, and is then cut.
        let is_short = !own.length && promised.is_some_and(|all| all > data.len() as u64);
        let is_known = is_whole && !is_short;
        if is_known && trailers.is_none() && matches!(verb, Verb::Send) && data.len() < WHOLE {
            let (http, out) = (&mut self.wire.http, self.wire.out.text());
            return Ok(with_extra(head, self.config.date && !own.date, None, |fields| {
                http.respond(&status_line(head, fields), &data, out)
            })?);
        }
        let length = if is_known {
            Some(data.len() as u64)
        } else {
            // If the total does not fit in a u64, the content is sent in chunks.
            promised.filter(|&all| all < u64::MAX).or_else(|| {
                body.size_hint().exact().and_then(|rest| rest.checked_add(data.len() as u64))
            })
        };
        let length = length.filter(|_| trailers.is_none());
        self.write_head(head, own, verb, length)?;
        self.wire.arm_reset();
        let mut promise = Promise::of(&head.headers, length);
        self.wire.write_data(promise.part(data))?;
        while !is_whole && !promise.is_kept() && trailers.is_none() {
            let frame = poll_fn(|context| self.poll_frame(context, body.as_mut(), channel)).await?;
            let Some(frame) = frame else { break };
            let (data, ending) = parted(frame);
            self.wire.write_data(promise.part(data))?;
            trailers = ending;
        }
        Ok(self.wire.write_end(trailers.map(|trailers| *trailers))?)
    }

    /// Waits for the next frame of the response's content.
    ///
    /// Meanwhile it sends the available output, and reads the request's content if the handler
    /// waits for it.
    fn poll_frame(
        &mut self,
        context: &mut Context<'_>,
        mut body: Pin<&mut H::Content>,
        channel: Option<&Arc<Channel>>,
    ) -> Poll<Result<NextFrame<H>, Failure>> {
        loop {
            let is_full = self.wire.out.is_full();
            if let Some(channel) = channel {
                channel.attend();
            }
            let mut is_empty = false;
            if !is_full && let Poll::Ready(frame) = next_frame(body.as_mut(), self.errors, context)?
            {
                let data = frame.as_ref().and_then(Frame::data_ref);
                is_empty = data.is_some_and(|data| !data.has_remaining());
                if !is_empty {
                    return Poll::Ready(Ok(frame));
                }
            }
            let has_more = self.drive_io(context, channel)?;
            if is_empty {
                // An endless series of empty frames leaves other tasks their turn.
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            if !has_more && (!is_full || self.wire.out.is_full()) {
                return Poll::Pending;
            }
        }
    }

    /// Sends the 101 that accepts an offer.
    ///
    /// Everything that the upgrade needs is prepared before the 101 is written, so that only I/O
    /// can fail afterwards.
    fn switch(
        &mut self,
        headers: &mut HeaderMap,
        pending: &PendingUpgrade,
    ) -> Result<ResponseOutcome, Failure> {
        let token = headers.remove(header::UPGRADE);
        let token = token.as_ref().and_then(|value| value.to_str().ok()).unwrap_or_default();
        for name in [header::CONNECTION, header::CONTENT_LENGTH, header::SEC_WEBSOCKET_ACCEPT] {
            headers.remove(name);
        }
        let http = &mut self.wire.http;
        let Some(selection) = http.select(&[token], Order::Client) else {
            // A framework may not know the rules of the protocol that it accepts. If one is broken,
            // that is the client's fault.
            return Err(match pending.ineligible(token) {
                Some(rule) => {
                    Failure::Error(StatusCode::BAD_REQUEST, Error::Handler(rule.text().into()))
                }
                None => {
                    Error::Misuse("a 101 that does not name in `Upgrade` what was offered").into()
                }
            });
        };
        #[cfg(feature = "h2c")]
        if let Some(request) = http.request() {
            pending.make_splice(&request)?;
        }
        let has_date = self.config.date && !headers.contains_key(header::DATE);
        let out = self.wire.out.text();
        date::with_line(has_date, |date| {
            http.accept(selection, &[token], &(&*headers, date), out)
        })?;
        Ok(ResponseOutcome::Switched)
    }

    /// Discards the rest of the request before a switch, up to `limits.drain`.
    ///
    /// Only the bytes after the request belong to the new protocol. Fails if the rest is longer.
    async fn finish_request(&mut self) -> Result<(), Error> {
        let most = self.config.http.limits.drain;
        if matches!(self.wire.http.content(), Content::Length(left) if left > most) {
            return Err(Error::ContentTooLarge);
        }
        if self.wire.http.skip_content().is_ok() {
            let timeout = self.config.timeouts.content;
            discard(|context| self.wire.poll_content(context, timeout)).await?;
        }
        Ok(())
    }
}

/// The length in bytes from which content is not copied after its head.
const WHOLE: usize = 4 * 1024;

/// Calls `send` with the handler's fields and those that the server adds.
///
/// These are `Date` if `has_date`, and `Content-Length` if there is a `length`.
fn with_extra(
    head: &Parts,
    has_date: bool,
    length: Option<u64>,
    send: impl FnOnce(&dyn switchover::FieldSource) -> Result<(), switchover::Error>,
) -> Result<(), Error> {
    let length = length.map(|length| length.to_string());
    let length = length.as_ref().map(|length| [("content-length", length.as_bytes())]);
    date::with_line(has_date, |date| match (&length, head.extensions.get::<FieldNames>()) {
        (Some(length), None) => send(&(&head.headers, (date, length))),
        (None, None) => send(&(&head.headers, date)),
        (length, Some(names)) => {
            let length = length.as_ref().map_or(&[][..], |length| length);
            send(&(names.order(&head.headers), (date, length)))
        }
    })?;
    Ok(())
}

/// Returns the head with its standard reason phrase, or the one set by the handler.
fn status_line<'a>(head: &'a Parts, fields: &'a dyn switchover::FieldSource) -> ResponseHead<'a> {
    let usual = ResponseHead::new(head.status.as_u16(), fields);
    head.extensions
        .get()
        .map_or(usual, |reason: &ReasonPhrase| ResponseHead { reason: reason.as_bytes(), ..usual })
}

/// Returns whether a response with this status has no content.
///
/// RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5.
pub(crate) fn has_no_content(status: StatusCode) -> bool {
    matches!(status, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED)
}

/// Polls a response's content; returns its error or panic as a failure.
fn next_frame<H: HttpService>(
    body: Pin<&mut H::Content>,
    errors: ErrorMappers<H>,
    context: &mut Context<'_>,
) -> Result<Poll<NextFrame<H>>, Failure> {
    match catch_unwind(AssertUnwindSafe(|| body.poll_frame(context))).map_err(Failure::Panic)? {
        Poll::Ready(Some(Err(error))) => Err(Error::Body((errors.of_content)(error)).into()),
        Poll::Ready(frame) => Ok(Poll::Ready(frame.and_then(Result::ok))),
        Poll::Pending => Ok(Poll::Pending),
    }
}

/// Returns the data of a frame, empty for trailers, and the trailers, if any.
///
/// The trailers are rare, and boxed so that the future of every response is smaller.
fn parted<D: Buf>(frame: Frame<D>) -> (Bytes, Option<Box<HeaderMap>>) {
    match frame.into_data() {
        Ok(mut data) => (data.copy_to_bytes(data.remaining()), None),
        Err(frame) => (Bytes::new(), frame.into_trailers().ok().map(Box::new)),
    }
}

fn protocols(list: &str) -> Vec<&str> {
    list.split(',').map(str::trim).collect()
}
