//! A reverse proxy: it forwards requests to a backend, and responses to the client.
//!
//! ```text
//! gateway --backend HOST:PORT [--port N] [--timeout SECONDS]
//! ```
//!
//! Hop-by-hop fields are removed, and Via is added (RFC 9110, section 7.6). Other header fields are
//! forwarded; Host, Max-Forwards and contradictory fields may be corrected. Of trailers, only those
//! in `forward::TRAILERS` are forwarded.
//!
//! An offer is forwarded too, unless it breaks a rule or is for a single hop, like TLS and h2c. The
//! engine checks the backend's 101 against the offer, and the gateway accepts the client's offer.
//! Then bytes are copied in both directions until each side has ended its direction. If the backend
//! declines, its ordinary response is forwarded. Bytes after the offer are then parsed as the next
//! request, as strictly as any (RFC 9931, section 3).
//!
//! A response that comes before the end of its request closes the connection. Content that the
//! client sends after the end of such a response is not forwarded.

mod backend;
mod forward;
#[path = "../pool/pool.rs"]
mod pool;

use std::io;
use std::net::Ipv4Addr;
use std::sync::Mutex;
use std::time::Duration;

use clap::Parser;
use http::header::{CONNECTION, CONTENT_TYPE, HOST, HeaderName, HeaderValue, UPGRADE};
use http::{Method, Request, Response, StatusCode, request};
use http_body_util::Either;
use switchover::gateway::{EndToEnd, may_forward};
use switchover_tokio::{
    Body, BoxError, Error, ReasonPhrase, Upgraded, accept, informational, serve_connection_until,
    service_fn, upgrade,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf, copy, sink};
use tokio::net::TcpListener;
use tokio::signal::ctrl_c;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::backend::{
    Answer, Backend, Content, Farewell, SYSTEM, host_and_port, locked, serve_until_ctrl_c, status,
};
use crate::forward::{
    Forwarded, count_down, end_to_end, forwarded, has_known_framing, header_map, last_answer,
    valid_status,
};

#[derive(Parser)]
#[command(about = "A reverse proxy that passes on what a connection may become")]
struct Args {
    /// The port on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 8081)]
    port: u16,
    /// The address of the backend, without http://.
    #[arg(long, value_name = "HOST:PORT", value_parser = host_and_port)]
    backend: String,
    /// Seconds that a peer may take for a message, and longer for long content.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    timeout: u64,
}

/// The longest time to read and discard both sides' bytes after a tunnel has ended.
const LINGER_MAX: Duration = Duration::from_secs(4);

/// The time for sent bytes to arrive before a tunnel's connections are reset.
const LINGER_IDLE: Duration = Duration::from_secs(1);
/// The time between two checks that a silent tunnel's receiver accepts writes.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The maximum of bytes of a tunnel copied at a time.
const PIECE: usize = 16 * 1024;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let Args { port, backend, timeout } = Args::parse();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let backend = Backend::new(&backend, timeout);
    let serving = accept(listener, async { drop(ctrl_c().await) }, |stream, _, stopping| {
        let backend = backend.clone();
        async move {
            let handler = service_fn(|request| answer(request, backend.clone()));
            if let Err(error) =
                serve_connection_until(stream, handler, &backend.config, stopping.wait()).await
            {
                eprintln!("{error:#}");
            }
        }
    });
    serve_until_ctrl_c(serving, &backend.farewell).await;
    Ok(())
}

/// Returns the response to a client: the backend's, or one of the gateway itself.
///
/// Fails if the client's own content fails.
async fn answer(
    request: Request<Body>,
    backend: Backend,
) -> Result<Response<Forwarded<Content>>, BoxError> {
    let response = match forward(request, &backend).await {
        Ok(response) => response,
        // The client's own content has failed: `serve` knows the response for that.
        Err(Error::Body(error)) => return Err(error),
        Err(error) => {
            eprintln!("{}: {error:#}", backend.address);
            refusal(status(&error))
        }
    };
    Ok(response.map(forwarded))
}

async fn forward(request: Request<Body>, backend: &Backend) -> Result<Response<Content>, Error> {
    let (head, content) = request.into_parts();
    if head.method == Method::CONNECT {
        return Ok(refusal(StatusCode::NOT_IMPLEMENTED));
    }
    let mut onward = to_request(&head, &backend.address).map(|()| forwarded(content));
    if count_down(&head.method, onward.headers_mut()) {
        let line = format!("{} {} {:?}", head.method, head.uri, head.version);
        let mut last = own_response(last_answer(&line, &head.headers));
        if head.method == Method::TRACE {
            last.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("message/http"));
        }
        return Ok(last);
    }
    let asked = Request::from_parts(head, ());
    let offered = upgrade::offers(&asked).iter().filter(|offer| offer.ineligible.is_none());
    let offer: Vec<&str> =
        offered.map(|offer| &*offer.protocol).filter(|protocol| may_forward(protocol)).collect();
    let sender = informational(&asked);
    let inform = move |mut interim: Response<()>| {
        if let Some(sender) = &sender {
            *interim.headers_mut() = header_map(&EndToEnd(interim.headers()));
            sender.send(interim);
        }
    };
    match backend.send(onward, || forwarded(Body::empty()), &offer, inform).await? {
        (Answer::Response(response), is_early) => Ok(to_response(*response, is_early)),
        (Answer::Upgraded(server), _) => {
            let agreed = server
                .response()
                .map(|response| end_to_end(response.headers(), response.version()));
            let selected = upgrade::select(&asked, [server.protocol()]);
            let selected = selected
                .ok_or(Error::Misuse("the backend speaks what the client has not offered"))?;
            let (limit, farewell) = (backend.timeout, backend.farewell.clone());
            let response = selected.accept(move |client| tunnel(client, server, limit, farewell));
            let mut response = response.map(Either::Right);
            response.headers_mut().extend(agreed.unwrap_or_default());
            Ok(response)
        }
    }
}

/// Returns the request that is sent to the backend.
///
/// A request that names no host, as in HTTP/1.0, gets the backend's address as `Host`.
fn to_request(head: &request::Parts, backend: &str) -> Request<()> {
    let mut onward = Request::new(());
    *onward.method_mut() = head.method.clone();
    *onward.uri_mut() = head.uri.clone();
    *onward.headers_mut() = end_to_end(&head.headers, head.version);
    // RFC 9112 3.2.2: the authority of a target in absolute-form replaces Host.
    let named = head.uri.authority().map(|authority| authority.as_str());
    let host = named.or(Some(backend).filter(|_| !head.headers.contains_key(HOST)));
    if let Some(Ok(host)) = host.map(HeaderValue::from_str) {
        onward.headers_mut().insert(HOST, host);
    }
    onward
}

/// Returns the response that is sent to the client.
///
/// `is_early`: the response came before the end of the request, so it closes the connection. A
/// response with an unknown transfer coding or an invalid length is replaced by a 502.
fn to_response(mut response: Response<Content>, is_early: bool) -> Response<Content> {
    let protocols: Vec<String> = members(&response, UPGRADE)
        .filter(|protocol| may_forward(protocol))
        .map(String::from)
        .collect();
    if !has_known_framing(response.headers()) {
        return refusal(StatusCode::BAD_GATEWAY);
    }
    *response.headers_mut() = end_to_end(response.headers(), response.version());
    // The adapter turns a 426 that lists no protocol into a 400.
    upgrade::advertise(&mut response, &protocols.iter().map(String::as_str).collect::<Vec<_>>());
    let status = valid_status(response.status());
    if status != response.status() {
        *response.status_mut() = status;
        response.extensions_mut().remove::<ReasonPhrase>();
    }
    if is_early {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Returns the members of a response's list-based field, from all its lines.
fn members(response: &Response<Content>, name: HeaderName) -> impl Iterator<Item = &str> {
    let lists = response.headers().get_all(name).into_iter().filter_map(|list| list.to_str().ok());
    lists.flat_map(|list| list.split(',')).map(str::trim)
}

/// Returns a response of the gateway itself, after which the connection closes.
fn refusal(status: StatusCode) -> Response<Content> {
    let mut response = own_response(Body::empty());
    *response.status_mut() = status;
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Returns a response with content of the gateway itself.
fn own_response(content: impl Into<Body>) -> Response<Content> {
    Response::new(Either::Right(content.into()))
}

/// Copies bytes between client and server in both directions.
///
/// A side that ends its own direction still receives the other's. If a side has failed, the bytes
/// received from it are sent to the other (RFC 9110, section 9.3.6). Then both connections are
/// reset, so that the other side does not take these bytes for all.
async fn tunnel(client: Upgraded, server: Upgraded, limit: Duration, farewell: Farewell) {
    let (mut from_client, mut to_client) = tokio::io::split(client);
    let (mut from_server, mut to_server) = tokio::io::split(server);
    let (refused, moved) = (Notify::new(), Mutex::new(Instant::now()));
    let passed = async {
        tokio::try_join!(
            passed_on(&mut from_client, &mut to_server, &refused, &moved, SYSTEM * limit),
            passed_on(&mut from_server, &mut to_client, &refused, &moved, SYSTEM * limit)
        )
    };
    let is_cut = tokio::select! {
        passed = passed => match passed {
            Ok(_) => false,
            Err(error) => {
                // What came before has to leave this machine: a reset discards the rest.
                if error.kind() != io::ErrorKind::TimedOut {
                    sleep(LINGER_IDLE).await;
                }
                true
            }
        },
        // Bytes on their way to the other side still have time to arrive.
        () = stalled(&refused, &moved, SYSTEM * limit) => true,
        () = farewell.heard() => true,
    };
    if is_cut {
        // A side that has not received everything must not take it for complete.
        from_client.unsplit(to_client).reset();
        return from_server.unsplit(to_server).reset();
    }
    // A side may keep sending after the other one has gone. To close with unread bytes would reset
    // the connection, and lose bytes on their way to that side.
    let _ = tokio::join!(to_client.shutdown(), to_server.shutdown());
    let (mut unread, mut unheard) = (sink(), sink());
    let rest = async {
        tokio::join!(copy(&mut from_client, &mut unread), copy(&mut from_server, &mut unheard))
    };
    let _ = timeout(LINGER_MAX, rest).await;
}

/// Copies the bytes of one direction of a tunnel to their end.
///
/// Fails if the side that is read fails, but not at a failed write, because the receiving side may
/// still have sent something. The bytes that it does not receive are read and discarded, since the
/// sender may read only after its own writes. If the sender is silent, a write of nothing tells of
/// a receiving side that has ended its direction and then reset the connection.
///
/// Fails with `TimedOut` if the receiving side accepts nothing for `limit`: until then nobody reads
/// from the sender, which may have gone.
async fn passed_on(
    from: &mut ReadHalf<Upgraded>,
    to: &mut WriteHalf<Upgraded>,
    refused: &Notify,
    moved: &Mutex<Instant>,
    limit: Duration,
) -> io::Result<()> {
    let mut bytes = vec![0; PIECE];
    'accepting: loop {
        let read = tokio::select! {
            read = from.read(&mut bytes) => read?,
            () = has_failed(to) => break,
        };
        if read == 0 {
            let _ = to.shutdown().await;
            return Ok(());
        }
        let mut left = &bytes[..read];
        while !left.is_empty() {
            let Ok(taken) = timeout(limit, to.write(left)).await? else { break 'accepting };
            *locked(moved) = Instant::now();
            left = &left[taken..];
        }
    }
    refused.notify_one();
    copy(from, &mut sink()).await.map(drop)
}

/// Completes once a write of no bytes fails; it is tried every `LOOK_EVERY`.
async fn has_failed(to: &mut WriteHalf<Upgraded>) {
    loop {
        sleep(LOOK_EVERY).await;
        if to.write(&[]).await.is_err() {
            return;
        }
    }
}

/// Completes once neither side of a tunnel has received anything for `limit`.
///
/// The time starts once a write to one of the sides has failed.
async fn stalled(refused: &Notify, moved: &Mutex<Instant>, limit: Duration) {
    refused.notified().await;
    let mut since = Instant::now();
    loop {
        sleep_until(since + limit).await;
        let last = *locked(moved);
        if last <= since {
            return;
        }
        since = last;
    }
}
