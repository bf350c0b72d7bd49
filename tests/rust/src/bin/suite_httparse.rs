//! A runner of the suite for httparse, as `tools/suite/README.md` defines runners.
//!
//! httparse parses heads, trailers and chunk sizes, and leaves to its caller what they mean. This
//! caller adds the least: content by one Content-Length of digits, by `chunked` alone, or until the
//! end. It knows which messages have no content, and that another protocol follows a 101 or a 2xx
//! to CONNECT. Cases that need more decisions are skipped.

use std::collections::VecDeque;
use std::io::{self, BufRead, Write};

use httparse::{EMPTY_HEADER, Header, Request, Response, Status};
use serde_json::{Value, json};

/// The maximum number of fields in a head or a trailer section.
const FIELDS: usize = 128;
const NO_FRAMING: &str = "it leaves to its caller what frames a message";

/// The part of a message that is read next.
#[derive(Clone, Copy)]
enum Part {
    Head,
    Content(u64),
    ChunkSize,
    Chunk(u64),
    Trailers,
    ToTheEnd,
    /// The bytes after an undecided offer or CONNECT, or after a declined CONNECT.
    Held,
    /// The bytes of another protocol, after a switch.
    Rest,
}

/// A wait for more bytes, a reason to skip the case, or the end after an error.
enum Stop {
    Wait,
    Skip(&'static str),
    Over,
}

struct Runner {
    is_server: bool,
    bytes: Vec<u8>,
    part: Part,
    events: Vec<Value>,
    /// The methods of a client's unanswered requests, or of a server's last request.
    asked: VecDeque<String>,
    /// True if the request that a server reads has an Upgrade field, or is a CONNECT.
    has_offer: bool,
    /// True if the offer was accepted, false if declined, before the request has ended.
    early: Option<bool>,
}

impl Runner {
    fn new(is_server: bool) -> Self {
        let (bytes, events, asked) = Default::default();
        Self { is_server, bytes, part: Part::Head, events, asked, has_offer: false, early: None }
    }

    fn play(mut self, case: &Value) -> Result<Vec<Value>, &'static str> {
        if case["config"].as_object().is_some_and(|config| !config.is_empty()) {
            return Err("no such setting");
        }
        for step in case["steps"].as_array().into_iter().flatten() {
            if let Some(text) = step["receive"].as_str() {
                self.bytes.extend(text.chars().map(|letter| letter as u8));
            } else if step["end"] == "truncated" {
                return Err("no way to say that an end was not clean");
            } else if step["end"].is_string() {
                match self.part {
                    Part::ToTheEnd => self.end(&[]),
                    _ => return Err("no call for the end of the bytes"),
                }
            } else {
                self.decide(step)?;
            }
            match self.read() {
                Stop::Wait => {}
                Stop::Skip(why) => return Err(why),
                Stop::Over => break,
            }
        }
        Ok(self.events)
    }

    /// Applies a step of the caller, as far as it tells how to read the next bytes.
    fn decide(&mut self, step: &Value) -> Result<(), &'static str> {
        let what = step["do"].as_str().unwrap_or_default();
        if what == "reject" || closes(step) {
            return Err("no call for a `close` that is sent");
        }
        let is_2xx = matches!(step["status"].as_u64(), Some(200..=299));
        let is_connect = self.events.last().is_some_and(|event| event["event"] == "end")
            && self.asked.front().is_some_and(|method| method == "CONNECT");
        match (what, self.part) {
            ("request", _) => {
                self.asked.push_back(step["method"].as_str().unwrap_or_default().into());
            }
            ("switch", Part::Held) => self.switch(),
            ("switch", _) => self.early = Some(true),
            ("respond" | "response", Part::Held) if is_connect && is_2xx => self.switch(),
            ("respond" | "response", Part::Held) if is_connect => self.part = Part::Held,
            ("respond" | "response", Part::Held) => self.part = Part::Head,
            ("respond" | "response", _) if self.has_offer => self.early = Some(false),
            _ => {}
        }
        Ok(())
    }

    fn switch(&mut self) {
        self.events.push(json!({ "event": "switched" }));
        self.part = Part::Rest;
    }

    fn read(&mut self) -> Stop {
        loop {
            if let Err(stop) = self.next() {
                return stop;
            }
        }
    }

    /// Reads the next part of a message.
    fn next(&mut self) -> Result<(), Stop> {
        if self.bytes.is_empty() {
            return Err(Stop::Wait);
        }
        match self.part {
            Part::Head => self.head(),
            Part::Content(len) | Part::Chunk(len) => {
                let piece = usize::try_from(len).unwrap_or(usize::MAX).min(self.bytes.len());
                self.take(piece, "content");
                let rest = len - piece as u64;
                match (self.part, rest) {
                    (Part::Content(_), 0) => self.end(&[]),
                    (Part::Content(_), rest) => self.part = Part::Content(rest),
                    // The CRLF after a chunk is an empty line before the next size.
                    (_, 0) => self.part = Part::ChunkSize,
                    (_, rest) => self.part = Part::Chunk(rest),
                }
                Ok(())
            }
            Part::ChunkSize => self.chunk_size(),
            Part::Trailers => {
                let bytes = std::mem::take(&mut self.bytes);
                let mut fields = [EMPTY_HEADER; FIELDS];
                match httparse::parse_headers(&bytes, &mut fields) {
                    Ok(Status::Complete((len, fields))) => {
                        let fields = pairs(fields);
                        self.bytes = bytes[len..].to_vec();
                        self.end(&fields);
                        Ok(())
                    }
                    Ok(Status::Partial) => {
                        self.bytes = bytes;
                        Err(Stop::Wait)
                    }
                    Err(error) => self.fail(error),
                }
            }
            Part::ToTheEnd => {
                self.take(self.bytes.len(), "content");
                Ok(())
            }
            Part::Held => Err(Stop::Wait),
            Part::Rest => {
                self.take(self.bytes.len(), "rest");
                Ok(())
            }
        }
    }

    fn head(&mut self) -> Result<(), Stop> {
        let bytes = std::mem::take(&mut self.bytes);
        let mut slots = [EMPTY_HEADER; FIELDS];
        let parsed = if self.is_server {
            let mut request = Request::new(&mut slots);
            request.parse(&bytes).map(|status| {
                let fields = pairs(request.headers);
                let event = json!({
                    "event": "request", "method": request.method, "target": request.path,
                    "version": version(request.version), "fields": fields,
                });
                self.has_offer = request.method == Some("CONNECT")
                    || request.headers.iter().any(|field| is(field, "upgrade"));
                (status, event, framing(request.headers, true))
            })
        } else {
            let mut response = Response::new(&mut slots);
            response.parse(&bytes).map(|status| {
                let code = response.code.unwrap_or_default();
                let kind = if code < 200 { "informational" } else { "response" };
                let fields = pairs(response.headers);
                let event = json!({
                    "event": kind, "status": code, "version": version(response.version),
                    "fields": fields,
                });
                let is_to = |method: &str| self.asked.front().is_some_and(|asked| asked == method);
                let is_empty = matches!(code, 100..=199 | 204 | 304) || is_to("HEAD");
                let framing = match code {
                    101 => Ok(Some(Part::Rest)),
                    200..=299 if is_to("CONNECT") => Ok(Some(Part::Rest)),
                    _ if is_empty => Ok(None),
                    _ => framing(response.headers, false),
                };
                (status, event, framing)
            })
        };
        match parsed {
            Err(error) => self.fail(error),
            Ok((Status::Partial, ..)) => {
                self.bytes = bytes;
                Err(Stop::Wait)
            }
            Ok((Status::Complete(len), event, framing)) => {
                self.bytes = bytes[len..].to_vec();
                let is_informational = event["event"] == "informational";
                if !self.is_server && !is_informational {
                    self.asked.pop_front();
                }
                if self.is_server {
                    let method = event["method"].as_str().unwrap_or_default();
                    self.asked = VecDeque::from([method.into()]);
                }
                match framing.map_err(Stop::Skip)? {
                    Some(Part::Rest) => self.switch(),
                    Some(part) => {
                        self.events.push(event);
                        self.part = part;
                    }
                    None => {
                        self.events.push(event);
                        if !is_informational {
                            self.end(&[]);
                        }
                    }
                }
                Ok(())
            }
        }
    }

    fn chunk_size(&mut self) -> Result<(), Stop> {
        match self.bytes[..] {
            [b'\r', b'\n', ..] => drop(self.bytes.drain(..2)),
            [b'\r'] => return Err(Stop::Wait),
            _ => {}
        }
        match httparse::parse_chunk_size(&self.bytes) {
            Ok(Status::Complete((len, size))) => {
                self.bytes.drain(..len);
                self.part = if size == 0 { Part::Trailers } else { Part::Chunk(size) };
                Ok(())
            }
            Ok(Status::Partial) => Err(Stop::Wait),
            Err(error) => self.fail(error),
        }
    }

    /// Takes bytes as an event, such as content; adjacent ones are one event.
    fn take(&mut self, len: usize, event: &str) {
        let text: String = self.bytes.drain(..len).map(char::from).collect();
        match self.events.last_mut().filter(|last| last["event"] == event) {
            Some(last) => {
                let before = last["bytes"].as_str().unwrap_or_default();
                last["bytes"] = json!(format!("{before}{text}"));
            }
            None => self.events.push(json!({ "event": event, "bytes": text })),
        }
    }

    fn end(&mut self, trailers: &[(String, String)]) {
        self.events.push(json!({ "event": "end", "trailers": trailers }));
        let has_offer = std::mem::take(&mut self.has_offer);
        match self.early.take() {
            Some(true) => self.switch(),
            None if has_offer => self.part = Part::Held,
            _ => self.part = Part::Head,
        }
    }

    fn fail(&mut self, error: impl std::fmt::Debug) -> Result<(), Stop> {
        self.events.push(json!({ "event": "error", "kind": format!("{error:?}") }));
        Err(Stop::Over)
    }
}

/// Returns whether the message that a step sends has `Connection: close`.
fn closes(step: &Value) -> bool {
    let is_close = |field: &Value| {
        let is = |index: usize, word: &str| {
            field[index].as_str().is_some_and(|text| text.eq_ignore_ascii_case(word))
        };
        is(0, "connection") && is(1, "close")
    };
    step["fields"].as_array().is_some_and(|fields| fields.iter().any(is_close))
}

fn is(field: &Header<'_>, name: &str) -> bool {
    field.name.eq_ignore_ascii_case(name)
}

/// Returns the part after a head; `None` if the message has no content.
///
/// An error means that the fields need more interpretation than this caller adds to httparse.
fn framing(fields: &[Header<'_>], is_request: bool) -> Result<Option<Part>, &'static str> {
    let is_framing =
        |field: &&Header<'_>| is(field, "content-length") || is(field, "transfer-encoding");
    let mut framing = fields.iter().filter(is_framing);
    match (framing.next(), framing.next()) {
        (None, _) if is_request => Ok(None),
        (None, _) => Ok(Some(Part::ToTheEnd)),
        (Some(field), None) if is(field, "content-length") => {
            let text = std::str::from_utf8(field.value).map_err(|_| NO_FRAMING)?;
            let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            let len = text.parse().ok().filter(|_| is_number).ok_or(NO_FRAMING)?;
            Ok((len > 0).then_some(Part::Content(len)))
        }
        (Some(field), None) if field.value.eq_ignore_ascii_case(b"chunked") => {
            Ok(Some(Part::ChunkSize))
        }
        _ => Err(NO_FRAMING),
    }
}

fn version(minor: Option<u8>) -> Option<String> {
    minor.map(|minor| format!("1.{minor}"))
}

/// Returns fields as text, a character for each byte.
fn pairs(fields: &[Header<'_>]) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| bytes.iter().copied().map(char::from).collect();
    fields.iter().map(|field| (field.name.into(), text(field.value))).collect()
}

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let case: Value = serde_json::from_str(&line?)?;
        let is_server = case["role"] == "server";
        let answer = match Runner::new(is_server).play(&case) {
            Ok(events) => json!({ "id": case["id"], "events": events }),
            Err(why) => json!({ "id": case["id"], "skip": why }),
        };
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}
