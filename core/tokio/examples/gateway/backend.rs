//! The backend: its address, its timeouts, and its errors.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::Body;
use switchover::Blame;
use switchover_tokio::client::{Outcome, check, connect};
use switchover_tokio::{BoxError, Config, Error, Timeouts};
use tokio::net::TcpStream;
use tokio::signal::ctrl_c;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// The timeout of the connections under way at ^C.
const GOODBYE: Duration = Duration::from_secs(4);

/// The time to tell both sides of a tunnel after that.
const FAREWELL: Duration = Duration::from_secs(1);

/// The timeouts in which a peer has to take some of the sent bytes.
///
/// The system says that there is room only after a third of its buffer. A client of HTTP/2 says so
/// after half of its window.
pub(crate) const SYSTEM: u32 = 4;

/// A server that requests are passed on to.
#[derive(Clone)]
pub(crate) struct Backend {
    pub(crate) address: Arc<str>,
    /// The configuration for both sides.
    pub(crate) config: Config,
    /// The timeout of the backend, or of a client, for a message.
    pub(crate) timeout: Duration,
    pub(crate) farewell: Farewell,
}

impl Backend {
    pub(crate) fn new(address: &str, seconds: u64) -> Self {
        let limit = Duration::from_secs(seconds.max(1));
        let time = Some(limit);
        let config = Config {
            // What comes from others may contradict itself in ways that no reader minds.
            http: Arc::new(switchover::Config { tidy: true, ..switchover::Config::default() }),
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

    /// Sends a request to the backend, over a connection of its own.
    ///
    /// Returns whether the response came before the request's end, too.
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
        let stream = connecting.await.map_err(|_| Error::TimedOut("a connection"))??;
        stream.set_nodelay(true)?;
        let mut client = connect(stream, &self.config);
        client.on_informational(inform);
        let outcome = client.upgrade(request, offer).await?;
        Ok((outcome, !client.has_sent()))
    }
}

/// Returns the status of an error, by whose fault it was.
pub(crate) fn status(error: &Error) -> StatusCode {
    match error {
        Error::TimedOut(_) => StatusCode::GATEWAY_TIMEOUT,
        // The backend had no part in it.
        Error::Protocol(error) if error.blame() == Blame::Local => StatusCode::BAD_REQUEST,
        _ => StatusCode::BAD_GATEWAY,
    }
}

/// Returns what a mutex holds, also where its last holder has panicked.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Serves until ^C, and then for what is under way.
///
/// A second ^C leaves the time for a farewell alone.
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

/// The moment at which tunnels have to end, as the server stops.
#[derive(Clone, Default)]
pub(crate) struct Farewell(watch::Sender<bool>);

impl Farewell {
    /// Completes when the signal has come, or was there before.
    pub(crate) async fn heard(&self) {
        // It is dropped with all that hears it.
        let _ = self.0.subscribe().wait_for(|&has_come| has_come).await;
    }
}

/// Parses an argument that is the address of a server.
pub(crate) fn host_and_port(text: &str) -> Result<String, &'static str> {
    let (host, port) = text.rsplit_once(':').ok_or("HOST:PORT is wanted")?;
    let is_address = !host.is_empty() && !text.contains('/') && port.parse::<u16>().is_ok();
    if is_address { Ok(text.into()) } else { Err("HOST:PORT is wanted, without http://") }
}
