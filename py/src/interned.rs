//! A cache of short `bytes` objects that recur, such as methods and field names.

use atomic_refcell::{AtomicRefCell, AtomicRefMut};

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;

/// The maximum number of cached values.
///
/// It is a power of two, and several times the number of field names that one client sends.
const KEPT: usize = 512;

/// The maximum length of a cached value, in bytes.
///
/// A longer one is not worth a comparison, nor the memory.
const LONGEST: usize = 32;

/// The cached objects, indexed by `place`; a new one replaces the old one there.
static KNOWN: AtomicRefCell<[Option<PyBackedBytes>; KEPT]> =
    AtomicRefCell::new([const { None }; KEPT]);

/// Access to the cache of `bytes` objects, as long as this value lives.
///
/// While another call has access, `get` creates `bytes` without the cache.
pub(crate) struct InternedNames(Option<AtomicRefMut<'static, [Option<PyBackedBytes>; KEPT]>>);

impl InternedNames {
    pub(crate) fn open() -> Self {
        Self(KNOWN.try_borrow_mut().ok())
    }

    /// Returns a Python `bytes` object with these bytes, from the cache if possible.
    pub(crate) fn get<'py>(&mut self, py: Python<'py>, bytes: &[u8]) -> Bound<'py, PyBytes> {
        let Some(known) = self.0.as_mut().filter(|_| bytes.len() <= LONGEST) else {
            return PyBytes::new(py, bytes);
        };
        let kept = &mut known[place(bytes)];
        let kept = match kept {
            Some(kept) if **kept == *bytes => kept,
            _ => kept.insert(PyBytes::new(py, bytes).into()),
        };
        let Ok(bytes) = (&*kept).into_pyobject(py);
        bytes
    }

    /// Returns a Python `bytes` object with these bytes in lower case, as `get` does.
    pub(crate) fn get_lower<'py>(&mut self, py: Python<'py>, bytes: &[u8]) -> Bound<'py, PyBytes> {
        let mut space = [0; LONGEST];
        let Some(lower) = space.get_mut(..bytes.len()) else {
            return PyBytes::new(py, &bytes.to_ascii_lowercase());
        };
        lower.copy_from_slice(bytes);
        lower.make_ascii_lowercase();
        self.get(py, lower)
    }
}

/// Returns the index in the cache for these bytes, which is a hash of them.
///
/// It uses the length and three of the bytes, which suffices to distinguish common names, above all
/// those that one browser sends.
fn place(bytes: &[u8]) -> usize {
    let (&[first, ..], &[.., last], Some(&middle)) = (bytes, bytes, bytes.get(bytes.len() / 2))
    else {
        return 0;
    };
    let [first, middle, last] = [first, middle, last].map(usize::from);
    (82 * first + 112 * middle + 105 * last + 87 * bytes.len()) % KEPT
}
