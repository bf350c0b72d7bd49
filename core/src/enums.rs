//! A macro for enums with stable numbers and names, used by all bindings.
//!
//! It is a macro because no function could detect that a variant is missing from a list. The
//! `match` in `name` must be exhaustive, and the list is made from the same variants.

macro_rules! enums {
    ($($type:ident { $($variant:ident = $name:literal),+ $(,)? })+) => {$(
        #[cfg_attr(test, allow(dead_code, reason = "the explorer's own lists cross no boundary"))]
        impl $type {
            /// All values, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Returns the number, which is the index in [`ALL`](Self::ALL).
            ///
            /// It is the same in every binding.
            pub const fn number(self) -> u32 {
                self as u32
            }

            /// Returns the value with that number, or `None`.
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

        // The order in the macro call must be that of the declaration.
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
