//! The accept loop: connection limit, protocol detection, shutdown.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use switchover::{Connection, Role};
use switchover_tokio::observe::ObservedConnection;
use switchover_tokio::{Error, Transport, accept, serve_connection_until, service_fn};
use tokio::io::Interest;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;

use crate::ServeArgs;
use crate::answers::answer;
use crate::session::{App, Session};
use crate::session_log::SessionLog;
use crate::transcript::Transcript;
use crate::{http2, tls, udp};

/// The time that connections get to finish after a signal to stop, such as ^C.
const GOODBYE: Duration = Duration::from_secs(5);

/// The time after which an incomplete HTTP/2 preface is checked again.
const MOMENT: Duration = Duration::from_millis(10);

/// Serves until ^C, SIGTERM or SIGHUP; fails if the port cannot be bound.
pub(crate) fn run(args: &ServeArgs) -> io::Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(serve(args))
}

async fn serve(args: &ServeArgs) -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port)).await.map_err(|error| {
        let port = args.port;
        io::Error::new(
            error.kind(),
            format!("port {port}: {error}; --port takes another, 0 any that is free"),
        )
    })?;
    let address = listener.local_addr()?;
    let stopped = stop_on_signal()?;
    greet(address, udp::echo(address));
    let limit = args.connections.clamp(1, Semaphore::MAX_PERMITS);
    let app = Arc::new(App {
        prefer: args.prefer.into(),
        tls: TlsAcceptor::from(tls::server().map_err(|error| io::Error::other(error.to_string()))?),
        timeout: Duration::from_secs(args.timeout.max(1)),
        window: args.window,
        live: Arc::default(),
        play: args.play.clone(),
        address,
        places: Semaphore::new(limit),
    });
    let mut served = 0;
    let stop = stopped.clone();
    let connections = accept(listener, has_stopped(stop), |stream, _, stopping| {
        served += 1;
        let log = Arc::new(SessionLog::new(Transcript::of_connection(
            served,
            args.trace,
            app.live.clone(),
        )));
        let session = Session { app: Arc::clone(&app), log, stopping, is_secure: false };
        async move {
            tokio::select! {
                _place = session.app.places.acquire() => session.receive(stream).await,
                () = session.stopping.clone().wait() => {}
                // A client that has reset while it waits.
                _ = stream.ready(Interest::ERROR) => {}
            }
        }
    });
    // Idle connections close at once; responses in progress are sent with `Connection: close`. One
    // of HTTP/2 ends once the client has acknowledged a PING.
    let late = async {
        has_stopped(stopped).await;
        sleep(GOODBYE).await;
        limit - app.places.available_permits()
    };
    let left = tokio::select! {
        () = connections => 0,
        left = late => left,
    };
    let _ = crate::print(&format!("stopped after {served} connections, {left} of them cut\n"));
    Ok(())
}

/// Returns a channel that ^C, SIGTERM or SIGHUP sets to `true`.
///
/// A second such signal exits the process with status 130.
fn stop_on_signal() -> io::Result<watch::Receiver<bool>> {
    let (stop, stopped) = watch::channel(false);
    let on_signal = move || {
        if stop.send_replace(true) {
            std::process::exit(130);
        }
    };
    ctrlc::set_handler(on_signal).map_err(io::Error::other)?;
    Ok(stopped)
}

async fn has_stopped(mut stopped: watch::Receiver<bool>) {
    // The sender lives in the signal handler, as long as the process.
    let _ = stopped.wait_for(|&has_stopped| has_stopped).await;
}

/// Prints the server's address and examples of commands.
///
/// The first line, with the address, is meant for programs that start the server.
fn greet(address: SocketAddr, echoes_datagrams: bool) {
    let port = address.port();
    let program = std::env::args().next().unwrap_or_else(|| "switchboard".into());
    let udp = format!("http://{address}/.well-known/masque/udp/127.0.0.1/{port}/");
    let datagrams = format!("  echo hello | {program} probe {udp} --offer connect-udp\n");
    let datagrams = if echoes_datagrams { &datagrams } else { "" };
    let _ = crate::print(&format!(
        "listening on http://{address}

Open it in a browser: the page shows what happens on each connection, and plays the client.
/play takes bytes of your own.

Or try, from another terminal:
  curl http://{address}/
  curl -d 'some content' http://{address}/echo
  curl -v --http2 http://{address}/h2c      (HTTP/1.1 becomes HTTP/2)
  curl -v --http2 http://{address}/plain    (an offer that is declined, which changes nothing)
  curl -i http://{address}/required         (426, and what would do)
  echo hello | {program} probe http://{address}/foo --offer foo/2
  echo hello | {program} probe http://{address}/ws --offer websocket
  echo hello | {program} probe https://{address}/ws --offer websocket    (the same port, in TLS)
  {program} probe http://{address}/h2c --offer h2c
{datagrams}  {program} probe http://{address}/tls      (a 426, then TLS on the same connection)
^C stops.
"
    ));
}

/// The protocol with which a client begins its connection.
enum Opening {
    Tls,
    /// HTTP/2 with prior knowledge.
    Http2,
    Http1,
}

/// Detects the protocol from a connection's first bytes, without consuming them.
///
/// Waits until they suffice; fails if the client closes without any.
async fn opening(stream: &TcpStream) -> io::Result<Opening> {
    let mut first = [0; http2::PREFACE.len()];
    loop {
        let has_ended = stream.ready(Interest::READABLE).await?.is_read_closed();
        let len = stream.peek(&mut first).await?;
        match &first[..len] {
            [] => return Err(io::ErrorKind::UnexpectedEof.into()),
            [tls::HANDSHAKE, ..] => return Ok(Opening::Tls),
            http2::PREFACE => return Ok(Opening::Http2),
            part if http2::PREFACE.starts_with(part) && !has_ended => sleep(MOMENT).await,
            _ => return Ok(Opening::Http1),
        }
    }
}

impl Session {
    /// Serves a new connection to its end.
    async fn receive(&self, stream: TcpStream) {
        let peer = stream.peer_addr().map_or(String::new(), |peer| peer.to_string());
        let opening = self.in_time(opening(&stream)).await;
        let setup = match opening {
            Ok(Opening::Tls) => "server secure lowercase_names",
            Ok(Opening::Http2) => "server http2_preface",
            _ => "server lowercase_names",
        };
        self.log.open(&peer, setup);
        let outcome = match opening {
            Ok(Opening::Http1) => self.serve(stream).await,
            Ok(Opening::Http2) => self.speak_http2_at_once(stream).await,
            Ok(Opening::Tls) => match self.in_time(self.app.tls.accept(stream)).await {
                Ok(stream) => Self { is_secure: true, ..self.clone() }.serve(stream).await,
                Err(error) => {
                    Err(io::Error::other(format!("the TLS handshake has failed: {error}")).into())
                }
            },
            Err(error) => {
                self.log.leave(format_args!("the client has not begun: {error}"));
                Ok(())
            }
        };
        self.log.close(outcome);
    }

    async fn serve(&self, stream: impl Transport) -> Result<(), Error> {
        let session = Arc::new(self.clone());
        let handler = service_fn(move |request| answer(Arc::clone(&session), request));
        serve_connection_until(stream, handler, &self.config(), self.stopping.clone().wait()).await
    }

    async fn speak_http2_at_once(&self, stream: TcpStream) -> Result<(), Error> {
        // The engine does not handle this connection; it only records the same events as after an
        // upgrade.
        let config = switchover::Config { http2_preface: true, ..Default::default() };
        let mut http = ObservedConnection::new(
            Connection::with_config(Role::Server, config),
            Some(self.log.clone()),
        );
        http.receive(http2::PREFACE)?;
        http.advance()?;
        self.serve_http2(stream).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::io::{ErrorKind, Read, Write};

    use super::*;

    const LONG: Duration = Duration::from_secs(3600);
    /// The time in which a client's lines fill all buffers, or are answered.
    const STALLED: Duration = Duration::from_millis(300);

    /// Returns the address of a test server, and the future that runs it.
    ///
    /// The future accepts connections until `stop` resolves, and serves them to their end.
    async fn server(
        stop: impl Future<Output = ()>,
    ) -> Result<(SocketAddr, impl Future<Output = ()>), Box<dyn Error>> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let app = Arc::new(App {
            prefer: switchover::Order::Client,
            tls: TlsAcceptor::from(tls::server()?),
            timeout: LONG,
            window: 65_535,
            live: Arc::default(),
            play: "".into(),
            address,
            places: Semaphore::new(2),
        });
        let served = accept(listener, stop, move |stream, _, stopping| {
            let transcript = Transcript::of_connection(1, false, app.live.clone());
            let log = Arc::new(SessionLog::new(transcript));
            let session = Session { app: Arc::clone(&app), log, stopping, is_secure: false };
            async move { session.receive(stream).await }
        });
        Ok((address, served))
    }

    /// Connects a client that has sent an offer of `foo/2`, and `lines` after it.
    fn client(address: SocketAddr, lines: &[u8]) -> io::Result<std::net::TcpStream> {
        let mut client = std::net::TcpStream::connect(address)?;
        client.write_all(
            b"GET /foo HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: foo/2\r\n\r\n",
        )?;
        client.write_all(lines)?;
        Ok(client)
    }

    /// Connects a client of `foo/2` that fills all buffers and reads nothing.
    fn stalled_client(address: SocketAddr) -> io::Result<std::net::TcpStream> {
        let mut client = client(address, b"")?;
        client.set_nonblocking(true)?;
        while client.write(&b"hello\n".repeat(1000)).is_ok() {}
        client.set_nonblocking(false)?;
        Ok(client)
    }

    /// Checks that `foo/2` is reset if its client does not read in time.
    ///
    /// After a FIN, a client that reads later would take a part of a line for the last one.
    #[tokio::test]
    async fn foo_is_reset_if_its_client_does_not_read() -> Result<(), Box<dyn Error>> {
        let (address, served) = server(sleep(LONG)).await?;
        let mut client = stalled_client(address)?;
        // The paused clock advances by itself whenever no task can go on.
        let pause = async {
            sleep(STALLED).await;
            tokio::time::pause();
        };
        tokio::join!(served, pause);
        let end = client.read_to_end(&mut Vec::new());
        assert_eq!(end.map_err(|error| error.kind()), Err(ErrorKind::ConnectionReset));
        Ok(())
    }

    /// Checks that a shutdown ends `foo/2` after a whole line, or else by a reset.
    ///
    /// A client that has read the answers to its whole lines gets a FIN. A client that does not
    /// read is reset.
    #[tokio::test]
    async fn foo_is_not_cut_within_a_line_at_shutdown() -> Result<(), Box<dyn Error>> {
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let stopped = async { stopped.await.expect("a stop") };
        let (address, served) = server(stopped).await?;
        let clients = std::thread::spawn(move || {
            let (mut idle, mut received) = (client(address, b"whole\npart")?, Vec::new());
            while !received.ends_with(b"WHOLE\n") {
                let mut piece = [0; 256];
                let len = idle.read(&mut piece)?;
                assert_ne!(len, 0, "{received:?}");
                received.extend_from_slice(&piece[..len]);
            }
            // Until the server can write no more, it goes on reading.
            let mut behind = stalled_client(address)?;
            behind.set_write_timeout(Some(STALLED * 3))?;
            while behind.write(&b"hello\n".repeat(1000)).is_ok() {}
            stop.send(()).expect("a server");
            let end = idle.read_to_end(&mut Vec::new());
            io::Result::Ok((end?, behind))
        });
        served.await;
        let (rest, mut behind) = clients.join().expect("no panic")?;
        assert_eq!(rest, 0);
        let end = behind.read_to_end(&mut Vec::new());
        assert_eq!(end.map_err(|error| error.kind()), Err(ErrorKind::ConnectionReset));
        Ok(())
    }
}
