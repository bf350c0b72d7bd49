//! Random numbers that a seed reproduces.
//!
//! Every random test prints its seed. The environment variable `SEED` sets it in another run.

use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

/// A generator of random numbers: splitmix64 by Steele, Lea and Flood.
///
/// Its only state is one number, at first the seed.
#[derive(Clone, Debug)]
pub struct Dice(pub u64);

impl Dice {
    /// Returns a number from 0 to `bound` - 1.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((word ^ (word >> 31)) % bound.max(1) as u64) as usize
    }

    /// Returns `len` random bytes.
    pub fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.below(256) as u8).collect()
    }
}

/// Returns the seed of this process: the variable `SEED`, or else the clock.
///
/// `SEED` is decimal, or hexadecimal with `0x`. Every call returns the same seed.
pub fn seed() -> u64 {
    static SEED: OnceLock<u64> = OnceLock::new();
    *SEED.get_or_init(|| std::env::var("SEED").map_or_else(|_| clock(), |told| number(&told)))
}

fn clock() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| now.as_nanos() as u64)
}

fn number(told: &str) -> u64 {
    let digits = told.strip_prefix("0x");
    let seed = digits.map_or_else(|| told.parse(), |digits| u64::from_str_radix(digits, 16));
    seed.unwrap_or_else(|_| panic!("SEED={told} is no number"))
}
