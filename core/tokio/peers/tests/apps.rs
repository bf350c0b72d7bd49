//! Tests of six axum programs, each under axum's `serve` and under this adapter's.

#[path = "../examples/apps/chat.rs"]
mod chat;
#[path = "../examples/apps/events.rs"]
mod events;
#[path = "../examples/apps/forms.rs"]
mod forms;
#[path = "../examples/apps/multipart.rs"]
mod multipart;
#[path = "../examples/apps/shutdown.rs"]
mod shutdown;
#[path = "../examples/apps/static_files.rs"]
mod static_files;

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use futures_util::{SinkExt, StreamExt};
use http::{Method, StatusCode, header};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use switchover_tokio::hyper::WithOnUpgrade;
use switchover_tokio::{Config, serve};
use switchover_tokio_peers::within;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// A program that runs under axum's `serve` or under this adapter's.
struct App {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl App {
    async fn start(app: Router, by_axum: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel();
        let stopped = async { drop(stopped.await) };
        let serving = tokio::spawn(async move {
            if by_axum {
                axum::serve(listener, app).with_graceful_shutdown(stopped).await.expect("served");
            } else {
                serve(listener, WithOnUpgrade(app), &Config::default(), stopped).await;
            }
        });
        Self { address, stop, serving }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    async fn stop(self) {
        let _ = self.stop.send(());
        within(self.serving).await.expect("no panic");
    }
}

/// Runs `check` on a program under axum's `serve`, then under this adapter's.
async fn under_both(app: impl Fn() -> Router, check: impl AsyncFn(&App, &Client)) {
    for by_axum in [true, false] {
        println!("under {}", if by_axum { "axum::serve" } else { "switchover_tokio::serve" });
        let app = App::start(app(), by_axum).await;
        let client = Client::builder().redirect(Policy::none()).build().expect("a client");
        check(&app, &client).await;
        drop(client);
        app.stop().await;
    }
}

async fn get(client: &Client, url: String) -> Response {
    within(client.get(url).send()).await.expect("an answer")
}

async fn text(response: Response) -> String {
    within(response.text()).await.expect("text")
}

fn named(response: &Response, name: header::HeaderName) -> &str {
    response.headers()[name].to_str().expect("text")
}

#[tokio::test]
async fn static_files() {
    let folder = std::env::temp_dir().join(format!("static-files-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let large: Vec<u8> = (0..1_000_000_u32).map(|at| (at % 251) as u8).collect();
    std::fs::write(folder.join("index.html"), "<p>A page").expect("a file");
    std::fs::write(folder.join("large.bin"), &large).expect("a file");
    under_both(
        || static_files::app(&folder),
        async |app, client| {
            let page = get(client, app.url("/")).await;
            assert_eq!(named(&page, header::CONTENT_TYPE), "text/html");
            let modified = named(&page, header::LAST_MODIFIED).to_owned();
            assert_eq!(text(page).await, "<p>A page");
            let same = client.get(app.url("/")).header(header::IF_MODIFIED_SINCE, modified);
            let same = within(same.send()).await.expect("an answer");
            assert_eq!((same.status(), text(same).await.len()), (StatusCode::NOT_MODIFIED, 0));
            let whole = get(client, app.url("/large.bin")).await;
            assert_eq!(whole.content_length(), Some(1_000_000));
            assert!(within(whole.bytes()).await.expect("content") == large);
            let part = client.get(app.url("/large.bin")).header(header::RANGE, "bytes=900000-");
            let part = within(part.send()).await.expect("an answer");
            assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
            assert_eq!(named(&part, header::CONTENT_RANGE), "bytes 900000-999999/1000000");
            assert!(within(part.bytes()).await.expect("content") == large[900_000..]);
            let head = within(client.head(app.url("/large.bin")).send()).await.expect("an answer");
            assert_eq!(named(&head, header::CONTENT_LENGTH), "1000000");
            let missing = get(client, app.url("/../none")).await;
            assert_eq!(missing.status(), StatusCode::NOT_FOUND);
            assert_eq!(text(get(client, app.url("/api/status")).await).await, "{\"ready\":true}");
        },
    )
    .await;
    std::fs::remove_dir_all(folder).expect("a folder");
}

#[tokio::test]
async fn forms() {
    under_both(forms::app, async |app, client| {
        assert!(text(get(client, app.url("/")).await).await.contains("<form method=\"post\">"));
        let send = async |content: &str, kind: &'static str| {
            let request = client.post(app.url("/")).body(content.to_owned());
            within(request.header(header::CONTENT_TYPE, kind).send()).await.expect("an answer")
        };
        let kind = "application/x-www-form-urlencoded";
        let sent = send("name=Ada&age=36", kind).await;
        assert_eq!(sent.status(), StatusCode::SEE_OTHER);
        let thanks = app.url(named(&sent, header::LOCATION));
        assert_eq!(text(get(client, thanks).await).await, "Ada is 36.\n");
        assert_eq!(send("name=Ada", kind).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let other = send("{}", "application/json").await;
        assert_eq!(other.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
        let long = send(&format!("name={}", "x".repeat(2_000)), kind).await;
        assert_eq!(long.status(), StatusCode::PAYLOAD_TOO_LARGE);
    })
    .await;
}

#[tokio::test]
async fn multipart() {
    under_both(multipart::app, async |app, client| {
        let mut content = Vec::new();
        for (name, len) in [("one.txt", 10), ("two.bin", 3_000_000)] {
            content.extend_from_slice(b"--limit\r\nContent-Disposition: form-data; name=\"f\"; ");
            content.extend_from_slice(format!("filename=\"{name}\"\r\n\r\n").as_bytes());
            content.extend(std::iter::repeat_n(b'x', len));
            content.extend_from_slice(b"\r\n");
        }
        content.extend_from_slice(b"--limit--\r\n");
        let send = async |content: Vec<u8>| {
            let request = client.post(app.url("/")).body(content);
            let request =
                request.header(header::CONTENT_TYPE, "multipart/form-data; boundary=limit");
            within(request.send()).await.expect("an answer")
        };
        let answer = send(content.clone()).await;
        assert_eq!(text(answer).await, "one.txt: 10 bytes\ntwo.bin: 3000000 bytes\n");
        content.truncate(1_000_000);
        assert_eq!(send(content).await.status(), StatusCode::BAD_REQUEST);
    })
    .await;
}

#[tokio::test]
async fn events() {
    under_both(events::app, async |app, client| {
        let mut stream = get(client, app.url("/events")).await;
        assert_eq!(named(&stream, header::CONTENT_TYPE), "text/event-stream");
        let mut said = String::new();
        while !said.contains("data: 3\n") {
            let piece = within(stream.chunk()).await.expect("content").expect("more");
            said += std::str::from_utf8(&piece).expect("text");
        }
        assert!(said.starts_with("event: tick\nid: 0\ndata: 0\n\n"), "{said}");
        assert_eq!(text(get(client, app.url("/listeners")).await).await, "1");
        drop(stream);
        within(async {
            while text(get(client, app.url("/listeners")).await).await != "0" {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn chat() {
    under_both(chat::app, async |app, _| {
        let join = async |name: &str| {
            let url = format!("ws://{}/chat/{name}", app.address);
            let mut request = url.into_client_request().expect("a request");
            let chat = "other, chat".parse().expect("a value");
            request.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, chat);
            let joined = within(tokio_tungstenite::connect_async(request)).await;
            let (socket, response) = joined.expect("a WebSocket");
            assert_eq!(response.headers()[header::SEC_WEBSOCKET_PROTOCOL], "chat");
            socket
        };
        let mut ada = join("ada").await;
        let mut next =
            async || within(ada.next()).await.expect("a message").expect("a message").into_text();
        assert_eq!(next().await.expect("text"), "ada joined");
        let mut bob = join("bob").await;
        assert_eq!(next().await.expect("text"), "bob joined");
        let long = "x".repeat(100_000);
        within(bob.send(Message::text(long.clone()))).await.expect("room");
        assert!(next().await.expect("text").as_str() == format!("bob: {long}"));
        within(bob.close(None)).await.expect("room");
        assert_eq!(next().await.expect("text"), "bob left");
        within(ada.close(None)).await.expect("room");
    })
    .await;
}

#[tokio::test]
async fn middleware() {
    under_both(shutdown::app, async |app, client| {
        let plain = get(client, app.url("/")).await;
        assert_eq!(named(&plain, header::X_FRAME_OPTIONS), "DENY");
        assert_eq!(named(&plain, header::ACCESS_CONTROL_ALLOW_ORIGIN), "*");
        assert_eq!(plain.headers()["x-request-id"].len(), 36);
        assert_eq!(text(plain).await.len(), 6_000);
        let packed = client.get(app.url("/")).header(header::ACCEPT_ENCODING, "gzip");
        let packed = within(packed.send()).await.expect("an answer");
        assert_eq!(named(&packed, header::CONTENT_ENCODING), "gzip");
        let packed = within(packed.bytes()).await.expect("content");
        assert!(packed.len() < 200, "{}", packed.len());
        // What the server packed, the server unpacks.
        let request = client.post(app.url("/length")).header(header::CONTENT_ENCODING, "gzip");
        let response = within(request.body(packed).send()).await.expect("an answer");
        assert_eq!(text(response).await, "6000");
        let long = client.post(app.url("/length")).body("x".repeat(200_000));
        let long = within(long.send()).await.expect("an answer");
        assert_eq!(long.status(), StatusCode::PAYLOAD_TOO_LARGE);
        let asked = client.request(Method::OPTIONS, app.url("/"));
        let asked = asked.header(header::ORIGIN, "http://a.example");
        let asked = asked.header(header::ACCESS_CONTROL_REQUEST_METHOD, "PUT");
        let asked = within(asked.send()).await.expect("an answer");
        assert_eq!(named(&asked, header::ACCESS_CONTROL_ALLOW_METHODS), "*");
        assert_eq!(get(client, app.url("/late")).await.status(), StatusCode::REQUEST_TIMEOUT);
        let panicked = get(client, app.url("/panic")).await;
        assert_eq!(panicked.status(), StatusCode::INTERNAL_SERVER_ERROR);
    })
    .await;
}

/// Checks that a request in progress is completed after a server is told to stop.
///
/// No further connection is accepted.
#[tokio::test]
async fn graceful_shutdown() {
    for by_axum in [true, false] {
        let app = App::start(shutdown::app(), by_axum).await;
        let (client, address) = (Client::new(), app.address);
        let idle = TcpStream::connect(address).await.expect("a server");
        let asking = tokio::spawn(get_owned(client, app.url("/slow")));
        tokio::time::sleep(Duration::from_millis(100)).await;
        app.stop().await;
        assert_eq!(within(asking).await.expect("no panic").status(), StatusCode::OK);
        let refused = TcpStream::connect(address).await.expect_err("no server");
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        drop(idle);
    }
}

async fn get_owned(client: Client, url: String) -> Response {
    get(&client, url).await
}
