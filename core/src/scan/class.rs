//! Sets of octets, in the form in which 16 or 32 of them can be looked up at once.

/// A set of ASCII characters: a table of 16 columns, one for each low half of an octet, with a bit for each high half. The
/// octets above 0x7f are in no set.
#[derive(Debug)]
pub(crate) struct Class {
    #[cfg_attr(any(miri, not(target_arch = "x86_64")), allow(dead_code))]
    pub(super) columns: [u8; 16],
    /// The same for one octet at a time: a bit in a table of all.
    table: &'static [u8; 256],
    bit: u8,
}

/// The bit for each high half. There is none for octets above 0x7f.
#[cfg_attr(any(miri, not(target_arch = "x86_64")), allow(dead_code))]
pub(super) const ROWS: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 0, 0, 0, 0, 0, 0, 0, 0];

impl Class {
    /// The octets that have the bit in the table.
    pub(crate) const fn of(table: &'static [u8; 256], bit: u8) -> Self {
        let (mut columns, mut octet) = ([0; 16], 0);
        while octet < 0x80 {
            if table[octet] & bit != 0 {
                columns[octet & 15] |= 1 << (octet >> 4);
            }
            octet += 1;
        }
        Self { columns, table, bit }
    }

    /// How many octets of the class stand at `at`.
    pub(super) fn run(&self, bytes: &[u8], at: usize) -> usize {
        let is_in = |octet: &&u8| self.table[**octet as usize] & self.bit != 0;
        bytes.get(at..).unwrap_or_default().iter().take_while(is_in).count()
    }

    /// The same, where `prefix` says it of 32 octets.
    #[inline(always)]
    #[cfg_attr(miri, allow(dead_code))]
    pub(super) fn run_by(&self, prefix: impl Fn(&[u8; 32]) -> usize, bytes: &[u8], at: usize) -> usize {
        let mut len = 0;
        while let Some(octets) = bytes.get(at + len..).and_then(<[u8]>::first_chunk) {
            let here = prefix(octets);
            len += here;
            if here < 32 {
                return len;
            }
        }
        len + self.run(bytes, at + len)
    }
}
