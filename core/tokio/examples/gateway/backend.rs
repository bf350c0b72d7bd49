//! Where requests go.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use switchover::{Config, Connection, RequestHead, Role};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::refusal::Refusal;
use crate::side::Side;

#[derive(Clone)]
pub(crate) struct Backend {
    pub(crate) address: Rc<str>,
    /// What it, or a client, may take for a message.
    pub(crate) patience: Duration,
    config: Arc<Config>,
}

impl Backend {
    pub(crate) fn new(address: &str, seconds: u64) -> Self {
        // What comes from others may contradict itself in ways that no reader minds.
        let config = Arc::new(Config { tidy: true, ..Config::default() });
        Self { address: address.into(), patience: Duration::from_secs(seconds.max(1)), config }
    }

    pub(crate) fn connection(&self, role: Role) -> Connection {
        Connection::with_config(role, Arc::clone(&self.config))
    }

    /// A request on its way, on a connection of its own.
    pub(crate) async fn ask(&self, request: &RequestHead<'_>, offer: &[&str]) -> Result<Side, Refusal> {
        let (mut connection, mut out) = (self.connection(Role::Client), Vec::new());
        // What the engine refuses to send is the client's mistake, and no matter for the backend.
        connection.send_request(request, offer, &mut out).map_err(Refusal::of_client)?;
        let stream = timeout(self.patience, TcpStream::connect(&*self.address)).await??;
        Ok(Side::new(stream, connection, out, self.patience)?)
    }
}
