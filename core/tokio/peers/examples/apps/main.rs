//! Six axum programs on this adapter: `apps NAME [PORT]`.
//!
//! Each module has a router that axum's own `serve` takes as well. The call of `serve` below is the
//! only line that differs.

mod chat;
mod events;
mod forms;
mod multipart;
mod shutdown;
mod static_files;

use switchover_tokio::hyper::WithOnUpgrade;
use switchover_tokio::{Config, serve};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_default();
    let port = arguments.next().and_then(|port| port.parse().ok()).unwrap_or(8080);
    let app = match name.as_str() {
        "chat" => chat::app(),
        "events" => events::app(),
        "forms" => forms::app(),
        "multipart" => multipart::app(),
        "shutdown" => shutdown::app(),
        "static_files" => static_files::app("."),
        _ => {
            return Err(std::io::Error::other(
                "chat, events, forms, multipart, shutdown or static_files",
            ));
        }
    };
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let stop = async { drop(tokio::signal::ctrl_c().await) };
    // With axum: axum::serve(listener, app).with_graceful_shutdown(stop).await?;
    serve(listener, WithOnUpgrade(app), &Config::default(), stop).await;
    Ok(())
}
