//! The content of a received message.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header};
use http_body::{Frame, SizeHint};

use crate::error::Error;
use crate::sync::{Mutex, MutexGuard, lock};

/// The content of a received request or response, and its trailers.
///
/// It is an [`http_body::Body`], so it works with `http_body_util::BodyExt` and axum's extractors.
/// [`read`](Self::read) reads all of it at once. Content is read from the transport on demand, or
/// into a bounded buffer: a peer that sends faster than your code reads has to wait. A client that
/// waits for a 100 (Continue) gets it at the handler's first read (RFC 9110, section 10.1.1); in
/// HTTP/2 it gets none.
///
/// Content that a handler has not read when its response is complete is discarded, up to
/// `limits.drain` bytes; if there is more, the connection closes. A read after the response, or
/// after an upgrade, may therefore return an error.
#[derive(Default)]
pub struct Body(Kind);

#[derive(Default)]
enum Kind {
    #[default]
    Empty,
    Whole(Bytes),
    Coming(Held),
    /// Content of a request that came before the switch to TLS: reading it is an error.
    Lost,
}

/// A body's handle on its source; dropping it calls the source's `release`.
struct Held(Arc<dyn Source>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.release();
    }
}

/// A source of a message's content, read frame by frame.
pub(crate) trait Source: Send + Sync {
    fn poll_frame(&self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>>;
    /// Notifies the source that its body was dropped, or has reached its end.
    fn release(&self) {}
    /// Returns the number of bytes of content still to be read, if that is known.
    fn left(&self) -> Option<u64>;
    /// Returns whether the data frame just returned is known to be the message's last.
    ///
    /// Then the source must not be polled again: its next frame would be of another message.
    fn take_end(&self) -> bool {
        false
    }
}

impl Body {
    /// Returns an empty body.
    pub const fn empty() -> Self {
        Self(Kind::Empty)
    }

    /// Returns the body for a request that is handled again over TLS.
    ///
    /// Reading it fails if the request's head announced content, because that came before TLS.
    /// Otherwise the body is empty.
    pub(crate) fn again(headers: &HeaderMap) -> Self {
        let length = headers.get(header::CONTENT_LENGTH);
        let had_content = headers.contains_key(header::TRANSFER_ENCODING)
            || length.is_some_and(|length| length != "0");
        Self(if had_content { Kind::Lost } else { Kind::Empty })
    }

    pub(crate) fn coming(source: Arc<dyn Source>) -> Self {
        Self(Kind::Coming(Held(source)))
    }

    /// Reads the whole content, without trailers, if it has at most `largest` bytes.
    ///
    /// Returns `None` if there is more; then respond with 413.
    ///
    /// Not cancel safe: content already read is lost. Reading single frames with `BodyExt::frame`
    /// is cancel safe.
    pub async fn read(mut self, largest: usize) -> Result<Option<Bytes>, Error> {
        let mut content = BytesMut::new();
        loop {
            let frame =
                std::future::poll_fn(|context| Pin::new(&mut self).poll_next(context)).await;
            let Some(frame) = frame else { return Ok(Some(content.freeze())) };
            if let Ok(data) = frame?.into_data() {
                if content.len() + data.len() > largest {
                    return Ok(None);
                }
                content.extend_from_slice(&data);
            }
        }
    }

    fn poll_next(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let next = match &mut self.0 {
            Kind::Empty => return Poll::Ready(None),
            Kind::Whole(content) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(content))))),
            Kind::Coming(Held(source)) => match ready!(source.poll_frame(context)) {
                Some(Ok(frame)) if frame.is_data() && !source.take_end() => {
                    return Poll::Ready(Some(Ok(frame)));
                }
                // After the end, trailers or an error, the source must not be polled: its next
                // frame would be of another message.
                last => Poll::Ready(last),
            },
            Kind::Lost => Poll::Ready(Some(Err(Error::Misuse(
                "the content came before TLS: read it before the upgrade is accepted",
            )))),
        };
        self.0 = Kind::Empty;
        next
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.poll_next(context)
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.0, Kind::Empty)
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Empty => SizeHint::with_exact(0),
            Kind::Whole(content) => SizeHint::with_exact(content.len() as u64),
            Kind::Coming(Held(source)) => {
                source.left().map_or(SizeHint::new(), SizeHint::with_exact)
            }
            Kind::Lost => SizeHint::new(),
        }
    }
}

impl From<Bytes> for Body {
    fn from(content: Bytes) -> Self {
        Self(if content.is_empty() { Kind::Empty } else { Kind::Whole(content) })
    }
}

impl From<&'static str> for Body {
    fn from(content: &'static str) -> Self {
        Bytes::from_static(content.as_bytes()).into()
    }
}

impl From<String> for Body {
    fn from(content: String) -> Self {
        Bytes::from(content).into()
    }
}

impl From<Vec<u8>> for Body {
    fn from(content: Vec<u8>) -> Self {
        Bytes::from(content).into()
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let left = http_body::Body::size_hint(self).exact();
        f.debug_struct("Body").field("left", &left).finish()
    }
}

/// Reads and drops the frames of a message, up to its end.
pub(crate) async fn discard(
    mut poll: impl FnMut(&mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>>,
) -> Result<(), Error> {
    while let Some(frame) = std::future::poll_fn(&mut poll).await {
        // What comes after trailers is of another message.
        if frame?.is_trailers() {
            break;
        }
    }
    Ok(())
}

/// The channel through which a connection passes content to its handler.
///
/// The connection reads the content; the handler may read the body in another task. The channel
/// holds at most one frame or error, and a frame only after the handler has asked for it.
#[derive(Default)]
pub(crate) struct Channel(Mutex<Passing>);

#[derive(Default)]
struct Passing {
    frame: Option<Result<Frame<Bytes>, Error>>,
    is_wanted: bool,
    is_over: bool,
    left: Option<u64>,
    reader: Option<Waker>,
    connection: Option<Waker>,
}

impl Channel {
    pub(crate) fn new(left: Option<u64>) -> Self {
        Self(Mutex::new(Passing { left, ..Passing::default() }))
    }

    fn lock(&self) -> MutexGuard<'_, Passing> {
        lock(&self.0)
    }

    /// Removes the connection's waker, because the connection is being polled now.
    ///
    /// The handler wakes it again only after the next call of [`is_wanted`](Self::is_wanted).
    pub(crate) fn attend(&self) {
        self.lock().connection = None;
    }

    /// Returns whether the handler waits for a frame.
    ///
    /// If not, the connection is woken once the handler does.
    pub(crate) fn is_wanted(&self, context: &Context<'_>) -> bool {
        let mut passing = self.lock();
        wait(&mut passing.connection, context);
        passing.is_wanted && passing.frame.is_none() && !passing.is_over
    }

    /// Returns whether the handler waits for a frame, and still holds the body.
    pub(crate) fn is_awaited(self: &Arc<Self>, context: &Context<'_>) -> bool {
        self.is_wanted(context) && self.is_in_use()
    }

    /// Returns whether the handler still holds the body, and so may read it.
    pub(crate) fn is_in_use(self: &Arc<Self>) -> bool {
        Arc::strong_count(self) > 1
    }

    /// Passes the handler the frame that it waits for; `None` is the end.
    pub(crate) fn give(&self, frame: Option<Result<Frame<Bytes>, Error>>) {
        let mut passing = self.lock();
        passing.is_over |= !matches!(frame, Some(Ok(_)));
        passing.frame = frame;
        passing.is_wanted = false;
        if let Some(reader) = passing.reader.take() {
            reader.wake();
        }
    }

    /// Ends incomplete content with an error, for the current or next read.
    pub(crate) fn cut(&self, error: Error) {
        if !self.lock().is_over {
            self.give(Some(Err(error)));
        }
    }
}

/// Stores the waker of the task; clones it only if it differs from the stored one.
pub(crate) fn wait(waker: &mut Option<Waker>, context: &Context<'_>) {
    if !waker.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
        *waker = Some(context.waker().clone());
    }
}

impl Source for Channel {
    fn poll_frame(&self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let mut passing = self.lock();
        if let Some(frame) = passing.frame.take() {
            if let (Ok(frame), Some(left)) = (&frame, &mut passing.left) {
                *left = left.saturating_sub(frame.data_ref().map_or(0, |data| data.len() as u64));
            }
            return Poll::Ready(Some(frame.map_err(|error| Error::Content(Box::new(error)))));
        }
        if passing.is_over {
            return Poll::Ready(None);
        }
        passing.is_wanted = true;
        wait(&mut passing.reader, context);
        if let Some(connection) = passing.connection.take() {
            connection.wake();
        }
        Poll::Pending
    }

    fn left(&self) -> Option<u64> {
        self.lock().left
    }
}
