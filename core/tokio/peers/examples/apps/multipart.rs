//! An upload of files; the bytes of each are counted as they arrive.

use axum::Router;
use axum::extract::multipart::MultipartError;
use axum::extract::{DefaultBodyLimit, Multipart};
use axum::routing::post;

/// Returns a router that takes files of up to 8 MB together.
pub(crate) fn app() -> Router {
    Router::new().route("/", post(upload)).layer(DefaultBodyLimit::max(8_000_000))
}

async fn upload(mut parts: Multipart) -> Result<String, MultipartError> {
    let mut list = String::new();
    while let Some(mut part) = parts.next_field().await? {
        let name = part.file_name().or(part.name()).unwrap_or("?").to_owned();
        let mut len = 0;
        while let Some(piece) = part.chunk().await? {
            len += piece.len();
        }
        list += &format!("{name}: {len} bytes\n");
    }
    Ok(list)
}
