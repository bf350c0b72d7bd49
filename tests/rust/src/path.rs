//! The instructions that the engine scans with while tests run.

use std::sync::Once;

use switchover::binding::ScanPath;

/// Has the engine scan as the variable `SCAN` says.
///
/// Without it the engine chooses, as it does in programs.
///
/// The choice is the whole process's, and the tests of a binary run side by side. So no test makes
/// one of its own. A binary is run once for each path, and every test that scans calls this first.
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

/// Returns the number of cases of which a test shall take one.
///
/// It is 1 without the variable `SAMPLE`.
pub fn sample() -> usize {
    std::env::var("SAMPLE").map_or(1, |number| number.parse().expect("SAMPLE is a number"))
}
