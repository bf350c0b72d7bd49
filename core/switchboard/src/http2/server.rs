//! The HTTP/2 server of switchboard: an echo, and a description of other requests.

use std::pin::pin;
use std::time::Duration;

use h2::server::SendResponse;
use h2::{Reason, RecvStream};
use http::{Method, Request, Response, StatusCode};
use tokio::io::{AsyncRead, AsyncWrite};

use super::flow::send;
use crate::idle_timeout::IdleTimeout;
use crate::target::path;

/// The time without a read or write after which a client's connection fails.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The most concurrent requests of a client (RFC 9113, section 6.5.2).
const AT_A_TIME: u32 = 100;

/// The most bytes that a client's small DATA frames may cost `h2` beyond content.
///
/// `h2` counts a non-empty frame as 256 bytes less its content. So frames of four bytes that fill
/// the default window of 65,535 bytes are allowed.
const FRAMES: usize = 4 << 20;

/// The largest field section of a request, in bytes.
///
/// As HTTP/2 counts it (RFC 9113, section 6.5.2). One byte of HPACK may stand for a whole field
/// line, which takes memory once it is decoded.
const FIELDS: u32 = 64 << 10;

/// Serves HTTP/2 on a stream until the client or a shutdown ends the connection.
///
/// Once `stop` resolves, a GOAWAY says which requests are answered (RFC 9113, section 6.8), and the
/// connection ends after them. Returns the number of requests that were received. Fails if the
/// connection does, for example by the idle timeout. `window` is the initial flow-control window of
/// streams and connection.
pub(crate) async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    window: u32,
    stop: impl Future<Output = ()>,
) -> Result<u64, h2::Error> {
    let mut builder = h2::server::Builder::new();
    builder
        .initial_window_size(window)
        .initial_connection_window_size(window)
        .max_header_list_size(FIELDS)
        .max_concurrent_streams(AT_A_TIME);
    builder.data_frame_budget(FRAMES);
    let mut connection = builder.handshake(IdleTimeout::new(stream, TIMEOUT)).await?;
    let mut requests = 0;
    let (mut stop, mut stops) = (pin!(stop), false);
    loop {
        let accepted = tokio::select! {
            accepted = connection.accept() => accepted,
            () = &mut stop, if !stops => {
                stops = true;
                connection.graceful_shutdown();
                continue;
            }
        };
        let Some(accepted) = accepted else { return Ok(requests) };
        let (request, respond) = accepted?;
        requests += 1;
        // The failure of a stream does not end the others.
        tokio::spawn(async { answer(request, respond).await.ok() });
    }
}

/// Responds to a request: `/echo` sends its content back, other paths describe it.
///
/// A response to HEAD is a head alone. A CONNECT gets a 501, since the server provides no tunnels.
async fn answer(
    request: Request<RecvStream>,
    mut respond: SendResponse<bytes::Bytes>,
) -> Result<(), h2::Error> {
    let (head, mut content) = request.into_parts();
    let path = path(head.uri.path());
    if head.method == Method::CONNECT {
        let mut response = Response::new(());
        *response.status_mut() = StatusCode::NOT_IMPLEMENTED;
        return respond.send_response(response, true).map(drop);
    }
    // Content in a response to HEAD would make it malformed (RFC 9113, section 8.1.1).
    let is_head = head.method == Method::HEAD;
    if path == "/echo" && !is_head {
        let mut to = respond.send_response(Response::new(()), false)?;
        while let Some(data) = content.data().await {
            let data = data?;
            let len = data.len();
            send(&mut to, data).await?;
            content.flow_control().release_capacity(len)?;
        }
        return to.send_data(bytes::Bytes::new(), true);
    }
    let mut bytes = 0;
    while let Some(data) = content.data().await {
        let len = data?.len();
        bytes += len;
        content.flow_control().release_capacity(len)?;
    }
    let stream = content.stream_id().as_u32();
    let text = format!("{} {path} stream {stream}, {bytes} bytes\n", head.method);
    let response = Response::builder().header("content-type", "text/plain; charset=utf-8").body(());
    let response = response.map_err(|_| Reason::INTERNAL_ERROR)?;
    if is_head {
        return respond.send_response(response, true).map(drop);
    }
    respond.send_response(response, false)?.send_data(text.into(), true)
}
