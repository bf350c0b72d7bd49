//! Interim responses, which a handler sends before its final one.
//!
//! A 103 with `Link`, for instance. RFC 9110, section 15.2.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Waker};

use http::{Request, Response};

use crate::body::wait;
use crate::sync::{Mutex, MutexGuard, lock};

/// Responses that wait while the client does not read.
const MOST: usize = 16;

/// A sender of interim responses to the client of one request.
///
/// The handler has it, or another task. See [`informational`].
#[derive(Clone, Debug)]
pub struct InformationalSender(Arc<Mutex<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    responses: VecDeque<Response<()>>,
    connection: Option<Waker>,
}

/// Returns the sender of interim responses to the client of this request.
///
/// `None` unless [`Config::informational`](crate::Config) is set.
pub fn informational<B>(request: &Request<B>) -> Option<InformationalSender> {
    request.extensions().get().cloned()
}

impl InformationalSender {
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    /// Sends an interim response, if the client may get it.
    ///
    /// Nothing is sent once the final response has begun, or to a client that speaks HTTP/1.0. Nor
    /// is a final response, or a 101, which is
    /// [`Selected::accept`](crate::upgrade::Selected::accept)'s. A 100 that is owed is sent where
    /// the request's body is read: your code need not. While the client takes nothing, they wait.
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

    /// Takes the responses to send; the connection is woken when there are more.
    pub(crate) fn take(&self, context: &Context<'_>) -> VecDeque<Response<()>> {
        let mut waiting = self.lock();
        wait(&mut waiting.connection, context);
        std::mem::take(&mut waiting.responses)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        lock(&self.0)
    }
}
