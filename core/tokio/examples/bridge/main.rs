//! A bridge: HTTP/2 over TLS towards the client, HTTP/1.1 towards the backend.
//!
//! ```text
//! bridge --backend HOST:PORT [--port N] [--timeout SECONDS]
//! ```
//!
//! An extended CONNECT (RFC 8441) becomes an HTTP/1.1 upgrade. The `:protocol` is offered, the
//! backend's 101 becomes a 200, and DATA frames carry the new protocol. The bridge makes the key of
//! a WebSocket handshake for its hop to the backend. A CONNECT that is not extended, or is for a
//! protocol of a single hop such as TLS, gets a 501. Malformed requests are reset. OPTIONS and
//! TRACE with a Max-Forwards of 0 get a response of the bridge. Other requests and their responses
//! are forwarded without hop-by-hop fields.

#[path = "../gateway/backend.rs"]
mod backend;
mod content;
mod flow;
#[path = "../gateway/forward.rs"]
mod forward;
mod head;
mod idle_timeout;
#[path = "../pool/pool.rs"]
mod pool;
mod tls;

use std::future::{pending, poll_fn};
use std::net::Ipv4Addr;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use clap::Parser;
use h2::ext::Protocol;
use h2::server::{Connection, SendResponse};
use h2::{Reason, RecvStream, SendStream};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode, request};
use http_body_util::{BodyExt, Either, Empty};
use switchover::gateway::may_forward;
use switchover_tokio::{BoxError, ShutdownSignal, Upgraded, accept};
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::ctrl_c;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::backend::{
    Answer, Backend, Farewell, SYSTEM, host_and_port, locked, serve_until_ctrl_c,
};
use crate::content::Content;
use crate::flow::send;
use crate::forward::{
    count_down, forwardable_trailers, forwarded, has_known_framing, last_answer, valid_status,
};
use crate::head::{blamed, plain, to_request, translated, when_declined};
use crate::idle_timeout::IdleTimeout;

/// The maximum of bytes of one read from a tunnel's backend.
const PIECE: usize = 16 * 1024;

/// The maximum of concurrent requests of one client.
///
/// `UNSENT` is the maximum of bytes of each response that `h2` buffers before it sends them.
const STREAMS: u32 = 100;
const UNSENT: usize = 64 * 1024;

/// The flow-control window of a stream, in bytes.
///
/// A client may send as many bytes before the bridge reads some.
///
/// RFC 9113, section 6.9.2.
const WINDOW: u32 = 65_535;

/// The largest field section of a request, in bytes.
///
/// As HTTP/2 counts it (RFC 9113, section 6.5.2). One byte of HPACK may stand for a whole field
/// line, which takes memory once it is decoded.
const FIELDS: u32 = 64 << 10;

/// The limit of memory for the overhead of a client's unread DATA frames, in bytes.
///
/// `h2` counts a small frame as 256 bytes, less its content.
const FRAMES: usize = 16 << 20;

/// The idle time after which a client's connection fails, in units of `--timeout`.
const IDLE: u32 = 3;

/// The longest time to discard the rest of a request after its response.
///
/// Discarding ends earlier after a pause of `LINGER_IDLE`.
const LINGER_MAX: Duration = Duration::from_secs(4);
const LINGER_IDLE: Duration = Duration::from_secs(1);

#[derive(Parser)]
#[command(about = "HTTP/2 with extended CONNECT to HTTP/1.1 with Upgrade")]
struct Args {
    /// The port on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 8443)]
    port: u16,
    /// The address of the backend, without http://.
    #[arg(long, value_name = "HOST:PORT", value_parser = host_and_port)]
    backend: String,
    /// Seconds that a peer may take for a message, and longer for long content.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    timeout: u64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let Args { port, backend, timeout } = Args::parse();
    let acceptor = TlsAcceptor::from(Arc::new(tls::server()?));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("listening on https://{}", listener.local_addr()?);
    let backend = Backend::new(&backend, timeout);
    let serving = accept(listener, async { drop(ctrl_c().await) }, |stream, _, stopping| {
        let served = serve(stream, acceptor.clone(), backend.clone(), stopping);
        async { drop(served.await.inspect_err(|error| eprintln!("{error:#}"))) }
    });
    serve_until_ctrl_c(serving, &backend.farewell).await;
    Ok(())
}

async fn serve(
    stream: TcpStream,
    acceptor: TlsAcceptor,
    backend: Backend,
    stopping: ShutdownSignal,
) -> Result<(), BoxError> {
    let limit = backend.timeout;
    let connection = timeout(limit, shake_hands(stream, acceptor, limit)).await??;
    let mut answers = JoinSet::new();
    let served = streams(connection, &mut answers, &backend, stopping).await;
    // A client that has ended all its streams may have sent bytes that a backend has not received
    // yet.
    while answers.join_next().await.is_some() {}
    served
}

/// Serves each request of an HTTP/2 connection, until either side ends it.
async fn streams(
    mut connection: Connection<IdleTimeout<TlsStream<TcpStream>>, Bytes>,
    answers: &mut JoinSet<()>,
    backend: &Backend,
    stopping: ShutdownSignal,
) -> Result<(), BoxError> {
    let limit = backend.timeout;
    let mut stop = pin!(stopping.wait());
    let mut is_ending = false;
    loop {
        let accepted = tokio::select! {
            accepted = timeout(limit, connection.accept()) => accepted,
            // Removes tasks that have ended.
            Some(_) = answers.join_next() => continue,
            () = &mut stop, if !is_ending => {
                is_ending = true;
                connection.graceful_shutdown();
                continue;
            }
        };
        match accepted {
            Ok(Some(accepted)) => {
                let (request, respond) = accepted?;
                answers.spawn(answer(request, respond, backend.clone()));
            }
            Ok(None) => return Ok(()),
            Err(_) if connection.has_streams() => {}
            // The connection is idle: tell the client, and wait for the same time once more.
            Err(_) if !is_ending => {
                is_ending = true;
                connection.graceful_shutdown();
            }
            Err(_) => return Ok(()),
        }
    }
}

/// Performs the TLS handshake, and starts HTTP/2 over it.
async fn shake_hands(
    stream: TcpStream,
    acceptor: TlsAcceptor,
    limit: Duration,
) -> Result<Connection<IdleTimeout<TlsStream<TcpStream>>, Bytes>, BoxError> {
    // A client that receives nothing must not keep its streams forever. An idle client gets a
    // GOAWAY before this timeout.
    let stream = IdleTimeout::new(acceptor.accept(stream).await?, IDLE * limit);
    let mut builder = h2::server::Builder::new();
    builder.max_header_list_size(FIELDS);
    // RFC 8441 3: the client may send `:protocol` only after this setting.
    builder.max_concurrent_streams(STREAMS).max_send_buffer_size(UNSENT).enable_connect_protocol();
    // A stream whose backend receives nothing must not block the others.
    builder.initial_connection_window_size(STREAMS * WINDOW).data_frame_budget(FRAMES);
    Ok(builder.handshake(stream).await?)
}

/// The sender of the response on a stream, and of interim responses.
#[derive(Clone)]
struct Respond {
    stream: Arc<Mutex<SendResponse<Bytes>>>,
    has_begun: Arc<AtomicBool>,
}

impl Respond {
    fn new(stream: SendResponse<Bytes>) -> Self {
        Self { stream: Arc::new(Mutex::new(stream)), has_begun: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, SendResponse<Bytes>> {
        locked(&self.stream)
    }

    fn send(&self, head: Response<()>, is_all: bool) -> Result<SendStream<Bytes>, h2::Error> {
        self.has_begun.store(true, Relaxed);
        self.lock().send_response(head, is_all)
    }

    /// Completes once the client has cancelled its request before the response begins.
    ///
    /// Once the response has begun, this stays pending: the code that sends the response's content
    /// checks for a reset.
    fn poll_cancelled(&self, context: &mut Context<'_>) -> Poll<Result<Reason, h2::Error>> {
        if self.has_begun.load(Relaxed) { Poll::Pending } else { self.lock().poll_reset(context) }
    }
}

async fn answer(request: Request<RecvStream>, respond: SendResponse<Bytes>, backend: Backend) {
    let (head, content) = request.into_parts();
    let (mut content, respond) = (Content::new(content, backend.timeout), Respond::new(respond));
    let exchanged = tokio::select! {
        exchanged = exchange(head, &content, &respond, &backend) => exchanged,
        // The backend need not finish a request that the client has cancelled.
        () = cancelled(|context| respond.poll_cancelled(context)) => return,
    };
    if let Err(error) = exchanged {
        eprintln!("{}: {error:#}", backend.address);
        // If no response has begun, this is the response. One that has begun is truncated with a
        // reset, which the client sees.
        if respond.send(plain(blamed(&error)), true).is_err() {
            return respond.lock().send_reset(Reason::INTERNAL_ERROR);
        }
    }
    // The rest of the request is discarded. A reset of the stream is permitted (RFC 9113 8.1), but
    // some clients then discard the response too.
    let rest = async { while let Ok(Some(Ok(_))) = timeout(LINGER_IDLE, content.frame()).await {} };
    let _ = timeout(LINGER_MAX, rest).await;
}

/// Completes once the client has reset the stream of `poll_reset`, or disconnected.
async fn cancelled(poll_reset: impl FnMut(&mut Context<'_>) -> Poll<Result<Reason, h2::Error>>) {
    match poll_fn(poll_reset).await {
        // The head of the response was sent; from now on the code that sends the content checks.
        Err(error) if !(error.is_io() || error.is_reset() || error.is_go_away()) => pending().await,
        _ => {}
    }
}

/// Responds to one request of a client, mostly by forwarding it to the backend.
///
/// If an error is returned, the caller sends a response for it, or resets the stream.
async fn exchange(
    head: request::Parts,
    content: &Content,
    respond: &Respond,
    backend: &Backend,
) -> Result<(), BoxError> {
    let protocol = head.extensions.get::<Protocol>().map(Protocol::as_str);
    let is_tunnel = head.method == Method::CONNECT && protocol.is_none();
    if is_tunnel || protocol.is_some_and(|protocol| !may_forward(protocol)) {
        // A tunnel to any address is a matter for another program (RFC 8441 4). h2c and TLS are
        // between two neighbours.
        respond.send(plain(StatusCode::NOT_IMPLEMENTED), true)?;
        return Ok(());
    }
    let Some((target, headers)) = to_request(&head) else {
        // RFC 9113 8.1.1: fields that only HTTP/1.1 has, for example, make a request malformed.
        respond.lock().send_reset(Reason::PROTOCOL_ERROR);
        return Ok(());
    };
    // The DATA of an extended CONNECT is no content, and is sent after the upgrade.
    let (method, body) = match protocol {
        Some(_) => (Method::GET, Either::Left(Empty::new())),
        None => (head.method.clone(), Either::Right(forwarded(content.clone()))),
    };
    let mut request = Request::builder().method(method).uri(&target).body(body)?;
    *request.headers_mut() = headers;
    if count_down(&request.method().clone(), request.headers_mut()) {
        let content =
            last_answer(&format!("{} {target} HTTP/2", request.method()), request.headers());
        let mut head = Response::new(());
        if request.method() == Method::TRACE {
            head.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("message/http"));
        }
        return Ok(respond.send(head, false)?.send_data(content.into(), true)?);
    }
    let offer: Vec<&str> = protocol.into_iter().collect();
    let informed = respond.clone();
    let inform = move |interim: Response<()>| {
        // An interim response that comes too late need not arrive.
        let head = translated(interim.status(), interim.headers(), interim.version());
        let _ = informed.lock().send_informational(head);
    };
    match backend.send(request, || Either::Left(Empty::new()), &offer, inform).await?.0 {
        Answer::Response(response) => {
            let known = if protocol.is_some() { when_declined } else { valid_status };
            pass(*response, known, respond, backend.timeout).await
        }
        Answer::Upgraded(server) => {
            // RFC 8441 5: the 101 of one hop is the 200 of the other.
            let agreed = server.response().ok_or("a switch without its 101")?;
            let mut head = translated(StatusCode::OK, agreed.headers(), agreed.version());
            // Some backends send Content-Length in a 101, but no content follows (RFC 9110 9.3.6).
            head.headers_mut().remove(CONTENT_LENGTH);
            let to_client = respond.send(head, false)?;
            content.wait_for_ever();
            tunnel(server, content.clone(), to_client, backend.timeout, &backend.farewell).await
        }
    }
}

/// Forwards the backend's response to the client, to its end or the client's reset.
async fn pass(
    response: Response<backend::Content>,
    known: fn(StatusCode) -> StatusCode,
    respond: &Respond,
    limit: Duration,
) -> Result<(), BoxError> {
    if !has_known_framing(response.headers()) {
        return Err("the backend's response has an invalid length, or an unknown coding".into());
    }
    let (head, mut content) = response.into_parts();
    // An empty frame after a 304 with a length would be content that is too short to some clients.
    let is_all = http_body::Body::is_end_stream(&content);
    let mut to_client =
        respond.send(translated(known(head.status), &head.headers, head.version), is_all)?;
    if is_all {
        return Ok(());
    }
    loop {
        let frame = tokio::select! {
            frame = content.frame() => frame,
            () = cancelled(|context| to_client.poll_reset(context)) => return Ok(()),
        };
        let Some(frame) = frame else { break };
        match forwardable_trailers(frame?).into_data() {
            Ok(data) => send_in_time(&mut to_client, data, SYSTEM * limit).await?,
            Err(frame) => {
                let trailers = frame.into_trailers().unwrap_or_default();
                if !trailers.is_empty() {
                    return Ok(to_client.send_trailers(trailers)?);
                }
            }
        }
    }
    Ok(to_client.send_data(Bytes::new(), true)?)
}

/// Sends all of `data`; fails after `limit` and a millisecond for each byte.
async fn send_in_time(
    to_client: &mut SendStream<Bytes>,
    data: Bytes,
    limit: Duration,
) -> Result<(), BoxError> {
    let limit = limit + Duration::from_millis(data.len() as u64);
    Ok(timeout(limit, send(to_client, data)).await??)
}

/// The progress of the client's bytes on their way to the backend, in a tunnel.
#[derive(Default)]
struct Said {
    /// The time at which the current write to the backend began; `None` if none runs.
    since: Mutex<Option<Instant>>,
    /// True once all bytes of the client and a FIN were sent to the backend.
    is_all: AtomicBool,
}

/// Copies a tunnel's bytes in both directions, until both end or the tunnel fails.
///
/// The tunnel also fails if the client cancels or the bridge stops. A failure resets the backend's
/// connection, unless all bytes of the client were sent to it. RFC 9113, section 8.5.
async fn tunnel(
    server: Upgraded,
    content: Content,
    to_client: SendStream<Bytes>,
    limit: Duration,
    farewell: &Farewell,
) -> Result<(), BoxError> {
    let (mut reader, mut writer) = tokio::io::split(server);
    let said = Said::default();
    let passed = tokio::select! {
        passed = both_ways(&mut reader, &mut writer, &said, content, to_client, limit) => passed,
        () = farewell.heard() => Err("the bridge stops".into()),
    };
    if passed.is_err() && !said.is_all.load(Relaxed) {
        reader.unsplit(writer).reset();
    }
    passed
}

/// Copies bytes between the client and the backend until each direction ends.
///
/// A side that ends its own direction still receives the other's bytes. A backend that receives no
/// more is read to its end (RFC 9110, section 9.3.6). Fails if the client fails or cancels, or if
/// the backend cannot be read. Also if a side takes longer than `SYSTEM` times `limit` for what is
/// sent to it.
async fn both_ways(
    reader: &mut ReadHalf<Upgraded>,
    writer: &mut WriteHalf<Upgraded>,
    said: &Said,
    content: Content,
    mut to_client: SendStream<Bytes>,
    limit: Duration,
) -> Result<(), BoxError> {
    let limit = SYSTEM * limit;
    let mut taken = pin!(to_backend(content, writer, said));
    let mut is_taken = false;
    {
        let mut sent = pin!(to_frames(reader, &mut to_client, limit));
        loop {
            tokio::select! {
                sent = &mut sent => break sent?,
                taken = &mut taken, if !is_taken => {
                    taken?;
                    is_taken = true;
                }
                () = sleep(LINGER_IDLE) => check_write(said, limit)?,
            }
        }
    }
    if is_taken {
        return Ok(());
    }
    // A client that has ended its stream too is silent from now on. The backend must keep receiving
    // the bytes that the client sent.
    loop {
        tokio::select! {
            taken = &mut taken => return taken,
            () = cancelled(|context| to_client.poll_reset(context)) => {
                return Err("the client has cancelled".into());
            }
            () = sleep(LINGER_IDLE) => check_write(said, limit)?,
        }
    }
}

/// Fails if a write to the backend has taken `limit` or longer.
fn check_write(said: &Said, limit: Duration) -> Result<(), BoxError> {
    if locked(&said.since).is_some_and(|since| since.elapsed() >= limit) {
        return Err("the backend takes no more".into());
    }
    Ok(())
}

async fn to_backend(
    mut content: Content,
    writer: &mut WriteHalf<Upgraded>,
    said: &Said,
) -> Result<(), BoxError> {
    while let Some(frame) = content.frame().await {
        if let Ok(data) = frame?.into_data() {
            let mut left = &data[..];
            while !left.is_empty() {
                *locked(&said.since) = Some(Instant::now());
                match writer.write(left).await {
                    Ok(taken) => left = &left[taken..],
                    // The backend may still have sent something, and reading shows how it ends.
                    Err(_) => {
                        *locked(&said.since) = None;
                        return Ok(());
                    }
                }
            }
            *locked(&said.since) = None;
        }
    }
    said.is_all.store(writer.shutdown().await.is_ok(), Relaxed);
    Ok(())
}

async fn to_frames(
    reader: &mut ReadHalf<Upgraded>,
    to_client: &mut SendStream<Bytes>,
    limit: Duration,
) -> Result<(), BoxError> {
    let mut piece = vec![0; PIECE];
    loop {
        let read = tokio::select! {
            read = reader.read(&mut piece) => read?,
            () = cancelled(|context| to_client.poll_reset(context)) => {
                return Err("the client has cancelled".into());
            }
        };
        match read {
            0 => return Ok(to_client.send_data(Bytes::new(), true)?),
            len => {
                let data = Bytes::copy_from_slice(&piece[..len]);
                send_in_time(to_client, data, limit).await?;
            }
        }
    }
}
