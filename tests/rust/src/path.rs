//! The choice of the scanning instructions, and of the share of test cases to run.

use std::sync::Once;

use switchover::binding::ScanPath;

/// Sets the engine's scan path from the environment variable `SCAN`.
///
/// Without `SCAN` the engine chooses, as it does in programs.
///
/// The path is global to the process, and the tests of a binary run in parallel. So a test does not
/// choose its own path unless it is alone in its binary. `tests/run` runs some binaries once for
/// each path; nearly all of their tests call this function first.
pub fn choose() {
    static CHOSEN: Once = Once::new();
    CHOSEN.call_once(|| {
        let Ok(told) = std::env::var("SCAN") else { return };
        let path = ScanPath::available().find(|path| path.name() == told);
        let path = path
            .unwrap_or_else(|| panic!("SCAN={told}: this machine cannot; see the program `paths`"));
        assert!(path.force(), "{path:?} is available");
    });
}

/// Returns the variable `SAMPLE`: with the value `n`, a test runs one in `n` cases.
///
/// Without `SAMPLE` it is 1: the test runs all cases.
pub fn sample() -> usize {
    std::env::var("SAMPLE").map_or(1, |number| number.parse().expect("SAMPLE is a number"))
}
