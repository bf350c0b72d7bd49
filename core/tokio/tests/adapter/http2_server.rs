//! Tests of a server for HTTP/1.1 and HTTP/2 on one port.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Request, Response};
use switchover_tokio::{
    Body, BoxError, Config, Error, Http2Connection, PeerAddr, Upgraded, serve, serve_connection,
    serve_connection_until, service_fn,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::common::GET;

const WAIT: Duration = Duration::from_secs(60);
const PREFACE: &str = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const FRAME: &[u8] = b"\0\0\0\x04\0\0\0\0\0";

async fn hello(_: Request<Body>) -> Result<Response<Body>, BoxError> {
    Ok(Response::new(Body::from("hello")))
}

/// The bytes that the handler of HTTP/2 gets, and the name of the peer.
type Heard = Arc<Mutex<Vec<(Vec<u8>, Option<&'static str>)>>>;

/// Returns a configuration with a handler of HTTP/2, and what that reads.
fn hearing() -> (Config, Heard) {
    let heard = Heard::default();
    let hears = Arc::clone(&heard);
    let config =
        Config::default().with_http2(move |Http2Connection { mut stream, extensions, .. }| {
            let hears = Arc::clone(&hears);
            async move {
                let mut bytes = Vec::new();
                stream.read_to_end(&mut bytes).await.expect("an end");
                let peer = extensions.get::<PeerAddr<&'static str>>().map(|PeerAddr(name)| *name);
                hears.lock().expect("no panic").push((bytes, peer));
                stream.write_all(b"heard").await.expect("a client");
            }
        });
    (config, heard)
}

/// Sends `bytes` to a server in pieces of `size` bytes.
///
/// Returns what the server sends, and the result of its connection.
async fn exchange(config: &Config, bytes: &[u8], size: usize) -> (String, Result<(), Error>) {
    let (mut client, server) = tokio::io::duplex(64 * 1024);
    let serving = serve_connection(server, service_fn(hello), config);
    let asking = async {
        for piece in bytes.chunks(size) {
            client.write_all(piece).await.expect("a server");
            tokio::task::yield_now().await;
        }
        client.shutdown().await.expect("a server");
        let mut answer = String::new();
        timeout(WAIT, client.read_to_string(&mut answer)).await.expect("in time").expect("text");
        answer
    };
    let (outcome, answer) = tokio::join!(serving, asking);
    (answer, outcome)
}

/// Checks that the HTTP/2 handler gets a connection that begins with the preface.
///
/// It gets every byte, the preface among them, and the name of the peer.
#[tokio::test]
async fn a_preface_gives_every_byte_to_the_handler_of_http2() {
    for size in [1, 7, 1000] {
        let (config, heard) = hearing();
        let sent = [PREFACE.as_bytes(), FRAME].concat();
        let (answer, outcome) = exchange(&config.for_peer("peer"), &sent, size).await;
        assert!(outcome.is_ok(), "{outcome:?}");
        assert_eq!(answer, "heard");
        assert_eq!(*heard.lock().expect("no panic"), [(sent, Some("peer"))]);
    }
}

#[tokio::test]
async fn what_does_not_begin_with_the_preface_is_http1() {
    let two = format!("{GET}{PREFACE}");
    for (sent, answers, is_ok) in [
        (GET, ["HTTP/1.1 200 OK"].as_slice(), true),
        ("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", &["HTTP/1.1 505 "], false),
        ("PRI /", &["HTTP/1.1 400 "], false),
        // Only the first bytes of a connection are a preface.
        (&two, &["HTTP/1.1 200 OK", "HTTP/1.1 505 "], false),
    ] {
        let (config, heard) = hearing();
        let (answer, outcome) = exchange(&config, sent.as_bytes(), 1000).await;
        assert_eq!(outcome.is_ok(), is_ok, "{sent:?}: {outcome:?}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), answers.len(), "{sent:?}: {answer:?}");
        assert!(answers.iter().all(|wanted| answer.contains(wanted)), "{sent:?}: {answer:?}");
        assert!(heard.lock().expect("no panic").is_empty(), "{sent:?}");
    }
}

#[tokio::test]
async fn a_preface_without_a_handler_is_refused_before_it_comes() {
    let http = switchover_tokio::switchover::Config { http2_preface: true, ..Default::default() };
    let config = Config { http: Arc::new(http), ..Config::default() };
    let (_client, server) = tokio::io::duplex(1000);
    let outcome = serve_connection(server, service_fn(hello), &config).await;
    assert!(matches!(outcome, Err(Error::Misuse(_))), "{outcome:?}");
}

/// Checks that a handler of HTTP/2 is refused without the flag `http2_preface`.
#[tokio::test]
async fn a_handler_whose_flag_was_cleared_is_refused() {
    let config = Config { http: Arc::default(), ..hearing().0 };
    let (_client, server) = tokio::io::duplex(1000);
    let outcome = serve_connection(server, service_fn(hello), &config).await;
    assert!(matches!(outcome, Err(Error::Misuse(_))), "{outcome:?}");
}

/// Checks that the handler of an HTTP/2 connection is told of a shutdown.
#[tokio::test(start_paused = true)]
async fn a_connection_in_http2_is_told_of_a_shutdown() {
    let (mut client, server) = tokio::io::duplex(1000);
    let config = Config::default().with_http2(|http2| async move {
        let Http2Connection { mut stream, stopping, .. } = http2;
        stream.read_exact(&mut [0; 24]).await.expect("a preface");
        stopping.wait().await;
        stream.write_all(b"bye").await.expect("a client");
    });
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let stopped = async { drop(stopped.await) };
    let serving = serve_connection_until(server, service_fn(hello), &config, stopped);
    let asking = async {
        client.write_all(PREFACE.as_bytes()).await.expect("a server");
        tokio::time::sleep(Duration::from_millis(10)).await;
        stop.send(()).expect("a server");
        let mut heard = String::new();
        timeout(WAIT, client.read_to_string(&mut heard)).await.expect("in time").expect("text");
        heard
    };
    let (outcome, heard) = tokio::join!(serving, asking);
    assert!(outcome.is_ok(), "{outcome:?}");
    assert_eq!(heard, "bye");
}

/// Serves one connection with the crate `h2`.
async fn serve_h2(stream: Upgraded) {
    let mut http2 = h2::server::handshake(stream).await.expect("HTTP/2");
    while let Some(Ok((request, mut respond))) = http2.accept().await {
        let told = format!("{} in {:?}", request.uri().path(), request.version());
        let mut content = respond.send_response(Response::new(()), false).expect("a client");
        content.send_data(told.into(), true).expect("a client");
    }
}

#[tokio::test]
async fn both_versions_are_served_on_one_port() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let config = Config::default().with_http2(|http2| serve_h2(http2.stream));
    let serving = tokio::spawn(async move {
        serve(listener, service_fn(hello), &config, std::future::pending()).await;
    });
    let mut client = TcpStream::connect(address).await.expect("a server");
    client.write_all(GET.as_bytes()).await.expect("a server");
    let mut head = [0; 17];
    timeout(WAIT, client.read_exact(&mut head)).await.expect("in time").expect("a head");
    assert_eq!(&head, b"HTTP/1.1 200 OK\r\n");

    let stream = TcpStream::connect(address).await.expect("a server");
    let (mut client, connection) = h2::client::handshake(stream).await.expect("HTTP/2");
    let running = tokio::spawn(connection);
    let request = Request::get("http://a/x").body(()).expect("a request");
    let (response, _) = client.send_request(request, true).expect("a server");
    let mut content = timeout(WAIT, response).await.expect("in time").expect("it").into_body();
    let data = content.data().await.expect("content").expect("content");
    assert_eq!(data, "/x in HTTP/2.0");
    running.abort();
    serving.abort();
}
