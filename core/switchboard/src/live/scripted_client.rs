//! The client of a demonstration: it runs a script of sends and waits.

use std::io::ErrorKind::{TimedOut, WouldBlock};
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};

use crate::tls;

/// The timeout for connecting, and for each read and write of a script.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The server's silence after which `send_and_wait` ends the client's direction.
const SILENCE: Duration = Duration::from_millis(500);

/// The time after which `send_and_wait` gives up, once its current read ends.
const LONGEST: Duration = Duration::from_secs(30);

/// A step of a client's script.
pub(super) enum ClientStep {
    /// Sends a request head: method and target, offered protocols, more field lines.
    Offer(&'static str, &'static str, &'static [&'static str]),
    Send(&'static str),
    SendBytes(&'static [u8]),
    /// Waits until the server has sent this text, and consumes the bytes up to its end.
    Await(&'static str),
    /// Reads and discards until the server closes its direction.
    AwaitEnd,
    /// Closes the client's direction.
    Finish,
    StartTls,
}

pub(super) struct ScriptedClient {
    line: Line,
    /// The received bytes that follow the latest awaited text.
    heard: Vec<u8>,
}

enum Line {
    Clear(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl ScriptedClient {
    pub(super) fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        Ok(Self { line: Line::Clear(stream), heard: Vec::new() })
    }

    /// Returns the client's own address; `None` if the system cannot tell it.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.line.socket().local_addr().ok()
    }

    pub(super) fn play(&mut self, script: &[ClientStep]) -> io::Result<()> {
        script.iter().try_for_each(|cue| match cue {
            ClientStep::Offer(line, tokens, fields) => {
                self.line.send(offer(line, tokens, fields).as_bytes())
            }
            ClientStep::Send(text) => self.line.send(text.as_bytes()),
            ClientStep::SendBytes(bytes) => self.line.send(bytes),
            ClientStep::Await(text) => self.wait_for(text.as_bytes()),
            ClientStep::AwaitEnd => self.wait_for_end(),
            ClientStep::Finish => self.line.socket().shutdown(Shutdown::Write),
            ClientStep::StartTls => self.line.start_tls(),
        })
    }

    /// Sends bytes, and ends the client's direction once the server is silent.
    ///
    /// It is silent after `SILENCE` without a byte. Reads and discards what the server sends, until
    /// the server closes or `LONGEST` has passed. Fails if the server still sends at `LONGEST`
    /// without a silence, or is silent for `TIMEOUT` after the end of the client's direction.
    pub(super) fn send_and_wait(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.line.send(bytes)?;
        self.line.socket().set_read_timeout(Some(SILENCE))?;
        let end = Instant::now() + LONGEST;
        loop {
            match self.listen() {
                _ if Instant::now() > end => return Err(io::ErrorKind::TimedOut.into()),
                Ok(0) => return Ok(()),
                Ok(_) => self.heard.clear(),
                Err(error) if matches!(error.kind(), WouldBlock | TimedOut) => break,
                Err(error) => return Err(error),
            }
        }
        self.line.socket().set_read_timeout(Some(TIMEOUT))?;
        self.line.socket().shutdown(Shutdown::Write)?;
        while Instant::now() < end && self.listen()? > 0 {
            self.heard.clear();
        }
        Ok(())
    }

    fn wait_for(&mut self, text: &[u8]) -> io::Result<()> {
        loop {
            if let Some(at) = self.heard.windows(text.len()).position(|window| window == text) {
                self.heard.drain(..at + text.len());
                return Ok(());
            }
            if self.listen()? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    fn wait_for_end(&mut self) -> io::Result<()> {
        while self.listen()? > 0 {
            self.heard.clear();
        }
        Ok(())
    }

    fn listen(&mut self) -> io::Result<usize> {
        let mut piece = [0; 4096];
        let len = self.line.read(&mut piece)?;
        self.heard.extend_from_slice(&piece[..len]);
        Ok(len)
    }
}

fn offer(line: &str, tokens: &str, fields: &[&str]) -> String {
    let more: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
    format!(
        "{line} HTTP/1.1\r\nHost: 127.0.0.1\r\n\
         Upgrade: {tokens}\r\nConnection: Upgrade\r\n{more}\r\n"
    )
}

impl Line {
    fn socket(&self) -> &TcpStream {
        match self {
            Self::Clear(stream) => stream,
            Self::Tls(tls) => &tls.sock,
        }
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Clear(stream) => stream.write_all(bytes),
            Self::Tls(tls) => tls.write_all(bytes).and_then(|()| tls.flush()),
        }
    }

    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Clear(stream) => stream.read(into),
            Self::Tls(tls) => tls.read(into),
        }
    }

    fn start_tls(&mut self) -> io::Result<()> {
        let config = tls::client().map_err(io::Error::other)?;
        let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
        let tls = ClientConnection::new(config, name).map_err(io::Error::other)?;
        let socket = self.socket().try_clone()?;
        *self = Self::Tls(Box::new(StreamOwned::new(tls, socket)));
        Ok(())
    }
}
