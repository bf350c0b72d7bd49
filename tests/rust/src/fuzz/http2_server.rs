//! An HTTP/2 server of the `h2` crate, polled without a runtime.
//!
//! Its transport is two byte queues in memory, and the fuzz target calls `Engine::poll`.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use h2::RecvStream;
use h2::server::{Builder, Connection as Http2, Handshake, SendResponse};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

#[derive(Default)]
pub(super) struct Wire {
    /// The bytes for the HTTP/2 engine to read; `written` has those that it wrote.
    pub(super) unread: VecDeque<u8>,
    pub(super) written: VecDeque<u8>,
}

struct Io(Rc<RefCell<Wire>>);

impl AsyncRead for Io {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        space: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut wire = self.0.borrow_mut();
        if wire.unread.is_empty() {
            return Poll::Pending;
        }
        let len = space.remaining().min(wire.unread.len());
        let bytes: Vec<u8> = wire.unread.drain(..len).collect();
        space.put_slice(&bytes);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Io {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.borrow_mut().written.extend(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

enum Stage {
    Handshake(Handshake<Io, Bytes>),
    Open(Http2<Io, Bytes>),
}

struct Serving {
    line: String,
    content: RecvStream,
    respond: SendResponse<Bytes>,
    len: usize,
    /// The number of bytes read whose window capacity was not released.
    held: usize,
    is_over: bool,
}

pub(super) struct Engine {
    pub(super) wire: Rc<RefCell<Wire>>,
    stage: Stage,
    streams: Vec<Serving>,
}

impl Engine {
    pub(super) fn new(window: u32, connection_window: u32) -> Self {
        let wire = Rc::new(RefCell::new(Wire::default()));
        let mut builder = Builder::new();
        builder.initial_window_size(window).initial_connection_window_size(connection_window);
        Self {
            stage: Stage::Handshake(builder.handshake(Io(wire.clone()))),
            wire,
            streams: Vec::new(),
        }
    }

    pub(super) fn is_quiet(&self) -> bool {
        let wire = self.wire.borrow();
        wire.unread.is_empty() && wire.written.is_empty()
    }

    /// Reads all requests that have arrived and responds to the complete ones.
    ///
    /// With `gives_back` it releases the window capacity of read content at once. Otherwise the end
    /// of the content does so, or a later call with `gives_back`.
    pub(super) fn poll(&mut self, gives_back: bool) {
        let mut context = Context::from_waker(Waker::noop());
        if let Stage::Handshake(handshake) = &mut self.stage {
            match Pin::new(handshake).poll(&mut context) {
                Poll::Ready(connection) => self.stage = Stage::Open(connection.expect("a preface")),
                Poll::Pending => return,
            }
        }
        let Stage::Open(connection) = &mut self.stage else { return };
        // Once to read the requests, and once to write the responses.
        for _ in 0..2 {
            while let Poll::Ready(Some(accepted)) = connection.poll_accept(&mut context) {
                let (request, respond) = accepted.expect("a client that keeps to HTTP/2");
                let (head, content) = request.into_parts();
                let line = format!("{} {}", head.method, head.uri.path());
                self.streams.push(Serving {
                    line,
                    content,
                    respond,
                    len: 0,
                    held: 0,
                    is_over: false,
                });
            }
            for stream in self.streams.iter_mut().filter(|stream| !stream.is_over) {
                stream.poll(&mut context, gives_back);
            }
        }
    }
}

impl Serving {
    fn poll(&mut self, context: &mut Context<'_>, gives_back: bool) {
        loop {
            match self.content.poll_data(context) {
                Poll::Pending => break,
                Poll::Ready(Some(data)) => {
                    let len = data.expect("content").len();
                    self.len += len;
                    self.held += len;
                }
                Poll::Ready(None) => {
                    let head = http::Response::new(());
                    let mut body =
                        self.respond.send_response(head, false).expect("a stream that is open");
                    body.send_data(format!("{} {}", self.line, self.len).into(), true)
                        .expect("a stream that is open");
                    self.is_over = true;
                    break;
                }
            }
        }
        if gives_back || self.is_over {
            let held = std::mem::take(&mut self.held);
            self.content.flow_control().release_capacity(held).expect("what was read");
        }
    }
}
