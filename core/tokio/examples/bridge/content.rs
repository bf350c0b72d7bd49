//! The content of an HTTP/2 request, as a body to send to the backend.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use h2::RecvStream;
use http_body::{Body, Frame};
use switchover_tokio::{BoxError, Error, Timeout};
use tokio::time::{Instant, Sleep, sleep};

use crate::backend::locked;

/// The content of an HTTP/2 request, as a body; clones read the same stream.
///
/// A clone may read on after another one was dropped.
#[derive(Clone)]
pub(crate) struct Content(Arc<Mutex<Coming>>);

struct Coming {
    stream: RecvStream,
    /// The timeout for the client to send content; `None` if it was disabled.
    clock: Option<Clock>,
}

/// A timeout for content: `timeout` at first, and a millisecond more for each byte.
///
/// The time left never exceeds `timeout`. So a client that sends one byte per second times out,
/// and a client that sends much content does not.
struct Clock {
    timeout: Duration,
    left: Duration,
    alarm: Option<Pin<Box<Sleep>>>,
}

impl Content {
    pub(crate) fn new(stream: RecvStream, timeout: Duration) -> Self {
        let clock = Clock { timeout, left: timeout, alarm: None };
        Self(Arc::new(Mutex::new(Coming { stream, clock: Some(clock) })))
    }

    /// Disables the timeout for content: the client may take as long as it likes.
    pub(crate) fn wait_for_ever(&self) {
        self.with(|coming| coming.clock = None);
    }

    fn with<T>(&self, work: impl FnOnce(&mut Coming) -> T) -> T {
        work(&mut locked(&self.0))
    }
}

impl Body for Content {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.with(|coming| {
            coming.poll_frame(context).map_err(BoxError::from).map(Result::transpose)
        })
    }

    fn is_end_stream(&self) -> bool {
        self.with(|coming| coming.stream.is_end_stream())
    }
}

impl Coming {
    fn poll_frame(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Frame<Bytes>>, BoxError>> {
        let Poll::Ready(data) = self.stream.poll_data(context)? else {
            return match &mut self.clock {
                Some(clock) => {
                    clock.poll(context).map(|()| Err(Error::TimedOut(Timeout::Content).into()))
                }
                None => Poll::Pending,
            };
        };
        let Some(data) = data else {
            return self
                .stream
                .poll_trailers(context)
                .map_ok(|trailers| trailers.map(Frame::trailers))
                .map_err(BoxError::from);
        };
        self.stream.flow_control().release_capacity(data.len())?;
        if let Some(clock) = &mut self.clock {
            clock.earn(data.len());
        }
        Poll::Ready(Ok(Some(Frame::data(data))))
    }
}

impl Clock {
    /// Completes once the client has used up its time to send content.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.alarm.get_or_insert_with(|| Box::pin(sleep(self.left))).as_mut().poll(context)
    }

    /// Adds a millisecond for each of `len` received bytes.
    ///
    /// Then the clock is stopped until the next `poll`.
    fn earn(&mut self, len: usize) {
        if let Some(alarm) = self.alarm.take() {
            self.left = alarm.deadline().saturating_duration_since(Instant::now());
        }
        self.left = (self.left + Duration::from_millis(len as u64)).min(self.timeout);
    }
}
