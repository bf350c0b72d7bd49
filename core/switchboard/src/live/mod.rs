//! The live page: its files, its viewers, and the events that they receive.
//!
//! A page opens a WebSocket to `/live` on this server. It receives the list of demonstrations, the
//! history, then each [`JsonEvent`] of every connection, unless it is too slow. Bytes of the
//! WebSockets at `/live` are left out. A page may request demonstrations, or send bytes for a
//! client to send.

mod demos;
mod errors;
mod history;
mod scripted_client;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use switchover_tokio::Upgraded;
use tokio::sync::Notify;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tungstenite::{Error, Message};

use crate::transcript::{Audience, JsonEvent};
use crate::websocket::{self, Frames};
use history::{History, Place};

/// The most bytes of events that wait for a slow viewer.
///
/// Further events are dropped, and the viewer receives their number.
const WAITING: usize = 4 << 20;

/// The most bytes of events in a message to a viewer; the last event may exceed it.
const AT_ONCE: usize = 32 * 1024;

/// The time for which events are collected into one message to a viewer.
const GATHERING: Duration = Duration::from_millis(10);

/// The time limit for sending a message to a viewer; each byte adds a millisecond.
///
/// It also limits the wait for the end of the WebSocket after a viewer's Close.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The silence of a viewer after which it is pinged.
///
/// After as much silence again, the viewer is disconnected.
const ASKED_AFTER: Duration = Duration::from_secs(30);

/// The Content-Security-Policy of the live page's files.
///
/// It allows files of this server, images in `data:` URLs and any WebSocket. No page may show these
/// files in a frame.
pub(crate) const POLICY: &str = "default-src 'self'; img-src 'self' data:; \
                                 connect-src 'self' ws: wss:; frame-ancestors 'none'; \
                                 base-uri 'none'";

/// A file of the live page: request path, media type, content.
pub(crate) type File = (&'static str, &'static str, &'static str);

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

const TEXT: &str = "text/plain; charset=utf-8";

/// Returns the text of a file in `wasm/playground`, which the live page uses too.
macro_rules! shared {
    ($path:literal) => {
        include_str!(concat!("../../../../wasm/playground/", $path))
    };
}

/// The files of the live page except `/errors`, and the documents that it links to.
static FILES: [File; 25] = [
    ("/", HTML, include_str!("page/index.html")),
    ("/page/style.css", CSS, include_str!("page/style.css")),
    ("/page/main.js", SCRIPT, include_str!("page/main.js")),
    ("/page/story.js", SCRIPT, include_str!("page/story.js")),
    ("/page/transcript.js", SCRIPT, include_str!("page/transcript.js")),
    ("/page/timeline.js", SCRIPT, include_str!("page/timeline.js")),
    ("/page/gallery.js", SCRIPT, include_str!("page/gallery.js")),
    ("/page/copy.js", SCRIPT, include_str!("page/copy.js")),
    ("/page/theme.css", CSS, shared!("theme.css")),
    ("/page/layout.css", CSS, shared!("layout.css")),
    ("/page/dom.js", SCRIPT, shared!("dom.js")),
    ("/page/explain.js", SCRIPT, shared!("explain.js")),
    ("/page/explain/words.js", SCRIPT, shared!("explain/words.js")),
    ("/page/scenario.js", SCRIPT, shared!("scenario.js")),
    ("/page/lines.js", SCRIPT, shared!("lines.js")),
    ("/page/code.js", SCRIPT, shared!("code.js")),
    ("/page/code/words.js", SCRIPT, shared!("code/words.js")),
    ("/page/code/rust.js", SCRIPT, shared!("code/rust.js")),
    ("/page/code/c.js", SCRIPT, shared!("code/c.js")),
    ("/page/code/python.js", SCRIPT, shared!("code/python.js")),
    ("/page/code/javascript.js", SCRIPT, shared!("code/javascript.js")),
    ("/docs/README.md", TEXT, include_str!("../../../README.md")),
    ("/docs/architecture.md", TEXT, include_str!("../../../docs/architecture.md")),
    ("/docs/coming-from.md", TEXT, include_str!("../../../docs/coming-from.md")),
    ("/docs/states.md", TEXT, include_str!("../../../docs/states.md")),
];

/// The page `/errors`, with the table of errors.
///
/// It is made when `file` is first called, for any path.
static ERRORS: LazyLock<File> = LazyLock::new(|| ("/errors", HTML, String::leak(errors::page())));

/// Returns the live page's file at a request path; `None` if there is none.
pub(crate) fn file(path: &str) -> Option<&'static File> {
    if path == ERRORS.0 { Some(&ERRORS) } else { FILES.iter().find(|(known, _, _)| *known == path) }
}

/// Returns whether an Origin field names `localhost` or 127.0.0.1, on any port.
///
/// Another port may belong to a proxy in front of this server. A page of another site could let
/// its visitor's browser watch this server, so such origins are rejected.
pub(crate) fn is_ours(origin: &[u8]) -> bool {
    let origin = origin.to_ascii_lowercase();
    let authority =
        [&b"http://"[..], b"https://"].iter().find_map(|scheme| origin.strip_prefix(*scheme));
    let host = |authority: &[u8]| {
        let (host, port) = match authority.iter().position(|&byte| byte == b':') {
            Some(colon) => (&authority[..colon], &authority[colon + 1..]),
            None => (authority, &b""[..]),
        };
        matches!(host, b"127.0.0.1" | b"localhost") && port.iter().all(u8::is_ascii_digit)
    };
    authority.is_some_and(host)
}

/// Returns whether a path is `/live` or begins with `/page/`.
///
/// The live page requests these itself, so connections with such requests are not kept in the
/// history.
pub(crate) fn is_the_pages_own(path: &str) -> bool {
    path == "/live" || path.starts_with("/page/")
}

/// The viewers of the server's connections, and the history for new ones.
#[derive(Default)]
pub(crate) struct Hub {
    audience: Mutex<Viewers>,
    /// The number of viewers; if it is 0, fewer transcript entries need to be built.
    count: AtomicUsize,
}

#[derive(Default)]
struct Viewers {
    viewers: Vec<Arc<Viewer>>,
    past: History,
}

impl Audience for Hub {
    fn is_watched(&self) -> bool {
        self.count.load(Ordering::Relaxed) > 0
    }

    fn tell(&self, number: u64, event: &JsonEvent) -> bool {
        let Ok(text) = serde_json::to_string(event) else { return false };
        let text: Arc<str> = text.into();
        let place = match (event.is_first(), event.is_last()) {
            (true, _) => Place::First,
            (_, true) => Place::Last,
            _ => Place::Within,
        };
        let mut audience = self.audience();
        audience.viewers.iter().for_each(|viewer| viewer.tell(&text));
        audience.past.keep(number, &text, place)
    }

    fn forget(&self, number: u64) {
        self.audience().past.forget(number);
    }
}

impl Hub {
    fn enter(&self) -> ViewerSlot<'_> {
        let viewer = Arc::new(Viewer::default());
        let mut audience = self.audience();
        // The lock is held, so no event is lost between the history and the live events.
        audience.past.moments().for_each(|moment| viewer.tell(moment));
        audience.viewers.push(Arc::clone(&viewer));
        self.count.store(audience.viewers.len(), Ordering::Relaxed);
        ViewerSlot { hub: self, viewer }
    }

    fn audience(&self) -> MutexGuard<'_, Viewers> {
        self.audience.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The registration of a viewer in a `Hub`; dropping it removes the viewer.
struct ViewerSlot<'h> {
    hub: &'h Hub,
    viewer: Arc<Viewer>,
}

impl Drop for ViewerSlot<'_> {
    fn drop(&mut self) {
        let mut audience = self.hub.audience();
        audience.viewers.retain(|viewer| !Arc::ptr_eq(viewer, &self.viewer));
        self.hub.count.store(audience.viewers.len(), Ordering::Relaxed);
    }
}

/// One viewer: an open live page, with the events that wait for it.
#[derive(Default)]
struct Viewer {
    waiting: Mutex<Waiting>,
    changed: Notify,
}

#[derive(Default)]
struct Waiting {
    moments: VecDeque<Arc<str>>,
    /// The total size of the waiting events, in bytes.
    bytes: usize,
    /// The number of dropped events that the slow viewer has not been told of.
    left_out: usize,
    /// The outcome of a requested audit that is still to be sent; `None` without one.
    verdict: Option<String>,
}

impl Viewer {
    fn tell(&self, moment: &Arc<str>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.bytes + moment.len() <= WAITING {
            waiting.bytes += moment.len();
            waiting.moments.push_back(Arc::clone(moment));
        } else {
            waiting.left_out += 1;
        }
        self.changed.notify_one();
    }

    /// Queues the outcome of an audit for the viewer that requested it.
    fn conclude(&self, verdict: String) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).verdict = Some(verdict);
        self.changed.notify_one();
    }

    /// Waits for events, or for an audit's outcome, and returns a JSON message.
    ///
    /// Cancel safe: events that are not returned stay queued.
    async fn next(&self) -> String {
        loop {
            if let Some(message) = self.take() {
                return message;
            }
            self.changed.notified().await;
            sleep(GATHERING).await;
        }
    }

    fn take(&self) -> Option<String> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(verdict) = waiting.verdict.take() {
            return Some(serde_json::json!({ "verdict": verdict }).to_string());
        }
        if waiting.moments.is_empty() && waiting.left_out == 0 {
            return None;
        }
        let (mut moments, mut bytes) = (Vec::new(), 0);
        while bytes < AT_ONCE
            && let Some(moment) = waiting.moments.pop_front()
        {
            bytes += moment.len();
            moments.push(moment);
        }
        waiting.bytes -= bytes;
        let left_out = std::mem::take(&mut waiting.left_out);
        Some(format!("{{\"moments\":[{}],\"left_out\":{left_out}}}", moments.join(",")))
    }
}

/// The largest message that a page may send, in bytes.
///
/// It limits the bytes that a page can have a client send.
const LARGEST: usize = 64 * 1024;

/// Sends events to a page until it disconnects, or answers no ping.
///
/// Starts what the page requests, as clients of the server at `address`. A text message names a
/// demonstration; a binary one has the bytes to send. Returns the number of requests.
pub(crate) async fn serve(
    hub: &Hub,
    address: SocketAddr,
    stream: &mut Upgraded,
) -> Result<u64, Box<Error>> {
    let seat = hub.enter();
    let mut frames = websocket::frames(stream, LARGEST).await;
    let outcome = show(&seat.viewer, address, &mut frames).await;
    if let Err(error) = &outcome {
        websocket::say_goodbye(&mut frames, error).await;
    }
    outcome
}

async fn show(
    viewer: &Arc<Viewer>,
    address: SocketAddr,
    frames: &mut Frames<'_>,
) -> Result<u64, Box<Error>> {
    websocket::send(frames, Message::text(demos::catalogue()), TIMEOUT).await?;
    let (mut played, mut ask_at, mut is_asked) = (0, Instant::now() + ASKED_AFTER, false);
    loop {
        let message = tokio::select! {
            told = viewer.next() => Message::text(told),
            heard = frames.next() => {
                (ask_at, is_asked) = (Instant::now() + ASKED_AFTER, false);
                match heard {
                    None => return Ok(played),
                    Some(Ok(request @ (Message::Text(_) | Message::Binary(_)))) => {
                        played += 1;
                        let viewer = Arc::clone(viewer);
                        let conclude = move |verdict| viewer.conclude(verdict);
                        // The demonstration connects to this server, so it must not block the task.
                        let play = move || match request {
                            Message::Text(name) => demos::play(&name, address, conclude),
                            bytes => demos::play_bytes(bytes.into_data(), address),
                        };
                        let playing = spawn_blocking(play).await;
                        Message::text(playing.map_err(|error| Error::Io(error.into()))?)
                    }
                    Some(Ok(Message::Close(_))) => {
                        // The reply leaves with the next read, before which nothing may be sent.
                        let _ = timeout(TIMEOUT, frames.next()).await;
                        return Ok(played);
                    }
                    Some(other) => {
                        other?;
                        continue;
                    }
                }
            }
            () = sleep_until(ask_at) => {
                if is_asked {
                    return Ok(played);
                }
                (ask_at, is_asked) = (Instant::now() + ASKED_AFTER, true);
                Message::Ping(tungstenite::Bytes::new())
            }
        };
        websocket::send(frames, message, TIMEOUT).await?;
    }
}
