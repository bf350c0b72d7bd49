//! The errors of a connection.

use std::fmt;
use std::io;

use http::StatusCode;

/// Any error of your code, such as that of a handler or of a body to send.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The reason why a connection, or one message on it, failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// An error of the engine: the peer broke the protocol, or a call was wrong.
    ///
    /// [`switchover::Error::blame`] returns whose fault it is.
    Protocol(switchover::Error),
    /// An error of the transport; of kind `UnexpectedEof` after an early end.
    ///
    /// An early end is that of the peer's stream, or of one message on it. The kind `InvalidData`
    /// may mean that the crate `http` cannot represent a message.
    Io(io::Error),
    /// The peer was too slow.
    ///
    /// The text names the phase whose timeout expired; see [`Timeouts`](crate::Timeouts).
    TimedOut(&'static str),
    /// The unread content is longer than `limits.drain`, so it is not discarded.
    ///
    /// A server responds with 413.
    ContentTooLarge,
    /// The content of a request could not be received; the handler's body returns this.
    ///
    /// If a handler returns this error, alone or as the source of its own, the client gets the
    /// status that fits.
    Content(Box<Error>),
    /// The body to send returned an error.
    ///
    /// The part of the message already sent cannot be taken back, so the connection ends.
    Body(BoxError),
    /// The handler returned an error or was too slow, or could not be called.
    ///
    /// Its client got a 500, or the status that fits the cause: 503 after a timeout, 400 for a
    /// target or handshake that is invalid. The cause may also be a [`Content`](Self::Content)
    /// error.
    Handler(BoxError),
    /// The call is not possible, or not in this state; the text says why.
    Misuse(&'static str),
}

impl Error {
    /// Returns the status with which a server responds to this error, if it still can.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Protocol(error) => {
                // An error made by the caller's code has no status of its own.
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
