//! Tests of the log entries of a connection with the feature `tracing`.

use std::io::Write;
use std::sync::{Arc, Mutex};

use http::{Request, Response};
use switchover_tokio::{Body, BoxError, Config, serve_connection, service_fn};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A writer that stores everything written in memory.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn an_exchange_is_told_in_its_span_without_its_secrets() {
    let kept = Kept::default();
    let to = kept.clone();
    let subscriber =
        tracing_subscriber::fmt().with_ansi(false).with_max_level(tracing::Level::TRACE);
    let _told =
        tracing::subscriber::set_default(subscriber.with_writer(move || to.clone()).finish());
    let (mut client, server) = tokio::io::duplex(1000);
    let request = "GET /a?token=hidden HTTP/1.1\r\nHost: a\r\nAuthorization: Basic hidden\r\nCookie: hidden\r\n\r\n";
    client.write_all(request.as_bytes()).await.expect("room");
    client.shutdown().await.expect("an end");
    let handler =
        service_fn(async |_: Request<Body>| Ok::<_, BoxError>(Response::new(Body::from("hidden"))));
    serve_connection(server, handler, &Config::default()).await.expect("served");
    client.read_to_end(&mut Vec::new()).await.expect("an answer");
    let told = String::from_utf8(kept.0.lock().expect("no panic").clone()).expect("text");
    for (step, number) in [("received-request", 0), ("sent-response", 200)] {
        let line = told
            .lines()
            .find(|line| line.contains(step))
            .unwrap_or_else(|| panic!("no {step} in {told}"));
        assert!(
            line.contains("connection{role=\"server\"}:exchange{method=\"GET\" path=\"/a\"}"),
            "{line}"
        );
        assert!(number == 0 || line.contains(&format!("number={number}")), "{line}");
    }
    assert!(!told.contains("hidden"), "{told}");
}
