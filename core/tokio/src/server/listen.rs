//! The accept loop, and the tasks of its connections.

use std::future::Future;
use std::io::ErrorKind;
use std::pin::pin;
use std::time::Duration;

use http_body::Body;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::listener::Listener;
use super::serve_connection_until;
use crate::config::Config;
use crate::error::BoxError;
use crate::handler::HttpService;
use crate::shutdown::ShutdownSignal;

/// The delay before a listener accepts again after an error of its own.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(50);

/// Accepts connections until `stop` is ready, and serves each in a task.
///
/// Each connection gets a clone of `handler`, and is served by [`serve_connection_until`]. Its
/// requests have the peer's address: see [`PeerAddr`](crate::PeerAddr). `listener` may be a TCP or
/// Unix listener of tokio, or your own: see [`Listener`].
///
/// Once `stop` is ready, each connection ends after the response in progress. `serve` returns when
/// all connections have ended, at the latest after
/// [`Timeouts::shutdown`](crate::Timeouts::shutdown). The remaining ones are then dropped: slow
/// handlers and upgraded connections. The peer of an upgraded one may see an orderly end then;
/// before, [`Upgraded::stopping`](crate::Upgraded::stopping) is the time to say goodbye.
///
/// Pass `std::future::pending()` to never stop. Use [`accept`] to serve over TLS, to observe the
/// shutdown, or to receive the errors of connections.
pub async fn serve<L, H>(listener: L, handler: H, config: &Config, stop: impl Future<Output = ()>)
where
    L: Listener,
    H: HttpService<Error: Into<BoxError>, Future: Send> + Clone + Send + 'static,
    H::Content: Body<Data: Send, Error: Into<BoxError>> + Send,
{
    let (config, shutdown) = (config.clone(), config.timeouts.shutdown);
    let serve = move |stream, address, stopping: ShutdownSignal| {
        let (handler, config) = (handler.clone(), config.for_peer(address));
        // An error is ignored: the client has already got the response for it.
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
/// `serve` gets the stream, the address of its peer, and a signal. Pass the address to
/// [`Config::for_peer`] if requests are to have it.
///
/// If no connection can be accepted, for instance because file descriptors ran out, it retries
/// after 50 ms. Once `stop` is ready, it waits for all connections, without a timeout; their
/// [`ShutdownSignal`] tells them to end. If the future is dropped, the remaining connections are
/// dropped too.
pub async fn accept<L, F>(
    listener: L,
    stop: impl Future<Output = ()>,
    serve: impl FnMut(L::Stream, L::Address, ShutdownSignal) -> F,
) where
    L: Listener,
    F: Future<Output = ()> + Send + 'static,
{
    ended(&mut accept_until(listener, stop, serve).await).await;
}

/// Accepts connections until `stop` is ready; returns the tasks still running.
async fn accept_until<L, F>(
    mut listener: L,
    stop: impl Future<Output = ()>,
    mut serve: impl FnMut(L::Stream, L::Address, ShutdownSignal) -> F,
) -> JoinSet<()>
where
    L: Listener,
    F: Future<Output = ()> + Send + 'static,
{
    let (stopping, stopped) = ShutdownSignal::new();
    let (mut connections, mut stop) = (JoinSet::new(), pin!(stop));
    'accepting: loop {
        let is_full = connections.len() >= listener.limit();
        let accepted = {
            // It goes on while tasks end, and is dropped at the stop alone.
            let mut accepting = pin!(listener.accept());
            loop {
                tokio::select! {
                    accepted = &mut accepting, if !is_full => break accepted,
                    // Removes tasks that have ended.
                    Some(_) = connections.join_next() => if is_full { continue 'accepting },
                    () = &mut stop => break 'accepting,
                }
            }
        };
        match accepted {
            Ok((stream, address)) => {
                connections.spawn(serve(stream, address, stopped.clone()));
            }
            Err(error) => {
                listener.failed(&error);
                // If only this client is affected, there is no delay for the others.
                if !matches!(
                    error.kind(),
                    ErrorKind::ConnectionAborted
                        | ErrorKind::ConnectionReset
                        | ErrorKind::ConnectionRefused
                ) {
                    sleep(ACCEPT_RETRY_DELAY).await;
                }
            }
        }
    }
    drop(listener);
    let _ = stopping.send(true);
    connections
}

async fn ended(connections: &mut JoinSet<()>) {
    while connections.join_next().await.is_some() {}
}
