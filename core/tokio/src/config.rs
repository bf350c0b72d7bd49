//! The configuration of a connection.

use std::sync::Arc;
use std::time::Duration;

use crate::observe::Observer;

/// The default limit of a request's content, in bytes.
const CONTENT: u64 = 1 << 30;

/// The configuration of a server's or client's connection.
///
/// End a literal with `..Default::default()`: it may get new members.
#[derive(Clone, Debug)]
pub struct Config {
    /// The engine's limits and leniencies; `secure` if the stream is TLS.
    ///
    /// A server takes no `http2_preface`: look at the first bytes yourself, and give such a
    /// connection to an HTTP/2 server. Its default limits the content of a request to 1 GiB
    /// (`limits.content`), where the engine has no limit.
    pub http: Arc<switchover::Config>,
    /// The timeouts of the peer.
    pub timeouts: Timeouts,
    /// A server adds `Date` to a response without one (RFC 9110, section 6.6.1).
    pub date: bool,
    /// A client that has half-closed still gets its response (RFC 9112, section 9.6).
    ///
    /// Its disconnect is then noticed only by a reset, or when the response is sent. Without it the
    /// handler is dropped once the client's end comes. Neither is noticed while content of the
    /// request waits that the handler does not read.
    pub half_close: bool,
    /// A server's requests have an [`InformationalSender`](crate::informational).
    ///
    /// It costs an allocation or two for each request.
    pub informational: bool,
    /// The observer of everything that enters and leaves the engine.
    pub observer: Option<Arc<dyn Observer>>,
}

impl Default for Config {
    fn default() -> Self {
        let limits = switchover::Limits { content: CONTENT, ..switchover::Limits::DEFAULT };
        Self {
            http: Arc::new(switchover::Config { limits, ..switchover::Config::default() }),
            timeouts: Timeouts::default(),
            date: true,
            half_close: true,
            informational: false,
            observer: None,
        }
    }
}

impl Config {
    /// Returns the same configuration for a stream that is TLS.
    ///
    /// Targets and offers are judged by it (RFC 9110, section 7.8).
    pub fn secure(&self) -> Self {
        let http = switchover::Config { secure: true, ..switchover::Config::clone(&self.http) };
        Self { http: Arc::new(http), ..self.clone() }
    }
}

/// Timeouts for each phase of a connection; `None` disables one.
///
/// The time runs while there is something to wait for, not while your code works. Each byte of
/// content, and each that is sent, adds a millisecond. Long content may take long; a byte a second
/// may not.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// A server waits for the first byte of a request: 60 s.
    pub idle: Option<Duration>,
    /// A server waits for the rest of a head, from its first byte on: 30 s.
    pub head: Option<Duration>,
    /// Content: 30 s.
    ///
    /// A server's timeout is for all content of a request. A client's begins anew with each piece
    /// of a response, once its request has left: a server may send events now and then.
    pub content: Option<Duration>,
    /// Sending: 30 s, and up to three times as long for what the system has taken.
    ///
    /// Linux reports room only after a third of its buffer is free, up to a megabyte. A peer that
    /// takes 10 kB/s is not given up.
    pub write: Option<Duration>,
    /// A server's handler makes a response: for ever.
    ///
    /// When it is over the client gets a 503, and the handler is dropped.
    pub handler: Option<Duration>,
    /// Waiting for a response, or the next interim one: 60 s.
    ///
    /// It begins once the request has left.
    pub response: Option<Duration>,
    /// Waiting for a 100; then the content is sent all the same: 1 s.
    ///
    /// RFC 9110, section 10.1.1.
    pub expect_continue: Duration,
    /// Graceful shutdown of [`serve`](crate::serve): 10 s.
    ///
    /// It waits for responses in progress and for upgraded connections, and then drops those that
    /// are left.
    pub shutdown: Option<Duration>,
}

impl Default for Timeouts {
    fn default() -> Self {
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        Self {
            idle: seconds(60),
            head: seconds(30),
            content: seconds(30),
            write: seconds(30),
            handler: None,
            response: seconds(60),
            expect_continue: Duration::from_secs(1),
            shutdown: seconds(10),
        }
    }
}
