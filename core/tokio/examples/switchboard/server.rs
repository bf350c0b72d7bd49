//! Who is let in, how many at a time, and how it all ends.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rustls::ServerConfig;
use switchover::Order;

use crate::ServeArgs;
use crate::live::Hub;
use crate::session::Session;
use crate::transcript::Transcript;
use crate::{tls, udp};

/// How long ^C waits for the connections under way.
const GOODBYE: Duration = Duration::from_secs(5);

/// What all connections have in common.
pub(crate) struct House {
    /// The server stops; so should they.
    pub(crate) stop: Arc<AtomicBool>,
    pub(crate) prefer: Order,
    pub(crate) tls: Arc<ServerConfig>,
    pub(crate) patience: Duration,
    /// Of HTTP/2.
    pub(crate) window: u32,
    /// Who watches.
    pub(crate) live: Arc<Hub>,
    /// Where the playground's files are, if anywhere.
    pub(crate) play: PathBuf,
    /// Where the server listens.
    pub(crate) address: SocketAddr,
}

/// Serves until ^C.
pub(crate) fn run(args: &ServeArgs) -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port)).map_err(|error| {
        let port = args.port;
        io::Error::new(error.kind(), format!("port {port}: {error}; --port takes another, 0 any that is free"))
    })?;
    let address = listener.local_addr()?;
    let stop = Arc::new(AtomicBool::new(false));
    stop_on_signal(&stop, address)?;
    greet(address, udp::echo(address));
    let gate = Arc::new(Gate::new(args.connections));
    let patience = Duration::from_secs(args.patience.max(1));
    let tls = tls::server().map_err(|error| io::Error::other(error.to_string()))?;
    let (prefer, window, live) = (args.prefer.into(), args.window, Arc::new(Hub::default()));
    let play = args.play.clone();
    let house = House { stop, prefer, tls, patience, window, live, play, address };
    let (house, mut served) = (Arc::new(house), 0u64);
    loop {
        let pass = gate.enter();
        let accepted = listener.accept();
        if house.stop.load(Ordering::Relaxed) {
            break;
        }
        let stream = match accepted {
            Ok((stream, _)) => stream,
            // Out of descriptors, or the peer has gone: neither is a reason to stop, or to spin.
            Err(_) => {
                thread::sleep(Duration::from_millis(50));
                continue;
            }
        };
        served += 1;
        let transcript = Transcript::of_connection(served, args.trace, &house.live);
        let house = Arc::clone(&house);
        // A thread that cannot be had costs this one connection.
        let _ = thread::Builder::new().name(format!("connection {served}")).spawn(move || {
            let _pass = pass;
            Session::run(stream, &house, transcript);
        });
    }
    // Idle connections notice within a moment; those under way are answered with `close`.
    let left = gate.wait_until_empty(GOODBYE);
    println!("stopped after {served} connections, {left} of them cut");
    Ok(())
}

fn stop_on_signal(stop: &Arc<AtomicBool>, address: SocketAddr) -> io::Result<()> {
    let stop = Arc::clone(stop);
    ctrlc::set_handler(move || {
        if stop.swap(true, Ordering::Relaxed) {
            // Asked twice: at once, then.
            std::process::exit(130);
        }
        // Wakes `accept`; if this fails, nothing waits there.
        let _ = TcpStream::connect(address);
    })
    .map_err(io::Error::other)
}

/// The first line is for programs, the others for people.
fn greet(address: SocketAddr, echoes_datagrams: bool) {
    let port = address.port();
    let program = std::env::args().next().unwrap_or_else(|| "switchboard".into());
    let udp = format!("http://{address}/.well-known/masque/udp/127.0.0.1/{port}/");
    let datagrams = format!("  echo hello | {program} probe {udp} --offer connect-udp\n");
    let datagrams = if echoes_datagrams { &datagrams } else { "" };
    println!(
        "listening on http://{address}

Open it in a browser: the page shows what happens on each connection, and plays the client. /play takes bytes of your own.

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
^C stops."
    );
}

/// Counts those inside and lets no more in than the limit.
struct Gate {
    inside: Mutex<usize>,
    limit: usize,
    changed: Condvar,
}

/// One place inside; dropping it frees the place.
struct Pass(Arc<Gate>);

impl Gate {
    fn new(limit: usize) -> Self {
        Self { inside: Mutex::new(0), limit: limit.max(1), changed: Condvar::new() }
    }

    /// Waits for a place.
    fn enter(self: &Arc<Self>) -> Pass {
        let inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        let full = |inside: &mut usize| *inside >= self.limit;
        let mut inside = self.changed.wait_while(inside, full).unwrap_or_else(PoisonError::into_inner);
        *inside += 1;
        Pass(Arc::clone(self))
    }

    /// How many are still inside after that time.
    fn wait_until_empty(&self, patience: Duration) -> usize {
        let inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(inside, patience, |inside| *inside > 0);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        *self.0.inside.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.0.changed.notify_all();
    }
}
