//! Tests of the state that a connection shares with a handler's thread.
//!
//! loom tries the orders in which the two threads can reach that state. It tries all orders with up
//! to two preemptions. A wake-up that is lost leaves both waiting, which loom finds.
//! `LOOM_MAX_PREEMPTIONS=3` tries more orders.

// The files of the adapter that share anything, over loom's mutex.
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

// What links in their documentation name.
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
    /// All frames have come.
    Whole,
    /// The request is over before.
    Cut,
}

/// Gives frames while they are wanted, then the end.
///
/// The connection does so in `Serving::work`.
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
    // As its links do when they are dropped.
    channel.cut("the request is over");
}

/// Returns the number of frames before the end, and whether that was an error.
///
/// The handler's part is to read them.
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

/// A reader learns that the request is over, wherever it stands.
///
/// A frame that was not fetched yet gives way to the error.
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
            // And again, if it asks again.
            assert_eq!(reads(&channel), (0, false));
        });
    }
}

/// A reader that has changed its task gets the content.
///
/// The task before is not woken, and need not be.
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

/// A callback that counts its drops.
struct Taker(Arc<AtomicUsize>);

impl Drop for Taker {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A callback that shall take a connection over is taken, or dropped.
///
/// A task that waits for the callback does not wait for ever.
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
