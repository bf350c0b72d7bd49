//! The tasks that wait for one connection of a client.

use std::sync::Arc;
use std::task::{Context, Wake, Waker};

use crate::sync::{Mutex, lock};

/// The role of a task that waits for a client's connection.
///
/// A `Reader` reads the content of a response; a `Closer` is in `close` or `closed`.
#[derive(Clone, Copy)]
pub(super) enum Waiter {
    Reader,
    Closer,
}

/// One waker for the transport, the timer and the content, which wakes all tasks.
///
/// Each of these remembers only the waker of the latest poll, whichever task that came from.
pub(super) struct Waiters {
    tasks: Arc<Tasks>,
    waker: Waker,
}

#[derive(Default)]
struct Tasks(Mutex<[Option<Waker>; 2]>);

impl Waiters {
    pub(super) fn new() -> Self {
        let tasks = Arc::new(Tasks::default());
        Self { waker: Waker::from(tasks.clone()), tasks }
    }

    /// Registers a task, and returns the waker to poll with.
    pub(super) fn register(&self, waiter: Waiter, context: &Context<'_>) -> Waker {
        let (waker, mut tasks) = (context.waker(), lock(&self.tasks.0));
        let task = &mut tasks[waiter as usize];
        let is_known = task.as_ref().is_some_and(|task| task.will_wake(waker));
        // Content of the request may poll the response's body with the common waker itself.
        let is_new = !is_known && !waker.will_wake(&self.waker);
        let before = if is_new { task.replace(waker.clone()) } else { None };
        drop(tasks);
        drop(before);
        self.waker.clone()
    }

    /// Wakes one of the tasks, if it waits.
    pub(super) fn wake(&self, waiter: Waiter) {
        let task = lock(&self.tasks.0)[waiter as usize].take();
        if let Some(task) = task {
            task.wake();
        }
    }
}

impl Drop for Waiters {
    fn drop(&mut self) {
        // A waker of content may hold the common one.
        let tasks = std::mem::take(&mut *lock(&self.tasks.0));
        drop(tasks);
    }
}

impl Wake for Tasks {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let tasks = std::mem::take(&mut *lock(&self.0));
        tasks.into_iter().flatten().for_each(Waker::wake);
    }
}
