//! A client on blocking sockets that offers `foo/2` to a server.
//!
//! `client PORT [TARGET [LINE...]]` sends a GET for TARGET (`/`) to a port of this machine. If the
//! server declines the offer, the client prints the response in HTTP/1.1. If the server accepts it,
//! the client sends each LINE in `foo/2`.

use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use switchover::{Awaiting, Connection, End, Event, Next, Paused, RequestHead, Role};

/// The time for the exchange in HTTP, and for each read and write in `foo/2`.
const TIMEOUT: Duration = Duration::from_secs(30);

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let port: u16 = arguments.next().ok_or("client PORT [TARGET [LINE...]]")?.parse()?;
    let target = arguments.next().unwrap_or_else(|| "/".into());
    let lines: Vec<String> = arguments.collect();

    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    let until = Instant::now() + TIMEOUT;
    stream.set_write_timeout(Some(TIMEOUT))?;
    let mut http = Connection::new(Role::Client);
    let mut out = Vec::new();
    let host = format!("127.0.0.1:{port}");
    http.send_request(&RequestHead::new("GET", &target, &[("Host", &host)]), &["foo/2"], &mut out)?;
    stream.write_all(&out)?;
    loop {
        match http.next_event()? {
            Next::Event(Event::Response(response)) => {
                let status = response.status();
                println!("{status} in HTTP/1.1: {}", http.why().map_or("", |why| why.text()));
            }
            Next::Event(Event::Data(content)) => io::stdout().write_all(content)?,
            Next::Event(Event::Switched(switched)) => {
                io::stdout().write_all(switched.leftover)?;
                return speak_foo(&lines, stream);
            }
            Next::Event(_) => {}
            Next::NeedData => {
                // The exchange is complete: no response is awaited any more.
                if http.awaiting() == Awaiting::Caller {
                    return Ok(());
                }
                let left = until.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return Err("the server is late".into());
                }
                stream.set_read_timeout(Some(left))?;
                match stream.read(http.receive_buffer(16_384)?)? {
                    0 => http.receive_eof(End::Clean),
                    len => drop(http.commit(len)),
                }
            }
            Next::Paused(Paused::Closed) => return Ok(()),
            Next::Paused(why) => return Err(why.name().into()),
        }
    }
}

/// Sends the lines in `foo/2`, then QUIT, and prints all that the server sends.
///
/// In `foo/2` the server first responds to the request; then it returns each line in upper case.
fn speak_foo(lines: &[String], mut stream: TcpStream) -> Result<(), Box<dyn Error>> {
    stream.set_read_timeout(Some(TIMEOUT))?;
    for line in lines {
        stream.write_all(format!("{line}\n").as_bytes())?;
    }
    stream.write_all(b"QUIT\n")?;
    stream.shutdown(Shutdown::Write)?;
    io::copy(&mut stream, &mut io::stdout())?;
    Ok(())
}
