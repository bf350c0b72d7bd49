//! Tests that run the fuzz targets of `src/fuzz` on stable Rust.
//!
//! Each target runs all seeds once. Then it runs randomly changed seeds for as many seconds as the
//! environment variable `SECONDS_EACH` says, by default 10. `SEED` repeats a run. `CASE` is a file
//! to be checked alone, such as a crash that libFuzzer has written.
//! A failure prints the command that repeats its case.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::time::{Duration, Instant};

use switchover_tests::fuzz::mutate::{next, smallest};
use switchover_tests::fuzz::{Target, dictionary, target};
use switchover_tests::random::{Dice, seed};
use switchover_tests::text::checksum;

fn run(name: &str) {
    let target = target(name).expect("a target");
    if let Ok(case) = std::env::var("CASE") {
        let case = Path::new(&case);
        let read = |path: &Path| std::fs::read(path).ok();
        // Tests run in the package's folder, people in the workspace's.
        let bytes = read(case).or_else(|| read(&switchover_tests::home().join("..").join(case)));
        return (target.check)(
            &bytes.unwrap_or_else(|| panic!("{}: no such file", case.display())),
        );
    }
    let (seconds, seed) = (seconds(), seed());
    println!("seed {seed:#x}");
    let seeds = (target.seeds)();
    for case in &seeds {
        check(target, case, seed);
    }
    let (mut dice, dictionary, start) =
        (Dice(seed ^ checksum(name.as_bytes())), dictionary(), Instant::now());
    let mut changed = 0;
    while start.elapsed() < seconds {
        check(target, &next(&seeds, &dictionary, &mut dice), seed);
        changed += 1;
    }
    println!("# {name}: {} seeds and {changed} changed ones, seed {seed:#x}", seeds.len());
}

fn seconds() -> Duration {
    let told = std::env::var("SECONDS_EACH")
        .map_or(10.0, |number| number.parse().expect("SECONDS_EACH is a number"));
    Duration::from_secs_f64(told)
}

fn check(target: Target, case: &[u8], seed: u64) {
    let Some(place) = failure(target, case) else { return };
    let path = save(target.name, case, "");
    let small = smallest(case.to_vec(), |case| failure(target, case).as_ref() == Some(&place));
    let small_path = save(target.name, &small, "-small");
    println!(
        "\nseed {seed:#x}: {} bytes fail, of which these are enough:\n  {}",
        case.len(),
        small.escape_ascii()
    );
    println!(
        "again:         CASE={} cargo test -p switchover-tests --test fuzz {}",
        small_path.display(),
        target.name
    );
    println!(
        "as it was met: CASE={} cargo test -p switchover-tests --test fuzz {}",
        path.display(),
        target.name
    );
    (target.check)(&small);
    panic!("it fails only sometimes");
}

thread_local! {
    static IS_QUIET: Cell<bool> = const { Cell::new(false) };
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Returns the source location at which a target panics on these bytes.
///
/// `None` if it does not panic. Prints nothing, because reducing a case calls this many times.
fn failure(target: Target, case: &[u8]) -> Option<String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            PLACE.set(panic.location().map(ToString::to_string));
            if !IS_QUIET.get() {
                before(panic);
            }
        }));
    });
    IS_QUIET.set(true);
    let outcome = catch_unwind(AssertUnwindSafe(|| (target.check)(case)));
    IS_QUIET.set(false);
    outcome.err().and_then(|_| PLACE.take())
}

fn save(name: &str, case: &[u8], ending: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("{name}-{:016x}{ending}", checksum(case)));
    std::fs::write(&path, case).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    path
}

#[test]
fn connection() {
    run("connection");
}

#[test]
fn naive() {
    run("naive");
}

#[test]
fn pair() {
    run("pair");
}

#[test]
fn sent() {
    run("sent");
}

#[test]
fn splice() {
    run("splice");
}

#[test]
fn fields() {
    run("fields");
}

#[test]
fn capsules() {
    run("capsules");
}

#[test]
fn received() {
    run("received");
}

#[test]
fn twins() {
    run("twins");
}

#[test]
fn adapter() {
    run("adapter");
}
