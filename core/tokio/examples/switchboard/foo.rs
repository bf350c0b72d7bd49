//! `foo/2` and `foo/1`: a line protocol small enough to type, which shows what a 101 leaves open.
//!
//! RFC 9110, 7.8: after the 101 the request is still outstanding, and is answered in the new protocol. So:
//!
//! 1. The server speaks first and answers the request: the line `foo/2 200 POST /foo 5`, that is the protocol, a
//!    status, method, target, and how many bytes of content follow; then that many bytes, which are the request's
//!    own content, and a line feed if there were any.
//! 2. Each line that the client sends comes back: in capitals in `foo/2`, as it was in `foo/1`.
//! 3. `QUIT` is answered with `BYE` and the server closes. So it does when the client ends its direction, after it
//!    has answered every whole line and the unfinished one.
//!
//! Lines end with LF, or CRLF, and have 65,536 bytes at most; a longer one is answered `ERROR line too long`, and
//! the server closes. Bytes outside ASCII are not looked at and come back as they were.

use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::time::{Duration, Instant};

use crate::routes::Question;
use crate::socket::Socket;

/// The tokens, in the server's order of preference.
pub(crate) const TOKENS: [&str; 2] = ["foo/2", "foo/1"];

/// The longest line, with its LF.
const LONGEST: u64 = 65_536;

/// How long a client may take for one line.
const PATIENCE: Duration = Duration::from_secs(60);

/// Speaks `token` until one side ends it, beginning with the bytes that came along with HTTP. How many lines it was.
pub(crate) fn speak(token: &str, question: &Question, leftover: &[u8], socket: &Socket) -> io::Result<u64> {
    let mut reader = BufReader::new(leftover.chain(socket));
    let mut writer = BufWriter::new(socket);
    socket.set_deadline(Instant::now() + PATIENCE);
    answer(token, question, &mut writer)?;
    let mut line = Vec::new();
    for lines in 0.. {
        if reader.buffer().is_empty() {
            writer.flush()?;
        }
        line.clear();
        socket.set_deadline(Instant::now() + PATIENCE);
        (&mut reader).take(LONGEST).read_until(b'\n', &mut line)?;
        let reply = match line.trim_ascii_end() {
            _ if line.is_empty() => return writer.flush().map(|()| lines),
            _ if line.len() as u64 == LONGEST && !line.ends_with(b"\n") => Some(&b"ERROR line too long\n"[..]),
            b"QUIT" => Some(&b"BYE\n"[..]),
            _ => None,
        };
        if let Some(reply) = reply {
            writer.write_all(reply)?;
            return writer.flush().map(|()| lines + 1);
        }
        if token == TOKENS[0] {
            line.make_ascii_uppercase();
        }
        writer.write_all(&line)?;
    }
    Ok(u64::MAX)
}

fn answer(token: &str, question: &Question, to: &mut impl Write) -> io::Result<()> {
    let Question { method, target, content, .. } = question;
    writeln!(to, "{token} 200 {method} {target} {}", content.len())?;
    if !content.is_empty() {
        to.write_all(content)?;
        to.write_all(b"\n")?;
    }
    Ok(())
}
