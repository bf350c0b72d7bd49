//! The protocols that are spoken once a connection is no longer HTTP.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use switchover::masque::UdpTarget;
use switchover_tokio::{Http2Stream, Upgraded, service_fn};
use tokio::io::{AsyncWriteExt, copy, sink};
use tokio::time::timeout;

use crate::answers::answer;
use crate::server::Session;
use crate::{foo, http2, live, udp, websocket};

/// The longest that a peer is listened to that should have ended.
const LINGER_MAX: Duration = Duration::from_secs(2);

/// The protocol that takes the connection over.
pub(crate) enum NextProtocol {
    /// With the content of the request, which is answered in it.
    Foo(Bytes),
    WebSocket,
    /// The page's own.
    Live,
    Udp(UdpTarget),
    /// With HTTP above it.
    Tls,
}

impl Session {
    pub(crate) async fn speak(self: Arc<Self>, speech: NextProtocol, mut stream: Upgraded) {
        let (name, house) = (stream.protocol().to_owned(), &self.house);
        match speech {
            NextProtocol::Tls => return self.go_on_in_tls(stream).await,
            NextProtocol::Foo(content) => {
                self.tell_of(&name, foo::speak(&content, &mut stream)).await
            }
            NextProtocol::WebSocket => {
                let outcome = websocket::echo(&mut stream, self.stopping.clone().wait()).await;
                self.tell(&name, outcome);
            }
            NextProtocol::Udp(target) => {
                self.tell_of(&name, udp::relay(&target, &mut stream)).await
            }
            NextProtocol::Live => {
                // To watch the watching would never end.
                self.account.say("a page watches; what it is told is not shown");
                self.account.be_private();
                self.tell_of("the page", live::serve(&house.live, house.address, &mut stream))
                    .await;
            }
        }
        // If it were closed with bytes of the client unread, the client would lose our last.
        let leave = async { stream.shutdown().await.and(copy(&mut stream, &mut sink()).await) };
        tokio::select! {
            _ = timeout(LINGER_MAX, leave) => {}
            () = self.stopping.clone().wait() => {}
        }
    }

    pub(crate) async fn speak_http2(self: Arc<Self>, stream: Http2Stream) {
        self.tell_of("h2c", http2::serve(stream, self.house.window)).await;
    }

    /// Returns the outcome of a protocol, if the server does not stop before.
    pub(crate) async fn tell_of<E: Display>(
        &self,
        protocol: &str,
        speech: impl Future<Output = Result<u64, E>>,
    ) {
        tokio::select! {
            outcome = speech => self.tell(protocol, outcome),
            () = self.stopping.clone().wait() => self.tell(protocol, Err("the server stops")),
        }
    }

    /// Records the number of messages, or the failure.
    fn tell<E: Display>(&self, protocol: &str, outcome: Result<u64, E>) {
        match outcome {
            Ok(1) => self.account.say(format_args!("1 message of {protocol}")),
            Ok(count) => self.account.say(format_args!("{count} messages of {protocol}")),
            Err(error) => self.account.say(format_args!("{protocol} ended: {error}")),
        }
    }

    /// Performs the TLS handshake, then responds to the request within it.
    ///
    /// RFC 2817, section 3.3.
    ///
    /// A handshake that fails ends the connection: nothing more is said in clear.
    async fn go_on_in_tls(&self, stream: Upgraded) {
        let (stream, http) = stream.into_http_over_tls();
        let above = Arc::new(Self { is_secure: true, ..self.clone() });
        let config = above.config();
        let outcome = match self.in_time(self.house.tls.accept(stream)).await {
            Ok(tls) => {
                let handler = service_fn(move |request| answer(Arc::clone(&above), request));
                http.serve_connection_until(tls, handler, &config, self.stopping.clone().wait())
                    .await
            }
            Err(error) => Err(error.into()),
        };
        if let Err(error) = outcome {
            self.account.fail(error);
        }
    }
}
