//! The field lines of a request that a client keeps until it has judged the 101.

use alloc::vec::Vec;

use crate::wire::fields::{Field, FieldSource};

/// Field lines as they were sent, `name: value`, each ended by an LF, which no value holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Remembered {
    lines: Vec<u8>,
}

impl Remembered {
    pub(crate) fn push(&mut self, field: Field<'_>) {
        for part in [field.name, b":", field.value, b"\n"] {
            self.lines.extend_from_slice(part);
        }
    }
}

impl FieldSource for Remembered {
    fn each<'s>(&'s self, each: &mut dyn FnMut(Field<'s>)) {
        for line in self.lines.split(|&octet| octet == b'\n') {
            if let Some(colon) = memchr::memchr(b':', line) {
                each(Field { name: &line[..colon], value: &line[colon + 1..] });
            }
        }
    }
}
