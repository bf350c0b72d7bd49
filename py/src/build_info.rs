//! The features and the processor that the module runs with.
//!
//! For `python -m switchover`.

use pyo3::prelude::*;
use switchover::binding::{FEATURES, ScanPath};

/// Returns the engine's features, and the module's own.
#[pyfunction(name = "_features")]
pub(crate) fn features() -> Vec<&'static str> {
    let own: &[&str] = if cfg!(feature = "abi3") { &["abi3"] } else { &[] };
    [FEATURES, own].concat()
}

/// Returns the ways to scan, the one in use first.
///
/// The others are those that this processor could take.
#[pyfunction(name = "_scan_paths")]
pub(crate) fn scan_paths() -> Vec<&'static str> {
    let current = ScanPath::in_use();
    let others = ScanPath::available().filter(|&path| path != current);
    [current].into_iter().chain(others).map(ScanPath::name).collect()
}
