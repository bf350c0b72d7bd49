//! A client's connection, and the state that all connections share.

use std::fmt::Display;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use switchover::Order;
use switchover_tokio::{Config, ShutdownSignal, Timeouts};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use crate::live::Hub;
use crate::session_log::SessionLog;

/// The state that all connections share.
pub(crate) struct App {
    pub(crate) prefer: Order,
    pub(crate) tls: TlsAcceptor,
    pub(crate) timeout: Duration,
    /// The HTTP/2 flow-control window of a stream and of the connection, in bytes.
    pub(crate) window: u32,
    /// The viewers of the live page, and the history of connections for new ones.
    pub(crate) live: Arc<Hub>,
    /// The folder of the playground's files; it may not exist.
    pub(crate) play: PathBuf,
    /// The address that the server listens on.
    pub(crate) address: SocketAddr,
    /// The permits of the connections that may be served at the same time.
    pub(crate) places: Semaphore,
}

/// A client's connection to the server; clones share its log.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) app: Arc<App>,
    pub(crate) log: Arc<SessionLog>,
    /// The signal of the server's shutdown, which ends this connection.
    pub(crate) stopping: ShutdownSignal,
    /// True if HTTP is spoken inside TLS, from the first byte or after an upgrade.
    pub(crate) is_secure: bool,
}

impl Session {
    pub(crate) fn config(&self) -> Config {
        let time = Some(self.app.timeout);
        let timeouts =
            Timeouts { idle: time, head: time, content: time, write: time, ..Timeouts::default() };
        let config = Config { timeouts, observer: Some(self.log.clone()), ..Config::default() };
        if self.is_secure { config.secure() } else { config }
    }

    /// Awaits a future until the timeout of `App` or the server's shutdown.
    ///
    /// Fails if one of these two comes first.
    pub(crate) async fn in_time<T>(
        &self,
        outcome: impl Future<Output = io::Result<T>>,
    ) -> io::Result<T> {
        tokio::select! {
            outcome = timeout(self.app.timeout, outcome) => outcome?,
            () = self.stopping.clone().wait() => Err(io::Error::other("the server stops")),
        }
    }

    /// Runs a protocol until its end or shutdown, and records the outcome.
    ///
    /// Returns `false` if the protocol has failed, or was cut by the shutdown. A protocol that ends
    /// by itself when the shutdown begins is not cut.
    pub(crate) async fn tell_of<E: Display>(
        &self,
        protocol: &str,
        speech: impl Future<Output = Result<u64, E>>,
    ) -> bool {
        // Those that wait for the shutdown do not hear of it in one order.
        let stopped = async {
            self.stopping.clone().wait().await;
            sleep(Duration::from_millis(100)).await;
        };
        tokio::select! {
            biased;
            outcome = speech => {
                let is_whole = outcome.is_ok();
                self.tell(protocol, outcome);
                is_whole
            }
            () = stopped => {
                self.tell(protocol, Err("the server stops"));
                false
            }
        }
    }

    /// Records the number of messages of a protocol, or the error that ended it.
    pub(crate) fn tell<E: Display>(&self, protocol: &str, outcome: Result<u64, E>) {
        match outcome {
            Ok(1) => self.log.say(format_args!("1 message of {protocol}")),
            Ok(count) => self.log.say(format_args!("{count} messages of {protocol}")),
            Err(error) => self.log.say(format_args!("{protocol} ended: {error}")),
        }
    }
}
