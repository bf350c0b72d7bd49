//! The choice of an instruction set for the scanner.

use core::sync::atomic::{AtomicU8, Ordering};

/// An instruction set that the scanner can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Path {
    /// AVX2, on x86-64 processors since about 2013: 32 bytes at a time.
    Avx2 = 1,
    /// SSE2, on every x86-64: 16 bytes at a time.
    Sse2,
    /// NEON, on aarch64: 16 bytes at a time.
    Neon,
    /// The fixed-width vectors of WebAssembly: 16 bytes at a time.
    Simd128,
    /// Ordinary machine words, on any machine: 8 bytes at a time.
    Swar,
}

/// The instruction set in use, as a [`Path`]; 0 before it is chosen.
static CURRENT: AtomicU8 = AtomicU8::new(0);

impl Path {
    const ALL: [Self; 5] = [Self::Avx2, Self::Sse2, Self::Neon, Self::Simd128, Self::Swar];

    /// True if this program contains the path that scans 8 bytes at a time.
    ///
    /// It does in tests and Miri, with the feature `std` outside WebAssembly, and on machines
    /// without vectors, except microcontrollers (`target_os = "none"`). If no other path exists
    /// either, every head is parsed line by line.
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

    /// Returns whether this program can use the instruction set on this machine.
    fn is_available(self) -> bool {
        match self {
            Self::Avx2 => has_avx2(),
            Self::Sse2 => cfg!(all(target_arch = "x86_64", not(miri))),
            Self::Neon => cfg!(all(target_arch = "aarch64", target_feature = "neon", not(miri))),
            Self::Simd128 => cfg!(all(target_arch = "wasm32", target_feature = "simd128")),
            Self::Swar => Self::HAS_SWAR,
        }
    }

    /// Returns the name of the instruction set, such as `avx2` or `swar`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Avx2 => "avx2",
            Self::Sse2 => "sse2",
            Self::Neon => "neon",
            Self::Simd128 => "simd128",
            Self::Swar => "swar",
        }
    }

    /// Returns the instruction set in use: `Swar` if this program has no scanner.
    pub fn in_use() -> Self {
        Self::current()
    }

    /// Returns the instruction sets to choose from on this machine, the fastest first.
    pub fn available() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|path| path.is_available())
    }

    /// Makes the whole program use this instruction set, for tests and benchmarks.
    ///
    /// Returns `false` and changes nothing if the instruction set is not available.
    pub fn force(self) -> bool {
        let is_available = self.is_available();
        if is_available {
            CURRENT.store(self as u8, Ordering::Relaxed);
        }
        is_available
    }

    /// Returns the instruction set to scan with.
    ///
    /// The first call detects it, unless `force` has set it. Later calls load it.
    #[inline(always)]
    pub(super) fn current() -> Self {
        const AVX2: u8 = Path::Avx2 as u8;
        const SSE2: u8 = Path::Sse2 as u8;
        const NEON: u8 = Path::Neon as u8;
        const SIMD128: u8 = Path::Simd128 as u8;
        const SWAR: u8 = Path::Swar as u8;
        let current = CURRENT.load(Ordering::Relaxed);
        // AVX2 comes first because most machines have it: one comparison is faster than a jump
        // table.
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
