//! The content of a message that was received.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use bytes::{Bytes, BytesMut};
use http_body::{Frame, SizeHint};

use crate::error::Error;
use crate::sync::{Mutex, MutexGuard, lock};

/// The content of a received request or response, and its trailers.
///
/// It is an [`http_body::Body`], so what is made for those works: `http_body_util::BodyExt`, axum's
/// extractors. [`read`](Self::read) takes all of it at once. Content is read from the peer only
/// while it is asked for, so a peer that sends faster than your code reads has to wait. A server's
/// client that waits for a 100 gets it at the first read (RFC 9110, section 10.1.1).
///
/// What a handler has not read when its answer is complete is dropped, up to `limits.drain` bytes
/// of it, after which the connection closes. After that, and after a switch, a body that was kept
/// fails.
#[derive(Default)]
pub struct Body(Kind);

#[derive(Default)]
enum Kind {
    #[default]
    Empty,
    Whole(Bytes),
    Coming(Arc<dyn Source>),
}

/// A source of content.
pub(crate) trait Source: Send + Sync {
    fn poll_frame(&self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>>;
    /// Returns the bytes that are left, if the length is known.
    fn left(&self) -> Option<u64>;
}

impl Body {
    /// Returns an empty body.
    pub const fn empty() -> Self {
        Self(Kind::Empty)
    }

    pub(crate) fn coming(source: Arc<dyn Source>) -> Self {
        Self(Kind::Coming(source))
    }

    /// Reads the whole content, without trailers, if it has at most `largest` bytes.
    ///
    /// `None` is more than that: answer 413.
    ///
    /// Where it is dropped half-way, what it has read is gone. A frame at a time, as
    /// `BodyExt::frame` gives it, is cancel safe.
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
            Kind::Coming(source) => match ready!(source.poll_frame(context)) {
                Some(Ok(frame)) if frame.is_data() => return Poll::Ready(Some(Ok(frame))),
                // The end, trailers or an error: what the source has after it is not this
                // message's.
                last => Poll::Ready(last),
            },
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
            Kind::Coming(source) => source.left().map_or(SizeHint::new(), SizeHint::with_exact),
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

/// The content that a connection passes to its handler.
///
/// The connection reads it, and the handler may be another task. It holds one frame, and only after
/// the handler has asked for it.
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

    /// Stops waking the connection, which is polled now.
    ///
    /// Until it asks [`is_wanted`](Self::is_wanted) again, it need not be woken.
    pub(crate) fn attend(&self) {
        self.lock().connection = None;
    }

    /// Returns whether the handler waits for a frame.
    ///
    /// If not, the connection is woken when it does.
    pub(crate) fn is_wanted(&self, context: &Context<'_>) -> bool {
        let mut passing = self.lock();
        wait(&mut passing.connection, context);
        passing.is_wanted && passing.frame.is_none() && !passing.is_over
    }

    /// Returns whether the handler still has the body.
    ///
    /// No one else can read it.
    pub(crate) fn is_in_use(self: &Arc<Self>) -> bool {
        Arc::strong_count(self) > 1
    }

    /// Gives the handler the frame that it waits for; `None` is the end.
    pub(crate) fn give(&self, frame: Option<Result<Frame<Bytes>, Error>>) {
        let mut passing = self.lock();
        passing.is_over |= !matches!(frame, Some(Ok(_)));
        passing.frame = frame;
        passing.is_wanted = false;
        if let Some(reader) = passing.reader.take() {
            reader.wake();
        }
    }

    /// Ends the content with an error for who waits, or will.
    pub(crate) fn cut(&self, why: &'static str) {
        if !self.lock().is_over {
            self.give(Some(Err(Error::gone(why))));
        }
    }
}

/// Keeps the waker of the task; it is cloned only if it is another one.
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
