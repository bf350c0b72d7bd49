//! Tests of the options about TLS, and of those that a role does not have.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::reference;
use crate::audit::process::Process;
use crate::audit::report::Report;
use crate::audit::run::Run;
use crate::audit::verdict::Verdict;
use crate::audit::{NOT_REACHED, Stop, parsed};
use crate::tls;

/// A certificate authority for tests, and a folder for its files.
struct Files {
    authority: CertifiedIssuer<'static, KeyPair>,
    folder: PathBuf,
}

impl Files {
    fn new(name: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("switchboard-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key");
        let authority = CertifiedIssuer::self_signed(params, key).expect("a certificate");
        Self { authority, folder }
    }

    /// Writes a file into the folder, and returns its path.
    fn write(&self, name: &str, text: &str) -> String {
        let path = self.folder.join(name);
        fs::write(&path, text).expect("it can be written");
        path.display().to_string()
    }

    /// Returns a new certificate for 127.0.0.1 and its key, both in PEM.
    ///
    /// The authority has signed the certificate.
    fn issue(&self) -> (String, String) {
        let params = CertificateParams::new(["127.0.0.1".into()]).expect("parameters");
        let key = KeyPair::generate().expect("a key");
        (params.signed_by(&key, &self.authority).expect("a certificate").pem(), key.serialize_pem())
    }

    /// Serves the reference server in TLS on a free port, and returns the port.
    ///
    /// With `wants_client`, clients must have a certificate of this authority.
    fn serve(&self, versions: &[&'static SupportedProtocolVersion], wants_client: bool) -> u16 {
        let (certificate, key) = self.issue();
        let certificate = self.write("server.pem", &certificate);
        let key = self.write("server.key", &key);
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.der().clone()).expect("a root");
        let provider = tls::provider();
        let clients = WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone());
        let builder = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .expect("versions");
        let builder = if wants_client {
            builder.with_client_cert_verifier(clients.build().expect("a verifier"))
        } else {
            builder.with_no_client_auth()
        };
        let certificate = CertificateDer::from_pem_file(certificate).expect("PEM");
        let key = PrivateKeyDer::from_pem_file(key).expect("PEM");
        ends_tls(builder.with_single_cert(vec![certificate], key).expect("a configuration"))
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Starts a relay that ends TLS in front of the reference; returns its port.
fn ends_tls(config: ServerConfig) -> u16 {
    let behind = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let plain = behind.local_addr().expect("an address");
    reference::serve(behind, None);
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    listener.set_nonblocking(true).expect("an option");
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async move {
            let acceptor = TlsAcceptor::from(Arc::new(config));
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            while let Ok((client, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let mut client = acceptor.accept(client).await?;
                    let mut server = TcpStream::connect(plain).await?;
                    tokio::io::copy_bidirectional(&mut client, &mut server).await
                });
            }
        });
    });
    port
}

/// Audits `S01` at a port; returns its verdict and the shell command to repeat it.
fn audited(port: u16, options: &[&str]) -> Result<(Verdict, String), (u8, String)> {
    let url = format!("https://127.0.0.1:{port}/plain");
    let words = ["audit", &url, "--timeout", "15", "--only", "S01"];
    let args = parsed(&[&words, options].concat()).expect("they can be read");
    let run = Run::quiet(Report::default());
    crate::audit::audit(&args, &run).map_err(|Stop(code, text)| (code, text))?;
    let finding = run.report().findings.remove(0);
    Ok((finding.verdict, finding.evidence.expect("an exchange").again))
}

/// A server's certificate is verified as --cacert and --insecure say.
#[test]
fn a_certificate_is_trusted_or_not() {
    let files = Files::new("trust");
    let port = files.serve(&[&TLS13, &TLS12], false);
    let authority = files.write("ca.pem", &files.authority.pem());
    let other = files.write("other.pem", &Files::new("other").authority.pem());
    for options in [&[][..], &["--cacert", &other]] {
        let (code, text) = audited(port, options).expect_err("it is not trusted");
        assert_eq!(code, NOT_REACHED);
        assert!(text.contains("UnknownIssuer; name its authority by --cacert FILE"), "{text}");
    }
    for options in [&["--cacert", &authority][..], &["--insecure"], &["-k"]] {
        let (verdict, _) = audited(port, options).expect("it is trusted");
        assert_eq!(verdict, Verdict::Pass, "{options:?}");
    }
}

/// A file that cannot be used is an error that names it.
#[test]
fn a_bad_file_is_named() {
    let files = Files::new("bad");
    let empty = files.write("empty.pem", "");
    let (certificate, _) = files.issue();
    let certificate = files.write("alone.pem", &certificate);
    for (option, file) in [
        ("--cacert", "/nowhere"),
        ("--cacert", &empty),
        ("--cert", &empty),
        ("--cert", &certificate),
    ] {
        let (code, text) = audited(9, &[option, file]).expect_err("it cannot be used");
        assert_eq!(code, crate::USAGE, "{option} {file}");
        assert!(text.contains(file), "{option} {file}: {text}");
    }
}

/// A server that asks for a client certificate gets it, from one file or from two.
#[test]
fn a_client_has_a_certificate() {
    let files = Files::new("client");
    let port = files.serve(&[&TLS13, &TLS12], true);
    let (certificate, key) = files.issue();
    let both = files.write("both.pem", &format!("{certificate}{key}"));
    let certificate = files.write("cert.pem", &certificate);
    let key = files.write("key.pem", &key);
    assert!(audited(port, &["-k"]).is_err());
    for options in [&["-k", "--cert", &both][..], &["-k", "-E", &certificate, "--key", &key]] {
        let (verdict, again) = audited(port, options).expect("it is let in");
        assert_eq!(verdict, Verdict::Pass, "{options:?}");
        shows(&again);
    }
}

/// --tls-max chooses the newest TLS version that the audit uses.
#[test]
fn a_version_is_the_newest() {
    let files = Files::new("version");
    let (old, new) = (files.serve(&[&TLS12], false), files.serve(&[&TLS13], false));
    for (port, version, is_met) in
        [(old, "1.2", true), (old, "1.3", true), (new, "1.2", false), (new, "1.3", true)]
    {
        let outcome = audited(port, &["-k", "--tls-max", version]);
        assert_eq!(outcome.is_ok(), is_met, "{version}");
        outcome.into_iter().for_each(|(_, again)| shows(&again));
    }
    assert!(parsed(&["audit", "https://127.0.0.1/", "--tls-max", "1.1"]).is_err());
}

/// Checks that the shell command prints a 200 first, and never sleeps.
fn shows(again: &str) {
    assert!(!again.contains("sleep"), "{again}");
    let mut command = Command::new("bash");
    command.args(["-c", again]).stdout(Stdio::piped());
    let mut process = Process::start(&mut command).expect("a shell");
    let mut line = String::new();
    // The connection persists, so the command would end by its own timeout.
    let output = process.child().stdout.take().expect("a pipe");
    BufReader::new(output).read_line(&mut line).expect("text");
    assert!(line.starts_with("HTTP/1.1 200 OK"), "{again}: {line}");
}

/// A command-line option that a role does not have is an error, and not ignored.
#[test]
fn options_of_another_role_are_errors() {
    let (client, proxy) = (["--client"], ["--proxy", "http://127.0.0.1/", "--origin-port", "1"]);
    let of_all = [["--budget", "9"], ["--timeout", "9"], ["--only", "S01"]];
    let of_requests = [
        ["--delay", "1"],
        ["--wait", "1"],
        ["--header", "a: b"],
        ["--cookie", "a=b"],
        ["--host", "a"],
        ["--cacert", "a"],
        ["--cert", "a"],
        ["--tls-max", "1.2"],
    ];
    let of_servers =
        [["--websocket", "/"], ["--post", "/"], ["--offer", "a=/"], ["--subprotocol", "a"]];
    let is_read =
        |role: &[&str], option: &[&str]| parsed(&[&["audit"], role, option].concat()).is_ok();
    for option in of_all {
        assert!(is_read(&client, &option) && is_read(&proxy, &option), "{option:?}");
    }
    for option in of_requests {
        assert!(!is_read(&client, &option) && is_read(&proxy, &option), "{option:?}");
    }
    for option in of_servers {
        assert!(!is_read(&client, &option) && !is_read(&proxy, &option), "{option:?}");
        assert!(is_read(&["http://127.0.0.1/"], &option), "{option:?}");
    }
    assert!(!is_read(&client, &["-k"]) && is_read(&proxy, &["-k"]));
    assert!(!is_read(&proxy, &["--forward", "--host", "a"]) && is_read(&proxy, &["--forward"]));
}
