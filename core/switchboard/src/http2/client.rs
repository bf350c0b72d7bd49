//! The probe's HTTP/2 client, for the response to the HTTP/1.1 upgrade request.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, StatusCode};
use switchover_tokio::Http2Stream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::duplex::Input;
use crate::relay::{UNREAD, whole};
use crate::transport::Stream;

/// The most bytes of `h2`'s output that one read of the pipe takes.
const PIECE: usize = 16 * 1024;

/// The capacity of the in-memory pipe to and from `h2`, in bytes per direction.
const MOST_WAITING: usize = 64 * 1024;

/// The most bytes that a server's small DATA frames may cost `h2` beyond content.
///
/// `h2` counts a non-empty frame as 256 bytes less its content. The default window of 65,535 bytes
/// never holds enough frames to exceed this.
const FRAMES: usize = 16 << 20;

/// The time to wait for the server's bytes before pending output of `h2` is sent.
const TURN: Duration = Duration::from_millis(5);

const SILENT: &str = "the server does not answer in HTTP/2";
const STOPPED: &str = "the server does not go on with its answer in HTTP/2";
const GOES: &str = "the server goes away, and has not answered";
const ENDED: &str = "the server has ended the connection before the end of its answer";

/// The value of HTTP2-Settings in the probe's offer of `h2c`.
///
/// It allows 100 concurrent streams, and sets the default window of 65,535 bytes.
///
/// RFC 7540, section 3.2.1.
pub(crate) const SETTINGS: &str = "AAMAAABkAAQAAP__";

/// Reads the response to the upgrade request in HTTP/2; prints its content.
///
/// Returns the status of the response. The request itself was sent in HTTP/1.1, with `method`.
/// `early` are the bytes of HTTP/2 that were received with the 101. Fails if the response does not
/// come to its end, or the server sends nothing for the time `limit`. Also fails if more than
/// `UNREAD` bytes, such as replies to its pings, stay unsent.
pub(crate) fn ask(
    line: &mut Stream,
    early: &[u8],
    method: &str,
    limit: Duration,
) -> Result<StatusCode, Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let (ours, theirs) = tokio::io::duplex(MOST_WAITING);
    let (mut reader, mut writer) = tokio::io::split(ours);
    runtime.block_on(async {
        let stream = Http2Stream::client(theirs);
        let (mut client, connection) = h2::client::Builder::new()
            .data_frame_budget(FRAMES)
            .handshake::<_, Bytes>(stream)
            .await?;
        let driver = tokio::spawn(connection);
        let request = Request::builder().method(method).uri("http://localhost/").body(())?;
        let (response, _) = client.send_request(request, true)?;
        let has_begun = Arc::new(AtomicBool::new(false));
        let answer = tokio::spawn(print_answer(response, has_begun.clone()));
        let silent = || if has_begun.load(Relaxed) { STOPPED } else { SILENT };
        let gone = || if has_begun.load(Relaxed) { ENDED } else { GOES };
        let mut space = vec![0; PIECE];
        let mut incoming = early.to_vec();
        let (mut deadline, mut end) = (Instant::now() + limit, None);
        while !answer.is_finished() && Instant::now() < deadline {
            // A server that sends without reading blocks both directions. If `h2` has ended, the
            // result of `answer` has the reason.
            let given = timeout(limit, writer.write_all(&std::mem::take(&mut incoming)))
                .await
                .map_err(|_| silent())?;
            if given.is_err() {
                break;
            }
            // Lets `h2` process the input, then sends its output; then reads from the server.
            tokio::task::yield_now().await;
            while let Some(len) = reader.read(&mut space).now_or_never() {
                match len? {
                    // `h2` has closed its side.
                    0 => break,
                    len => line.send(space[..len].to_vec())?,
                }
                tokio::task::yield_now().await;
            }
            if line.unsent() > UNREAD {
                return Err("the server sends pings, and does not read what answers them".into());
            }
            match line.next(Some(Instant::now() + TURN))? {
                Some(Input::Peer(bytes)) => {
                    deadline = Instant::now() + limit;
                    incoming.extend_from_slice(&bytes);
                }
                Some(Input::PeerEnd(how)) => {
                    end = Some(how);
                    break;
                }
                Some(Input::Local(_) | Input::LocalEnd) | None => {}
            }
        }
        if end.is_none() && !answer.is_finished() && Instant::now() >= deadline {
            return Err(silent().into());
        }
        // Bytes received before the server's EOF may complete the response.
        let _ = timeout(limit, writer.write_all(&incoming)).await.map_err(|_| silent())?;
        writer.shutdown().await?;
        let answered = timeout(limit, answer).await.map_err(|_| silent())?;
        let ended = driver.now_or_never();
        let status = match answered? {
            Ok(status) => status,
            Err(error) => {
                // A GOAWAY, or the way the connection ended, explains the failure better than the
                // error of `h2`.
                let of_stream = error.downcast_ref::<h2::Error>();
                let of_connection = ended.and_then(|ended| ended.ok()?.err());
                if let Some(goes) = [of_connection.as_ref(), of_stream]
                    .into_iter()
                    .flatten()
                    .find(|e| e.is_go_away())
                {
                    let is_kind = goes.reason() == Some(h2::Reason::NO_ERROR);
                    return Err(if is_kind { gone().into() } else { goes.to_string().into() });
                }
                end.map_or(Ok(()), whole)?;
                let is_end = of_stream.is_some_and(h2::Error::is_io);
                return Err(if is_end { ENDED.into() } else { error.to_string().into() });
            }
        };
        line.finish()?;
        Ok(status)
    })
}

async fn print_answer(
    response: h2::client::ResponseFuture,
    has_begun: Arc<AtomicBool>,
) -> Result<StatusCode, Box<dyn std::error::Error + Send + Sync>> {
    let (head, mut content) = response.await?.into_parts();
    has_begun.store(true, Relaxed);
    while let Some(data) = content.data().await {
        let data = data?;
        std::io::stdout().write_all(&data)?;
        content.flow_control().release_capacity(data.len())?;
    }
    Ok(head.status)
}
