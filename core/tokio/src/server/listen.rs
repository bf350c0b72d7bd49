//! A listener, and the connections that come of it.

use std::future::Future;
use std::io::ErrorKind;
use std::pin::pin;
use std::time::Duration;

use http_body::Body;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::serve_until;
use crate::config::Config;
use crate::error::BoxError;
use crate::handler::Handler;

/// Bytes that wait in the system, beyond those that are on their way.
const UNSENT: u32 = 128 * 1024;

/// How long a listener is left alone after it has failed.
const LEFT_ALONE: Duration = Duration::from_millis(50);

/// Accepts connections until `stop` is ready, and [serves](serve_until) each in a task of its own, with a clone of `handler`.
///
/// After `stop` the answers under way are the last of their connections. It returns when all connections have ended, and at the
/// latest after [`Patience::goodbye`](crate::Patience::goodbye), which drops those that are left: a handler that takes longer, and what
/// a connection has switched to. `std::future::pending()` never stops. [`accept_all`] is for what serves above TLS, for what is to
/// see that the server stops, and for what wants to see errors.
pub async fn serve_all<H>(listener: TcpListener, handler: H, config: &Config, stop: impl Future<Output = ()>)
where
    H: Handler<Error: Into<BoxError>, Future: Send> + Clone + Send + 'static,
    H::Content: Body<Data: Send, Error: Into<BoxError>> + Send,
{
    let (config, goodbye) = (config.clone(), config.patience.goodbye);
    let serve = move |stream, stopping: Stopping| {
        let (handler, config) = (handler.clone(), config.clone());
        // The client has got its answer.
        async move { drop(serve_until(stream, handler, &config, stopping.wait()).await) }
    };
    let mut connections = accept(listener, stop, serve).await;
    match goodbye {
        Some(goodbye) => drop(timeout(goodbye, ended(&mut connections)).await),
        None => ended(&mut connections).await,
    }
}

/// Accepts connections until `stop` is ready, and runs what `serve` makes of each in a task of its own.
///
/// Where none can be accepted, as the system is out of descriptors, it tries again a moment later. After `stop` it waits for all of
/// them, however long they take; they see it in what they were given. Dropping it cuts those that are left.
pub async fn accept_all<F>(
    listener: TcpListener,
    stop: impl Future<Output = ()>,
    serve: impl FnMut(TcpStream, Stopping) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    ended(&mut accept(listener, stop, serve).await).await;
}

/// The connections that are left when `stop` is ready. They see it.
async fn accept<F>(
    listener: TcpListener,
    stop: impl Future<Output = ()>,
    mut serve: impl FnMut(TcpStream, Stopping) -> F,
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
                sleep(LEFT_ALONE).await;
                continue;
            }
        };
        // An answer is not held back for the one after it; a socket that refuses this is gone already.
        let _ = stream.set_nodelay(true);
        bound_unsent(&stream);
        connections.spawn(serve(stream, Stopping(stopped.clone())));
    }
    drop(listener);
    let _ = stopping.send(true);
    connections
}

/// Has the system take no more than a little beyond what is on its way: else a client that takes little of a large answer, but
/// steadily, would look like one that takes nothing until a third of a large buffer is free.
fn bound_unsent(stream: &TcpStream) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = socket2::SockRef::from(stream).set_tcp_notsent_lowat(UNSENT);
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = (stream, UNSENT);
}

async fn ended(connections: &mut JoinSet<()>) {
    while connections.join_next().await.is_some() {}
}

/// Whether the server stops, which accepts no more connections then.
#[derive(Clone, Debug)]
pub struct Stopping(watch::Receiver<bool>);

impl Stopping {
    /// Ready once it does: for [`serve_until`], and for what a connection has switched to. Cancel safe.
    pub async fn wait(mut self) {
        // A server that is gone has stopped.
        let _ = self.0.wait_for(|&is_stopping| is_stopping).await;
    }
}
