//! The server's side of the protocols that a connection can switch to.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use switchover::masque::UdpTarget;
use switchover_tokio::{Body, BoxError, Http2Stream, Upgraded, service_fn};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, copy, sink};
use tokio::time::timeout;

use crate::session::Session;
use crate::{foo, http2, live, udp, websocket};

/// The longest time to discard a client's bytes after the new protocol has ended.
const LINGER_MAX: Duration = Duration::from_secs(2);

/// The future of the server's response to a request.
///
/// It is boxed, because `answer` calls itself for requests inside TLS after an upgrade.
pub(crate) type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, BoxError>> + Send>>;

/// The protocol that a connection switches to, if it is neither TLS nor h2c.
pub(crate) enum NextProtocol {
    /// `foo/1` or `foo/2`, with the request's content.
    ///
    /// The server sends the content back after its first line.
    Foo(Bytes),
    WebSocket,
    /// WebSocket, with the messages of the live page.
    Live,
    Udp(UdpTarget),
}

impl Session {
    pub(crate) async fn speak(self: Arc<Self>, next: NextProtocol, mut stream: Upgraded) {
        let (name, app) = (stream.protocol().to_owned(), &self.app);
        match next {
            NextProtocol::Foo(content) => {
                let speech = foo::speak(&content, &mut stream, self.stopping.clone().wait());
                if !self.tell_of(&name, speech).await {
                    // After a FIN, a line that was sent in part would seem complete.
                    return stream.reset();
                }
            }
            NextProtocol::WebSocket => {
                let outcome = websocket::echo(&mut stream, self.stopping.clone().wait()).await;
                self.tell(&name, outcome);
            }
            NextProtocol::Udp(target) => {
                self.tell_of(&name, udp::relay(&target, &mut stream)).await;
            }
            NextProtocol::Live => {
                // A transcript of this connection would be sent on it, and so cause more of itself.
                self.log.say("a page watches; what it is told is not shown");
                self.log.be_private();
                self.tell_of("the page", live::serve(&app.live, app.address, &mut stream)).await;
            }
        }
        // Closing a socket with unread bytes resets it, and the client would lose our last bytes.
        let leave = async { stream.shutdown().await.and(copy(&mut stream, &mut sink()).await) };
        let _ = timeout(LINGER_MAX, leave).await;
    }

    pub(crate) async fn speak_http2(self: Arc<Self>, stream: Http2Stream) {
        self.serve_http2(stream).await;
    }

    /// Serves HTTP/2 until the client or the shutdown ends it, and records the outcome.
    pub(crate) async fn serve_http2(&self, stream: impl AsyncRead + AsyncWrite + Unpin) {
        let stop = self.stopping.clone().wait();
        self.tell("h2c", http2::serve(stream, self.app.window, stop).await);
    }

    /// Performs the TLS handshake after a 101, then goes on with HTTP within TLS.
    ///
    /// The upgrade request gets its response there (RFC 2817, section 3.3). A handshake that fails
    /// ends the connection: no more is sent in clear text.
    pub(crate) async fn go_on_in_tls<S>(self: Arc<Self>, stream: Upgraded, serve: S)
    where
        S: Fn(Arc<Self>, Request<Body>) -> Answer + Send + Sync + 'static,
    {
        let (stream, http) = stream.into_http_over_tls();
        let above = Arc::new(Self { is_secure: true, ..(*self).clone() });
        let config = above.config();
        let outcome = match self.in_time(self.app.tls.accept(stream)).await {
            Ok(tls) => {
                let handler = service_fn(move |request| serve(Arc::clone(&above), request));
                http.serve_connection_until(tls, handler, &config, self.stopping.clone().wait())
                    .await
            }
            Err(error) => Err(error.into()),
        };
        if let Err(error) = outcome {
            self.log.fail(error);
        }
    }
}
