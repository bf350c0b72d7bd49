//! The TLS identity of the scripted server, and the CA file for its clients.

use std::fs::{self, DirBuilder};
use std::io;
use std::path::PathBuf;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rustls::ServerConfig;

use crate::tls;

/// The number of identities so far in this process, for unique folder names.
static COUNT: AtomicU32 = AtomicU32::new(0);

/// The scripted server's TLS configuration, and a folder with its CA certificate.
///
/// The folder is removed on drop.
pub(crate) struct Identity {
    pub(crate) config: Arc<ServerConfig>,
    folder: PathBuf,
}

impl Identity {
    pub(crate) fn make() -> io::Result<Self> {
        let (config, authority) =
            tls::vouched_server().map_err(|error| io::Error::other(error.to_string()))?;
        let name = format!(
            "switchboard-audit-{}-{}",
            process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let folder = std::env::temp_dir().join(name);
        // Fails if the name exists, so a folder of another user is never used.
        DirBuilder::new().create(&folder)?;
        let identity = Self { config, folder };
        fs::write(identity.authority(), authority)?;
        Ok(identity)
    }

    /// Returns the path of the CA certificate, in PEM.
    pub(crate) fn authority(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }
}

impl Drop for Identity {
    fn drop(&mut self) {
        // A folder that cannot be removed is left behind.
        let _ = fs::remove_dir_all(&self.folder);
    }
}
