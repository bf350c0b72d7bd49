//! The audit's transport: TCP, or TLS over it, with a time limit for each wait.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::ops::DerefMut;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use rustls::{
    ClientConnection, ConnectionCommon, ServerConfig, ServerConnection, SideData, StreamOwned,
};
use switchover::End;

use super::timeline::{MomentKind, Timeline};
use super::tls_args::{self, Tls};

/// The most bytes of one read.
const PIECE: usize = 16 * 1024;

/// The outcome of a wait for bytes.
pub(crate) enum WaitResult {
    Bytes(Vec<u8>),
    /// The peer has closed the connection, or the connection or its TLS has failed.
    End(End),
    /// No bytes came before the deadline.
    Nothing,
}

pub(crate) struct Wire {
    stream: Box<dyn Stream>,
    socket: TcpStream,
    timeline: Timeline,
}

trait Stream: Write {
    /// Reads bytes that arrive before the deadline; fails if it passes.
    ///
    /// The kind of that error is `TimedOut`, or `WouldBlock` as on Unix.
    fn read_by(&mut self, deadline: Instant, piece: &mut [u8]) -> io::Result<usize>;

    /// Sends TLS's close_notify alert; does nothing on plain TCP.
    fn say_end(&mut self);
}

impl Stream for TcpStream {
    fn read_by(&mut self, deadline: Instant, piece: &mut [u8]) -> io::Result<usize> {
        wait_until(self, deadline)?;
        self.read(piece)
    }

    fn say_end(&mut self) {}
}

impl<C: DerefMut<Target = ConnectionCommon<S>>, S: SideData> Stream for StreamOwned<C, TcpStream> {
    fn read_by(&mut self, deadline: Instant, piece: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.conn.reader().read(piece) {
                // A TLS record may arrive in pieces.
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    hear(self, deadline).map(drop)?
                }
                read => return read,
            }
        }
    }

    fn say_end(&mut self) {
        self.conn.send_close_notify();
        // The peer may have disconnected, which is no error here.
        let _ = self.flush();
    }
}

impl Wire {
    /// Performs the client's side of a TLS handshake on a connection to that host.
    pub(crate) fn secure(
        socket: TcpStream,
        host: &str,
        tls: &Tls,
        timeout: Duration,
    ) -> io::Result<Self> {
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        let config = Arc::clone(&tls.config);
        let tls = ClientConnection::new(config, name).map_err(io::Error::other)?;
        Self::in_tls(socket, tls, timeout).map_err(tls_args::explained)
    }

    /// Performs the server's side of a TLS handshake on a connection.
    pub(crate) fn accept(
        socket: TcpStream,
        config: Arc<ServerConfig>,
        timeout: Duration,
    ) -> io::Result<Self> {
        let tls = ServerConnection::new(config).map_err(io::Error::other)?;
        Self::in_tls(socket, tls, timeout)
    }

    fn in_tls<C, S>(socket: TcpStream, tls: C, timeout: Duration) -> io::Result<Self>
    where
        C: DerefMut<Target = ConnectionCommon<S>> + 'static,
        S: SideData + 'static,
    {
        let mut wire = Self::new(socket, timeout)?;
        let mut stream = StreamOwned::new(tls, wire.socket.try_clone()?);
        shake_hands(&mut stream, Instant::now() + timeout)?;
        wire.stream = Box::new(stream);
        Ok(wire)
    }

    /// Creates a wire without TLS on a connection, with a timeout for reads and writes.
    pub(crate) fn new(socket: TcpStream, timeout: Duration) -> io::Result<Self> {
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(timeout))?;
        socket.set_write_timeout(Some(timeout))?;
        let mut timeline = Timeline::default();
        timeline.note(MomentKind::Opened);
        Ok(Self { stream: Box::new(socket.try_clone()?), socket, timeline })
    }

    /// Drops the connection, which closes it; returns its timeline.
    pub(crate) fn leave(mut self) -> Timeline {
        self.timeline.note(MomentKind::Left);
        self.timeline
    }

    /// Sends bytes; returns an error if the transport fails.
    ///
    /// The error can be ignored: the next read reports a peer that has closed.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)?;
        self.timeline.note(MomentKind::Sent(bytes.len()));
        self.stream.flush()
    }

    /// Ends the audit's direction: in TLS with a close_notify alert, then with a FIN.
    ///
    /// A peer that has disconnected is no error.
    pub(crate) fn end(&mut self) {
        self.timeline.note(MomentKind::Ended);
        self.stream.say_end();
        let _ = self.socket.shutdown(Shutdown::Write);
    }

    /// Waits for bytes or the end of the peer's direction, until the deadline.
    pub(crate) fn next(&mut self, deadline: Instant) -> WaitResult {
        let result = self.read(deadline);
        match &result {
            WaitResult::Bytes(bytes) => self.timeline.note(MomentKind::Came(bytes.len())),
            WaitResult::End(_) => self.timeline.note(MomentKind::Closed),
            WaitResult::Nothing => {}
        }
        result
    }

    fn read(&mut self, deadline: Instant) -> WaitResult {
        let mut piece = vec![0; PIECE];
        loop {
            match self.stream.read_by(deadline, &mut piece) {
                Ok(0) => return WaitResult::End(End::Clean),
                Ok(len) => {
                    piece.truncate(len);
                    return WaitResult::Bytes(piece);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    return WaitResult::Nothing;
                }
                Err(_) => return WaitResult::End(End::Truncated),
            }
        }
    }
}

/// Performs the TLS handshake; fails if it is not complete by the deadline.
fn shake_hands<C, S>(stream: &mut StreamOwned<C, TcpStream>, deadline: Instant) -> io::Result<()>
where
    C: DerefMut<Target = ConnectionCommon<S>>,
    S: SideData,
{
    loop {
        while stream.conn.wants_write() {
            stream.conn.write_tls(&mut stream.sock)?;
        }
        if !stream.conn.is_handshaking() {
            return Ok(());
        }
        if hear(stream, deadline)? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
    }
}

/// Reads bytes of TLS from the socket and processes them.
///
/// Returns the number of bytes read, before decryption; 0 at the end. Fails once the deadline
/// passes.
fn hear<C, S>(stream: &mut StreamOwned<C, TcpStream>, deadline: Instant) -> io::Result<usize>
where
    C: DerefMut<Target = ConnectionCommon<S>>,
    S: SideData,
{
    let StreamOwned { conn: tls, sock: socket } = stream;
    wait_until(socket, deadline)?;
    let read = tls.read_tls(socket)?;
    tls.process_new_packets().map_err(io::Error::other)?;
    Ok(read)
}

/// Sets the socket's read timeout to the time until `deadline`.
///
/// Returns an error of kind `TimedOut` if the deadline has passed.
fn wait_until(socket: &TcpStream, deadline: Instant) -> io::Result<()> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        Err(ErrorKind::TimedOut.into())
    } else {
        socket.set_read_timeout(Some(left))
    }
}
