//! Tests of the state that a connection shares with its handler's thread.
//!
//! loom runs all interleavings of the threads with up to two preemptions; `LOOM_MAX_PREEMPTIONS=3`
//! runs more. After a lost wake-up all threads wait, which loom reports as a deadlock.

// The adapter's files with shared state, compiled here with loom's mutex.
#[allow(dead_code, unreachable_pub, reason = "the rest of it is for the adapter and its users")]
#[path = "../../src/body.rs"]
mod body;
#[path = "../../src/callback_slot.rs"]
mod callback_slot;
#[allow(dead_code, unreachable_pub, reason = "as above")]
#[path = "../../src/error.rs"]
mod error;
#[allow(dead_code, unreachable_pub, reason = "as above")]
#[path = "../../src/informational.rs"]
mod informational;

mod sync {
    pub(crate) use loom::sync::{Mutex, MutexGuard};

    pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
        mutex.lock().expect("no panic")
    }
}

// Names that the intra-doc links of these files need.
#[allow(unused_imports, reason = "as above")]
pub(crate) use switchover_tokio::{Config, Timeouts, upgrade};

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use body::{Channel, Source};
use bytes::Bytes;
use callback_slot::CallbackSlot;
use http::Response;
use http_body::Frame;
use informational::InformationalSender;
use loom::future::block_on;
use loom::thread;

fn try_all(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound.get_or_insert(2);
    builder.check(model);
}

/// The way in which a connection ends the content of a request.
#[derive(Clone, Copy)]
enum End {
    /// The content ends after all its frames.
    Whole,
    /// The request ends before its content does.
    Cut,
}

/// Gives frames while the reader wants them, then ends the content by `end`.
///
/// It does what the connection does in `ServerConnection::drive_handler`.
fn gives(channel: &Channel, frames: usize, end: End) {
    let mut left = frames;
    block_on(poll_fn(|context| {
        channel.attend();
        while left > 0 || matches!(end, End::Whole) {
            if !channel.is_wanted(context) {
                return Poll::Pending;
            }
            if left == 0 {
                channel.give(None);
                return Poll::Ready(());
            }
            left -= 1;
            channel.give(Some(Ok(Frame::data(Bytes::from_static(b"x")))));
        }
        Poll::Ready(())
    }));
    // The connection cuts the channel when it drops the request's handles.
    channel.cut(error::Error::Cancelled("the request is over"));
}

/// Reads a request's content frame by frame, as a handler reads its body.
///
/// Returns the number of frames, of one byte each, and whether an error ended them.
fn reads(channel: &Channel) -> (usize, bool) {
    let mut read = 0;
    loop {
        match block_on(poll_fn(|context| channel.poll_frame(context))) {
            Some(Ok(frame)) => read += frame.into_data().expect("data").len(),
            Some(Err(_)) => return (read, true),
            None => return (read, false),
        }
    }
}

#[test]
fn content_comes_to_its_reader() {
    for frames in 0..3 {
        try_all(move || {
            let channel = Arc::new(Channel::new(Some(frames as u64)));
            let reader = thread::spawn({
                let channel = Arc::clone(&channel);
                move || reads(&channel)
            });
            gives(&channel, frames, End::Whole);
            assert_eq!(reader.join().expect("no panic"), (frames, false));
            assert_eq!(channel.left(), Some(0));
        });
    }
}

/// The reader gets an error if the request ends before its content.
///
/// The error may replace the last frame, if that was not read yet.
#[test]
fn a_reader_learns_that_the_request_is_over() {
    for frames in 0..3 {
        try_all(move || {
            let channel = Arc::new(Channel::new(None));
            let reader = thread::spawn({
                let channel = Arc::clone(&channel);
                move || reads(&channel)
            });
            gives(&channel, frames, End::Cut);
            let (read, is_error) = reader.join().expect("no panic");
            assert!(
                is_error && (frames.saturating_sub(1)..=frames).contains(&read),
                "{read} of {frames}"
            );
            // The next read returns the end.
            assert_eq!(reads(&channel), (0, false));
        });
    }
}

/// The reader gets the content if it polls from another task than before.
///
/// The earlier task need not be woken.
#[test]
fn content_comes_to_the_task_that_asked_last() {
    try_all(|| {
        let channel = Arc::new(Channel::new(None));
        let reader = thread::spawn({
            let channel = Arc::clone(&channel);
            move || {
                let _ = channel.poll_frame(&mut Context::from_waker(std::task::Waker::noop()));
                reads(&channel)
            }
        });
        gives(&channel, 1, End::Whole);
        let (read, is_error) = reader.join().expect("no panic");
        assert!(read <= 1 && !is_error);
    });
}

#[test]
fn each_interim_response_is_sent_once() {
    try_all(|| {
        let sender = InformationalSender::new();
        let senders = [103, 102].map(|status| {
            let sender = sender.clone();
            thread::spawn(move || {
                let mut response = Response::new(());
                *response.status_mut() = status.try_into().expect("a status");
                sender.send(response);
            })
        });
        let mut sent = Vec::new();
        block_on(poll_fn(|context| {
            sent.extend(sender.take(context).iter().map(|response| response.status().as_u16()));
            if sent.len() < 2 { Poll::Pending } else { Poll::Ready(()) }
        }));
        for sender in senders {
            sender.join().expect("no panic");
        }
        sent.sort_unstable();
        assert_eq!(sent, [102, 103]);
    });
}

/// A callback that increments a counter when it is dropped.
struct Taker(Arc<AtomicUsize>);

impl Drop for Taker {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A callback that waits for a protocol switch is either called or dropped.
///
/// A task that waits for the callback therefore does not wait forever.
#[test]
fn no_taker_stays() {
    try_all(|| {
        let dropped = Arc::new(AtomicUsize::new(0));
        let taking = Arc::new(CallbackSlot::new());
        let handlers = [(); 2].map(|()| {
            let (taking, dropped) = (Arc::clone(&taking), Arc::clone(&dropped));
            thread::spawn(move || taking.set(Taker(dropped)))
        });
        let was_set = taking.is_set();
        let taken = taking.take();
        assert!(taken.is_some() || !was_set);
        for handler in handlers {
            handler.join().expect("no panic");
        }
        assert!(!taking.is_set() && taking.take().is_none());
        assert_eq!(dropped.load(Ordering::Relaxed), 2 - usize::from(taken.is_some()));
    });
}
