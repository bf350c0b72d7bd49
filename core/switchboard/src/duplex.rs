//! A socket that a client can read at any time, also while it sends.
//!
//! The response may arrive while the client still sends content. In a new protocol, either side may
//! send at any time.
//!
//! Three threads move bytes and decide nothing: one reads the socket, one writes to it, one reads
//! the local source. Each of them may block. All events arrive in one inbox. The thread that
//! empties the inbox never blocks on sending, else both peers could deadlock waiting for a reader.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use switchover::End;

/// The most bytes of one read.
const PIECE: usize = 16 * 1024;

/// The most inputs that wait in the inbox; the threads that add more are blocked.
const INBOX: usize = 16;

/// The number of unsent bytes at which reading of the local source pauses.
const QUEUED: usize = 256 * 1024;

/// An event of the socket, or of the local source.
pub(crate) enum Input {
    /// Bytes received from the peer.
    Peer(Vec<u8>),
    /// The end of the peer's bytes, clean or truncated.
    PeerEnd(End),
    /// Bytes read from the local source, which the caller of `next` sends.
    Local(Vec<u8>),
    /// The end of the local source, also by an error.
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
    /// Connects to `host:port`, trying each of its addresses for `timeout`.
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

    /// Queues bytes for sending, behind those that still wait.
    pub(crate) fn send(&self, bytes: Vec<u8>) {
        self.queue.add(bytes.len());
        // The writer ends only if the socket has failed, and the reader reports that.
        let _ = self.outbox.send(Output::Bytes(bytes));
    }

    /// Returns the number of bytes that wait to be sent.
    pub(crate) fn unsent(&self) -> usize {
        self.queue.locked().bytes
    }

    /// Shuts down the sending direction once all queued bytes are sent.
    pub(crate) fn finish(&self) {
        let _ = self.outbox.send(Output::End);
    }

    /// Starts a thread that reads a source and emits its bytes as `Input::Local`.
    ///
    /// The thread pauses while too many bytes wait to be sent.
    pub(crate) fn feed(&self, mut source: impl Read + Send + 'static) {
        let (tell, queue) = (self.to_inbox.clone(), Arc::clone(&self.queue));
        thread::spawn(move || {
            let mut piece = vec![0; PIECE];
            loop {
                match source.read(&mut piece) {
                    Ok(len @ 1..) => {
                        queue.wait();
                        if tell.send(Input::Local(piece[..len].to_vec())).is_err() {
                            return;
                        }
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    _ => break,
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
        // Ends the reader thread, which may be blocked on a silent peer.
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

/// Returns how the peer's direction ended, once a read has returned no bytes.
///
/// A socket reports its error once. After a failed write, a read returns no bytes, as after a FIN.
fn end_of(stream: &TcpStream, queue: &Queue) -> End {
    // The socket is still connected, so this is a FIN.
    if stream.peer_addr().is_ok() {
        return End::Clean;
    }
    match queue.failure() {
        // A broken pipe means a reset after the peer's FIN.
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

/// The number of bytes that wait to be sent; threads can wait until it changes.
#[derive(Default)]
struct Queue {
    state: Mutex<Queued>,
    changed: Condvar,
}

#[derive(Default)]
struct Queued {
    bytes: usize,
    /// True once the writer thread has ended: no more bytes are sent.
    is_over: bool,
    /// The error of the write that failed, if one did.
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

    /// Blocks until fewer than `QUEUED` bytes wait to be sent, or sending has ended.
    fn wait(&self) {
        drop(self.wait_while(|bytes| bytes >= QUEUED));
    }

    /// Blocks until all queued bytes are sent or sending has ended.
    ///
    /// Returns the error of a write that failed, if one did.
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
