//! The line protocols `foo/2` and `foo/1`, small enough to type.
//!
//! They show how a request gets its response after a 101. RFC 9110, section 7.8: the request is
//! still outstanding after the 101, and is answered in the new protocol.
//!
//! 1. The server speaks first and answers the request with the line `foo/2 200 POST /foo 5`. The
//!    line has the protocol, a status, the method, the target, and the number of bytes of content.
//!    Then follows the request's own content, and a line feed if the content was not empty.
//! 2. The server sends each line of the client back: in capitals in `foo/2`, unchanged in `foo/1`.
//! 3. The server answers `QUIT` with `BYE` and closes. After the client's EOF it answers every
//!    received line, the unfinished one included, and closes. A silent client's connection is
//!    closed after a while, and that of a client that does not read is reset.
//! 4. When the server stops, it answers every line that it has read and closes. A client that is
//!    still behind is reset.
//!
//! Lines end with LF or CRLF and have at most 65,536 bytes. A longer line is answered with
//! `ERROR line too long`, and the server closes. Bytes outside ASCII are sent back unchanged.

use std::io;
use std::pin::pin;
use std::time::Duration;

use switchover_tokio::Upgraded;
use tokio::io::{
    AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, BufWriter, split,
};
use tokio::time::timeout;

/// The names of the protocols, in the server's order of preference.
pub(crate) const TOKENS: [&str; 2] = ["foo/2", "foo/1"];

/// The longest line that is accepted from the client, its LF included, in bytes.
const LONGEST: u64 = 65_536;

/// The longest wait for a line of the client, and for each write to the client.
const TIMEOUT: Duration = Duration::from_secs(60);
/// The size of the pieces of content; a client must read each within `TIMEOUT`.
const PIECE: usize = 16 * 1024;

/// Speaks `foo/2` or `foo/1` until one side ends it or `stop` resolves.
///
/// `content` is that of the upgrade request. Returns the number of lines of the client that were
/// answered. The answers have then been written, so that the stream may end.
pub(crate) async fn speak(
    content: &[u8],
    stream: &mut Upgraded,
    stop: impl Future<Output = ()>,
) -> io::Result<u64> {
    let mut stop = pin!(stop);
    // Protocol names are compared without regard to case; the reply has our spelling.
    let token = TOKENS
        .iter()
        .find(|token| token.eq_ignore_ascii_case(stream.protocol()))
        .unwrap_or(&TOKENS[0]);
    let request =
        stream.request().map_or(String::new(), |head| format!("{} {}", head.method(), head.uri()));
    let (reader, writer) = split(stream);
    let (mut reader, mut writer) = (BufReader::new(reader), BufWriter::new(writer));
    writer.write_all(format!("{token} 200 {request} {}\n", content.len()).as_bytes()).await?;
    if !content.is_empty() {
        // A client that reads slowly has the time for each piece.
        for piece in content.chunks(PIECE) {
            timeout(TIMEOUT, writer.write_all(piece)).await??;
        }
        timeout(TIMEOUT, writer.write_all(b"\n")).await??;
    }
    let mut line = Vec::new();
    for lines in 0.. {
        // Whole lines are answered together; the rest of an unfinished one may be long in coming.
        let has_line = reader.buffer().contains(&b'\n');
        if !has_line {
            flush(&mut writer).await?;
        }
        line.clear();
        let mut limited = (&mut reader).take(LONGEST);
        // Until a line has come, the client has the answers to all its lines.
        tokio::select! {
            biased;
            () = &mut stop, if !has_line => return Ok(lines),
            read = timeout(TIMEOUT, limited.read_until(b'\n', &mut line)) => match read {
                Ok(read) => read?,
                Err(_) => return Ok(lines),
            },
        };
        let reply = match line.trim_ascii_end() {
            _ if line.is_empty() => return flush(&mut writer).await.map(|()| lines),
            _ if line.len() as u64 == LONGEST && !line.ends_with(b"\n") => {
                Some(&b"ERROR line too long\n"[..])
            }
            b"QUIT" => Some(&b"BYE\n"[..]),
            _ => None,
        };
        if let Some(reply) = reply {
            timeout(TIMEOUT, writer.write_all(reply)).await??;
            return flush(&mut writer).await.map(|()| lines + 1);
        }
        if *token == TOKENS[0] {
            line.make_ascii_uppercase();
        }
        timeout(TIMEOUT, writer.write_all(&line)).await??;
    }
    Ok(u64::MAX)
}

async fn flush(writer: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
    timeout(TIMEOUT, writer.flush()).await?
}
