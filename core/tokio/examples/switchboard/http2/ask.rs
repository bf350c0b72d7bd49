//! The client: the answer to a request that was made in HTTP/1.1.

use std::io::Write;
use std::time::{Duration, Instant};

use http::{Request, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::PREFACE;
use crate::duplex::Input;
use crate::line::Line;

/// Bytes that are read at a time.
const PIECE: usize = 16 * 1024;

/// Bytes that may wait for the other side.
const MOST_WAITING: usize = 64 * 1024;

/// How long each side of the client's conversation is listened to before the other's turn comes.
const TURN: Duration = Duration::from_millis(5);

/// How long a server may take for its answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What of the frames after a client's preface matters here.
const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;

/// What a client offers with: 100 streams, the window as it is (RFC 7540, 3.2.1).
pub(crate) const SETTINGS: &str = "AAMAAABkAAQAAP__";

/// Gets the answer to the request that was made in HTTP/1.1, prints its content and gives its status. The `h2` crate's client
/// cannot own a stream that it did not open, so it asks again and its first HEADERS are dropped on the way: stream 1 is the
/// one that the server has. That once; what `h2` then believes of the table of header fields is not true any more.
pub(crate) fn ask(line: &mut Line, early: &[u8]) -> Result<StatusCode, Box<dyn std::error::Error>> {
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
                match len? {
                    // It has nothing more to say.
                    0 => break,
                    len => line.send(opening.without_request(&space[..len]))?,
                }
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
        let status = answered?.map_err(|error| error.to_string())?;
        line.finish()?;
        Ok(status)
    })
}

async fn print_answer(
    response: h2::client::ResponseFuture,
) -> Result<StatusCode, Box<dyn std::error::Error + Send + Sync>> {
    let (head, mut content) = response.await?.into_parts();
    while let Some(data) = content.data().await {
        let data = data?;
        std::io::stdout().write_all(&data)?;
        content.flow_control().release_capacity(data.len())?;
    }
    Ok(head.status)
}

/// What `h2` sends, from the preface to the request that has been made already.
#[derive(Default)]
struct Opening {
    held: Vec<u8>,
    has_preface: bool,
    is_over: bool,
}

impl Opening {
    /// The bytes to send, without the HEADERS and CONTINUATION of stream 1.
    fn without_request(&mut self, octets: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(octets);
        let mut out = Vec::new();
        if !self.has_preface && self.held.len() >= PREFACE.len() {
            out.extend(self.held.drain(..PREFACE.len()));
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
