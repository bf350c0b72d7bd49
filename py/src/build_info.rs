//! The features of this build and the instruction sets in use.
//!
//! For `python -m switchover`.

use pyo3::prelude::*;
use switchover::binding::{FEATURES, ScanPath};

/// Returns the names of the enabled features of the engine and of this module.
#[pyfunction(name = "_features")]
pub(crate) fn features() -> Vec<&'static str> {
    let own: &[&str] = if cfg!(feature = "abi3") { &["abi3"] } else { &[] };
    [FEATURES, own].concat()
}

/// Returns the names of the instruction sets for scanning, the one in use first.
///
/// The others are those that this processor has as well.
#[pyfunction(name = "_scan_paths")]
pub(crate) fn scan_paths() -> Vec<&'static str> {
    let current = ScanPath::in_use();
    let others = ScanPath::available().filter(|&path| path != current);
    [current].into_iter().chain(others).map(ScanPath::name).collect()
}
