//! Conversion of a request in HTTP/2, with the protocol that it asks for.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use ::hyper::body::Incoming;
use ::hyper::ext::Protocol;
use ::hyper::upgrade::OnUpgrade;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body::{Body as _, Frame};
use hyper_util::rt::TokioIo;

use super::content::Content;
use super::switched::Switched;
use crate::body::{Body, Source};
use crate::error::{Error, Timeout};
use crate::http2_options::Http2Options;
use crate::sync::{Mutex, lock};
use crate::upgrade::{PendingUpgrade, Upgraded};
use crate::wire::{Alarm, Deadline};

/// Converts a received request; for a CONNECT also returns its pending upgrade.
///
/// `clock` is that of the content. Fails with the status for content that is too long.
pub(super) fn received(
    request: Request<Incoming>,
    options: Http2Options,
    clock: &ContentClock,
) -> Result<(Request<Body>, Option<PendingStream>), StatusCode> {
    let (mut head, content) = request.into_parts();
    let pending = pending(&mut head);
    head.extensions.extend(options.extensions);
    if let Some(pending) = &pending {
        Arc::clone(&pending.upgrade).put_into(&mut head.extensions);
    }
    if content.size_hint().lower() > options.content {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    let content = match content.is_end_stream() || head.method == Method::CONNECT {
        true => Body::empty(),
        false => Body::coming(Arc::new(Mutex::new(Received {
            content,
            left: options.content,
            clock: clock.clone(),
            deadline: Deadline::default(),
            alarm: Alarm::default(),
        }))),
    };
    Ok((Request::from_parts(head, content), pending))
}

/// Returns the pending upgrade of a CONNECT; `None` for any other method.
///
/// An extended CONNECT names a protocol (RFC 8441, section 4).
fn pending(head: &mut http::request::Parts) -> Option<PendingStream> {
    // The framework gets the offer alone, as in HTTP/1.1: not hyper's own upgrade.
    let stream =
        head.extensions.remove::<OnUpgrade>().filter(|_| head.method == Method::CONNECT)?;
    let protocol = head.extensions.get::<Protocol>().map(|protocol| protocol.as_str().to_owned());
    let mut request = Request::new(());
    *request.method_mut() = head.method.clone();
    *request.uri_mut() = head.uri.clone();
    *request.version_mut() = head.version;
    *request.headers_mut() = head.headers.clone();
    let upgrade = Arc::new(PendingUpgrade::of_connect(protocol.as_deref(), &head.headers));
    let protocol = protocol.unwrap_or_default();
    Some(PendingStream { upgrade, switching: Some((stream, protocol, request)) })
}

/// A request for a tunnel or another protocol, until its response is there.
pub(super) struct PendingStream {
    upgrade: Arc<PendingUpgrade>,
    /// The stream, the protocol, and the head of the request.
    switching: Option<(OnUpgrade, String, Request<()>)>,
}

impl Drop for PendingStream {
    fn drop(&mut self) {
        // Whoever waits for the stream learns that there will be none.
        drop(self.upgrade.take_callback());
    }
}

impl PendingStream {
    /// Switches the stream if the handler has accepted; returns the response to send.
    ///
    /// A 101 becomes the 200 of HTTP/2. If it names what the client does not offer, it becomes a
    /// 500; if the offer breaks a rule, a 400. A 101 or 2xx that nothing takes over becomes a 501.
    pub(super) fn respond<B>(
        mut self,
        mut response: Response<Content<B>>,
        switched: &Switched,
    ) -> Response<Content<B>> {
        let is_accepted = response.status() == StatusCode::SWITCHING_PROTOCOLS;
        if !is_accepted && !response.status().is_success() {
            return response;
        }
        let token = response.headers().get(header::UPGRADE).and_then(|token| token.to_str().ok());
        let token = token.unwrap_or_default();
        if is_accepted && !self.upgrade.is_eligible(token) {
            // As in HTTP/1.1: a rule that the client breaks, or a protocol that it does not offer.
            let status = match self.upgrade.ineligible(token) {
                Some(_) => StatusCode::BAD_REQUEST,
                None => StatusCode::INTERNAL_SERVER_ERROR,
            };
            return super::error_response(status);
        }
        let callback = self.upgrade.take_callback();
        let (Some(speak), Some((stream, protocol, request))) = (callback, self.switching.take())
        else {
            return super::error_response(StatusCode::NOT_IMPLEMENTED);
        };
        *response.body_mut() = Content::empty();
        if is_accepted {
            *response.status_mut() = StatusCode::OK;
            for name in [header::UPGRADE, header::CONNECTION, header::SEC_WEBSOCKET_ACCEPT] {
                response.headers_mut().remove(name);
            }
        }
        let stopping = switched.stopping.clone();
        switched.spawn(async move {
            // If the client has gone, nothing speaks.
            if let Ok(stream) = stream.await {
                let stream = TokioIo::new(stream);
                speak(Upgraded::over_http2(stream, protocol, request, stopping)).await;
            }
        });
        response
    }
}

/// The timeout for the content of a request, until its response begins.
///
/// A stream in both directions may then be silent, as long as its client answers each PING.
#[derive(Clone)]
pub(super) struct ContentClock {
    timeout: Option<Duration>,
    has_response: Arc<AtomicBool>,
}

impl ContentClock {
    pub(super) fn new(timeout: Option<Duration>) -> Self {
        Self { timeout, has_response: Arc::default() }
    }

    /// Removes the timeout, as the response begins.
    pub(super) fn stop(&self) {
        self.has_response.store(true, Relaxed);
    }

    fn timeout(&self) -> Option<Duration> {
        self.timeout.filter(|_| !self.has_response.load(Relaxed))
    }
}

/// The content of a request, with its limit and its timeout.
struct Received {
    content: Incoming,
    /// The number of bytes that the limit still allows.
    left: u64,
    clock: ContentClock,
    /// The deadline for all of it, while a read waits.
    deadline: Deadline,
    alarm: Alarm,
}

impl Received {
    /// Waits for a frame until the deadline.
    fn poll_in_time(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let Poll::Ready(frame) = Pin::new(&mut self.content).poll_frame(context) else {
            self.deadline.wait_for(Timeout::Content, self.clock.timeout());
            let phase = ready!(self.deadline.poll_timeout(&mut self.alarm, context));
            return Poll::Ready(Some(Err(Error::TimedOut(phase))));
        };
        self.deadline.pause();
        Poll::Ready(frame.map(|frame| frame.map_err(|error| Error::Io(io::Error::other(error)))))
    }
}

impl Source for Mutex<Received> {
    fn poll_frame(&self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let received = &mut *lock(self);
        let frame = ready!(received.poll_in_time(context));
        // hyper takes a reset with NO_ERROR for the end.
        if frame.is_none() && !received.content.is_end_stream() {
            let cut = Error::Disconnected("the client has reset the stream");
            return Poll::Ready(Some(Err(Error::Content(Box::new(cut)))));
        }
        Poll::Ready(frame.map(|frame| {
            let frame = frame.map_err(|error| Error::Content(Box::new(error)))?;
            let len = frame.data_ref().map_or(0, Bytes::len);
            received.deadline.extend(len);
            received.left = received
                .left
                .checked_sub(len as u64)
                .ok_or_else(|| Error::Content(Box::new(Error::ContentTooLarge)))?;
            Ok(frame)
        }))
    }

    fn left(&self) -> Option<u64> {
        lock(self).content.size_hint().exact()
    }
}
