//! Tests of a handler that is served in HTTP/1.1 and HTTP/2 on one port.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::routing::{any, get, post};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use h2::client::SendRequest;
use http::{Method, Request, Response, StatusCode, Version, header};
use http_body::Frame;
use http_body_util::{Full, StreamBody};
use switchover_tokio::h2::WithH2c;
use switchover_tokio::hyper::WithOnUpgrade;
use switchover_tokio::upgrade::{self, Offers};
use switchover_tokio::{
    Body, BoxError, Config, Http2Stream, Timeouts, Transport, client, service_fn,
};
use switchover_tokio_peers::{Served, Tls, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

fn router() -> Router {
    Router::new()
        .route("/version", get(async |version: Version| format!("{version:?}")))
        .route("/echo", post(async |content: Bytes| content))
        .route("/peer", get(async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.to_string()))
        .route("/ws", any(websocket))
}

/// Accepts a WebSocket with its first subprotocol, and echoes its first message.
///
/// A request without an eligible offer gets a 426.
async fn websocket(offers: Offers) -> axum::response::Response {
    let Some(chosen) = offers.select(["websocket"]) else {
        return upgrade::require(&["websocket"], axum::body::Body::empty());
    };
    let subprotocol = chosen.subprotocols().first().cloned();
    let mut response = chosen.accept(async move |stream| {
        assert_eq!(stream.protocol(), "websocket");
        let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
        let message = socket.next().await.expect("a message").expect("a message");
        socket.send(message).await.expect("room");
        let _ = socket.close(None).await;
    });
    if let Some(value) = subprotocol.filter(|name| !name.is_empty()) {
        let value = value.parse().expect("a name");
        response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, value);
    }
    response
}

async fn both() -> Served {
    Served::with(WithH2c(router()), Config::default().with_h2(router())).await
}

/// Begins HTTP/2 on a stream with prior knowledge.
async fn http2(stream: impl Transport) -> SendRequest<Bytes> {
    let (client, connection) = within(h2::client::handshake(stream)).await.expect("HTTP/2");
    tokio::spawn(connection);
    within(client.ready()).await.expect("a server")
}

async fn ask(client: &mut SendRequest<Bytes>, request: Request<&'static str>) -> Response<Bytes> {
    let (head, content) = request.into_parts();
    let (response, mut sending) =
        client.send_request(Request::from_parts(head, ()), content.is_empty()).expect("a server");
    if !content.is_empty() {
        sending.send_data(content.into(), true).expect("a stream");
    }
    let (head, mut body) = within(response).await.expect("a response").into_parts();
    let mut content = Vec::new();
    while let Some(data) = within(body.data()).await {
        content.extend_from_slice(&data.expect("content"));
    }
    Response::from_parts(head, content.into())
}

fn to(method: Method, path: &str, content: &'static str) -> Request<&'static str> {
    let uri = format!("http://localhost{path}");
    Request::builder().method(method).uri(uri).body(content).expect("a request")
}

#[tokio::test]
async fn a_router_is_served_in_both_versions() {
    let served = both().await;
    let text = reqwest::get(served.url("/version")).await.expect("an answer").text().await;
    assert_eq!(text.expect("text"), "HTTP/1.1");
    let stream = TcpStream::connect(served.address).await.expect("a server");
    let own = stream.local_addr().expect("an address").to_string();
    let mut client = http2(stream).await;
    let response = ask(&mut client, to(Method::GET, "/version", "")).await;
    assert_eq!(response.body(), "HTTP/2.0");
    assert_eq!(ask(&mut client, to(Method::GET, "/peer", "")).await.body(), own.as_str());
    assert_eq!(ask(&mut client, to(Method::POST, "/echo", "content")).await.body(), "content");
    drop(client);
    served.stop().await;
}

/// Checks that a server over TLS needs no code of its own for ALPN.
///
/// A client that agrees on `h2` sends the preface of HTTP/2, which selects the version.
#[tokio::test]
async fn alpn_selects_the_version() {
    let tls = Tls::new(&[]);
    let mut server = rustls::ServerConfig::clone(tls.acceptor.config());
    server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let config = Config::default().with_h2(router());
    let served = Served::over_tls(Arc::new(server).into(), router(), config).await;
    let connect = async |protocol: &str| {
        let mut client = rustls::ClientConfig::clone(tls.connector.config());
        client.alpn_protocols = vec![protocol.into()];
        let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(client));
        let stream = TcpStream::connect(served.address).await.expect("a server");
        let name = "localhost".try_into().expect("a name");
        let stream = within(connector.connect(name, stream)).await.expect("a handshake");
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(protocol.as_bytes()));
        stream
    };
    let mut second = http2(connect("h2").await).await;
    assert_eq!(ask(&mut second, to(Method::GET, "/version", "")).await.body(), "HTTP/2.0");
    // A WebSocket over HTTP/2 in TLS.
    let request = Request::builder().uri("https://localhost/ws").version(Version::HTTP_2);
    let request = request.header(header::SEC_WEBSOCKET_VERSION, "13").body(());
    let (status, _, stream) =
        self::connect(&mut second, Some("websocket"), request.expect("a request")).await;
    assert_eq!(status, StatusCode::OK);
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Client, None).await;
    within(socket.send(Message::text("wss"))).await.expect("room");
    let echoed = within(socket.next()).await.expect("a message").expect("a message");
    assert_eq!(echoed, Message::text("wss"));
    let mut first = client::connect(connect("http/1.1").await, &Config::default().secure());
    let request = Request::get("https://localhost/version").body(Body::empty());
    let response = within(first.send(request.expect("a request"))).await.expect("an answer");
    let content = within(response.into_body().read(100)).await.expect("whole").expect("short");
    assert_eq!(content, "HTTP/1.1");
    drop((first, second, socket));
    served.stop().await;
}

/// Checks that a request that offers h2c is answered in HTTP/2, with its content.
///
/// An offer with 70,000 bytes of content is declined instead. A stop ends an upgraded connection.
#[tokio::test]
async fn an_upgrade_to_h2c_is_served_by_the_same_router() {
    let served = both().await;
    for (method, path, content, expected) in
        [(Method::GET, "/version", "", "HTTP/2.0"), (Method::POST, "/echo", "content", "content")]
    {
        let stream = TcpStream::connect(served.address).await.expect("a server");
        let own = stream.local_addr().expect("an address").to_string();
        let request = Request::builder().method(method).uri(served.url(path));
        let request = request.body(Full::<Bytes>::from(content)).expect("a request");
        let outcome = within(client::upgrade(stream, request, &["h2c"])).await.expect("an answer");
        let stream = Http2Stream::client(outcome.into_result().expect("accepted"));
        let mut client = http2(stream).await;
        // The first request of the HTTP/2 client is the one that was sent in HTTP/1.1.
        let first = ask(&mut client, to(Method::GET, path, "")).await;
        assert_eq!(first.body(), expected);
        assert_eq!(ask(&mut client, to(Method::GET, "/peer", "")).await.body(), own.as_str());
    }
    // A stop ends such a connection too, although its client stays.
    let stream = TcpStream::connect(served.address).await.expect("a server");
    let request = Request::get(served.url("/version")).body(Body::empty()).expect("a request");
    let outcome = within(client::upgrade(stream, request, &["h2c"])).await.expect("an answer");
    let stream = Http2Stream::client(outcome.into_result().expect("accepted"));
    let mut kept = http2(stream).await;
    assert_eq!(ask(&mut kept, to(Method::GET, "/version", "")).await.body(), "HTTP/2.0");
    let long = Request::post(served.url("/echo")).body(Full::<Bytes>::from(vec![b'x'; 70_000]));
    let stream = TcpStream::connect(served.address).await.expect("a server");
    let request = long.expect("a request");
    let outcome = within(client::upgrade(stream, request, &["h2c"])).await.expect("an answer");
    let client::Outcome::Declined(declined) = outcome else { panic!("accepted") };
    let content = within(declined.response.into_body().read(1 << 20)).await.expect("whole");
    assert_eq!(content.expect("short").len(), 70_000);
    let begun = tokio::time::Instant::now();
    served.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(5), "a GOAWAY ends it before the timeout");
}

/// Opens a stream for another protocol, by an extended CONNECT.
///
/// If `protocol` is `None`, the CONNECT is a plain one.
async fn connect(
    client: &mut SendRequest<Bytes>,
    protocol: Option<&str>,
    request: Request<()>,
) -> (StatusCode, http::HeaderMap, tokio::io::DuplexStream) {
    let mut request = request;
    *request.method_mut() = Method::CONNECT;
    if let Some(protocol) = protocol {
        request.extensions_mut().insert(h2::ext::Protocol::from(protocol));
    }
    let (response, mut sending) = client.send_request(request, false).expect("a server");
    let (head, mut receiving) = within(response).await.expect("a response").into_parts();
    let (mine, other) = tokio::io::duplex(1 << 16);
    let (mut read, mut write) = tokio::io::split(other);
    tokio::spawn(async move {
        while let Some(Ok(data)) = receiving.data().await {
            let _ = receiving.flow_control().release_capacity(data.len());
            let _ = write.write_all(&data).await;
        }
        let _ = write.shutdown().await;
    });
    tokio::spawn(async move {
        let mut piece = [0; 4096];
        while let Ok(len @ 1..) = read.read(&mut piece).await {
            let _ = sending.send_data(Bytes::copy_from_slice(&piece[..len]), false);
        }
        let _ = sending.send_data(Bytes::new(), true);
    });
    (head.status, head.headers, mine)
}

/// Checks that a WebSocket over HTTP/2 (RFC 8441) is an offer to the handler.
///
/// The handler treats it as the offer of HTTP/1.1.
#[tokio::test]
async fn a_websocket_over_http2_is_the_same_offer() {
    let served = both().await;
    let url = served.url("/ws").replacen("http", "ws", 1);
    let (mut first, _) = within(tokio_tungstenite::connect_async(url)).await.expect("a WebSocket");
    within(first.send(Message::text("one"))).await.expect("room");
    assert_eq!(
        within(first.next()).await.expect("a message").expect("a message"),
        Message::text("one")
    );

    let stream = TcpStream::connect(served.address).await.expect("a server");
    let mut client = http2(stream).await;
    // The setting of the server has arrived with the first response.
    ask(&mut client, to(Method::GET, "/version", "")).await;
    assert!(client.is_extended_connect_protocol_enabled());
    let request = Request::builder().uri("http://localhost/ws").version(Version::HTTP_2);
    let request = request
        .header(header::SEC_WEBSOCKET_VERSION, "13")
        .header(header::SEC_WEBSOCKET_PROTOCOL, "chat, talk");
    let request = request.body(()).expect("a request");
    let (status, headers, stream) = connect(&mut client, Some("websocket"), request).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers[header::SEC_WEBSOCKET_PROTOCOL], "chat");
    assert!(!headers.contains_key(header::SEC_WEBSOCKET_ACCEPT));
    let mut second = WebSocketStream::from_raw_socket(stream, Role::Client, None).await;
    within(second.send(Message::text("two"))).await.expect("room");
    assert_eq!(
        within(second.next()).await.expect("a message").expect("a message"),
        Message::text("two")
    );
    // An offer that the handler does not accept is answered as without it.
    let request = || Request::builder().uri("http://localhost/ws").body(()).expect("a request");
    let (status, ..) = connect(&mut client, Some("foo"), request()).await;
    assert_eq!(status, StatusCode::UPGRADE_REQUIRED);
    // The version is missing, so the offer is not eligible.
    let (status, ..) = connect(&mut client, Some("websocket"), request()).await;
    assert_eq!(status, StatusCode::UPGRADE_REQUIRED);
    served.stop().await;
}

/// Checks that axum's own extractor opens a WebSocket over HTTP/2.
#[tokio::test]
async fn axums_own_extractor_works_over_http2() {
    let route = any(async |upgrade: axum::extract::WebSocketUpgrade| {
        upgrade.on_upgrade(async |mut socket| {
            let message = socket.recv().await.expect("a message").expect("a message");
            socket.send(message).await.expect("room");
        })
    });
    let router = Router::new()
        .route("/version", get(async |version: Version| format!("{version:?}")))
        .route("/ws", route);
    let handler = WithOnUpgrade(router);
    let served = Served::with(handler.clone(), Config::default().with_h2(handler)).await;
    let mut client = http2(TcpStream::connect(served.address).await.expect("a server")).await;
    ask(&mut client, to(Method::GET, "/version", "")).await;
    let request = Request::builder().uri("http://localhost/ws").version(Version::HTTP_2);
    let request = request.header(header::SEC_WEBSOCKET_VERSION, "13").body(());
    let (status, _, stream) =
        connect(&mut client, Some("websocket"), request.expect("a request")).await;
    assert_eq!(status, StatusCode::OK);
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Client, None).await;
    within(socket.send(Message::text("hello"))).await.expect("room");
    let echoed = within(socket.next()).await.expect("a message").expect("a message");
    assert_eq!(echoed, Message::text("hello"));
    drop((socket, client));
    served.stop().await;
}

/// Checks that `h2::serve` applies hyper's options.
///
/// Here that is a limit of concurrent streams.
#[tokio::test]
async fn the_options_of_hyper_can_be_set() {
    let mut builder =
        hyper::server::conn::http2::Builder::new(hyper_util::rt::TokioExecutor::new());
    builder.max_concurrent_streams(7);
    let config = Config::default();
    let own = config.clone();
    let config = config.with_http2(move |http2| {
        let (builder, own) = (builder.clone(), own.clone());
        async move { drop(switchover_tokio::h2::serve(http2, router(), &own, &builder).await) }
    });
    let served = Served::with(router(), config).await;
    let mut client = http2(TcpStream::connect(served.address).await.expect("a server")).await;
    assert_eq!(ask(&mut client, to(Method::GET, "/version", "")).await.body(), "HTTP/2.0");
    assert_eq!(client.current_max_send_streams(), 7);
    // `enable_connect_protocol` is not set here.
    assert!(!client.is_extended_connect_protocol_enabled());
    drop(client);
    served.stop().await;
}

/// Opens a tunnel for a plain CONNECT; otherwise the path selects the outcome.
///
/// Outcomes are an error, a panic, no response, a 204 with a length, a 101 of its own, or content.
async fn odd(request: Request<Body>) -> Result<Response<Full<Bytes>>, BoxError> {
    let echo = async |mut stream: switchover_tokio::Upgraded| {
        let mut piece = [0; 4];
        stream.read_exact(&mut piece).await.expect("four bytes");
        stream.write_all(&piece).await.expect("room");
        stream.shutdown().await.expect("an end");
    };
    if let Some(response) = upgrade::tunnel(&request, echo) {
        return Ok(response);
    }
    match request.uri().path() {
        "/error" => Err("no".into()),
        "/panic" => panic!("a handler that panics"),
        "/late" => std::future::pending().await,
        "/204" => Ok(Response::builder()
            .status(204)
            .header("content-length", "9")
            .body(Full::default())?),
        "/read" => {
            let content = request.into_body().read(1 << 20).await?.unwrap_or_default();
            Ok(Response::new(content.len().to_string().into()))
        }
        "/101" => Ok(Response::builder().status(101).body(Full::default())?),
        _ => Ok(Response::new("hello".into())),
    }
}

/// Returns a configuration with short limits, which serves `odd` in HTTP/2 too.
fn limited() -> Config {
    let http = Config::default().http;
    let limits = switchover::Limits { content: 1_000, ..http.limits };
    Config {
        http: std::sync::Arc::new(switchover::Config { limits, ..(*http).clone() }),
        timeouts: Timeouts { handler: Some(Duration::from_millis(50)), ..Timeouts::default() },
        ..Config::default()
    }
    .with_h2(service_fn(odd))
}

#[tokio::test]
async fn what_http1_answers_for_a_handler_http2_answers_too() {
    let served = Served::with(service_fn(odd), limited()).await;
    let stream = TcpStream::connect(served.address).await.expect("a server");
    let mut client = http2(stream).await;
    let head = ask(&mut client, to(Method::HEAD, "/", "")).await;
    assert_eq!(head.headers()[header::CONTENT_LENGTH], "5");
    assert_eq!(head.body(), "");
    for (path, status) in [
        ("/error", StatusCode::INTERNAL_SERVER_ERROR),
        ("/panic", StatusCode::INTERNAL_SERVER_ERROR),
        ("/101", StatusCode::INTERNAL_SERVER_ERROR),
        ("/late", StatusCode::SERVICE_UNAVAILABLE),
        ("/204", StatusCode::NO_CONTENT),
    ] {
        let response = ask(&mut client, to(Method::GET, path, "")).await;
        assert_eq!(response.status(), status, "{path}");
        assert!(!response.headers().contains_key(header::CONTENT_LENGTH) || status != 204);
        let first = reqwest::get(served.url(path)).await.expect("an answer");
        assert_eq!(first.status(), status, "{path}");
    }
    let long: &str = "x".repeat(1_001).leak();
    assert_eq!(ask(&mut client, to(Method::POST, "/read", &long[1..])).await.body(), "1000");
    let sent = ask(&mut client, to(Method::POST, "/read", long)).await;
    assert_eq!(sent.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let announced = Request::post("http://localhost/read").header(header::CONTENT_LENGTH, "1001");
    let announced = announced.body(long).expect("a request");
    assert_eq!(ask(&mut client, announced).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
    drop(client);
    served.stop().await;
}

#[tokio::test]
async fn a_tunnel_over_http2_is_taken_over_or_refused() {
    let served = Served::with(service_fn(odd), Config::default().with_h2(service_fn(odd))).await;
    let mut client = http2(TcpStream::connect(served.address).await.expect("a server")).await;
    let plain = |path: &str| Request::builder().uri(path).body(()).expect("a request");
    let (status, _, mut tunnel) = connect(&mut client, None, plain("a.example:80")).await;
    assert_eq!(status, StatusCode::OK);
    within(tunnel.write_all(b"ping")).await.expect("room");
    let mut said = Vec::new();
    within(tunnel.read_to_end(&mut said)).await.expect("an end");
    assert_eq!(said, b"ping");
    // `odd` answers with a 200 as to any request: that accepts nothing.
    let request = plain("http://localhost/");
    let (status, ..) = connect(&mut client, Some("foo"), request).await;
    assert_eq!(status, StatusCode::NOT_IMPLEMENTED);
    // A 101 has to name what is offered.
    let request = plain("http://localhost/101");
    let (status, ..) = connect(&mut client, Some("foo"), request).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    drop((client, tunnel));
    served.stop().await;
}

/// Checks that code that speaks a new protocol learns of the server's stop.
///
/// Both after an upgrade of HTTP/1.1 and on a stream of HTTP/2.
#[tokio::test]
async fn the_protocol_of_a_stream_is_told_of_a_stop() {
    async fn until_stop(request: Request<Body>) -> Result<Response<Full<Bytes>>, Infallible> {
        let Some(chosen) = upgrade::select(&request, ["foo"]) else {
            return Ok(Response::default());
        };
        Ok(chosen.accept(async |mut stream| {
            stream.stopping().await;
            stream.write_all(b"bye").await.expect("room");
            stream.shutdown().await.expect("an end");
        }))
    }
    let config = Config::default().with_h2(service_fn(until_stop));
    let served = Served::with(service_fn(until_stop), config).await;
    let mut client = http2(TcpStream::connect(served.address).await.expect("a server")).await;
    let request = Request::builder().uri("http://localhost/").body(()).expect("a request");
    let (status, _, mut second) = connect(&mut client, Some("foo"), request).await;
    assert_eq!(status, StatusCode::OK);
    // In HTTP/1.1 it is the same.
    let request = Request::get(served.url("/")).body(Body::empty()).expect("a request");
    let stream = TcpStream::connect(served.address).await.expect("a server");
    let outcome = within(client::upgrade(stream, request, &["foo"])).await.expect("an answer");
    let mut first = outcome.into_result().expect("accepted");
    drop(client);
    let stopping = tokio::spawn(served.stop());
    let (mut said, mut also) = (Vec::new(), Vec::new());
    within(second.read_to_end(&mut said)).await.expect("an end");
    within(first.read_to_end(&mut also)).await.expect("an end");
    assert_eq!((&said[..], &also[..]), (&b"bye"[..], &b"bye"[..]));
    drop((first, second));
    within(stopping).await.expect("no panic");
}

/// Checks that a stop of the server leaves `stopping` pending after `upgrade::on`.
#[tokio::test]
async fn a_stream_that_was_taken_away_is_not_told_of_a_stop() {
    let (told, tells) = tokio::sync::oneshot::channel();
    let told = std::sync::Arc::new(std::sync::Mutex::new(Some(told)));
    let takes = service_fn(move |request: Request<Body>| {
        let told = told.lock().expect("no panic").take().expect("one request");
        let taken = upgrade::on(&request);
        tokio::spawn(async move {
            let stream = taken.await.expect("a switch");
            let moment = Duration::from_millis(500);
            let is_told = tokio::time::timeout(moment, stream.stopping()).await.is_ok();
            told.send(is_told).expect("a test");
        });
        let response = Response::builder().status(101).header(header::UPGRADE, "foo");
        async { response.body(Full::<Bytes>::default()) }
    });
    let served = Served::by(takes).await;
    let request = Request::get(served.url("/")).body(Body::empty()).expect("a request");
    let stream = TcpStream::connect(served.address).await.expect("a server");
    let outcome = within(client::upgrade(stream, request, &["foo"])).await.expect("an answer");
    let stream = outcome.into_result().expect("accepted");
    served.stop().await;
    assert!(!within(tells).await.expect("an answer"));
    drop(stream);
}

/// Checks that `upgrade::on` returns `None` if the client resets the HTTP/2 stream.
#[tokio::test]
async fn a_reset_ends_the_wait_for_a_stream() {
    struct Told(Option<tokio::sync::oneshot::Sender<()>>);
    impl Drop for Told {
        fn drop(&mut self) {
            let _ = self.0.take().expect("once").send(());
        }
    }
    let (told, gone) = tokio::sync::oneshot::channel();
    let told = std::sync::Arc::new(std::sync::Mutex::new(Some(told)));
    let waits = service_fn(move |request: Request<Body>| {
        let told = told.lock().expect("no panic").take();
        async move {
            if let Some(told) = told {
                // The task outlives the handler.
                tokio::spawn(async move {
                    let _told = Told(Some(told));
                    assert!(upgrade::on(&request).await.is_none());
                });
            }
            std::future::pending::<Result<Response<Full<Bytes>>, Infallible>>().await
        }
    });
    let served = Served::with(waits.clone(), Config::default().with_h2(waits)).await;
    let mut client = http2(TcpStream::connect(served.address).await.expect("a server")).await;
    let mut request = Request::builder().uri("http://localhost/").body(()).expect("a request");
    *request.method_mut() = Method::CONNECT;
    request.extensions_mut().insert(h2::ext::Protocol::from_static("foo"));
    let (response, mut sending) = client.send_request(request, false).expect("a server");
    tokio::time::sleep(Duration::from_millis(50)).await;
    sending.send_reset(h2::Reason::CANCEL);
    within(gone).await.expect("a drop");
    drop((response, sending, client));
    served.stop().await;
}

/// Checks that a stop lets the request in progress end, and no further one begin.
#[tokio::test]
async fn a_stop_is_a_goaway() {
    let (begun, mut begins) = tokio::sync::mpsc::channel(1);
    let (end, ended) = tokio::sync::watch::channel(false);
    let slow = service_fn(move |_: Request<Body>| {
        let (begun, mut ended) = (begun.clone(), ended.clone());
        async move {
            begun.send(()).await.expect("a test");
            ended.wait_for(|&ended| ended).await.expect("a test");
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("late")))
        }
    });
    let served = Served::with(slow.clone(), Config::default().with_h2(slow)).await;
    let mut client = http2(TcpStream::connect(served.address).await.expect("a server")).await;
    let mut other = client.clone();
    let asking = tokio::spawn(async move { ask(&mut other, to(Method::GET, "/", "")).await });
    within(begins.recv()).await.expect("a request");
    let stopping = tokio::spawn(served.stop());
    within(async {
        // The GOAWAY arrives, and the client may begin no stream.
        while client.clone().ready().await.is_ok()
            && client.send_request(Request::new(()), true).is_ok()
        {
            tokio::task::yield_now().await;
        }
    })
    .await;
    end.send(true).expect("a handler");
    assert_eq!(within(asking).await.expect("no panic").body(), "late");
    within(stopping).await.expect("no panic");
}

/// Checks that a connection ends if its client is silent after the 101 to `h2c`.
///
/// The client has sent nothing of the preface, a part, or all. The timeout for a head is 200 ms.
#[tokio::test]
async fn a_client_that_is_silent_after_h2c_is_left() {
    let timeouts = Timeouts { head: Some(Duration::from_millis(200)), ..Timeouts::default() };
    let config = Config { timeouts, ..Config::default() };
    let served = Served::with(WithH2c(router()), config).await;
    let preface = &b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..];
    for begun in [&b""[..], &preface[..10], preface] {
        let mut client = TcpStream::connect(served.address).await.expect("a server");
        let offer = b"GET /version HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\n\
            Connection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n";
        client.write_all(offer).await.expect("room");
        client.write_all(begun).await.expect("room");
        let mut received = Vec::new();
        // It may end by a reset, for the part of a preface that was not read.
        let _ = within(client.read_to_end(&mut received)).await;
        assert!(received.starts_with(b"HTTP/1.1 101 "), "{received:?}");
    }
    served.stop().await;
}

#[tokio::test]
async fn an_upload_that_is_reset_is_not_whole() {
    let (tell, mut told) = tokio::sync::mpsc::channel(1);
    let reads = service_fn(move |request: Request<Body>| {
        let tell = tell.clone();
        async move {
            tell.send(request.into_body().read(100).await.is_err()).await.expect("a test");
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
        }
    });
    let served = Served::with(reads.clone(), Config::default().with_h2(reads)).await;
    let mut client = http2(TcpStream::connect(served.address).await.expect("a server")).await;
    for (reason, length) in
        [(h2::Reason::NO_ERROR, "10"), (h2::Reason::CANCEL, "10"), (h2::Reason::NO_ERROR, "")]
    {
        let mut request = Request::post("http://localhost/");
        if !length.is_empty() {
            request = request.header(header::CONTENT_LENGTH, length);
        }
        let request = request.body(()).expect("a request");
        let (_response, mut sending) = client.send_request(request, false).expect("a server");
        sending.send_data("abc".into(), false).expect("a stream");
        tokio::time::sleep(Duration::from_millis(50)).await;
        sending.send_reset(reason);
        assert_eq!(within(told.recv()).await, Some(true), "{reason:?}, {length:?}");
    }
    drop(client);
    served.stop().await;
}

/// Checks that empty frames of content leave other tasks their turn.
#[tokio::test]
async fn empty_frames_do_not_hold_up_the_thread() {
    /// The number of empty frames.
    const EMPTY: usize = 1000;
    let turns = Arc::new(AtomicUsize::new(0));
    let others = {
        let turns = turns.clone();
        tokio::spawn(async move {
            loop {
                turns.fetch_add(1, Relaxed);
                tokio::task::yield_now().await;
            }
        })
    };
    let empties = service_fn(move |_: Request<Body>| {
        let (turns, before) = (turns.clone(), turns.load(Relaxed));
        let empty = futures_util::stream::iter((0..EMPTY).map(|_| Ok(Frame::data(Bytes::new()))));
        let last = futures_util::stream::once(async move {
            Ok::<_, Infallible>(Frame::data(Bytes::from(format!(
                "{}",
                turns.load(Relaxed) - before
            ))))
        });
        async { Ok::<_, Infallible>(Response::new(StreamBody::new(Box::pin(empty.chain(last))))) }
    });
    let served = Served::with(empties.clone(), Config::default().with_h2(empties)).await;
    let mut client = http2(TcpStream::connect(served.address).await.expect("a server")).await;
    let answer = ask(&mut client, to(Method::GET, "/", "")).await;
    let turns: usize =
        std::str::from_utf8(answer.body()).expect("a number").parse().expect("a number");
    // The runtime polls a task that has yielded once in 61 polls of others.
    assert!(turns >= EMPTY / 100, "{turns} turns");
    others.abort();
    drop(client);
    served.stop().await;
}

/// Checks that a read ends if content ceases to come, but not if it is slow.
///
/// Nor does it once the response has begun.
#[tokio::test]
async fn content_that_ceases_to_come_is_given_up() {
    let timeouts = Timeouts { content: Some(Duration::from_secs(1)), ..Timeouts::default() };
    let reads = service_fn(async |request: Request<Body>| {
        if request.uri().path() == "/stream" {
            return Ok::<_, BoxError>(Response::new(request.into_body()));
        }
        let content = request.into_body().read(10_000).await?;
        Ok(Response::new(Body::from(content.unwrap_or_default())))
    });
    let config = Config { timeouts, ..Config::default() };
    let served = Served::with(reads, config.with_h2(reads)).await;
    let mut client = http2(TcpStream::connect(served.address).await.expect("a server")).await;
    for (status, pieces) in [(StatusCode::REQUEST_TIMEOUT, 1), (StatusCode::OK, 4)] {
        let request = Request::post("http://localhost/").body(()).expect("a request");
        let (response, mut sending) = client.send_request(request, false).expect("a server");
        for _ in 0..pieces {
            sending.send_data(Bytes::from_static(&[b'x'; 500]), false).expect("a stream");
            tokio::time::sleep(Duration::from_millis(350)).await;
        }
        if status == StatusCode::OK {
            sending.send_data(Bytes::new(), true).expect("a stream");
        }
        assert_eq!(within(response).await.expect("a response").status(), status);
    }
    let request = Request::post("http://localhost/stream").body(()).expect("a request");
    let (response, mut sending) = client.send_request(request, false).expect("a server");
    let mut content = within(response).await.expect("a response").into_body();
    tokio::time::sleep(Duration::from_millis(1500)).await;
    sending.send_data(Bytes::from_static(b"late"), true).expect("a stream");
    assert_eq!(within(content.data()).await.expect("content").expect("content"), "late");
    drop(client);
    served.stop().await;
}
