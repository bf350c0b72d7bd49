//! Tests of a handler that is served in HTTP/1.1 and HTTP/2 on one port.

use std::convert::Infallible;
use std::net::SocketAddr;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::routing::{any, get, post};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use h2::client::SendRequest;
use http::{Method, Request, Response, StatusCode, Version, header};
use http_body_util::Full;
use switchover_tokio::h2::WithH2c;
use switchover_tokio::upgrade::{self, Offers};
use switchover_tokio::{
    Body, BoxError, Config, Http2Stream, Transport, accept, client, serve_connection_until,
    service_fn,
};
use switchover_tokio_peers::{Served, Tls, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
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

/// Echoes the first message of a WebSocket, with its subprotocol.
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

/// Checks that ALPN needs no other code.
///
/// A client that agrees on `h2` sends the preface.
#[tokio::test]
async fn alpn_selects_the_version() {
    let (listener, tls) = (TcpListener::bind("127.0.0.1:0").await.expect("a port"), Tls::new(&[]));
    let address = listener.local_addr().expect("an address");
    let mut server = rustls::ServerConfig::clone(tls.acceptor.config());
    server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let acceptor = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(server));
    let serving = tokio::spawn(accept(listener, std::future::pending(), move |stream, _, stop| {
        let (acceptor, config) = (acceptor.clone(), Config::default().secure());
        let config = config.with_h2(router());
        async move {
            let stream = acceptor.accept(stream).await.expect("a handshake");
            let _ = serve_connection_until(stream, router(), &config, stop.wait()).await;
        }
    }));
    let connect = async |protocol: &str| {
        let mut client = rustls::ClientConfig::clone(tls.connector.config());
        client.alpn_protocols = vec![protocol.into()];
        let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(client));
        let stream = TcpStream::connect(address).await.expect("a server");
        let name = "localhost".try_into().expect("a name");
        let stream = within(connector.connect(name, stream)).await.expect("a handshake");
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(protocol.as_bytes()));
        stream
    };
    let mut second = http2(connect("h2").await).await;
    assert_eq!(ask(&mut second, to(Method::GET, "/version", "")).await.body(), "HTTP/2.0");
    let mut first = client::connect(connect("http/1.1").await, &Config::default().secure());
    let request = Request::get("https://localhost/version").body(Body::empty());
    let response = within(first.send(request.expect("a request"))).await.expect("an answer");
    let content = within(response.into_body().read(100)).await.expect("whole").expect("short");
    assert_eq!(content, "HTTP/1.1");
    serving.abort();
}

/// Checks that the request with the offer is served in HTTP/2, with its content.
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
    let long = Request::post(served.url("/echo")).body(Full::<Bytes>::from(vec![b'x'; 70_000]));
    let stream = TcpStream::connect(served.address).await.expect("a server");
    let request = long.expect("a request");
    let outcome = within(client::upgrade(stream, request, &["h2c"])).await.expect("an answer");
    let client::Outcome::Declined(declined) = outcome else { panic!("accepted") };
    let content = within(declined.response.into_body().read(1 << 20)).await.expect("whole");
    assert_eq!(content.expect("short").len(), 70_000);
    served.stop().await;
}

/// Opens a stream for another protocol: an extended CONNECT, or a plain one.
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

/// Checks that RFC 8441 comes to the handler as the offer of HTTP/1.1 does.
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
    let request = Request::builder().uri("http://localhost/ws").body(()).expect("a request");
    let (status, ..) = connect(&mut client, Some("foo"), request).await;
    assert_eq!(status, StatusCode::UPGRADE_REQUIRED);
    served.stop().await;
}

/// Responds with a tunnel, an error, a 101 of its own, or content.
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
        "/101" => Ok(Response::builder().status(101).body(Full::default())?),
        _ => Ok(Response::new("hello".into())),
    }
}

#[tokio::test]
async fn what_http1_answers_for_a_handler_http2_answers_too() {
    let served = Served::with(service_fn(odd), Config::default().with_h2(service_fn(odd))).await;
    let stream = TcpStream::connect(served.address).await.expect("a server");
    let mut client = http2(stream).await;
    let head = ask(&mut client, to(Method::HEAD, "/", "")).await;
    assert_eq!(
        (head.headers()[header::CONTENT_LENGTH].as_bytes(), head.body().len()),
        (&b"5"[..], 0)
    );
    let error = ask(&mut client, to(Method::GET, "/error", "")).await;
    assert_eq!(error.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let unasked = ask(&mut client, to(Method::GET, "/101", "")).await;
    assert_eq!(unasked.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let request = Request::builder().uri("a.example:80").body(()).expect("a request");
    let (status, _, mut tunnel) = connect(&mut client, None, request).await;
    assert_eq!(status, StatusCode::OK);
    within(tunnel.write_all(b"ping")).await.expect("room");
    let mut said = Vec::new();
    within(tunnel.read_to_end(&mut said)).await.expect("an end");
    assert_eq!(said, b"ping");
    drop((client, tunnel));
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
