//! Interim responses (RFC 9110, 15.2): a handler sends them before its answer, such as a 103 with `Link`.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Waker};

use http::{Request, Response};

use crate::body::wait;
use crate::sync::{Mutex, MutexGuard, lock};

/// Responses that wait while the client does not read.
const MOST: usize = 16;

/// Sends interim responses to the client of one request, from the handler or another task. See [`informer`].
#[derive(Clone, Debug)]
pub struct Informer(Arc<Mutex<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    responses: VecDeque<Response<()>>,
    connection: Option<Waker>,
}

/// What sends interim responses to the client of this request; `None` unless [`Config::informs`](crate::Config) is set.
pub fn informer<B>(request: &Request<B>) -> Option<Informer> {
    request.extensions().get().cloned()
}

impl Informer {
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    /// Sends it, where the client may get it: nothing is sent once the answer has begun, or to a client that speaks HTTP/1.0.
    /// Nor is what is no interim response, or a 101, which is [`Selected::accept`](crate::upgrade::Selected::accept)'s. A 100 that
    /// is owed is sent where the request's body is read: your code need not. While the client does not read, 16 responses wait at
    /// most: an older one gives way to a newer one, and all that wait to the answer. RFC 9110, 15.2.
    pub fn inform(&self, response: Response<()>) {
        let mut waiting = self.lock();
        if waiting.responses.len() == MOST {
            waiting.responses.pop_front();
        }
        waiting.responses.push_back(response);
        if let Some(connection) = waiting.connection.take() {
            connection.wake();
        }
    }

    /// What is to be sent; the connection is woken when there is more.
    pub(crate) fn take(&self, context: &Context<'_>) -> VecDeque<Response<()>> {
        let mut waiting = self.lock();
        wait(&mut waiting.connection, context);
        std::mem::take(&mut waiting.responses)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        lock(&self.0)
    }
}
