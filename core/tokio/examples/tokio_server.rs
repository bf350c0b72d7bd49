//! A server on tokio: a page, an echo, and `foo/2` for clients that offer it.

use http::{Method, Request, Response, StatusCode};
use switchover_tokio::{Body, BoxError, Config, Upgraded, serve, service_fn, upgrade};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or(8080);
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let stop = async { drop(tokio::signal::ctrl_c().await) };
    serve(listener, service_fn(answer), &Config::default(), stop).await;
    Ok(())
}

async fn answer(request: Request<Body>) -> Result<Response<Body>, BoxError> {
    if let Some(chosen) = upgrade::select(&request, ["foo/2"]) {
        return Ok(chosen.accept(shout));
    }
    match (request.method(), request.uri().path()) {
        (&Method::GET | &Method::HEAD, "/") => {
            Ok(Response::new("Offer foo/2 to speak that instead.\n".into()))
        }
        (&Method::POST, "/echo") => Ok(Response::new(request.into_body())),
        _ => Ok(Response::builder()
            .status(StatusCode::NOT_FOUND)
            .body("There is nothing here.\n".into())?),
    }
}

/// Speaks `foo/2` on an upgraded stream: sends each line back in upper case.
async fn shout(stream: Upgraded) {
    let (mut stream, mut line) = (BufReader::new(stream), Vec::new());
    // A line longer than 65,536 bytes is processed in several parts.
    while let Ok(1..) = (&mut stream).take(65_536).read_until(b'\n', &mut line).await {
        line.make_ascii_uppercase();
        if stream.write_all(&line).await.is_err() {
            break;
        }
        line.clear();
    }
}
