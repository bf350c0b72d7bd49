//! The results of calls: errors of the engine and of the C binding, as numbers.
//!
//! Errors of the C binding have numbers from 1000 up.

use core::num::NonZeroU32;

use switchover::{Error, ErrorKind};

/// The result of a call: `SWO_OK` or the number of an error.
///
/// `SWO_ERROR_*` are errors of the engine; those of the C binding have numbers from 1000 up.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct swo_result(pub u32);

/// The error that a call returned.
///
/// Stored as the number that C gets, so that a result fits into a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallError(NonZeroU32);

/// The result of the crate's safe code: a value, or the error that C gets.
pub(crate) type Done<T = ()> = Result<T, CallError>;

impl CallError {
    /// Makes an error from its number.
    ///
    /// 0 is SWO_OK, not the number of an error. If a defect passes 0, the error gets the greatest
    /// number.
    const fn of(code: u32) -> Self {
        match NonZeroU32::new(code) {
            Some(code) => Self(code),
            None => Self(NonZeroU32::MAX),
        }
    }

    /// Returns the number of the error.
    pub fn code(self) -> u32 {
        self.0.get()
    }
}

impl From<Error> for CallError {
    fn from(error: Error) -> Self {
        error.kind().into()
    }
}

impl From<ErrorKind> for CallError {
    fn from(kind: ErrorKind) -> Self {
        Self::of(u32::from(kind.code()))
    }
}

impl From<BindingError> for CallError {
    fn from(own: BindingError) -> Self {
        Self::of(own.code())
    }
}

/// The errors of the C binding, which the engine does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum BindingError {
    /// A pointer is NULL but must not be.
    Null = 1000,
    /// A number is not a value of its enum.
    BadEnum = 1001,
    /// `struct_size` is smaller than the first version of the struct.
    ///
    /// Or its first five limits are all 0, because swo_config_init has not filled it.
    StructTooOld = 1002,
    /// A struct of a newer version sets a member that this library does not know.
    ///
    /// Or `struct_size` is more than 4,096.
    StructTooNew = 1003,
    /// A defect inside the library.
    ///
    /// The connection, or other object, that the call was changing is dead: free it.
    Panic = 1004,
    /// The caller's array is too small; the count says how many entries it needs.
    ArrayTooSmall = 1005,
    /// The pointer is not to a live object of the kind that the function needs.
    ///
    /// It never was such an object (a connection, say), or swo_conn_deinit has ended it. Or the
    /// function needs a connection from swo_conn_new and got one from swo_conn_init, or vice versa.
    BadHandle = 1006,
    /// The requested value does not exist.
    ///
    /// No current event, no field lines in the event, no field of that name, no match, or the like.
    Nothing = 1007,
    /// The length is not possible.
    ///
    /// No object can have that length, it exceeds the space that was provided, or the function
    /// requires another one.
    BadLength = 1008,
    /// The memory for a connection is too small or not aligned.
    BadPlace = 1009,
    /// The rules of a protocol forbid the input; `reason` or `fault` says which rule.
    Refused = 1010,
    /// The bytes passed lie in memory of the object, which the call would change.
    ///
    /// For instance in a slice of an event, or in the space of swo_receive_buffer, for which
    /// swo_receive_commit is to be called.
    Overlap = 1011,
    /// A number is too large for the form in which it is encoded.
    BadNumber = 1012,
    /// The call of swo_set_memory is too late.
    ///
    /// The library has allocated memory already, or is the ordinary (std) build, where it always
    /// fails.
    TooLate = 1013,
}

impl BindingError {
    /// All errors of the binding, in the order of their numbers.
    pub const ALL: &'static [Self] = &[
        Self::Null,
        Self::BadEnum,
        Self::StructTooOld,
        Self::StructTooNew,
        Self::Panic,
        Self::ArrayTooSmall,
        Self::BadHandle,
        Self::Nothing,
        Self::BadLength,
        Self::BadPlace,
        Self::Refused,
        Self::Overlap,
        Self::BadNumber,
        Self::TooLate,
    ];

    /// Returns the stable number, which is a swo_result.
    pub const fn code(self) -> u32 {
        self as u32
    }

    /// Returns the stable name, such as `bad-enum`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::BadEnum => "bad-enum",
            Self::StructTooOld => "struct-too-old",
            Self::StructTooNew => "struct-too-new",
            Self::Panic => "panic",
            Self::ArrayTooSmall => "array-too-small",
            Self::BadHandle => "bad-handle",
            Self::Nothing => "nothing",
            Self::BadLength => "bad-length",
            Self::BadPlace => "bad-place",
            Self::Refused => "refused",
            Self::Overlap => "overlap",
            Self::BadNumber => "bad-number",
            Self::TooLate => "too-late",
        }
    }

    /// Returns a description of the error for people.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Null => "a pointer is NULL where something must be",
            Self::BadEnum => "a number that is no value of its enum",
            Self::StructTooOld => {
                "the struct is older than the oldest known, or was not filled: swo_config_init"
            }
            Self::StructTooNew => "the struct sets something that this library does not know",
            Self::Panic => "a defect inside the library; the connection is dead",
            Self::ArrayTooSmall => {
                "the array has too few entries; nothing was written but the count"
            }
            Self::BadHandle => {
                "not a connection or what else the function takes, or not one any more"
            }
            Self::Nothing => "there is no such thing",
            Self::BadLength => "a length that cannot be",
            Self::BadPlace => "the memory for a connection is too small or not aligned",
            Self::Refused => "the rules of the protocol forbid it; the reason says which",
            Self::Overlap => {
                "the bytes lie in memory of the object itself, which the call would change"
            }
            Self::BadNumber => "a number that is larger than what it is written as",
            Self::TooLate => "the library has taken memory already, as the std flavour always has",
        }
    }
}
