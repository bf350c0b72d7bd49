//! The example `tokio_server` of this project, written with hyper for comparison.

use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, UPGRADE};
use http::{Method, Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::upgrade::Upgraded;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Content = BoxBody<Bytes, hyper::Error>;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or(8080);
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let (graceful, mut stop) = (GracefulShutdown::new(), pin!(tokio::signal::ctrl_c()));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = &mut stop => break,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        stream.set_nodelay(true)?;
        let watcher = graceful.watcher();
        tokio::spawn(async move {
            let mut builder = auto::Builder::new(TokioExecutor::new()).http1_only();
            builder.http1().timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(30));
            let connection =
                builder.serve_connection_with_upgrades(TokioIo::new(stream), service_fn(answer));
            drop(watcher.watch(connection).await);
        });
    }
    graceful.shutdown().await;
    Ok(())
}

async fn answer(mut request: Request<Incoming>) -> Result<Response<Content>, BoxError> {
    // A correct server would also parse `Connection` and respect the order of the offers.
    let offered = request.headers().get_all(UPGRADE).iter().filter_map(|value| value.to_str().ok());
    if offered.flat_map(|value| value.split(',')).any(|token| token.trim() == "foo/2") {
        let upgraded = hyper::upgrade::on(&mut request);
        tokio::spawn(async move {
            if let Ok(upgraded) = upgraded.await {
                shout(upgraded).await;
            }
        });
        let response = Response::builder().status(StatusCode::SWITCHING_PROTOCOLS);
        return Ok(response.header(CONNECTION, "upgrade").header(UPGRADE, "foo/2").body(empty())?);
    }
    match (request.method(), request.uri().path()) {
        (&Method::GET | &Method::HEAD, "/") => {
            Ok(Response::new(text("Offer foo/2 to speak that instead.\n")))
        }
        (&Method::POST, "/echo") => Ok(Response::new(request.into_body().boxed())),
        _ => Ok(Response::builder()
            .status(StatusCode::NOT_FOUND)
            .body(text("There is nothing here.\n"))?),
    }
}

fn text(text: &'static str) -> Content {
    Full::from(text).map_err(|never| match never {}).boxed()
}

fn empty() -> Content {
    Empty::new().map_err(|never| match never {}).boxed()
}

/// Speaks `foo/2`, and returns each line in upper case.
async fn shout(upgraded: Upgraded) {
    let (mut stream, mut line) = (BufReader::new(TokioIo::new(upgraded)), Vec::new());
    // A longer line is split.
    while let Ok(1..) = (&mut stream).take(65_536).read_until(b'\n', &mut line).await {
        line.make_ascii_uppercase();
        if stream.write_all(&line).await.is_err() {
            break;
        }
        line.clear();
    }
}
