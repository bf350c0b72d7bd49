//! The backend, its timeouts and errors; and the end of a proxy after ^C.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::Body;
use switchover::Blame;
use switchover_tokio::client::{Outcome, check, connect};
use switchover_tokio::{BoxError, Config, Error, Timeout, Timeouts};
use tokio::net::TcpStream;
use tokio::signal::ctrl_c;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// The time that connections have to finish after the first ^C.
const GOODBYE: Duration = Duration::from_secs(4);

/// The time for tunnels to reset their connections, once they are told to end.
const FAREWELL: Duration = Duration::from_secs(1);

/// The longest time for a write without progress, as a multiple of the timeout.
///
/// The operating system reports free space only after a third of its send buffer was sent. An
/// HTTP/2 client reports it after half of its window.
pub(crate) const SYSTEM: u32 = 4;

/// The server that requests are forwarded to.
#[derive(Clone)]
pub(crate) struct Backend {
    pub(crate) address: Arc<str>,
    /// The configuration of connections with clients, and with the backend.
    pub(crate) config: Config,
    /// The timeout for connects and handshakes, and for writes of a tunnel.
    ///
    /// Those of HTTP/1.1 messages are in `config`.
    pub(crate) timeout: Duration,
    pub(crate) farewell: Farewell,
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
        Self { address: address.into(), config, timeout: limit, farewell: Farewell::default() }
    }

    /// Sends a request to the backend, over a new connection.
    ///
    /// Also returns `true` if the response came before the request was complete.
    pub(crate) async fn send<B>(
        &self,
        request: Request<B>,
        offer: &[&str],
        inform: impl FnMut(Response<()>) + Send + 'static,
    ) -> Result<(Outcome, bool), Error>
    where
        B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        check(&request, offer, &self.config)?;
        let connecting = timeout(self.timeout, TcpStream::connect(&*self.address));
        let stream = connecting.await.map_err(|_| Error::TimedOut(Timeout::Response))??;
        stream.set_nodelay(true)?;
        let mut client = connect(stream, &self.config);
        client.on_informational(inform);
        let outcome = client.upgrade(request, offer).await?;
        Ok((outcome, !client.has_sent()))
    }
}

/// Returns the status for an error: 400 for an invalid request, otherwise 5xx.
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
/// After `GOODBYE`, or at a second ^C, tunnels are told to end. It is dropped `FAREWELL` later.
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

/// The signal that tunnels have to end, because the server stops.
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
