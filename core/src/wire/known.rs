//! The fields that the engine acts on: their names, and their lines in a head.

use crate::enums::enums;
use crate::wire::scan;

/// The fields that the engine itself acts on, and so detects while parsing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KnownField {
    /// The field `Host` (RFC 9110, section 7.2).
    Host,
    /// The field `Content-Length` (RFC 9110, section 8.6).
    ContentLength,
    /// The field `Transfer-Encoding` (RFC 9112, section 6.1).
    TransferEncoding,
    /// The field `Connection` (RFC 9110, section 7.6.1).
    Connection,
    /// The field `Upgrade` (RFC 9110, section 7.8).
    Upgrade,
    /// The field `Expect` (RFC 9110, section 10.1.1).
    Expect,
    /// The field `TE` (RFC 9110, section 10.1.4).
    Te,
    /// The field `HTTP2-Settings` (RFC 7540, section 3.2.1).
    Http2Settings,
    /// The field `Sec-WebSocket-Key` (RFC 6455, section 11.3.1).
    WebSocketKey,
    /// The field `Sec-WebSocket-Extensions` (RFC 6455, section 11.3.2).
    WebSocketExtensions,
    /// The field `Sec-WebSocket-Accept` (RFC 6455, section 11.3.3).
    WebSocketAccept,
    /// The field `Sec-WebSocket-Protocol` (RFC 6455, section 11.3.4).
    WebSocketProtocol,
    /// The field `Sec-WebSocket-Version` (RFC 6455, section 11.3.5).
    WebSocketVersion,
    /// The field `Content-Type` (RFC 9110, section 8.3).
    ContentType,
}

enums! {
    KnownField {
        Host = "host", ContentLength = "content-length", TransferEncoding = "transfer-encoding",
        Connection = "connection", Upgrade = "upgrade", Expect = "expect", Te = "te",
        Http2Settings = "http2-settings", WebSocketKey = "sec-websocket-key",
        WebSocketExtensions = "sec-websocket-extensions", WebSocketAccept = "sec-websocket-accept",
        WebSocketProtocol = "sec-websocket-protocol", WebSocketVersion = "sec-websocket-version",
        ContentType = "content-type",
    }
}

/// A set of known fields, one bit for each.
pub(crate) type KnownFields = u16;

impl KnownField {
    pub(crate) const COUNT: usize = Self::ALL.len();

    pub(crate) const EACH: KnownFields = (1 << Self::COUNT) - 1;

    /// Returns the set that contains only this field.
    pub(crate) const fn bit(self) -> KnownFields {
        1 << self as u8
    }

    /// Returns the set that contains these fields.
    pub(crate) const fn set(fields: &[Self]) -> KnownFields {
        let (mut set, mut at) = (0, 0);
        while at < fields.len() {
            set |= fields[at].bit();
            at += 1;
        }
        set
    }

    /// Returns the known field of that name, ignoring case; `None` if there is none.
    #[inline]
    pub(crate) fn recognise(name: &[u8]) -> Option<Self> {
        if name.len() > scan::OPENING {
            return None;
        }
        let (begins, ends) = match *name {
            [a, b] => (u64::from(u16::from_le_bytes([a, b])), 0),
            // Two halves of four bytes that overlap.
            [.., _, _, _, _] if name.len() < 8 => {
                let half = |bytes: Option<&[u8; 4]>| {
                    bytes.map_or(0, |bytes| u64::from(u32::from_le_bytes(*bytes)))
                };
                (half(name.first_chunk()) | half(name.last_chunk()) << (8 * (name.len() - 4)), 0)
            }
            _ => (word(name.first_chunk()), word(name.last_chunk())),
        };
        let known = *Self::ALL.get(Self::slot(begins, ends, name.len()))?;
        (known.bit() & Self::LONG == 0 || Self::verify_slot(name)).then_some(known)
    }

    /// The fields whose names [`slot`](Self::slot) compares only in part.
    pub(crate) const LONG: KnownFields = {
        let (mut set, mut at) = (0, 0);
        while at < Self::COUNT {
            assert!(Self::ALL[at].name().len() <= 24, "three words hold no longer name");
            set |= if Self::ALL[at].name().len() > 16 { Self::ALL[at].bit() } else { 0 };
            at += 1;
        }
        set
    };

    /// Returns whether the middle of a [`LONG`](Self::LONG) name is right.
    ///
    /// [`slot`](Self::slot) has compared the first and the last eight bytes with the known name. At
    /// most eight are left, and the eight bytes after the first eight contain them.
    #[inline]
    pub(crate) fn verify_slot(name: &[u8]) -> bool {
        let shape = name.first().and_then(|&first| SHAPES.get(shape_of(name.len(), first)));
        shape.is_some_and(|shape| {
            shape.middle.is_in(word(name.get(8..).and_then(<[u8]>::first_chunk)))
        })
    }

    /// Recognises a field name from its ends, without a branch to mispredict.
    ///
    /// It is the branch-free form of [`recognise`](Self::recognise). Returns the field's index in
    /// [`ALL`](Self::ALL), [`COUNT`](Self::COUNT) for any other name, and [`NAMELESS`] if `len` is
    /// 0. The name has `len` token characters, at most [`OPENING`](scan::OPENING). `begins` holds
    /// its first eight bytes and `ends` its last eight, the first one lowest. If the name is
    /// shorter, the other bytes are ignored.
    ///
    /// The length and one bit of the first letter select the only known name possible. The first
    /// and last eight bytes decide whether it is that name. The caller must compare the bytes
    /// between, which only [`LONG`](Self::LONG) names have.
    #[inline(always)]
    pub(crate) fn slot(begins: u64, ends: u64, len: usize) -> usize {
        let shape = &SHAPES[shape_of(len, begins as u8)];
        core::hint::select_unpredictable(
            shape.is_name(begins, ends),
            shape.slot as usize,
            Self::COUNT,
        )
    }
}

/// Up to eight bytes of a known name, compared without regard to case.
#[derive(Clone, Copy)]
struct Eight {
    word: u64,
    /// The bits to compare.
    mask: u64,
}

impl Eight {
    /// The pattern that any bytes match.
    const ANY: Self = Self { word: 0, mask: 0 };

    /// Returns the word and mask that match up to eight bytes of a name in any case.
    ///
    /// The bytes begin at offset `from`. Beyond the end of the name any byte matches.
    const fn of(name: &[u8], from: usize) -> Self {
        let (Self { mut word, mut mask }, mut at) = (Self::ANY, 0);
        while at < 8 && from + at < name.len() {
            let byte = name[from + at];
            word |= (byte as u64) << (8 * at);
            mask |= (if byte.is_ascii_alphabetic() { 0xdf } else { 0xff }) << (8 * at);
            at += 1;
        }
        Self { word, mask }
    }

    #[inline(always)]
    const fn differs(self, word: u64) -> u64 {
        (word ^ self.word) & self.mask
    }

    const fn is_in(self, word: u64) -> bool {
        self.differs(word) == 0
    }
}

/// The only known name with a given length and lowest bit of the first letter.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Shape {
    begins: Eight,
    /// The last eight bytes of the name, if it has that many.
    ends: Eight,
    /// The name's second eight bytes, if it is longer than 16.
    middle: Eight,
    /// The index of the known field, or the slot for names that match none.
    slot: u8,
}

impl Shape {
    /// Returns the entry for a length and first letter that no known name has.
    const fn of_none(slot: usize) -> Self {
        Self { begins: Eight::ANY, ends: Eight::ANY, middle: Eight::ANY, slot: slot as u8 }
    }

    #[inline(always)]
    const fn is_name(&self, begins: u64, ends: u64) -> bool {
        self.begins.differs(begins) | self.ends.differs(ends) == 0
    }
}

/// Returns eight bytes as a number, the first one lowest; 0 for `None`.
#[inline(always)]
fn word(bytes: Option<&[u8; 8]>) -> u64 {
    bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

const SHAPE_COUNT: usize = 2 * (scan::OPENING + 1);

/// Returns the index in `SHAPES` for a name of that length and first letter.
#[inline(always)]
const fn shape_of(len: usize, first: u8) -> usize {
    2 * len + (first & 1) as usize
}

static SHAPES: [Shape; SHAPE_COUNT] = {
    let mut shapes = [Shape::of_none(KnownField::COUNT); SHAPE_COUNT];
    (shapes[0], shapes[1]) = (Shape::of_none(NAMELESS), Shape::of_none(NAMELESS));
    let mut slot = 0;
    while slot < KnownField::COUNT {
        let name = KnownField::ALL[slot].name().as_bytes();
        let begins = Eight::of(name, 0);
        let ends = if name.len() < 8 { Eight::ANY } else { Eight::of(name, name.len() - 8) };
        let middle = if name.len() > 16 { Eight::of(name, 8) } else { Eight::ANY };
        let shape = &mut shapes[shape_of(name.len(), name[0])];
        assert!(shape.slot == KnownField::COUNT as u8, "two known names have one shape");
        *shape = Shape { begins, ends, middle, slot: slot as u8 };
        slot += 1;
    }
    shapes
};

/// The index of the first line of each known field.
///
/// Two more slots follow: one for all other fields, and one for lines without a name.
pub(crate) type FirstLines = [u32; FIRST_LINES];

/// The number of slots in [`FirstLines`].
///
/// It is a power of two, so that a slot is brought into range without a check.
pub(crate) const FIRST_LINES: usize = 16;

/// The slot in [`FirstLines`] of a line that does not begin with a field name.
pub(crate) const NAMELESS: usize = FIRST_LINES - 1;

const _: () = assert!(KnownField::COUNT < NAMELESS);

/// The known fields that a head has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    /// The index of each field's first line; meaningless for fields not in `seen`.
    pub(crate) first: FirstLines,
    /// The set of fields that the head has.
    pub(crate) seen: KnownFields,
    /// The set of fields that the head has more than once.
    pub(crate) repeated: KnownFields,
}

impl Known {
    pub(crate) const NONE: Self = Self { first: [0; FIRST_LINES], seen: 0, repeated: 0 };

    /// Returns the index of a field's first line, if the head has the field.
    #[inline]
    pub(crate) fn first(&self, field: KnownField) -> Option<usize> {
        (self.seen & field.bit() != 0).then_some(self.first[field as usize] as usize)
    }

    /// Returns the index of a field's line, if the head has exactly one.
    #[inline]
    pub(crate) fn only(&self, field: KnownField) -> Option<usize> {
        self.first(field).filter(|_| self.repeated & field.bit() == 0)
    }

    /// Records that the line at `index` has the known field of `slot`.
    ///
    /// Keeps the index of the first such line, and marks later ones as repeated. For a slot of no
    /// known field it changes only an unused entry of `first`.
    pub(crate) fn note(&mut self, slot: usize, index: usize) {
        let bit = (1 << slot) & KnownField::EACH;
        if self.seen & bit == 0 {
            self.first[slot] = index as u32;
        }
        self.repeated |= self.seen & bit;
        self.seen |= bit;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
            let bytes = [b"eeeeeeee", name, b"eeeeeeee"].concat();
            let word = |at: usize| bytes[at..].first_chunk().copied().map_or(0, u64::from_le_bytes);
            KnownField::slot(word(8), word(name.len()), name.len())
        };
        for &field in KnownField::ALL {
            assert_eq!(slot(field.name().to_uppercase().as_bytes()), field as usize);
            // At every position, the byte is replaced by every other byte.
            for at in 0..field.name().len() {
                for byte in 0..=255 {
                    let mut name = field.name().as_bytes().to_vec();
                    name[at] = byte;
                    let is_name =
                        |known: &&KnownField| name.eq_ignore_ascii_case(known.name().as_bytes());
                    let expected = KnownField::ALL.iter().find(is_name).copied();
                    let seems = KnownField::ALL.get(slot(&name)).copied();
                    let slot = seems.filter(|_| name.len() <= 16 || KnownField::verify_slot(&name));
                    let found = (slot, KnownField::recognise(&name));
                    assert_eq!(
                        found,
                        (expected, expected),
                        "{:?}",
                        name.escape_ascii().to_string()
                    );
                }
            }
        }
        assert_eq!(slot(b""), NAMELESS);
        for len in 1..=scan::OPENING {
            assert_eq!(slot(&[b'x'; scan::OPENING][..len]), KnownField::COUNT);
        }
    }
}
