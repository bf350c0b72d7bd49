//! Tests of the log entries of a connection with the feature `tracing`.

use std::io::Write;
use std::sync::{Arc, Mutex};

use http::{Request, Response};
use switchover_tokio::{Body, BoxError, Config, Listener, serve, serve_connection, service_fn};
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

/// Stores what is told to `tracing` in this thread, until the guard is dropped.
fn kept() -> (Kept, tracing::subscriber::DefaultGuard) {
    let kept = Kept::default();
    let to = kept.clone();
    let subscriber =
        tracing_subscriber::fmt().with_ansi(false).with_max_level(tracing::Level::TRACE);
    let told =
        tracing::subscriber::set_default(subscriber.with_writer(move || to.clone()).finish());
    (kept, told)
}

/// A listener that fails once, and then accepts no connection.
struct Failing(bool);

impl Listener for Failing {
    type Stream = tokio::io::DuplexStream;
    type Address = ();

    async fn accept(&mut self) -> std::io::Result<(Self::Stream, ())> {
        if std::mem::replace(&mut self.0, true) {
            std::future::pending().await
        }
        Err(std::io::Error::other("no more descriptors"))
    }
}

#[tokio::test]
async fn an_error_of_accept_is_a_warning() {
    let (kept, _told) = kept();
    let handler =
        service_fn(async |_: Request<Body>| Ok::<_, BoxError>(Response::new(Body::empty())));
    let stop = tokio::time::sleep(std::time::Duration::from_millis(200));
    serve(Failing(false), handler, &Config::default(), stop).await;
    let told = String::from_utf8(kept.0.lock().expect("no panic").clone()).expect("text");
    let warnings: Vec<_> = told.lines().filter(|line| line.contains("WARN")).collect();
    assert!(matches!(warnings[..], [line] if line.contains("no more descriptors")), "{told}");
}

#[tokio::test]
async fn an_exchange_is_told_in_its_span_without_its_secrets() {
    let (kept, _told) = kept();
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
