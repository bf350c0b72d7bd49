//! Benchmarks of whole exchanges in memory, from request bytes to response bytes.
//!
//! All events are read, except those of the handshake. The peers are hyper, which is a whole
//! server, over an in-memory pipe, and tungstenite's handshake.

use std::convert::Infallible;
use std::io::{self, Read, Write};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::rt::{Read as AsyncRead, ReadBufCursor, Write as AsyncWrite};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use switchover::{Config, Connection, Error, Event, Order, Prepared, ResponseHead, Role, Step};
use switchover_benches::inputs::{self, BENCH, H2C, MINIMAL, WEBSOCKET};
use switchover_benches::{Figures, Job, best, is_wanted, rounds};

/// The number of times that one run serves an input of one request.
///
/// A handshake is made 64 times.
const COUNT: usize = 256;

/// The number of pipelined requests in one read.
const PIPELINED: usize = 32;

/// The value of the Date field in all responses but the 101, as hyper sends one.
const DATE: &str = "Fri, 20 Nov 2026 12:00:00 GMT";

/// A transport that returns one read after another, and then the end.
///
/// It discards what is written, and counts the bytes.
struct Pipe<'a> {
    reads: std::slice::Iter<'a, Vec<u8>>,
    /// The rest of a read that did not fit into the reader's buffer.
    rest: &'a [u8],
    written: &'a mut usize,
}

impl AsyncRead for Pipe<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        mut into: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if self.rest.is_empty() {
            self.rest = self.reads.next().map_or(&[], Vec::as_slice);
        }
        let (now, later) = self.rest.split_at(self.rest.len().min(into.remaining()));
        into.put_slice(now);
        self.rest = later;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Pipe<'_> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        *self.written += bytes.len();
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Serves all reads with hyper, and returns the number of bytes that it writes.
fn hyper(reads: &[Vec<u8>], served: &std::cell::Cell<usize>) -> usize {
    let mut written = 0;
    let service = service_fn(|_: hyper::Request<Incoming>| {
        served.set(served.get() + 1);
        async {
            Ok::<_, Infallible>(
                hyper::Response::builder()
                    .status(204)
                    .body(Empty::<Bytes>::new())
                    .expect("a response"),
            )
        }
    });
    let connection = http1::Builder::new()
        .pipeline_flush(true)
        .half_close(true)
        .serve_connection(Pipe { reads: reads.iter(), rest: &[], written: &mut written }, service);
    let mut connection = pin!(connection);
    // hyper returns `Pending` now and then, after it has woken its task.
    let mut polls = 0;
    let result = loop {
        polls += 1;
        match connection.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(result) => break result,
            Poll::Pending => assert!(polls < 10_000, "stuck"),
        }
    };
    assert!(result.is_ok(), "{result:?}");
    written
}

/// A function that sends a response with this library.
type Answer<'a> = &'a dyn Fn(&mut Connection, &mut Vec<u8>) -> Result<(), Error>;

/// Serves all requests with this library, and returns the number of bytes written.
fn ours(
    config: &Arc<Config>,
    reads: &[Vec<u8>],
    served: &mut usize,
    out: &mut Vec<u8>,
    answer: Answer<'_>,
) -> usize {
    let mut server = Connection::with_config(Role::Server, Arc::clone(config));
    let mut written = 0;
    for read in reads {
        server.receive(read).expect("space");
        while let Step::Event = server.advance().expect("a request") {
            assert!(matches!(server.event(), Some(Event::Request(_))) && server.take_end());
            answer(&mut server, out).expect("an answer");
            *served += 1;
        }
        // One write for each read, as hyper does with `pipeline_flush`.
        written += std::hint::black_box(&*out).len();
        out.clear();
    }
    written
}

/// Creates the benchmark job that serves all requests with this library.
fn job<'a>(
    name: &str,
    config: &'a Arc<Config>,
    reads: &'a [Vec<u8>],
    total: usize,
    answer: Answer<'a>,
) -> Job<'a> {
    let mut out = Vec::with_capacity(8192);
    Job::whole(name, total, move || {
        let mut count = 0;
        assert!(ours(config, reads, &mut count, &mut out, answer) > 60 * total);
        assert_eq!(count, total);
    })
}

fn cycles(
    figures: &mut Figures,
    name: &str,
    requests: &[Vec<u8>],
    at_once: usize,
) -> io::Result<()> {
    let row = format!("{name}, {}", if at_once == 1 { "serial" } else { "pipelined" });
    if !is_wanted(&row) {
        return Ok(());
    }
    let config = Arc::default();
    let reads: Vec<Vec<u8>> = requests.chunks(at_once).map(<[Vec<u8>]>::concat).collect();
    let served = std::cell::Cell::new(0);
    let total = requests.len();
    let fields = [("Date", DATE)];
    let head = ResponseHead::new(204, &fields);
    let prepared = Prepared::new(&head, b"").expect("a response");
    let compose = |server: &mut Connection, out: &mut Vec<u8>| server.respond(&head, b"", out);
    let copy = |server: &mut Connection, out: &mut Vec<u8>| server.respond_prepared(&prepared, out);
    let mut jobs = vec![
        job("switchover", &config, &reads, total, &compose),
        job("switchover, prepared", &config, &reads, total, &copy),
        Job::whole("hyper", total, || {
            served.set(0);
            assert!(hyper(&reads, &served) > 60 * total);
            assert_eq!(served.get(), total);
        }),
    ];
    let times = best(rounds(41), &mut jobs);
    figures.row("cycles", &row, None, &jobs, &times)
}

/// Measures requests with offers among 120 field lines.
///
/// A request offers nothing, a protocol without rules, `h2c`, or 32 protocols (the most allowed).
fn offers(figures: &mut Figures) -> io::Result<()> {
    let mut config = Config::default();
    config.limits.fields = 128;
    let config = Arc::new(config);
    let fields = [("Date", DATE)];
    let head = ResponseHead::new(204, &fields);
    let compose = |server: &mut Connection, out: &mut Vec<u8>| server.respond(&head, b"", out);
    let offers = [vec![], vec!["example/1"], vec!["h2c"], inputs::protocols(32)];
    let reads: Vec<Vec<Vec<u8>>> =
        offers.map(|offer| vec![inputs::offers(&offer, 120); COUNT]).into();
    let mut jobs: Vec<Job<'_>> = ["no offer", "one offer", "h2c offered", "32 offers"]
        .into_iter()
        .zip(&reads)
        .map(|(name, reads)| job(name, &config, reads, COUNT, &compose))
        .collect();
    let times = best(rounds(41), &mut jobs);
    figures.row("cycles", "120 field lines", None, &jobs, &times)
}

/// A transport for tungstenite: the request to read, and the response written.
struct Stream<'a> {
    request: &'a [u8],
    answer: &'a mut Vec<u8>,
}

impl Read for Stream<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.request.read(into)
    }
}

impl Write for Stream<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.answer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn handshake(figures: &mut Figures) -> io::Result<()> {
    let is_switch =
        |answer: &[u8]| answer.starts_with(b"HTTP/1.1 101 ") && answer.ends_with(b"\r\n\r\n");
    let (mut ours, mut theirs) = (Vec::with_capacity(512), Vec::with_capacity(512));
    let times = 64;
    let mut jobs = vec![
        Job::whole("switchover", times, || {
            for _ in 0..times {
                ours.clear();
                let mut server = Connection::new(Role::Server);
                server.receive(WEBSOCKET).expect("space");
                while let Ok(Step::Event) = server.advance() {}
                let selection = server.select(&["websocket"], Order::Server).expect("an offer");
                server.accept(selection, &(), &mut ours).expect("a switch");
                assert!(is_switch(&ours));
            }
        }),
        Job::whole("tungstenite", times, || {
            for _ in 0..times {
                theirs.clear();
                let accepted =
                    tungstenite::accept(Stream { request: WEBSOCKET, answer: &mut theirs });
                assert!(accepted.is_ok());
                drop(accepted);
                assert!(is_switch(&theirs), "{}", theirs.escape_ascii());
            }
        }),
    ];
    let figures_of = best(rounds(41), &mut jobs);
    figures.row("cycles", "handshake: c accepted", None, &jobs, &figures_of)
}

fn main() -> io::Result<()> {
    let mut figures = Figures::new("cycles")?;
    for (name, head) in
        [("a", MINIMAL), ("b", BENCH), ("c, declined", WEBSOCKET), ("e, declined", H2C)]
    {
        let requests = vec![head.to_vec(); COUNT];
        cycles(&mut figures, name, &requests, 1)?;
        // A request with an offer cannot be followed by pipelined requests.
        if !name.contains("declined") {
            cycles(&mut figures, name, &requests, PIPELINED)?;
        }
    }
    let requests = inputs::distinct();
    cycles(&mut figures, "k", &requests, 1)?;
    cycles(&mut figures, "k", &requests, PIPELINED)?;
    if is_wanted("120") {
        offers(&mut figures)?;
    }
    if is_wanted("handshake") { handshake(&mut figures) } else { Ok(()) }
}
