//! A stream on which HTTP/2 continues with a request made in HTTP/1.1.
//!
//! The HTTP/2 library need not support upgrades: in a server it responds to the request, in a
//! client it receives the response.

mod opening;

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use switchover::h2c::Splice;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use crate::Upgraded;
use opening::Opening;

/// The maximum of bytes read from the peer at a time while a filter is used.
const PIECE: usize = 16 * 1024;

/// The number of unsent bytes at which the HTTP/2 library's writes have to wait.
const MOST_WAITING: usize = 64 * 1024;

/// The stream of an upgraded connection, as an HTTP/2 library uses it.
///
/// A server library such as `h2::server::handshake` finds the earlier request as stream 1, and
/// responds there: see [`Selected::accept_http2`](crate::upgrade::Selected::accept_http2). A client
/// library gets the response on stream 1: see [`Http2Stream::client`]. RFC 7540, section 3.2.
///
/// `h2` ends a connection if many small DATA frames wait, about 130 at its usual window. If your
/// clients send small messages, set `data_frame_budget` of its server builder.
pub struct Http2Stream<S = Upgraded> {
    stream: S,
    between: Option<Box<dyn StreamFilter>>,
    for_engine: Vec<u8>,
    for_peer: Vec<u8>,
    has_ended: bool,
    /// The waker of a pending reader: a write may produce the bytes that it waits for.
    reader: Option<Waker>,
    /// The deadline for the client to begin HTTP/2; `None` if there is no limit.
    preface: Option<Pin<Box<Sleep>>>,
}

/// A filter between peer and HTTP/2 library (engine), until their states agree.
trait StreamFilter: Send + Sync {
    fn peer_sent(&mut self, bytes: &[u8]);
    fn peer_ended(&mut self);
    fn engine_sent(&mut self, bytes: &[u8]) -> io::Result<()>;
    fn take_for_engine(&mut self) -> Vec<u8>;
    fn take_for_peer(&mut self) -> Vec<u8>;
    fn wants_peer(&self) -> bool;
    /// Returns whether content of the peer waits for the HTTP/2 library's window.
    fn is_waiting(&self) -> bool;
    /// Returns whether the filter is not needed any more.
    fn is_done(&self) -> bool;
}

/// The filter in front of a server's HTTP/2 library.
impl StreamFilter for Splice {
    fn peer_sent(&mut self, bytes: &[u8]) {
        self.client_sent(bytes);
    }

    fn peer_ended(&mut self) {
        self.client_ended();
    }

    fn engine_sent(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.engine_sent(bytes);
        Ok(())
    }

    fn take_for_engine(&mut self) -> Vec<u8> {
        self.take_for_engine()
    }

    fn take_for_peer(&mut self) -> Vec<u8> {
        self.take_for_client()
    }

    fn wants_peer(&self) -> bool {
        self.wants_client()
    }

    fn is_waiting(&self) -> bool {
        self.is_waiting()
    }

    fn is_done(&self) -> bool {
        self.is_done()
    }
}

impl Http2Stream {
    pub(crate) fn new(mut stream: Upgraded) -> Self {
        let splice = stream.splice.take().map(|splice| -> Box<dyn StreamFilter> { splice });
        let preface = stream.preface().map(|limit| Box::pin(sleep(limit)));
        Self { preface, ..Self::with(stream, splice, &[]) }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Http2Stream<S> {
    /// Creates a server's stream, for callers that drive the `switchover` engine.
    ///
    /// `stream` is the connection to the client, `splice` is made from the request, and `leftover`
    /// are the bytes of HTTP/2 already received. Without a splice, for a client that began with
    /// HTTP/2, all bytes pass unchanged.
    pub fn server(stream: S, splice: Option<Splice>, leftover: &[u8]) -> Self {
        Self::with(
            stream,
            splice.map(|splice| -> Box<dyn StreamFilter> { Box::new(splice) }),
            leftover,
        )
    }

    /// Creates the stream for an HTTP/2 client whose server has accepted `h2c`.
    ///
    /// `stream` is the [`Upgraded`]; pass the result to a client such as `h2::client::handshake`.
    ///
    /// The first request must repeat that of the upgrade, without content (`send_request(request,
    /// true)`). The stream does not send it; its response is the server's response to the upgrade.
    /// Until then no bytes of the server are read, so send the request at once. A first request
    /// with content, or not on stream 1, is an error of the kind `InvalidInput`. So is a second
    /// request before the client's first ACK of SETTINGS; `h2` sends that in time. Other fields
    /// than in the upgrade are not noticed. RFC 7540, section 3.2.
    ///
    /// ```no_run
    /// # async fn get(stream: tokio::net::TcpStream) -> Result<(), switchover_tokio::BoxError> {
    /// use switchover_tokio::{Body, Http2Stream, client};
    ///
    /// let request = http::Request::get("http://localhost/").body(())?;
    /// let opening = request.clone().map(|()| Body::empty());
    /// let upgraded = client::upgrade(stream, opening, &["h2c"]).await?.into_result()?;
    /// let (mut http2, connection) = h2::client::handshake(Http2Stream::client(upgraded)).await?;
    /// let (response, _) = http2.send_request(request, true)?;
    /// tokio::spawn(connection);
    /// println!("{}", response.await?.status());
    /// # Ok(())
    /// # }
    /// ```
    pub fn client(stream: S) -> Self {
        Self::with(stream, Some(Box::new(Opening::new())), &[])
    }

    fn with(stream: S, between: Option<Box<dyn StreamFilter>>, leftover: &[u8]) -> Self {
        let mut spliced = Self {
            stream,
            between,
            for_engine: Vec::new(),
            for_peer: Vec::new(),
            has_ended: false,
            reader: None,
            preface: None,
        };
        spliced.peer_sent(leftover);
        spliced
    }

    fn peer_sent(&mut self, bytes: &[u8]) {
        match &mut self.between {
            Some(between) => between.peer_sent(bytes),
            None => self.for_engine.extend_from_slice(bytes),
        }
        self.collect();
    }

    fn engine_sent(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.between {
            Some(between) => between.engine_sent(bytes)?,
            None => self.for_peer.extend_from_slice(bytes),
        }
        self.collect();
        Ok(())
    }

    /// Moves the filter's output to the buffers for the HTTP/2 library and the peer.
    ///
    /// Removes the filter once it is not needed any more.
    fn collect(&mut self) {
        if let Some(between) = &mut self.between {
            self.for_engine.append(&mut between.take_for_engine());
            self.for_peer.append(&mut between.take_for_peer());
            if between.is_done() {
                self.between = None;
            }
        }
    }

    /// Returns whether bytes of one direction pass without a copy.
    ///
    /// They do if there is no filter and the buffer `waiting` of that direction is empty.
    fn passes(&self, waiting: &[u8]) -> bool {
        self.between.is_none() && waiting.is_empty()
    }

    fn may_read(&self) -> bool {
        !self.has_ended && self.between.as_ref().is_none_or(|between| between.wants_peer())
    }

    /// Returns whether the peer has ended, and no content waits in the filter.
    ///
    /// Content that waits for the HTTP/2 library's flow-control window remains readable after the
    /// peer's end.
    fn is_over(&self) -> bool {
        self.has_ended && !self.between.as_ref().is_some_and(|between| between.is_waiting())
    }

    /// Returns `Pending`; with a filter, also keeps the waker for the next write.
    ///
    /// A write of the HTTP/2 library may make the filter produce bytes for its reader.
    fn wait<T>(&mut self, context: &Context<'_>) -> Poll<T> {
        self.reader = self.between.is_some().then(|| context.waker().clone());
        Poll::Pending
    }

    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.for_peer.is_empty() {
            match ready!(Pin::new(&mut self.stream).poll_write(context, &self.for_peer))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                sent => drop(self.for_peer.drain(..sent)),
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Http2Stream<S> {
    fn poll_receive(
        &mut self,
        context: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.passes(&self.for_engine) {
            return Pin::new(&mut self.stream).poll_read(context, to);
        }
        while self.for_engine.is_empty() && self.may_read() {
            let mut space = [MaybeUninit::uninit(); PIECE];
            let mut piece = ReadBuf::uninit(&mut space);
            if Pin::new(&mut self.stream).poll_read(context, &mut piece)?.is_pending() {
                return self.wait(context);
            }
            match piece.filled() {
                [] => {
                    self.has_ended = true;
                    if let Some(between) = &mut self.between {
                        between.peer_ended();
                    }
                    self.collect();
                }
                bytes => self.peer_sent(bytes),
            }
        }
        if self.for_engine.is_empty() && !self.is_over() {
            // Waits until the engine has opened its window, or the client has repeated its request.
            return self.wait(context);
        }
        let len = to.remaining().min(self.for_engine.len());
        to.put_slice(&self.for_engine[..len]);
        self.for_engine.drain(..len);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Http2Stream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let received = self.poll_receive(context, to);
        match &mut self.preface {
            Some(preface) if received.is_pending() => {
                preface.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
            }
            _ => {
                self.preface = None;
                received
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Http2Stream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.passes(&self.for_peer) {
            return Pin::new(&mut self.stream).poll_write(context, bytes);
        }
        if self.for_peer.len() >= MOST_WAITING {
            ready!(self.poll_send(context))?;
        }
        self.engine_sent(bytes)?;
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
        if let Poll::Ready(Err(error)) = self.poll_send(context) {
            return Poll::Ready(Err(error));
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.passes(&self.for_peer) {
            return Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        }
        let first = pieces.iter().find(|piece| !piece.is_empty()).map_or(&[][..], |piece| piece);
        self.poll_write(context, first)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(context))?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(context))?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
