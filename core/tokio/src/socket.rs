//! The TCP socket below another stream.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use tokio::net::TcpStream;

/// The way to the TCP socket below a stream, such as below TLS.
///
/// [`Config::with_socket`](crate::Config::with_socket) makes one.
#[derive(Clone)]
pub struct SocketBelow(Arc<FindSocket>);

type FindSocket = dyn Fn(&dyn Any) -> Option<&TcpStream> + Send + Sync;

impl SocketBelow {
    pub(crate) fn new(
        find: impl Fn(&dyn Any) -> Option<&TcpStream> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(find))
    }

    /// Returns the socket below a stream, if it is of the type that this knows.
    pub(crate) fn find<'a>(&self, stream: &'a dyn Any) -> Option<&'a TcpStream> {
        (self.0)(stream)
    }
}

impl fmt::Debug for SocketBelow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SocketBelow")
    }
}
