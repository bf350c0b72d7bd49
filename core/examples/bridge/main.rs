//! A bridge: HTTP/2 over TLS towards the client, HTTP/1.1 towards the backend.
//!
//! ```text
//! bridge --backend HOST:PORT [--port N]
//! ```
//!
//! An extended CONNECT (RFC 8441) becomes an HTTP/1.1 upgrade: the `:protocol` is offered, the backend's 101 becomes a 200,
//! and DATA frames carry what the protocol says. The key of a WebSocket is this hop's own. Other requests and their answers
//! pass, without what is for one hop.

#[path = "../switchboard/http2/paced.rs"]
mod paced;
#[path = "../gateway/side.rs"]
#[allow(dead_code, reason = "the gateway also waits for one side alone")]
mod side;
#[path = "../switchboard/tls.rs"]
#[allow(dead_code, reason = "the switchboard's client side is not needed here")]
mod tls;

use std::net::Ipv4Addr;
use std::sync::Arc;

use bytes::Bytes;
use clap::Parser;
use h2::ext::Protocol;
use h2::server::SendResponse;
use h2::{RecvStream, SendStream};
use http::{Method, Request, Response};
use switchover::bridge::{FieldLine, OverHttp2, http1_fields, http2_fields};
use switchover::gateway::{SwitchEndToEnd, may_forward};
use switchover::{Event, FieldSource, RequestHead, Role, Step, websocket};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::paced::send;
use crate::side::{Failure, PATIENCE, Side};

/// Octets that are read at a time.
const PIECE: usize = 16 * 1024;

#[derive(Parser)]
#[command(about = "HTTP/2 with extended CONNECT to HTTP/1.1 with Upgrade")]
struct Args {
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 8443)]
    port: u16,
    /// Where requests go, without http://
    #[arg(long, value_name = "HOST:PORT", value_parser = side::host_and_port)]
    backend: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let args = Args::parse();
    let mut config = Arc::unwrap_or_clone(tls::server().map_err(|error| error.to_string())?);
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port)).await?;
    println!("listening on https://{}", listener.local_addr()?);
    // All of it in one thread, which is what a borrowed event asks for.
    tokio::task::LocalSet::new().run_until(accept_all(listener, acceptor, &args.backend)).await
}

async fn accept_all(listener: TcpListener, acceptor: TlsAcceptor, backend: &str) -> Result<(), Failure> {
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (stream, acceptor, backend) = (accepted?.0, acceptor.clone(), backend.to_owned());
                // A connection that fails is no reason to end the others.
                tokio::task::spawn_local(async move {
                    serve(stream, acceptor, &backend).await.inspect_err(|error| eprintln!("{error}"))
                });
            }
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
    }
}

async fn serve(stream: TcpStream, acceptor: TlsAcceptor, backend: &str) -> Result<(), Failure> {
    let stream = acceptor.accept(stream).await?;
    // RFC 8441, 3: only then may the client send `:protocol`.
    let mut connection = h2::server::Builder::new().enable_connect_protocol().handshake(stream).await?;
    while let Some(accepted) = connection.accept().await {
        let (request, mut respond) = accepted?;
        let backend = backend.to_owned();
        tokio::task::spawn_local(async move {
            if let Err(error) = exchange(request, &mut respond, &backend).await {
                eprintln!("{backend}: {error}");
                // Where no answer has begun, this is it.
                let refusal = Response::builder().status(502).body(()).map(|head| respond.send_response(head, true));
                drop(refusal);
            }
        });
    }
    Ok(())
}

/// One request, on a connection of its own to the backend.
async fn exchange(
    request: Request<RecvStream>,
    respond: &mut SendResponse<Bytes>,
    backend: &str,
) -> Result<(), Failure> {
    let (mut head, mut content) = request.into_parts();
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
    let Ok(fields) = upgraded_fields(&head, key.as_deref(), protocol.is_some() || content.is_end_stream()) else {
        // RFC 9113, 8.1.1: what is for HTTP/1.1 alone makes a request malformed.
        respond.send_reset(h2::Reason::PROTOCOL_ERROR);
        return Ok(());
    };
    let mut server = Side::new(TcpStream::connect(backend).await?, Role::Client)?;
    let method = if protocol.is_some() { "GET" } else { head.method.as_str() };
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let offer: Vec<&str> = protocol.into_iter().collect();
    server.connection.send_request(&RequestHead::new(method, target, &fields), &offer, &mut server.out)?;
    // What an extended CONNECT carries is no content, and waits for the switch.
    let mut is_sending = protocol.is_none();
    let mut to_client = None;
    loop {
        while server.connection.advance()? == Step::Event {
            match server.connection.event() {
                Some(Event::Response(response)) => {
                    let status = if protocol.is_some() { declined(response.status()) } else { response.status() };
                    let head = translated(status, &response.fields())?;
                    to_client = Some(respond.send_response(head, false)?);
                }
                Some(Event::Data(data)) => {
                    let data = Bytes::copy_from_slice(data);
                    send(to_client.as_mut().ok_or("content before its head")?, data).await?;
                }
                Some(Event::EndOfMessage(trailers)) => {
                    let mut to_client = to_client.ok_or("an end before its head")?;
                    if trailers.is_empty() {
                        return Ok(to_client.send_data(Bytes::new(), true)?);
                    }
                    let (trailers, ()) = translated(200, &trailers)?.into_parts();
                    return Ok(to_client.send_trailers(trailers.headers)?);
                }
                Some(Event::Switched(switched)) => {
                    // RFC 8441, 5: the 101 of one hop is the 200 of the other.
                    let response = switched.response.ok_or("a switch without its 101")?;
                    let head = translated(200, &SwitchEndToEnd(&response.fields()))?;
                    let to_client = respond.send_response(head, false)?;
                    let leftover = Bytes::copy_from_slice(switched.leftover);
                    return tunnel(server.stream, leftover, content, to_client).await;
                }
                Some(Event::Closed { .. }) => return Err("the backend closed without an answer".into()),
                Some(Event::Informational(_) | Event::Request(_)) | None => {}
            }
        }
        // The answer may come while the content goes: neither waits for the other.
        tokio::select! {
            data = content.data(), if is_sending && server.has_room() => {
                is_sending = pass_content(data.transpose()?, &mut content, &mut server).await?;
            }
            // A server that reads no more may still have answered.
            moved = server.work(true) => if moved.is_err() { server.out.clear() },
            () = tokio::time::sleep(PATIENCE) => return Err("neither side goes on".into()),
        }
    }
}

/// Passes on content that has come, or its end; whether there is more.
async fn pass_content(data: Option<Bytes>, content: &mut RecvStream, server: &mut Side) -> Result<bool, Failure> {
    let Some(data) = data else {
        let trailers = content.trailers().await?.unwrap_or_default();
        let trailers: Vec<_> = trailers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let sent = server.connection.send_end(&trailers, &mut server.out);
        // Trailers that the framing has no place for are dropped (RFC 9110, 6.5.1).
        sent.or_else(|_| server.connection.send_end(&(), &mut server.out))?;
        return Ok(false);
    };
    server.connection.send_data(&data, &mut server.out)?;
    content.flow_control().release_capacity(data.len())?;
    Ok(true)
}

/// The status for a client whose offer the backend has declined: a 2xx would say that it was accepted (RFC 8441, 5).
fn declined(status: u16) -> u16 {
    if (200..300).contains(&status) { 502 } else { status }
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
    // Content without a length is chunked.
    if !has_no_content && !head.headers.contains_key("content-length") {
        fields.push((b"transfer-encoding".to_vec(), b"chunked".to_vec()));
    }
    Ok(fields)
}

fn translated(status: u16, fields: &dyn FieldSource) -> Result<Response<()>, http::Error> {
    let response = Response::builder().status(status);
    let fields = http2_fields(fields).into_iter();
    fields.fold(response, |response, (name, value)| response.header(name, value)).body(())
}

/// Octets both ways. A side that ends its own direction still gets the other's.
async fn tunnel(
    mut server: TcpStream,
    leftover: Bytes,
    content: RecvStream,
    mut to_client: SendStream<Bytes>,
) -> Result<(), Failure> {
    let (reader, writer) = server.split();
    send(&mut to_client, leftover).await?;
    tokio::try_join!(to_backend(content, writer), to_frames(reader, to_client))?;
    Ok(())
}

async fn to_backend(mut content: RecvStream, mut writer: WriteHalf<'_>) -> Result<(), Failure> {
    while let Some(data) = content.data().await {
        let data = data?;
        writer.write_all(&data).await?;
        content.flow_control().release_capacity(data.len())?;
    }
    Ok(writer.shutdown().await?)
}

async fn to_frames(mut reader: ReadHalf<'_>, mut to_client: SendStream<Bytes>) -> Result<(), Failure> {
    let mut piece = vec![0; PIECE];
    loop {
        match reader.read(&mut piece).await? {
            0 => return Ok(to_client.send_data(Bytes::new(), true)?),
            len => send(&mut to_client, Bytes::copy_from_slice(&piece[..len])).await?,
        }
    }
}
