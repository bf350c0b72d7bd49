//! Enums with stable numbers and names, which cross language boundaries.
//!
//! A macro, because no function can see that a variant is missing from a list. Here the `match`
//! that names the variants is exhaustive, and the list is made from the same words.

macro_rules! enums {
    ($($type:ident { $($variant:ident = $name:literal),+ $(,)? })+) => {$(
        #[cfg_attr(test, allow(dead_code, reason = "the explorer's own lists cross no boundary"))]
        impl $type {
            /// All values, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Returns the number, the same in every binding: its place in [`ALL`](Self::ALL).
            pub const fn number(self) -> u32 {
                self as u32
            }

            /// Returns the value of a number.
            pub const fn from_number(number: u32) -> Option<Self> {
                let number = number as usize;
                if number < Self::ALL.len() { Some(Self::ALL[number]) } else { None }
            }

            /// Returns the stable name, the same in every binding.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }
        }

        // The list is written in the order of the declaration.
        const _: () = {
            let mut place = 0;
            while place < $type::ALL.len() {
                assert!($type::ALL[place] as usize == place);
                place += 1;
            }
        };
    )+};
}

pub(crate) use enums;
