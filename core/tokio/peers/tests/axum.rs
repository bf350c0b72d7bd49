//! Tests of an axum router on this adapter, with several clients.

use axum::Router;
use axum::extract::{Json, Path, Query, State};
use axum::routing::{any, get, post};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http::StatusCode;
use http_body_util::BodyExt;
use switchover_tokio::hyper::WithOnUpgrade;
use switchover_tokio::{Body, Config, serve_connection, upgrade};
use switchover_tokio_peers::{Served, within};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

const HANDSHAKE: &str = "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\
     Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

fn router() -> Router {
    Router::new()
        .route("/hello/{name}", get(async |Path(name): Path<String>| format!("hello {name}")))
        .route(
            "/sum",
            post(async |Json(numbers): Json<Vec<u64>>| Json(numbers.iter().sum::<u64>())),
        )
        .route("/echo", post(async |body: axum::body::Body| body))
        .route("/large", get(async || "x".repeat(65_536)))
        .route(
            "/query",
            get(async |Query(pairs): Query<Vec<(String, String)>>| format!("{pairs:?}")),
        )
        .route("/state", get(async |State(state): State<u32>| state.to_string()).with_state(7))
        .route("/limited", post(async |content: Bytes| content.len().to_string()))
        .route("/shout", any(shout))
        .route("/ws", any(async |ws: axum::extract::WebSocketUpgrade| ws.on_upgrade(echo)))
}

async fn echo(mut socket: axum::extract::ws::WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        if matches!(message, axum::extract::ws::Message::Text(_))
            && socket.send(message).await.is_err()
        {
            break;
        }
    }
}

async fn shout(request: axum::extract::Request) -> axum::response::Response {
    match upgrade::select(&request, ["shout"]) {
        Some(chosen) => chosen.accept(async |mut stream| {
            let mut heard = String::new();
            stream.read_to_string(&mut heard).await.expect("text");
            stream.write_all(heard.to_uppercase().as_bytes()).await.expect("a client");
        }),
        None => upgrade::require(&["shout"], "shout!".into()),
    }
}

/// Checks that handlers get the client's address by `ConnectInfo` and `PeerAddr`.
///
/// The second server has a listener of axum's.
#[tokio::test]
async fn handlers_get_the_address_of_the_peer() {
    use std::net::SocketAddr;

    use axum::extract::ConnectInfo;
    use axum::serve::ListenerExt;
    use switchover_tokio::{FromAxum, PeerAddr, serve};
    use tokio::net::TcpListener;

    async fn told(ConnectInfo(address): ConnectInfo<SocketAddr>, peer: PeerAddr) -> String {
        assert_eq!(PeerAddr(address), peer);
        address.to_string()
    }
    let router = Router::new()
        .route("/peer", get(told))
        .route("/other", get(async |PeerAddr(_): PeerAddr<String>| "another type"));
    let get = async |address: SocketAddr, path: &str| {
        let mut client = tokio::net::TcpStream::connect(address).await.expect("a server");
        let own = client.local_addr().expect("an address").to_string();
        let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        client.write_all(request.as_bytes()).await.expect("a server");
        let mut rest = String::new();
        within(client.read_to_string(&mut rest)).await.expect("text");
        (rest, own)
    };
    let served = Served::by(router.clone()).await;
    let (answer, own) = get(served.address, "/peer").await;
    assert!(answer.ends_with(&own), "{answer}");
    let (answer, _) = get(served.address, "/other").await;
    assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
    served.stop().await;

    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let listener = FromAxum(ListenerExt::tap_io(listener, |stream| {
        stream.set_nodelay(true).expect("a socket");
    }));
    let serving = tokio::spawn(async move {
        serve(listener, router, &Config::default(), std::future::pending()).await;
    });
    let (answer, own) = get(address, "/peer").await;
    assert!(answer.ends_with(&own), "{answer}");
    serving.abort();
}

/// A listener of axum's whose streams are no sockets.
struct InMemory(tokio::sync::mpsc::Receiver<tokio::io::DuplexStream>);

impl axum::serve::Listener for InMemory {
    type Io = tokio::io::DuplexStream;
    type Addr = &'static str;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.0.recv().await {
            Some(stream) => (stream, "a peer"),
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        Ok("here")
    }
}

#[tokio::test]
async fn a_listener_of_axums_may_have_any_stream() {
    use switchover_tokio::{FromAxum, PeerAddr, serve};

    let told = get(async |PeerAddr(peer): PeerAddr<&'static str>| peer);
    let (sender, streams) = tokio::sync::mpsc::channel(1);
    let serving = tokio::spawn(async move {
        let router = Router::new().route("/", told);
        let listener = FromAxum(InMemory(streams));
        serve(listener, router, &Config::default(), std::future::pending()).await;
    });
    let (mut client, stream) = tokio::io::duplex(1000);
    sender.send(stream).await.expect("a listener");
    client
        .write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .await
        .expect("room");
    let mut answer = String::new();
    within(client.read_to_string(&mut answer)).await.expect("text");
    assert!(answer.ends_with("\r\n\r\na peer"), "{answer}");
    serving.abort();
}

/// Checks that `ConnectInfo` has the address of the peer behind TLS.
#[tokio::test]
async fn handlers_get_the_address_of_the_peer_behind_tls() {
    use std::net::SocketAddr;

    use axum::extract::ConnectInfo;
    use switchover_tokio_peers::Tls;
    use tokio::net::TcpStream;

    let tls = Tls::new(&[]);
    let told = get(async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.to_string());
    let router = Router::new().route("/", told);
    let served = Served::over_tls(tls.acceptor.clone(), router, Config::default()).await;
    let stream = TcpStream::connect(served.address).await.expect("a server");
    let own = stream.local_addr().expect("an address").to_string();
    let name = "localhost".try_into().expect("a name");
    let mut stream = within(tls.connector.connect(name, stream)).await.expect("a handshake");
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .await
        .expect("a server");
    let mut answer = String::new();
    within(stream.read_to_string(&mut answer)).await.expect("text");
    assert!(answer.ends_with(&own), "{answer}");
    drop(stream);
    served.stop().await;
}

/// Checks that an upgraded stream gives the socket and the first bytes back.
///
/// The socket is returned as its own type and as a boxed transport.
#[tokio::test]
async fn an_upgraded_stream_is_taken_apart() {
    let route = any(async |offers: upgrade::Offers| match offers.select(["raw", "boxed"]) {
        Some(chosen) => chosen.accept(async |stream| match stream.protocol() {
            "raw" => {
                let (mut socket, first) =
                    stream.downcast::<tokio::net::TcpStream>().expect("a socket");
                let peer = socket.peer_addr().expect("an address");
                let told = format!("{} {peer}", String::from_utf8_lossy(&first));
                socket.write_all(told.as_bytes()).await.expect("a client");
            }
            _ => {
                let (mut transport, first) = stream.into_parts();
                transport.write_all(&first).await.expect("a client");
            }
        }),
        None => upgrade::require(&["raw"], axum::body::Body::empty()),
    });
    let served = Served::by(Router::new().route("/", route)).await;
    let asked = async |protocol: &str| {
        let mut client = tokio::net::TcpStream::connect(served.address).await.expect("a server");
        let request = format!(
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: {protocol}\r\n\r\nfirst"
        );
        client.write_all(request.as_bytes()).await.expect("a server");
        let mut answer = String::new();
        within(client.read_to_string(&mut answer)).await.expect("text");
        (answer, client.local_addr().expect("an address"))
    };
    let (answer, own) = asked("raw").await;
    assert!(answer.ends_with(&format!("\r\n\r\nfirst {own}")), "{answer}");
    let (answer, _) = asked("boxed").await;
    assert!(answer.ends_with("\r\n\r\nfirst"), "{answer}");
    served.stop().await;
}

#[tokio::test]
async fn reqwest_is_served() {
    let served = Served::by(router()).await;
    let client = reqwest::Client::new();
    let text = async |path: &str| {
        client.get(served.url(path)).send().await.expect("an answer").text().await.expect("text")
    };
    assert_eq!(text("/hello/world").await, "hello world");
    assert_eq!(text("/query?a=1&b=2").await, r#"[("a", "1"), ("b", "2")]"#);
    assert_eq!(text("/state").await, "7");
    assert_eq!(text("/large").await.len(), 65_536);
    assert_eq!(client.get(served.url("/nowhere")).send().await.expect("an answer").status(), 404);
    assert_eq!(client.put(served.url("/large")).send().await.expect("an answer").status(), 405);
    let head = client.head(served.url("/large")).send().await.expect("an answer");
    assert_eq!(head.headers()["content-length"], "65536");
    let sum = client
        .post(served.url("/sum"))
        .header("content-type", "application/json")
        .body("[1, 2, 3]");
    assert_eq!(sum.send().await.expect("an answer").text().await.expect("text"), "6");
    // Request and response with a known and with an unknown length.
    for pieces in [1, 1000] {
        let stream = futures_util::stream::iter(
            (0..pieces).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![b'y'; 1000]))),
        );
        let echo = client.post(served.url("/echo")).body(reqwest::Body::wrap_stream(stream));
        assert_eq!(
            echo.send().await.expect("an answer").bytes().await.expect("content").len(),
            pieces * 1000
        );
    }
    // The limit of 2 MB is axum's default.
    let limited = client.post(served.url("/limited")).body(vec![0; 3_000_000]).send().await;
    assert!(limited.is_err() || limited.is_ok_and(|answer| answer.status() == 413));
    drop(client);
    served.stop().await;
}

#[tokio::test]
async fn an_upgrade_is_accepted_in_a_route_of_axums() {
    let served = Served::by(router()).await;
    let stream = tokio::net::TcpStream::connect(served.address).await.expect("a server");
    let request = http::Request::get(served.url("/shout")).body(Body::empty()).expect("a request");
    let outcome = within(switchover_tokio::client::upgrade(stream, request, &["shout"]))
        .await
        .expect("an answer");
    let mut stream = outcome.into_result().expect("accepted");
    stream.write_all(b"hello").await.expect("a server");
    stream.shutdown().await.expect("a server");
    let mut heard = String::new();
    within(stream.read_to_string(&mut heard)).await.expect("text");
    assert_eq!(heard, "HELLO");
    let required = reqwest::get(served.url("/shout")).await.expect("an answer");
    assert_eq!(
        (required.status(), required.headers()["upgrade"].as_bytes()),
        (StatusCode::UPGRADE_REQUIRED, &b"shout"[..])
    );
    served.stop().await;
}

/// Checks that axum's `WebSocketUpgrade` without hyper leads to a 400.
///
/// The extractor needs an extension that only hyper provides. Without that it responds with a 426
/// that names no protocol; the adapter sends this as a 400.
#[tokio::test]
async fn axums_own_extractor_declines_without_harm() {
    let served = Served::by(router()).await;
    let outcome =
        within(tokio_tungstenite::connect_async(format!("ws://{}/ws", served.address))).await;
    let Err(tokio_tungstenite::tungstenite::Error::Http(answer)) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(answer.status(), 400);
    served.stop().await;
}

#[tokio::test]
async fn axums_own_extractor_works_with_what_hyper_makes() {
    let served = Served::by(WithOnUpgrade(router())).await;
    for _ in 0..2 {
        let (mut socket, answer) =
            within(tokio_tungstenite::connect_async(format!("ws://{}/ws", served.address)))
                .await
                .expect("accepted");
        assert_eq!(answer.status(), 101);
        for len in [0, 125, 65_536, 1_000_000] {
            socket.send(Message::text("x".repeat(len))).await.expect("a server");
            let echoed = within(socket.next()).await.expect("a message").expect("a message");
            assert_eq!(echoed.into_text().expect("text").len(), len);
        }
        socket.close(None).await.expect("a server");
        assert!(matches!(within(socket.next()).await, Some(Ok(Message::Close(_)))));
    }
    // Requests that the extractor declines, or that offer nothing, get the usual response.
    let answer = reqwest::get(served.url("/hello/world")).await.expect("an answer");
    assert_eq!(answer.text().await.expect("text"), "hello world");
    let outcome =
        within(tokio_tungstenite::connect_async(format!("ws://{}/state", served.address))).await;
    assert!(
        matches!(outcome, Err(tokio_tungstenite::tungstenite::Error::Http(answer)) if answer.status() == 200)
    );
    served.stop().await;
}

/// Checks that axum's socket and the client's connection end each other.
///
/// A client that resets ends both, and so does a handler that drops its socket while the client is
/// silent.
#[tokio::test]
async fn a_socket_of_axums_ends_with_either_side() {
    let served = Served::by(WithOnUpgrade(router().route(
        "/dropped",
        any(async |ws: axum::extract::WebSocketUpgrade| ws.on_upgrade(async |socket| drop(socket))),
    )))
    .await;
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    for (path, resets) in [("/ws", true), ("/dropped", false)] {
        let mut stream = tokio::net::TcpStream::connect(served.address).await.expect("a server");
        let head = "HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13";
        let request =
            format!("GET {path} {head}\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("a server");
        let mut answer = vec![0; 12];
        within(stream.read_exact(&mut answer)).await.expect("an answer");
        assert_eq!(answer, b"HTTP/1.1 101");
        if resets {
            stream.set_zero_linger().expect("a socket");
            drop(stream);
        } else {
            within(stream.read_to_end(&mut answer)).await.expect("an end");
            std::mem::forget(stream);
        }
        within(async {
            while tasks() > before {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        })
        .await;
    }
    served.stop().await;
}

/// Returns a router that switches protocols and reports how its client ends.
///
/// With `late` it first waits and writes, three times. Then it sends to `told` the number of bytes
/// read, and whether the stream ended with a clean EOF.
fn reads(told: tokio::sync::mpsc::Sender<(usize, bool)>, late: bool) -> Router {
    let pause = || tokio::time::sleep(std::time::Duration::from_millis(100));
    let handler = async move |mut request: axum::extract::Request| {
        let on_upgrade = hyper::upgrade::on(&mut request);
        tokio::spawn(async move {
            let mut upgraded = hyper_util::rt::TokioIo::new(on_upgrade.await.expect("a switch"));
            for _ in 0..if late { 3 } else { 0 } {
                pause().await;
                let _ = upgraded.write_all(b"tick").await;
            }
            let mut content = Vec::new();
            let end = upgraded.read_to_end(&mut content).await;
            told.send((content.len(), end.is_ok())).await.expect("a listener");
        });
        let fields = [("connection", "upgrade"), ("upgrade", "foo")];
        (StatusCode::SWITCHING_PROTOCOLS, axum::response::AppendHeaders(fields))
    };
    Router::new().route("/", any(handler))
}

async fn switched<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) {
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n")
        .await
        .expect("a server");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(within(stream.read_u8()).await.expect("a head"));
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "));
}

/// Checks that a framework can tell a clean end of its client from a reset.
///
/// That holds also after a write to the closed connection.
#[tokio::test]
async fn a_framework_sees_how_its_client_ends() {
    for (late, length) in [(false, 50_000), (true, 5), (true, 100_000)] {
        let (told, mut ends) = tokio::sync::mpsc::channel(1);
        let served = Served::by(WithOnUpgrade(reads(told, late))).await;
        for resets in [false, true] {
            let mut stream =
                tokio::net::TcpStream::connect(served.address).await.expect("a server");
            switched(&mut stream).await;
            stream.write_all(&vec![b'x'; length]).await.expect("a server");
            if resets {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                stream.set_zero_linger().expect("a socket");
            } else {
                stream.shutdown().await.expect("a socket");
            }
            drop(stream);
            let (read, is_whole) = within(ends.recv()).await.expect("an end");
            assert_eq!(is_whole, !resets, "{length} bytes, late: {late}");
            assert!(read == length || resets, "{read} of {length} bytes");
        }
        served.stop().await;
    }
}

/// Checks that a framework gets an error if its connection's future is dropped.
///
/// The future is dropped before the client has ended its direction.
#[tokio::test]
async fn a_framework_sees_that_its_connection_is_dropped() {
    let (told, mut ends) = tokio::sync::mpsc::channel(1);
    let (mut client, server) = tokio::io::duplex(10_000);
    let serving = tokio::spawn(async move {
        serve_connection(server, WithOnUpgrade(reads(told, false)), &Config::default()).await
    });
    switched(&mut client).await;
    client.write_all(&[b'x'; 1_500]).await.expect("a server");
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    serving.abort();
    assert_eq!(within(ends.recv()).await, Some((1_500, false)));
}

/// Checks that what axum's socket sends is flushed while the socket stays open.
///
/// The server's stream may buffer writes, as TLS does.
#[tokio::test]
async fn what_a_socket_of_axums_says_leaves_at_once() {
    let says = async |mut socket: axum::extract::ws::WebSocket| {
        socket.send("\t".repeat(10_000).into()).await.expect("room");
        socket.recv().await;
    };
    let router = Router::new()
        .route("/", any(async move |ws: axum::extract::WebSocketUpgrade| ws.on_upgrade(says)));
    let (mut client, server) = tokio::io::duplex(1 << 20);
    let server = tokio::io::BufWriter::with_capacity(1 << 20, server);
    tokio::spawn(async move {
        serve_connection(server, WithOnUpgrade(router), &Config::default()).await
    });
    client.write_all(HANDSHAKE.as_bytes()).await.expect("a server");
    let mut got = Vec::new();
    within(async {
        while got.iter().filter(|&&byte| byte == b'\t').count() < 10_000 {
            client.read_buf(&mut got).await.expect("a server");
        }
    })
    .await;
}

/// Checks that a slow client receives everything that a dropped socket has sent.
///
/// The socket is axum's. The bytes that it sent before the drop wait for the client.
#[tokio::test(start_paused = true)]
async fn what_a_socket_of_axums_has_said_waits_for_its_client() {
    let says = async |mut socket: axum::extract::ws::WebSocket| {
        for _ in 0..6 {
            socket.send("\t".repeat(10_000).into()).await.expect("room");
        }
    };
    let router = Router::new()
        .route("/", any(async move |ws: axum::extract::WebSocketUpgrade| ws.on_upgrade(says)));
    let (mut client, server) = tokio::io::duplex(1000);
    tokio::spawn(async move {
        serve_connection(server, WithOnUpgrade(router), &Config::default()).await
    });
    client.write_all(HANDSHAKE.as_bytes()).await.expect("a server");
    tokio::time::sleep(std::time::Duration::from_secs(100)).await;
    let mut got = Vec::new();
    client.read_to_end(&mut got).await.expect("a server");
    assert_eq!(got.iter().filter(|&&byte| byte == b'\t').count(), 60_000);
}

/// Checks that an invalid WebSocket handshake gets a 400, not a 500.
///
/// The engine rejects the handshake that axum would accept. The error is the client's, so the
/// response is a 400.
#[tokio::test]
async fn axums_own_extractor_declines_what_breaks_a_rule() {
    let served = Served::by(WithOnUpgrade(router())).await;
    for (key, status) in [("dGhlIHNhbXBsZSBub25jZQ==", "101"), ("YWJjZA==", "400")] {
        let mut stream = tokio::net::TcpStream::connect(served.address).await.expect("a server");
        let head = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13";
        let request = format!("{head}\r\nSec-WebSocket-Key: {key}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("a server");
        let mut line = [0; 12];
        within(stream.read_exact(&mut line)).await.expect("an answer");
        assert_eq!(str::from_utf8(&line), Ok(format!("HTTP/1.1 {status}").as_str()));
    }
    served.stop().await;
}

/// Checks that the adapter's extractor `upgrade::Offers` opens a WebSocket.
///
/// It is used in the same way as axum's extractor, but does not need hyper.
#[tokio::test]
async fn our_extractor_opens_a_websocket() {
    let route = any(async |offers: upgrade::Offers| match offers.select(["websocket"]) {
        Some(chosen) => chosen.accept(async |stream| {
            let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
            while let Some(Ok(Message::Text(text))) = socket.next().await {
                socket.send(Message::Text(text)).await.expect("a client");
            }
        }),
        None => upgrade::require(&["websocket"], axum::body::Body::empty()),
    });
    let served = Served::by(Router::new().route("/", route)).await;
    let (mut socket, _) =
        within(tokio_tungstenite::connect_async(format!("ws://{}/", served.address)))
            .await
            .expect("accepted");
    socket.send(Message::text("hello")).await.expect("a server");
    assert_eq!(
        within(socket.next()).await.expect("a message").expect("text"),
        Message::text("hello")
    );
    drop(socket);
    assert_eq!(reqwest::get(served.url("/")).await.expect("an answer").status(), 426);
    served.stop().await;
}

#[tokio::test]
async fn hypers_client_is_served() {
    let served = Served::by(router()).await;
    let stream = tokio::net::TcpStream::connect(served.address).await.expect("a server");
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(hyper_util::rt::TokioIo::new(stream))
            .await
            .expect("a connection");
    let driver = tokio::spawn(connection);
    for _ in 0..3 {
        let request =
            http::Request::post("/echo").header("host", "a").header("expect", "100-continue");
        let request =
            request.body(http_body_util::Full::<Bytes>::from("hello")).expect("a request");
        let answer = within(sender.send_request(request)).await.expect("an answer");
        assert_eq!(answer.into_body().collect().await.expect("content").to_bytes(), "hello");
    }
    drop(sender);
    driver.await.expect("no panic").expect("a clean end");
    served.stop().await;
}
