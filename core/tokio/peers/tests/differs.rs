//! Tests of most rows of the README's "What differs from `axum::serve`".
//!
//! The adapter and `axum::serve` serve the same router.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_LENGTH;
use axum::http::{HeaderMap, Response, StatusCode};
use axum::routing::{any, post};
use http_body::Frame;
use http_body_util::StreamBody;
use switchover_tokio::{Config, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

fn router() -> Router {
    let trailers = || {
        let mut trailers = HeaderMap::new();
        trailers.insert("etag", "x".parse().expect("a value"));
        let frames = [
            Ok::<_, std::io::Error>(Frame::data(Bytes::from("hi"))),
            Ok(Frame::trailers(trailers)),
        ];
        Body::new(StreamBody::new(futures_util::stream::iter(frames)))
    };
    let lengths = || {
        let mut response = Response::new(Body::from("hello"));
        for _ in 0..2 {
            response.headers_mut().append(CONTENT_LENGTH, 5.into());
        }
        response
    };
    Router::new()
        .route("/", any(async || "hello"))
        .route("/later", any(async || sleep(Duration::from_millis(100)).await))
        .route("/unread", post(async || "hello"))
        .route("/trailers", any(async move || trailers()))
        .route("/426", any(async || StatusCode::UPGRADE_REQUIRED))
        .route("/999", any(async || StatusCode::from_u16(999).expect("a status")))
        .route("/odd", any(async || [("upgrade", "@@")]))
        .route("/key", any(async || [("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")]))
        .route("/lengths", any(async move || lengths()))
        .fallback(async || "fallback")
}

/// Returns the addresses of two servers: this adapter and `axum::serve`.
async fn served() -> [SocketAddr; 2] {
    let ours = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let axums = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let addresses = [&ours, &axums].map(|listener| listener.local_addr().expect("an address"));
    tokio::spawn(
        async move { serve(ours, router(), &Config::default(), std::future::pending()).await },
    );
    tokio::spawn(async move { axum::serve(axums, router()).await });
    addresses
}

/// Sends a request to a server, and returns the bytes of the response.
///
/// With `ends` the client shuts down its sending direction after the request.
async fn asked(address: SocketAddr, request: &[u8], ends: bool) -> String {
    let mut client = TcpStream::connect(address).await.expect("a connection");
    client.write_all(request).await.expect("room");
    if ends {
        client.shutdown().await.expect("an open socket");
    }
    let mut answer = Vec::new();
    // A persistent connection does not end, so stop after a timeout.
    let _ = timeout(Duration::from_millis(700), client.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn each_row_of_the_table() {
    let addresses = served().await;
    let get = |fields: &str| format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n").into_bytes();
    let many: String = (0..110).map(|number| format!("x-{number}: y\r\n")).collect();
    let unread = [
        &b"POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"[..],
        &[b'x'; 100_000],
        &get(""),
    ];
    let post = |fields: &str| {
        format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n0\r\n\r\n").into_bytes()
    };
    let long_method = format!("{} / HTTP/1.1\r\nHost: a\r\n\r\n", "M".repeat(33));
    let plain = |target: &str| format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n").into_bytes();
    type Says = fn(&str) -> bool;
    let rows: [(&str, Vec<u8>, bool, [Says; 2]); 19] = [
        ("half-closes", plain("/later"), true, [|it| it.contains(" 200 "), str::is_empty]),
        ("long line", get(&format!("x: {}\r\n", "y".repeat(17_000))), false, [is_431, is_200]),
        ("long target", plain(&format!("/?{}", "q".repeat(12_000))), false, [is_414, is_200]),
        ("status", plain("/999"), false, [is_500, |it| it.contains(" 999 ")]),
        ("upgrade", plain("/odd"), false, [is_500, is_200]),
        ("handshake field", plain("/key"), false, [is_500, is_200]),
        (
            "two lengths",
            plain("/lengths"),
            false,
            [is_500, |it| it.matches("content-length: 5").count() == 1],
        ),
        ("LF", b"GET / HTTP/1.1\nHost: a\n\n".into(), false, [is_400, is_200]),
        ("HTTP/1.2", b"GET / HTTP/1.2\r\nHost: a\r\n\r\n".into(), false, [is_200, is_400]),
        ("long method", long_method.into(), false, [is_501, is_200]),
        (
            "length and chunked",
            post("Content-Length: 3\r\nTransfer-Encoding: chunked"),
            false,
            [is_400, |it| is_200(it) && it.contains("connection: close")],
        ),
        ("gzip", post("Transfer-Encoding: gzip, chunked"), false, [is_501, is_200]),
        ("many lines", get(&many), false, [is_200, is_431]),
        (
            "above ASCII",
            b"GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n".into(),
            false,
            [is_400, is_200],
        ),
        (
            "HTTP/1.0",
            b"GET / HTTP/1.0\r\n\r\n".into(),
            false,
            [is_200, |it| it.starts_with("HTTP/1.0 200 ")],
        ),
        (
            "trailers",
            plain("/trailers"),
            false,
            [|it| it.contains("etag: x"), |it| !it.contains("etag: x")],
        ),
        (
            "unread",
            unread.concat(),
            false,
            [|it| it.matches(" 200 ").count() == 2, |it| it.matches(" 200 ").count() < 2],
        ),
        ("426", plain("/426"), false, [is_400, |it| it.contains(" 426 ")]),
        ("CONNECT", b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n".into(), false, [is_501, is_200]),
    ];
    for (row, request, ends, says) in rows {
        for (address, says) in addresses.into_iter().zip(says) {
            let answer = asked(address, &request, ends).await;
            assert!(says(&answer), "{row}: {answer:?}");
        }
    }
}

fn is_200(answer: &str) -> bool {
    answer.starts_with("HTTP/1.1 200 ")
}

fn is_400(answer: &str) -> bool {
    answer.starts_with("HTTP/1.1 400 ")
}

fn is_501(answer: &str) -> bool {
    answer.starts_with("HTTP/1.1 501 ")
}

fn is_414(answer: &str) -> bool {
    answer.starts_with("HTTP/1.1 414 ")
}

fn is_500(answer: &str) -> bool {
    answer.starts_with("HTTP/1.1 500 ")
}

fn is_431(answer: &str) -> bool {
    answer.starts_with("HTTP/1.1 431 ")
}
