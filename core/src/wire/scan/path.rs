//! The choice of instructions for the scanner.

use core::sync::atomic::{AtomicU8, Ordering};

/// A way to scan: an instruction set, or none in particular.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Path {
    /// x86-64 of about 2013 and later, 32 bytes an instruction.
    Avx2 = 1,
    /// SSE2, on every x86-64: 16 bytes at a time.
    Sse2,
    /// NEON, on every aarch64: 16 bytes at a time.
    Neon,
    /// WebAssembly with its fixed-width vectors, 16 bytes.
    Simd128,
    /// Machine words, anywhere: 8 bytes at a time.
    Swar,
}

/// The path in use; 0 before the first question.
static CURRENT: AtomicU8 = AtomicU8::new(0);

impl Path {
    const ALL: [Self; 5] = [Self::Avx2, Self::Sse2, Self::Neon, Self::Simd128, Self::Swar];

    /// Heads are scanned in words, eight bytes at a time.
    ///
    /// That is so without vectors, and in programs that compare the two. A program made to be small
    /// does not; on a microcontroller (no system at all) every head is read line by line.
    pub(super) const HAS_SWAR: bool = cfg!(any(
        test,
        all(feature = "std", not(target_family = "wasm")),
        miri,
        not(any(
            target_os = "none",
            target_arch = "x86_64",
            all(target_arch = "aarch64", target_feature = "neon"),
            all(target_arch = "wasm32", target_feature = "simd128")
        ))
    ));

    /// Returns whether this program can take the path on this machine.
    fn is_available(self) -> bool {
        match self {
            Self::Avx2 => has_avx2(),
            Self::Sse2 => cfg!(all(target_arch = "x86_64", not(miri))),
            Self::Neon => cfg!(all(target_arch = "aarch64", target_feature = "neon", not(miri))),
            Self::Simd128 => cfg!(all(target_arch = "wasm32", target_feature = "simd128")),
            Self::Swar => Self::HAS_SWAR,
        }
    }

    /// Returns its name, such as `avx2` or `swar`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Avx2 => "avx2",
            Self::Sse2 => "sse2",
            Self::Neon => "neon",
            Self::Simd128 => "simd128",
            Self::Swar => "swar",
        }
    }

    /// Returns the path that this program scans with.
    pub fn in_use() -> Self {
        Self::current()
    }

    /// Returns every path that can be taken here, the fastest first.
    pub fn available() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|path| path.is_available())
    }

    /// Makes the whole program take this path, for tests and benches.
    ///
    /// Returns false, and changes nothing, if it cannot be taken.
    pub fn force(self) -> bool {
        let is_available = self.is_available();
        if is_available {
            CURRENT.store(self as u8, Ordering::Relaxed);
        }
        is_available
    }

    /// Returns the path to take.
    ///
    /// If there is only one, the compiler takes it; if there are two, the first call finds out.
    #[inline(always)]
    pub(super) fn current() -> Self {
        const AVX2: u8 = Path::Avx2 as u8;
        const SSE2: u8 = Path::Sse2 as u8;
        const NEON: u8 = Path::Neon as u8;
        const SIMD128: u8 = Path::Simd128 as u8;
        const SWAR: u8 = Path::Swar as u8;
        let current = CURRENT.load(Ordering::Relaxed);
        // Before the others, as most programs answer so: one comparison, where a table of all
        // answers takes a jump.
        if cfg!(target_arch = "x86_64") && current == AVX2 {
            return Self::Avx2;
        }
        match current {
            AVX2 => Self::Avx2,
            SSE2 => Self::Sse2,
            NEON => Self::Neon,
            SIMD128 => Self::Simd128,
            SWAR => Self::Swar,
            _ => Self::find(),
        }
    }

    #[cold]
    fn find() -> Self {
        let path = Self::available().next().unwrap_or(Self::Swar);
        CURRENT.store(path as u8, Ordering::Relaxed);
        path
    }
}

fn has_avx2() -> bool {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    return super::x86::has_avx2();
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    false
}

#[cfg(all(test, target_arch = "x86_64", not(miri)))]
mod tests {
    use std::is_x86_feature_detected;

    #[test]
    fn the_processor_is_asked_what_the_standard_library_asks() {
        let has_all = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("popcnt");
        assert_eq!(super::has_avx2(), has_all);
    }
}
