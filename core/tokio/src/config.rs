//! What a connection is given to go by.

use std::sync::Arc;
use std::time::Duration;

use crate::observe::Observer;

/// The content of a request that a server takes, if its configuration says nothing else.
const CONTENT: u64 = 1 << 30;

/// How a connection is served or used. End a literal with `..Default::default()`: it may get new members.
#[derive(Clone, Debug)]
pub struct Config {
    /// The engine's limits and leniencies; `secure` where the stream is TLS. A server takes no `http2_preface`: look at the
    /// first bytes yourself, and give such a connection to an HTTP/2 server. Its default bounds the content of a request at
    /// 1 GiB (`limits.content`), where the engine's own has no limit.
    pub http: Arc<switchover::Config>,
    /// How long the peer may take.
    pub patience: Patience,
    /// Whether a server adds `Date` to a response without one (RFC 9110, 6.6.1).
    pub date: bool,
    /// Whether a client that has ended its direction is still answered, as RFC 9112, 9.6, would have it. It is then noticed only by
    /// a reset, or when the answer is sent, that the client has gone; without it a handler is dropped once the client's end
    /// comes. Neither is noticed while content of the request waits that the handler does not read.
    pub half_close: bool,
    /// Whether a server's requests have an [`informer`](crate::informer), which costs an allocation or two for each.
    pub informs: bool,
    /// Who is shown all that goes into the engine and comes out.
    pub observer: Option<Arc<dyn Observer>>,
}

impl Default for Config {
    fn default() -> Self {
        let limits = switchover::Limits { content: CONTENT, ..switchover::Limits::DEFAULT };
        Self {
            http: Arc::new(switchover::Config { limits, ..switchover::Config::default() }),
            patience: Patience::default(),
            date: true,
            half_close: true,
            informs: false,
            observer: None,
        }
    }
}

impl Config {
    /// The same for a stream that is TLS: targets and offers are judged by it (RFC 9110, 7.8).
    pub fn secure(&self) -> Self {
        let http = switchover::Config { secure: true, ..switchover::Config::clone(&self.http) };
        Self { http: Arc::new(http), ..self.clone() }
    }
}

/// How long the peer may take, by what is waited for; `None` is for ever.
///
/// The time runs while there is something to wait for, not while your code works. Each byte of content, and each that is
/// sent, adds a millisecond to its time: long content may take long, a byte a second may not.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// A server waits for the first byte of a request: 60 s.
    pub idle: Option<Duration>,
    /// A server waits for the rest of a head, from its first byte on: 30 s.
    pub head: Option<Duration>,
    /// Content: 30 s. A server counts what it has waited for all of a request's; a client begins anew with each piece of a
    /// response, which may be made of what happens now and then, and only once its request has left.
    pub content: Option<Duration>,
    /// The peer takes what is sent: 30 s, and up to three times as long again by what the system has taken for it. Linux says
    /// that there is room only after a third of its buffer, up to a megabyte: who takes 10 kB/s is not given up.
    pub sending: Option<Duration>,
    /// A server's handler makes a response: for ever. When it is over the client gets a 503, and the handler is dropped.
    pub handler: Option<Duration>,
    /// A client waits for a response, or the next interim one, once its request has left: 60 s.
    pub response: Option<Duration>,
    /// A client waits for a 100; then it sends its content all the same: 1 s (RFC 9110, 10.1.1).
    pub go_ahead: Duration,
    /// [`serve_all`](crate::serve_all) waits, once it stops, for the answers under way and for what has switched: 10 s. Then it
    /// drops what is left.
    pub goodbye: Option<Duration>,
}

impl Default for Patience {
    fn default() -> Self {
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        Self {
            idle: seconds(60),
            head: seconds(30),
            content: seconds(30),
            sending: seconds(30),
            handler: None,
            response: seconds(60),
            go_ahead: Duration::from_secs(1),
            goodbye: seconds(10),
        }
    }
}
