//! Tests of the observations that an observer receives, and their order.

use std::io::IoSlice;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::common::{self, Asked, Frames, GET, config, expect, rest, send, served_by, soon};
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::Frame;
use http_body_util::Full;
use switchover::{Connection, FieldSource};
use switchover_tokio::client::{Outcome, connect};
use switchover_tokio::observe::{Decision, Observation, Observer};
use switchover_tokio::{
    Body, BoxError, Config, HttpService, Timeouts, informational, serve_connection, service_fn,
    upgrade,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// An observer that logs bytes as text, and events and calls by their names.
#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl Observer for Log {
    fn observe(&self, what: Observation<'_>, http: &Connection) {
        let line = match what {
            Observation::Received(bytes) => format!("< {}", bytes.escape_ascii()),
            Observation::Ended(end) => format!("<end {}", end.name()),
            Observation::Event(event) => format!("= {event} @{}", http.position()),
            Observation::EndOfMessage => format!("= end @{}", http.position()),
            Observation::Paused(why) => format!("= paused {}", why.name()),
            Observation::Failed(error) => format!("= error {}", error.kind().name()),
            Observation::Decided(decision, wrote) => {
                format!("! {}> {}", words(decision), wrote.escape_ascii())
            }
            Observation::Refused(decision, error) => {
                format!("! {}? {}", words(decision), error.kind().name())
            }
            Observation::UpgradedRead(bytes) => format!("<< {}", bytes.escape_ascii()),
            Observation::UpgradedWrite(bytes) => format!(">> {}", bytes.escape_ascii()),
            _ => panic!("a kind that has no test"),
        };
        self.0.lock().expect("no panic").push(line);
    }
}

fn words(decision: Decision<'_>) -> String {
    match decision {
        Decision::Request(head, offer) => {
            format!("request {} {} {offer:?}{}", head.method, head.target, lines(head.fields))
        }
        Decision::Inform(head) => format!("inform {} ", head.status),
        Decision::Response(head) => format!("response {}{}", head.status, lines(head.fields)),
        Decision::Respond(head, content) => {
            format!("respond {} {} ", head.status, content.escape_ascii())
        }
        Decision::Reject(head, content) => {
            format!("reject {} {} ", head.status, content.escape_ascii())
        }
        Decision::Accept(selection, protocols, fields) => {
            format!("accept {}{}", protocols[selection.preference()], lines(fields))
        }
        Decision::Require(protocols, fields) => format!("require {protocols:?}{}", lines(fields)),
        Decision::Advertise(protocols) => format!("advertise {protocols:?} "),
        Decision::Data(data) => format!("data {} ", data.escape_ascii()),
        Decision::End(trailers) => format!("end{}", lines(trailers)),
        Decision::Skip => "skip ".into(),
        Decision::Close => "close ".into(),
        Decision::Abandon => "abandon ".into(),
        Decision::Resume => "resume ".into(),
        Decision::Take => "take ".into(),
        _ => panic!("a verb that has no test"),
    }
}

fn lines(fields: &dyn FieldSource) -> String {
    let mut text = String::new();
    fields.each(&mut |field| {
        text += &format!(" | {}: {}", field.name.escape_ascii(), field.value.escape_ascii())
    });
    text + " "
}

impl Log {
    fn read(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().expect("no panic"))
    }
}

fn watched() -> (Arc<Log>, Config) {
    let log = Arc::new(Log::default());
    let observer = Some(Arc::clone(&log) as Arc<dyn Observer>);
    (log, Config { observer, ..config() })
}

/// Returns the log of a server that receives the given bytes and their end.
///
/// The server must respond with `wanted`.
async fn answered<H>(
    config: impl FnOnce(Config) -> Config,
    handler: H,
    bytes: &str,
    wanted: &str,
) -> Vec<String>
where
    H: HttpService<Error: Into<BoxError>, Future: Send> + Send + 'static,
    H::Content: http_body::Body<Data: Send, Error: Into<BoxError>> + Send,
{
    let (log, watching) = watched();
    let (mut client, serving) = served_by(100_000, config(watching), handler);
    send(&mut client, bytes).await;
    client.shutdown().await.expect("an end");
    assert_eq!(rest(&mut client).await, wanted);
    let _ = soon(serving).await.expect("no panic");
    log.read()
}

type Answer<B = Body> = Result<Response<B>, BoxError>;

async fn ok(_: Request<Body>) -> Answer {
    Ok(Response::new("ok".into()))
}

/// Responds with the content that it reads and a `!`, in two chunks, and a trailer.
async fn echo(request: Request<Body>) -> Answer<Frames> {
    let content = request.into_body().read(1000).await?.ok_or("too much")?;
    let text: &'static str = String::from_utf8(content.into())?.leak();
    let trailers = HeaderMap::from_iter([("x".parse()?, "y".parse()?)]);
    Ok(Response::new(Frames::of([text, "!"]).and(Frame::trailers(trailers))))
}

async fn inform(request: Request<Body>) -> Answer {
    informational(&request).ok_or("none")?.send(Response::builder().status(103).body(())?);
    ok(request).await
}

async fn read(request: Request<Body>) -> Answer {
    let content = request.into_body().read(10).await?.ok_or("too much")?;
    Ok(Response::new(content.into()))
}

#[tokio::test]
async fn a_server_shows_requests_and_answers_in_their_order() {
    let post =
        "POST /e HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\ntransfer-encoding: chunked\r\n\r\n";
    let (log, config) = watched();
    let (mut client, serving) = served_by(100_000, config, service_fn(echo));
    send(&mut client, post).await;
    expect(&mut client, "HTTP/1.1 100 Continue\r\n\r\n").await;
    send(&mut client, "2\r\nhi\r\n0\r\nT: u\r\n\r\n").await;
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    expect(&mut client, &format!("{head}2\r\nhi\r\n1\r\n!\r\n0\r\nx: y\r\n\r\n")).await;
    client.shutdown().await.expect("an end");
    soon(serving).await.expect("no panic").expect("served");
    let escaped = |text: &str| text.escape_debug().to_string();
    let wanted = [
        &format!("< {}", escaped(post)),
        "= request POST /e 1.1 @79",
        "! inform 100 > HTTP/1.1 100 Continue\\r\\n\\r\\n",
        "< 2\\r\\nhi\\r\\n0\\r\\nT: u\\r\\n\\r\\n",
        "= data \"hi\" @84",
        "= end {T: u} @97",
        &format!("! response 200 > {}", escaped(head)),
        "! data hi > 2\\r\\nhi\\r\\n",
        "! data ! > 1\\r\\n!\\r\\n",
        "! end | x: y > 0\\r\\nx: y\\r\\n\\r\\n",
        "<end clean",
        "= paused closed",
    ];
    assert_eq!(log.read(), wanted);
}

#[tokio::test]
async fn a_short_cut_shows_the_end_of_a_message_all_the_same() {
    let bytes = "GET /a HTTP/1.1\r\nHost: a\r\n\r\nPOST /b HTTP/1.1\r\nHost: a\r\ncontent-length: 2\r\n\r\nhi";
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    let log = answered(|config| config, service_fn(ok), bytes, &answer.repeat(2)).await;
    let respond = "! respond 200 ok > HTTP/1.1 200 OK\\r\\ncontent-length: 2\\r\\n\\r\\nok";
    let wanted = [
        "= request GET /a 1.1 @28",
        "= end @28",
        respond,
        "= request POST /b 1.1 @76",
        "= data \"hi\" @78",
        "= end @78",
        respond,
        "<end clean",
        "= paused closed",
    ];
    assert_eq!(log[1..], wanted);
}

#[tokio::test]
async fn a_server_shows_what_it_adds_to_a_handlers_answer() {
    let required =
        service_fn(async |_| Answer::Ok(upgrade::require(&["foo/2", "bar"], Body::from("no\n"))));
    let answer = "HTTP/1.1 426 Upgrade Required\r\ncontent-length: 3\r\nupgrade: foo/2, bar\r\nconnection: Upgrade\r\n\r\nno\n";
    let log = answered(|config| config, required, GET, answer).await;
    assert!(
        log[3].starts_with("! require [\"foo/2\", \"bar\"] | content-length: 3 > HTTP/1.1 426 "),
        "{}",
        log[3]
    );
    let advertised = service_fn(async |_| {
        let mut response = Response::new(Body::from("yes"));
        upgrade::advertise(&mut response, &["foo/2"]);
        Answer::Ok(response)
    });
    let answer =
        "HTTP/1.1 200 OK\r\ncontent-length: 3\r\nupgrade: foo/2\r\nconnection: Upgrade\r\n\r\nyes";
    let log = answered(|config| config, advertised, GET, answer).await;
    assert_eq!(log[3], "! advertise [\"foo/2\"] > ");
    // No valid name is no list.
    let invalid = service_fn(async |_| {
        let mut response = Response::new(Body::from("yes"));
        upgrade::advertise(&mut response, &["foo bar", ""]);
        Answer::Ok(response)
    });
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nyes";
    answered(|config| config, invalid, GET, answer).await;
    // The server discards content that the handler does not read, up to a limit; then it closes.
    let long = "POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 1000000\r\n\r\n";
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
    let log = answered(|config| config, service_fn(ok), long, answer).await;
    assert_eq!(&*log[2], "! skip > ", "{log:?}");
    assert_eq!(log.iter().filter(|line| line.starts_with("! skip")).count(), 1, "{log:?}");
}

#[tokio::test]
async fn what_the_engine_refuses_is_shown_with_its_reason() {
    let bytes = "GET / HTTP/1.0\r\n\r\n";
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
    let log = answered(
        |config| Config { informational: true, ..config },
        service_fn(inform),
        bytes,
        answer,
    )
    .await;
    assert_eq!(log[3], "! inform 103 ? http-1.0-peer", "{log:?}");
    assert!(log[4].starts_with("! respond 200 ok > "), "{log:?}");
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_fails_is_shown_with_the_answer_to_it() {
    let bytes = "GET / HTTP/1.1\r\nHost : a\r\n\r\n";
    let answer = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let log = answered(|config| config, service_fn(ok), bytes, answer).await;
    assert_eq!(log[1], "= error space-before-colon");
    assert!(log[2].starts_with("! reject 400  > HTTP/1.1 400 Bad Request\\r\\n"), "{log:?}");
    // Half a head, after which nothing arrives.
    let (log, config) = watched();
    let config = Config {
        timeouts: Timeouts { head: Some(Duration::from_secs(1)), ..config.timeouts },
        ..config
    };
    let (mut client, serving) = served_by(1000, config, service_fn(ok));
    send(&mut client, "GET / HT").await;
    rest(&mut client).await;
    drop(client);
    assert!(serving.await.expect("no panic").is_err());
    let log = log.read();
    assert_eq!(log[0], "< GET / HT");
    assert!(log[1].starts_with("! reject 408  > HTTP/1.1 408 Request Timeout\\r\\n"), "{log:?}");
    // A client that disconnects in the middle of the content.
    let cut = "POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 9\r\n\r\nhalf";
    let answer = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let log = answered(|config| config, service_fn(read), cut, answer).await;
    assert_eq!(log[3..5], ["<end clean", "= error truncated"], "{log:?}");
}

const OFFER: &str = "GET / HTTP/1.1\r\nHost: a\r\nconnection: upgrade\r\nupgrade: TLS/1.3\r\n\r\n";

#[tokio::test]
async fn a_switch_is_shown_and_so_is_http_above_the_new_layer() {
    let (log, config) = watched();
    let above = config.clone();
    let handler = service_fn(move |request: Request<Body>| {
        let above = Config { observer: None, ..above.clone() };
        async move {
            let chosen = upgrade::select(&request, ["TLS/1.3"]).ok_or("no offer")?;
            Ok::<_, BoxError>(chosen.accept::<_, _, Body>(|stream| async move {
                // A layer that changes no bytes stands in for TLS.
                let (stream, http) = stream.into_http_over_tls();
                let again =
                    service_fn(async |_| Ok::<_, BoxError>(Response::new(Body::from("above"))));
                http.serve_connection(stream, again, &above).await.expect("served");
            }))
        }
    });
    let (mut client, serving) = served_by(1000, config, handler);
    send(&mut client, OFFER).await;
    let accepted = "HTTP/1.1 101 Switching Protocols\r\nupgrade: TLS/1.3, HTTP/1.1\r\nconnection: Upgrade\r\n\r\n";
    expect(&mut client, accepted).await;
    expect(&mut client, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabove").await;
    client.shutdown().await.expect("an end");
    soon(serving).await.expect("no panic").expect("served");
    let wanted = [
        "= request GET / 1.1 offers [TLS/1.3] @66",
        "= end @66",
        &format!("! accept TLS/1.3 > {}", accepted.escape_debug()),
        "= switched by upgrade to TLS/1.3, HTTP/1.1 @66",
        "! take > ",
        "! resume > ",
        "! respond 200 above > HTTP/1.1 200 OK\\r\\ncontent-length: 5\\r\\n\\r\\nabove",
        "<end clean",
        "= paused closed",
    ];
    let log = log.read();
    let shown: Vec<_> = log[1..].iter().map(|line| line.replace(" for GET /", "")).collect();
    assert_eq!(shown, wanted);
}

#[tokio::test]
async fn a_client_shows_what_it_asks_and_what_comes_of_it() {
    let (log, config) = watched();
    let (client, server) = tokio::io::duplex(1000);
    let serving = tokio::spawn(async move {
        let answer = service_fn(async |request: Request<Body>| {
            Ok::<_, BoxError>(match upgrade::select(&request, ["foo/2"]) {
                Some(chosen) => chosen.accept(async |mut stream| {
                    let mut said = String::new();
                    stream.read_to_string(&mut said).await.expect("text");
                    stream.write_all(said.to_uppercase().as_bytes()).await.expect("a client");
                }),
                None => Response::new(Body::from("no")),
            })
        });
        serve_connection(server, answer, &common::config()).await
    });
    let mut client = connect(client, &config);
    let post = Request::post("http://a/p").body(Full::<Bytes>::from("hi")).expect("a request");
    let answer = soon(client.send(post)).await.expect("an answer");
    assert_eq!(&*answer.into_body().read(9).await.expect("whole").expect("short"), b"no");
    let offer = Request::get("http://a/").body(Body::empty()).expect("a request");
    let Ok(Outcome::Upgraded(mut stream)) = soon(client.upgrade(offer, &["foo/2"])).await else {
        panic!("no switch")
    };
    let pieces = [IoSlice::new(b"hel"), IoSlice::new(b"lo")];
    assert_eq!(stream.write_vectored(&pieces).await.expect("room"), 5);
    stream.shutdown().await.expect("an end");
    let mut heard = String::new();
    stream.read_to_string(&mut heard).await.expect("text");
    soon(serving).await.expect("no panic").expect("served");
    let request = "GET / HTTP/1.1\r\nhost: a\r\nupgrade: foo/2\r\nconnection: Upgrade\r\n\r\n";
    let accepted =
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: foo/2\r\nconnection: Upgrade\r\n\r\n";
    let wanted = [
        "! request POST /p [] | host: a | content-length: 2 > POST /p HTTP/1.1\\r\\nhost: a\\r\\ncontent-length: 2\\r\\n\\r\\n",
        "! data hi > hi",
        "! end > ",
        "< HTTP/1.1 200 OK\\r\\ncontent-length: 2\\r\\n\\r\\nno",
        "= response 200 1.1 @38",
        "= data \"no\" @40",
        "= end @40",
        &format!("! request GET / [\"foo/2\"] | host: a > {}", request.escape_debug()),
        "! end > ",
        &format!("< {}", accepted.escape_debug()),
        "= switched by upgrade to foo/2 101 @113",
        "! take > ",
        ">> hel",
        ">> lo",
        "<< HELLO",
    ];
    assert_eq!(log.read(), wanted);
}

#[tokio::test]
async fn a_client_shows_a_server_that_breaks_the_rules() {
    let (log, config) = watched();
    let (client, mut server) = tokio::io::duplex(1000);
    let mut client = connect(Asked::new(client), &config);
    server
        .write_all(
            b"HTTP/1.1 101 Switching Protocols\r\nupgrade: bar\r\nconnection: upgrade\r\n\r\n",
        )
        .await
        .expect("room");
    let offer = Request::get("http://a/").body(Body::empty()).expect("a request");
    assert!(soon(client.upgrade(offer, &["foo/2"])).await.is_err());
    assert_eq!(log.read().last().map(String::as_str), Some("= error switch-not-offered"));
    // After an error of its body, a request stays incomplete.
    let (log, config) = watched();
    let (client, _server) = tokio::io::duplex(1000);
    let mut client = connect(client, &config);
    assert!(
        soon(client.send(Request::post("http://a/").body(Failing).expect("a request")))
            .await
            .is_err()
    );
    assert_eq!(log.read().last().map(String::as_str), Some("! abandon > "));
}

struct Failing;

impl http_body::Body for Failing {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        std::task::Poll::Ready(Some(Err("no more".into())))
    }
}
