//! The address of an audited program, and how to connect to it.

use std::io::{self, ErrorKind};
use std::net::{TcpStream, ToSocketAddrs};
use std::thread;
use std::time::Duration;

use super::tls_args::Tls;
use super::wire::Wire;
use crate::target::Target;

#[derive(Clone)]
pub(crate) struct Endpoint<'a> {
    pub(crate) target: &'a Target,
    /// The configuration of TLS, for a target whose scheme requires it.
    pub(crate) tls: Option<Tls>,
    /// The timeout of the attempt to connect, and of each wait for the program.
    pub(crate) timeout: Duration,
    /// The pause before each connection.
    pub(crate) delay: Duration,
}

impl<'a> Endpoint<'a> {
    /// Returns an endpoint without TLS, and without a pause before each connection.
    pub(crate) fn plain(target: &'a Target, timeout: Duration) -> Self {
        Self { target, tls: None, timeout, delay: Duration::ZERO }
    }

    /// Connects after the time `delay`, and performs a TLS handshake if `tls` is set.
    pub(crate) fn connect(&self) -> io::Result<Wire> {
        thread::sleep(self.delay);
        let address = &self.target.address;
        let mut outcome =
            Err(io::Error::new(ErrorKind::NotFound, format!("{address} is no address")));
        for address in address.to_socket_addrs()? {
            outcome = TcpStream::connect_timeout(&address, self.timeout);
            if outcome.is_ok() {
                break;
            }
        }
        match &self.tls {
            None => Wire::new(outcome?, self.timeout),
            Some(tls) => Wire::secure(outcome?, self.target.host(), tls, self.timeout),
        }
    }
}
