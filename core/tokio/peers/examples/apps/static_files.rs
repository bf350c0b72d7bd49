//! Files of a folder, and an API beside them.

use std::path::Path;

use axum::Router;
use axum::http::StatusCode;
use axum::response::Json;
use axum::routing::get;
use serde_json::{Value, json};
use tower_http::services::ServeDir;

/// Returns a router that serves the files of a folder, and `/api/status`.
pub(crate) fn app(folder: impl AsRef<Path>) -> Router {
    let missing = get(async || (StatusCode::NOT_FOUND, "There is no such file.\n"));
    Router::new()
        .route("/api/status", get(status))
        .fallback_service(ServeDir::new(folder).not_found_service(missing))
}

async fn status() -> Json<Value> {
    Json(json!({ "ready": true }))
}
