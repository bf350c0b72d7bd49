//! Tests of a peer that disconnects at each point of an exchange.
//!
//! It disconnects over TCP, by a FIN or a RST; once as TLS without a close alert. The connection
//! must end, its handler must get the documented error, no task may remain and none may poll in a
//! loop.

use std::future::{Future, poll_fn, ready};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use switchover::ErrorKind;
use switchover_tokio::client::{Outcome, connect};
use switchover_tokio::{
    Body, BoxError, ClientEnd, Config, Error, Transport, serve_connection, service_fn, upgrade,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

use crate::common::{Frames, config, soon, unclosed};

#[derive(Clone, Copy, Debug)]
enum By {
    Fin,
    Rst,
}

impl By {
    /// Disconnects, after a delay in which the other side reads everything sent before.
    ///
    /// Both sides run in one task, so twenty milliseconds are enough.
    async fn go(self, stream: TcpStream) {
        for _ in 0..10 {
            sleep(Duration::from_millis(2)).await;
        }
        match self {
            // Closing a socket with unread bytes sends a RST, so read them first.
            Self::Fin => while matches!(stream.try_read(&mut [0; 10_000]), Ok(1..)) {},
            Self::Rst => stream.set_zero_linger().expect("an open socket"),
        }
    }
}

async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let (client, server) = tokio::join!(TcpStream::connect(address), listener.accept());
    (client.expect("a connection"), server.expect("a connection").0)
}

/// Returns the output of a future; panics after ten seconds or too many polls.
///
/// The limit is higher than the number of events in one test, so only a poll loop exceeds it.
async fn calmly<F: Future>(what: &str, future: F) -> F::Output {
    let (mut polls, mut future) = (0, pin!(future));
    let outcome = poll_fn(|context| {
        polls += 1;
        future.as_mut().poll(context)
    });
    let outcome = timeout(Duration::from_secs(10), outcome)
        .await
        .unwrap_or_else(|_| panic!("{what}: no end"));
    assert!(polls < 300, "{what}: {polls} polls");
    outcome
}

/// The outcomes of all handlers, and of the new protocols that they accept.
#[derive(Clone)]
struct Fates(Arc<Mutex<Vec<&'static str>>>);

/// The outcome of a handler or protocol; dropping it appends it to the list.
struct Fate(Fates, &'static str);

impl Fate {
    fn is(&mut self, what: &'static str) {
        self.1 = what;
    }
}

impl Drop for Fate {
    fn drop(&mut self) {
        self.0.0.lock().expect("no panic").push(self.1);
    }
}

type Content = UnsyncBoxBody<Bytes, BoxError>;

fn content(text: impl Into<Bytes>) -> Content {
    Full::new(text.into()).map_err(BoxError::from).boxed_unsync()
}

async fn handle(request: Request<Body>, mut fate: Fate) -> Result<Response<Content>, BoxError> {
    let answer = match request.uri().path() {
        "/read" => match request.into_body().read(1_000_000).await {
            Ok(read) => content(read.unwrap_or_default()),
            Err(error) => {
                fate.is("told");
                return Err(error.into());
            }
        },
        "/wait" => {
            // Respond long after the client has disconnected.
            sleep(Duration::from_secs(1)).await;
            content("late")
        }
        "/never" => std::future::pending().await,
        "/read-and-never" => {
            let _ = request.into_body().read(1_000_000).await;
            std::future::pending().await
        }
        "/large" => content(vec![b'x'; 20_000_000]),
        "/stream" => {
            Frames::of(["piece"; 200]).each_after(Duration::from_millis(20)).boxed_unsync()
        }
        "/switch" => {
            let chosen = upgrade::select(&request, ["foo"]).expect("it is offered");
            let mut spoken = Fate(fate.0.clone(), "dropped");
            fate.is("switched");
            return Ok(chosen.accept(|mut stream| async move {
                spoken.is(match stream.read_to_end(&mut Vec::new()).await {
                    Ok(_) => "ended",
                    Err(_) => "broken",
                });
            }));
        }
        _ => content("hello"),
    };
    fate.is("answered");
    Ok(Response::new(answer))
}

const HOST: &str = "HTTP/1.1\r\nHost: a\r\n";

/// A point at which a client disconnects, with the expected outcomes.
///
/// The client sends `sent`, reads `read` bytes, and disconnects. `fin` and `rst` are the outcomes
/// of the connection and of the handlers, after a FIN and after a RST.
struct Point {
    name: &'static str,
    sent: String,
    read: usize,
    fin: (&'static str, &'static [&'static str]),
    rst: (&'static str, &'static [&'static str]),
}

fn points() -> Vec<Point> {
    let point = |name, sent: &str, read, fin, rst| Point {
        name,
        sent: sent.replace("HTTP\r\n", HOST),
        read,
        fin,
        rst,
    };
    let both = |name, sent, read, ended, fates: &'static [&'static str]| {
        point(name, sent, read, (ended, fates), (ended, fates))
    };
    let offer = "GET /switch HTTP\r\nconnection: upgrade\r\nupgrade: foo\r\n\r\n";
    vec![
        both("before a byte", "", 0, "served", &[]),
        point("in the head", "GET / HTTP\r\nA", 0, ("cut", &[]), ("io", &[])),
        point(
            "after the head",
            "POST /read HTTP\r\ncontent-length: 5\r\n\r\n",
            0,
            ("handler", &["told"]),
            ("handler", &["told"]),
        ),
        both(
            "in the content",
            "POST /read HTTP\r\ncontent-length: 5\r\n\r\nhel",
            0,
            "handler",
            &["told"],
        ),
        both(
            "in a chunk",
            "POST /read HTTP\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel",
            0,
            "handler",
            &["told"],
        ),
        both(
            "after the 100",
            "POST /read HTTP\r\ncontent-length: 5\r\nExpect: 100-continue\r\n\r\n",
            25,
            "handler",
            &["told"],
        ),
        // A client may shut down its sending direction after a request without content.
        point(
            "before the answer",
            "GET /wait HTTP\r\n\r\n",
            0,
            ("served", &["answered"]),
            ("io", &["dropped"]),
        ),
        both("in the answer", "GET /large HTTP\r\n\r\n", 100_000, "io", &["answered"]),
        both(
            "in an answer that is being made",
            "GET /stream HTTP\r\n\r\n",
            60,
            "io",
            &["answered"],
        ),
        both("after the answer", "GET / HTTP\r\n\r\n", 43, "served", &["answered"]),
        point(
            "in the second head",
            "GET / HTTP\r\n\r\nGET / HT",
            43,
            ("cut", &["answered"]),
            ("io", &["answered"]),
        ),
        point(
            "at the 101",
            offer,
            0,
            ("served", &["switched", "ended"]),
            ("served", &["switched", "broken"]),
        ),
        point(
            "in the tunnel",
            offer,
            71,
            ("served", &["switched", "ended"]),
            ("served", &["switched", "broken"]),
        ),
        point(
            "with early bytes",
            &format!("{offer}early"),
            71,
            ("served", &["switched", "ended"]),
            ("served", &["switched", "broken"]),
        ),
    ]
}

fn told<T>(outcome: &Result<T, Error>) -> &'static str {
    match outcome {
        Err(Error::Protocol(error)) if error.kind() == ErrorKind::Truncated => "cut",
        Ok(_) => "served",
        Err(Error::Protocol(error)) if error.kind() == ErrorKind::NoResponse => "unanswered",
        Err(Error::Protocol(error)) if error.kind() == ErrorKind::Closed => "closed",
        Err(Error::Protocol(_)) => "protocol",
        Err(Error::Io(_)) => "io",
        Err(Error::Disconnected(_)) => "gone",
        Err(Error::Handler(_)) => "handler",
        Err(Error::TimedOut(_)) => "late",
        Err(_) => "other",
    }
}

fn alive() -> usize {
    tokio::runtime::Handle::current().metrics().num_alive_tasks()
}

#[tokio::test]
async fn a_client_goes() {
    for point in points() {
        for by in [By::Fin, By::Rst] {
            let what = format!("{} by {by:?}", point.name);
            let (mut client, server) = pair().await;
            let fates = Fates(Arc::default());
            let seen = fates.clone();
            let handler = service_fn(move |request| handle(request, Fate(seen.clone(), "dropped")));
            let config = config();
            let asking = async {
                client.write_all(point.sent.as_bytes()).await.expect("a server");
                let mut got = vec![0; point.read];
                soon(client.read_exact(&mut got))
                    .await
                    .unwrap_or_else(|error| panic!("{what}: {error}"));
                by.go(client).await;
            };
            let (ended, ()) =
                tokio::join!(calmly(&what, serve_connection(server, handler, &config)), asking);
            let wanted = if matches!(by, By::Fin) { point.fin } else { point.rst };
            let fates = fates.0.lock().expect("no panic").clone();
            // On a busy machine the check of each second may find the end before a write does.
            let told = if wanted.0 == "io" {
                told(&ended).replace("gone", "io")
            } else {
                told(&ended).into()
            };
            assert_eq!((&*told, &fates[..]), wanted, "{what}: {ended:?}");
            assert_eq!(alive(), 0, "{what}");
        }
    }
}

/// Checks that `half_close: false` drops the handler once the client disconnects.
#[tokio::test]
async fn a_client_goes_and_its_handler_with_it() {
    let silent = format!("GET /never {HOST}\r\n");
    // Its handler has met the end by the content, and goes on.
    let cut = format!("POST /read-and-never {HOST}content-length: 5\r\n\r\nhe");
    for (by, sent) in [By::Fin, By::Rst].iter().flat_map(|by| [(by, &silent), (by, &cut)]) {
        let (mut client, server) = pair().await;
        let fates = Fates(Arc::default());
        let seen = fates.clone();
        let handler = service_fn(move |request| handle(request, Fate(seen.clone(), "dropped")));
        let config = Config { half_close: false, ..config() };
        client.write_all(sent.as_bytes()).await.expect("a server");
        let (ended, ()) = tokio::join!(
            calmly("a handler", serve_connection(server, handler, &config)),
            by.go(client)
        );
        // The content's reader has met the reset.
        let wanted = if matches!(by, By::Rst) && sent == &silent { "io" } else { "gone" };
        assert_eq!(
            (told(&ended), &fates.0.lock().expect("no panic")[..]),
            (wanted, &["dropped"][..]),
            "{by:?} after {sent}"
        );
    }
}

/// Checks that a handler learns of a half-close, and its client gets the response.
#[tokio::test]
async fn a_handler_hears_the_end_of_a_client_that_reads_on() {
    let config = Config { client_end: true, ..config() };
    let handler = service_fn(async |request: Request<Body>| {
        let end = request.extensions().get::<ClientEnd>().expect("a signal").clone();
        let knew = end.has_ended();
        end.clone().wait().await;
        let said = format!("{} {knew} {}\n", request.uri().path(), end.has_ended());
        Ok::<_, BoxError>(Response::new(Full::<Bytes>::from(said)))
    });
    // The second request arrives whole before the FIN, and is answered after it.
    for (sent, later, wanted) in [
        (format!("GET /1 {HOST}\r\n"), String::new(), &["/1 false true"][..]),
        (
            format!("GET /1 {HOST}\r\nGET /2 {HOST}\r\n"),
            String::new(),
            &["/1 false true", "/2 true true"],
        ),
        (
            format!("POST /1 {HOST}content-length: 5\r\n\r\nhe"),
            "llo".to_owned(),
            &["/1 false true"],
        ),
    ] {
        let (mut client, server) = pair().await;
        let client = async {
            client.write_all(sent.as_bytes()).await.expect("a server");
            sleep(Duration::from_millis(20)).await;
            client.write_all(later.as_bytes()).await.expect("a server");
            client.shutdown().await.expect("a half-close");
            let mut answers = String::new();
            client.read_to_string(&mut answers).await.expect("answers");
            answers
        };
        let (ended, answers) =
            tokio::join!(calmly("a handler", serve_connection(server, handler, &config)), client);
        ended.expect("served");
        let said: Vec<_> = answers.lines().filter(|line| line.starts_with('/')).collect();
        assert_eq!(said, wanted, "{sent:?}");
    }
}

/// Checks that `ClientEnd` reports no end at a switch, but at a later disconnect.
#[tokio::test]
async fn an_upgrade_is_not_the_end_of_a_client() {
    let config = Config { client_end: true, ..config() };
    let (mut client, server) = pair().await;
    let end = Arc::new(Mutex::new(None));
    let kept = Arc::clone(&end);
    let handler = service_fn(move |request: Request<Body>| {
        *kept.lock().expect("no panic") = request.extensions().get::<ClientEnd>().cloned();
        let selected = upgrade::select(&request, ["foo/2"]).expect("an offer");
        ready(Ok::<Response<Body>, BoxError>(selected.accept(async |mut stream| {
            let _ = stream.read_to_end(&mut Vec::new()).await;
        })))
    });
    let client = async {
        let offer = format!("GET / {HOST}Upgrade: foo/2\r\nConnection: Upgrade\r\n\r\n");
        client.write_all(offer.as_bytes()).await.expect("a server");
        client.read_u8().await.expect("a 101");
        let end = end.lock().expect("no panic").clone().expect("a signal");
        assert!(!end.has_ended());
        timeout(Duration::from_millis(20), end.clone().wait()).await.expect_err("no end");
        drop(client);
        end
    };
    let serving = calmly("a handler", serve_connection(server, handler, &config));
    let (ended, end) = tokio::join!(serving, client);
    ended.expect("served");
    end.wait().await;
}

// Servers that disconnect.

/// A point at which a server disconnects, with the outcomes that its client gets.
///
/// `script` is what the server reads and sends before. `fin` and `rst` are the outcomes after a FIN
/// and after a RST.
struct Answer {
    name: &'static str,
    /// The texts to send, each after a request head and so many bytes of content.
    script: &'static [(usize, &'static str)],
    fin: &'static str,
    rst: &'static str,
}

/// Sends requests to a server that disconnects, and returns the outcome.
///
/// The outcome begins with `head` if there is no response, and with `content` if the response is
/// truncated. It begins with `next` if only the next request fails. After a switch it tells how the
/// new protocol's stream ended.
async fn ask(stream: TcpStream, kind: &str) -> String {
    let mut client = connect(stream, &config());
    let body = match kind {
        "large" => Full::<Bytes>::from(vec![b'x'; 20_000_000]),
        "expects" => Full::from("hi"),
        _ => Full::default(),
    };
    let mut request = Request::post("http://a/").body(body).expect("a request");
    if kind == "expects" {
        request.headers_mut().insert("expect", http::HeaderValue::from_static("100-continue"));
    }
    let offer: &[&str] = if kind == "offers" { &["foo"] } else { &[] };
    let response = match client.upgrade(request, offer).await {
        Err(error) => return format!("head {}", told::<()>(&Err(error))),
        Ok(Outcome::Upgraded(mut stream)) => {
            return match stream.read_to_end(&mut Vec::new()).await {
                Ok(len) => format!("{len} bytes"),
                Err(_) => "broken".into(),
            };
        }
        Ok(Outcome::Declined(declined)) => declined.response,
    };
    if let Err(error) = response.into_body().read(1000).await {
        return format!("content {}", told::<()>(&Err(error)));
    }
    let again = Request::get("http://a/").body(Full::<Bytes>::default()).expect("a request");
    match client.send(again).await {
        Err(error) => format!("next {}", told::<()>(&Err(error))),
        Ok(_) => "two answers".into(),
    }
}

#[tokio::test]
async fn a_server_goes() {
    let answer = |name, script, fin, rst| Answer { name, script, fin, rst };
    let answers = [
        ("plain", answer("before a byte", &[], "head unanswered", "head io")),
        ("plain", answer("after the request", &[(0, "")], "head unanswered", "head io")),
        ("plain", answer("in the status line", &[(0, "HTTP/1.1 2")], "head cut", "head io")),
        ("plain", answer("in the head", &[(0, "HTTP/1.1 200 OK\r\nA")], "head cut", "head io")),
        (
            "plain",
            answer(
                "after a 103",
                &[(0, "HTTP/1.1 103 Early Hints\r\n\r\n")],
                "head unanswered",
                "head io",
            ),
        ),
        (
            "plain",
            answer(
                "after the head",
                &[(0, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n")],
                "content cut",
                "content io",
            ),
        ),
        (
            "plain",
            answer(
                "in the content",
                &[(0, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel")],
                "content cut",
                "content io",
            ),
        ),
        (
            "plain",
            answer(
                "in a chunk",
                &[(0, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel")],
                "content cut",
                "content io",
            ),
        ),
        (
            "plain",
            answer(
                "in content without a length",
                &[(0, "HTTP/1.1 200 OK\r\n\r\nhel")],
                "next closed",
                "content io",
            ),
        ),
        (
            "plain",
            answer(
                "after the answer",
                &[(0, "HTTP/1.1 204 No Content\r\n\r\n")],
                "next unanswered or next io",
                "next io",
            ),
        ),
        ("expects", answer("instead of a 100", &[(0, "")], "head unanswered", "head io")),
        (
            "expects",
            answer(
                "after the 100",
                &[(0, "HTTP/1.1 100 Continue\r\n\r\n")],
                "head unanswered",
                "head io",
            ),
        ),
        (
            "large",
            answer(
                "in the request's content",
                &[(100_000, "")],
                "head unanswered or head io",
                "head io",
            ),
        ),
        (
            "offers",
            answer(
                "in the 101",
                &[(0, "HTTP/1.1 101 Switching Protocols\r\nUpgr")],
                "head cut",
                "head io",
            ),
        ),
        (
            "offers",
            answer(
                "at the 101",
                &[(
                    0,
                    "HTTP/1.1 101 Switching Protocols\r\nupgrade: foo\r\nconnection: upgrade\r\n\r\n",
                )],
                "0 bytes",
                "broken",
            ),
        ),
        (
            "offers",
            answer(
                "in the tunnel",
                &[(
                    0,
                    "HTTP/1.1 101 Switching Protocols\r\nupgrade: foo\r\nconnection: upgrade\r\n\r\nearly",
                )],
                "5 bytes",
                "broken",
            ),
        ),
    ];
    for (kind, answer) in answers {
        for by in [By::Fin, By::Rst] {
            let what = format!("{} by {by:?}", answer.name);
            let (client, mut server) = pair().await;
            let serving = async {
                for (len, text) in answer.script {
                    let mut request = Vec::new();
                    while !request.ends_with(b"\r\n\r\n") {
                        request.push(soon(server.read_u8()).await.expect("a request"));
                    }
                    soon(server.read_exact(&mut vec![0; *len])).await.expect("content");
                    server.write_all(text.as_bytes()).await.expect("a client");
                }
                by.go(server).await;
            };
            let (outcome, ()) = tokio::join!(calmly(&what, ask(client, kind)), serving);
            // The client may notice the disconnect before it sends the next request, or after.
            let wanted = if matches!(by, By::Fin) { answer.fin } else { answer.rst };
            assert!(
                wanted.split(" or ").any(|wanted| outcome == wanted),
                "{what}: {outcome}, not {wanted}"
            );
            assert_eq!(alive(), 0, "{what}");
        }
    }
}

/// Checks that a reset is noticed although another request has begun to arrive.
///
/// The first byte of that request is buffered when the client resets the connection.
#[tokio::test]
async fn a_reset_after_a_pipelined_byte_is_noticed() {
    let (mut client, server) = pair().await;
    let never = service_fn(async |_: Request<Body>| {
        std::future::pending::<Result<Response<Content>, BoxError>>().await
    });
    let config = Config::default();
    let serving = serve_connection(server, never, &config);
    client.write_all(format!("GET / {HOST}\r\nG").as_bytes()).await.expect("room");
    let (served, ()) = tokio::join!(calmly("a pipelined byte", serving), By::Rst.go(client));
    assert!(served.is_err(), "{served:?}");
}

/// Checks that a reset is noticed behind content that the handler does not read.
///
/// The response is silent meanwhile, so no write would meet the reset.
#[tokio::test]
async fn a_reset_behind_unread_content_is_noticed() {
    for content in ["0123456789", "01234"] {
        let (mut client, server) = pair().await;
        let silent = service_fn(async |_: Request<Body>| {
            let never = Frames::of(["never"]).each_after(Duration::from_secs(1000));
            Ok::<_, BoxError>(Response::new(never.boxed_unsync()))
        });
        let config = Config::default();
        let serving = serve_connection(server, silent, &config);
        let going = async {
            let head = "POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 10\r\n\r\n";
            client.write_all(head.as_bytes()).await.expect("room");
            client.read_u8().await.expect("a response");
            client.write_all(content.as_bytes()).await.expect("room");
            By::Rst.go(client).await;
        };
        let (served, ()) = tokio::join!(calmly(content, serving), going);
        assert!(served.is_err(), "{served:?}");
    }
}

/// Checks that a reset is noticed behind unread content while the handler waits.
#[tokio::test]
async fn a_reset_behind_unread_content_of_a_waiting_handler_is_noticed() {
    for len in [10, 1_000, 10_000] {
        let (mut client, server) = pair().await;
        let never = service_fn(async |_: Request<Body>| {
            std::future::pending::<Result<Response<Content>, BoxError>>().await
        });
        let config = Config::default();
        let serving = serve_connection(server, never, &config);
        let going = async {
            let head = format!("POST / HTTP/1.1\r\nHost: a\r\ncontent-length: {len}\r\n\r\n");
            client.write_all(head.as_bytes()).await.expect("room");
            sleep(Duration::from_millis(30)).await;
            client.write_all(&vec![b'x'; len]).await.expect("room");
            By::Rst.go(client).await;
        };
        let (served, ()) = tokio::join!(calmly("unread content", serving), going);
        assert!(served.is_err(), "{served:?}");
    }
}

/// Checks that a reset in the request's content ends a handler that never responds.
#[tokio::test]
async fn a_reset_that_the_content_has_met_ends_the_exchange() {
    let (mut client, server) = pair().await;
    let stays = service_fn(async |request: Request<Body>| {
        assert!(request.into_body().collect().await.is_err());
        std::future::pending::<Result<Response<Content>, BoxError>>().await
    });
    let config = Config::default();
    let serving = serve_connection(server, stays, &config);
    let going = async {
        let head = "POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 10\r\n\r\nhalf";
        client.write_all(head.as_bytes()).await.expect("room");
        By::Rst.go(client).await;
    };
    let (served, ()) = tokio::join!(calmly("content that was cut", serving), going);
    assert!(served.is_err(), "{served:?}");
}

/// Returns a client's stream, and a server that sends `said` and then resets.
async fn before_a_reset(said: &'static [u8]) -> (TcpStream, impl Future<Output = ()>) {
    let (client, mut server) = pair().await;
    let serving = async move {
        let mut asked = Vec::new();
        while !asked.ends_with(b"\r\n\r\n") {
            asked.push(soon(server.read_u8()).await.expect("a request"));
        }
        server.write_all(said).await.expect("a client");
        sleep(Duration::from_millis(300)).await;
        By::Rst.go(server).await;
    };
    (client, serving)
}

/// R9112-8-2: a response counts as truncated also if a write, not a read, got the reset.
#[tokio::test]
async fn an_answer_is_cut_whose_reset_a_write_has_met() {
    let (client, serving) = before_a_reset(b"HTTP/1.1 200 OK\r\n\r\nhalf of").await;
    let mut client = connect(client, &config());
    let request = Request::post("http://a/")
        .body(Full::<Bytes>::from(vec![b'x'; 20_000_000]))
        .expect("a request");
    let asked = async {
        let response = client.send(request).await.expect("an answer");
        response.into_body().read(1000).await.expect_err("half of it");
    };
    let ((), ()) = soon(async { tokio::join!(asked, serving) }).await;
}

#[tokio::test]
async fn a_new_protocol_is_cut_whose_reset_a_write_has_met() {
    let said =
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: foo\r\nconnection: upgrade\r\n\r\nhalf of";
    let (client, serving) = before_a_reset(said).await;
    // A boxed transport, as `Upgraded::into_parts` returns it.
    let mut client = connect(Box::new(client) as Box<dyn Transport>, &config());
    let asked = async {
        let request = Request::get("http://a/").body(Full::<Bytes>::default()).expect("a request");
        let outcome = client.upgrade(request, &["foo"]).await.expect("an answer");
        let mut stream = outcome.into_result().expect("accepted");
        stream.write_all(&vec![b'x'; 20_000_000]).await.expect_err("a reset");
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).await.expect_err("half of it");
        assert_eq!(heard, b"half of");
    };
    let ((), ()) = soon(async { tokio::join!(asked, serving) }).await;
}

/// Checks that an end of TLS without a close alert counts as the client's end.
///
/// A complete request gets its response, an incomplete one a 400.
#[tokio::test]
async fn an_end_without_a_close_alert_is_one() {
    let handler = service_fn(async |request: Request<Body>| {
        let content = request.into_body().collect().await?.to_bytes();
        sleep(Duration::from_millis(100)).await;
        Ok::<_, BoxError>(Response::new(Full::new(content)))
    });
    for (length, status) in [(2, "200 OK"), (3, "400 Bad Request")] {
        let (mut client, server) = tokio::io::duplex(1000);
        let serving =
            tokio::spawn(
                async move { serve_connection(unclosed(server), handler, &config()).await },
            );
        let head = format!("POST / HTTP/1.1\r\nHost: a\r\ncontent-length: {length}\r\n\r\nhi");
        client.write_all(head.as_bytes()).await.expect("room");
        client.shutdown().await.expect("an end");
        let mut answer = String::new();
        soon(client.read_to_string(&mut answer)).await.expect("text");
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{answer}");
        assert_eq!(soon(serving).await.expect("no panic").is_ok(), status == "200 OK");
    }
}

/// Checks that a reset is noticed behind more bytes than the engine buffers.
///
/// No read gets to the reset, since the handler neither responds nor reads the content.
#[tokio::test]
async fn a_reset_behind_much_that_nobody_reads_is_noticed() {
    let behind = "GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(400_000);
    for (head, more) in [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", behind.as_str()),
        ("POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 9999999\r\n\r\n", behind.as_str()),
    ] {
        let (mut client, server) = pair().await;
        let serving = tokio::spawn(async move {
            let silent = service_fn(|_: Request<Body>| async {
                std::future::pending::<Result<Response<Body>, BoxError>>().await
            });
            serve_connection(server, silent, &config()).await
        });
        client.write_all(head.as_bytes()).await.expect("space");
        let mut rest = more.as_bytes();
        while let Ok(Ok(sent @ 1..)) = timeout(Duration::from_millis(50), client.write(rest)).await
        {
            rest = &rest[sent..];
        }
        assert!(!rest.is_empty(), "the buffers have taken all");
        client.set_zero_linger().expect("an open socket");
        drop(client);
        let ended = timeout(Duration::from_secs(5), serving).await.expect("an end");
        assert!(matches!(ended.expect("no panic"), Err(Error::Disconnected(_))), "{head}");
    }
}

/// A body whose frames are empty, always ready, and never end.
struct Nothing;

impl http_body::Body for Nothing {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, BoxError>>> {
        std::task::Poll::Ready(Some(Ok(http_body::Frame::data(Bytes::new()))))
    }
}

/// Checks that a response of endless empty frames does not hold up other tasks.
///
/// The connection notices that its client resets.
#[tokio::test]
async fn empty_frames_without_end_leave_others_their_turn() {
    let (mut client, server) = pair().await;
    let serving = tokio::spawn(async move {
        let empty =
            service_fn(|_: Request<Body>| async { Ok::<_, BoxError>(Response::new(Nothing)) });
        serve_connection(server, empty, &config()).await
    });
    client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("space");
    By::Rst.go(client).await;
    let ended = timeout(Duration::from_secs(5), serving).await.expect("an end");
    assert!(ended.expect("no panic").is_err());
}
