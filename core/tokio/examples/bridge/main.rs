//! A bridge: HTTP/2 over TLS towards the client, HTTP/1.1 towards the backend.
//!
//! ```text
//! bridge --backend HOST:PORT [--port N] [--patience SECONDS]
//! ```
//!
//! An extended CONNECT (RFC 8441) becomes an HTTP/1.1 upgrade: the `:protocol` is offered, the backend's 101 becomes a 200,
//! and DATA frames carry what the protocol says. The key of a WebSocket is this hop's own. Other requests and their answers
//! pass, without what is for one hop.

#[path = "../gateway/backend.rs"]
#[allow(dead_code, reason = "the gateway's clients have connections of the engine, too")]
mod backend;
#[path = "../gateway/forward.rs"]
#[allow(dead_code, reason = "the gateway also forwards requests in HTTP/1.x")]
mod forward;
#[path = "../gateway/listen.rs"]
#[allow(dead_code, reason = "the gateway also asks without waiting")]
mod listen;
#[path = "../switchboard/http2/paced.rs"]
mod paced;
#[path = "../gateway/refusal.rs"]
mod refusal;
#[path = "../gateway/side.rs"]
#[allow(dead_code, reason = "the gateway also waits for one side alone, and for requests")]
mod side;
#[path = "../switchboard/tls.rs"]
#[allow(dead_code, reason = "the switchboard's client side is not needed here")]
mod tls;

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;

use bytes::Bytes;
use clap::Parser;
use h2::ext::Protocol;
use h2::server::{Connection, SendResponse};
use h2::{Reason, RecvStream, SendStream};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response};
use switchover::bridge::{OverHttp2, http1_fields, http2_fields};
use switchover::gateway::{EndToEnd, may_forward};
use switchover::{Event, FieldSource, RequestHead, websocket};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{timeout, timeout_at};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::backend::Backend;
use crate::forward::{FieldLine, Trailers, count_down, http1, known_status, last_answer, via};
use crate::listen::{Stop, serve_all};
use crate::paced::send;
use crate::refusal::Refusal;
use crate::side::{Failure, LINGER, LULL, Pace, Side};

/// Bytes that are read at a time.
const PIECE: usize = 16 * 1024;

/// Requests of one client at a time.
const STREAMS: u32 = 100;

#[derive(Parser)]
#[command(about = "HTTP/2 with extended CONNECT to HTTP/1.1 with Upgrade")]
struct Args {
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 8443)]
    port: u16,
    /// Where requests go, without http://
    #[arg(long, value_name = "HOST:PORT", value_parser = side::host_and_port)]
    backend: String,
    /// Seconds that a peer may take for a message, and longer for long content
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    patience: u64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let Args { port, backend, patience } = Args::parse();
    let mut config = Arc::unwrap_or_clone(tls::server().map_err(|error| error.to_string())?);
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("listening on https://{}", listener.local_addr()?);
    let backend = Backend::new(&backend, patience);
    // All of it in one thread, which is what a borrowed event asks for.
    let serving = serve_all(listener, |stream, stop| serve(stream, acceptor.clone(), backend.clone(), stop));
    tokio::task::LocalSet::new().run_until(serving).await
}

async fn serve(stream: TcpStream, acceptor: TlsAcceptor, backend: Backend, mut stop: Stop) -> Result<(), Failure> {
    let patience = backend.patience;
    let mut connection = timeout(patience, shake_hands(stream, acceptor)).await??;
    let mut is_ending = false;
    loop {
        let accepted = tokio::select! {
            accepted = timeout(patience, connection.accept()) => accepted,
            () = stop.comes(), if !is_ending => {
                is_ending = true;
                connection.graceful_shutdown();
                continue;
            }
        };
        match accepted {
            Ok(Some(accepted)) => {
                let (request, respond) = accepted?;
                tokio::task::spawn_local(answer(request, respond, backend.clone()));
            }
            Ok(None) => return Ok(()),
            Err(_) if connection.has_streams() => {}
            // Idle: tell the client, which has the same time once more.
            Err(_) if !is_ending => {
                is_ending = true;
                connection.graceful_shutdown();
            }
            Err(_) => return Ok(()),
        }
    }
}

/// TLS, and the beginning of HTTP/2 in it.
async fn shake_hands(
    stream: TcpStream,
    acceptor: TlsAcceptor,
) -> Result<Connection<TlsStream<TcpStream>, Bytes>, Failure> {
    stream.set_nodelay(true)?;
    let stream = acceptor.accept(stream).await?;
    let mut builder = h2::server::Builder::new();
    // RFC 8441, 3: only then may the client send `:protocol`.
    builder.max_concurrent_streams(STREAMS).enable_connect_protocol();
    Ok(builder.handshake(stream).await?)
}

async fn answer(request: Request<RecvStream>, mut respond: SendResponse<Bytes>, backend: Backend) {
    let (head, mut content) = request.into_parts();
    if let Err(Refusal { status, why }) = exchange(head, &mut content, &mut respond, &backend).await {
        eprintln!("{}: {why}", backend.address);
        // Where no answer has begun, this is it; one that has begun is cut, and the client sees that.
        let refusal = Response::builder().status(status).body(());
        if !refusal.is_ok_and(|head| respond.send_response(head, true).is_ok()) {
            return respond.send_reset(Reason::INTERNAL_ERROR);
        }
    }
    // What still comes is dropped. To reset the stream would be allowed (RFC 9113, 8.1), but some clients then forget the
    // answer, too.
    let rest = async {
        while let Ok(Some(Ok(data))) = timeout(LULL, content.data()).await {
            let _ = content.flow_control().release_capacity(data.len());
        }
    };
    let _ = timeout(LINGER, rest).await;
}

/// One request, on a connection of its own to the backend.
async fn exchange(
    mut head: http::request::Parts,
    content: &mut RecvStream,
    respond: &mut SendResponse<Bytes>,
    backend: &Backend,
) -> Result<(), Refusal> {
    if head.extensions.get::<Protocol>().is_some() {
        // What an extended CONNECT carries is no content, whatever is said of it.
        head.headers.remove("content-length");
    }
    let protocol = head.extensions.get::<Protocol>().map(Protocol::as_str);
    let is_tunnel = head.method == Method::CONNECT && protocol.is_none();
    if is_tunnel || protocol.is_some_and(|protocol| !may_forward(protocol)) {
        // A tunnel to anywhere is another program's (RFC 8441, 4); h2c and TLS are between two neighbours.
        respond.send_response(Response::builder().status(501).body(())?, true)?;
        return Ok(());
    }
    let key = if protocol == Some("websocket") { Some(fresh_key()?) } else { None };
    let Ok(mut fields) = upgraded_fields(&head, key.as_deref(), protocol.is_some() || content.is_end_stream()) else {
        // RFC 9113, 8.1.1: what is for HTTP/1.1 alone makes a request malformed.
        respond.send_reset(Reason::PROTOCOL_ERROR);
        return Ok(());
    };
    let method = if protocol.is_some() { "GET" } else { head.method.as_str() };
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    if count_down(method, &mut fields) {
        let content = last_answer(&format!("{method} {target} HTTP/2"), &fields);
        let head = Response::builder().header("content-type", "message/http").body(())?;
        return Ok(respond.send_response(head, false)?.send_data(content.into(), true)?);
    }
    let offer: Vec<&str> = protocol.into_iter().collect();
    let mut server = backend.ask(&RequestHead::new(method, target, &fields), &offer).await?;
    let mut pace = Pace::new(backend.patience);
    // What an extended CONNECT carries is no content, and waits for the switch.
    let mut is_sending = protocol.is_none();
    let mut to_client = None;
    loop {
        while server.has_event().map_err(Refusal::of_backend)? {
            // A stream of events may be silent for a while; an unfinished head is no event.
            server.pace.renew();
            match server.connection.event() {
                Some(Event::Informational(response)) => {
                    // What is only between us and the backend, or comes too late, need not arrive.
                    let _ = respond.send_informational(translated(response.status(), &response, &response.fields())?);
                }
                Some(Event::Response(response)) => {
                    let status =
                        if protocol.is_some() { declined(response.status()) } else { known_status(response.status()) };
                    to_client = Some(respond.send_response(translated(status, &response, &response.fields())?, false)?);
                }
                Some(Event::Data(data)) => {
                    let to_client = to_client.as_mut().ok_or_else(|| Refusal::of_backend("content before its head"))?;
                    let sent = timeout(backend.patience, send(to_client, Bytes::copy_from_slice(data)));
                    sent.await.map_err(|late| Refusal::of_client(io::Error::from(late)))??;
                }
                Some(Event::EndOfMessage(trailers)) => {
                    let mut to_client = to_client.ok_or_else(|| Refusal::of_backend("an end before its head"))?;
                    let trailers = header_map(&Trailers(&trailers))?;
                    if trailers.is_empty() {
                        return Ok(to_client.send_data(Bytes::new(), true)?);
                    }
                    return Ok(to_client.send_trailers(trailers)?);
                }
                Some(Event::Switched(switched)) => {
                    // RFC 8441, 5: the 101 of one hop is the 200 of the other.
                    let response = switched.response.ok_or_else(|| Refusal::of_backend("a switch without its 101"))?;
                    let mut head = translated(200, &response, &response.fields())?;
                    // Some say one of the 101; what follows here is no content (RFC 9110, 9.3.6).
                    head.headers_mut().remove("content-length");
                    let to_client = respond.send_response(head, false)?;
                    let leftover = Bytes::copy_from_slice(switched.leftover);
                    return tunnel(&mut server.stream, leftover, content, to_client).await;
                }
                Some(Event::Request(_)) | None => {}
            }
        }
        // The answer may come while the content goes: neither waits for the other.
        let takes_content = is_sending && server.has_room();
        let deadline = pace.until(takes_content);
        tokio::select! {
            data = timeout_at(deadline, content.data()), if takes_content => {
                let data = data.map_err(|late| Refusal::of_client(io::Error::from(late)))?;
                let data = data.transpose().map_err(Refusal::of_client)?;
                pace.earn(data.as_ref().map_or(0, Bytes::len));
                is_sending = pass_content(data, content, &mut server).await?;
            }
            moved = server.work(true, !is_sending) => match moved {
                Err(error) if error.kind() == io::ErrorKind::TimedOut => return Err(error.into()),
                // A server that reads no more may still have answered.
                Err(_) => server.out.clear(),
                Ok(()) => {}
            },
        }
    }
}

/// Passes on content that has come, or its end; whether there is more.
async fn pass_content(data: Option<Bytes>, content: &mut RecvStream, server: &mut Side) -> Result<bool, Refusal> {
    let Some(data) = data else {
        let trailers = content.trailers().await.map_err(Refusal::of_client)?.unwrap_or_default();
        let trailers: Vec<_> = trailers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        server.connection.send_end(&Trailers(&trailers), &mut server.out)?;
        return Ok(false);
    };
    server.connection.send_data(&data, &mut server.out)?;
    content.flow_control().release_capacity(data.len())?;
    Ok(true)
}

/// The status for a client whose offer the backend has declined: a 2xx would say that it was accepted (RFC 8441, 5).
fn declined(status: u16) -> u16 {
    if (200..300).contains(&status) { 502 } else { known_status(status) }
}

fn fresh_key() -> Result<String, getrandom::Error> {
    let mut nonce = [0; 16];
    getrandom::fill(&mut nonce)?;
    Ok(websocket::key(&nonce))
}

/// The request's field lines as HTTP/1.1 has them.
fn upgraded_fields(
    head: &http::request::Parts,
    key: Option<&str>,
    has_no_content: bool,
) -> Result<Vec<FieldLine>, OverHttp2> {
    let given: Vec<(&str, &[u8])> =
        head.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let authority = head.uri.authority().map_or("", |authority| authority.as_str());
    let mut fields = http1_fields(authority, &given, key)?;
    fields.push((b"via".to_vec(), via("2.0").into_bytes()));
    // Content without a length is chunked.
    if !has_no_content && !head.headers.contains_key("content-length") {
        fields.push((b"transfer-encoding".to_vec(), b"chunked".to_vec()));
    }
    Ok(fields)
}

/// A head of the backend as HTTP/2 has it.
fn translated(
    status: u16,
    response: &switchover::Response<'_>,
    fields: &dyn FieldSource,
) -> Result<Response<()>, http::Error> {
    let mut head = Response::builder().status(status).body(())?;
    *head.headers_mut() = header_map(&(EndToEnd(fields), [("Via", via(http1(response.minor_version())))]))?;
    Ok(head)
}

fn header_map(fields: &dyn FieldSource) -> Result<HeaderMap, http::Error> {
    let mut map = HeaderMap::new();
    for (name, value) in http2_fields(fields) {
        map.append(HeaderName::from_bytes(&name)?, HeaderValue::from_bytes(&value)?);
    }
    Ok(map)
}

/// Bytes both ways. A side that ends its own direction still gets the other's.
async fn tunnel(
    server: &mut TcpStream,
    leftover: Bytes,
    content: &mut RecvStream,
    mut to_client: SendStream<Bytes>,
) -> Result<(), Refusal> {
    let (reader, writer) = server.split();
    send(&mut to_client, leftover).await?;
    tokio::try_join!(to_backend(content, writer), to_frames(reader, to_client))?;
    Ok(())
}

async fn to_backend(content: &mut RecvStream, mut writer: WriteHalf<'_>) -> Result<(), Refusal> {
    while let Some(data) = content.data().await {
        let data = data?;
        writer.write_all(&data).await?;
        content.flow_control().release_capacity(data.len())?;
    }
    Ok(writer.shutdown().await?)
}

async fn to_frames(mut reader: ReadHalf<'_>, mut to_client: SendStream<Bytes>) -> Result<(), Refusal> {
    let mut piece = vec![0; PIECE];
    loop {
        match reader.read(&mut piece).await? {
            0 => return Ok(to_client.send_data(Bytes::new(), true)?),
            len => send(&mut to_client, Bytes::copy_from_slice(&piece[..len])).await?,
        }
    }
}
