//! Interim (1xx) responses, which a handler sends before its final one.
//!
//! A 103 with `Link` is an example. RFC 9110, section 15.2.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Waker};

use http::{Request, Response};

use crate::body::wait;
use crate::sync::{Mutex, MutexGuard, lock};

/// The maximum of queued interim responses; another one replaces the oldest.
const MOST: usize = 16;

/// A sender of interim responses to the client of one request.
///
/// The handler gets it by [`informational`], and may pass it to another task.
#[derive(Clone, Debug)]
pub struct InformationalSender(Arc<Mutex<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    responses: VecDeque<Response<()>>,
    connection: Option<Waker>,
}

/// Returns the sender of interim responses to the client of this request.
///
/// `None` in HTTP/2, and unless [`Config::informational`](crate::Config) is set.
pub fn informational<B>(request: &Request<B>) -> Option<InformationalSender> {
    request.extensions().get().cloned()
}

impl InformationalSender {
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    /// Queues an interim response, which is sent if the client may get it.
    ///
    /// It is discarded once the final response has begun, and for an HTTP/1.0 client. A response
    /// with a final status is discarded too. So is a 101, which
    /// [`Selected::accept`](crate::upgrade::Selected::accept) makes. There is no need to send a
    /// 100: the server sends it when the request's body is read. Up to 16 responses wait, for
    /// instance while the client does not read; then the oldest are discarded.
    pub fn send(&self, response: Response<()>) {
        let mut waiting = self.lock();
        if waiting.responses.len() == MOST {
            waiting.responses.pop_front();
        }
        waiting.responses.push_back(response);
        if let Some(connection) = waiting.connection.take() {
            connection.wake();
        }
    }

    /// Removes and returns the queued responses; the next `send` wakes the connection.
    pub(crate) fn take(&self, context: &Context<'_>) -> VecDeque<Response<()>> {
        let mut waiting = self.lock();
        wait(&mut waiting.connection, context);
        std::mem::take(&mut waiting.responses)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        lock(&self.0)
    }
}
