//! Server-sent events: a clock, and the number of those who listen.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::routing::get;
use futures_util::Stream;
use futures_util::stream::unfold;

type Listeners = Arc<AtomicUsize>;

/// Returns a router with the events, and with the number of their listeners.
pub(crate) fn app() -> Router {
    let count = async |State(all): State<Listeners>| all.load(Ordering::Relaxed).to_string();
    Router::new()
        .route("/events", get(events))
        .route("/listeners", get(count))
        .with_state(Listeners::default())
}

/// One listener to the events, which counts until its stream is dropped.
struct Listener(Listeners);

impl Drop for Listener {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn events(
    State(all): State<Listeners>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    all.fetch_add(1, Ordering::Relaxed);
    let ticks = unfold((Listener(all), 0_u64), async |(listener, tick)| {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let event = Event::default().event("tick").id(tick.to_string()).data(tick.to_string());
        Some((Ok(event), (listener, tick + 1)))
    });
    Sse::new(ticks).keep_alive(KeepAlive::default())
}
