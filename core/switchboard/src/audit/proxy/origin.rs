//! The scripted origin: sends the responses of a check, and records requests.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::audit::frames::{self, TEXT};
use crate::audit::nonce;
use crate::audit::request_reader::{Request, RequestReader};
use crate::audit::response_script::{self, Step};
use crate::audit::table::{Line, What};

/// The Close frame that the origin sends after the client's EOF.
pub(crate) const BYE: &[u8] = b"\x88\x02\x03\xe8";
const PLAIN: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\norigin\n";
const PAUSE: Duration = Duration::from_millis(300);
/// The read and write timeout of a connection.
const IDLE: Duration = Duration::from_secs(60);
/// The number of bytes in a tunnel above which the origin stops reading.
const MOST: usize = 1 << 20;

/// The record of what reached the origin in a check.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log {
    pub(crate) requests: Vec<Request>,
    /// The bytes of the requests and in tunnels, received on all connections.
    pub(crate) came: Vec<u8>,
    /// The number of interim responses that the origin's script has before the 101.
    pub(crate) interim: usize,
    /// True if the origin has sent a 101, or is about to.
    pub(crate) has_switched: bool,
}

pub(crate) struct Origin {
    state: Arc<Mutex<State>>,
    pub(crate) port: u16,
}

#[derive(Default)]
struct State {
    /// The script lines of the origin's responses in the current check.
    lines: Vec<Line>,
    /// The number of the current check; requests from earlier ones are dropped.
    number: u64,
    log: Log,
    /// The connections that have switched; they are closed when the next check begins.
    tunnels: Vec<TcpStream>,
}

impl Origin {
    /// Listens on 127.0.0.1; port 0 picks a free one.
    pub(crate) fn listen(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let port = listener.local_addr()?.port();
        let state: Arc<Mutex<State>> = Arc::default();
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                thread::spawn(move || {
                    Connection::new(stream, shared).and_then(|mut connection| connection.serve())
                });
            }
        });
        Ok(Self { state, port })
    }

    /// Begins a check: sets the origin's script, clears the record, closes tunnels.
    ///
    /// The tunnels are the switched connections of the check before.
    pub(crate) fn begin(&self, lines: &[Line]) {
        let mut state = locked(&self.state);
        for tunnel in state.tunnels.drain(..) {
            let _ = tunnel.shutdown(Shutdown::Both);
        }
        let number = state.number + 1;
        *state = State { lines: lines.to_vec(), number, ..State::default() };
    }

    /// Returns a copy of the record of the current check.
    pub(crate) fn log(&self) -> Log {
        locked(&self.state).log.clone()
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Connection {
    stream: TcpStream,
    state: Arc<Mutex<State>>,
    incoming: RequestReader,
    /// The number of received bytes of this connection that `note` has passed.
    ///
    /// They are in the record, unless their check was over.
    logged: usize,
}

impl Connection {
    fn new(stream: TcpStream, state: Arc<Mutex<State>>) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(IDLE))?;
        stream.set_write_timeout(Some(IDLE))?;
        Ok(Self { stream, state, incoming: RequestReader::new(), logged: 0 })
    }

    fn serve(&mut self) -> io::Result<()> {
        for count in 1.. {
            while self.incoming.requests.len() < count {
                self.hear()?;
            }
            let (number, index, section) = self.enter();
            let is = |line: &Line, name| matches!(line.what, What::Wait(wait) if wait == name);
            let is_early = section.iter().any(|line| is(line, "early"));
            while !(self.incoming.is_done() || is_early && self.has_content()) {
                self.hear()?;
            }
            let needs_offer = section.iter().any(|line| is(line, "offered"));
            let request = self.incoming.requests.last().cloned().unwrap_or_default();
            let is_met = !needs_offer
                || request.offers.iter().any(|(token, _)| token.eq_ignore_ascii_case("websocket"));
            let section: Vec<_> = section
                .into_iter()
                .filter(|line| !is(line, "early") && !is(line, "offered"))
                .collect();
            self.note(number, index);
            if is_met && self.answer(number, &section, &request)? {
                while !self.incoming.is_done() {
                    self.hear()?;
                }
                self.note(number, index);
                return self.speak(number);
            }
            if !is_met || section.is_empty() {
                self.stream.write_all(PLAIN)?;
            }
            while !self.incoming.is_done() {
                self.hear()?;
            }
            self.note(number, index);
            if request.lists("connection", "close") {
                return self.stream.shutdown(Shutdown::Both);
            }
            self.incoming.expect_next();
        }
        Ok(())
    }

    /// Returns whether content of the latest request was received.
    fn has_content(&self) -> bool {
        self.incoming.requests.last().is_some_and(|request| !request.content.is_empty())
    }

    /// Records a new request of the current check.
    ///
    /// Returns the check's number, the request's index in the check, and the lines of the response.
    fn enter(&self) -> (u64, usize, Vec<Line>) {
        let mut state = locked(&self.state);
        let index = state.log.requests.len();
        state.log.requests.push(Request::default());
        let section = response_script::sections(&state.lines)
            .get(index)
            .map_or(Vec::new(), |section| section.to_vec());
        (state.number, index, section)
    }

    /// Copies the request received so far, and its bytes, to the record.
    ///
    /// Copies nothing if the current check is not the check with that number.
    fn note(&mut self, number: u64, index: usize) {
        let mut state = locked(&self.state);
        if state.number == number {
            state.log.requests[index] = self.incoming.requests.last().cloned().unwrap_or_default();
            state.log.came.extend_from_slice(&self.incoming.came[self.logged..]);
        }
        self.logged = self.incoming.came.len();
    }

    /// Sends the scripted response to a request; returns whether it contains a 101.
    fn answer(&mut self, number: u64, section: &[Line], request: &Request) -> io::Result<bool> {
        let switches = section
            .iter()
            .any(|line| matches!(line.what, What::Text(text) if text.contains(" 101 ")));
        if switches {
            let mut state = locked(&self.state);
            state.tunnels.push(self.stream.try_clone()?);
            let is_1xx = |text: &str| text.starts_with("HTTP/1.1 1");
            let interim = |line: &&Line| matches!(line.what, What::Text(text) if is_1xx(text));
            // A connection of an earlier check may come late.
            if state.number == number {
                state.log.has_switched = true;
                state.log.interim = section.iter().filter(interim).count() - 1;
            }
        }
        for step in response_script::steps(section, request).map_err(io::Error::other)? {
            match step {
                Step::Send(bytes) => self.stream.write_all(&bytes)?,
                Step::Pause => thread::sleep(PAUSE),
                Step::End => self.stream.shutdown(Shutdown::Write)?,
            }
        }
        Ok(switches)
    }

    /// Speaks WebSocket: echoes the first text message, answers EOF with a Close.
    fn speak(&mut self, number: u64) -> io::Result<()> {
        let mut came = self.incoming.rest().to_vec();
        let mut piece = [0; 4096];
        let mut has_answered = false;
        loop {
            if !has_answered && let Some(echo) = echo(&came) {
                has_answered = true;
                self.stream.write_all(&echo)?;
            }
            match self.stream.read(&mut piece)? {
                0 => {
                    self.stream.write_all(BYE)?;
                    return self.stream.shutdown(Shutdown::Both);
                }
                len => {
                    came.extend_from_slice(&piece[..len]);
                    let mut state = locked(&self.state);
                    if state.number != number || came.len() > MOST {
                        return Ok(());
                    }
                    state.log.came.extend_from_slice(&piece[..len]);
                }
            }
        }
    }

    fn hear(&mut self) -> io::Result<()> {
        let mut piece = [0; 4096];
        match self.stream.read(&mut piece)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ if self.incoming.is_full() => Err(io::ErrorKind::OutOfMemory.into()),
            len => {
                self.incoming.receive(&piece[..len]);
                Ok(())
            }
        }
    }
}

/// Returns the frame that sends the audit's text message back.
///
/// `None` before the message has arrived. It is also found behind bytes that are no frames.
fn echo(came: &[u8]) -> Option<Vec<u8>> {
    let frames = frames::frames(came);
    if let Some(frame) = frames.iter().find(|frame| frame.opcode == TEXT) {
        return Some(frames::unmasked(TEXT, &frame.payload));
    }
    let begin = &frames::masked(TEXT, &[0; nonce::LEN])[..6];
    let at = came.windows(begin.len()).position(|window| window == begin)?;
    let frame = frames::frames(&came[at..]).into_iter().next()?;
    Some(frames::unmasked(TEXT, &frame.payload))
}
