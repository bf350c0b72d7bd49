//! The player of a test vector: feeds its input and compares each line of output.
//!
//! It makes each decision as soon as all lines before it have been matched. A decision right after
//! input is made once the engine has received all of that.

use std::collections::VecDeque;

use switchover::binding::Bound;
use switchover::{Error, ErrorKind, Event, Paused, Step};

use super::Feed;
use super::bless::Blessed;
use super::host::Host;
use super::lines::{Head, closed_line, error_line, event_line, is_stop};
use super::record::Record;
use crate::text::{escape, summary, unescape, unfold};
use crate::vector::{Item, Vector};

pub(super) struct Player<'v> {
    pub(super) vector: &'v Vector,
    feed: Feed,
    pub(super) host: Host,
    /// The index of the next item of the vector.
    pub(super) at: usize,
    /// The pieces of input that the engine has not received yet.
    pub(super) pieces: VecDeque<Vec<u8>>,
    fed: usize,
    /// The content received and not yet matched with a `data` line.
    pub(super) data: Vec<u8>,
    /// The new protocol's bytes: the leftover of `Switched`, then those rejected later.
    pub(super) leftover: Vec<u8>,
    /// The number of bytes that the engine rejected because it had closed or failed.
    refused: usize,
    pub(super) heads: Vec<Head>,
    pub(super) blessed: Option<Blessed>,
    /// The record for other engines, in the runs that make one.
    pub(super) record: Option<Record>,
}

impl<'v> Player<'v> {
    pub(super) fn new(vector: &'v Vector, feed: Feed, blessed: Option<Blessed>) -> Self {
        Self {
            vector,
            feed,
            host: Host::new(vector.role, vector.config.clone()),
            at: 0,
            pieces: VecDeque::new(),
            fed: 0,
            data: Vec::new(),
            leftover: Vec::new(),
            refused: 0,
            heads: Vec::new(),
            blessed,
            record: None,
        }
    }

    pub(super) fn play(&mut self) -> Result<(), String> {
        // Every step feeds, decides or observes something, so no vector needs more steps.
        for _ in 0..1_000_000 {
            if !self.step()? {
                return Ok(());
            }
        }
        Err("it never ends".into())
    }

    pub(super) fn peek(&self) -> Option<&'v Item> {
        self.vector.items.get(self.at)
    }

    fn step(&mut self) -> Result<bool, String> {
        if self.blessed.is_some() {
            return self.bless_step();
        }
        match self.peek() {
            // A decision right after input is made once the engine has received all of it.
            Some(Item::Do(_)) if !self.pieces.is_empty() && self.last_was_input() => {
                self.feed_piece().map(|()| true)
            }
            Some(Item::Do(decision)) => {
                self.at += 1;
                let (lines, output, error) = self.host.perform(decision);
                if let Some(record) = &mut self.record {
                    record.decision(decision, error.is_some(), &self.host.connection);
                }
                for line in lines {
                    self.expect(&line)?;
                }
                self.expect_output(&output)?;
                self.expect_error(error)?;
                Ok(true)
            }
            Some(Item::Output(_) | Item::Refused(_)) => Err("output without a decision".into()),
            Some(Item::Feed(_) | Item::End(_)) if self.pieces.is_empty() => {
                // All expected lines have been matched, so the engine may emit nothing more now.
                match self.observe()? {
                    Some(line) if !is_stop(&line) => return Err(format!("unexpected: {line}")),
                    _ => {}
                }
                self.take_input()?;
                Ok(true)
            }
            Some(Item::Feed(_) | Item::End(_)) | None if !self.pieces.is_empty() => {
                self.feed_piece().map(|()| true)
            }
            None => match self.observe()? {
                Some(line) if is_stop(&line) => Ok(false),
                Some(line) if line.starts_with("error") && self.is_failed_already() => Ok(false),
                Some(line) => Err(format!("unexpected at the end: {line}")),
                None => Err(format!("unexpected data at the end: {}", summary(&self.data))),
            },
            Some(Item::Expect(expected)) => self.expect_next(expected).map(|()| true),
            Some(Item::Feed(_) | Item::End(_)) => unreachable!("both cases stand above"),
        }
    }

    fn is_failed_already(&self) -> bool {
        self.vector
            .items
            .iter()
            .any(|item| matches!(item, Item::Expect(line) if line.starts_with("error")))
    }

    /// Advances by one step towards an expected line, and matches it if it has come.
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
            return if got == wanted {
                Ok(())
            } else {
                Err(format!("expected leftover {wanted}, got {got}"))
            };
        }
        let Some(line) = self.observe()? else { return Ok(()) };
        if is_stop(&line) && !self.pieces.is_empty() {
            return self.feed_piece();
        }
        self.at += 1;
        if unfold(&line) == unfold(expected) {
            Ok(())
        } else {
            Err(format!("expected {expected}, got {line}"))
        }
    }

    /// Returns whether the content received so far has all bytes of a `data` line.
    ///
    /// Removes these bytes from `data`; further content stays for the next line.
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
        let length: usize =
            wanted.split(' ').next().and_then(|word| word.parse().ok()).ok_or("a length")?;
        if self.data.len() < length {
            return Ok(false);
        }
        let got: Vec<u8> = self.data.drain(..length).collect();
        if summary(&got) == wanted {
            Ok(true)
        } else {
            Err(format!("expected data {wanted}, got {}", summary(&got)))
        }
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
                if got == expected {
                    Ok(())
                } else {
                    Err(format!("expected refusal {expected}, got {got}"))
                }
            }
            (_, Some(error)) => Err(format!("refused: {} {error}", error.kind().name())),
            (Some(Item::Refused(expected)), None) => {
                Err(format!("not refused, expected {expected}"))
            }
            (_, None) => Ok(()),
        }
    }

    // Input.

    pub(super) fn take_input(&mut self) -> Result<(), String> {
        match self.peek() {
            Some(Item::End(end)) => {
                self.host.connection.receive_eof(*end);
                if let Some(record) = &mut self.record {
                    record.end(end.name());
                }
            }
            Some(Item::Feed(bytes)) => {
                if let Some(record) = &mut self.record {
                    record.bytes(bytes);
                }
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
                    self.pieces.extend(
                        [first, second]
                            .into_iter()
                            .filter(|piece| !piece.is_empty())
                            .map(<[u8]>::to_vec),
                    );
                }
                self.fed += bytes.len();
            }
            other => return Err(format!("{other:?} is no input")),
        }
        self.at += 1;
        Ok(())
    }

    pub(super) fn feed_piece(&mut self) -> Result<(), String> {
        let Some(piece) = self.pieces.pop_front() else {
            return Err("nothing left to feed".into());
        };
        let fed = if self.feed == Feed::Committed {
            self.host
                .connection
                .receive_buffer(piece.len())
                .map(|space| space[..piece.len()].copy_from_slice(&piece))
                .map(|()| {
                    assert_eq!(
                        self.host.connection.commit(piece.len()),
                        piece.len(),
                        "all that was written is taken"
                    )
                })
        } else {
            self.host.connection.receive(&piece)
        };
        match fed {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::Switched => {
                self.leftover.extend(piece);
                Ok(())
            }
            // A closed or failed connection returns an error, and the caller discards the bytes.
            Err(error)
                if error.kind() == ErrorKind::Closed
                    || self.host.connection.failure() == Some(error) =>
            {
                self.refused += piece.len();
                Ok(())
            }
            Err(error) => Err(format!("not received: {error}")),
        }
    }

    // Output.

    /// Advances the engine by one step, and returns the line for it.
    ///
    /// `None` stands for content, which is added to `data`.
    pub(super) fn observe(&mut self) -> Result<Option<String>, String> {
        let shows_fields = self.vector.shows_fields;
        match self.host.connection.advance() {
            Err(error) => {
                if let Some(record) = &mut self.record {
                    record.error(&error, self.vector);
                }
                Ok(Some(error_line(&error)))
            }
            Ok(Step::NeedData) => Ok(Some("need-data".into())),
            Ok(Step::Paused(Paused::Closed)) => {
                Ok(Some(closed_line(self.host.connection.unread().len() + self.refused)))
            }
            Ok(Step::Paused(why)) => Ok(Some(format!("paused {}", why.name()))),
            Ok(Step::Event) => {
                let position = self.host.connection.position();
                let event = self.host.connection.event().ok_or("an event that cannot be seen")?;
                if let Some(record) = &mut self.record {
                    record.event(&event);
                }
                match event {
                    Event::Data(data) => {
                        if data.is_empty() {
                            return Err("empty data".into());
                        }
                        self.data.extend_from_slice(data);
                        Ok(None)
                    }
                    event => {
                        match &event {
                            Event::Switched(switched) => {
                                self.leftover.extend_from_slice(switched.leftover)
                            }
                            Event::Request(request) => self.heads.push(Head::of_request(request)),
                            Event::Response(response) => {
                                self.heads.push(Head::of_response(response))
                            }
                            _ => {}
                        }
                        Ok(Some(event_line(&event, position, shows_fields)))
                    }
                }
            }
        }
    }

    pub(super) fn last_was_input(&self) -> bool {
        matches!(
            self.at.checked_sub(1).map(|at| &self.vector.items[at]),
            Some(Item::Feed(_) | Item::End(_))
        )
    }
}
