//! What the benches share: rounds that are interleaved and the best of them, because the machine is noisy.

pub mod inputs;

use std::hint::black_box;
use std::time::Instant;

/// The best time per call of each of several jobs, in nanoseconds. They take turns, so that whatever else the machine
/// does hits all of them.
pub fn best_of(rounds: u32, calls: u32, jobs: &mut [&mut dyn FnMut()]) -> Vec<f64> {
    let mut best = vec![f64::MAX; jobs.len()];
    for _ in 0..rounds {
        for (job, best) in jobs.iter_mut().zip(&mut best) {
            let start = Instant::now();
            for _ in 0..calls {
                black_box(&mut *job)();
            }
            *best = best.min(start.elapsed().as_nanos() as f64 / f64::from(calls));
        }
    }
    best
}
