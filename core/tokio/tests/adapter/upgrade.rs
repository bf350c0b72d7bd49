//! Tests of protocol switches and tunnels on the server, mostly in memory.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use switchover::Ineligible;
use switchover_tokio::{
    Body, BoxError, Config, Error, HttpService, informational, serve_connection, service_fn,
    upgrade,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::net::{TcpListener, TcpStream};

type Content = Full<Bytes>;
type Answer = Result<Response<Content>, BoxError>;

/// Returns the client's end of a connection, and the task of its server.
fn served<H>(handler: H) -> (DuplexStream, tokio::task::JoinHandle<Result<(), Error>>)
where
    H: HttpService<Error: Into<BoxError>, Future: Send> + Send + 'static,
    H::Content: http_body::Body<Data: Send, Error: Into<BoxError>> + Send,
{
    let (client, server) = tokio::io::duplex(100_000);
    let serving = tokio::spawn(async move {
        serve_connection(server, handler, &Config { date: false, ..Config::default() }).await
    });
    (client, serving)
}

async fn send(client: &mut DuplexStream, text: &str) {
    client.write_all(text.as_bytes()).await.expect("room");
}

async fn expect(client: &mut DuplexStream, wanted: &str) {
    let mut got = vec![0; wanted.len()];
    let read = tokio::time::timeout(Duration::from_secs(10), client.read_exact(&mut got))
        .await
        .expect("in time");
    assert!(read.is_ok(), "the end instead of {wanted:?}");
    assert_eq!(String::from_utf8_lossy(&got), wanted);
}

async fn expect_end(client: &mut DuplexStream) {
    let mut rest = String::new();
    client.read_to_string(&mut rest).await.expect("text");
    assert_eq!(rest, "");
}

/// Accepts `shout/2` or `shout/1` if one is offered; otherwise responds in HTTP.
async fn shout(request: Request<Body>) -> Answer {
    let Some(chosen) = upgrade::select(&request, ["shout/2", "shout/1"]) else {
        return Ok(Response::new("in HTTP".into()));
    };
    Ok(chosen.accept(|mut stream| async move {
        let target = stream.request().expect("a server's").uri().to_string();
        let greeting = format!("{} for {target}\n", stream.protocol());
        stream.write_all(greeting.as_bytes()).await.expect("a client");
        let mut heard = String::new();
        stream.read_to_string(&mut heard).await.expect("text");
        stream.write_all(heard.to_uppercase().as_bytes()).await.expect("a client");
    }))
}

fn offering(protocols: &str) -> String {
    format!("GET /a HTTP/1.1\r\nHost: a\r\nconnection: upgrade\r\nupgrade: {protocols}\r\n\r\n")
}

const PLAIN: &str = "HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\nin HTTP";

#[tokio::test]
async fn an_offer_is_accepted_and_what_came_with_it_is_read_first() {
    let (mut client, serving) = served(service_fn(shout));
    send(&mut client, &(offering("foo, shout/1, shout/2") + "early ")).await;
    expect(
        &mut client,
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: shout/2\r\nconnection: Upgrade\r\n\r\n",
    )
    .await;
    expect(&mut client, "shout/2 for /a\n").await;
    send(&mut client, "and late").await;
    client.shutdown().await.expect("an end");
    expect(&mut client, "EARLY AND LATE").await;
    expect_end(&mut client).await;
    serving.await.expect("no panic").expect("served");
}

#[tokio::test]
async fn an_offer_that_is_not_wanted_changes_nothing() {
    let (mut client, serving) = served(service_fn(shout));
    for request in [
        offering("foo/2"),
        offering("shout/3"),
        "GET / HTTP/1.1\r\nHost: a\r\nupgrade: shout/1\r\n\r\n".into(),
    ] {
        send(&mut client, &request).await;
        expect(&mut client, PLAIN).await;
    }
    drop(client);
    serving.await.expect("no panic").expect("served");
}

#[tokio::test]
async fn offers_are_shown_with_the_rule_that_they_break() {
    let (mut client, _serving) = served(service_fn(async |request: Request<Body>| {
        let offers: Vec<_> = upgrade::offers(&request)
            .iter()
            .map(|offer| (offer.protocol.as_str(), offer.ineligible))
            .collect();
        assert_eq!(offers, [("foo/2", None), ("websocket", Some(Ineligible::Version))]);
        assert!(upgrade::select(&request, ["websocket"]).is_none());
        Ok::<_, BoxError>(Response::new(Content::from("in HTTP")))
    }));
    send(&mut client, &offering("foo/2, websocket")).await;
    expect(&mut client, PLAIN).await;
}

#[tokio::test]
async fn what_would_do_is_required_or_advertised() {
    let (mut client, _serving) = served(service_fn(async |request: Request<Body>| {
        if request.uri().path() == "/required" {
            return Ok::<_, BoxError>(upgrade::require(&["foo/2", "bar"], "foo!".into()));
        }
        let mut response = Response::new(Content::from("in HTTP"));
        upgrade::advertise(&mut response, &["foo/2", "bar"]);
        Ok(response)
    }));
    send(&mut client, "GET /required HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let head = "HTTP/1.1 426 Upgrade Required\r\ncontent-length: 4\r\nupgrade: foo/2, bar\r\nconnection: Upgrade\r\n\r\n";
    expect(&mut client, &format!("{head}foo!")).await;
    send(&mut client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 7\r\nupgrade: foo/2, bar\r\nconnection: Upgrade\r\n\r\n";
    expect(&mut client, &format!("{head}in HTTP")).await;
}

// Responses of frameworks that do not know this crate's upgrades.

#[tokio::test]
async fn a_426_that_says_nothing_is_a_400() {
    let (mut client, _serving) = served(service_fn(async |_| {
        Ok::<_, BoxError>(
            Response::builder().status(StatusCode::UPGRADE_REQUIRED).body(Content::from("no"))?,
        )
    }));
    send(&mut client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    expect(&mut client, "HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\nno").await;
}

#[tokio::test]
async fn a_101_of_a_framework_is_understood() {
    let (mut client, serving) = served(service_fn(async |request: Request<Body>| {
        let stream = upgrade::on(&request);
        tokio::spawn(async {
            let mut stream = stream.await.expect("the 101 has been sent");
            stream.write_all(stream.protocol().to_string().as_bytes()).await.expect("a client");
        });
        let response = Response::builder()
            .status(101)
            .header("connection", "upgrade")
            .header("upgrade", "foo");
        Ok::<_, BoxError>(
            response.header("content-length", "0").header("x-own", "1").body(Content::default())?,
        )
    }));
    send(&mut client, &offering("foo")).await;
    let head = "HTTP/1.1 101 Switching Protocols\r\nx-own: 1\r\nupgrade: foo\r\nconnection: Upgrade\r\n\r\n";
    expect(&mut client, &format!("{head}foo")).await;
    serving.await.expect("no panic").expect("served");
}

#[tokio::test]
async fn a_101_that_leads_nowhere_is_a_500() {
    for (upgrade_to, takes) in [("foo", false), ("bar", true)] {
        let (mut client, serving) = served(service_fn(move |request: Request<Body>| async move {
            if takes {
                drop(upgrade::on(&request));
            }
            Ok::<_, BoxError>(
                Response::builder()
                    .status(101)
                    .header("upgrade", upgrade_to)
                    .body(Content::default())?,
            )
        }));
        send(&mut client, &offering("foo")).await;
        expect(
            &mut client,
            "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        )
        .await;
        expect_end(&mut client).await;
        drop(client);
        assert!(matches!(serving.await.expect("no panic"), Err(Error::Misuse(_))));
    }
}

/// Checks that an offer can be accepted though nobody reads the request's trailers.
#[tokio::test]
async fn trailers_that_nobody_reads_do_not_hinder_an_accept() {
    let (mut client, _serving) = served(service_fn(shout));
    let head = "POST /a HTTP/1.1\r\nHost: a\r\nconnection: upgrade\r\nupgrade: shout/1\r\n";
    let content = "transfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nx: y\r\n\r\n";
    send(&mut client, &format!("{head}{content}early")).await;
    client.shutdown().await.expect("an end");
    expect(
        &mut client,
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: shout/1\r\nconnection: Upgrade\r\n\r\n",
    )
    .await;
    expect(&mut client, "shout/1 for /a\nEARLY").await;
    expect_end(&mut client).await;
}

/// Checks the response to an accepted offer whose content nobody reads.
///
/// An error in the content is the client's fault and gets a 400. Too much content gets a 413, other
/// content the 101.
#[tokio::test]
async fn content_before_an_accept_is_answered_as_it_deserves() {
    let offer = "POST / HTTP/1.1\r\nHost: a\r\nconnection: upgrade\r\nupgrade: foo\r\n";
    let chunks = format!("{offer}transfer-encoding: chunked\r\n\r\n");
    let length = |len: usize| format!("{offer}content-length: {len}\r\n\r\n");
    let accept = async |request: Request<Body>| {
        let chosen = upgrade::select(&request, ["foo"]).expect("it is offered");
        Ok::<Response<Content>, BoxError>(
            chosen.accept(async |mut stream| drop(stream.write_all(b"foo").await)),
        )
    };
    for (sent, status) in [
        (vec![format!("{chunks}3\r\nabcX")], "400 Bad Request"),
        (vec![format!("{chunks}3\r\nabc"), "X".into()], "400 Bad Request"),
        (vec![length(300_000)], "413 Content Too Large"),
        (vec![format!("{}{}", length(300_000), "x".repeat(300_000))], "413 Content Too Large"),
        (
            vec![chunks.clone(), format!("{:x}\r\n{}", 300_000, "x".repeat(300_000))],
            "413 Content Too Large",
        ),
        (vec![length(200_000), "x".repeat(200_000)], "101 Switching Protocols"),
        (vec![chunks.clone(), "3\r\nabc\r\n0\r\n\r\n".into()], "101 Switching Protocols"),
        (vec![format!("{chunks}3\r\nabc\r\n0\r\n\r\n")], "101 Switching Protocols"),
    ] {
        let (mut client, _serving) = served(service_fn(accept));
        let sending = async {
            for piece in &sent {
                // A client that has received its response may disconnect before it has sent
                // everything.
                drop(client.write_all(piece.as_bytes()).await);
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
            let mut first = vec![0; 9 + status.len()];
            client.read_exact(&mut first).await.expect("an answer");
            String::from_utf8(first).expect("text")
        };
        assert_eq!(
            tokio::time::timeout(std::time::Duration::from_secs(10), sending)
                .await
                .expect("in time"),
            format!("HTTP/1.1 {status}"),
            "{}",
            &sent[0][..sent[0].len().min(120)]
        );
    }
}

#[tokio::test]
async fn a_101_to_a_broken_handshake_is_a_400() {
    let (mut client, serving) = served(service_fn(async |request: Request<Body>| {
        drop(upgrade::on(&request));
        Ok::<_, BoxError>(
            Response::builder()
                .status(101)
                .header("upgrade", "websocket")
                .body(Content::default())?,
        )
    }));
    send(&mut client, &offering("websocket")).await;
    expect(
        &mut client,
        "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    )
    .await;
    drop(client);
    assert!(matches!(serving.await.expect("no panic"), Err(Error::Handler(_))));
}

// Tunnels by CONNECT.

const CONNECT: &str = "CONNECT b:1 HTTP/1.1\r\nHost: b:1\r\n\r\n";

#[tokio::test]
async fn a_tunnel_is_opened_by_a_2xx_to_connect() {
    let (mut client, serving) = served(service_fn(async |request: Request<Body>| {
        let tunnel = upgrade::tunnel(&request, |mut stream| async move {
            let mut heard = [0; 5];
            stream.read_exact(&mut heard).await.expect("a client");
            stream.write_all(&heard).await.expect("a client");
        });
        Ok::<Response<Content>, BoxError>(
            tunnel.unwrap_or_else(|| Response::new("no tunnel".into())),
        )
    }));
    send(&mut client, &format!("{CONNECT}hello")).await;
    expect(&mut client, "HTTP/1.1 200 OK\r\n\r\nhello").await;
    serving.await.expect("no panic").expect("served");
}

#[tokio::test]
async fn a_2xx_to_connect_without_a_tunnel_is_a_501() {
    let (mut client, serving) =
        served(service_fn(async |_| Ok::<_, BoxError>(Response::new(Content::from("welcome")))));
    send(&mut client, CONNECT).await;
    expect(
        &mut client,
        "HTTP/1.1 501 Not Implemented\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    )
    .await;
    drop(client);
    assert!(matches!(serving.await.expect("no panic"), Err(Error::Misuse(_))));
}

/// Checks that a rejected CONNECT ends the connection.
///
/// Later bytes may have been meant for the tunnel, so the server does not parse them (RFC 9931,
/// section 8).
#[tokio::test]
async fn a_connect_that_is_refused_ends_the_connection() {
    let (mut client, serving) = served(service_fn(async |_| {
        Ok::<_, BoxError>(Response::builder().status(407).body(Content::default())?)
    }));
    send(&mut client, &format!("{CONNECT}GET / HTTP/1.1\r\nHost: a\r\n\r\n")).await;
    let head = "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    expect(&mut client, head).await;
    expect_end(&mut client).await;
    drop(client);
    serving.await.expect("no panic").expect("served");
}

// Content of a request with an offer, and its 100 response.

#[tokio::test]
async fn content_is_read_before_the_switch_or_dropped() {
    for reads in [true, false] {
        let (mut client, serving) =
            served(service_fn(move |mut request: Request<Body>| async move {
                let content = std::mem::take(request.body_mut());
                let content =
                    if reads { content.read(100).await?.unwrap_or_default() } else { Bytes::new() };
                let chosen = upgrade::select(&request, ["foo"]).expect("it is offered");
                Ok::<Response<Content>, BoxError>(chosen.accept(async move |mut stream| {
                    stream.write_all(&content).await.expect("a client");
                    let mut heard = String::new();
                    stream.read_to_string(&mut heard).await.expect("text");
                    stream.write_all(heard.as_bytes()).await.expect("a client");
                }))
            }));
        let fields =
            "connection: upgrade\r\nupgrade: foo\r\nExpect: 100-continue\r\ncontent-length: 5";
        send(&mut client, &format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n")).await;
        expect(&mut client, "HTTP/1.1 100 Continue\r\n\r\n").await;
        send(&mut client, "12345rest").await;
        client.shutdown().await.expect("an end");
        expect(
            &mut client,
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: foo\r\nconnection: Upgrade\r\n\r\n",
        )
        .await;
        expect(&mut client, if reads { "12345rest" } else { "rest" }).await;
        serving.await.expect("no panic").expect("served");
    }
}

/// Checks that a handler may read exactly its content before it accepts.
#[tokio::test]
async fn content_that_is_read_exactly_leaves_the_protocol_known() {
    let (mut client, serving) = served(service_fn(async |mut request: Request<Body>| {
        let mut left = 5;
        while left > 0 {
            let frame = request.body_mut().frame().await.expect("content").expect("content");
            left -= frame.into_data().expect("data").len();
        }
        let chosen = upgrade::select(&request, ["foo"]).expect("it is offered");
        Ok::<Response<Content>, BoxError>(chosen.accept(async |mut stream| {
            let told = format!("{} {}", stream.protocol(), stream.request().is_some());
            stream.write_all(told.as_bytes()).await.expect("a client");
        }))
    }));
    let fields = "connection: upgrade\r\nupgrade: foo\r\ncontent-length: 5";
    send(&mut client, &format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n12")).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    send(&mut client, "345").await;
    let head = "HTTP/1.1 101 Switching Protocols\r\nupgrade: foo\r\nconnection: Upgrade\r\n\r\n";
    expect(&mut client, head).await;
    expect(&mut client, "foo true").await;
    serving.await.expect("no panic").expect("served");
}

/// Checks that the memory of early bytes is released once they are read.
#[tokio::test]
async fn early_bytes_are_not_kept_once_they_are_read() {
    let (mut client, serving) = served(service_fn(async |request: Request<Body>| {
        let chosen = upgrade::select(&request, ["shout"]).expect("an offer");
        Ok::<Response<Body>, BoxError>(chosen.accept(async |mut stream| {
            let mut early = vec![0; 1000];
            stream.read_exact(&mut early).await.expect("a client");
            let (_, leftover) = stream.into_parts();
            assert!(leftover.is_empty());
            // What shares memory, even as an empty part of it, can become its owner.
            assert!(leftover.try_into_mut().is_err());
        }))
    }));
    send(&mut client, &(offering("shout") + &"x".repeat(1000))).await;
    serving.await.expect("no panic").expect("served");
}

/// Checks that a stream can end with a reset.
///
/// After an orderly end the client would consider half of the data complete.
#[tokio::test]
async fn a_stream_can_end_with_a_reset() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("a port");
    let handler = service_fn(async |request: Request<Body>| {
        let chosen = upgrade::select(&request, ["shout"]).expect("an offer");
        Ok::<Response<Body>, BoxError>(chosen.accept(async |mut stream| {
            stream.read_u8().await.expect("a client");
            stream.reset();
        }))
    });
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a client");
        serve_connection(stream, handler, &Config::default()).await
    });
    let mut client = TcpStream::connect(address).await.expect("a server");
    client.write_all(offering("shout").as_bytes()).await.expect("a server");
    let mut byte = [0];
    while !byte.contains(&b'\n') {
        client.read_exact(&mut byte).await.expect("a head");
    }
    client.write_all(b"x").await.expect("a server");
    let end = client.read_to_end(&mut Vec::new()).await.expect_err("a reset");
    assert_eq!(end.kind(), std::io::ErrorKind::ConnectionReset);
}

/// Checks that HTTP continues above TLS after an upgrade to TLS.
///
/// A layer that changes no bytes stands in for TLS.
#[tokio::test]
async fn http_goes_on_above_a_new_layer() {
    async fn above(request: Request<Body>) -> Answer {
        assert!(upgrade::offers(&request).is_empty());
        let mut interim = Response::new(());
        *interim.status_mut() = StatusCode::PROCESSING;
        informational(&request).expect("it is in the config").send(interim);
        Ok(Response::new(Content::from(request.uri().to_string())))
    }
    async fn below(request: Request<Body>) -> Answer {
        let chosen = upgrade::select(&request, ["TLS/1.0"]).expect("it is offered");
        Ok(chosen.accept(|upgraded| async {
            let (stream, http) = upgraded.into_http_over_tls();
            let config = Config { date: false, informational: true, ..Config::default() }.secure();
            http.serve_connection(stream, service_fn(above), &config).await.expect("served");
        }))
    }
    let (mut client, serving) = served(service_fn(below));
    send(&mut client, &offering("TLS/1.0")).await;
    expect(
        &mut client,
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: TLS/1.0, HTTP/1.1\r\nconnection: Upgrade\r\n\r\n",
    )
    .await;
    let interim = "HTTP/1.1 102 Processing\r\n\r\n";
    expect(&mut client, interim).await;
    expect(&mut client, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n/a").await;
    send(&mut client, "GET /b HTTP/1.1\r\nHost: a\r\n\r\n").await;
    expect(&mut client, interim).await;
    expect(&mut client, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n/b").await;
    drop(client);
    serving.await.expect("no panic").expect("served");
}

/// Checks that reading content from before an upgrade to TLS fails above TLS.
///
/// It must not look like empty content. A request with a length of 0 still has empty content.
#[tokio::test]
async fn content_from_below_a_new_layer_is_not_empty_content() {
    async fn above(request: Request<Body>) -> Answer {
        let read = request.into_body().read(1000).await;
        Ok(Response::new(Content::from(format!("{:?}", read.map_err(|error| error.to_string())))))
    }
    async fn below(request: Request<Body>) -> Answer {
        let chosen = upgrade::select(&request, ["TLS/1.0"]).expect("it is offered");
        Ok(chosen.accept(|upgraded| async {
            let (stream, http) = upgraded.into_http_over_tls();
            let config = Config { date: false, ..Config::default() }.secure();
            http.serve_connection(stream, service_fn(above), &config).await.expect("served");
        }))
    }
    for (length, wanted) in [(5, "came before TLS"), (0, "Ok(Some(b\"\"))")] {
        let (mut client, serving) = served(service_fn(below));
        let fields = format!("upgrade: TLS/1.0\r\nconnection: upgrade\r\ncontent-length: {length}");
        let content = &"hello"[..length];
        send(&mut client, &format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n{content}"))
            .await;
        client.shutdown().await.expect("an end");
        let mut answers = String::new();
        client.read_to_string(&mut answers).await.expect("text");
        assert!(answers.contains(" 200 OK") && answers.contains(wanted), "{answers}");
        serving.await.expect("no panic").expect("served");
    }
}

#[tokio::test]
async fn a_connection_goes_on_as_http_2() {
    let handler = service_fn(async |mut request: Request<Body>| {
        let content = std::mem::take(request.body_mut()).read(1000).await?.unwrap_or_default();
        let chosen = upgrade::select(&request, ["h2c"]).expect("it is offered");
        Ok::<Response<Content>, BoxError>(chosen.accept_http2(content, async |stream| {
            let mut http2 = h2::server::handshake(stream).await.expect("a client");
            while let Some(Ok((request, mut respond))) = http2.accept().await {
                assert_eq!(request.uri().path(), "/a");
                let mut stream = respond.send_response(Response::new(()), false).expect("room");
                stream.send_data("hello".into(), true).expect("room");
            }
        }))
    });
    // A stream may buffer writes until it is flushed, as TLS does.
    let (mut client, server) = tokio::io::duplex(100_000);
    let config = Config { date: false, ..Config::default() };
    let serving = tokio::spawn(async move {
        serve_connection(tokio::io::BufWriter::new(server), handler, &config).await
    });
    let fields = "connection: upgrade, http2-settings\r\nupgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA";
    send(&mut client, &format!("GET /a HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n")).await;
    send(&mut client, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    client.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await.expect("room");
    expect(
        &mut client,
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: Upgrade\r\n\r\n",
    )
    .await;
    // Read frames up to the DATA frame of stream 1.
    let content = tokio::time::timeout(Duration::from_secs(10), async {
        loop {
            let mut head = [0; 9];
            client.read_exact(&mut head).await.expect("a frame");
            let mut payload = vec![0; usize::from(head[1]) << 8 | usize::from(head[2])];
            client.read_exact(&mut payload).await.expect("a frame");
            if head[3] == 0 {
                assert_eq!(head[8], 1, "stream 1");
                return payload;
            }
        }
    });
    assert_eq!(content.await.expect("in time"), b"hello");
    drop(client);
    serving.await.expect("no panic").expect("served");
}
