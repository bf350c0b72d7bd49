//! The runner of a corpus case, as a client or as a server.
//!
//! A client sends the requests of the case. A server responds to each complete request. It stops
//! at a CONNECT or an offer for which the case has no 101, or one that the engine cannot send.

use switchover::{
    Config, Connection, End, Error, Event, Field, Next, Order, Paused, RequestHead, ResponseHead,
    Role,
};

use super::{Case, Verdict};
use crate::message::{Message, Messages};

/// The way in which the input is split into pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feed {
    /// The whole input at once.
    Whole,
    /// The input, one byte at a time.
    Bytes,
    /// The input in pieces of many lengths, the same ones in every run.
    Random,
    /// The input in two pieces, split at this offset in bytes.
    Split(usize),
}

/// The outcome of one run of a corpus case.
///
/// It must be the same for every `Feed`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The verdict of the engine: the input is accepted, rejected or incomplete.
    pub verdict: Verdict,
    /// The messages that the engine read to their end, in order.
    pub messages: Vec<Message>,
    /// The result of an offer or a CONNECT; `None` if the run did not end at one.
    pub upgrade: Option<Upgrade>,
    /// The error, if the verdict is a rejection.
    pub error: Option<Error>,
}

/// The result of an upgrade offer or a CONNECT, with the bytes after the messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Upgrade {
    /// The connection switched to another protocol or became a tunnel.
    Switched(Vec<u8>),
    /// The case has no 101 for the offer or CONNECT.
    Undecided(Vec<u8>),
    /// The case has a 101 that the engine cannot send for this request.
    Refused(Vec<u8>),
}

/// Runs a case through the engine, and returns its outcome.
pub fn play(case: &Case, feed: Feed) -> Outcome {
    let mut player = Player {
        case,
        connection: Connection::with_config(
            case.role,
            Config { secure: case.secure, bare_h2c: true, ..Config::default() },
        ),
        messages: Messages::default(),
        fed: 0,
        asked: 0,
        answered: 0,
        stop: None,
    };
    let error = player.play(feed).err();
    Outcome {
        verdict: player.verdict(error),
        upgrade: player.upgrade().filter(|_| error.is_none()),
        messages: player.messages.complete,
        error,
    }
}

/// The reason why no more input is fed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    Closed,
    Switched,
    Undecided,
    Refused,
}

struct Player<'c> {
    case: &'c Case,
    connection: Connection,
    messages: Messages,
    /// The number of bytes that the engine received.
    fed: usize,
    /// The number of requests sent by a client; `answered` counts those a server read.
    asked: usize,
    answered: usize,
    stop: Option<Stop>,
}

impl Player<'_> {
    fn play(&mut self, feed: Feed) -> Result<(), Error> {
        if self.case.role == Role::Client {
            self.ask();
        }
        for piece in pieces(self.case, feed) {
            self.connection.receive(piece)?;
            self.fed += piece.len();
            self.drain()?;
            if self.stop.is_some() {
                return Ok(());
            }
        }
        if self.case.eof {
            self.connection.receive_eof(End::Clean);
            self.drain()?;
        }
        Ok(())
    }

    fn drain(&mut self) -> Result<(), Error> {
        while self.stop.is_none() {
            let event = match self.connection.next_event()? {
                Next::Event(event) => event,
                Next::Paused(Paused::Closed) => {
                    self.stop = Some(Stop::Closed);
                    return Ok(());
                }
                _ => return Ok(()),
            };
            let ends_message = matches!(event, Event::EndOfMessage(_));
            self.stop = matches!(event, Event::Switched(_)).then_some(Stop::Switched);
            self.messages.add(&event);
            match self.case.role {
                Role::Server if ends_message => self.answer(),
                Role::Client if ends_message => self.ask(),
                _ => {}
            }
        }
        Ok(())
    }

    /// Sends the case's next requests, until none is left or the engine rejects one.
    ///
    /// A rejected request is tried again at the end of the next response.
    fn ask(&mut self) {
        while let Some(request) = self.case.asked.get(self.asked) {
            let host = [Field::from(("Host", "example.com"))];
            let head = RequestHead::new(&request.method, &request.target, &host);
            let offer: Vec<&str> = request.offer.iter().map(String::as_str).collect();
            if self.connection.send_request(&head, &offer, &mut Vec::new()).is_err() {
                return;
            }
            self.asked += 1;
        }
    }

    /// Answers a complete request: switches by the case's 101, or sends an empty 200.
    ///
    /// The run stops without an answer at an offer or a CONNECT for which the case has no 101. It
    /// also stops if the engine cannot send the 101.
    fn answer(&mut self) {
        let protocol = self.case.switches.get(self.answered);
        self.answered += 1;
        match protocol {
            Some(protocol) => self.switch(protocol),
            None if self.may_switch() => self.stop = Some(Stop::Undecided),
            None => self.respond(),
        }
    }

    /// Returns whether the latest request offers another protocol or is a CONNECT.
    fn may_switch(&self) -> bool {
        let latest = self.messages.complete.last();
        latest.is_some_and(|request| !request.offered.is_empty() || request.method == "CONNECT")
    }

    fn switch(&mut self, protocol: &str) {
        let selection = self.connection.select(&[protocol], Order::Client);
        match selection {
            Some(selection) => {
                self.connection.accept(selection, &NO_FIELDS, &mut Vec::new()).expect("a 101")
            }
            None => self.stop = Some(Stop::Refused),
        }
    }

    fn respond(&mut self) {
        let empty = [Field::from(("Content-Length", "0"))];
        let response = ResponseHead::new(200, &empty);
        self.connection
            .send_response(&response, &mut Vec::new())
            .expect("a complete request may be answered");
    }

    fn verdict(&self, error: Option<Error>) -> Verdict {
        let is_half_way = self.messages.current.is_some() || self.read() < self.fed;
        match (error, self.stop) {
            (Some(_), _) => Verdict::Reject,
            (None, None) if is_half_way => Verdict::Incomplete,
            _ => Verdict::Accept,
        }
    }

    fn upgrade(&self) -> Option<Upgrade> {
        // All bytes that belong to no message, whether they were fed or not.
        let trailing = self.case.input[self.read()..].to_vec();
        match self.stop? {
            Stop::Closed => None,
            Stop::Switched => Some(Upgrade::Switched(trailing)),
            Stop::Undecided => Some(Upgrade::Undecided(trailing)),
            Stop::Refused => Some(Upgrade::Refused(trailing)),
        }
    }

    /// Returns the number of bytes of input that the engine has consumed.
    fn read(&self) -> usize {
        self.connection.position() as usize
    }
}

const NO_FIELDS: [Field<'static>; 0] = [];

fn pieces(case: &Case, feed: Feed) -> Vec<&[u8]> {
    match feed {
        Feed::Whole => vec![&case.input],
        Feed::Bytes => case.input.chunks(1).collect(),
        Feed::Random => random_pieces(case),
        Feed::Split(at) => {
            let (first, second) = case.input.split_at(at);
            vec![first, second]
        }
    }
}

/// Splits the input at random.
///
/// The lengths are from a linear congruential generator that is seeded with the case's id.
fn random_pieces(case: &Case) -> Vec<&[u8]> {
    const LENGTHS: [usize; 8] = [1, 2, 3, 5, 8, 21, 64, 400];
    let step = |state: u64| {
        state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407)
    };
    let mut state = case.id.bytes().fold(0, |state, byte| step(state ^ u64::from(byte)));
    let (mut pieces, mut rest) = (Vec::new(), case.input.as_slice());
    while !rest.is_empty() {
        state = step(state);
        // The high bits of a linear congruential generator are the most random ones.
        let (piece, after) = rest.split_at(LENGTHS[(state >> 61) as usize].min(rest.len()));
        pieces.push(piece);
        rest = after;
    }
    pieces
}
