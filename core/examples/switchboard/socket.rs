//! A blocking TCP stream that keeps a deadline and notices that the server stops.

use std::cell::Cell;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long a call blocks in the kernel before the deadline and the stop flag are looked at again.
const SLICE: Duration = Duration::from_millis(100);

/// A transfer slower than this is cut off: octets per second.
const SLOWEST: u64 = 1024;

/// The longest that a closed connection is listened to, and how many octets of it.
const LINGER: (Duration, usize) = (Duration::from_secs(2), 1 << 20);

/// The stream. Reading and writing take `&Socket`, so that a buffered reader and a writer can share it.
pub(crate) struct Socket {
    stream: TcpStream,
    deadline: Cell<Instant>,
    /// What a peer may take for anything.
    grace: Duration,
    stop: Arc<AtomicBool>,
    heeds_stop: Cell<bool>,
}

impl Socket {
    pub(crate) fn new(stream: TcpStream, grace: Duration, stop: Arc<AtomicBool>) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(SLICE))?;
        stream.set_write_timeout(Some(SLICE))?;
        Ok(Self { stream, deadline: Cell::new(Instant::now() + grace), grace, stop, heeds_stop: Cell::new(true) })
    }

    /// How long a transfer of that many octets may take: a peer that trickles them has no more time than one that
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
        // A peer that has gone already cannot be told; there is nobody to report it to.
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// RFC 9112, 9.6: closing at once, with octets of the peer unread, would reset the connection and take our last
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
            match call(&self.stream) {
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                outcome => return outcome,
            }
            if self.heeds_stop.get() && self.stop.load(Ordering::Relaxed) {
                return Err(io::Error::new(ErrorKind::ConnectionAborted, "the server stops"));
            }
            if Instant::now() >= self.deadline.get() {
                return Err(io::Error::new(ErrorKind::TimedOut, "the peer takes too long"));
            }
        }
    }
}

impl Read for &Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.patiently(|mut stream| stream.read(buffer))
    }
}

impl Write for &Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.patiently(|mut stream| stream.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
