//! A host of the hostile kit: an axum router, served by `switchover_tokio`.
//!
//! With the argument `h2` it is served in HTTP/2 as well.

use axum::Router;
use axum::body::Body;
use axum::http::Uri;
use axum::response::Response;
use axum::routing::{any, get, post};
use futures_util::{StreamExt, stream};
use switchover_tokio::h2::WithH2c;
use switchover_tokio::upgrade::{self, Offers};
use switchover_tokio::{BoxError, Config, FromAxum, ReasonPhrase};

#[path = "common.rs"]
mod common;
use common::TEN;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let router = Router::new()
        .route("/plain", any(async || "plain\n"))
        .route("/echo", post(async |content: Body| content))
        .route("/self", get(async || common::tasks()))
        .route("/megabyte", get(async || vec![b'x'; 1 << 20]))
        .route("/too-long", get(async || ([("content-length", "100")], pieces([Ok(TEN)]))))
        .route("/too-short", get(async || ([("content-length", "10")], pieces([Ok(TEN), Ok(TEN)]))))
        .route("/no-length", get(async || pieces([Ok(TEN); 10])))
        .route("/raises-before", get(raises))
        .route("/raises-in-content", get(async || pieces([Ok(TEN), Err("in the content")])))
        .route(
            "/raises-after",
            get(async || ([("content-length", "10")], pieces([Ok(TEN), Err("after")]))),
        )
        .route("/breaks-value", get(async || ([("x-a", "b\r\nInjected: yes")], "")))
        .route("/breaks-name", get(async || ([("x\r\nInjected", "yes")], "")))
        .route(
            "/breaks-reason",
            get(async || (axum::Extension(ReasonPhrase::new(common::BROKEN)), "")),
        )
        .route(
            "/endless",
            get(async || {
                Body::from_stream(stream::repeat_with(|| Ok::<_, BoxError>(vec![b'x'; 1024])))
            }),
        )
        .route(
            "/silent",
            any(async || {
                Body::from_stream(stream::iter([Ok::<_, BoxError>(TEN)]).chain(stream::pending()))
            }),
        )
        .route("/sleeps", any(async || tokio::time::sleep(common::MOMENT).await))
        .route("/waits", any(async || std::future::pending::<&str>().await))
        .route("/accepts-unread", post(switches))
        .route("/{foo}", get(switches));
    if std::env::args().any(|argument| argument == "h2") {
        let config = Config::default().with_h2(router.clone());
        return common::run(WithH2c(router), &config).await;
    }
    common::run_on(FromAxum, router, &Config::default()).await
}

fn pieces<const N: usize>(pieces: [Result<&'static str, &'static str>; N]) -> Body {
    Body::from_stream(stream::iter(pieces))
}

async fn raises() -> &'static str {
    std::panic::panic_any(common::PANIC)
}

async fn switches(uri: Uri, offers: Offers) -> Response {
    common::later(&uri).await;
    match offers.select(["foo/2"]) {
        Some(chosen) if uri.path() == "/raises-switched" => chosen.accept(common::raise_switched),
        Some(chosen) => chosen.accept(common::echo),
        None => upgrade::require(&["foo/2"], Body::empty()),
    }
}
