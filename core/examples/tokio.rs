//! A server on tokio that speaks HTTP/1.1 and `foo/2`.
//!
//! `tokio [PORT [SECONDS]]` speaks `foo/2` with a client that offers it. A client may take SECONDS
//! (30) for a head, for content or to read, and twice as long for the first byte of a request. The
//! program is to tokio what `server.rs` is to blocking sockets. The crate `switchover-tokio` has
//! this loop done.

use std::error::Error;
use std::io;
use std::time::Duration;

use switchover::{
    Awaiting, Closing, Config, Connection, End, Event, Limits, Next, Order, Owes, Paused,
    ResponseHead, Role,
};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, timeout, timeout_at};

/// The time for which a connection that is over is still read from.
///
/// Reading stops earlier after a pause of `LINGER_IDLE`, or after `LINGER_BYTES` bytes.
const LINGER_MAX: Duration = Duration::from_secs(4);
const LINGER_IDLE: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 1 << 20;

/// The limit of content of a request, in bytes.
const CONTENT: u64 = 1 << 20;

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let port = arguments.next().and_then(|port| port.parse().ok()).unwrap_or(0);
    let limit = Duration::from_secs(
        arguments.next().and_then(|seconds| seconds.parse().ok()).unwrap_or(30),
    );
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("listening on {}", listener.local_addr()?.port());
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(async move {
                    serve(stream, limit).await.inspect_err(|error| eprintln!("{error}"))
                });
            }
            // Out of descriptors, say. That passes; without the pause the loop would spin until
            // then.
            Err(error) => {
                eprintln!("{error}");
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// Serves one connection, from its first byte to its last.
async fn serve(mut stream: TcpStream, limit: Duration) -> Result<(), Box<dyn Error + Send + Sync>> {
    let limits = Limits { content: CONTENT, ..Limits::DEFAULT };
    let mut http = Connection::with_config(Role::Server, Config { limits, ..Config::default() });
    // When the client is given up, and for what: the first byte of a request, the rest of its head,
    // its content.
    let (mut deadline, mut awaited) = (Instant::now(), None);
    let (mut status, mut line, mut out) = (200, String::new(), Vec::new());
    stream.set_nodelay(true)?;
    loop {
        match http.next_event() {
            Ok(Next::Event(Event::Request(request))) => {
                awaited = None;
                // RFC 9110, 9.3.2: a HEAD gets the head that a GET would get.
                let method = if request.method() == "HEAD" { "GET" } else { request.method() };
                line = format!("{method} {}", request.target());
                status = if matches!(method, "GET" | "POST") { 200 } else { 501 };
            }
            Ok(Next::Event(Event::Switched(_))) => {
                timeout(limit, stream.write_all(&out)).await??;
                return Ok(speak_foo(&line, &http.take_leftover(), stream, limit).await?);
            }
            // Content that this server does not use.
            Ok(Next::Event(_)) => {}
            Ok(Next::Paused(Paused::Closed)) => break,
            // The request is complete, and it is our turn.
            Ok(Next::Paused(_)) => answer(&mut http, status, &line, &mut out)?,
            Ok(Next::NeedData) => {
                match http.owes() {
                    // The client waits for it before it sends its content.
                    Owes::Continue => {
                        http.send_informational(&ResponseHead::new(100, &()), &mut out)?
                    }
                    // The last answer is out: what still comes is not needed.
                    Owes::Nothing if !http.persists() => break,
                    _ => {}
                }
                timeout(limit, stream.write_all(&out)).await??;
                out.clear();
                let awaiting = http.awaiting();
                if awaited != Some(awaiting) {
                    deadline =
                        Instant::now() + limit * if awaiting == Awaiting::Request { 2 } else { 1 };
                    awaited = Some(awaiting);
                }
                match timeout_at(deadline, stream.read(http.receive_buffer(16_384)?)).await {
                    Ok(read) => match read? {
                        0 => http.receive_eof(End::Clean),
                        len => {
                            http.commit(len);
                            // A byte of content earns a millisecond, up to the whole time: a client
                            // that sends a byte a second is given up, one that sends long content
                            // is not.
                            if awaiting == Awaiting::Content {
                                let earned = deadline + Duration::from_millis(len as u64);
                                deadline = earned.min(Instant::now() + limit);
                            }
                        }
                    },
                    // An idle connection is closed, half a request is answered.
                    Err(_) if awaiting == Awaiting::Request => return Ok(()),
                    Err(_) => {
                        let _ = http.reject(&ResponseHead::new(408, &()), b"", &mut out);
                        break;
                    }
                }
            }
            // The peer's mistake: answered once, unless an answer is on its way already.
            Err(error) => {
                let _ = http.reject(
                    &ResponseHead::new(error.status().unwrap_or(400), &()),
                    b"",
                    &mut out,
                );
                break;
            }
        }
    }
    timeout(limit, stream.write_all(&out)).await??;
    // Its answers are whole, so there is never a reset.
    if http.closing() == Closing::Linger { Ok(leave(stream).await?) } else { Ok(()) }
}

/// Accepts `foo/2` if it was offered; else says that it could have been.
fn answer(
    http: &mut Connection,
    status: u16,
    line: &str,
    out: &mut Vec<u8>,
) -> Result<(), switchover::Error> {
    if status == 200
        && let Some(selection) = http.select(&["foo/2"], Order::Client)
    {
        return http.accept(selection, &(), out);
    }
    http.advertise(&["foo/2"])?;
    let response = ResponseHead::new(status, &[("Content-Type", "text/plain")]);
    http.respond(&response, format!("{line} in HTTP/1.1\n").as_bytes(), out)
}

/// Speaks `foo/2` with the client until its end or QUIT.
///
/// The first line responds to the request. Then each line of the client comes back in upper case.
async fn speak_foo(
    line: &str,
    leftover: &[u8],
    mut stream: TcpStream,
    limit: Duration,
) -> io::Result<()> {
    let (reader, mut writer) = stream.split();
    let mut lines = BufReader::new(leftover.chain(reader));
    let mut text = format!("foo/2 answers {line}\n").into_bytes();
    loop {
        timeout(limit, writer.write_all(&text)).await??;
        text.clear();
        // A longer line is taken as several.
        let len = timeout(limit, (&mut lines).take(65_536).read_until(b'\n', &mut text)).await??;
        if len == 0 || text.trim_ascii_end() == b"QUIT" {
            return leave(stream).await;
        }
        text.make_ascii_uppercase();
    }
}

/// Ends the sending direction and reads on for a while.
///
/// To close with bytes of the client unread would reset the connection. The reset could take the
/// last response away from the client (RFC 9112, section 9.6).
async fn leave(mut stream: TcpStream) -> io::Result<()> {
    stream.shutdown().await?;
    let mut piece = vec![0; 16_384];
    let mut dropped = 0;
    let rest = async {
        while dropped < LINGER_BYTES
            && let Ok(Ok(len @ 1..)) = timeout(LINGER_IDLE, stream.read(&mut piece)).await
        {
            dropped += len;
        }
    };
    timeout(LINGER_MAX, rest).await.or(Ok(()))
}
