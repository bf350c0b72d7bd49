//! A server that speaks HTTP/1.1, and `foo/2` with whoever offers it: `server [PORT]`. A thread for each connection, blocking
//! sockets, nothing but the standard library.

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

use switchover::{Connection, End, Event, Order, ResponseHead, Role, Step, Tx};

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or(0);
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    println!("listening on {}", listener.local_addr()?.port());
    for stream in listener.incoming() {
        let stream = stream?;
        thread::spawn(move || {
            if let Err(error) = serve(&stream) {
                eprintln!("{error}");
            }
        });
    }
    Ok(())
}

/// One connection, from its first octet to its last. A server for others would set deadlines, by `awaiting`.
fn serve(mut stream: &TcpStream) -> Result<(), Box<dyn Error>> {
    let mut http = Connection::new(Role::Server);
    // What is needed of a request when it is answered: its head is gone by then, unless it offers something.
    let mut line = String::new();
    let mut out = Vec::new();
    loop {
        let step = match http.advance() {
            Ok(step) => step,
            // The peer's mistake: it may be told once, unless an answer is on its way already.
            Err(error) => {
                if let Some(status) = error.status() {
                    let _ = http.send_response(&ResponseHead::new(status, &[("Content-Length", "0")]), &mut out);
                }
                stream.write_all(&out)?;
                return Ok(stream.shutdown(Shutdown::Write)?);
            }
        };
        match (step, http.event()) {
            (Step::Event, Some(Event::Request(request))) => {
                line = format!("{} {}", request.method(), request.target());
                if http.owes_continue() {
                    http.send_informational(100, &(), &mut out)?;
                }
            }
            // The request is complete: content that nobody asked for has gone by as `Data`.
            (Step::Event, Some(Event::EndOfMessage(_))) => answer(&mut http, &line, &mut out)?,
            (Step::Event, Some(Event::Switched(_))) => {
                stream.write_all(&out)?;
                return speak_foo(&line, &http.take_leftover(), stream);
            }
            (Step::Event, Some(Event::Closed { .. })) => break,
            (Step::Event, _) => {}
            (Step::NeedData, _) => {
                stream.write_all(&out)?;
                out.clear();
                if http.state().tx == Tx::Closed {
                    // We have said the last thing there is to say; what the peer still sends is read.
                    stream.shutdown(Shutdown::Write)?;
                }
                match stream.read(http.receive_buffer(16_384)?)? {
                    0 => http.receive_eof(End::Clean),
                    len => drop(http.commit(len)),
                }
            }
            (Step::Paused(why), _) => return Err(format!("this server forgot something: {}", why.name()).into()),
        }
    }
    stream.write_all(&out)?;
    Ok(stream.shutdown(Shutdown::Write)?)
}

/// Accepts `foo/2` if it was offered; else says that it could have been.
fn answer(http: &mut Connection, line: &str, out: &mut Vec<u8>) -> Result<(), switchover::Error> {
    if let Some(selection) = http.select(&["foo/2"], Order::Client) {
        return http.accept(selection, &(), out);
    }
    http.advertise(&["foo/2"])?;
    // A 2xx would open a tunnel.
    let status = if line.starts_with("CONNECT ") { 501 } else { 200 };
    let text = format!("{line} in HTTP/1.1\n");
    let fields = [("Content-Type", "text/plain"), ("Content-Length", &text.len().to_string())];
    http.send_response(&ResponseHead::new(status, &fields), out)?;
    // The answer to a HEAD has no content.
    if http.wants_content() {
        http.send_data(text.as_bytes(), out)?;
    }
    http.send_end(&(), out)
}

/// foo/2: the first line answers the request, then lines come back in upper case until QUIT.
fn speak_foo(line: &str, leftover: &[u8], mut stream: &TcpStream) -> Result<(), Box<dyn Error>> {
    let mut lines = BufReader::new(leftover.chain(stream));
    writeln!(stream, "foo/2 answers {line}")?;
    let mut text = String::new();
    while lines.read_line(&mut text)? > 0 && text.trim_end() != "QUIT" {
        stream.write_all(text.to_uppercase().as_bytes())?;
        text.clear();
    }
    Ok(stream.shutdown(Shutdown::Write)?)
}
