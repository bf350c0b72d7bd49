//! Requests over a pool of connections.
//!
//! ```text
//! pool URL...
//! ```
//!
//! Each URL is requested in turn; those of one server share a connection, where it persists.

mod pool;

use http::Request;
use http_body_util::{BodyExt, Full};
use switchover_tokio::BoxError;
use tower_service::Service;

use crate::pool::Pool;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let mut pool = Pool::default();
    for url in std::env::args().skip(1) {
        let response = pool.call(Request::get(&url).body(Full::default())?).await?;
        let status = response.status();
        let content = response.into_body().collect().await?.to_bytes();
        println!("{url}: {status}, {} bytes", content.len());
    }
    Ok(())
}
