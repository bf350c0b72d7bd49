//! The signal that a server shuts down.

use tokio::sync::watch;

/// A signal that the server shuts down, and accepts no more connections.
#[derive(Clone, Debug)]
pub struct ShutdownSignal(watch::Receiver<bool>);

impl ShutdownSignal {
    /// Returns a signal, and the sender that gives it.
    pub(crate) fn new() -> (watch::Sender<bool>, Self) {
        let (stops, stopped) = watch::channel(false);
        (stops, Self(stopped))
    }

    /// Waits until the server shuts down.
    ///
    /// Pass it to [`serve_connection_until`](crate::serve_connection_until), or await it in an
    /// upgraded connection. Cancel safe.
    pub async fn wait(mut self) {
        // An error means that the server is gone, so it has stopped too.
        let _ = self.0.wait_for(|&is_stopping| is_stopping).await;
    }

    /// Waits until the server shuts down, or forever if it never does.
    pub(crate) async fn wait_or_never(mut self) {
        if self.0.wait_for(|&is_stopping| is_stopping).await.is_err() {
            std::future::pending().await
        }
    }
}
