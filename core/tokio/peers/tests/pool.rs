//! Tests of the example `pool`, a client that keeps connections for later requests.

#[path = "../../examples/pool/pool.rs"]
mod pool;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{Method, Request};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use pool::Pool;
use switchover_tokio_peers::within;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tower::ServiceExt;

/// Starts a server whose connections respond as `script` says.
///
/// An item of the script is one connection, in the order of their arrival, with the contents of its
/// responses. `cut` ends a connection without a response, and `old` is sent in HTTP/1.0. Returns
/// the URL and the number of requests.
async fn server(script: &'static [&'static [&'static str]]) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let requests = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&requests);
    tokio::spawn(async move {
        for answers in script {
            let (mut stream, _) = listener.accept().await.expect("a client");
            let count = Arc::clone(&count);
            tokio::spawn(async move {
                for answer in *answers {
                    if stream.read(&mut [0; 4096]).await.expect("a request") == 0 {
                        break;
                    }
                    count.fetch_add(1, Ordering::Relaxed);
                    if *answer == "cut" {
                        break;
                    }
                    let len = answer.len();
                    let version = if answer.starts_with("old") { "1.0" } else { "1.1" };
                    let response = format!(
                        "HTTP/{version} 200 OK\r\nConnection: keep-alive\r\n\
                         Content-Length: {len}\r\n\r\n{answer}"
                    );
                    stream.write_all(response.as_bytes()).await.expect("a client");
                }
            });
        }
        std::future::pending::<()>().await;
    });
    (url, requests)
}

async fn ask(pool: &Pool, method: Method, url: &str) -> Result<String, switchover_tokio::Error> {
    let request = Request::builder().method(method).uri(url).body(Full::<Bytes>::default());
    let response = within(pool.clone().oneshot(request.expect("a request"))).await?;
    let content = within(response.into_body().collect()).await?.to_bytes();
    // The server closes a connection after its last answer, and that may take a moment.
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    Ok(String::from_utf8_lossy(&content).into_owned())
}

#[tokio::test]
async fn requests_share_a_connection_until_it_is_closed() {
    let (url, _) = server(&[&["a1", "a2"], &["b1"], &["c1"]]).await;
    let pool = Pool::default();
    for wanted in ["a1", "a2", "b1", "c1"] {
        assert_eq!(ask(&pool, Method::POST, &url).await.expect("an answer"), wanted);
    }
}

/// Checks that only an idempotent request is repeated if its connection is cut.
///
/// Another request fails (RFC 9110, section 9.2.2).
#[tokio::test]
async fn only_an_idempotent_request_is_repeated() {
    let (url, requests) = server(&[&["a1", "cut"], &["b1", "cut"], &["c1"]]).await;
    let pool = Pool::default();
    assert_eq!(ask(&pool, Method::GET, &url).await.expect("an answer"), "a1");
    assert_eq!(ask(&pool, Method::GET, &url).await.expect("an answer"), "b1");
    assert_eq!(requests.load(Ordering::Relaxed), 3);
    let error = ask(&pool, Method::POST, &url).await.expect_err("it may have been done");
    assert!(error.is_disconnect() && requests.load(Ordering::Relaxed) == 4, "{error:?}");
}

/// Checks that a request which two connections have cut is not sent a third time.
#[tokio::test]
async fn an_idempotent_request_is_repeated_once_at_most() {
    let (url, requests) = server(&[&["a1", "cut"], &["b1", "cut"], &["c1"]]).await;
    let pool = Pool::default();
    let (one, other) = tokio::join!(ask(&pool, Method::GET, &url), ask(&pool, Method::GET, &url));
    assert!(one.is_ok() && other.is_ok(), "{one:?}, {other:?}");
    let error = ask(&pool, Method::GET, &url).await.expect_err("two have cut it");
    assert!(error.is_disconnect() && requests.load(Ordering::Relaxed) == 4, "{error:?}");
}

#[tokio::test]
async fn a_connection_with_an_unread_response_is_not_used_again() {
    let (url, _) = server(&[&["a1", "a2"], &["b1"]]).await;
    let pool = Pool::default();
    let request = || Request::get(&url).body(Full::<Bytes>::default()).expect("a request");
    drop(within(pool.send(request())).await.expect("an answer"));
    assert_eq!(ask(&pool, Method::GET, &url).await.expect("an answer"), "b1");
}

/// Checks that a response returns its connection to the pool with its last byte.
///
/// A proxy that forwards a response reads no further than its length. It reads nothing of a
/// response without content.
#[tokio::test]
async fn a_connection_returns_with_the_last_byte_of_its_response() {
    let (url, requests) = server(&[&["a1", "", "a3"], &[]]).await;
    let pool = Pool::default();
    for wanted in ["a1", "", "a3"] {
        let request = Request::get(&url).body(Full::<Bytes>::default()).expect("a request");
        let mut response = within(pool.send(request)).await.expect("an answer");
        if !response.body().is_end_stream() {
            let frame = within(response.body_mut().frame()).await.expect("content").expect("whole");
            assert_eq!(frame.into_data().expect("data"), wanted);
        }
        assert!(response.body().is_end_stream());
    }
    assert_eq!(requests.load(Ordering::Relaxed), 3);
}

/// Checks that a request for an `https` URI is refused before a byte is sent.
#[tokio::test]
async fn a_uri_of_https_is_refused() {
    let (url, requests) = server(&[&["a1"]]).await;
    let error = ask(&Pool::default(), Method::GET, &url.replace("http:", "https:")).await;
    assert!(matches!(error, Err(switchover_tokio::Error::Misuse(_))), "{error:?}");
    assert_eq!(requests.load(Ordering::Relaxed), 0);
}

/// Checks that a request with NTLM credentials gets a connection of its own.
///
/// Such credentials authenticate the connection, which may serve no other request (RFC 4559).
#[tokio::test]
async fn an_authenticated_connection_is_not_shared() {
    let (url, _) = server(&[&["a1", "a2"], &["b1", "b2"]]).await;
    let pool = Pool::default();
    assert_eq!(ask(&pool, Method::GET, &url).await.expect("an answer"), "a1");
    let request = Request::get(&url).header("authorization", "NTLM TlRMTVNTUAAB");
    let request = request.body(Full::<Bytes>::default()).expect("a request");
    let response = within(pool.send(request)).await.expect("an answer");
    let content = within(response.into_body().collect()).await.expect("content").to_bytes();
    assert_eq!(content, "b1");
    assert_eq!(ask(&pool, Method::GET, &url).await.expect("an answer"), "a2");
}

/// Checks that a connection of HTTP/1.0, which takes no chunks, is not kept.
#[tokio::test]
async fn a_connection_of_an_old_server_is_not_kept() {
    let (url, _) = server(&[&["old", "a2"], &["b1"]]).await;
    let pool = Pool::default();
    assert_eq!(ask(&pool, Method::GET, &url).await.expect("an answer"), "old");
    assert_eq!(ask(&pool, Method::GET, &url).await.expect("an answer"), "b1");
}

/// Starts a server that answers a request with the number of its connection.
///
/// It does so after `wait`. Returns the server's URL.
async fn counting(wait: std::time::Duration) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        for number in 1.. {
            let (mut stream, _) = listener.accept().await.expect("a client");
            tokio::spawn(async move {
                while stream.read(&mut [0; 4096]).await.is_ok_and(|len| len > 0) {
                    tokio::time::sleep(wait).await;
                    let content = format!("{number:04}");
                    let response = format!("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n{content}");
                    stream.write_all(response.as_bytes()).await.expect("a client");
                }
            });
        }
    });
    url
}

#[tokio::test]
async fn connections_are_kept_apart_by_authority() {
    let (one, _) = server(&[&["a1", "a2"]]).await;
    let (other, _) = server(&[&["b1", "b2"]]).await;
    let pool = Pool::default();
    for (url, wanted) in [(&one, "a1"), (&other, "b1"), (&one, "a2"), (&other, "b2")] {
        assert_eq!(ask(&pool, Method::GET, url).await.expect("an answer"), wanted);
    }
}

/// Checks that of ten connections to a server eight are kept.
#[tokio::test]
async fn only_some_idle_connections_are_kept() {
    let url = counting(std::time::Duration::from_millis(300)).await;
    let pool = Pool::default();
    let ten = async || {
        let answers =
            futures_util::future::join_all((0..10).map(|_| ask(&pool, Method::GET, &url)));
        let mut numbers: Vec<_> =
            answers.await.into_iter().map(|answer| answer.expect("an answer")).collect();
        numbers.sort();
        numbers
    };
    let first = ten().await;
    assert_eq!(first.last().map(String::as_str), Some("0010"));
    let second = ten().await;
    assert_eq!(second.iter().filter(|number| first.contains(number)).count(), 8, "{second:?}");
}

/// Checks that a connection which was idle for 30 s is not used again.
#[tokio::test]
async fn a_connection_is_not_kept_for_long() {
    let url = counting(std::time::Duration::ZERO).await;
    let pool = Pool::default();
    for (idle, wanted) in [(0, "0001"), (29, "0001"), (31, "0002")] {
        tokio::time::pause();
        tokio::time::advance(std::time::Duration::from_secs(idle)).await;
        tokio::time::resume();
        assert_eq!(ask(&pool, Method::GET, &url).await.expect("an answer"), wanted, "{idle} s");
    }
}
