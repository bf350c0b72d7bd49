//! The probe's transport: a TCP socket, with or without TLS.
//!
//! The probe's own thread drives TLS and all decisions. The socket's threads only move the bytes,
//! encrypted or not.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::ClientConnection;
use rustls::pki_types::ServerName;
use switchover::End;

use crate::duplex::{Duplex, Input};
use crate::target::Target;
use crate::tls;
use crate::transcript::{By, Transcript};

pub(crate) struct Stream {
    duplex: Duplex,
    tls: Option<Box<ClientConnection>>,
    /// Decrypted bytes that `next` has not returned yet.
    opened: Vec<u8>,
    /// True once the server has ended its direction of TLS with close_notify.
    has_ended: bool,
    /// True once `next` has returned the end by close_notify.
    ///
    /// The end of the socket itself is ignored then.
    has_told_end: bool,
    timeout: Duration,
    /// The transcript that records the bytes of the new protocol; `None` before.
    overhearing: Option<Arc<Transcript>>,
}

impl Stream {
    /// Connects to the host of a URL, with TLS if its scheme requires it.
    pub(crate) fn connect(target: &Target, timeout: Duration) -> io::Result<Self> {
        let mut line = Self {
            duplex: Duplex::connect(&target.address, timeout)?,
            tls: None,
            opened: Vec::new(),
            has_ended: false,
            has_told_end: false,
            timeout,
            overhearing: None,
        };
        if target.is_secure {
            line.start_tls(target.host(), &[])?;
        }
        Ok(line)
    }

    pub(crate) fn is_secure(&self) -> bool {
        self.tls.is_some()
    }

    /// Performs a TLS handshake on the connection.
    ///
    /// `leftover` are the bytes of TLS that were received with the 101.
    pub(crate) fn start_tls(&mut self, host: &str, leftover: &[u8]) -> io::Result<()> {
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        let config = tls::client().map_err(io::Error::other)?;
        let mut tls = Box::new(ClientConnection::new(config, name).map_err(io::Error::other)?);
        self.open(&mut tls, leftover)?;
        let deadline = Instant::now() + self.timeout;
        while tls.is_handshaking() {
            self.duplex.send(records(&mut tls)?);
            match self.duplex.next(Some(deadline)) {
                Some(Input::Peer(bytes)) => self.open(&mut tls, &bytes)?,
                Some(_) => return Err(io::Error::other("the server ended the TLS handshake")),
                None => {
                    return Err(io::Error::other(
                        "the server does not go on with the TLS handshake",
                    ));
                }
            }
        }
        self.duplex.send(records(&mut tls)?);
        self.tls = Some(tls);
        Ok(())
    }

    /// Queues bytes for sending, encrypted if the connection is TLS.
    pub(crate) fn send(&mut self, bytes: Vec<u8>) -> io::Result<()> {
        self.tell(By::Us, &bytes);
        let bytes = match &mut self.tls {
            None => bytes,
            Some(tls) => {
                let mut sealed = Vec::new();
                // rustls buffers a limited amount of plaintext.
                for piece in bytes.chunks(16 * 1024) {
                    tls.writer().write_all(piece)?;
                    sealed.append(&mut records(tls)?);
                }
                sealed
            }
        };
        self.duplex.send(bytes);
        Ok(())
    }

    /// Returns the number of queued bytes that the socket has not accepted yet.
    pub(crate) fn unsent(&self) -> usize {
        self.duplex.unsent()
    }

    /// Shuts down the probe's direction once all queued bytes are sent.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        if let Some(tls) = &mut self.tls {
            // RFC 8446 6.1: close_notify lets the peer detect truncation.
            tls.send_close_notify();
            self.duplex.send(records(tls)?);
        }
        self.duplex.finish();
        Ok(())
    }

    /// Starts a thread that reads `source`; `next` returns its bytes as `Input::Local`.
    ///
    /// The thread pauses while too many bytes wait to be sent.
    pub(crate) fn feed(&self, source: impl Read + Send + 'static) {
        self.duplex.feed(source);
    }

    /// Records further bytes of both directions in a transcript, after a switch.
    pub(crate) fn overhear(&mut self, transcript: &Arc<Transcript>) {
        self.overhearing = Some(Arc::clone(transcript));
    }

    fn tell(&self, by: By, bytes: &[u8]) {
        if let Some(transcript) = &self.overhearing {
            transcript.spoke(by, bytes);
        }
    }

    /// Waits for the next input, decrypted; returns `None` at the deadline.
    ///
    /// Without a deadline it waits as long as needed.
    pub(crate) fn next(&mut self, deadline: Option<Instant>) -> io::Result<Option<Input>> {
        let input = self.wait(deadline)?;
        if let Some(Input::Peer(bytes)) = &input {
            self.tell(By::Peer, bytes);
        }
        Ok(input)
    }

    fn wait(&mut self, deadline: Option<Instant>) -> io::Result<Option<Input>> {
        // The handshake may have decrypted application data already.
        loop {
            if !self.opened.is_empty() {
                return Ok(Some(Input::Peer(std::mem::take(&mut self.opened))));
            }
            if self.has_ended && !self.has_told_end {
                self.has_told_end = true;
                return Ok(Some(Input::PeerEnd(End::Clean)));
            }
            let input = self.duplex.next(deadline);
            let Some(mut tls) = self.tls.take() else { return Ok(input) };
            let outcome = match input {
                Some(Input::Peer(bytes)) => self.open(&mut tls, &bytes).map(|()| None),
                Some(Input::PeerEnd(_)) if self.has_told_end => Ok(None),
                // An EOF without close_notify is truncation (RFC 9112 9.8).
                Some(Input::PeerEnd(_)) => Ok(Some(Some(Input::PeerEnd(End::Truncated)))),
                input => Ok(Some(input)),
            };
            self.tls = Some(tls);
            if let Some(input) = outcome? {
                return Ok(input);
            }
        }
    }

    /// Decrypts received records, appends their content to `opened`, and sends replies.
    ///
    /// rustls buffers a limited amount of records and content, so reads and decrypts alternate.
    fn open(&mut self, tls: &mut ClientConnection, mut sealed: &[u8]) -> io::Result<()> {
        while !sealed.is_empty() {
            // rustls reads nothing after close_notify.
            if tls.read_tls(&mut sealed)? == 0 {
                break;
            }
            tls.process_new_packets().map_err(io::Error::other)?;
            match tls.reader().read_to_end(&mut self.opened) {
                Ok(_) => self.has_ended = true,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        let made = records(tls)?;
        if !made.is_empty() {
            self.duplex.send(made);
        }
        Ok(())
    }
}

/// Removes and returns the encrypted records that rustls has to send.
fn records(tls: &mut ClientConnection) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    while tls.wants_write() {
        tls.write_tls(&mut out)?;
    }
    Ok(out)
}
