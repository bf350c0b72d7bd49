//! A socket for a client that must be able to read at any time.
//!
//! While it sends content, the response may come first. While it speaks a new protocol, it is not
//! known whose turn it is.
//!
//! Three threads move bytes and decide nothing; everything that happens arrives in one inbox. The
//! threads that fill it can be made to wait, and so can the one that feeds in our own bytes. The
//! one that empties it never waits: two sides that both wait for the other to read would deadlock.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use switchover::End;

/// Bytes that are moved at a time.
const PIECE: usize = 16 * 1024;

/// Pieces that wait in the inbox.
const INBOX: usize = 16;

/// Bytes that wait to be sent before no more are fed in.
const QUEUED: usize = 256 * 1024;

/// An event of the socket, or of the local source.
pub(crate) enum Input {
    /// The peer has sent this.
    Peer(Vec<u8>),
    /// The peer's bytes have ended.
    PeerEnd(End),
    /// Bytes of the local source, to send in whatever form is needed.
    Local(Vec<u8>),
    /// The end of the local source.
    LocalEnd,
}

pub(crate) struct Duplex {
    stream: TcpStream,
    inbox: Receiver<Input>,
    to_inbox: SyncSender<Input>,
    outbox: Sender<Output>,
    queue: Arc<Queue>,
}

enum Output {
    Bytes(Vec<u8>),
    End,
}

impl Duplex {
    /// Connects to `host:port`.
    pub(crate) fn connect(address: &str, timeout: Duration) -> io::Result<Self> {
        let mut outcome =
            Err(io::Error::new(io::ErrorKind::NotFound, format!("{address} is no address")));
        for address in address.to_socket_addrs()? {
            outcome = TcpStream::connect_timeout(&address, timeout);
            if outcome.is_ok() {
                break;
            }
        }
        Self::start(outcome?)
    }

    fn start(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        let (to_inbox, inbox) = sync_channel(INBOX);
        let (outbox, outputs) = channel();
        let queue = Arc::new(Queue::default());
        let (reader, tell, unsent) = (stream.try_clone()?, to_inbox.clone(), Arc::clone(&queue));
        thread::spawn(move || read(reader, &tell, &unsent));
        let (writer, written) = (stream.try_clone()?, Arc::clone(&queue));
        thread::spawn(move || write(writer, &outputs, &written));
        Ok(Self { stream, inbox, to_inbox, outbox, queue })
    }

    /// Sends these bytes, after all others.
    pub(crate) fn send(&self, bytes: Vec<u8>) {
        self.queue.add(bytes.len());
        // The writer has gone only if the socket has failed, and the reader tells of that.
        let _ = self.outbox.send(Output::Bytes(bytes));
    }

    /// Returns the number of bytes that wait to be sent.
    pub(crate) fn unsent(&self) -> usize {
        self.queue.locked().bytes
    }

    /// Ends our direction, after all bytes.
    pub(crate) fn finish(&self) {
        let _ = self.outbox.send(Output::End);
    }

    /// Feeds in a source: it comes back as `Local`, no faster than it can be sent.
    pub(crate) fn feed(&self, mut source: impl Read + Send + 'static) {
        let (tell, queue) = (self.to_inbox.clone(), Arc::clone(&self.queue));
        thread::spawn(move || {
            let mut piece = vec![0; PIECE];
            while let Ok(len @ 1..) = source.read(&mut piece) {
                queue.wait();
                if tell.send(Input::Local(piece[..len].to_vec())).is_err() {
                    return;
                }
            }
            let _ = tell.send(Input::LocalEnd);
        });
    }

    /// Returns the next event; `None` if there is none before the deadline.
    pub(crate) fn next(&self, deadline: Option<Instant>) -> Option<Input> {
        match deadline {
            Some(deadline) => {
                self.inbox.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok()
            }
            None => self.inbox.recv().ok(),
        }
    }
}

impl Drop for Duplex {
    fn drop(&mut self) {
        // Ends the reader, who would wait for a peer in vain.
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

fn read(mut stream: TcpStream, tell: &SyncSender<Input>, queue: &Queue) {
    let mut piece = vec![0; PIECE];
    loop {
        let input = match stream.read(&mut piece) {
            Ok(0) => Input::PeerEnd(end_of(&stream, queue)),
            Ok(len) => Input::Peer(piece[..len].to_vec()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => Input::PeerEnd(End::Truncated),
        };
        let is_end = matches!(input, Input::PeerEnd(_));
        if tell.send(input).is_err() || is_end {
            return;
        }
    }
}

/// Returns how a stream without more bytes has ended.
///
/// A socket reports its error once. If a write has met it, a read returns no bytes, as after a FIN.
fn end_of(stream: &TcpStream, queue: &Queue) -> End {
    // The socket is still connected, so this is a FIN.
    if stream.peer_addr().is_ok() {
        return End::Clean;
    }
    match queue.failure() {
        // A broken pipe is a reset after the end.
        None | Some(io::ErrorKind::BrokenPipe) => End::Clean,
        Some(_) => End::Truncated,
    }
}

fn write(mut stream: TcpStream, outputs: &Receiver<Output>, queue: &Queue) {
    for output in outputs {
        match output {
            Output::Bytes(bytes) => match stream.write_all(&bytes) {
                Ok(()) => queue.remove(bytes.len()),
                Err(error) => return queue.give_up(Some(error.kind())),
            },
            Output::End if stream.shutdown(Shutdown::Write).is_ok() => {}
            Output::End => break,
        }
    }
    queue.give_up(None);
}

/// Counts the bytes that wait to be sent.
#[derive(Default)]
struct Queue {
    state: Mutex<Queued>,
    changed: Condvar,
}

#[derive(Default)]
struct Queued {
    bytes: usize,
    /// Nothing is sent any more.
    is_over: bool,
    /// The error of a write.
    failure: Option<io::ErrorKind>,
}

impl Queue {
    fn add(&self, bytes: usize) {
        self.change(|queued| queued.bytes += bytes);
    }

    fn remove(&self, bytes: usize) {
        self.change(|queued| queued.bytes -= bytes);
    }

    fn give_up(&self, failure: Option<io::ErrorKind>) {
        self.change(|queued| (queued.is_over, queued.failure) = (true, failure));
    }

    /// Waits until there is room.
    fn wait(&self) {
        drop(self.wait_while(|bytes| bytes >= QUEUED));
    }

    /// Returns the error of the writes, once none is under way.
    fn failure(&self) -> Option<io::ErrorKind> {
        self.wait_while(|bytes| bytes > 0).failure
    }

    fn wait_while(&self, waits: impl Fn(usize) -> bool) -> MutexGuard<'_, Queued> {
        let waits = |queued: &mut Queued| waits(queued.bytes) && !queued.is_over;
        self.changed.wait_while(self.locked(), waits).unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, how: impl FnOnce(&mut Queued)) {
        how(&mut self.locked());
        self.changed.notify_all();
    }

    fn locked(&self) -> MutexGuard<'_, Queued> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
