//! A server that reports the requests it gets.
//!
//! `told ours` uses `switchover_tokio`, `told hyper` uses hyper.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioIo, TokioTimer};
use switchover_tokio::{BoxError, Config, serve, service_fn};
use tokio::net::TcpListener;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on {}", listener.local_addr()?);
    if std::env::args().nth(1).as_deref() == Some("ours") {
        serve(listener, service_fn(tell), &Config::default(), std::future::pending()).await;
        return Ok(());
    }
    loop {
        let stream = TokioIo::new(listener.accept().await?.0);
        let mut builder = hyper::server::conn::http1::Builder::new();
        let builder = builder.timer(TokioTimer::new()).half_close(true);
        tokio::spawn(builder.serve_connection(stream, hyper::service::service_fn(tell)));
    }
}

async fn tell<B: Body<Error: Into<BoxError>>>(
    request: Request<B>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let line = format!("{} {}", request.method(), request.uri());
    let Ok(content) = request.into_body().collect().await else {
        let refused = Response::builder().status(400).header("connection", "close");
        return Ok(refused.body(Full::default()).expect("a response"));
    };
    Ok(Response::new(Full::from(format!("{line} {}\n", content.to_bytes().len()))))
}
