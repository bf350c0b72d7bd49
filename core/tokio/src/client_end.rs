//! The signal that a client has ended its direction of the connection.

use tokio::sync::watch;

/// A signal that the client has ended its direction, and may await the response.
///
/// It is an extension of each request of a server in HTTP/1.1, with
/// [`Config::client_end`](crate::Config::client_end). A client that has half-closed still reads its
/// response (RFC 9112, section 9.6); one that has gone looks the same until it resets. So a handler
/// whose work is expensive, or whose response has no end, can stop.
///
/// ```
/// use switchover_tokio::{Body, ClientEnd};
///
/// # async fn report() -> String { String::new() }
/// async fn handler(request: http::Request<Body>) -> http::Response<String> {
///     let Some(end) = request.extensions().get::<ClientEnd>().cloned() else {
///         return http::Response::new(report().await);
///     };
///     tokio::select! {
///         text = report() => http::Response::new(text),
///         () = end.wait() => http::Response::new("stopped\n".to_owned()),
///     }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct ClientEnd(watch::Receiver<bool>);

impl ClientEnd {
    /// Returns whether the client's direction or the connection is known to have ended.
    ///
    /// The server reads ahead while a handler works, up to `limits.buffered` bytes; an end behind
    /// more bytes is not known.
    pub fn has_ended(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }

    /// Waits until the client has ended its direction, or its connection has ended.
    ///
    /// After an upgrade only the latter: there the upgraded stream tells of its end. After
    /// [`upgrade::on`](crate::upgrade::on) it returns at once. Cancel safe.
    pub async fn wait(mut self) {
        // An error means that the connection is gone.
        let _ = self.0.wait_for(|&has_ended| has_ended).await;
    }
}

/// The sender of the signal that the client has ended its direction.
pub(crate) struct ClientEndSender(watch::Sender<bool>);

impl ClientEndSender {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    pub(crate) fn signal(&self) -> ClientEnd {
        ClientEnd(self.0.subscribe())
    }

    /// Signals that the client has ended its direction; later calls do nothing.
    pub(crate) fn end(&self) {
        self.0.send_if_modified(|has_ended| !std::mem::replace(has_ended, true));
    }
}
