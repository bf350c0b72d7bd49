//! A server and a client to measure, on the adapter `switchover-tokio` or on hyper.
//!
//! The server sends 64 KiB at `/large` and "hello" at any other path. Each runs on one thread, a
//! server also on WORKERS.
//!
//! ```text
//! hello_tokio serve PEER [WORKERS]          prints the address that it listens on
//! hello_tokio count PEER REQUESTS BATCH     serves REQUESTS in memory, BATCH at a time
//! hello_tokio ask PEER URL REQUESTS         asks by a pool; prints its CPU time in nanoseconds
//! ```
//!
//! PEER is `switchover`, `hyper` with its defaults, or `hyper-flush` with `pipeline_flush(true)`.
//! `switchover-h2` and `hyper-h2` serve HTTP/2 as well, the latter by hyper-util's `auto`.
//! The pools are the example `pool` and `legacy::Client` of hyper-util. `count` and `ask` are run
//! under a counter of instructions.

#[path = "../../tokio/examples/pool/pool.rs"]
mod pool;

use std::convert::Infallible;
use std::net::Ipv4Addr;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use switchover_tokio::{Config, Transport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

static LARGE: [u8; 65_536] = [b'x'; 65_536];

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n";

async fn answer<B>(request: Request<B>) -> Result<Response<Full<Bytes>>, Infallible> {
    let content: &'static [u8] = if request.uri().path() == "/large" { &LARGE } else { b"hello" };
    let mut response = Response::new(Full::new(Bytes::from_static(content)));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    Ok(response)
}

/// Spawns a task that serves one connection, on the adapter or on hyper.
///
/// Each library has a function of its own, because a future is as large as the largest that it
/// holds. The result is ignored, as it does not matter how a client disconnects.
fn spawn(peer: &str, stream: impl Transport + 'static) {
    match peer {
        "switchover" => drop(tokio::spawn(on_switchover(stream, Config::default()))),
        "switchover-h2" => {
            let config = Config::default().with_h2(switchover_tokio::service_fn(answer));
            drop(tokio::spawn(on_switchover(stream, config)));
        }
        "hyper-h2" => drop(tokio::spawn(on_auto(stream))),
        _ => drop(tokio::spawn(on_hyper(stream, peer == "hyper-flush"))),
    }
}

async fn on_switchover(stream: impl Transport, config: Config) {
    let service = switchover_tokio::service_fn(answer);
    drop(switchover_tokio::serve_connection(stream, service, &config).await);
}

async fn on_hyper(stream: impl Transport, pipeline_flush: bool) {
    let service = hyper::service::service_fn(answer);
    let mut builder = hyper::server::conn::http1::Builder::new();
    // A timeout for heads, as the adapter has one.
    builder.timer(TokioTimer::new()).pipeline_flush(pipeline_flush);
    drop(builder.serve_connection(TokioIo::new(stream), service).await);
}

async fn on_auto(stream: impl Transport) {
    let service = hyper::service::service_fn(answer);
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new());
    drop(builder.serve_connection(TokioIo::new(stream), service).await);
}

async fn listen(peer: String) -> std::io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        spawn(&peer, stream);
    }
}

/// Sends batches of requests on one connection.
///
/// Each batch is sent after all responses to the previous one have arrived.
async fn count(peer: String, requests: usize, batch: usize) -> std::io::Result<()> {
    let (mut client, server) = tokio::io::duplex(1 << 16);
    spawn(&peer, server);
    let (sent, mut space) = (REQUEST.repeat(batch), vec![0; 1 << 16]);
    for _ in 0..requests / batch {
        client.write_all(&sent).await?;
        let mut answered = 0;
        while answered < batch {
            let len = client.read(&mut space).await?;
            assert!(len > 0, "the server has ended");
            // The end of each response.
            answered += space[..len].windows(9).filter(|window| window == b"\r\n\r\nhello").count();
        }
    }
    Ok(())
}

/// Sends requests one after the other by a pool; returns the CPU time.
async fn ask(peer: &str, url: &str, requests: usize) -> Result<u64, switchover_tokio::BoxError> {
    let uri: http::Uri = url.parse()?;
    let request = || Request::get(uri.clone()).body(Full::<Bytes>::default());
    let (ours, theirs) = (pool::Pool::default(), Client::builder(TokioExecutor::new()));
    let theirs = theirs.build_http();
    let begun = cpu()?;
    for _ in 0..requests {
        let content = match peer {
            "switchover" => ours.send(request()?).await?.into_body().collect().await?.to_bytes(),
            _ => theirs.request(request()?).await?.into_body().collect().await?.to_bytes(),
        };
        assert_eq!(content, "hello");
    }
    Ok(cpu()? - begun)
}

/// Returns the CPU time of this thread in nanoseconds.
fn cpu() -> Result<u64, switchover_tokio::BoxError> {
    let line = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(line.split(' ').next().unwrap_or_default().parse()?)
}

fn main() -> std::io::Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let number = |text: &str| text.parse().map_err(std::io::Error::other);
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve", peer] => runtime.block_on(listen(peer.into())),
        ["serve", peer, workers] => {
            let mut builder = tokio::runtime::Builder::new_multi_thread();
            let runtime = builder.worker_threads(number(workers)?).enable_all().build()?;
            let listening = runtime.spawn(listen(peer.into()));
            runtime.block_on(listening).map_err(std::io::Error::other)?
        }
        ["count", peer, requests, batch] => {
            runtime.block_on(count(peer.into(), number(requests)?, number(batch)?))
        }
        ["ask", peer, url, requests] => {
            let spent = runtime.block_on(ask(peer, url, number(requests)?));
            println!("{}", spent.map_err(std::io::Error::other)?);
            Ok(())
        }
        _ => Err(std::io::Error::other("see the comment of the program")),
    }
}
