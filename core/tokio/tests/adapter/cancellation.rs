//! Tests of futures that are dropped before they are ready.
//!
//! They must behave as their documentation says. Other tests cover values that outlive
//! their connection or move to another thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use switchover_tokio::client::{connect, upgrade as ask};
use switchover_tokio::{Body, BoxError, Config, Error, serve, service_fn, upgrade};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};

use crate::common::{Asked, CHUNKED, GET, config, expect, rest, send, served_by, soon};

const OFFER: &str = "GET / HTTP/1.1\r\nHost: a\r\nconnection: upgrade\r\nupgrade: foo\r\n\r\n";

fn get() -> Request<Body> {
    Request::get("http://a/").body(Body::empty()).expect("a request")
}

/// A value whose live instances are counted.
struct Held(Arc<AtomicUsize>);

impl Held {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count.clone())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn a_server_that_is_dropped_closes_and_drops_its_handler() {
    let count = Arc::new(AtomicUsize::new(0));
    for request in ["", "GET / HT", GET, OFFER] {
        let counted = count.clone();
        let handler = service_fn(move |request: Request<Body>| {
            let held = Held::new(&counted);
            async move {
                match upgrade::select(&request, ["foo"]) {
                    Some(chosen) => {
                        Ok::<Response<Body>, BoxError>(chosen.accept(async move |_| {
                            let _held = held;
                            std::future::pending().await
                        }))
                    }
                    None => std::future::pending().await,
                }
            }
        });
        let (mut client, serving) = served_by(1000, config(), handler);
        send(&mut client, request).await;
        sleep(Duration::from_millis(10)).await;
        assert_eq!(
            count.load(Ordering::Relaxed),
            usize::from(request.ends_with("\r\n\r\n")),
            "{request}"
        );
        serving.abort();
        assert!(!rest(&mut client).await.contains("500"));
        assert!(soon(serving).await.expect_err("dropped").is_cancelled());
        assert_eq!(count.load(Ordering::Relaxed), 0, "{request}");
    }
}

#[tokio::test]
async fn a_listener_that_is_dropped_drops_its_connections() {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    let handler = service_fn(move |_: Request<Body>| {
        let held = Held::new(&counted);
        async move {
            let _held = held;
            std::future::pending::<Result<Response<Body>, BoxError>>().await
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(async move {
        let config = Config::default();
        serve(listener, handler, &config, async { drop(stopped.await) }).await;
    });
    let mut clients = Vec::new();
    for _ in 0..10 {
        let mut client = TcpStream::connect(address).await.expect("a server");
        client.write_all(GET.as_bytes()).await.expect("a server");
        clients.push(client);
    }
    soon(async {
        while count.load(Ordering::Relaxed) < 10 {
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    // During a shutdown it waits for pending responses; when it is dropped, it does not.
    drop(stop);
    sleep(Duration::from_millis(20)).await;
    assert!(!serving.is_finished());
    serving.abort();
    for mut client in clients {
        let _ = soon(client.read_to_end(&mut Vec::new())).await;
    }
    assert_eq!(count.load(Ordering::Relaxed), 0);
}

/// Checks that a reader which stops waiting for a frame receives it later.
#[tokio::test]
async fn a_frame_that_was_not_waited_for_comes_later() {
    async fn all(mut body: Body) -> Result<String, Error> {
        let (mut content, mut given_up) = (Vec::new(), 0);
        loop {
            match timeout(Duration::from_millis(1), body.frame()).await {
                Ok(None) => break,
                Ok(Some(frame)) => {
                    content.extend_from_slice(&frame?.into_data().unwrap_or_default())
                }
                Err(_) => given_up += 1,
            }
        }
        assert!(given_up > 0);
        Ok(String::from_utf8(content).expect("text"))
    }
    async fn trickle(stream: &mut tokio::io::DuplexStream) {
        for piece in ["1\r\na\r", "\n", "2\r\nb", "c\r\n", "0\r\n\r\n"] {
            sleep(Duration::from_millis(8)).await;
            send(stream, piece).await;
        }
    }
    let handler = service_fn(async |request: Request<Body>| {
        Ok::<_, BoxError>(Response::new(Full::<Bytes>::from(all(request.into_body()).await?)))
    });
    let (mut client, _serving) = served_by(1000, config(), handler);
    send(&mut client, CHUNKED).await;
    trickle(&mut client).await;
    expect(&mut client, "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc").await;

    let (stream, mut server) = tokio::io::duplex(1000);
    send(&mut server, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await;
    let mut client = connect(Asked::new(stream), &config());
    let response = client.send(get()).await.expect("an answer");
    let (content, ()) = tokio::join!(all(response.into_body()), trickle(&mut server));
    assert_eq!(content.expect("whole"), "abc");
}

/// Checks that a client after a cancelled call continues, or returns an error.
///
/// It continues if the cancelled call had sent no request. Otherwise the next response would be the
/// one to the cancelled request.
#[tokio::test]
async fn a_client_goes_on_only_where_it_knows_what_comes() {
    let (stream, mut server) = tokio::io::duplex(1000);
    let mut client = connect(Asked::new(stream), &config());
    send(&mut server, "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345").await;
    // A response of which only half is read.
    let mut body = client.send(get()).await.expect("an answer").into_body();
    soon(body.frame()).await.expect("content").expect("content");
    drop(body);
    // A request that waits for the rest of that response has sent nothing yet.
    assert!(timeout(Duration::from_millis(10), client.send(get())).await.is_err());
    send(&mut server, "67890").await;
    let answering = async {
        sleep(Duration::from_millis(10)).await;
        send(&mut server, "HTTP/1.1 204 No Content\r\n\r\n").await;
    };
    let (outcome, ()) = tokio::join!(soon(client.send(get())), answering);
    assert_eq!(outcome.expect("an answer").status(), 204);
    // A cancelled request whose bytes were sent.
    assert!(timeout(Duration::from_millis(10), client.upgrade(get(), &["foo"])).await.is_err());
    assert!(matches!(soon(client.send(get())).await, Err(Error::Misuse(_))));
    drop(server);
    // A cancelled `close` still closes the connection.
    let (stream, mut server) = tokio::io::duplex(1000);
    drop(timeout(Duration::ZERO, connect(stream, &config()).close()).await);
    assert_eq!(rest(&mut server).await, "");
}

/// Checks that the stream of a switched protocol outlives its HTTP connection.
///
/// The stream belongs to the task that receives it. A stream that no task receives is closed.
#[tokio::test]
async fn what_a_connection_becomes_outlives_it() {
    let (streams, mut stream) = mpsc::channel(1);
    let handler =
        service_fn(move |request: Request<Body>| {
            let (streams, switched) = (streams.clone(), upgrade::on(&request));
            async move {
                match request.uri().path() {
                    "/dropped" => drop(switched),
                    _ => drop(tokio::spawn(async move {
                        streams.send(switched.await.expect("a 101")).await
                    })),
                }
                Ok::<_, BoxError>(
                    Response::builder().status(101).header("upgrade", "foo").body(Body::empty())?,
                )
            }
        });
    let (client, serving) = served_by(1000, config(), handler.clone());
    let mut client = soon(ask(client, get(), &["foo"]))
        .await
        .expect("an answer")
        .into_result()
        .expect("accepted");
    soon(serving).await.expect("no panic").expect("served");
    let mut server = soon(stream.recv()).await.expect("a stream");
    for text in ["over", "and over"] {
        server.write_all(text.as_bytes()).await.expect("a client");
        let mut heard = vec![0; text.len()];
        soon(client.read_exact(&mut heard)).await.expect("bytes");
        assert_eq!(heard, text.as_bytes());
    }
    drop(server);
    assert_eq!(soon(client.read(&mut [0])).await.expect("an end"), 0);

    let (client, serving) = served_by(1000, config(), handler);
    let dropped = Request::get("http://a/dropped").body(Body::empty()).expect("a request");
    let mut client = soon(ask(client, dropped, &["foo"]))
        .await
        .expect("an answer")
        .into_result()
        .expect("accepted");
    assert_eq!(soon(client.read(&mut [0])).await.expect("an end"), 0);
    soon(serving).await.expect("no panic").expect("served");
}

/// Checks that a thread can read a body while another one runs its connection.
///
/// The threads share the body's state. Reader and connection use it at the same time, many times.
#[test]
fn a_body_is_read_by_another_thread() {
    let block_on =
        || tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    // The other thread reads these bodies, and drops each after that many frames.
    let (bodies, read) = std::sync::mpsc::channel::<(Body, usize, oneshot::Sender<usize>)>();
    let reading = thread::spawn(move || {
        for (mut body, frames, done) in read {
            let len = block_on().block_on(async {
                let mut len = 0;
                for _ in 0..frames {
                    match timeout(Duration::from_secs(20), body.frame())
                        .await
                        .expect("no wake-up is lost")
                    {
                        Some(frame) => {
                            len += frame.expect("content").into_data().map_or(0, |data| data.len())
                        }
                        None => break,
                    }
                }
                len
            });
            drop(body);
            // The handler may have been dropped.
            let _ = done.send(len);
        }
    });
    let handler = service_fn(move |request: Request<Body>| {
        let (bodies, (done, len)) = (bodies.clone(), oneshot::channel());
        let frames =
            request.headers()["frames"].to_str().ok().and_then(|frames| frames.parse().ok());
        async move {
            bodies.send((request.into_body(), frames.unwrap_or_default(), done))?;
            Ok::<_, BoxError>(Response::new(Full::<Bytes>::from(len.await?.to_string())))
        }
    });
    block_on().block_on(async {
        for round in 0..400 {
            let (mut client, serving) = served_by(64, config(), handler.clone());
            let (frames, pieces) =
                if round % 4 == 3 { (round % 7, 20) } else { (usize::MAX, round % 40) };
            let head =
                "POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: chunked\r\nconnection: close\r\n";
            send(&mut client, &format!("{head}Frames: {frames}\r\n\r\n")).await;
            for at in 0..pieces {
                send(&mut client, "3\r\nabc\r\n").await;
                if at % 3 == 0 {
                    tokio::task::yield_now().await;
                }
            }
            send(&mut client, "0\r\n\r\n").await;
            client.shutdown().await.expect("an end");
            let answer = rest(&mut client).await;
            let (_, len) = answer.split_once("\r\n\r\n").expect("an answer");
            match frames {
                usize::MAX => assert_eq!(len, (3 * pieces).to_string(), "round {round}"),
                _ => assert!(
                    len.parse().is_ok_and(|len: usize| len <= 3 * pieces),
                    "round {round}: {answer}"
                ),
            }
            soon(serving).await.expect("no panic").expect("served");
        }
    });
    drop(handler);
    reading.join().expect("no panic");
}
