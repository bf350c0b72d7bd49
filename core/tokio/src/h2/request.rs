//! Conversion of a request in HTTP/2, with the protocol that it asks for.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use ::hyper::body::Incoming;
use ::hyper::ext::Protocol;
use ::hyper::upgrade::OnUpgrade;
use bytes::Bytes;
use http::{Extensions, Method, Request, Response, StatusCode, header};
use http_body::{Body as _, Frame};
use hyper_util::rt::TokioIo;

use super::content::Content;
use crate::body::{Body, Source};
use crate::error::Error;
use crate::sync::{Mutex, lock};
use crate::upgrade::{PendingUpgrade, Upgraded};

/// Converts a received request; for a CONNECT also returns its pending upgrade.
pub(super) fn received(
    request: Request<Incoming>,
    extensions: Extensions,
) -> (Request<Body>, Option<Accepting>) {
    let (mut head, content) = request.into_parts();
    head.extensions.extend(extensions);
    let accepting = accepting(&head);
    if let Some(accepting) = &accepting {
        Arc::clone(&accepting.pending).put_into(&mut head.extensions);
    }
    let content = match content.is_end_stream() || head.method == Method::CONNECT {
        true => Body::empty(),
        false => Body::coming(Arc::new(Mutex::new(content))),
    };
    (Request::from_parts(head, content), accepting)
}

/// Returns the pending upgrade of a CONNECT.
///
/// An extended one names a protocol (RFC 8441, section 4).
fn accepting(head: &http::request::Parts) -> Option<Accepting> {
    let stream = head.extensions.get::<OnUpgrade>().filter(|_| head.method == Method::CONNECT)?;
    let protocol = head.extensions.get::<Protocol>().map(|protocol| protocol.as_str().to_owned());
    let mut request = Request::new(());
    *request.method_mut() = head.method.clone();
    *request.uri_mut() = head.uri.clone();
    *request.version_mut() = head.version;
    *request.headers_mut() = head.headers.clone();
    let pending = PendingUpgrade::of_connect(protocol.as_deref(), &head.headers);
    let protocol = protocol.unwrap_or_default();
    Some(Accepting { pending: Arc::new(pending), stream: stream.clone(), protocol, request })
}

/// A request of a tunnel or another protocol, until its response is there.
pub(super) struct Accepting {
    pending: Arc<PendingUpgrade>,
    stream: OnUpgrade,
    protocol: String,
    request: Request<()>,
}

impl Accepting {
    /// Switches the stream if the handler has accepted.
    ///
    /// Its 101 becomes the 200 of HTTP/2.
    pub(super) fn respond<B>(self, response: &mut Response<Content<B>>) {
        let Some(speak) = self.pending.take_callback() else { return };
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            *response.body_mut() = Content::empty();
            *response.status_mut() = StatusCode::OK;
            for name in [header::UPGRADE, header::CONNECTION, header::SEC_WEBSOCKET_ACCEPT] {
                response.headers_mut().remove(name);
            }
        }
        if !response.status().is_success() {
            return;
        }
        let Self { stream, protocol, request, .. } = self;
        tokio::spawn(async move {
            // If the client has gone, nothing speaks.
            if let Ok(stream) = stream.await {
                speak(Upgraded::over_http2(TokioIo::new(stream), protocol, request)).await;
            }
        });
    }
}

impl Source for Mutex<Incoming> {
    fn poll_frame(&self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let failed = |error| Error::Content(Box::new(Error::Io(io::Error::other(error))));
        Pin::new(&mut *lock(self))
            .poll_frame(context)
            .map(|frame| frame.map(|frame| frame.map_err(failed)))
    }

    fn left(&self) -> Option<u64> {
        lock(self).size_hint().exact()
    }
}
