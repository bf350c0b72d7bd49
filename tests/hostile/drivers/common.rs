// Functions that the drivers on tokio share.

use std::time::Duration;

use http::Uri;
use http_body::Body;
use switchover_tokio::{
    BoxError, Config, HttpService, Listener, Upgraded, accept, serve, serve_connection_until,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixListener};
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;

#[path = "tls.rs"]
mod tls;

pub(crate) const TEN: &str = "0123456789";
pub(crate) const BROKEN: &str = "OK\r\nInjected: yes";
/// More connections than any attack opens at a time.
const LIMIT: usize = 20_000;
pub(crate) const MOMENT: Duration = Duration::from_secs(2);
pub(crate) const TIMEOUT: Duration = Duration::from_secs(10);
pub(crate) const PANIC: &str = "the handler's own fault";

/// Serves on a free port of 127.0.0.1, which it prints, until Ctrl+C.
///
/// If `HOSTILE_UNIX` is set, it is the path of a Unix socket to serve on instead. A handler's own
/// panic, with `PANIC`, is logged as that text. The kit fails at any other one.
pub(crate) async fn run<H>(handler: H, config: &Config) -> std::io::Result<()>
where
    H: HttpService<Error: Into<BoxError>, Future: Send> + Clone + Send + 'static,
    H::Content: Body<Data: Send, Error: Into<BoxError>> + Send,
{
    let Some(path) = std::env::var_os("HOSTILE_UNIX") else {
        return run_on(|listener| listener, handler, config).await;
    };
    log_panics();
    drop(std::fs::remove_file(&path));
    let listener = UnixListener::bind(path)?.with_limit(LIMIT);
    println!("listening on a Unix socket: 0");
    serve(listener, handler, config, async { drop(tokio::signal::ctrl_c().await) }).await;
    Ok(())
}

fn log_panics() {
    std::panic::set_hook(Box::new(|panic| match panic.payload().downcast_ref() {
        Some(&PANIC) => eprintln!("{PANIC}"),
        _ => eprintln!("{}", panic.to_string().replace('\n', " ")),
    }));
}

/// Serves until Ctrl+C on the listener that `wrap` makes of a TCP listener.
///
/// Over TLS it is the TCP listener itself.
pub(crate) async fn run_on<L, H>(
    wrap: impl FnOnce(TcpListener) -> L,
    handler: H,
    config: &Config,
) -> std::io::Result<()>
where
    L: Listener,
    H: HttpService<Error: Into<BoxError>, Future: Send> + Clone + Send + 'static,
    H::Content: Body<Data: Send, Error: Into<BoxError>> + Send,
{
    log_panics();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on {}", listener.local_addr()?);
    let stop = async { drop(tokio::signal::ctrl_c().await) };
    match tls::acceptor() {
        None => serve(wrap(listener).with_limit(LIMIT), handler, config, stop).await,
        Some(acceptor) => {
            let config = config.secure();
            let config = config.with_socket(|tls: &TlsStream<TcpStream>| tls.get_ref().0);
            let connections = accept(listener, stop, |stream, address, stopping| {
                let handshake = timeout(TIMEOUT, acceptor.accept(stream));
                let (handler, config) = (handler.clone(), config.for_peer(address));
                async move {
                    let Ok(Ok(stream)) = handshake.await else { return };
                    drop(serve_connection_until(stream, handler, &config, stopping.wait()).await)
                }
            });
            tokio::select! { () = connections => {}, () = late() => {} }
        }
    }
    Ok(())
}

/// Waits for Ctrl+C, then ten seconds in which the connections may end.
async fn late() {
    drop(tokio::signal::ctrl_c().await);
    tokio::time::sleep(TIMEOUT).await
}

/// Waits for 50 milliseconds if the path of the request is `/accepts-later`.
pub(crate) async fn later(uri: &Uri) {
    if uri.path() == "/accepts-later" {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Panics with `PANIC`, as the handler of a new protocol may.
pub(crate) async fn raise_switched(_: Upgraded) {
    std::panic::panic_any(PANIC)
}

pub(crate) async fn echo(mut stream: Upgraded) {
    let mut bytes = [0; 4096];
    while let Ok(length @ 1..) = stream.read(&mut bytes).await {
        if stream.write_all(&bytes[..length]).await.is_err() {
            break;
        }
    }
}

pub(crate) fn tasks() -> String {
    tokio::runtime::Handle::current().metrics().num_alive_tasks().to_string()
}
