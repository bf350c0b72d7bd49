//! Everything that can go wrong, in one table: number, name, whose fault, status to answer, text.
//!
//! The numbers are stable: a binding carries them as they are, logs may be searched for them. They are grouped by
//! the place in the pipeline: 1xx start line, 2xx field lines, 3xx what the head means, 4xx content, 5xx the
//! connection, 6xx the switch, 8xx decisions that the state refuses, 9xx decisions that are malformed.

use core::fmt;

use crate::listed::listed;
use crate::state::Rejected;

/// Who has to change something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Blame {
    /// The peer sent what the protocol forbids. Receiving has ended; a server may answer it once.
    Peer,
    /// The host called out of order or with a bad argument. Nothing has changed.
    Local,
}

listed! { Blame { Peer = "peer", Local = "local" } }

/// What went wrong; [`ErrorKind::ALL`] lists every kind.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Error {
    kind: ErrorKind,
    /// A peer error: octets since the connection began. `OutputTooSmall`: octets needed.
    number: u64,
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Error");
        shown.field("kind", &self.kind).field("code", &self.code());
        if let Some(offset) = self.offset() {
            shown.field("offset", &offset);
        }
        if let Some(needed) = self.needed() {
            shown.field("needed", &needed);
        }
        shown.finish()
    }
}

impl Error {
    pub(crate) const fn local(kind: ErrorKind) -> Self {
        Self { kind, number: 0 }
    }

    pub(crate) const fn at(kind: ErrorKind, offset: u64) -> Self {
        Self { kind, number: offset }
    }

    pub(crate) const fn too_small(needed: usize) -> Self {
        Self { kind: ErrorKind::OutputTooSmall, number: needed as u64 }
    }

    /// Which of the kinds it is.
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The stable number.
    pub const fn code(&self) -> u16 {
        self.kind.code()
    }

    /// Whose fault it is.
    pub const fn blame(&self) -> Blame {
        self.kind.blame()
    }

    /// The status that a server answers a peer error with; `None` for local errors and where only a client can meet it.
    pub const fn status(&self) -> Option<u16> {
        self.kind.status()
    }

    /// Where in the peer's octets, counted from the connection's first, a peer error lies.
    pub const fn offset(&self) -> Option<u64> {
        match self.blame() {
            Blame::Peer => Some(self.number),
            Blame::Local => None,
        }
    }

    /// How many octets of output space the refused call needs, after [`ErrorKind::OutputTooSmall`].
    pub const fn needed(&self) -> Option<usize> {
        match self.kind {
            ErrorKind::OutputTooSmall => Some(self.number as usize),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.kind.text(), self.kind.code())?;
        match (self.offset(), self.needed()) {
            (Some(offset), _) => write!(f, " at octet {offset}"),
            (_, Some(needed)) => write!(f, ": {needed} octets needed"),
            _ => Ok(()),
        }
    }
}

impl core::error::Error for Error {}

/// One row of the table.
struct Row {
    name: &'static str,
    blame: Blame,
    /// 0: no status.
    status: u16,
    text: &'static str,
}

macro_rules! errors {
    ($($variant:ident = $code:literal $name:literal $blame:ident $status:literal $text:literal;)+) => {
        /// The kinds of error. `docs/errors.md` is printed from this table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u16)]
        pub enum ErrorKind {
            $(#[doc = $text] $variant = $code,)+
        }

        impl ErrorKind {
            /// Every kind, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            const fn row(self) -> Row {
                match self {
                    $(Self::$variant => Row { name: $name, blame: Blame::$blame, status: $status, text: $text },)+
                }
            }
        }
    };
}

errors! {
    BadMethod = 101 "bad-method" Peer 400 "the method is not a token";
    MethodTooLong = 102 "method-too-long" Peer 501 "the method is longer than any that is known";
    BadTarget = 103 "bad-target" Peer 400 "an octet that no request-target may hold";
    BadVersion = 104 "bad-version" Peer 400 "the HTTP-version is malformed";
    VersionUnsupported = 105 "version-unsupported" Peer 505 "the major version is not 1";
    StartLineTooLong = 106 "start-line-too-long" Peer 414 "the start line is longer than the limit";
    BadStatusLine = 107 "bad-status-line" Peer 0 "the status line is malformed";
    NotHttp = 108 "not-http" Peer 0 "another protocol where a status line should be";
    EmptyLines = 109 "empty-lines" Peer 400 "too many empty lines before the request line";
    BadFieldName = 201 "bad-field-name" Peer 400 "the field name is not a token";
    SpaceBeforeColon = 202 "space-before-colon" Peer 400 "whitespace in or after a field name";
    MissingColon = 203 "missing-colon" Peer 400 "a field line without a colon";
    BadFieldValue = 204 "bad-field-value" Peer 400 "a control octet in a field value or reason";
    BareCr = 205 "bare-cr" Peer 400 "a CR that no LF follows";
    BareLf = 206 "bare-lf" Peer 400 "an LF that no CR precedes";
    Nul = 207 "nul" Peer 400 "a NUL octet";
    ObsFold = 208 "obs-fold" Peer 400 "a folded field line in a request or trailer section";
    LeadingSpace = 209 "leading-space" Peer 400 "whitespace before the first field line";
    FieldLineTooLong = 210 "field-line-too-long" Peer 431 "a field line is longer than the limit";
    TooManyFields = 211 "too-many-fields" Peer 431 "more field lines than the limit";
    HeadTooLarge = 212 "head-too-large" Peer 431 "the head is larger than the limit";
    HostMissing = 301 "host-missing" Peer 400 "an HTTP/1.1 request without Host";
    HostRepeated = 302 "host-repeated" Peer 400 "more than one Host";
    HostInvalid = 303 "host-invalid" Peer 400 "the Host is not a host with an optional port";
    TargetForm = 304 "target-form" Peer 400 "the form of the target does not fit the method";
    TargetAuthority = 305 "target-authority" Peer 400 "the target's authority is malformed, empty or holds userinfo";
    ContentLengthInvalid = 306 "content-length-invalid" Peer 400 "the Content-Length is not a number";
    ContentLengthDiffers = 307 "content-length-differs" Peer 400 "Content-Lengths that differ";
    BothFramings = 308 "both-framings" Peer 400 "both Content-Length and Transfer-Encoding";
    CodingInvalid = 309 "coding-invalid" Peer 400 "the Transfer-Encoding is malformed, or applies chunked twice";
    CodingUnknown = 310 "coding-unknown" Peer 501 "a transfer coding other than chunked";
    CodingNotFinal = 311 "coding-not-final" Peer 400 "a request whose final transfer coding is not chunked";
    CodingIn10 = 312 "coding-in-1.0" Peer 400 "a Transfer-Encoding in an HTTP/1.0 message";
    ConnectContent = 313 "connect-content" Peer 400 "a CONNECT with content";
    TargetInsecure = 314 "target-insecure" Peer 421 "an https target on a connection without TLS";
    ChunkSize = 401 "chunk-size" Peer 400 "the chunk size is malformed";
    ChunkSizeOverflow = 402 "chunk-size-overflow" Peer 413 "the chunk size is too large to be counted";
    ChunkExtension = 403 "chunk-extension" Peer 400 "a chunk extension is malformed";
    ChunkLineTooLong = 404 "chunk-line-too-long" Peer 400 "a chunk line is longer than the limit";
    ChunkExtensionsTooLong = 405 "chunk-extensions-too-long" Peer 413 "all chunk extensions together are longer than the limit";
    ChunkEnd = 406 "chunk-end" Peer 400 "chunk data is not followed by CRLF";
    TrailersTooLarge = 407 "trailers-too-large" Peer 431 "the trailer section is larger than the limit";
    Truncated = 501 "truncated" Peer 400 "the input ended inside a message";
    NoResponse = 502 "no-response" Peer 0 "the input ended before the response";
    Unsolicited = 503 "unsolicited" Peer 0 "octets from the server that no request asked for";
    TooManyInformational = 504 "too-many-informational" Peer 0 "more informational responses than the limit";
    SwitchUnasked = 601 "switch-unasked" Peer 0 "a 101 where nothing was offered";
    SwitchWithoutUpgrade = 602 "switch-without-upgrade" Peer 0 "a 101 without a usable Upgrade field";
    SwitchWithoutConnection = 603 "switch-without-connection" Peer 0 "a 101 whose Connection does not list upgrade";
    SwitchNotOffered = 604 "switch-not-offered" Peer 0 "a 101 that names what was not offered";
    SwitchIn10 = 605 "switch-in-1.0" Peer 0 "a 101 in HTTP/1.0";
    SwitchProfile = 606 "switch-profile" Peer 0 "a 101 that breaks the rules of the protocol it names";
    Unasked = 801 "unasked" Local 0 "no request is there to be answered";
    Answered = 802 "answered" Local 0 "the final response has begun already";
    RequestUnfinished = 803 "request-unfinished" Local 0 "the request before is not complete";
    Unanswered = 804 "unanswered" Local 0 "the request before is not answered";
    OfferPending = 805 "offer-pending" Local 0 "nothing may follow an undecided offer or CONNECT";
    PipelineFull = 806 "pipeline-full" Local 0 "too many requests wait for their responses";
    NotPersistent = 807 "not-persistent" Local 0 "the connection will not carry another request";
    NoContent = 808 "no-content" Local 0 "the message has no content, or none any more";
    NotExpected = 809 "not-expected" Local 0 "nobody expects a 100";
    Http10Peer = 810 "http-1.0-peer" Local 0 "an HTTP/1.0 client gets no informational response";
    NothingOffered = 811 "nothing-offered" Local 0 "nothing was offered that could be accepted";
    NotOffered = 812 "not-offered" Local 0 "the selection is not part of the offer";
    StaleSelection = 813 "stale-selection" Local 0 "the selection is of another request";
    BodyPending = 814 "body-pending" Local 0 "the request is not complete; accept_early is the verb for that";
    NothingOwed = 815 "nothing-owed" Local 0 "no answer is owed above a new protocol";
    LeftoverPending = 816 "leftover-pending" Local 0 "the leftover has not been taken, or the end before it not been told";
    TooLate = 817 "too-late" Local 0 "the head that would have said so has left";
    Closed = 818 "closed" Local 0 "the direction is closed";
    Switched = 819 "switched" Local 0 "the direction has left HTTP";
    Failed = 820 "failed" Local 0 "the peer broke the protocol earlier";
    WrongRole = 821 "wrong-role" Local 0 "the verb belongs to the other role";
    BufferFull = 822 "buffer-full" Local 0 "too many octets wait already; nothing was taken";
    NoRetry = 823 "no-retry" Local 0 "no 426 was received that asks for it";
    AfterEnd = 824 "after-end" Local 0 "octets after the end of input";
    UnreadInput = 825 "unread-input" Local 0 "octets wait that no request asked for; advance says what they are";
    OutputTooSmall = 901 "output-too-small" Local 0 "the output has too little space; nothing was written";
    InvalidMethod = 902 "invalid-method" Local 0 "the method is not a token";
    InvalidTarget = 903 "invalid-target" Local 0 "the target does not fit the method or holds a forbidden octet";
    InvalidStatus = 904 "invalid-status" Local 0 "the status does not fit this call";
    InvalidReason = 905 "invalid-reason" Local 0 "the reason holds a forbidden octet";
    InvalidName = 906 "invalid-name" Local 0 "the field name is not a token";
    InvalidValue = 907 "invalid-value" Local 0 "the field value holds a forbidden octet";
    InvalidProtocol = 908 "invalid-protocol" Local 0 "not a list of protocol names";
    InvalidHost = 909 "invalid-host" Local 0 "the request needs exactly one valid Host";
    FramingConflict = 910 "framing-conflict" Local 0 "framing fields that contradict each other, the status or the peer's version";
    ReservedField = 911 "reserved-field" Local 0 "the engine writes this field itself; there is a verb for it";
    LengthExceeded = 912 "length-exceeded" Local 0 "more content than the Content-Length says";
    LengthShort = 913 "length-short" Local 0 "less content than the Content-Length says";
    TrailerForbidden = 914 "trailer-forbidden" Local 0 "a field that may not be a trailer, or trailers without chunked";
    ProfileField = 915 "profile-field" Local 0 "the head breaks the rules of a protocol that it names";
}

impl ErrorKind {
    /// The stable number.
    pub const fn code(self) -> u16 {
        self as u16
    }

    /// The kind of a number.
    pub fn from_code(code: u32) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| u32::from(kind.code()) == code)
    }

    /// The stable name.
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// Whose fault it is.
    pub const fn blame(self) -> Blame {
        self.row().blame
    }

    /// The status that a server answers with, where there is one.
    pub const fn status(self) -> Option<u16> {
        match self.row().status {
            0 => None,
            status => Some(status),
        }
    }

    /// A sentence for people.
    pub const fn text(self) -> &'static str {
        self.row().text
    }
}

impl From<Rejected> for Error {
    fn from(rejected: Rejected) -> Self {
        Self::local(match rejected {
            Rejected::Unasked => ErrorKind::Unasked,
            Rejected::Answered => ErrorKind::Answered,
            Rejected::RequestUnfinished => ErrorKind::RequestUnfinished,
            Rejected::Unanswered => ErrorKind::Unanswered,
            Rejected::OfferPending => ErrorKind::OfferPending,
            Rejected::PipelineFull => ErrorKind::PipelineFull,
            Rejected::NotPersistent => ErrorKind::NotPersistent,
            Rejected::NoContent => ErrorKind::NoContent,
            Rejected::NotExpected => ErrorKind::NotExpected,
            Rejected::Http10Peer => ErrorKind::Http10Peer,
            Rejected::NothingOffered => ErrorKind::NothingOffered,
            Rejected::BodyPending => ErrorKind::BodyPending,
            Rejected::NothingOwed => ErrorKind::NothingOwed,
            Rejected::TooLate => ErrorKind::TooLate,
            Rejected::Truncated => ErrorKind::Truncated,
            Rejected::Closed => ErrorKind::Closed,
            Rejected::Switched => ErrorKind::Switched,
            Rejected::Failed => ErrorKind::Failed,
            Rejected::WrongRole => ErrorKind::WrongRole,
        })
    }
}
