//! The errors of a connection.

use std::fmt;
use std::io;

use http::StatusCode;
use switchover::ErrorKind;

/// Any error of your code, such as that of a handler or of a body to send.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The reason why a connection, or one message on it, failed.
///
/// Its text is one sentence, and the [source](std::error::Error::source), if any, says more.
/// `{error:#}` prints both. For errors of the engine, [`advice`](Self::advice) says what to do.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// An error of the engine: the peer broke the protocol, or a call was wrong.
    ///
    /// [`switchover::Error::blame`] returns whose fault it is. Its text is that of this error.
    Protocol(switchover::Error),
    /// An error of the transport.
    ///
    /// It wraps an `http::Error` if that crate cannot represent a message.
    Io(io::Error),
    /// The peer ended the connection or a stream too early; the text says how.
    Disconnected(&'static str),
    /// Our side has ended the exchange before; the text says how.
    Cancelled(&'static str),
    /// The peer was too slow in this phase.
    TimedOut(Timeout),
    /// The content of a message is longer than the connection accepts or discards.
    ///
    /// In HTTP/1.1, unread content is longer than `limits.drain`, so it is not discarded; in
    /// HTTP/2, the content of a request is longer than `limits.content`. A server responds with
    /// 413.
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

/// A phase whose timeout expired.
///
/// [`Timeouts`](crate::Timeouts) has the same names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Timeout {
    /// The wait of a server for the first byte of a request.
    Idle,
    /// The wait of a server for the rest of a head, after its first byte.
    Head,
    /// The wait for the peer's content.
    Content,
    /// The wait for the peer to accept what is sent.
    Write,
    /// The wait of a server for its handler to return a response.
    Handler,
    /// The wait of a client for the head of a response.
    Response,
    /// The wait of a client for a 100; when it ends, the content is sent anyway.
    ExpectContinue,
}

impl Timeout {
    const fn text(self) -> &'static str {
        match self {
            Self::Idle => "the client has sent no request in time",
            Self::Head => "the rest of a head has not come in time",
            Self::Content => "content has not come in time",
            Self::Write => "the peer has not taken what is sent in time",
            Self::Handler => "the handler has not answered in time",
            Self::Response => "no response has come in time",
            Self::ExpectContinue => "no 100 has come in time",
        }
    }
}

impl fmt::Display for Timeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl std::error::Error for Timeout {}

impl Error {
    /// Returns what to do about an error of the engine; `None` for other errors.
    ///
    /// The text is that of the engine's table of errors. A [`Content`](Self::Content) error has the
    /// advice of its source.
    pub fn advice(&self) -> Option<&'static str> {
        match self {
            Self::Protocol(error) => Some(error.kind().advice()),
            Self::Content(error) => error.advice(),
            _ => None,
        }
    }

    /// Returns the phase whose timeout expired, if that is the reason.
    pub fn timeout(&self) -> Option<Timeout> {
        match self {
            Self::TimedOut(timeout) => Some(*timeout),
            Self::Content(error) => error.timeout(),
            Self::Handler(error) => match error.downcast_ref() {
                Some(timeout) => Some(*timeout),
                None => content_error(error).and_then(Self::timeout),
            },
            _ => None,
        }
    }

    /// Returns whether the peer ended the connection, or the transport has failed.
    ///
    /// A message that had begun is incomplete.
    pub fn is_disconnect(&self) -> bool {
        match self {
            Self::Disconnected(_) => true,
            // A message that the crate `http` cannot represent is no failure of the transport.
            Self::Io(error) => !error.get_ref().is_some_and(|source| source.is::<http::Error>()),
            Self::Protocol(error) => {
                matches!(error.kind(), ErrorKind::Truncated | ErrorKind::NoResponse)
            }
            Self::Content(error) => error.is_disconnect(),
            Self::Handler(error) => content_error(error).is_some_and(Self::is_disconnect),
            _ => false,
        }
    }

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
}

/// Returns the error of a request's content that caused a handler's error.
///
/// Only [`Error::Content`] counts: any other error of a connection may come from a client that the
/// handler uses itself.
pub(crate) fn content_error(error: &BoxError) -> Option<&Error> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&**error);
    while let Some(known) = cause {
        if let Some(own @ Error::Content(_)) = known.downcast_ref::<Error>() {
            return Some(own);
        }
        cause = known.source();
    }
    None
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Protocol(error) => write!(f, "{error}")?,
            Self::Io(_) => f.write_str("the transport has failed")?,
            Self::Disconnected(what) | Self::Cancelled(what) => f.write_str(what)?,
            Self::TimedOut(timeout) => f.write_str(timeout.text())?,
            Self::ContentTooLarge => f.write_str("the content is longer than is taken")?,
            Self::Content(_) => f.write_str("the request's content could not be received")?,
            Self::Body(_) => f.write_str("the body to send has failed")?,
            Self::Handler(_) => f.write_str("the handler has failed")?,
            Self::Misuse(why) => f.write_str(why)?,
        }
        let mut source = std::error::Error::source(self).filter(|_| f.alternate());
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Body(error) | Self::Handler(error) => Some(error.as_ref()),
            Self::Content(error) => Some(error),
            Self::Protocol(_)
            | Self::Disconnected(_)
            | Self::Cancelled(_)
            | Self::TimedOut(_)
            | Self::ContentTooLarge
            | Self::Misuse(_) => None,
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

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    fn malformed() -> switchover::Error {
        let mut connection = switchover::Connection::new(switchover::Role::Server);
        connection.receive(b"GET / HTTP/1.1\r\nHost : a\r\n\r\n").expect("room");
        connection.next_event().expect_err("a space before the colon")
    }

    /// Checks that the text of an error has neither advice nor its source.
    ///
    /// With `{:#}` it has its source.
    #[test]
    fn a_text_is_one_sentence_and_the_source_another() {
        let error = Error::Content(Box::new(Error::Protocol(malformed())));
        let source = error.source().expect("a source").to_string();
        assert_eq!(error.to_string(), "the request's content could not be received");
        assert_eq!(source, malformed().to_string());
        assert_eq!(format!("{error:#}"), format!("{error}: {source}"));
        assert_eq!(error.advice(), Some(malformed().kind().advice()));
        assert!(!format!("{error:#}").contains(error.advice().expect("advice")));
        let lost = Error::Io(io::ErrorKind::ConnectionReset.into());
        assert_eq!(format!("{lost:#}"), "the transport has failed: connection reset");
    }

    #[test]
    fn an_error_says_what_kind_it_is() {
        let late = Error::Content(Box::new(Error::TimedOut(Timeout::Content)));
        assert_eq!((late.timeout(), late.is_disconnect()), (Some(Timeout::Content), false));
        let stuck = Error::Handler(Timeout::Handler.into());
        assert_eq!(stuck.timeout(), Some(Timeout::Handler));
        let gone = Error::Content(Box::new(Error::Disconnected("the client has gone")));
        assert_eq!((gone.timeout(), gone.is_disconnect()), (None, true));
        assert!(!Error::Protocol(malformed()).is_disconnect());
    }
}
