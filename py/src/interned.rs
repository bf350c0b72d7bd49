//! Short bytes that come again and again, as `bytes` that are made once.
//!
//! Methods and the names of fields.

use atomic_refcell::{AtomicRefCell, AtomicRefMut};

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;

/// The number of names that are kept at a time.
///
/// A power of two, several times what one client sends.
const KEPT: usize = 512;

/// The longest name that is kept.
///
/// A longer one is not worth a comparison, nor the memory.
const LONGEST: usize = 32;

/// The kept values, each at the place of its hash; the latest one stays.
static KNOWN: AtomicRefCell<[Option<PyBackedBytes>; KEPT]> =
    AtomicRefCell::new([const { None }; KEPT]);

/// A source of names, as long as it lives.
///
/// While another call has one, it gives names that are not kept.
pub(crate) struct InternedNames(Option<AtomicRefMut<'static, [Option<PyBackedBytes>; KEPT]>>);

impl InternedNames {
    pub(crate) fn open() -> Self {
        Self(KNOWN.try_borrow_mut().ok())
    }

    /// Returns the bytes as `bytes`.
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

    /// Returns the bytes in lower case.
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

/// Returns the place of bytes in the table.
///
/// Their length and a few of them tell the usual names apart, those of one browser above all.
fn place(bytes: &[u8]) -> usize {
    let (&[first, ..], &[.., last], Some(&middle)) = (bytes, bytes, bytes.get(bytes.len() / 2))
    else {
        return 0;
    };
    let [first, middle, last] = [first, middle, last].map(usize::from);
    (82 * first + 112 * middle + 105 * last + 87 * bytes.len()) % KEPT
}
