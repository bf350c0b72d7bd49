//! The backend, its timeouts and errors; and the end of a proxy after ^C.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Either;
use switchover::Blame;
use switchover_tokio::client::{Outcome, check};
use switchover_tokio::{Body, BoxError, Config, Error, Timeouts, Upgraded};
use tokio::signal::ctrl_c;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::pool::{Pool, Pooled};

/// The time that connections have to finish after the first ^C.
const GOODBYE: Duration = Duration::from_secs(4);

/// The time for tunnels to reset their connections, once the proxy stops.
const FAREWELL: Duration = Duration::from_secs(1);

/// The longest time for a write without progress, as a multiple of the timeout.
///
/// The operating system reports free space only after a third of its send buffer was sent. An
/// HTTP/2 client reports it after half of its window.
pub(crate) const SYSTEM: u32 = 4;

/// The content of a response, whose connection may return to the pool.
pub(crate) type Content = Either<Pooled, Body>;

/// The backend's answer to a request.
pub(crate) enum Answer {
    Response(Box<Response<Content>>),
    Upgraded(Upgraded),
}

/// The server that requests are forwarded to.
#[derive(Clone)]
pub(crate) struct Backend {
    pub(crate) address: Arc<str>,
    /// The configuration of HTTP/1.1 connections with clients, and with the backend.
    pub(crate) config: Config,
    /// The timeout for all but HTTP/1.1 messages, such as connects and tunnel writes.
    ///
    /// The timeouts of HTTP/1.1 messages are in `config`.
    pub(crate) timeout: Duration,
    pub(crate) farewell: Farewell,
    /// The connections to the backend.
    pool: Pool,
}

impl Backend {
    pub(crate) fn new(address: &str, seconds: u64) -> Self {
        let limit = Duration::from_secs(seconds.max(1));
        let time = Some(limit);
        let config = Config {
            // Forwarded fields may contradict each other in harmless ways, which `tidy` removes.
            http: Arc::new(switchover::Config { tidy: true, ..(*Config::default().http).clone() }),
            timeouts: Timeouts {
                idle: time,
                head: time,
                content: time,
                write: time,
                response: time,
                ..Timeouts::default()
            },
            informational: true,
            ..Config::default()
        };
        let pool = Pool::new(config.clone(), limit);
        Self {
            address: address.into(),
            config,
            timeout: limit,
            farewell: Farewell::default(),
            pool,
        }
    }

    /// Sends a request to the backend, over a connection of the pool.
    ///
    /// A request with an offer gets a new connection, as the upgrade takes that over. Without an
    /// offer, a request that an idle connection has lost is sent again. If a part of it was sent,
    /// it must be idempotent and have no content; `empty` returns the body of its copy. `inform`
    /// receives interim responses.
    ///
    /// Also returns `true` if the response came before the request was complete.
    pub(crate) async fn send<B>(
        &self,
        request: Request<B>,
        empty: fn() -> B,
        offer: &[&str],
        inform: impl FnMut(Response<()>) + Clone + Send + 'static,
    ) -> Result<(Answer, bool), Error>
    where
        B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        check(&request, offer, &self.config)?;
        if offer.is_empty() {
            let copy = |request: &Request<B>| without_content(request, empty);
            let sent = self.pool.send_to(&self.address, request, copy, inform);
            let (response, is_early) = sent.await?;
            return Ok((Answer::Response(Box::new(response.map(Either::Left))), is_early));
        }
        let mut client = self.pool.connect(&self.address).await?;
        client.on_informational(inform);
        let answer = match client.upgrade(request, offer).await? {
            Outcome::Upgraded(stream) => Answer::Upgraded(stream),
            Outcome::Declined(declined) => {
                Answer::Response(Box::new(declined.response.map(Either::Right)))
            }
        };
        Ok((answer, !client.has_sent()))
    }
}

/// Returns a copy of a request, or `None` if it may have content.
fn without_content<B: http_body::Body>(
    request: &Request<B>,
    empty: fn() -> B,
) -> Option<Request<B>> {
    if !request.body().is_end_stream() {
        return None;
    }
    let mut copy = Request::new(empty());
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    Some(copy)
}

/// Returns the response's status for an error of the exchange with the backend.
///
/// It is 400 if the engine rejected the request, 504 for a timeout, and otherwise 502.
pub(crate) fn status(error: &Error) -> StatusCode {
    match error {
        Error::TimedOut(_) => StatusCode::GATEWAY_TIMEOUT,
        // The request itself was invalid, and never reached the backend.
        Error::Protocol(error) if error.blame() == Blame::Local => StatusCode::BAD_REQUEST,
        _ => StatusCode::BAD_GATEWAY,
    }
}

/// Locks a mutex, even if its last holder has panicked.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `serving` until it ends, or drops it some seconds after the first ^C.
///
/// After `GOODBYE`, or at a second ^C, `farewell` tells tunnels to end. `serving` is dropped
/// `FAREWELL` later.
pub(crate) async fn serve_until_ctrl_c(serving: impl Future<Output = ()>, farewell: &Farewell) {
    let cut = async {
        let _ = ctrl_c().await;
        let _ = timeout(GOODBYE, ctrl_c()).await;
        farewell.0.send_replace(true);
        sleep(FAREWELL).await;
    };
    tokio::select! {
        () = serving => {}
        () = cut => {}
    }
}

/// The signal that tunnels have to end, because the proxy stops.
#[derive(Clone, Default)]
pub(crate) struct Farewell(watch::Sender<bool>);

impl Farewell {
    /// Waits until tunnels have to end; ready at once if the signal was sent before.
    pub(crate) async fn heard(&self) {
        // The sender cannot be dropped while `self` exists, so there is no error.
        let _ = self.0.subscribe().wait_for(|&has_come| has_come).await;
    }
}

/// Parses a command-line argument of the form `HOST:PORT`.
pub(crate) fn host_and_port(text: &str) -> Result<String, &'static str> {
    let (host, port) = text.rsplit_once(':').ok_or("HOST:PORT is wanted")?;
    let is_address = !host.is_empty() && !text.contains('/') && port.parse::<u16>().is_ok();
    if is_address { Ok(text.into()) } else { Err("HOST:PORT is wanted, without http://") }
}
