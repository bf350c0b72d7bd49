//! Interim responses (RFC 9110, 15.2): a handler sends them before its answer, such as a 103 with `Link`.

use std::sync::Arc;
use std::task::{Context, Waker};

use http::{Request, Response};

use crate::sync::{Mutex, MutexGuard, lock};

/// Sends interim responses to the client of one request, from the handler or another task. See [`informer`].
#[derive(Clone, Debug)]
pub struct Informer(Arc<Mutex<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    responses: Vec<Response<()>>,
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
    /// is owed is sent where the request's body is read: your code need not. RFC 9110, 15.2.
    pub fn inform(&self, response: Response<()>) {
        let mut waiting = self.lock();
        waiting.responses.push(response);
        if let Some(connection) = waiting.connection.take() {
            connection.wake();
        }
    }

    /// What is to be sent; the connection is woken when there is more.
    pub(crate) fn take(&self, context: &Context<'_>) -> Vec<Response<()>> {
        let mut waiting = self.lock();
        if !waiting.connection.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
            waiting.connection = Some(context.waker().clone());
        }
        std::mem::take(&mut waiting.responses)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        lock(&self.0)
    }
}
