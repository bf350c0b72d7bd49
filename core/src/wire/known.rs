//! The fields that the engine acts on itself: their names, and where they stand in a head.

use crate::listed::listed;
use crate::wire::scan;

/// The fields that the engine acts on itself, and so finds while it parses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KnownField {
    /// RFC 9110, 7.2.
    Host,
    /// RFC 9110, 8.6.
    ContentLength,
    /// RFC 9112, 6.1.
    TransferEncoding,
    /// RFC 9110, 7.6.1.
    Connection,
    /// RFC 9110, 7.8.
    Upgrade,
    /// RFC 9110, 10.1.1.
    Expect,
    /// RFC 9110, 10.1.4.
    Te,
}

listed! {
    KnownField {
        Host = "host", ContentLength = "content-length", TransferEncoding = "transfer-encoding",
        Connection = "connection", Upgrade = "upgrade", Expect = "expect", Te = "te",
    }
}

impl KnownField {
    pub(crate) const COUNT: usize = Self::ALL.len();

    /// A bit for each.
    pub(crate) const SLOTS: u8 = (1 << Self::COUNT) - 1;

    pub(crate) fn recognise(name: &[u8]) -> Option<Self> {
        let known = match name.len() {
            2 => Self::Te,
            4 => Self::Host,
            6 => Self::Expect,
            7 => Self::Upgrade,
            10 => Self::Connection,
            14 => Self::ContentLength,
            17 => Self::TransferEncoding,
            _ => return None,
        };
        name.eq_ignore_ascii_case(known.name().as_bytes()).then_some(known)
    }

    /// The fields whose names are longer than what [`slot`](Self::slot) looks at.
    pub(crate) const LONG: [Self; 3] = [Self::ContentLength, Self::TransferEncoding, Self::Connection];

    /// A bit for each of those.
    pub(crate) const LONG_SLOTS: u8 = {
        let (mut slots, mut at) = (0, 0);
        while at < Self::LONG.len() {
            slots |= 1 << Self::LONG[at] as u8;
            at += 1;
        }
        slots
    };

    /// Whether a name of this one's length and first eight bytes is this one.
    #[inline]
    pub(crate) fn ends_like(self, name: &[u8]) -> bool {
        // As below: in names, bytes that differ in this bit alone are the same letter.
        let same = |(octet, letter): (&u8, &u8)| octet | 0x20 == *letter;
        let rest = self.name().as_bytes().get(8..).unwrap_or_default();
        name.get(8..).is_some_and(|name| name.iter().zip(rest).all(same))
    }

    /// [`recognise`](Self::recognise) for the name that a line begins with, without a branch that could be guessed wrong:
    /// which place it has in [`ALL`](Self::ALL), or [`COUNT`](Self::COUNT). The name has token characters alone, and ends before
    /// the opening does.
    ///
    /// No two known names have the same length, so the length says which one it could be; its first eight bytes, whether
    /// it is. What stands after those, of the [`LONG`](Self::LONG) ones, is for the caller to compare.
    #[inline(always)]
    pub(crate) fn slot(opening: &[u8; scan::OPENING], len: usize) -> usize {
        let shape = &SHAPES[len % scan::OPENING];
        // A token character that differs from a letter in this bit alone is that letter in the other case.
        let lower = opening.first_chunk().map_or(0, |octets| u64::from_le_bytes(*octets)) | 0x2020_2020_2020_2020;
        shape.slots[usize::from(lower & shape.mask == shape.begins)] as usize
    }
}

/// The name of a length, if a known field has it.
#[derive(Clone, Copy)]
struct Shape {
    mask: u64,
    begins: u64,
    /// What another name is, and what this name is.
    slots: [u8; 2],
}

static SHAPES: [Shape; scan::OPENING] = {
    let none = KnownField::COUNT as u8;
    // Nothing under an empty mask is 1.
    let mut shapes = [Shape { mask: 0, begins: 1, slots: [none; 2] }; scan::OPENING];
    let mut slot = 0;
    while slot < KnownField::COUNT {
        let name = KnownField::ALL[slot].name().as_bytes();
        let (mut mask, mut begins, mut at) = (0, 0, 0);
        while at < name.len() && at < 8 {
            mask |= 0xff << (8 * at);
            begins |= ((name[at] | 0x20) as u64) << (8 * at);
            at += 1;
        }
        shapes[name.len()] = Shape { mask, begins, slots: [none, slot as u8] };
        slot += 1;
    }
    shapes
};

/// Where each known field stands first, and in the last place where the first of all others does, which is not asked for.
pub(crate) type FirstLines = [u32; KnownField::COUNT + 1];

/// No line.
pub(crate) const NOWHERE: u32 = u32::MAX;

/// Which known fields a head has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub(crate) first: FirstLines,
    /// A bit for each that is there.
    pub(crate) seen: u8,
    /// A bit for each that is there more than once.
    pub(crate) repeated: u8,
}

impl Known {
    pub(crate) const NONE: Self = Self { first: [NOWHERE; KnownField::COUNT + 1], seen: 0, repeated: 0 };

    /// The line at `index` has the known field in that slot, or one that is not asked for.
    pub(crate) fn note(&mut self, slot: usize, index: usize) {
        let bit = (1 << slot) & KnownField::SLOTS;
        self.first[slot] = self.first[slot].min(index as u32);
        self.repeated |= self.seen & bit;
        self.seen |= bit;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::scan::class::is_tchar;
    use alloc::string::ToString;

    #[test]
    fn every_known_field_recognises_its_own_name_alone() {
        for &field in KnownField::ALL {
            assert_eq!(KnownField::recognise(field.name().to_uppercase().as_bytes()), Some(field));
            let other = field.name().replace('e', "f").replace("host", "hast");
            assert_eq!(KnownField::recognise(other.as_bytes()), None);
        }
    }

    #[test]
    fn a_slot_is_what_is_recognised() {
        let slot = |name: &[u8]| {
            let mut opening = [b'e'; scan::OPENING];
            opening[..name.len()].copy_from_slice(name);
            KnownField::slot(&opening, name.len())
        };
        for &field in KnownField::ALL {
            assert_eq!(slot(field.name().to_uppercase().as_bytes()), field as usize);
            assert_eq!(KnownField::LONG.contains(&field), field.name().len() > 8);
            // One byte changed, to every token character, at every place that is looked at.
            for at in 0..field.name().len().min(8) {
                for octet in (0..=255).filter(|&octet| is_tchar(octet)) {
                    let mut name = field.name().as_bytes().to_vec();
                    name[at] = octet;
                    let recognised = KnownField::recognise(&name).map_or(KnownField::COUNT, |field| field as usize);
                    assert_eq!(slot(&name), recognised, "{:?}", name.escape_ascii().to_string());
                }
            }
        }
        for len in 0..scan::OPENING {
            assert_eq!(slot(&[b'x'; scan::OPENING][..len]), KnownField::COUNT);
        }
    }
}
