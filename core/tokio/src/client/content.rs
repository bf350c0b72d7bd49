//! The content of a client's request, which tasks poll in turn.

use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http_body::{Body as HttpBody, Frame};
use pin_project_lite::pin_project;

use crate::error::BoxError;

/// A body that is sent as the content of a request.
pub(super) type Sent = dyn HttpBody<Data = Bytes, Error = BoxError> + Send;

/// A frame of content, or its end.
pub(super) type NextFrame = Option<Result<Frame<Bytes>, BoxError>>;

/// The content of a request, which a task takes out to poll it.
///
/// Content is user code, which may use the body of the response. So it is polled and dropped while
/// the exchange is not locked.
pub(super) struct RequestContent {
    state: State,
    /// Content to drop once the exchange is unlocked.
    given_up: Option<Pin<Box<Sent>>>,
}

enum State {
    /// There is no content, or nothing more of it is sent.
    None,
    Content(Pin<Box<Sent>>),
    /// A task polls the content, and has taken it out for that.
    ///
    /// `missed` is set once another task wanted to poll it meanwhile.
    Polled {
        missed: bool,
    },
}

impl RequestContent {
    pub(super) const fn none() -> Self {
        Self { state: State::None, given_up: None }
    }

    /// Begins to send a body, in place of what is left of an earlier one.
    pub(super) fn begin<B>(&mut self, body: B)
    where
        B: HttpBody<Error: Into<BoxError>> + Send + 'static,
    {
        self.give_up();
        self.state = State::Content(Box::pin(BytesBody { body }));
    }

    pub(super) const fn is_none(&self) -> bool {
        matches!(self.state, State::None)
    }

    /// Takes the content out to poll it; `None` if there is none or a task has it.
    ///
    /// Next: `put_back`.
    pub(super) fn take_out(&mut self) -> Option<Pin<Box<Sent>>> {
        match mem::replace(&mut self.state, State::None) {
            State::None => None,
            State::Content(content) => {
                self.state = State::Polled { missed: false };
                Some(content)
            }
            State::Polled { .. } => {
                self.state = State::Polled { missed: true };
                None
            }
        }
    }

    /// Puts the request's body back, which `take_out` gave to a task to poll.
    ///
    /// Returns whether another task wanted to poll it meanwhile, or `None` if it was given up.
    pub(super) fn put_back(&mut self, content: Pin<Box<Sent>>) -> Option<bool> {
        let State::Polled { missed } = self.state else {
            self.given_up = Some(content);
            return None;
        };
        self.state = State::Content(content);
        Some(missed)
    }

    /// Gives up the rest of the content, which is not sent.
    ///
    /// Content that a task polls at that time is dropped once the task puts it back.
    pub(super) fn give_up(&mut self) {
        if let State::Content(content) = mem::replace(&mut self.state, State::None) {
            self.given_up = Some(content);
        }
    }

    /// Returns the content that was given up, for the caller to drop.
    pub(super) fn take_given_up(&mut self) -> Option<Pin<Box<Sent>>> {
        self.given_up.take()
    }
}

pin_project! {
    /// A body with its data converted to `Bytes` and its errors to `BoxError`.
    struct BytesBody<B> {
        #[pin]
        body: B,
    }
}

impl<B: HttpBody<Error: Into<BoxError>>> HttpBody for BytesBody<B> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(self.project().body.poll_frame(context));
        let frame = frame.map(|frame| {
            frame.map(|frame| frame.map_data(|mut data| data.copy_to_bytes(data.remaining())))
        });
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }
}
