//! The timeouts of a connection.

use std::time::Duration;

/// Timeouts for each phase of a connection; `None` disables one.
///
/// Except for `handler` and `shutdown`, a timeout runs while the peer is awaited, not while your
/// code works. A read of content that is given up counts as waiting, until the body is dropped.
/// Each byte of content received, and each byte sent, adds a millisecond. So long content may take
/// long, but a byte per second is too slow, except in a response that a client receives.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// The timeout for the first byte of a request, in a server: 60 s.
    pub idle: Option<Duration>,
    /// The timeout for the rest of a head after its first byte, in a server: 30 s.
    pub head: Option<Duration>,
    /// The timeout for content: 30 s.
    ///
    /// In a server it applies to the whole content of a request. In a client it starts anew with
    /// each piece of a response, once the request was sent. So a response may last for any time if
    /// its pieces come at shorter intervals.
    pub content: Option<Duration>,
    /// The timeout for sending: 30 s, and up to nine times more for buffered bytes.
    ///
    /// Linux reports free space only after a third of its buffer, up to a megabyte, was sent. So
    /// 128 KiB of unsent bytes are buffered at most (`TCP_NOTSENT_LOWAT`), and a peer that receives
    /// 10 kB/s is not disconnected. Below TLS set that option yourself, or use
    /// [`accept`](crate::accept) or [`Config::with_socket`](crate::Config::with_socket).
    pub write: Option<Duration>,
    /// The timeout in a server for the handler to respond; by default none.
    ///
    /// When it expires, the client gets a 503, and the handler is dropped.
    pub handler: Option<Duration>,
    /// The timeout for the head of a response, in a client: 60 s.
    ///
    /// It starts once the request was sent, and anew after each interim response.
    pub response: Option<Duration>,
    /// The timeout of a client for a 100; then it sends the content anyway: 1 s.
    ///
    /// After a response it sends none, unless that is a 2xx and nothing follows it for this time.
    /// RFC 9110, section 10.1.1.
    pub expect_continue: Duration,
    /// The timeout for the graceful shutdown of [`serve`](crate::serve): 10 s.
    ///
    /// Within it, responses in progress and upgraded connections may end. The remaining ones are
    /// dropped.
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
