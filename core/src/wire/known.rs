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
    /// RFC 7540, 3.2.1.
    Http2Settings,
    /// RFC 6455, 11.3.1.
    WebSocketKey,
    /// RFC 6455, 11.3.2.
    WebSocketExtensions,
    /// RFC 6455, 11.3.3.
    WebSocketAccept,
    /// RFC 6455, 11.3.4.
    WebSocketProtocol,
    /// RFC 6455, 11.3.5.
    WebSocketVersion,
    /// RFC 9110, 8.3.
    ContentType,
}

listed! {
    KnownField {
        Host = "host", ContentLength = "content-length", TransferEncoding = "transfer-encoding",
        Connection = "connection", Upgrade = "upgrade", Expect = "expect", Te = "te",
        Http2Settings = "http2-settings", WebSocketKey = "sec-websocket-key",
        WebSocketExtensions = "sec-websocket-extensions", WebSocketAccept = "sec-websocket-accept",
        WebSocketProtocol = "sec-websocket-protocol", WebSocketVersion = "sec-websocket-version",
        ContentType = "content-type",
    }
}

/// Some known fields, a bit for each.
pub(crate) type KnownFields = u16;

impl KnownField {
    pub(crate) const COUNT: usize = Self::ALL.len();

    /// All of them.
    pub(crate) const EACH: KnownFields = (1 << Self::COUNT) - 1;

    /// The set of this one alone.
    pub(crate) const fn bit(self) -> KnownFields {
        1 << self as u8
    }

    /// The set of these.
    pub(crate) const fn set(fields: &[Self]) -> KnownFields {
        let (mut set, mut at) = (0, 0);
        while at < fields.len() {
            set |= fields[at].bit();
            at += 1;
        }
        set
    }

    /// Which of them a name is, in any case. The name is a token.
    #[inline]
    pub(crate) fn recognise(name: &[u8]) -> Option<Self> {
        let shape = &SHAPES[shape_of(name.len(), *name.first()?)];
        let known = *Self::ALL.get(shape.slots[1] as usize)?;
        let word = |octets: Option<&[u8; 8]>| octets.map_or(0, |octets| u64::from_le_bytes(*octets)) | LOWER;
        let is_same = match name.len() {
            0..8 => name.eq_ignore_ascii_case(known.name().as_bytes()),
            8..=16 => word(name.first_chunk()) == shape.begins && word(name.last_chunk()) == shape.ends,
            len => len == known.name().len() && name.eq_ignore_ascii_case(known.name().as_bytes()),
        };
        is_same.then_some(known)
    }

    /// The fields of whose names [`slot`](Self::slot) leaves out some bytes in the middle.
    pub(crate) const LONG: KnownFields = {
        let (mut set, mut at) = (0, 0);
        while at < Self::COUNT {
            assert!(Self::ALL[at].name().len() <= 24, "three words hold no longer name");
            set |= if Self::ALL[at].name().len() > 16 { Self::ALL[at].bit() } else { 0 };
            at += 1;
        }
        set
    };

    /// Whether a name that [`slot`](Self::slot) takes for this [`LONG`](Self::LONG) one is that: no more than eight bytes are
    /// left, and those after the first eight hold them.
    #[inline]
    pub(crate) fn is_what_it_seems(self, name: &[u8]) -> bool {
        let middle = |name: &[u8]| {
            let octets = name.get(8..16).and_then(|octets| octets.first_chunk());
            octets.map_or(0, |octets| u64::from_le_bytes(*octets)) | LOWER
        };
        middle(name) == middle(self.name().as_bytes())
    }

    /// [`recognise`](Self::recognise) for the name that a line begins with, without a branch that could be guessed wrong:
    /// which place it has in [`ALL`](Self::ALL), or [`COUNT`](Self::COUNT). The name has token characters alone, and ends before
    /// the opening does.
    ///
    /// The length and one bit of the first letter say which known name it could be; its first and its last eight bytes, whether
    /// it is. What lies between those, of the [`LONG`](Self::LONG) ones, is for the caller to compare.
    #[inline(always)]
    pub(crate) fn slot(opening: &[u8; scan::OPENING], len: usize) -> usize {
        let len = len % scan::OPENING;
        let shape = &SHAPES[shape_of(len, opening[0])];
        let lower = |at: usize| opening[at..].first_chunk().map_or(0, |octets| u64::from_le_bytes(*octets)) | LOWER;
        let differs = (lower(0) ^ shape.begins) | (lower(len.saturating_sub(8)) ^ shape.ends);
        shape.slots[usize::from(differs & shape.mask == 0)] as usize
    }
}

/// A token character that differs from a letter in this bit alone is that letter in the other case.
const LOWER: u64 = 0x2020_2020_2020_2020;

/// The known name of a length and a bit of the first letter, if there is one.
#[derive(Clone, Copy)]
struct Shape {
    /// Of names that are shorter than eight bytes, what belongs to the name.
    mask: u64,
    /// The first eight bytes.
    begins: u64,
    /// The last eight bytes, or the first ones again.
    ends: u64,
    /// What another name is, and what this name is.
    slots: [u8; 2],
}

const SHAPE_COUNT: usize = 2 * scan::OPENING;

/// Which shape a name could have.
#[inline(always)]
const fn shape_of(len: usize, first: u8) -> usize {
    (2 * len + (first & 1) as usize) % SHAPE_COUNT
}

static SHAPES: [Shape; SHAPE_COUNT] = {
    let none = KnownField::COUNT as u8;
    // No byte of a name in lower case is 0.
    let mut shapes = [Shape { mask: !0, begins: 0, ends: 0, slots: [none; 2] }; SHAPE_COUNT];
    let mut slot = 0;
    while slot < KnownField::COUNT {
        let name = KnownField::ALL[slot].name().as_bytes();
        let long = if name.len() > 8 { name.len() - 8 } else { 0 };
        let (mut mask, mut begins, mut ends, mut at) = (0, 0, 0, 0);
        while at < name.len() && at < 8 {
            mask |= 0xff << (8 * at);
            begins |= ((name[at] | 0x20) as u64) << (8 * at);
            ends |= ((name[long + at] | 0x20) as u64) << (8 * at);
            at += 1;
        }
        let shape = &mut shapes[shape_of(name.len(), name[0])];
        assert!(shape.slots[1] == none, "two known names have one shape");
        *shape = Shape { mask, begins, ends, slots: [none, slot as u8] };
        slot += 1;
    }
    shapes
};

/// Where each known field stands first, and after those the first of all others, which is not asked for.
pub(crate) type FirstLines = [u32; FIRST_LINES];

/// A power of two, so that a slot in range costs nothing to check.
pub(crate) const FIRST_LINES: usize = 16;

const _: () = assert!(KnownField::COUNT < FIRST_LINES);

/// No line.
pub(crate) const NOWHERE: u32 = u32::MAX;

/// Which known fields a head has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub(crate) first: FirstLines,
    /// Those that are there.
    pub(crate) seen: KnownFields,
    /// Those that are there more than once.
    pub(crate) repeated: KnownFields,
}

impl Known {
    pub(crate) const NONE: Self = Self { first: [NOWHERE; FIRST_LINES], seen: 0, repeated: 0 };

    /// The line at `index` has the known field in that slot, or one that is not asked for.
    pub(crate) fn note(&mut self, slot: usize, index: usize) {
        let bit = (1 << slot) & KnownField::EACH;
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
            // One byte changed, to every token character, at every place.
            for at in 0..field.name().len() {
                for octet in (0..=255).filter(|&octet| is_tchar(octet)) {
                    let mut name = field.name().as_bytes().to_vec();
                    name[at] = octet;
                    let recognised = KnownField::recognise(&name).map_or(KnownField::COUNT, |field| field as usize);
                    let slot = KnownField::ALL
                        .get(slot(&name))
                        .filter(|known| name.len() <= 16 || known.is_what_it_seems(&name));
                    let slot = slot.map_or(KnownField::COUNT, |known| *known as usize);
                    assert_eq!(slot, recognised, "{:?}", name.escape_ascii().to_string());
                }
            }
        }
        for len in 0..scan::OPENING {
            assert_eq!(slot(&[b'x'; scan::OPENING][..len]), KnownField::COUNT);
        }
    }
}
