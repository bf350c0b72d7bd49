//! The library that the benches share: inputs, other parsers, timing and figures.
//!
//! The jobs take turns in each round, and the best round of each counts, because the machine is
//! noisy. The figures are lines of JSON, from which `report/main.rs` makes tables.

pub mod inputs;
pub mod peers;

use std::fs::File;
use std::hint::black_box;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::json;

/// A piece of code to be timed.
///
/// It measures its own time, so it can leave out the preparation.
pub struct Job<'a> {
    /// The column of the table that the job fills.
    pub name: String,
    /// The number of messages (chunks, bytes, …) that one run handles.
    ///
    /// Reported times are for one of these units.
    pub units: usize,
    run: Box<dyn FnMut() -> Duration + 'a>,
}

impl<'a> Job<'a> {
    /// Creates a job whose whole run is timed.
    pub fn whole(name: impl Into<String>, units: usize, mut run: impl FnMut() + 'a) -> Self {
        let timed = move || {
            let start = Instant::now();
            run();
            start.elapsed()
        };
        Self { name: name.into(), units, run: Box::new(timed) }
    }

    /// Creates a job that times only some parts of its run.
    ///
    /// `run` returns the sum of the times of these parts.
    pub fn parts(
        name: impl Into<String>,
        units: usize,
        run: impl FnMut() -> Duration + 'a,
    ) -> Self {
        Self { name: name.into(), units, run: Box::new(run) }
    }
}

/// Measures the time that one reading of the clock takes.
///
/// `heads.rs` subtracts it from each part that it times.
pub fn clock() -> Duration {
    let one = || {
        let start = Instant::now();
        black_box(start).elapsed()
    };
    (0..10_000).map(|_| one()).min().unwrap_or_default()
}

/// Returns the number of rounds: the variable `ROUNDS`, or else `usual`.
///
/// A `ROUNDS` that is no number is ignored.
pub fn rounds(usual: usize) -> usize {
    std::env::var("ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(usual)
}

/// Returns whether a row of a table is to be measured.
///
/// The variable `ONLY` is a list of prefixes of rows, separated by commas. Without it, all rows are
/// measured.
pub fn is_wanted(row: &str) -> bool {
    std::env::var("ONLY").map_or(true, |only| only.split(',').any(|name| row.starts_with(name)))
}

/// Returns each job's best time for one unit, in nanoseconds.
///
/// The jobs take turns, so that other load on the machine affects all of them.
pub fn best(rounds: usize, jobs: &mut [Job<'_>]) -> Vec<f64> {
    let mut best = vec![Duration::MAX; jobs.len()];
    for _ in 0..rounds {
        for (job, best) in jobs.iter_mut().zip(&mut best) {
            *best = (*best).min((job.run)());
        }
    }
    best.iter().zip(jobs).map(|(best, job)| best.as_nanos() as f64 / job.units as f64).collect()
}

/// Returns the folder where the benches find other parsers and write their figures.
///
/// It is `bench` in cargo's target folder, whatever the working directory is.
pub fn folder() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into())).join("bench")
}

/// The file of one bench's figures: `NAME.jsonl` in `folder()`.
pub struct Figures(File);

impl Figures {
    /// Creates an empty file for the bench `name`.
    pub fn new(name: &str) -> std::io::Result<Self> {
        let folder = folder();
        std::fs::create_dir_all(&folder)?;
        Ok(Self(File::create(folder.join(name).with_extension("jsonl"))?))
    }

    /// Writes the version of a measured library.
    pub fn version(&mut self, name: &str, version: &str) -> std::io::Result<()> {
        writeln!(self.0, "{}", json!({ "version": { "name": name, "version": version } }))
    }

    /// Writes and prints one row of a table: the time that each job took.
    ///
    /// `bytes` is the length of the messages in bytes; `None` if it is of no interest.
    pub fn row(
        &mut self,
        table: &str,
        row: &str,
        bytes: Option<usize>,
        jobs: &[Job<'_>],
        times: &[f64],
    ) -> std::io::Result<()> {
        println!("{table} {row}");
        for (job, ns) in jobs.iter().zip(times) {
            println!("    {:<34} {ns:>12.1} ns", job.name);
            let line =
                json!({ "table": table, "row": row, "column": job.name, "ns": ns, "bytes": bytes });
            writeln!(self.0, "{line}")?;
        }
        Ok(())
    }

    /// Writes and prints a figure of this library alone, in the unit `unit`.
    pub fn value(&mut self, table: &str, row: &str, value: f64, unit: &str) -> std::io::Result<()> {
        println!("{row:<58} {value:>12.1} {unit}");
        let line = json!({ "table": table, "row": row, "column": "switchover", "value": value, "unit": unit });
        writeln!(self.0, "{line}")
    }
}
