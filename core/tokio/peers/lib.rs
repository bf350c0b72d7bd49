//! A server on a free port, TLS, and a timeout, for the tests.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::pki_types::PrivateKeyDer;
use switchover_tokio::{BoxError, Config, HttpService, accept, serve, serve_connection_until};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_rustls::{TlsAcceptor, TlsConnector};

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
        Self::with(handler, Config::default()).await
    }

    /// Starts a server on a free port with the given handler and configuration.
    pub async fn with<H>(handler: H, config: Config) -> Self
    where
        H: HttpService<Error: Into<BoxError>, Future: Send> + Clone + Send + 'static,
        H::Content: http_body::Body<Data: Send, Error: Into<BoxError>> + Send,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(async move {
            serve(listener, handler, &config, async { drop(stopped.await) }).await;
        });
        Self { address, stop: Some(stop), serving }
    }

    /// Starts a server over TLS with the given handler and configuration.
    pub async fn over_tls<H>(acceptor: TlsAcceptor, handler: H, config: Config) -> Self
    where
        H: HttpService<Error: Into<BoxError>, Future: Send> + Clone + Send + 'static,
        H::Content: http_body::Body<Data: Send, Error: Into<BoxError>> + Send,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel::<()>();
        let config = config.secure();
        let stopped = async { drop(stopped.await) };
        let serving = tokio::spawn(accept(listener, stopped, move |stream, peer, stopping| {
            let (acceptor, handler) = (acceptor.clone(), handler.clone());
            let config = config.for_peer(peer);
            async move {
                let stream = acceptor.accept(stream).await.expect("a handshake");
                let _ = serve_connection_until(stream, handler, &config, stopping.wait()).await;
            }
        }));
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

/// A TLS server for `localhost`, and a client that trusts its certificate.
pub struct Tls {
    /// The server's side of TLS, with the certificate and its key.
    pub acceptor: TlsAcceptor,
    /// The client's side of TLS, which trusts only that certificate.
    pub connector: TlsConnector,
    /// The server's self-signed certificate, as PEM.
    pub certificate: String,
}

impl Tls {
    /// Creates both sides, which agree on one of these protocols by ALPN.
    ///
    /// Without protocols, they use no ALPN.
    pub fn new(protocols: &[&str]) -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".into()]).expect("a certificate");
        let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let protocols: Vec<_> =
            protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        let server = rustls::ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .expect("versions");
        let mut server = server
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .expect("a key");
        let mut trusted = rustls::RootCertStore::empty();
        trusted.add(made.cert.der().clone()).expect("a certificate");
        let client = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions");
        let mut client = client.with_root_certificates(trusted).with_no_client_auth();
        (server.alpn_protocols, client.alpn_protocols) = (protocols.clone(), protocols);
        Self {
            acceptor: Arc::new(server).into(),
            connector: Arc::new(client).into(),
            certificate: made.cert.pem(),
        }
    }
}
