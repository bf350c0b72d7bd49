//! HTTP/2 behind an upgrade: the `h2` crate knows nothing of upgrades, so the engine's splice stands between it and the
//! client, and hands it the request that came in HTTP/1.1 as stream 1.

use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use h2::server::SendResponse;
use h2::{Reason, RecvStream};
use http::{Request, Response};
use switchover::h2c::Splice;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::duplex::Input;
use crate::line::Line;
use crate::socket::Socket;
use crate::target::path;

/// How long each side of the client's conversation is listened to before the other's turn comes.
const TURN: Duration = Duration::from_millis(5);

/// How long a server may take for its answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Octets of a client's preface (RFC 9113, 3.4), and what of the frames behind it matters here.
const PREFACE: usize = 24;
const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;

/// What a client offers with: 100 streams, the window as it is (RFC 7540, 3.2.1).
pub(crate) const SETTINGS: &str = "AAMAAABkAAQAAP__";

/// Octets that may wait for the client before `h2` has to wait, too.
const MOST_WAITING: usize = 64 * 1024;

/// Octets that are read at a time.
const PIECE: usize = 16 * 1024;

/// Speaks HTTP/2 until one side ends it, beginning with the octets that came along with HTTP/1.1. A client with prior
/// knowledge needs no splice. How many requests it was.
pub(crate) fn serve(splice: Option<Splice>, leftover: &[u8], window: u32, socket: &Socket) -> io::Result<u64> {
    let outcome = socket.run(|stream| answer_all(Spliced::new(stream, splice, leftover), window))?;
    outcome.unwrap_or(Ok(0)).map_err(io::Error::other)
}

async fn answer_all(transport: Spliced, window: u32) -> Result<u64, h2::Error> {
    let mut builder = h2::server::Builder::new();
    builder.initial_window_size(window).initial_connection_window_size(window);
    let mut connection = builder.handshake(transport).await?;
    let mut requests = 0;
    while let Some(accepted) = connection.accept().await {
        let (request, respond) = accepted?;
        requests += 1;
        // A stream that fails is no reason to end the others.
        tokio::spawn(async { answer(request, respond).await.ok() });
    }
    Ok(requests)
}

/// `/echo` sends the content back as it comes, everything else says what came.
async fn answer(request: Request<RecvStream>, mut respond: SendResponse<bytes::Bytes>) -> Result<(), h2::Error> {
    let (head, mut content) = request.into_parts();
    let path = path(head.uri.path());
    if path == "/echo" {
        let mut to = respond.send_response(Response::new(()), false)?;
        while let Some(data) = content.data().await {
            let data = data?;
            let len = data.len();
            send(&mut to, data).await?;
            content.flow_control().release_capacity(len)?;
        }
        return to.send_data(bytes::Bytes::new(), true);
    }
    let mut octets = 0;
    while let Some(data) = content.data().await {
        let len = data?.len();
        octets += len;
        content.flow_control().release_capacity(len)?;
    }
    let stream = content.stream_id().as_u32();
    let text = format!("{} {path} stream {stream}, {octets} octets\n", head.method);
    let response = Response::builder().header("content-type", "text/plain; charset=utf-8").body(());
    let response = response.map_err(|_| Reason::INTERNAL_ERROR)?;
    respond.send_response(response, false)?.send_data(text.into(), true)
}

/// As much at a time as the client's window takes.
async fn send(to: &mut h2::SendStream<bytes::Bytes>, mut data: bytes::Bytes) -> Result<(), h2::Error> {
    while !data.is_empty() {
        to.reserve_capacity(data.len());
        let room = std::future::poll_fn(|context| to.poll_capacity(context)).await;
        let room = room.unwrap_or(Err(Reason::CANCEL.into()))?;
        to.send_data(data.split_to(room.min(data.len())), false)?;
    }
    Ok(())
}

/// The client's stream as `h2` sees it.
struct Spliced {
    stream: TcpStream,
    splice: Option<Splice>,
    for_engine: Vec<u8>,
    for_client: Vec<u8>,
    has_ended: bool,
}

impl Spliced {
    fn new(stream: TcpStream, splice: Option<Splice>, leftover: &[u8]) -> Self {
        let mut spliced = Self { stream, splice, for_engine: Vec::new(), for_client: Vec::new(), has_ended: false };
        spliced.client_sent(leftover);
        spliced
    }

    fn client_sent(&mut self, octets: &[u8]) {
        match &mut self.splice {
            Some(splice) => splice.client_sent(octets),
            None => self.for_engine.extend_from_slice(octets),
        }
        self.collect();
    }

    fn engine_sent(&mut self, octets: &[u8]) {
        match &mut self.splice {
            Some(splice) => splice.engine_sent(octets),
            None => self.for_client.extend_from_slice(octets),
        }
        self.collect();
    }

    /// Takes what the splice has let through, and the splice out of the way once it has done its work.
    fn collect(&mut self) {
        if let Some(splice) = &mut self.splice {
            self.for_engine.append(&mut splice.take_for_engine());
            self.for_client.append(&mut splice.take_for_client());
            if splice.is_done() {
                self.splice = None;
            }
        }
    }

    fn may_read(&self) -> bool {
        !self.has_ended && self.splice.as_ref().is_none_or(Splice::wants_client)
    }

    /// What waits for the engine's window is not lost with the client's end.
    fn is_over(&self) -> bool {
        self.has_ended && !self.splice.as_ref().is_some_and(Splice::is_waiting)
    }

    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.for_client.is_empty() {
            let sent = ready!(Pin::new(&mut self.stream).poll_write(context, &self.for_client))?;
            self.for_client.drain(..sent);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Spliced {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        while self.for_engine.is_empty() && self.may_read() {
            let mut space = [0; PIECE];
            let mut piece = ReadBuf::new(&mut space);
            ready!(Pin::new(&mut self.stream).poll_read(context, &mut piece))?;
            match piece.filled() {
                [] => {
                    self.has_ended = true;
                    if let Some(splice) = &mut self.splice {
                        splice.client_ended();
                    }
                    self.collect();
                }
                octets => self.client_sent(octets),
            }
        }
        if self.for_engine.is_empty() && !self.is_over() {
            // `poll_write` wakes us when the engine has opened its window.
            return Poll::Pending;
        }
        let len = to.remaining().min(self.for_engine.len());
        to.put_slice(&self.for_engine[..len]);
        self.for_engine.drain(..len);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Spliced {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        if self.for_client.len() >= MOST_WAITING {
            ready!(self.poll_send(context))?;
        }
        self.engine_sent(octets);
        // Reading and writing are one task's.
        context.waker().wake_by_ref();
        if let Poll::Ready(Err(error)) = self.poll_send(context) {
            return Poll::Ready(Err(error));
        }
        Poll::Ready(Ok(octets.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_send(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(context))?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

// The client's side.

/// Gets the answer to the request that was made in HTTP/1.1, and prints its content. The `h2` crate's client cannot own a
/// stream that it did not open, so it asks again and its first HEADERS are dropped on the way: stream 1 is the one that
/// the server has. That once; what `h2` then believes of the table of header fields is not true any more.
pub(crate) fn ask(line: &mut Line, early: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let (ours, theirs) = tokio::io::duplex(MOST_WAITING);
    let (mut reader, mut writer) = tokio::io::split(ours);
    runtime.block_on(async {
        let (mut client, connection) = h2::client::handshake(theirs).await?;
        let driver = tokio::spawn(connection);
        let request = Request::get("http://localhost/").body(())?;
        let (response, _) = client.send_request(request, true)?;
        let answer = tokio::spawn(print_answer(response));
        let mut opening = Opening::default();
        let mut space = vec![0; PIECE];
        // A server may answer at once, and h2 takes no answer before it has asked.
        let mut incoming = early.to_vec();
        let deadline = Instant::now() + PATIENCE;
        while !answer.is_finished() && Instant::now() < deadline {
            // What h2 has to say goes out; then the server's turn.
            while let Ok(len) = timeout(TURN, reader.read(&mut space)).await {
                line.send(opening.without_request(&space[..len?]))?;
            }
            if opening.is_over {
                writer.write_all(&std::mem::take(&mut incoming)).await?;
            }
            match line.next(Some(Instant::now() + TURN))? {
                Some(Input::Peer(octets)) => incoming.extend_from_slice(&octets),
                Some(Input::PeerEnd(_)) => break,
                Some(Input::Local(_) | Input::LocalEnd) | None => {}
            }
        }
        // What came before a server's end is an answer, too.
        writer.write_all(&incoming).await?;
        writer.shutdown().await?;
        let answered = timeout(PATIENCE, answer).await.map_err(|_| "the server does not answer in HTTP/2")?;
        driver.abort();
        answered?.map_err(|error| error.to_string())?;
        Ok(line.finish()?)
    })
}

async fn print_answer(response: h2::client::ResponseFuture) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let (head, mut content) = response.await?.into_parts();
    eprintln!("* stream 1 is answered: {}", head.status);
    while let Some(data) = content.data().await {
        let data = data?;
        std::io::stdout().write_all(&data)?;
        content.flow_control().release_capacity(data.len())?;
    }
    Ok(())
}

/// What `h2` sends, from the preface to the request that has been made already.
#[derive(Default)]
struct Opening {
    held: Vec<u8>,
    has_preface: bool,
    is_over: bool,
}

impl Opening {
    /// The octets to send, without the HEADERS and CONTINUATION of stream 1.
    fn without_request(&mut self, octets: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(octets);
        let mut out = Vec::new();
        if !self.has_preface && self.held.len() >= PREFACE {
            out.extend(self.held.drain(..PREFACE));
            self.has_preface = true;
        }
        while self.has_preface && !self.is_over && self.held.len() >= 9 {
            let len = u32::from_be_bytes([0, self.held[0], self.held[1], self.held[2]]) as usize;
            if self.held.len() < 9 + len {
                break;
            }
            let frame: Vec<u8> = self.held.drain(..9 + len).collect();
            let is_request = matches!(frame[3], HEADERS | CONTINUATION);
            self.is_over = is_request && frame[4] & END_HEADERS != 0;
            if !is_request {
                out.extend(frame);
            }
        }
        if self.is_over {
            out.append(&mut self.held);
        }
        out
    }
}
