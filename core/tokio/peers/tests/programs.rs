//! Programs that are no library: curl, which upgrades to HTTP/2, and those that measure, which ask much and fast. One that is not
//! there is left out, and said so.

use std::convert::Infallible;
use std::process::Stdio;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use switchover_tokio::{Body, BoxError, service_fn, upgrade};
use switchover_tokio_peers::{Served, within};
use tokio::process::Command;

/// What a program says, if it is there; it has to succeed.
async fn run(program: &str, arguments: &[&str]) -> Option<String> {
    let command = Command::new(program).args(arguments).stdin(Stdio::null()).kill_on_drop(true).output();
    let output = match within(command).await {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            println!("SKIP {program} is not installed");
            return None;
        }
        output => output.expect("a program"),
    };
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{program} {arguments:?}: {said}{}", String::from_utf8_lossy(&output.stderr));
    Some(said)
}

/// Answers in HTTP/2 where that is offered, and otherwise in HTTP/1.1: how long the content was, and where it went.
async fn count(mut request: Request<Body>) -> Result<Response<Full<Bytes>>, BoxError> {
    let content = std::mem::take(request.body_mut()).read(200_000).await?.unwrap_or_default();
    let Some(chosen) = upgrade::select(&request, ["h2c"]) else {
        return Ok(Response::new(format!("{} {} in 1.1\n", request.uri().path(), content.len()).into()));
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
        // The second goes over the connection of the first.
        assert_eq!(curl(&["--http2", &a, &b]).await.expect("it is there"), "/a 0 in 2\n/b 0 in 2\n");
        assert_eq!(curl(&["--http1.1", "--data", &long, &a]).await.expect("it is there"), "/a 100000 in 1.1\n");
        // Which curl sends without an offer, or with one, as its version has it.
        let said = curl(&["--http2", "--data", &long, &a]).await.expect("it is there");
        assert!(said.starts_with("/a 100000 in "), "{said}");
        let said = curl(&["--http1.1", "--header", "Expect: 100-continue", "--data", &long, &a]).await;
        assert_eq!(said.expect("it is there"), "/a 100000 in 1.1\n");
    }
    served.stop().await;
}

#[tokio::test]
async fn those_that_measure_are_served_without_an_error() {
    let hello = service_fn(async |_: Request<Body>| Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("hello"))));
    let served = Served::by(hello).await;
    let url = served.url("/");
    if let Some(said) = run("wrk", &["--threads", "1", "--connections", "50", "--duration", "2s", &url]).await {
        assert!(said.contains("requests in"), "{said}");
        assert!(!said.contains("Socket errors") && !said.contains("Non-2xx"), "{said}");
    }
    let pipelined = ["--h1", "--requests=20000", "--clients=10", "--max-concurrent-streams=16", &url];
    if let Some(said) = run("h2load", &pipelined).await {
        assert!(said.contains("20000 succeeded, 0 failed, 0 errored, 0 timeout"), "{said}");
    }
    // HTTP/1.0, with a connection each and with kept ones.
    for kept in [&[][..], &["-k"]] {
        if let Some(said) = run("ab", &[kept, &["-q", "-n", "2000", "-c", "10", &url]].concat()).await {
            assert!(
                said.contains("Complete requests:      2000") && said.contains("Failed requests:        0"),
                "{said}"
            );
        }
    }
    served.stop().await;
}
