//! Tests of protocols above and below an HTTP/1.1 connection: TLS and UDP.
//!
//! A protocol is above the connection after a switch, and below if the connection uses it.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use rustls::pki_types::ServerName;
use switchover::masque::{Capsules, Datagram, UdpTarget};
use switchover_tokio::client::{connect, upgrade as ask};
use switchover_tokio::{Body, BoxError, Config, Error, serve_connection, service_fn, upgrade};
use switchover_tokio_peers::{Served, Tls, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;

fn localhost() -> ServerName<'static> {
    "localhost".try_into().expect("a name")
}

fn get(uri: &str) -> Request<Body> {
    Request::get(uri).body(Body::empty()).expect("a request")
}

async fn text(response: Response<Body>) -> String {
    let content = within(response.into_body().read(1 << 24)).await.expect("whole").expect("short");
    String::from_utf8(content.into()).expect("text")
}

/// Checks that a request which upgrades to TLS gets its response over TLS.
///
/// More requests may follow over TLS (RFC 2817).
#[tokio::test]
async fn tls_by_upgrade_and_http_above_it() {
    async fn above(request: Request<Body>) -> Result<Response<Body>, Infallible> {
        Ok(Response::new(format!("{} in secret", request.uri().path()).into()))
    }
    let Tls { acceptor, connector, .. } = Tls::new(&[]);
    let served = Served::by(service_fn(move |request: Request<Body>| {
        let acceptor = acceptor.clone();
        async move {
            let Some(chosen) = upgrade::select(&request, ["TLS/1.3", "TLS/1.2"]) else {
                return Ok::<Response<Body>, Infallible>(upgrade::require(
                    &["TLS/1.3", "HTTP/1.1"],
                    "No.".into(),
                ));
            };
            Ok(chosen.accept(async move |upgraded| {
                let (stream, http) = upgraded.into_http_over_tls();
                let stream = acceptor.accept(stream).await.expect("a handshake");
                http.serve_connection(stream, service_fn(above), &Config::default().secure())
                    .await
                    .expect("served");
            }))
        }
    }))
    .await;
    let stream = TcpStream::connect(served.address).await.expect("a server");
    let outcome =
        within(ask(stream, get(&served.url("/first")), &["TLS/1.3"])).await.expect("an answer");
    let upgraded = outcome.into_result().expect("accepted");
    assert_eq!(upgraded.protocol(), "TLS/1.3, HTTP/1.1");
    let (stream, http) = upgraded.into_http_over_tls();
    let stream = within(connector.connect(localhost(), stream)).await.expect("a handshake");
    let (mut client, first) =
        within(http.receive(stream, &Config::default())).await.expect("an answer");
    assert_eq!(text(first).await, "/first in secret");
    for path in ["/second", "/third"] {
        let response =
            within(client.send(get(&format!("https://localhost{path}")))).await.expect("an answer");
        assert_eq!(text(response).await, format!("{path} in secret"));
    }
    within(client.close()).await.expect("all was sent");
    served.stop().await;
}

/// Checks that HTTPS works with the adapter at both ends.
///
/// TLS starts with the first byte. Some content is larger than TLS's write buffer, which must
/// therefore be flushed.
#[tokio::test]
async fn https_at_both_ends() {
    let Tls { acceptor, connector, .. } = Tls::new(&[]);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let serving = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a client");
        let stream = acceptor.accept(stream).await.expect("a handshake");
        let echo = service_fn(async |request: Request<Body>| {
            // A client must not upgrade to TLS or `h2c` over TLS.
            assert!(upgrade::select(&request, ["TLS/1.3", "h2c"]).is_none());
            Ok::<_, BoxError>(Response::new(request.into_body()))
        });
        serve_connection(stream, echo, &Config::default().secure()).await
    });
    let stream = TcpStream::connect(address).await.expect("a server");
    let stream = within(connector.connect(localhost(), stream)).await.expect("a handshake");
    let mut client = connect(stream, &Config::default().secure());
    for len in [0, 1, 100, 1_000_000, 5_000_000] {
        let content = "x".repeat(len);
        let request = Request::post("https://localhost/")
            .body(http_body_util::Full::<Bytes>::from(content.clone()));
        let response = within(client.send(request.expect("a request"))).await.expect("an answer");
        assert!(text(response).await == content, "{len}");
    }
    within(client.close()).await.expect("all was sent");
    within(serving).await.expect("no panic").expect("served");
}

/// Checks that a UDP proxy forwards datagrams to a socket and back.
///
/// The client's datagrams are in capsules (RFC 9298).
#[tokio::test]
async fn udp_through_a_connection() {
    async fn carry(
        mut stream: switchover_tokio::Upgraded,
        target: UdpTarget,
    ) -> std::io::Result<()> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        socket.connect((target.host, target.port)).await?;
        let mut capsules = Capsules::new(Capsules::UDP_PAYLOAD);
        let (mut bytes, mut payload) = ([0; 2000], [0; 2000]);
        loop {
            while let Ok(Some(datagram)) = capsules.next_datagram() {
                socket.send(datagram.payload).await?;
            }
            tokio::select! {
                read = stream.read(&mut bytes) => match read? {
                    0 => return Ok(()),
                    len => capsules.receive(&bytes[..len]),
                },
                len = socket.recv(&mut payload) => {
                    let mut out = Vec::new();
                    Datagram { context: 0, payload: &payload[..len?] }.write(&mut out);
                    stream.write_all(&out).await?;
                }
            }
        }
    }
    let served = Served::by(service_fn(async |request: Request<Body>| {
        let target = UdpTarget::parse(UdpTarget::TEMPLATE, request.uri().path());
        let (Some(chosen), Some(target)) = (upgrade::select(&request, ["connect-udp"]), target)
        else {
            return Ok(Response::builder().status(400).body(Body::empty())?);
        };
        let mut response: Response<Body> = chosen
            .accept(async |stream| carry(stream, target).await.expect("a socket and a client"));
        response.headers_mut().insert("capsule-protocol", "?1".parse()?);
        Ok::<_, BoxError>(response)
    }))
    .await;
    let echo = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let port = echo.local_addr().expect("an address").port();
    let echoing = tokio::spawn(async move {
        let mut payload = [0; 2000];
        for _ in 0..3 {
            let (len, from) = echo.recv_from(&mut payload).await.expect("a datagram");
            echo.send_to(&payload[..len], from).await.expect("room");
        }
    });
    let stream = TcpStream::connect(served.address).await.expect("a server");
    let mut request = get(&served.url(&format!("/.well-known/masque/udp/127.0.0.1/{port}/")));
    request.headers_mut().insert("capsule-protocol", "?1".parse().expect("a value"));
    let outcome = within(ask(stream, request, &["connect-udp"])).await.expect("an answer");
    let mut stream = outcome.into_result().expect("accepted");
    let mut capsules = Capsules::new(Capsules::UDP_PAYLOAD);
    for sent in ["a", "datagram", "and another"] {
        let mut out = Vec::new();
        Datagram { context: 0, payload: sent.as_bytes() }.write(&mut out);
        stream.write_all(&out).await.expect("a proxy");
        let mut bytes = [0; 2000];
        loop {
            if let Some(datagram) = capsules.next_datagram().expect("capsules") {
                assert_eq!(datagram.payload, sent.as_bytes());
                break;
            }
            let len = within(stream.read(&mut bytes)).await.expect("capsules");
            assert!(len > 0, "the end");
            capsules.receive(&bytes[..len]);
        }
    }
    drop(stream);
    within(echoing).await.expect("no panic");
    let refused = TcpStream::connect(served.address).await.expect("a server");
    let refused =
        within(connect(refused, &Config::default()).send(get(&served.url("/elsewhere")))).await;
    assert_eq!(refused.expect("an answer").status(), StatusCode::BAD_REQUEST);
    served.stop().await;
}

/// Checks that a reset below TLS is noticed while the handler reads nothing.
///
/// More bytes than the connection reads ahead come before it, so no read tells.
#[tokio::test]
async fn a_reset_below_tls_is_noticed_behind_content_that_nobody_reads() {
    let Tls { acceptor, connector, .. } = Tls::new(&[]);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let serving = tokio::spawn(async move {
        let (socket, _) = listener.accept().await.expect("a client");
        let stream = acceptor.accept(socket).await.expect("a handshake");
        let silent = service_fn(|_: Request<Body>| async {
            std::future::pending::<Result<Response<Body>, BoxError>>().await
        });
        let config = Config::default().secure();
        let config = config.with_socket(|tls: &TlsStream<TcpStream>| tls.get_ref().0);
        serve_connection(stream, silent, &config).await
    });
    let socket = TcpStream::connect(address).await.expect("a server");
    let mut client = within(connector.connect(localhost(), socket)).await.expect("a handshake");
    let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n";
    client.write_all(head.as_bytes()).await.expect("room");
    let piece = [0; 16_384];
    while timeout(Duration::from_millis(50), client.write(&piece)).await.is_ok() {}
    client.get_ref().0.set_zero_linger().expect("an open socket");
    drop(client);
    let ended = within(serving).await.expect("no panic");
    assert!(matches!(ended, Err(Error::Disconnected(_))), "{ended:?}");
}
