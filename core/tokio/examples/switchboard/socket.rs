//! A blocking TCP stream, with or without TLS above it, that keeps a deadline and notices that the server stops.

use std::cell::{Cell, RefCell};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustls::{ServerConfig, ServerConnection, Stream};

use crate::tapped::Tapped;
use crate::transcript::{By, Transcript};

/// How long a call blocks in the kernel before the deadline and the stop flag are looked at again.
const SLICE: Duration = Duration::from_millis(100);

/// A transfer slower than this is cut off: bytes per second.
const SLOWEST: u64 = 1024;

/// The longest that a closed connection is listened to, and how many bytes of it.
const LINGER: (Duration, usize) = (Duration::from_secs(2), 1 << 20);

/// The stream. Reading and writing take `&Socket`, so that a buffered reader and a writer can share it.
pub(crate) struct Socket {
    stream: TcpStream,
    tls: RefCell<Option<Box<ServerConnection>>>,
    deadline: Cell<Instant>,
    /// What a peer may take for anything.
    grace: Duration,
    stop: Arc<AtomicBool>,
    heeds_stop: Cell<bool>,
    /// Who hears what is said.
    overhearing: RefCell<Option<Rc<Transcript>>>,
}

impl Socket {
    pub(crate) fn new(stream: TcpStream, grace: Duration, stop: Arc<AtomicBool>) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(SLICE))?;
        stream.set_write_timeout(Some(SLICE))?;
        Ok(Self {
            stream,
            tls: RefCell::new(None),
            deadline: Cell::new(Instant::now() + grace),
            grace,
            stop,
            heeds_stop: Cell::new(true),
            overhearing: RefCell::new(None),
        })
    }

    /// Whether TLS is up.
    pub(crate) fn is_secure(&self) -> bool {
        self.tls.borrow().is_some()
    }

    /// The first byte that the peer sends, which stays to be read; `None` if it sends nothing.
    pub(crate) fn first_octet(&self) -> io::Result<Option<u8>> {
        let mut octet = [0];
        let len = self.patiently(|stream| stream.peek(&mut octet))?;
        Ok((len > 0).then_some(octet[0]))
    }

    /// From now on there is TLS below, of whose bytes some have come already.
    pub(crate) fn start_tls(&self, config: &Arc<ServerConfig>, mut leftover: &[u8]) -> io::Result<()> {
        let mut tls = Box::new(ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?);
        while !leftover.is_empty() {
            tls.read_tls(&mut leftover)?;
            tls.process_new_packets().map_err(io::Error::other)?;
        }
        self.set_deadline(Instant::now() + self.grace);
        self.patiently(|stream| match tls.is_handshaking() || tls.wants_write() {
            true => one_turn(&mut tls, stream),
            false => Ok(0),
        })?;
        *self.tls.borrow_mut() = Some(tls);
        Ok(())
    }

    /// Runs a protocol that waits for several things at once, on a stream of its own; not over TLS. The server's stop
    /// ends it.
    pub(crate) fn run<F: Future>(&self, speak: impl FnOnce(Tapped) -> F) -> io::Result<Option<F::Output>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let stream = self.stream.try_clone()?;
        stream.set_nonblocking(true)?;
        let outcome = runtime.block_on(async {
            let overhearing = self.overhearing.borrow().clone();
            let stream = Tapped::new(tokio::net::TcpStream::from_std(stream)?, overhearing);
            let stopped = async {
                while !self.stop.load(Ordering::Relaxed) {
                    tokio::time::sleep(SLICE).await;
                }
            };
            tokio::select! {
                outcome = speak(stream) => Ok(Some(outcome)),
                () = stopped => Ok(None),
            }
        });
        // The two share the setting.
        self.stream.set_nonblocking(false)?;
        outcome
    }

    /// From now on a transcript hears what is said, which is not HTTP any more.
    pub(crate) fn overhear(&self, transcript: &Rc<Transcript>) {
        *self.overhearing.borrow_mut() = Some(Rc::clone(transcript));
    }

    fn tell(&self, by: By, octets: &[u8]) {
        if let Some(transcript) = &*self.overhearing.borrow() {
            transcript.spoke(by, octets);
        }
    }

    /// Looks at the deadline so often; for one that has to look elsewhere meanwhile.
    pub(crate) fn set_slice(&self, slice: Duration) -> io::Result<()> {
        self.stream.set_read_timeout(Some(slice))
    }

    /// How long a transfer of that many bytes may take: a peer that trickles them has no more time than one that
    /// stalls.
    pub(crate) fn allowance(&self, octets: u64) -> Duration {
        self.grace + Duration::from_secs(octets / SLOWEST)
    }

    /// Calls fail with `TimedOut` once this has passed.
    pub(crate) fn set_deadline(&self, deadline: Instant) {
        self.deadline.set(deadline);
    }

    /// Goes on in spite of the stop, for a peer that is owed an answer.
    pub(crate) fn ignore_stop(&self) {
        self.heeds_stop.set(false);
    }

    /// Says that nothing more comes.
    pub(crate) fn finish(&self) {
        if let Some(tls) = &mut *self.tls.borrow_mut() {
            // RFC 8446, 6.1: so that the peer can tell an end from a cut.
            tls.send_close_notify();
            let _ = self.patiently(|mut stream| tls.write_tls(&mut stream));
        }
        // A peer that has gone already cannot hear of it, and no other can.
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Has the close that follows be a reset.
    pub(crate) fn reset(&self) -> io::Result<()> {
        // The standard library cannot set SO_LINGER yet.
        tokio::net::TcpSocket::from_std_stream(self.stream.try_clone()?).set_zero_linger()
    }

    /// RFC 9112, 9.6: closing at once, with bytes of the peer unread, would reset the connection and take our last
    /// response away from it. So: our end first, then read on for a bounded while.
    pub(crate) fn linger(&self) {
        self.finish();
        self.ignore_stop();
        self.set_deadline(Instant::now() + LINGER.0);
        let mut waste = [0; 8192];
        let mut left = LINGER.1;
        while let Ok(len @ 1..) = (&mut &*self).read(&mut waste) {
            let Some(rest) = left.checked_sub(len) else { return };
            left = rest;
        }
    }

    /// Repeats a call that gave up after a slice, as long as there is time.
    fn patiently(&self, mut call: impl FnMut(&TcpStream) -> io::Result<usize>) -> io::Result<usize> {
        loop {
            // Before each call: a peer that sends a byte now and then never makes one give up.
            if self.heeds_stop.get() && self.stop.load(Ordering::Relaxed) {
                return Err(io::Error::new(ErrorKind::ConnectionAborted, "the server stops"));
            }
            if Instant::now() >= self.deadline.get() {
                return Err(io::Error::new(ErrorKind::TimedOut, "the peer takes too long"));
            }
            match call(&self.stream) {
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                outcome => return outcome,
            }
        }
    }
}

/// Sends what TLS has to say and reads once, so that the deadline is looked at again; it is never all there was to do.
fn one_turn(tls: &mut ServerConnection, mut stream: &TcpStream) -> io::Result<usize> {
    while tls.wants_write() {
        tls.write_tls(&mut stream)?;
    }
    if tls.wants_read() && tls.read_tls(&mut stream)? == 0 && tls.is_handshaking() {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    let outcome = tls.process_new_packets().map_err(io::Error::other);
    // The peer hears what is wrong, if it still listens.
    while tls.wants_write() {
        tls.write_tls(&mut stream)?;
    }
    outcome.and(Err(ErrorKind::WouldBlock.into()))
}

impl Read for &Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.patiently(|mut stream| match &mut *self.tls.borrow_mut() {
            None => stream.read(buffer),
            Some(tls) => match tls.reader().read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => one_turn(tls, stream),
                outcome => outcome,
            },
        })?;
        self.tell(By::Peer, &buffer[..len]);
        Ok(len)
    }
}

impl Write for &Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let len = self.patiently(|mut stream| match &mut *self.tls.borrow_mut() {
            None => stream.write(bytes),
            Some(tls) => Stream::new(&mut **tls, &mut stream).write(bytes),
        })?;
        self.tell(By::Us, &bytes[..len]);
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.patiently(|mut stream| match &mut *self.tls.borrow_mut() {
            None => Ok(0),
            Some(tls) => Stream::new(&mut **tls, &mut stream).flush().map(|()| 0),
        });
        flushed.map(|_| ())
    }
}
