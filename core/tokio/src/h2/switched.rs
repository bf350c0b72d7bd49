//! The tasks of the streams of a connection that have switched to another protocol.

use std::future::Future;
use std::sync::Arc;

use tokio::task::JoinSet;

use crate::ShutdownSignal;
use crate::sync::{Mutex, lock};

/// The tasks of a connection's switched streams; clones share them.
#[derive(Clone)]
pub(super) struct Switched {
    tasks: Arc<Mutex<JoinSet<()>>>,
    pub(super) stopping: ShutdownSignal,
}

impl Switched {
    pub(super) fn new(stopping: ShutdownSignal) -> Self {
        Self { tasks: Arc::default(), stopping }
    }

    /// Runs the new protocol of a stream in a task of its own.
    pub(super) fn spawn(&self, speaking: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = lock(&self.tasks);
        // Removes those that have ended.
        while tasks.try_join_next().is_some() {}
        tasks.spawn(speaking);
    }

    /// Waits until all tasks have ended.
    pub(super) async fn ended(&self) {
        let mut tasks = std::mem::take(&mut *lock(&self.tasks));
        while tasks.join_next().await.is_some() {}
    }

    /// Returns a guard that ends all tasks when it is dropped.
    pub(super) fn abort_on_drop(&self) -> impl Drop + use<> {
        Aborting(Arc::clone(&self.tasks))
    }
}

struct Aborting(Arc<Mutex<JoinSet<()>>>);

impl Drop for Aborting {
    fn drop(&mut self) {
        lock(&self.0).abort_all();
    }
}
