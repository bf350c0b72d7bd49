//! Helpers that the tests of the adapter share.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::Frame;
use switchover_tokio::{BoxError, Config, Error, HttpService, Transport, serve_connection};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};
use tokio::task::JoinHandle;
use tokio::time::{Sleep, sleep};

pub(crate) const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// The head of a POST with chunked content, of which no chunk was sent yet.
pub(crate) const CHUNKED: &str = "POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: chunked\r\n\r\n";

/// Returns the default configuration, without a Date field.
pub(crate) fn config() -> Config {
    Config { date: false, ..Config::default() }
}

/// Returns the client's end of a connection, and the task of its server.
///
/// `room` is the number of bytes that the transport buffers in each direction.
pub(crate) fn served_by<H>(
    room: usize,
    config: Config,
    handler: H,
) -> (DuplexStream, JoinHandle<Result<(), Error>>)
where
    H: HttpService<Error: Into<BoxError>, Future: Send> + Send + 'static,
    H::Content: http_body::Body<Data: Send, Error: Into<BoxError>> + Send,
{
    let (client, server) = tokio::io::duplex(room);
    (client, tokio::spawn(async move { serve_connection(server, handler, &config).await }))
}

/// A body of given frames, which are ready at once or arrive at intervals.
///
/// With `every`, each frame arrives that time after the one before.
#[derive(Default)]
pub(crate) struct Frames {
    frames: VecDeque<Frame<Bytes>>,
    every: Option<Duration>,
    until: Option<Pin<Box<Sleep>>>,
    fails: Option<Pin<Box<Sleep>>>,
}

impl Frames {
    pub(crate) fn of(pieces: impl IntoIterator<Item = &'static str>) -> Self {
        let frames = pieces
            .into_iter()
            .map(|piece| Frame::data(Bytes::from_static(piece.as_bytes())))
            .collect();
        Self { frames, ..Self::default() }
    }

    pub(crate) fn and(mut self, frame: Frame<Bytes>) -> Self {
        self.frames.push_back(frame);
        self
    }

    /// Makes the body fail after the time `after`, in place of its end.
    pub(crate) fn then_fails(self, after: Duration) -> Self {
        Self { fails: Some(Box::pin(sleep(after))), ..self }
    }

    pub(crate) fn each_after(self, every: Duration) -> Self {
        Self { every: Some(every), ..self }
    }
}

impl http_body::Body for Frames {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Some(every) = self.every {
            ready!(self.until.get_or_insert_with(|| Box::pin(sleep(every))).as_mut().poll(context));
            self.until = None;
        }
        match (self.frames.pop_front(), &mut self.fails) {
            (None, Some(fails)) => {
                ready!(fails.as_mut().poll(context));
                Poll::Ready(Some(Err("the source has failed".into())))
            }
            (frame, _) => Poll::Ready(frame.map(Ok)),
        }
    }
}

/// A client's stream that returns no bytes before the client has sent some.
///
/// The server may have sent its response earlier.
pub(crate) struct Asked<S> {
    stream: S,
    has_asked: bool,
}

impl<S> Asked<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, has_asked: false }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Asked<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.has_asked {
            Pin::new(&mut self.stream).poll_read(context, to)
        } else {
            Poll::Pending
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Asked<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.has_asked = true;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// Returns a stream that ends as TLS without a close alert does: with an error.
pub(crate) fn unclosed(stream: DuplexStream) -> impl Transport {
    let (reader, writer) = tokio::io::split(stream);
    tokio::io::join(reader.chain(MissingAlert), writer)
}

struct MissingAlert;

impl AsyncRead for MissingAlert {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()))
    }
}

/// Returns the output of a future; panics after ten seconds.
pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(10), future).await.expect("in time")
}

pub(crate) async fn send(client: &mut DuplexStream, text: &str) {
    soon(client.write_all(text.as_bytes())).await.expect("room");
}

pub(crate) async fn expect(client: &mut DuplexStream, wanted: &str) {
    let mut got = vec![0; wanted.len()];
    soon(client.read_exact(&mut got)).await.expect("as many bytes");
    assert_eq!(String::from_utf8_lossy(&got), wanted);
}

/// Returns everything that the client receives until the end of the stream.
pub(crate) async fn rest(client: &mut DuplexStream) -> String {
    let mut rest = String::new();
    soon(client.read_to_string(&mut rest)).await.expect("text");
    rest
}
