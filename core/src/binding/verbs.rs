//! The verbs of a connection: what each can be refused with, and what to call next. `tests/verbs.rs` writes the lists in the
//! documents of all languages from this table, and the tests fail where a verb gives an error that is not listed here.

use crate::error::ErrorKind::{self, *};

/// A verb of [`Connection`](crate::Connection).
pub struct Verb {
    /// Its name in Rust.
    pub name: &'static str,
    /// What it can be refused with. After the peer's error each call that `Failed` would refuse gives that error instead.
    pub errors: &'static [ErrorKind],
}

macro_rules! verbs {
    ($($name:literal [$($error:ident),*];)+) => {
        /// Every verb that can be refused.
        pub const VERBS: &[Verb] = &[$(Verb { name: $name, errors: &[$($error),*] }),+];
    };
}

verbs! {
    "receive" [BufferFull, AfterEnd, Closed, Switched, Failed];
    "receive_buffer" [BufferFull, AfterEnd, Closed, Switched, Failed];
    "pass_content" [NoContent, UnreadInput, LengthExceeded, AfterEnd, Closed, Switched, Failed];
    "hand_over" [WrongRole, Unasked, Answered, HeadGone, Closed, Switched, Failed, OutputTooSmall];
    "skip_content" [NoContent];
    "send_request" [
        WrongRole, RequestUnfinished, OfferPending, PipelineFull, NotPersistent, UnreadInput, Closed, Switched, Failed,
        InvalidMethod, InvalidTarget, InvalidName, InvalidValue, InvalidProtocol, InvalidHost, HostDiffers,
        FramingConflict, ReservedField, ProfileField, OutputTooSmall
    ];
    "send_informational" [
        WrongRole, Unasked, Answered, NotExpected, Http10Peer, Closed, Switched, Failed,
        InvalidStatus, InvalidReason, InvalidName, InvalidValue, FramingConflict, ReservedField, OutputTooSmall
    ];
    "send_response" [
        WrongRole, Unasked, Answered, Closed, Switched, Failed,
        InvalidStatus, InvalidReason, InvalidName, InvalidValue, FramingConflict, ReservedField, OutputTooSmall
    ];
    "respond" [
        WrongRole, Unasked, Answered, Closed, Switched, Failed,
        InvalidStatus, InvalidReason, InvalidName, InvalidValue, FramingConflict, ReservedField, LengthExceeded, LengthShort,
        OutputTooSmall
    ];
    "respond_prepared" [
        WrongRole, Unasked, Answered, Closed, Switched, Failed,
        InvalidStatus, FramingConflict, ReservedField, OutputTooSmall
    ];
    "reject" [
        WrongRole, Unanswered, Answered, Closed, Switched, Failed,
        InvalidStatus, InvalidReason, InvalidName, InvalidValue, FramingConflict, ReservedField, LengthExceeded, LengthShort,
        OutputTooSmall
    ];
    "note_response" [
        WrongRole, Unasked, Answered, Closed, Switched, Failed, InvalidStatus, FramingConflict
    ];
    "accept" [
        WrongRole, NothingOffered, NotOffered, StaleSelection, BodyPending, Answered, Closed, Switched, Failed,
        InvalidName, InvalidValue, FramingConflict, ReservedField, ProfileField, OutputTooSmall
    ];
    "require" [
        WrongRole, Unasked, Answered, Closed, Switched, Failed,
        InvalidName, InvalidValue, InvalidProtocol, FramingConflict, ReservedField, OutputTooSmall
    ];
    "advertise" [WrongRole, InvalidProtocol];
    "send_data" [NoContent, LengthExceeded, Closed, Switched, Failed, OutputTooSmall];
    "send_data_parts" [NoContent, LengthExceeded, Closed, Switched, Failed];
    "send_end" [
        NoContent, LengthShort, Closed, Switched, Failed,
        InvalidName, InvalidValue, TrailerForbidden, OutputTooSmall
    ];
    "close_after_response" [TooLate, Closed, Switched, Failed];
    "abandon" [];
    "resume_http" [NothingOwed, LeftoverPending];
}
