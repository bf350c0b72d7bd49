//! A server on blocking sockets that speaks HTTP/1.1 and `foo/2`.
//!
//! `server [PORT [SECONDS]]` switches to `foo/2` if a client offers it. SECONDS (30) is the timeout
//! for a head, for content, for a write, and for a read in `foo/2`. A request's first byte may take
//! twice as long. Each connection has a thread. Apart from the engine, only the standard library is
//! used.

use std::error::Error;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use switchover::{
    Awaiting, Closing, Config, Connection, End, Event, Limits, Next, Order, Owes, Paused,
    ResponseHead, Role,
};

/// The pause after a connection could not be accepted or got no thread.
const PAUSE: Duration = Duration::from_millis(50);

/// The longest time for which a connection is read after the last byte sent.
///
/// Reading stops earlier at the client's end, after `LINGER_IDLE` without a byte, or after
/// `LINGER_BYTES` bytes.
const LINGER_MAX: Duration = Duration::from_secs(4);
const LINGER_IDLE: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 1 << 20;

/// The limit of a request's content, in bytes.
const CONTENT: u64 = 1 << 20;

/// The longest line of `foo/2` in bytes; a longer line is split.
const LINE: u64 = 65_536;

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let port = arguments.next().and_then(|port| port.parse().ok()).unwrap_or(0);
    let seconds = arguments.next().and_then(|seconds| seconds.parse().ok()).unwrap_or(30);
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    println!("listening on {}", listener.local_addr()?.port());
    for stream in listener.incoming() {
        let started = stream.and_then(|stream| {
            thread::Builder::new().spawn(move || {
                if let Err(error) = serve(&stream, Duration::from_secs(seconds)) {
                    eprintln!("{error}");
                }
            })
        });
        // Descriptors or threads are exhausted, for a while. Without the pause the loop would spin.
        if let Err(error) = started {
            eprintln!("{error}");
            thread::sleep(PAUSE);
        }
    }
    Ok(())
}

/// Serves one connection, from its first byte to its last.
fn serve(mut stream: &TcpStream, timeout: Duration) -> Result<(), Box<dyn Error>> {
    let limits = Limits { content: CONTENT, ..Limits::DEFAULT };
    let mut http = Connection::with_config(Role::Server, Config { limits, ..Config::default() });
    let mut deadline = Deadline { until: Instant::now(), awaited: None, timeout };
    // The response needs these, and the request's head is gone by then unless it has an offer.
    let (mut status, mut line) = (200, String::new());
    let mut out = Vec::new();
    stream.set_nodelay(true)?;
    stream.set_write_timeout(Some(timeout))?;
    loop {
        match http.next_event() {
            Ok(Next::Event(Event::Request(request))) => {
                // RFC 9110, 9.3.2: the response to HEAD has the head of the response to GET.
                let method = if request.method() == "HEAD" { "GET" } else { request.method() };
                line = format!("{method} {}", request.target());
                status = if matches!(method, "GET" | "POST") { 200 } else { 501 };
                deadline.awaited = None;
            }
            Ok(Next::Event(Event::Switched(_))) => {
                stream.write_all(&out)?;
                return speak_foo(&line, &http.take_leftover(), stream, timeout);
            }
            // Other events: this server does not use the content.
            Ok(Next::Event(_)) => {}
            Ok(Next::Paused(Paused::Closed)) => break,
            // The request is complete, and the response is due.
            Ok(Next::Paused(_)) => answer(&mut http, status, &line, &mut out)?,
            Ok(Next::NeedData) => {
                match http.owes() {
                    // The client waits for a 100 before it sends its content.
                    Owes::Continue => {
                        http.send_informational(&ResponseHead::new(100, &()), &mut out)?
                    }
                    // The last response is written: bytes that still arrive are not needed.
                    Owes::Nothing if !http.persists() => break,
                    _ => {}
                }
                stream.write_all(&out)?;
                out.clear();
                match read_by(deadline.of(http.awaiting()), stream, http.receive_buffer(16_384)?) {
                    Ok(0) => http.receive_eof(End::Clean),
                    Ok(len) => {
                        http.commit(len);
                        deadline.earn(len);
                    }
                    // After an incomplete request send a 408; close an idle connection.
                    Err(error) if is_late(&error) && http.awaiting() != Awaiting::Request => {
                        let _ = http.reject(&ResponseHead::new(408, &()), b"", &mut out);
                        break;
                    }
                    Err(error) if is_late(&error) => return Ok(()),
                    Err(error) => return Err(error.into()),
                }
            }
            // An error of the peer: respond once, unless a response has begun already.
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
    stream.write_all(&out)?;
    // Linger, so that no reset discards a response before the client has read it.
    if http.closing() == Closing::Linger { Ok(leave(stream)?) } else { Ok(()) }
}

/// The deadline of the current phase of the connection.
///
/// The phases are the first byte of a request, the rest of its head, and its content. After the
/// deadline the connection is closed.
struct Deadline {
    until: Instant,
    awaited: Option<Awaiting>,
    timeout: Duration,
}

impl Deadline {
    fn of(&mut self, awaiting: Awaiting) -> Instant {
        if self.awaited != Some(awaiting) {
            let times = if awaiting == Awaiting::Request { 2 } else { 1 };
            *self = Self {
                until: Instant::now() + self.timeout * times,
                awaited: Some(awaiting),
                ..*self
            };
        }
        self.until
    }

    /// Extends the deadline by a millisecond for each byte of content.
    ///
    /// The deadline is never later than the whole timeout from now. A client that sends a byte a
    /// second times out; a client that sends long content quickly does not.
    fn earn(&mut self, len: usize) {
        if self.awaited == Some(Awaiting::Content) {
            let earned = self.until + Duration::from_millis(len as u64);
            self.until = earned.min(Instant::now() + self.timeout);
        }
    }
}

fn is_late(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock)
}

/// Accepts an offer of `foo/2` if `status` is 200.
///
/// Without an offer, or with another status, it responds in HTTP/1.1 and advertises `foo/2`.
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

/// Reads from the stream; fails after the deadline, with a kind that `is_late`.
fn read_by(deadline: Instant, mut stream: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(io::ErrorKind::TimedOut.into());
    }
    stream.set_read_timeout(Some(left))?;
    stream.read(buffer)
}

/// Shuts down the sending direction, then reads and discards for a while.
///
/// Closing a socket with unread bytes resets the connection. A reset could make the client lose the
/// last response (RFC 9112, section 9.6).
fn leave(stream: &TcpStream) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    let (end, mut dropped) = (Instant::now() + LINGER_MAX, 0);
    while dropped < LINGER_BYTES
        && let Ok(len @ 1..) =
            read_by(end.min(Instant::now() + LINGER_IDLE), stream, &mut [0; 8192])
    {
        dropped += len;
    }
    Ok(())
}

/// Speaks `foo/2` with the client until it closes or sends QUIT.
///
/// The first line sent is the response to the request. Then each line of the client is returned in
/// upper case.
fn speak_foo(
    line: &str,
    leftover: &[u8],
    mut stream: &TcpStream,
    timeout: Duration,
) -> Result<(), Box<dyn Error>> {
    stream.set_read_timeout(Some(timeout))?;
    let mut lines = BufReader::new(leftover.chain(stream));
    writeln!(stream, "foo/2 answers {line}")?;
    let mut text = Vec::new();
    // A longer line is split.
    while (&mut lines).take(LINE).read_until(b'\n', &mut text)? > 0
        && text.trim_ascii_end() != b"QUIT"
    {
        text.make_ascii_uppercase();
        // If this fails, the line may have been sent in part. A reset would show that, but the
        // standard library has no stable `set_linger`: the client may see an orderly end.
        stream.write_all(&text)?;
        text.clear();
    }
    Ok(leave(stream)?)
}
