//! A bridge: HTTP/2 over TLS towards the client, HTTP/1.1 towards the backend.
//!
//! ```text
//! bridge --backend HOST:PORT [--port N]
//! ```
//!
//! An extended CONNECT (RFC 8441) becomes an HTTP/1.1 upgrade: the `:protocol` is offered, the backend's 101 becomes a 200,
//! and DATA frames carry what the protocol says. The key of a WebSocket is this hop's own. Other requests and their answers
//! pass, without what is for one hop.

#[path = "../gateway/side.rs"]
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
use switchover::bridge::{FieldLine, http1_fields, http2_fields};
use switchover::{Event, Fields, RequestHead, Role, websocket};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::side::{Failure, Side};

/// Octets that are read at a time.
const PIECE: usize = 16 * 1024;

#[derive(Parser)]
#[command(about = "HTTP/2 with extended CONNECT to HTTP/1.1 with Upgrade")]
struct Args {
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 8443)]
    port: u16,
    /// Where requests go
    #[arg(long, value_name = "HOST:PORT")]
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
                eprintln!("{error}");
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
    let (head, content) = request.into_parts();
    let protocol = head.extensions.get::<Protocol>().map(Protocol::as_str);
    if head.method == Method::CONNECT && protocol.is_none() {
        // A tunnel to anywhere is another program's (RFC 8441, 4).
        respond.send_response(Response::builder().status(501).body(())?, true)?;
        return Ok(());
    }
    let mut server = Side::new(TcpStream::connect(backend).await?, Role::Client)?;
    let fields = upgraded_fields(&head, protocol, content.is_end_stream())?;
    let method = if protocol.is_some() { "GET" } else { head.method.as_str() };
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let offer: Vec<&str> = protocol.into_iter().collect();
    server.connection.send_request(&RequestHead::new(method, target, &fields), &offer, &mut server.out)?;
    let content = if protocol.is_some() { Some(content) } else { send_content(content, &mut server).await? };
    let mut to_client = None;
    loop {
        server.flush().await?;
        server.advance().await?;
        match server.connection.event() {
            Some(Event::Response(response)) => {
                let head = translated(response.status(), response.fields())?;
                to_client = Some(respond.send_response(head, false)?);
            }
            Some(Event::Data(data)) => {
                let data = Bytes::copy_from_slice(data);
                send(to_client.as_mut().ok_or("content before its head")?, data).await?;
            }
            Some(Event::EndOfMessage(_)) => {
                return Ok(to_client.ok_or("an end before its head")?.send_data(Bytes::new(), true)?);
            }
            Some(Event::Switched(switched)) => {
                // RFC 8441, 5: the 101 of one hop is the 200 of the other.
                let response = switched.response.ok_or("a switch without its 101")?;
                let to_client = respond.send_response(translated(200, response.fields())?, false)?;
                let leftover = Bytes::copy_from_slice(switched.leftover);
                let content = content.ok_or("a switch of a request that has ended")?;
                return tunnel(server.stream, leftover, content, to_client).await;
            }
            Some(Event::Closed { .. }) => return Err("the backend closed without an answer".into()),
            Some(Event::Informational(_) | Event::Request(_)) | None => {}
        }
    }
}

/// The request's field lines as HTTP/1.1 has them.
fn upgraded_fields(
    head: &http::request::Parts,
    protocol: Option<&str>,
    has_ended: bool,
) -> Result<Vec<FieldLine>, Failure> {
    let given: Vec<(&str, &[u8])> =
        head.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let mut nonce = [0; 16];
    getrandom::fill(&mut nonce)?;
    let key = (protocol == Some("websocket")).then(|| websocket::key(&nonce));
    let authority = head.uri.authority().map_or("", |authority| authority.as_str());
    let fields = http1_fields(authority, &given, key.as_deref());
    let mut fields = fields.map_err(|fault| format!("{} has no place in HTTP/2", fault.name()))?;
    // Content without a length is chunked; what an extended CONNECT carries is none.
    if protocol.is_none() && !has_ended && !head.headers.contains_key("content-length") {
        fields.push((b"transfer-encoding".to_vec(), b"chunked".to_vec()));
    }
    Ok(fields)
}

fn translated(status: u16, fields: Fields<'_>) -> Result<Response<()>, http::Error> {
    let response = Response::builder().status(status);
    let fields = http2_fields(&fields).into_iter();
    fields.fold(response, |response, (name, value)| response.header(name, value)).body(())
}

/// Sends the content of a plain request; nothing of it is left then.
async fn send_content(mut content: RecvStream, server: &mut Side) -> Result<Option<RecvStream>, Failure> {
    while let Some(data) = content.data().await {
        let data = data?;
        server.connection.send_data(&data, &mut server.out)?;
        server.flush().await?;
        content.flow_control().release_capacity(data.len())?;
    }
    server.connection.send_end(&(), &mut server.out)?;
    Ok(None)
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

/// As much at a time as the client's window takes.
async fn send(to: &mut SendStream<Bytes>, mut data: Bytes) -> Result<(), h2::Error> {
    while !data.is_empty() {
        to.reserve_capacity(data.len());
        let room = std::future::poll_fn(|context| to.poll_capacity(context)).await;
        let room = room.unwrap_or(Err(h2::Reason::CANCEL.into()))?;
        to.send_data(data.split_to(room.min(data.len())), false)?;
    }
    Ok(())
}
