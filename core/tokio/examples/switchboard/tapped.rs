//! A stream of the asynchronous kind, of which a transcript hears what is said.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::transcript::{By, Transcript};

pub(crate) struct Tapped {
    stream: TcpStream,
    transcript: Option<Rc<Transcript>>,
}

impl Tapped {
    pub(crate) fn new(stream: TcpStream, transcript: Option<Rc<Transcript>>) -> Self {
        Self { stream, transcript }
    }

    fn tell(&self, by: By, octets: &[u8]) {
        if let Some(transcript) = &self.transcript {
            transcript.spoke(by, octets);
        }
    }
}

impl AsyncRead for Tapped {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = to.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, to))?;
        self.tell(By::Peer, &to.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tapped {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        let len = ready!(Pin::new(&mut self.stream).poll_write(context, octets))?;
        self.tell(By::Us, &octets[..len]);
        Poll::Ready(Ok(len))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
