// TLS of the drivers on tokio, with the files of the folder that `HOSTILE_TLS` names.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector};

fn folder() -> Option<PathBuf> {
    std::env::var_os("HOSTILE_TLS").map(Into::into)
}

fn certificate(folder: &std::path::Path) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(folder.join("certificate")).expect("a certificate")
}

/// Returns a server's acceptor of TLS; `None` if `HOSTILE_TLS` is not set.
#[allow(dead_code, reason = "a client has none")]
pub(crate) fn acceptor() -> Option<TlsAcceptor> {
    let folder = folder()?;
    let key = PrivateKeyDer::from_pem_file(folder.join("key")).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate(&folder)], key)
        .expect("a pair");
    Some(TlsAcceptor::from(Arc::new(config)))
}

/// Returns a client's connector of TLS; `None` if `HOSTILE_TLS` is not set.
#[allow(dead_code, reason = "a server has none")]
pub(crate) fn connector() -> Option<TlsConnector> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate(&folder()?)).expect("a root");
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Some(TlsConnector::from(Arc::new(config)))
}
