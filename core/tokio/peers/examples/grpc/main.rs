//! A gRPC service of tonic's beside an axum router, on one port: `grpc [PORT]`.

mod greeter;
mod router;

use switchover_tokio::{Config, serve};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or(8080);
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let router = router::router().await;
    let config = Config::default().with_h2(router.clone());
    let stop = async { drop(tokio::signal::ctrl_c().await) };
    serve(listener, router, &config, stop).await;
    Ok(())
}
