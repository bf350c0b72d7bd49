//! Benchmarks of content, and of input that arrives slowly.
//!
//! Inputs are large and small chunks, long content, and heads byte by byte. All calls use the
//! public API. The peers are llhttp, which continues where its input stopped, and parsers that
//! start over.

use std::hint::black_box;

use switchover::{Connection, Event, ResponseHead, Role, Step};
use switchover_benches::inputs::{BENCH, WEBSOCKET, chunked};
use switchover_benches::peers::{self, Message};
use switchover_benches::{Figures, Job, best, rounds};

/// The number of bytes that a server reads at once.
const READ: usize = 65_536;

/// Parses a whole message, responds to it, and returns the length of the content.
///
/// `read` is the number of bytes received at a time.
fn content(server: &mut Connection, message: &[u8], read: usize, out: &mut Vec<u8>) -> usize {
    let mut content = 0;
    for piece in message.chunks(read) {
        server.receive(piece).expect("space");
        while let Ok(Step::Event) = server.advance() {
            if let Some(Event::Data(data)) = server.event() {
                content += black_box(data).len();
            }
        }
    }
    out.clear();
    server.send_response(&ResponseHead::new(204, &()), out).expect("an answer");
    content
}

fn main() -> std::io::Result<()> {
    let peers = peers::load();
    let mut figures = Figures::new("streams")?;
    let mebibyte = 1 << 20;
    for (row, size, read) in [
        ("g: 4 KiB chunks, 64 KiB reads, each chunk", 4096, READ),
        ("g2: 16 B chunks, 64 KiB reads, each chunk", 16, READ),
        ("a million 1 B chunks, 64 KiB reads, each chunk", 1, READ),
        ("g2: 16 B chunks, 1 KiB reads, each chunk", 16, 1024),
    ] {
        let message = chunked(size);
        let chunks = mebibyte / size;
        let (mut server, mut out) = (Connection::new(Role::Server), Vec::new());
        let mut jobs = vec![Job::whole("switchover", chunks, || {
            assert_eq!(content(&mut server, &message, read, &mut out), mebibyte);
        })];
        for peer in &peers {
            let Some(parse) = peer.chunked() else { continue };
            let message = &message;
            jobs.push(Job::whole(&peer.name, chunks, move || {
                assert_eq!(parse(Message::from(message.as_slice()), read), mebibyte);
            }));
        }
        let times = best(rounds(15), &mut jobs);
        figures.row("streams", row, None, &jobs, &times)?;
    }
    let mut message =
        format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", 10 * mebibyte)
            .into_bytes();
    message.resize(message.len() + 10 * mebibyte, b'x');
    let (mut server, mut out) = (Connection::new(Role::Server), Vec::new());
    let mut jobs = vec![Job::whole("switchover", 10, || {
        assert_eq!(content(&mut server, &message, READ, &mut out), 10 * mebibyte);
    })];
    for peer in &peers {
        let Some(parse) = peer.chunked() else { continue };
        let message = &message;
        jobs.push(Job::whole(&peer.name, 10, move || {
            assert_eq!(parse(Message::from(message.as_slice()), READ), 10 * mebibyte);
        }));
    }
    let times = best(rounds(15), &mut jobs);
    figures.row(
        "streams",
        "i: 10 MiB of known length, 64 KiB reads, each MiB",
        None,
        &jobs,
        &times,
    )?;
    slow(&mut figures, &peers)
}

/// Measures heads that arrive one byte at a time.
fn slow(figures: &mut Figures, peers: &[peers::Peer]) -> std::io::Result<()> {
    for (row, head, truth) in [
        ("h: b byte by byte, each byte", BENCH, 9),
        ("h: c byte by byte, each byte", WEBSOCKET, 12),
    ] {
        let (mut server, mut out) = (Connection::new(Role::Server), Vec::new());
        let mut jobs = vec![Job::whole("switchover", head.len(), || {
            let mut fields = 0;
            for byte in head {
                server.receive(std::slice::from_ref(byte)).expect("space");
                while let Ok(Step::Event) = server.advance() {
                    if let Some(Event::Request(request)) = server.event() {
                        fields = request.fields().len();
                    }
                }
            }
            assert_eq!(fields, truth);
            out.clear();
            server.send_response(&ResponseHead::new(204, &()), &mut out).expect("an answer");
        })];
        for peer in peers {
            let Some(parse) = peer.byte_by_byte() else { continue };
            jobs.push(Job::whole(&peer.name, head.len(), move || {
                assert_eq!(parse(Message::from(head)), truth)
            }));
        }
        let times = best(rounds(61), &mut jobs);
        figures.row("streams", row, None, &jobs, &times)?;
    }
    Ok(())
}
