//! Enums that cross a boundary: each has `ALL` in the order of its numbers and a stable `name()`.
//!
//! A macro, because no function can see that a variant is missing from a list: here the `match` that names the
//! variants is exhaustive and the list is made from the same words.

macro_rules! listed {
    ($($type:ident { $($variant:ident = $name:literal),+ $(,)? })+) => {$(
        impl $type {
            /// Every value, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable name, the same in every binding.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }
        }
    )+};
}

pub(crate) use listed;
