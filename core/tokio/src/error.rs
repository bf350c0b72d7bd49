//! The errors of a connection.

use std::fmt;
use std::io;

use http::StatusCode;

/// Any error of your code's: a handler's, or of a body that is sent.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The reason why a connection, or one message on it, failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The engine's: the peer broke the protocol, or a call was out of order.
    ///
    /// [`switchover::Error::blame`] says whose fault it is.
    Protocol(switchover::Error),
    /// The transport's, or the peer has gone: then the kind is `UnexpectedEof`.
    Io(io::Error),
    /// The peer was too slow; which of the [`Timeouts`](crate::Timeouts) it was.
    TimedOut(&'static str),
    /// More of the content was left unread than `limits.drain` allows to drop.
    ///
    /// A server answers it with 413.
    ContentTooLarge,
    /// The content of a request could not be received: the handler's body fails.
    ///
    /// A handler that returns this error, alone or as the source of its own, answers its client
    /// with the status that fits.
    Content(Box<Error>),
    /// A body that was to be sent has failed.
    ///
    /// What had left of the message cannot be taken back, so the connection is over.
    Body(BoxError),
    /// The handler has failed. Its client got a 500.
    Handler(BoxError),
    /// A call that makes no sense here, and what to do instead.
    Misuse(&'static str),
}

impl Error {
    /// Returns the status that a server responds with, if it still may.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Protocol(error) => {
                // What your code did wrong has no status of its own.
                let status = error.status().and_then(|status| StatusCode::from_u16(status).ok());
                status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }
            Self::TimedOut(_) => StatusCode::REQUEST_TIMEOUT,
            Self::ContentTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Content(error) => error.status(),
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    pub(crate) fn gone(what: &'static str) -> Self {
        Self::Io(io::Error::new(io::ErrorKind::UnexpectedEof, what))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Protocol(error) => write!(f, "{error}: {}", error.kind().advice()),
            Self::Io(error) => write!(f, "the transport: {error}"),
            Self::TimedOut(what) => write!(f, "the peer took too long: {what}"),
            Self::ContentTooLarge => f.write_str("more content was left unread than is dropped"),
            Self::Content(error) => write!(f, "the request's content: {error}"),
            Self::Body(error) => write!(f, "the body that was sent: {error}"),
            Self::Handler(error) => write!(f, "the handler: {error}"),
            Self::Misuse(advice) => f.write_str(advice),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Protocol(error) => Some(error),
            Self::Io(error) => Some(error),
            Self::Body(error) | Self::Handler(error) => Some(error.as_ref()),
            Self::Content(error) => Some(error),
            Self::TimedOut(_) | Self::ContentTooLarge | Self::Misuse(_) => None,
        }
    }
}

impl From<switchover::Error> for Error {
    fn from(error: switchover::Error) -> Self {
        Self::Protocol(error)
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
