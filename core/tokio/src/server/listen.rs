//! A listener, and the tasks of its connections.

use std::future::Future;
use std::io::ErrorKind;
use std::pin::pin;
use std::time::Duration;

use http_body::Body;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::serve_connection_until;
use crate::config::Config;
use crate::error::BoxError;
use crate::handler::HttpService;

/// The bytes that the system may hold, beyond those in flight.
const UNSENT: u32 = 128 * 1024;

/// The delay before a listener accepts again after an error.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(50);

/// Accepts connections until `stop` is ready, and serves each in a task.
///
/// Each gets a clone of `handler`, as [`serve_connection_until`] does.
///
/// After `stop` the answers under way are the last of their connections. It returns when all
/// connections have ended, at the latest after [`Timeouts::shutdown`](crate::Timeouts::shutdown).
/// That drops those that are left: a handler that takes longer, and upgraded connections.
/// `std::future::pending()` never stops. [`accept`] is for what serves above TLS, for what is to
/// see that the server stops, and for what wants to see errors.
pub async fn serve<H>(
    listener: TcpListener,
    handler: H,
    config: &Config,
    stop: impl Future<Output = ()>,
) where
    H: HttpService<Error: Into<BoxError>, Future: Send> + Clone + Send + 'static,
    H::Content: Body<Data: Send, Error: Into<BoxError>> + Send,
{
    let (config, shutdown) = (config.clone(), config.timeouts.shutdown);
    let serve = move |stream, stopping: ShutdownSignal| {
        let (handler, config) = (handler.clone(), config.clone());
        // The client has got its answer.
        async move { drop(serve_connection_until(stream, handler, &config, stopping.wait()).await) }
    };
    let mut connections = accept_until(listener, stop, serve).await;
    match shutdown {
        Some(shutdown) => drop(timeout(shutdown, ended(&mut connections)).await),
        None => ended(&mut connections).await,
    }
}

/// Accepts connections until `stop` is ready, and spawns `serve` for each.
///
/// Where none can be accepted, as the system is out of descriptors, it tries again a moment later.
/// After `stop` it waits for all of them, however long they take; they see it in what they were
/// given. Dropping it cuts those that are left.
pub async fn accept<F>(
    listener: TcpListener,
    stop: impl Future<Output = ()>,
    serve: impl FnMut(TcpStream, ShutdownSignal) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    ended(&mut accept_until(listener, stop, serve).await).await;
}

/// Accepts connections until `stop` is ready, and returns those that are left.
async fn accept_until<F>(
    listener: TcpListener,
    stop: impl Future<Output = ()>,
    mut serve: impl FnMut(TcpStream, ShutdownSignal) -> F,
) -> JoinSet<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    let (stopping, stopped) = watch::channel(false);
    let (mut connections, mut stop) = (JoinSet::new(), pin!(stop));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            // What has ended is forgotten.
            Some(_) = connections.join_next() => continue,
            () = &mut stop => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            // The client's own end, which keeps no other waiting.
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => continue,
            Err(_) => {
                sleep(ACCEPT_RETRY_DELAY).await;
                continue;
            }
        };
        // An answer is not held back for the one after it; a socket that refuses this is gone
        // already.
        let _ = stream.set_nodelay(true);
        bound_unsent(&stream);
        connections.spawn(serve(stream, ShutdownSignal(stopped.clone())));
    }
    drop(listener);
    let _ = stopping.send(true);
    connections
}

/// Limits the bytes that the system holds beyond those in flight.
///
/// Else a client that reads slowly but steadily would look like one that reads nothing, until a
/// third of a large buffer is free.
fn bound_unsent(stream: &TcpStream) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = socket2::SockRef::from(stream).set_tcp_notsent_lowat(UNSENT);
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = (stream, UNSENT);
}

async fn ended(connections: &mut JoinSet<()>) {
    while connections.join_next().await.is_some() {}
}

/// A signal that the server shuts down, and accepts no more connections.
#[derive(Clone, Debug)]
pub struct ShutdownSignal(watch::Receiver<bool>);

impl ShutdownSignal {
    /// Waits until the server shuts down.
    ///
    /// Pass it to [`serve_connection_until`], or await it in an upgraded connection. Cancel safe.
    pub async fn wait(mut self) {
        // A server that is gone has stopped.
        let _ = self.0.wait_for(|&is_stopping| is_stopping).await;
    }
}
