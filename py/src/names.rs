//! Short bytes that come again and again, methods and the names of fields, as `bytes` that are made once.

use atomic_refcell::{AtomicRefCell, AtomicRefMut};

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;

/// How many are kept at a time: a power of two, several times what one client sends.
const KEPT: usize = 256;

/// What is longer is not worth a comparison, nor the memory.
const LONGEST: usize = 32;

/// Each at the place that its bytes come to; the latest one stays.
static KNOWN: AtomicRefCell<[Option<PyBackedBytes>; KEPT]> = AtomicRefCell::new([const { None }; KEPT]);

/// Gives names as long as it lives; while another call has one, without the ones that are kept.
pub(crate) struct Names(Option<AtomicRefMut<'static, [Option<PyBackedBytes>; KEPT]>>);

impl Names {
    pub(crate) fn open() -> Self {
        Self(KNOWN.try_borrow_mut().ok())
    }

    /// The bytes as `bytes`.
    pub(crate) fn get<'py>(&mut self, py: Python<'py>, octets: &[u8]) -> Bound<'py, PyBytes> {
        let Some(known) = self.0.as_mut().filter(|_| octets.len() <= LONGEST) else { return PyBytes::new(py, octets) };
        let kept = &mut known[place(octets)];
        let kept = match kept {
            Some(kept) if **kept == *octets => kept,
            _ => kept.insert(PyBytes::new(py, octets).into()),
        };
        let Ok(bytes) = (&*kept).into_pyobject(py);
        bytes
    }
}

/// Where bytes are kept: their length and a few of them tell the usual names apart.
fn place(octets: &[u8]) -> usize {
    let at = |index: usize| octets.get(index).map_or(0, |&octet| usize::from(octet));
    let (first, middle, last) = (at(0), at(octets.len() / 2), at(octets.len().wrapping_sub(1)));
    (first.wrapping_mul(31) ^ middle.wrapping_mul(7) ^ last.wrapping_mul(113) ^ octets.len() << 3) % KEPT
}
