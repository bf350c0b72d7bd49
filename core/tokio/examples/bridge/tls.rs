//! TLS with a self-signed certificate made at start, which no client trusts.

use std::error::Error;
use std::sync::Arc;

use rcgen::generate_simple_self_signed;
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::PrivateKeyDer;

/// Returns the TLS configuration of an HTTP/2 server on localhost.
pub(crate) fn server() -> Result<ServerConfig, Box<dyn Error + Send + Sync>> {
    let made = generate_simple_self_signed(["localhost", "127.0.0.1"].map(String::from))?;
    let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}
