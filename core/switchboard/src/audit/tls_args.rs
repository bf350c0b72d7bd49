//! The TLS options of the command line, with curl's names.

use std::fmt;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore};

use super::process::quoted;
use crate::tls;

#[derive(Args)]
#[group(multiple = true, conflicts_with = "client")]
pub(crate) struct TlsArgs {
    /// Trust the certificates of this PEM file, in place of those of the system.
    #[arg(long, value_name = "FILE")]
    cacert: Option<PathBuf>,
    /// Do not check the server's certificate.
    #[arg(short = 'k', long, conflicts_with = "cacert")]
    insecure: bool,
    /// Present the certificate of this PEM file.
    #[arg(short = 'E', long, value_name = "FILE")]
    cert: Option<PathBuf>,
    /// The PEM file of the certificate's private key, if --cert does not have it.
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// The newest version of TLS to use.
    #[arg(long, value_name = "VERSION", value_parser = ["1.2", "1.3"])]
    tls_max: Option<String>,
}

/// A TLS configuration, and the `openssl` options that correspond to it.
#[derive(Clone)]
pub(crate) struct Tls {
    pub(crate) config: Arc<ClientConfig>,
    /// The options of `openssl s_client` that correspond to `config`.
    ///
    /// With them `s_client` does not check the server's certificate.
    pub(crate) openssl: String,
}

impl TlsArgs {
    /// Returns the TLS configuration that the options ask for.
    ///
    /// An error names a file that cannot be used.
    pub(crate) fn tls(&self) -> Result<Tls, String> {
        let versions = match self.tls_max.as_deref() {
            Some("1.2") => &[&TLS12][..],
            _ => &[&TLS13, &TLS12],
        };
        let cannot = |error: rustls::Error| error.to_string();
        let builder = ClientConfig::builder_with_provider(tls::provider())
            .with_protocol_versions(versions)
            .map_err(cannot)?;
        let builder = if self.insecure {
            builder.dangerous().with_custom_certificate_verifier(tls::trusts_anyone())
        } else {
            builder.with_root_certificates(self.roots()?)
        };
        let config = match &self.cert {
            None => builder.with_no_client_auth(),
            Some(cert) => {
                let key = self.key.as_ref().unwrap_or(cert);
                let key = PrivateKeyDer::from_pem_slice(&read(key)?)
                    .map_err(|error| format!("{}: {error}", key.display()))?;
                builder
                    .with_client_auth_cert(certificates(cert)?, key)
                    .map_err(|error| format!("{}: {error}", cert.display()))?
            }
        };
        Ok(Tls { config: Arc::new(config), openssl: self.openssl() })
    }

    fn roots(&self) -> Result<RootCertStore, String> {
        let mut roots = RootCertStore::empty();
        match &self.cacert {
            None => {
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            }
            Some(path) => {
                for certificate in certificates(path)? {
                    let added = roots.add(certificate);
                    added.map_err(|error| format!("{}: {error}", path.display()))?;
                }
            }
        }
        Ok(roots)
    }

    /// Returns the options of `openssl s_client`, each after a space.
    ///
    /// `s_client` does not check the certificate, so --cacert is not among them.
    fn openssl(&self) -> String {
        let file = |name: &str, path: &Option<PathBuf>| {
            path.as_ref().map(|path| format!(" -{name} {}", quoted(&path.display().to_string())))
        };
        let version = (self.tls_max.as_deref() == Some("1.2")).then(|| " -tls1_2".into());
        [file("cert", &self.cert), file("key", &self.key), version].into_iter().flatten().collect()
    }
}

impl fmt::Display for TlsArgs {
    /// Writes the options as they are given on a command line, each after a space.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files = [("cacert", &self.cacert), ("cert", &self.cert), ("key", &self.key)];
        for (name, path) in files {
            if let Some(path) = path {
                write!(out, " --{name} {}", quoted(&path.display().to_string()))?;
            }
        }
        if self.insecure {
            write!(out, " --insecure")?;
        }
        self.tls_max.iter().try_for_each(|version| write!(out, " --tls-max {version}"))
    }
}

/// Adds the advice to use --cacert or --insecure to an error about a certificate.
///
/// Returns any other error unchanged.
pub(crate) fn explained(error: io::Error) -> io::Error {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        Some(rustls::Error::InvalidCertificate(_)) => io::Error::new(
            ErrorKind::InvalidData,
            format!("{error}; name its authority by --cacert FILE, or say --insecure"),
        ),
        _ => error,
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let pem = read(path)?;
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match all {
        Ok(all) if !all.is_empty() => Ok(all),
        Ok(_) => Err(format!("{} has no certificate in PEM", path.display())),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}
