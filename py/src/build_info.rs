//! How the module was built, and what it runs with: for `python -m switchover`.

use pyo3::prelude::*;
use switchover::binding::{FEATURES, ScanPath};

/// The engine's features, and the module's own.
#[pyfunction(name = "_features")]
pub(crate) fn features() -> Vec<&'static str> {
    let own: &[&str] = if cfg!(feature = "abi3") { &["abi3"] } else { &[] };
    [FEATURES, own].concat()
}

/// The way to scan that is in use here, then the others that this processor could take.
#[pyfunction(name = "_scan_paths")]
pub(crate) fn scan_paths() -> Vec<&'static str> {
    let current = ScanPath::in_use();
    let others = ScanPath::available().filter(|&path| path != current);
    [current].into_iter().chain(others).map(ScanPath::name).collect()
}
