//! The content of a response in HTTP/2: the handler's, or none.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

pin_project! {
    /// The content of a response: that of the handler's response, or none.
    ///
    /// In HTTP/2 the server's own error responses have none, and neither have responses to HEAD, or
    /// with a 204, 205 or 304. There is none after a switch.
    pub struct Content<B> {
        #[pin]
        of_handler: Option<B>,
    }
}

impl<B> Content<B> {
    pub(super) fn of(content: B) -> Self {
        Self { of_handler: Some(content) }
    }

    pub(super) fn empty() -> Self {
        Self { of_handler: None }
    }
}

impl<B> Default for Content<B> {
    fn default() -> Self {
        Self::empty()
    }
}

impl<B: Body> Body for Content<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        match self.project().of_handler.as_pin_mut() {
            Some(content) => {
                let frame = ready!(content.poll_frame(context));
                let data = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref());
                if data.is_some_and(|data| !data.has_remaining()) {
                    // hyper would queue empty frames without end, and hold up the thread.
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Poll::Ready(frame)
            }
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.of_handler.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.of_handler.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}
