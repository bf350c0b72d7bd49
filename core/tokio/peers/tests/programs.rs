//! Tests with separate programs: curl, servers and load generators.
//!
//! curl offers an upgrade to HTTP/2, and the servers accept one. The load generators send many
//! requests fast. A program that is not installed is skipped, and the test prints its name.

use std::convert::Infallible;
use std::process::Stdio;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use switchover_tokio::{Body, BoxError, Http2Stream, client, service_fn, upgrade};
use switchover_tokio_peers::{Served, within};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

/// Runs a program and returns its output, or `None` if it is not installed.
///
/// Panics if the program fails.
async fn run(program: &str, arguments: &[&str]) -> Option<String> {
    let command =
        Command::new(program).args(arguments).stdin(Stdio::null()).kill_on_drop(true).output();
    let output = match within(command).await {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            println!("SKIP {program} is not installed");
            return None;
        }
        output => output.expect("a program"),
    };
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Some(said)
}

/// Responds with the path and the length of the content.
///
/// The response is in HTTP/2 if the client offers it, otherwise in HTTP/1.1.
async fn count(mut request: Request<Body>) -> Result<Response<Full<Bytes>>, BoxError> {
    let content = std::mem::take(request.body_mut()).read(200_000).await?.unwrap_or_default();
    let Some(chosen) = upgrade::select(&request, ["h2c"]) else {
        return Ok(Response::new(
            format!("{} {} in 1.1\n", request.uri().path(), content.len()).into(),
        ));
    };
    Ok(chosen.accept_http2(content, async |stream| {
        let mut http2 = h2::server::handshake(stream).await.expect("a client");
        while let Some(Ok((request, mut respond))) = http2.accept().await {
            tokio::spawn(async move {
                let (head, mut body) = request.into_parts();
                let mut len = 0;
                while let Some(Ok(data)) = body.data().await {
                    len += data.len();
                    body.flow_control().release_capacity(data.len()).expect("what was read");
                }
                let mut stream = respond.send_response(Response::new(()), false).expect("a client");
                let text = format!("{} {len} in 2\n", head.uri.path());
                stream.send_data(text.into(), true).expect("a client");
            });
        }
    }))
}

#[tokio::test]
async fn curl_upgrades_to_http_2() {
    let served = Served::by(service_fn(count)).await;
    let (a, b) = (served.url("/a"), served.url("/b"));
    let long = "x".repeat(100_000);
    let curl = async |arguments: &[&str]| {
        run("curl", &[&["--silent", "--show-error", "--max-time", "20"], arguments].concat()).await
    };
    if let Some(said) = curl(&["--http1.1", &a, &b]).await {
        assert_eq!(said, "/a 0 in 1.1\n/b 0 in 1.1\n");
        // The second request reuses the connection of the first.
        assert_eq!(
            curl(&["--http2", &a, &b]).await.expect("it is there"),
            "/a 0 in 2\n/b 0 in 2\n"
        );
        assert_eq!(
            curl(&["--http1.1", "--data", &long, &a]).await.expect("it is there"),
            "/a 100000 in 1.1\n"
        );
        // Some versions of curl send a POST with the offer, others without.
        let said = curl(&["--http2", "--data", &long, &a]).await.expect("it is there");
        assert!(said.starts_with("/a 100000 in "), "{said}");
        let said =
            curl(&["--http1.1", "--header", "Expect: 100-continue", "--data", &long, &a]).await;
        assert_eq!(said.expect("it is there"), "/a 100000 in 1.1\n");
    }
    served.stop().await;
}

#[tokio::test]
async fn those_that_measure_are_served_without_an_error() {
    let hello = service_fn(async |_: Request<Body>| {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("hello")))
    });
    let served = Served::by(hello).await;
    let url = served.url("/");
    if let Some(said) =
        run("wrk", &["--threads", "1", "--connections", "50", "--duration", "2s", &url]).await
    {
        assert!(said.contains("requests in"), "{said}");
        assert!(!said.contains("Socket errors") && !said.contains("Non-2xx"), "{said}");
    }
    let pipelined =
        ["--h1", "--requests=20000", "--clients=10", "--max-concurrent-streams=16", &url];
    if let Some(said) = run("h2load", &pipelined).await {
        assert!(said.contains("20000 succeeded, 0 failed, 0 errored, 0 timeout"), "{said}");
    }
    // HTTP/1.0, with a connection for each request and with persistent connections.
    for kept in [&[][..], &["-k"]] {
        if let Some(said) =
            run("ab", &[kept, &["-q", "-n", "2000", "-c", "10", &url]].concat()).await
        {
            assert!(
                said.contains("Complete requests:      2000")
                    && said.contains("Failed requests:        0"),
                "{said}"
            );
        }
    }
    served.stop().await;
}

/// Starts a proxy, and connects to it.
///
/// `arguments` returns the arguments for the free port on which the proxy must listen. The program
/// runs until the returned `Child` is dropped. The result is `None` if the program is not
/// installed.
async fn forwarder(
    program: &str,
    arguments: impl Fn(u16) -> Vec<String>,
) -> Option<(Child, TcpStream)> {
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = free.local_addr().expect("an address").port();
    drop(free);
    let mut command = Command::new(program);
    command.args(arguments(port)).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let Ok(mut child) = command.kill_on_drop(true).spawn() else {
        println!("SKIP {program} is not installed");
        return None;
    };
    let stream = within(async {
        loop {
            if let Ok(stream) = TcpStream::connect(("127.0.0.1", port)).await {
                return stream;
            }
            assert!(child.try_wait().expect("a child").is_none(), "{program} has ended");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    Some((child, stream))
}

/// Checks that the `h2` crate's client works with servers that upgrade.
///
/// nghttp2 and h2o have their own header tables, and reject a reference that does not match. With a
/// table of size 0 they require a table size update first.
#[tokio::test]
async fn h2_is_the_client_of_servers_that_upgrade() {
    let echo = async |request: Request<Body>| {
        let mut response = Response::new(Full::<Bytes>::from(request.uri().path().to_owned()));
        response.headers_mut().insert("x-path", request.headers()["x-path"].clone());
        Ok::<_, Infallible>(response)
    };
    let served = Served::by(service_fn(echo)).await;
    let (backend, conf) =
        (served.address.port(), std::env::temp_dir().join(format!("h2o-{}", std::process::id())));
    let nghttpx = |more: &'static [&'static str]| {
        move |port| {
            let ends = [
                format!("--frontend=127.0.0.1,{port};no-tls"),
                format!("--backend=127.0.0.1,{backend}"),
            ];
            let usual = ["--conf=/dev/null", "--workers=1", "--no-ocsp"];
            ends.into_iter().chain(usual.iter().chain(more).map(|&option| option.into())).collect()
        }
    };
    let h2o = |port| {
        let proxy = format!("proxy.reverse.url: \"http://127.0.0.1:{backend}/\"");
        let hosts = format!("hosts: {{default: {{paths: {{/: {{{proxy}}}}}}}}}");
        let text = format!("listen: {{host: 127.0.0.1, port: {port}}}\n{hosts}\nnum-threads: 1\n");
        std::fs::write(&conf, text).expect("a folder for such files");
        vec!["-c".into(), conf.display().to_string()]
    };
    let forwarders = [
        forwarder("nghttpx", nghttpx(&[])).await,
        forwarder("nghttpx", nghttpx(&["--frontend-http2-decoder-dynamic-table-size=0"])).await,
        forwarder("h2o", h2o).await,
    ];
    for (_child, stream) in forwarders.into_iter().flatten() {
        let get = |path: &str| {
            let request = Request::get(format!("http://{}{path}", served.address));
            request
                .header("x-every", "the same")
                .header("x-path", path)
                .body(())
                .expect("a request")
        };
        let first = get("/0").map(|()| Body::empty());
        let outcome = within(client::upgrade(stream, first, &["h2c"])).await.expect("an answer");
        let stream = Http2Stream::client(outcome.into_result().expect("accepted"));
        let (mut http2, connection) =
            within(h2::client::handshake(stream)).await.expect("a server");
        let driver = tokio::spawn(connection);
        for path in (0..=20).map(|at| format!("/{}", at % 7)) {
            http2 = within(http2.ready()).await.expect("a server");
            let (response, _) = http2.send_request(get(&path), true).expect("room");
            let response = within(response).await.expect("a response");
            assert_eq!(response.headers()["x-path"], path);
            let content =
                within(response.into_body().data()).await.expect("content").expect("whole");
            assert_eq!(content, path.as_bytes());
        }
        drop(http2);
        within(driver).await.expect("no panic").expect("a connection");
    }
    let _ = std::fs::remove_file(conf);
    served.stop().await;
}
