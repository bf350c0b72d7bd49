//! The verbs of a connection: their roles, errors, and next calls.
//!
//! `tests/rust/tests/verbs.rs` prints the lists of errors in the documentation of all languages,
//! and the table of names, from this list. The tests fail if a verb returns an error that is not
//! listed here.

use crate::error::ErrorKind::{self, *};
use crate::machine::Role;

/// A method of [`Connection`](crate::Connection) that receives, sends or decides.
pub struct Verb {
    /// The name of the method in Rust.
    pub name: &'static str,
    /// The only role that has the method; `None` if both have it.
    pub role: Option<Role>,
    /// The RFC section that the method implements, or `the contract` of this crate.
    pub clause: &'static str,
    /// The call or action that follows a successful call, with Rust's names.
    pub next: &'static str,
    /// The errors of the caller that the method can return.
    ///
    /// After an error by the peer, each call that `Failed` would reject returns that error instead.
    pub errors: &'static [ErrorKind],
}

macro_rules! verbs {
    ($($name:literal, $role:expr, $clause:literal, $next:literal, [$($error:ident),*];)+) => {
        /// The table of methods that receive, send or decide: errors and next calls.
        pub const VERBS: &[Verb] = &[$(
            Verb { name: $name, role: $role, clause: $clause, next: $next, errors: &[$($error),*] }
        ),+];
    };
}

const BOTH: Option<Role> = None;
const SERVER: Option<Role> = Some(Role::Server);
const CLIENT: Option<Role> = Some(Role::Client);

verbs! {
    "receive", BOTH, "RFC 9112, 2.2", "next_event", [
        BufferFull, AfterEnd, OutOfMemory, Closed, Switched, Failed
    ];
    "receive_buffer", BOTH, "RFC 9112, 2.2", "commit", [
        BufferFull, AfterEnd, OutOfMemory, Closed, Switched, Failed
    ];
    "commit", BOTH, "RFC 9112, 2.2", "next_event", [];
    "receive_eof", BOTH, "RFC 9112, 8", "next_event", [];
    "next_event", BOTH, "RFC 9112, 2", "what the event asks for", [OutOfMemory];
    "take_end", BOTH, "RFC 9112, 6", "next_event", [];
    "take_leftover", BOTH, "RFC 9110, 7.8", "speak the new protocol; resume_http", [];
    "pass_content", BOTH, "RFC 9112, 6", "next_event", [
        NoContent, UnreadInput, LengthExceeded, AfterEnd, Closed, Switched, Failed
    ];
    "hand_over", SERVER, "RFC 9112, 2", "drop the engine, keep the transport", [
        WrongRole, Unasked, Answered, HeadGone, Closed, Switched, Failed, OutputTooSmall
    ];
    "skip_content", BOTH, "RFC 9112, 9.3", "next_event", [NoContent];
    "set_limits", BOTH, "the contract", "go on as before", [
        Unanswered, UnreadInput, OutOfMemory
    ];
    "send_request", CLIENT, "RFC 9112, 3", "send_data, send_end; receive", [
        WrongRole, RequestUnfinished, OfferPending, PipelineFull, NotPersistent, UnreadInput,
        Closed, Switched, Failed, InvalidMethod, InvalidTarget, InvalidName, InvalidValue,
        InvalidProtocol, InvalidHost, HostDiffers, FramingConflict, ReservedField, ProfileField,
        OutOfMemory, OutputTooSmall
    ];
    "send_informational", SERVER, "RFC 9110, 15.2", "next_event, or the final response", [
        WrongRole, Unasked, Answered, Http10Peer, Closed, Switched, Failed, InvalidStatus,
        InvalidReason, InvalidName, InvalidValue, InvalidHost, FramingConflict, ReservedField,
        OutOfMemory, OutputTooSmall
    ];
    "send_response", SERVER, "RFC 9112, 4", "send_data, send_end", [
        WrongRole, Unasked, Answered, Closed, Switched, Failed, InvalidStatus, InvalidReason,
        InvalidName, InvalidValue, InvalidHost, FramingConflict, ReservedField, OutOfMemory,
        OutputTooSmall
    ];
    "respond", SERVER, "RFC 9112, 6", "next_event", [
        WrongRole, Unasked, Answered, Closed, Switched, Failed, InvalidStatus, InvalidReason,
        InvalidName, InvalidValue, InvalidHost, FramingConflict, ReservedField, LengthExceeded,
        LengthShort, OutOfMemory, OutputTooSmall
    ];
    "respond_prepared", SERVER, "RFC 9112, 6", "next_event", [
        WrongRole, Unasked, Answered, Closed, Switched, Failed, FramingConflict, ReservedField,
        OutOfMemory, OutputTooSmall
    ];
    "reject", SERVER, "RFC 9110, 15.5.9", "close the transport, as closing says", [
        WrongRole, Answered, Closed, Switched, Failed, InvalidStatus, InvalidReason, InvalidName,
        InvalidValue, InvalidHost, FramingConflict, ReservedField, LengthExceeded, LengthShort,
        OutOfMemory, OutputTooSmall
    ];
    "note_response", SERVER, "RFC 9112, 9.3", "send_end where it has content", [
        WrongRole, Unasked, Answered, Closed, Switched, Failed, InvalidStatus, FramingConflict
    ];
    "accept", SERVER, "RFC 9110, 7.8", "next_event, to Switched", [
        WrongRole, NothingOffered, NotOffered, StaleSelection, BodyPending, Answered, Closed,
        Switched, Failed, InvalidName, InvalidValue, InvalidHost, FramingConflict, ReservedField,
        ProfileField, OutOfMemory, OutputTooSmall
    ];
    "require", SERVER, "RFC 9110, 15.5.22", "send_data, send_end", [
        WrongRole, Unasked, Answered, Closed, Switched, Failed, InvalidName, InvalidValue,
        InvalidHost, InvalidProtocol, FramingConflict, ReservedField, OutOfMemory, OutputTooSmall
    ];
    "advertise", SERVER, "RFC 9110, 7.8", "respond or send_response", [
        WrongRole, InvalidProtocol, OutOfMemory
    ];
    "send_data", BOTH, "RFC 9112, 6", "send_data, send_end", [
        NoContent, LengthExceeded, Closed, Switched, Failed, OutputTooSmall
    ];
    "send_data_parts", BOTH, "RFC 9112, 7.1", "prefix, content and suffix; send_end", [
        NoContent, LengthExceeded, Closed, Switched, Failed
    ];
    "send_end", BOTH, "RFC 9112, 7.1.2", "a client receives, a server calls next_event", [
        NoContent, LengthShort, Closed, Switched, Failed, InvalidName, InvalidValue,
        TrailerForbidden, OutOfMemory, OutputTooSmall
    ];
    "close_after_response", BOTH, "RFC 9112, 9.6", "go on as before", [
        TooLate, Closed, Switched, Failed
    ];
    "abandon", BOTH, "RFC 9112, 9.5", "close the transport where it has ended", [];
    "resume_http", BOTH, "RFC 2817, 3", "a server answers, a client receives", [
        NothingOwed, LeftoverPending
    ];
}
