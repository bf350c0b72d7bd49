//! Runs a vector: feeds it cut in a given way, does what its decisions say as soon as the events before them have been
//! seen, and compares everything that comes out with what the file says.

use std::collections::VecDeque;
use std::fmt::Write;

use switchover::{
    Connection, Error, ErrorKind, Event, Field, Fields, Order, Request, RequestHead, Response, ResponseHead, Selection,
    Step, Switched,
};

use crate::text::{escape, summary, unescape};
use crate::vector::{Item, Vector};

/// How the input is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feed {
    /// As the file has it.
    Whole,
    /// One octet at a time.
    Bytes,
    /// In two, at this place of all the input.
    Split(usize),
    /// Through `receive_buffer` and `commit`, a few octets at a time.
    Committed,
}

/// All the input of a vector.
pub fn input(vector: &Vector) -> Vec<u8> {
    vector
        .items
        .iter()
        .flat_map(|item| if let Item::Feed(bytes) = item { bytes.as_slice() } else { &[] })
        .copied()
        .collect()
}

/// Runs it; the message says where it went another way than the file.
pub fn run(vector: &Vector, feed: Feed) -> Result<(), String> {
    let mut player = Player::new(vector, feed, None);
    player.play().map_err(|error| format!("{} ({:?}): {error}", vector.name, feed))
}

/// Runs it as a whole and gives the lines of its block as they should be.
pub fn bless(vector: &Vector) -> String {
    let mut player = Player::new(vector, Feed::Whole, Some(String::new()));
    let outcome = player.play();
    let mut text = player.blessed.take().unwrap_or_default();
    if let Err(error) = outcome {
        writeln!(text, "= FAILED {error}").unwrap();
    }
    text
}

/// Name and value.
pub type FieldLine = (Vec<u8>, Vec<u8>);

/// A head that came out of a vector.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Head {
    /// Of a request.
    pub method: String,
    /// Of a request.
    pub target: String,
    /// Of a response, else 0.
    pub status: u16,
    /// Of a response.
    pub reason: Vec<u8>,
    /// Of a request.
    pub offers: Vec<String>,
    /// In order.
    pub fields: Vec<FieldLine>,
}

impl Head {
    /// What a request shows.
    pub fn of_request(request: &Request<'_>) -> Self {
        Self {
            method: request.method().into(),
            target: request.target().into(),
            offers: request
                .offers()
                .map_or(Vec::new(), |offers| offers.map(|offer| offer.protocol.to_string()).collect()),
            fields: owned(request.fields()),
            ..Self::default()
        }
    }

    /// What a response shows.
    pub fn of_response(response: &Response<'_>) -> Self {
        Self {
            status: response.status(),
            reason: response.reason().to_vec(),
            fields: owned(response.fields()),
            ..Self::default()
        }
    }
}

fn owned(fields: Fields<'_>) -> Vec<FieldLine> {
    fields.iter().map(|field| (field.name.to_vec(), field.value.to_vec())).collect()
}

/// The requests and final responses that come out of a vector.
pub fn heads(vector: &Vector) -> Vec<Head> {
    let mut player = Player::new(vector, Feed::Whole, None);
    // How it goes is another test's business.
    let _ = player.play();
    player.heads
}

/// Puts a NUL, with which nothing can begin, behind the input of a vector that decides nothing afterwards. What came out
/// before still does; content and leftover may grow, and an error may follow. Says whether it applied.
pub fn with_junk_behind(vector: &Vector) -> Result<bool, String> {
    let Some(last) = vector.items.iter().rposition(|item| matches!(item, Item::Feed(_))) else { return Ok(false) };
    let decides = vector.items[last..].iter().any(|item| matches!(item, Item::Do(_) | Item::End(_)));
    if decides {
        return Ok(false);
    }
    let mut longer = vector.clone();
    if let Item::Feed(bytes) = &mut longer.items[last] {
        bytes.push(0);
    }
    let (before, after) = (bless(vector), bless(&longer));
    let events = |text: &str| -> Vec<String> {
        let is_event = |line: &&str| line.starts_with("= ") && !is_stop(&line[2..]) && !line.starts_with("= closed");
        text.lines().filter(is_event).map(str::to_owned).collect()
    };
    let (before, after) = (events(&before), events(&after));
    for (index, line) in before.iter().enumerate() {
        let grown = after.get(index).map(String::as_str).unwrap_or_default();
        let may_grow = line.starts_with("= data") || line.starts_with("= leftover");
        let grows = may_grow && (grown.starts_with(line.trim_end_matches('"')) || line.contains(" octets "));
        if grown != line && !grows {
            return Err(format!("{}: with junk behind, {line} became {grown}", vector.name));
        }
    }
    let is_consequence = |line: &&String| ["= error", "= data", "= leftover"].iter().any(|kind| line.starts_with(kind));
    match after[before.len().min(after.len())..].iter().find(|line| !is_consequence(line)) {
        Some(line) => Err(format!("{}: with junk behind, there is also {line}", vector.name)),
        None => Ok(true),
    }
}

struct Player<'v> {
    vector: &'v Vector,
    feed: Feed,
    connection: Connection,
    /// The next item.
    at: usize,
    /// Input not fed yet, and how much of all input has been.
    pieces: VecDeque<Vec<u8>>,
    fed: usize,
    /// Content seen and not yet matched.
    data: Vec<u8>,
    /// The new protocol's octets: what the engine handed over, then what it no longer takes.
    leftover: Vec<u8>,
    /// Octets that came when nothing was read any more.
    refused: usize,
    selection: Option<Selection>,
    heads: Vec<Head>,
    blessed: Option<String>,
}

impl<'v> Player<'v> {
    fn new(vector: &'v Vector, feed: Feed, blessed: Option<String>) -> Self {
        Self {
            vector,
            feed,
            connection: Connection::with_config(vector.role, vector.config.clone()),
            at: 0,
            pieces: VecDeque::new(),
            fed: 0,
            data: Vec::new(),
            leftover: Vec::new(),
            refused: 0,
            selection: None,
            heads: Vec::new(),
            blessed,
        }
    }

    fn play(&mut self) -> Result<(), String> {
        // Every step feeds, decides or observes something, so this is more than any vector takes.
        for _ in 0..1_000_000 {
            if !self.step()? {
                return Ok(());
            }
        }
        Err("it never ends".into())
    }

    fn peek(&self) -> Option<&'v Item> {
        self.vector.items.get(self.at)
    }

    fn step(&mut self) -> Result<bool, String> {
        if self.blessed.is_some() {
            return self.bless_step();
        }
        match self.peek() {
            // A decision right behind input is one that is made when all of it has come.
            Some(Item::Do(_)) if !self.pieces.is_empty() && self.last_was_input() => self.feed_piece().map(|()| true),
            Some(Item::Do(decision)) => {
                self.at += 1;
                let (lines, output, error) = self.perform(decision);
                for line in lines {
                    self.expect(&line)?;
                }
                self.expect_output(&output)?;
                self.expect_error(error)?;
                Ok(true)
            }
            Some(Item::Output(_) | Item::Refused(_)) => Err("output without a decision".into()),
            Some(Item::Feed(_) | Item::End(_)) if self.pieces.is_empty() => {
                // Whatever came before has been matched, so nothing else may come now.
                match self.observe()? {
                    Some(line) if !is_stop(&line) && !line.starts_with("closed") => {
                        return Err(format!("unexpected: {line}"));
                    }
                    _ => {}
                }
                self.take_input()?;
                Ok(true)
            }
            Some(Item::Feed(_) | Item::End(_)) | None if !self.pieces.is_empty() => self.feed_piece().map(|()| true),
            None => match self.observe()? {
                Some(line) if line.starts_with("closed") || is_stop(&line) => Ok(false),
                Some(line) if line.starts_with("error") && self.is_failed_already() => Ok(false),
                Some(line) => Err(format!("unexpected at the end: {line}")),
                None => Err(format!("unexpected data at the end: {}", summary(&self.data))),
            },
            Some(Item::Expect(expected)) => self.expect_next(expected).map(|()| true),
            Some(Item::Feed(_) | Item::End(_)) => unreachable!("both cases stand above"),
        }
    }

    fn is_failed_already(&self) -> bool {
        self.vector.items.iter().any(|item| matches!(item, Item::Expect(line) if line.starts_with("error")))
    }

    /// Waits for one expected line, feeding as needed.
    fn expect_next(&mut self, expected: &str) -> Result<(), String> {
        if let Some(wanted) = expected.strip_prefix("data ") {
            if self.match_data(wanted)? {
                self.at += 1;
                return Ok(());
            }
        } else if !self.data.is_empty() {
            return Err(format!("expected {expected}, got data {}", summary(&self.data)));
        }
        if let Some(wanted) = expected.strip_prefix("leftover ") {
            if !self.pieces.is_empty() {
                return self.feed_piece();
            }
            self.at += 1;
            let got = summary(&self.leftover);
            return if got == wanted { Ok(()) } else { Err(format!("expected leftover {wanted}, got {got}")) };
        }
        let Some(line) = self.observe()? else { return Ok(()) };
        if (is_stop(&line) || line.starts_with("closed")) && !self.pieces.is_empty() {
            return self.feed_piece();
        }
        self.at += 1;
        if line == expected { Ok(()) } else { Err(format!("expected {expected}, got {line}")) }
    }

    /// Whether the content seen so far is all that is wanted; what goes beyond stays for the next line.
    fn match_data(&mut self, wanted: &str) -> Result<bool, String> {
        if let Some(quoted) = wanted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            let wanted = unescape(quoted);
            if self.data.len() >= wanted.len() && self.data.starts_with(&wanted) {
                self.data.drain(..wanted.len());
                return Ok(true);
            }
            return if wanted.starts_with(&self.data) {
                Ok(false)
            } else {
                Err(format!("expected data {quoted:?}, got {}", summary(&self.data)))
            };
        }
        let length: usize = wanted.split(' ').next().and_then(|word| word.parse().ok()).ok_or("a length")?;
        if self.data.len() < length {
            return Ok(false);
        }
        let got: Vec<u8> = self.data.drain(..length).collect();
        if summary(&got) == wanted { Ok(true) } else { Err(format!("expected data {wanted}, got {}", summary(&got))) }
    }

    fn expect(&mut self, line: &str) -> Result<(), String> {
        match self.peek() {
            Some(Item::Expect(expected)) if expected == line => {
                self.at += 1;
                Ok(())
            }
            other => Err(format!("expected {other:?}, got {line}")),
        }
    }

    fn expect_output(&mut self, output: &[u8]) -> Result<(), String> {
        match self.peek() {
            Some(Item::Output(expected)) => {
                self.at += 1;
                if expected == output {
                    Ok(())
                } else {
                    Err(format!("expected output {}, got {}", escape(expected), escape(output)))
                }
            }
            _ if output.is_empty() => Ok(()),
            _ => Err(format!("unexpected output {}", escape(output))),
        }
    }

    fn expect_error(&mut self, error: Option<Error>) -> Result<(), String> {
        match (self.peek(), error) {
            (Some(Item::Refused(expected)), Some(error)) => {
                self.at += 1;
                let got = error.kind().name();
                if got == expected { Ok(()) } else { Err(format!("expected refusal {expected}, got {got}")) }
            }
            (_, Some(error)) => Err(format!("refused: {} {error}", error.kind().name())),
            (Some(Item::Refused(expected)), None) => Err(format!("not refused, expected {expected}")),
            (_, None) => Ok(()),
        }
    }

    // Input.

    fn take_input(&mut self) -> Result<(), String> {
        match self.peek() {
            Some(Item::End(end)) => self.connection.receive_eof(*end),
            Some(Item::Feed(bytes)) => {
                let cut = match self.feed {
                    Feed::Whole | Feed::Split(_) if self.blessed.is_some() => bytes.len(),
                    Feed::Split(at) => at.saturating_sub(self.fed).min(bytes.len()),
                    Feed::Whole => bytes.len(),
                    Feed::Bytes => 1,
                    Feed::Committed => 7,
                };
                if matches!(self.feed, Feed::Bytes | Feed::Committed) {
                    self.pieces.extend(bytes.chunks(cut).map(<[u8]>::to_vec));
                } else {
                    let (first, second) = bytes.split_at(cut);
                    self.pieces
                        .extend([first, second].into_iter().filter(|piece| !piece.is_empty()).map(<[u8]>::to_vec));
                }
                self.fed += bytes.len();
            }
            other => return Err(format!("{other:?} is no input")),
        }
        self.at += 1;
        Ok(())
    }

    fn feed_piece(&mut self) -> Result<(), String> {
        let Some(piece) = self.pieces.pop_front() else { return Err("nothing left to feed".into()) };
        let fed = if self.feed == Feed::Committed {
            self.connection
                .receive_buffer(piece.len())
                .map(|space| space[..piece.len()].copy_from_slice(&piece))
                .map(|()| self.connection.commit(piece.len()))
        } else {
            self.connection.receive(&piece)
        };
        match fed {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::Switched => {
                self.leftover.extend(piece);
                Ok(())
            }
            // A connection that reads no more says so; the octets are the host's to drop.
            Err(error) if error.kind() == ErrorKind::Closed || self.connection.failure() == Some(error) => {
                self.refused += piece.len();
                Ok(())
            }
            Err(error) => Err(format!("not received: {error}")),
        }
    }

    // What comes out.

    /// One step of the engine as a line; `None` for content, which is collected.
    fn observe(&mut self) -> Result<Option<String>, String> {
        let shows_fields = self.vector.shows_fields;
        match self.connection.advance() {
            Err(error) => Ok(Some(error_line(&error))),
            Ok(Step::NeedData) => Ok(Some("need-data".into())),
            Ok(Step::Paused(why)) => Ok(Some(format!("paused {}", why.name()))),
            Ok(Step::Event) => {
                let owned = self.connection.take_event().ok_or("no event to take")?;
                let position = self.connection.position();
                match self.connection.event().ok_or("an event that cannot be seen")? {
                    Event::Data(data) => {
                        if data.is_empty() {
                            return Err("empty data".into());
                        }
                        self.data.extend_from_slice(data);
                        Ok(None)
                    }
                    event => {
                        match &event {
                            Event::Switched(switched) => self.leftover.extend_from_slice(switched.leftover),
                            Event::Request(request) => self.heads.push(Head::of_request(request)),
                            Event::Response(response) => self.heads.push(Head::of_response(response)),
                            _ => {}
                        }
                        let line = event_line(&event, position, shows_fields, self.refused);
                        let taken = event_line(&owned.event(), position, shows_fields, self.refused);
                        if taken == line { Ok(Some(line)) } else { Err(format!("taken as {taken}, seen as {line}")) }
                    }
                }
            }
        }
    }

    // Decisions.

    /// What a decision says, writes, and is refused with. Each is first tried with too little space.
    fn perform(&mut self, decision: &str) -> (Vec<String>, Vec<u8>, Option<Error>) {
        let mut lines = Vec::new();
        if self.query(decision, &mut lines) {
            return (lines, Vec::new(), None);
        }
        let before = self.connection.state();
        let mut nothing: &mut [u8] = &mut [];
        let needed = match self.decide(decision, &mut nothing, &mut lines) {
            Err(error) => error.needed(),
            Ok(()) => return (lines, Vec::new(), None),
        };
        let Some(needed) = needed else {
            lines.clear();
            let mut output = Vec::new();
            let error = self.decide(decision, &mut output, &mut lines).err();
            assert!(
                error.is_none() || (output.is_empty() && before == self.connection.state()),
                "a refusal changes nothing"
            );
            return (lines, output, error);
        };
        lines.clear();
        let mut short = vec![0xaa; needed - 1];
        let refused = self.decide(decision, &mut &mut short[..], &mut lines);
        assert_eq!(refused.err().and_then(|error| error.needed()), Some(needed), "{decision}: one octet too little");
        assert!(short.iter().all(|&octet| octet == 0xaa), "{decision}: nothing is written into too little space");
        assert_eq!(before, self.connection.state(), "{decision}: too little space changes nothing");
        lines.clear();
        let mut exact = vec![0; needed];
        let outcome = self.decide(decision, &mut &mut exact[..], &mut lines);
        match outcome {
            Ok(()) => (lines, exact, None),
            Err(error) => (lines, Vec::new(), Some(error)),
        }
    }

    fn query(&mut self, decision: &str, lines: &mut Vec<String>) -> bool {
        let connection = &mut self.connection;
        lines.push(match decision {
            "why" => format!("why {}", connection.why().map_or("none", |why| why.name())),
            "awaiting" => format!("awaiting {}", connection.awaiting().name()),
            "may-speak" => format!("may-speak {}", connection.may_speak()),
            "wants-input" => format!("wants-input {}", connection.wants_input()),
            "required" => format!("required {}", connection.required()).trim_end().to_owned(),
            "agreed" => format!("agreed {}", connection.agreed()).trim_end().to_owned(),
            "unanswered" => format!("unanswered {}", connection.unanswered()),
            "owes-continue" => format!("owes-continue {}", connection.owes_continue()),
            "wants-content" => format!("wants-content {}", connection.wants_content()),
            "secure" => format!("secure {}", connection.is_secure()),
            "request" => match connection.request() {
                Some(request) => format!("request {} {}", request.method(), request.target()),
                None => "request none".into(),
            },
            "take" => {
                connection.take_leftover();
                return true;
            }
            "release" => {
                connection.release();
                return true;
            }
            "offers" => offers_line(connection.request()),
            "trace" => {
                while let Some(entry) = connection.trace() {
                    lines.push(format!("trace {} {} @{}", entry.step.name(), entry.number, entry.offset));
                }
                return true;
            }
            _ => return false,
        });
        true
    }

    fn decide(&mut self, decision: &str, out: &mut impl bytes::BufMut, lines: &mut Vec<String>) -> Result<(), Error> {
        let (verb, rest) = decision.split_once(' ').unwrap_or((decision, ""));
        let (what, fields) = split_fields(rest);
        let fields: Vec<Field<'_>> = fields.iter().map(|(name, value)| Field { name, value }).collect();
        let connection = &mut self.connection;
        match verb {
            "request" | "retry" => {
                let (line, offer) = what.split_once(" offer ").unwrap_or((what, ""));
                let (method, target) = line.split_once(' ').unwrap_or((line, ""));
                let (method, target) = (text_of(method), text_of(target));
                let request = RequestHead::new(&method, &target, &fields);
                let offer: Vec<&str> = offer.split(';').map(str::trim).filter(|entry| !entry.is_empty()).collect();
                match verb {
                    "request" => connection.send_request(&request, &offer, out),
                    _ => connection.retry(&request, &offer, out),
                }
            }
            "respond" => {
                let (status, reason) = what.split_once(' ').unwrap_or((what, ""));
                let mut response = ResponseHead::new(status.parse().expect("a status"), &fields);
                let reason = text_of(reason);
                if !reason.is_empty() {
                    response.reason = &reason;
                }
                connection.send_response(&response, out)
            }
            "inform" => connection.send_informational(what.parse().expect("a status"), &fields, out),
            "select" => {
                self.selection = select(connection, what, lines);
                Ok(())
            }
            "accept" | "accept-early" => {
                let selection = if what.is_empty() { self.selection } else { select(connection, what, lines) };
                let Some(selection) = selection else { return Ok(()) };
                match verb {
                    "accept" => connection.accept(selection, &fields, out),
                    _ => connection.accept_early(selection, &fields, out),
                }
            }
            "require" => connection.require(&entries(what), &fields, out),
            "advertise" => connection.advertise(&entries(what)),
            "data" => connection.send_data(&unescape(what), out),
            "parts" => connection.send_data_parts(what.parse().expect("a length")).map(|parts| {
                lines.push(format!("parts \"{}\" \"{}\"", escape(parts.prefix()), escape(parts.suffix())));
            }),
            "end" => connection.send_end(&fields, out),
            "skip" => connection.skip_body(),
            "close" => connection.close_after_response(),
            "abandon" => connection.abandon(),
            "resume" => connection.resume_http(),
            "receive" => connection.receive(&unescape(what)),
            other => panic!("{}: {other:?} is no decision", self.vector.name),
        }
    }

    // Blessing: the items stay, what came out is written down.

    fn bless_step(&mut self) -> Result<bool, String> {
        match self.peek() {
            None | Some(Item::Feed(_) | Item::End(_)) => {
                self.settle()?;
                if self.peek().is_none() {
                    return Ok(false);
                }
                self.write_input();
                self.take_input()?;
                while !self.pieces.is_empty() {
                    self.feed_piece()?;
                }
            }
            Some(Item::Expect(expected)) => {
                self.at += 1;
                let keyword = expected.split(' ').next().unwrap_or_default();
                self.settle_until(keyword)?;
            }
            Some(Item::Do(decision)) => {
                if self.last_was_input() {
                    self.settle()?;
                }
                self.at += 1;
                let (lines, output, error) = self.perform(decision);
                self.put(&format!("! {decision}"));
                lines.iter().for_each(|line| self.put(&format!("= {line}")));
                self.put_output(&output);
                if let Some(error) = error {
                    self.put(&format!("? {}", error.kind().name()));
                }
                // What the file said of it is replaced.
                while matches!(self.peek(), Some(Item::Output(_) | Item::Refused(_)))
                    || matches!(self.peek(), Some(Item::Expect(line)) if is_answer(line))
                {
                    self.at += 1;
                }
            }
            Some(Item::Output(_) | Item::Refused(_)) => self.at += 1,
        }
        Ok(true)
    }

    fn last_was_input(&self) -> bool {
        matches!(self.at.checked_sub(1).map(|at| &self.vector.items[at]), Some(Item::Feed(_) | Item::End(_)))
    }

    fn settle(&mut self) -> Result<(), String> {
        self.settle_until("")
    }

    fn settle_until(&mut self, keyword: &str) -> Result<(), String> {
        loop {
            let line = match self.observe()? {
                Some(line) => line,
                None if keyword == "data" => {
                    self.put_data();
                    return Ok(());
                }
                None => continue,
            };
            self.put_data();
            let is_end = is_stop(&line) || line.starts_with("closed") || line.starts_with("error");
            let repeats = is_end && self.blessed.as_deref().is_some_and(|text| text.ends_with(&format!("= {line}\n")));
            let says_nothing = self.at == 0 && is_stop(&line);
            let more_comes = line == "need-data" && matches!(self.peek(), Some(Item::Feed(_) | Item::End(_)));
            if !repeats && !says_nothing && !more_comes {
                self.put(&format!("= {line}"));
            }
            if line.starts_with("switched") && !self.leftover.is_empty() {
                self.put(&format!("= leftover {}", summary(&self.leftover)));
            }
            if is_end || (!keyword.is_empty() && line.starts_with(keyword)) {
                return Ok(());
            }
        }
    }

    fn put(&mut self, line: &str) {
        if let Some(text) = &mut self.blessed {
            text.push_str(line);
            text.push('\n');
        }
    }

    fn put_data(&mut self) {
        if !self.data.is_empty() {
            let data = std::mem::take(&mut self.data);
            self.put(&format!("= data {}", summary(&data)));
        }
    }

    fn write_input(&mut self) {
        match self.peek() {
            Some(Item::End(end)) => self.put(&format!("<end {}", end.name())),
            Some(Item::Feed(bytes)) => put_lines(bytes, '<').iter().for_each(|line| self.put(line)),
            _ => {}
        }
    }

    fn put_output(&mut self, output: &[u8]) {
        put_lines(output, '>').iter().for_each(|line| self.put(line));
    }
}

/// Octets as marked lines: one a line of the wire.
pub fn put_lines(bytes: &[u8], mark: char) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let end = rest.windows(2).position(|pair| pair == b"\r\n");
        match end {
            Some(end) if end < 4000 => {
                let text = compact(&rest[..end]);
                lines.push(if text.is_empty() { mark.to_string() } else { format!("{mark} {text}") });
                rest = &rest[end + 2..];
            }
            _ => {
                let (piece, behind) = rest.split_at(rest.len().min(100_000));
                lines.push(format!("{mark}{mark} {}", compact(piece)));
                rest = behind;
            }
        }
    }
    lines
}

/// Escaped, long runs of one octet written as a repetition.
fn compact(bytes: &[u8]) -> String {
    let mut out = String::new();
    let mut at = 0;
    while at < bytes.len() {
        let run = bytes[at..].iter().take_while(|&&octet| octet == bytes[at]).count();
        if run >= 24 {
            out.push_str(&format!("\\{{{run}*{}}}", escape(&bytes[at..=at])));
        } else {
            out.push_str(&escape(&bytes[at..at + run]));
        }
        at += run;
    }
    out
}

/// Nothing happens before more comes in.
fn is_stop(line: &str) -> bool {
    line == "need-data" || line.starts_with("paused ")
}

/// A line that answers a query, not an event.
fn is_answer(line: &str) -> bool {
    let word = line.split(' ').next().unwrap_or_default();
    matches!(
        word,
        "why"
            | "awaiting"
            | "may-speak"
            | "wants-input"
            | "required"
            | "agreed"
            | "secure"
            | "unanswered"
            | "owes-continue"
            | "wants-content"
            | "offers"
            | "trace"
            | "parts"
            | "selected"
    ) || (word == "request" && !line.contains('@'))
}

fn select(connection: &Connection, what: &str, lines: &mut Vec<String>) -> Option<Selection> {
    let (preferences, by) = match what.strip_suffix(" by server") {
        Some(rest) => (rest, Order::Server),
        None => (what, Order::Client),
    };
    let selection = connection.select(&entries(preferences), by);
    if selection.is_none() {
        lines.push("selected nothing".into());
    }
    selection
}

fn entries(list: &str) -> Vec<&str> {
    list.split(';').map(str::trim).filter(|entry| !entry.is_empty()).collect()
}

/// `what | Name: value | Name: value`.
fn split_fields(rest: &str) -> (&str, Vec<FieldLine>) {
    let mut parts = rest.split('|');
    let what = parts.next().unwrap_or_default().trim();
    let fields = parts.map(|field| {
        let (name, value) = field.split_once(':').unwrap_or((field, ""));
        (unescape(name.trim_start()), unescape(value.trim()))
    });
    (what, fields.collect())
}

fn text_of(text: &str) -> String {
    String::from_utf8(unescape(text)).expect("text")
}

fn error_line(error: &Error) -> String {
    let status = error.status().map_or("-".into(), |status| status.to_string());
    let offset = error.offset().map_or("-".into(), |offset| offset.to_string());
    format!("error {} {} {status} @{offset}", error.code(), error.kind().name())
}

fn event_line(event: &Event<'_>, position: u64, shows_fields: bool, refused: usize) -> String {
    let fields = |fields: Fields<'_>| if shows_fields { fields_text(fields) } else { String::new() };
    match event {
        Event::Request(request) => format!(
            "request {} {} 1.{}{}{} @{position}",
            compact(request.method().as_bytes()),
            compact(request.target().as_bytes()),
            request.minor_version(),
            offers_text(request),
            fields(request.fields())
        ),
        Event::Informational(response) => {
            format!("informational {}{} @{position}", response.status(), fields(response.fields()))
        }
        Event::Response(response) => {
            let dropped = match response.dropped() {
                0 => String::new(),
                count => format!(" dropped {count}"),
            };
            format!(
                "response {} 1.{}{dropped}{} @{position}",
                response.status(),
                response.minor_version(),
                fields(response.fields())
            )
        }
        Event::Data(data) => format!("data {}", summary(data)),
        Event::EndOfMessage(trailers) => format!("end{} @{position}", fields_text(*trailers)),
        Event::Switched(switched) => switched_line(switched, position, shows_fields),
        Event::Closed { discarded } => match discarded + refused {
            0 => "closed".into(),
            total => format!("closed discarded {total}"),
        },
    }
}

fn switched_line(switched: &Switched<'_>, position: u64, shows_fields: bool) -> String {
    let head = match (&switched.request, &switched.response) {
        (Some(request), None) => format!(" for {} {}", request.method(), request.target()),
        (None, Some(response)) if shows_fields => format!(" {}{}", response.status(), fields_text(response.fields())),
        (None, Some(response)) => format!(" {}", response.status()),
        _ => String::new(),
    };
    let protocols = if switched.protocols.is_empty() { String::new() } else { format!(" to {}", switched.protocols) };
    format!("switched by {}{protocols}{head} @{position}", switched.by.name())
}

fn offers_text(request: &Request<'_>) -> String {
    match request.offers() {
        Ok(offers) => {
            let list: Vec<String> = offers
                .map(|offer| match offer.ineligible {
                    None => offer.protocol.to_string(),
                    Some(reason) => format!("{}!{}", offer.protocol, reason.name()),
                })
                .collect();
            format!(" offers [{}]", list.join(", "))
        }
        Err(reason) if reason.name() == "absent" => String::new(),
        Err(reason) => format!(" offers nothing ({})", reason.name()),
    }
}

fn offers_line(request: Option<Request<'_>>) -> String {
    format!("offers{}", request.map_or(" none".into(), |request| offers_text(&request)))
}

fn fields_text(fields: Fields<'_>) -> String {
    let mut text = String::new();
    for field in fields.iter() {
        write!(text, " {{{}: {}}}", escape(field.name), escape(field.value)).unwrap();
    }
    text
}
