//! A server on a free port, and a timeout, for the tests.

use std::future::Future;
use std::net::SocketAddr;

use switchover_tokio::{BoxError, Config, HttpService, serve};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A running server; dropping it stops the server.
pub struct Served {
    /// The address that the server listens on.
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<()>,
}

impl Served {
    /// Starts a server on a free port with the given handler.
    pub async fn by<H>(handler: H) -> Self
    where
        H: HttpService<Error: Into<BoxError>, Future: Send> + Clone + Send + 'static,
        H::Content: http_body::Body<Data: Send, Error: Into<BoxError>> + Send,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(async move {
            let config = Config::default();
            serve(listener, handler, &config, async { drop(stopped.await) }).await;
        });
        Self { address, stop: Some(stop), serving }
    }

    /// Returns the URL of a path on the server.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Stops the server, and waits until all connections have ended.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        within(&mut self.serving).await.expect("no panic");
    }
}

/// Waits for a future, and panics after half a minute.
pub async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(std::time::Duration::from_secs(30), future).await.expect("in time")
}
