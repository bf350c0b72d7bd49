//! The scripted server's identity in TLS, and the file that has clients trust it.

use std::fs::{self, DirBuilder};
use std::io;
use std::path::PathBuf;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rustls::ServerConfig;

use crate::tls;

/// Several may be there in one process.
static COUNT: AtomicU32 = AtomicU32::new(0);

/// A certificate, and a file with that of its authority, which goes with it.
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
        // It fails where something is there already, of whomever it is.
        DirBuilder::new().create(&folder)?;
        let identity = Self { config, folder };
        fs::write(identity.authority(), authority)?;
        Ok(identity)
    }

    /// Returns the path of the authority's certificate, in PEM.
    pub(crate) fn authority(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }
}

impl Drop for Identity {
    fn drop(&mut self) {
        // What cannot be removed is left.
        let _ = fs::remove_dir_all(&self.folder);
    }
}
