//! Tests of the `h2` crate's client on a connection upgraded to HTTP/2.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use http::{Request, Response, StatusCode};
use switchover_tokio::{Body, BoxError, Http2Stream, client, service_fn, upgrade};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};

use crate::common::{config, served_by, soon};

/// Accepts `h2c`, and responds to each request with its path and its fields.
///
/// `table` is the size of the server's HTTP/2 header table. Without an offer the response is in
/// HTTP/1.1, and says so.
async fn shows(table: Option<u32>, mut request: Request<Body>) -> Result<Response<Body>, BoxError> {
    let content = std::mem::take(request.body_mut()).read(1000).await?.unwrap_or_default();
    let Some(chosen) = upgrade::select(&request, ["h2c"]) else {
        return Ok(Response::new("in 1.1".into()));
    };
    Ok(chosen.accept_http2(content, async move |stream| {
        let mut builder = h2::server::Builder::new();
        if let Some(size) = table {
            builder.header_table_size(size);
        }
        let mut http2 = builder.handshake::<_, bytes::Bytes>(stream).await.expect("a client");
        while let Some(Ok((request, mut respond))) = http2.accept().await {
            let mut response = Response::new(());
            for (name, value) in request.headers() {
                response.headers_mut().insert(name, value.clone());
            }
            let mut stream = respond.send_response(response, false).expect("a client");
            stream.send_data(request.uri().path().to_owned().into(), true).expect("a client");
        }
    }))
}

fn get(path: &str) -> Request<()> {
    let request =
        Request::get(format!("http://localhost{path}")).header("x-every", "the same, each time");
    request.header("x-path", path).body(()).expect("a request")
}

/// A stream that reads and writes at most the given number of bytes at a time.
struct Slow(DuplexStream, usize);

impl AsyncRead for Slow {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut space = vec![0; self.1.min(to.remaining())];
        let mut piece = ReadBuf::new(&mut space);
        ready!(Pin::new(&mut self.0).poll_read(context, &mut piece))?;
        to.put_slice(piece.filled());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Slow {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let len = bytes.len().min(self.1);
        Pin::new(&mut self.0).poll_write(context, &bytes[..len])
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

/// Returns the client's end of a connection that has switched to HTTP/2.
///
/// `path` is that of the upgraded request, and `step` the most bytes of a read or write.
async fn switched(path: &str, table: Option<u32>, step: usize) -> Http2Stream {
    let (stream, _) =
        served_by(100_000, config(), service_fn(move |request| shows(table, request)));
    let request = get(path).map(|()| Body::empty());
    let outcome =
        soon(client::upgrade(Slow(stream, step), request, &["h2c"])).await.expect("an answer");
    Http2Stream::client(outcome.into_result().expect("accepted"))
}

async fn check(response: h2::client::ResponseFuture, path: &str) {
    let response = soon(response).await.expect("a response");
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["x-every"], "the same, each time");
    assert_eq!(response.headers()["x-path"], path);
    let content = soon(response.into_body().data()).await.expect("content").expect("whole");
    assert_eq!(content, path.as_bytes());
}

/// Checks that the first response arrives on stream 1, and that others follow.
///
/// Later requests refer to field lines in the HPACK tables. So both tables of each direction must
/// agree, whatever size the server chooses for its table.
#[tokio::test]
async fn the_response_is_stream_1_and_others_follow() {
    for (table, step) in
        [(None, usize::MAX), (None, 1), (Some(0), 7), (Some(100), 30), (Some(65_536), usize::MAX)]
    {
        let stream = switched("/first", table, step).await;
        let (mut http2, connection) = soon(h2::client::handshake(stream)).await.expect("a server");
        let mut sent = Vec::new();
        for path in ["/first", "/second", "/third"] {
            sent.push((http2.send_request(get(path), true).expect("room").0, path));
        }
        let driver = tokio::spawn(connection);
        for (response, path) in sent {
            check(response, path).await;
        }
        for path in (4..=24).map(|at| format!("/{}", at % 5)) {
            http2 = soon(http2.ready()).await.expect("a server");
            check(http2.send_request(get(&path), true).expect("room").0, &path).await;
        }
        drop(http2);
        soon(driver).await.expect("no panic").expect("a connection");
    }
}

/// Checks that a long repeat of the upgraded request is not sent to the server.
///
/// The HTTP/2 library sends the request again, in HEADERS and CONTINUATION frames. The server must
/// see none of them.
#[tokio::test]
async fn a_long_head_is_made_again_too() {
    let stream = switched("/long", None, usize::MAX).await;
    let (http2, connection) = soon(h2::client::handshake(stream)).await.expect("a server");
    let driver = tokio::spawn(connection);
    let mut http2 = soon(http2.ready()).await.expect("a server");
    let mut long = get("/long");
    long.headers_mut().insert("x-long", "~".repeat(40_000).parse().expect("a value"));
    check(http2.send_request(long, true).expect("room").0, "/long").await;
    check(http2.send_request(get("/next"), true).expect("room").0, "/next").await;
    drop(http2);
    soon(driver).await.expect("no panic").expect("a connection");
}

/// Checks that a first HTTP/2 request with content is an error.
///
/// The first request was sent already by the upgrade, so its content cannot be sent.
#[tokio::test]
async fn a_first_request_with_content_is_refused() {
    let stream = switched("/", None, usize::MAX).await;
    let (mut http2, connection) = soon(h2::client::handshake(stream)).await.expect("a server");
    let (_response, _content) = http2.send_request(get("/"), false).expect("room");
    let error = soon(connection).await.expect_err("refused");
    assert_eq!(
        error.get_io().expect("the stream's").kind(),
        io::ErrorKind::InvalidInput,
        "{error}"
    );
}

/// Checks that a reader is woken when another task sends the first request.
///
/// Two tasks may share the stream, one to read and one to write.
#[tokio::test]
async fn a_reader_is_woken_by_the_request() {
    let (near, mut far) = tokio::io::duplex(1000);
    let (mut reader, mut writer) = tokio::io::split(Http2Stream::client(near));
    far.write_all(b"what the server says first").await.expect("room");
    let reading = tokio::spawn(async move {
        let mut got = vec![0; 2 * SETTINGS + b"what the server says first".len()];
        reader.read_exact(&mut got).await.expect("a server");
        got
    });
    tokio::task::yield_now().await;
    writer.write_all(ASK).await.expect("room");
    assert!(soon(reading).await.expect("no panic").ends_with(b"what the server says first"));
}

/// The length of a SETTINGS frame with one setting.
const SETTINGS: usize = 15;

/// A client's preface, its SETTINGS, and the request of the upgrade again.
const ASK: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\
    \0\0\x03\x01\x05\0\0\0\x01\x82\x86\x84";

/// A client's acknowledgement of SETTINGS.
const ACK: &[u8] = b"\0\0\0\x04\x01\0\0\0\0";

/// A stream that records the address it reads to, and the pieces of a write.
struct Told {
    stream: DuplexStream,
    read_to: Arc<AtomicUsize>,
    pieces: Arc<AtomicUsize>,
}

impl AsyncRead for Told {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.read_to.store(to.initialize_unfilled().as_ptr().addr(), Ordering::Relaxed);
        Pin::new(&mut self.stream).poll_read(context, to)
    }
}

impl AsyncWrite for Told {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.pieces.store(pieces.len(), Ordering::Relaxed);
        Pin::new(&mut self.stream).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// Checks that bytes pass without a copy once the upgrade is over.
///
/// A read goes to the buffer of the HTTP/2 library, and the pieces of a write leave together.
#[tokio::test]
async fn bytes_pass_without_a_copy_after_the_upgrade() {
    let (near, mut far) = tokio::io::duplex(1000);
    let (read_to, pieces) = <(Arc<AtomicUsize>, Arc<AtomicUsize>)>::default();
    let told = Told { stream: near, read_to: read_to.clone(), pieces: pieces.clone() };
    let mut stream = Http2Stream::client(told);
    // The repeated request, then the ACKs of both SETTINGS that the stream adds.
    let mut buffer = [0; 100];
    let both = [io::IoSlice::new(b"in two"), io::IoSlice::new(b" pieces")];
    for bytes in [ASK, ACK] {
        stream.write_all(bytes).await.expect("room");
        // An ACK is still to come, which the stream has to find in what is sent.
        assert!(stream.write_vectored(&[io::IoSlice::new(b"")]).await.is_ok());
        assert_eq!(pieces.load(Ordering::Relaxed), 0);
    }
    stream.write_all(ACK).await.expect("room");
    assert_eq!(soon(stream.read(&mut buffer)).await.expect("SETTINGS"), 2 * SETTINGS);
    assert_eq!(stream.write_vectored(&both).await.expect("room"), 13);
    assert_eq!(pieces.load(Ordering::Relaxed), 2);
    far.write_all(b"what the server says").await.expect("room");
    assert_eq!(soon(stream.read(&mut buffer)).await.expect("a server"), 20);
    assert_eq!(read_to.load(Ordering::Relaxed), buffer.as_ptr().addr());
}
