//! The engine, httparse and llhttp, with their results for a head in the same form.

use std::fmt::Write;
use std::mem::MaybeUninit;

use switchover::binding::request_line;
use switchover::{Config, Connection, ErrorKind, Event, Fields, RequestHead, Role, Step};
use switchover_benches::peers::{self, Peer};

use crate::mutate::Input;

/// The engine's result: a head as text, `None` if incomplete, or error and offset.
pub(crate) type Ours = Result<Option<Vec<u8>>, (ErrorKind, usize)>;
/// Another parser's result: a head as text, `None` if incomplete, or its error.
pub(crate) type Theirs = Result<Option<Vec<u8>>, String>;

/// A parser's result that has a short text.
pub(crate) trait Verdict {
    /// Returns the text `taken` for a parsed head, `incomplete`, or the error's text.
    fn in_a_word(&self) -> String;
}

impl<E: std::fmt::Debug> Verdict for Result<Option<Vec<u8>>, E> {
    fn in_a_word(&self) -> String {
        match self {
            Ok(Some(_)) => "taken".into(),
            Ok(None) => "incomplete".into(),
            Err(why) => format!("{why:?}"),
        }
    }
}

/// The parsers that are compared: the engine, httparse, and llhttp if it was built.
pub(crate) struct Parsers {
    llhttp: Option<Peer>,
    /// The bytes of the request that a client must send before it reads a response.
    asked: Vec<u8>,
}

impl Parsers {
    pub(crate) fn new() -> Self {
        let llhttp = peers::load()
            .into_iter()
            .find(|peer| peer.name.starts_with("llhttp") && peer.reads_heads());
        if llhttp.is_none() {
            println!("# without llhttp: core/benches/peers/build has not made it");
        }
        Self { llhttp, asked: Vec::with_capacity(256) }
    }

    pub(crate) fn names(&self) -> Vec<&'static str> {
        ["httparse", "llhttp"][..1 + usize::from(self.llhttp.is_some())].to_vec()
    }

    /// Returns the engine's results for the input as a whole, and cut in two.
    pub(crate) fn ours(&mut self, input: &Input, cut: usize) -> [(&'static str, Ours); 2] {
        let (left, right) = input.bytes.split_at(cut);
        [
            ("the whole", self.engine(input, &[&input.bytes])),
            ("two pieces", self.engine(input, &[left, right])),
        ]
    }

    pub(crate) fn theirs(&self, input: &Input) -> Vec<(&'static str, Theirs)> {
        let mut verdicts = vec![("httparse", httparse(input))];
        if let Some(llhttp) = &self.llhttp {
            verdicts.push(("llhttp", self::llhttp(llhttp, input)));
        }
        verdicts
    }

    /// Returns the name of each parser with its result as readable text.
    pub(crate) fn read(&mut self, input: &Input) -> Vec<(&'static str, String)> {
        fn show<E: std::fmt::Debug>(verdict: Result<Option<Vec<u8>>, E>) -> String {
            match verdict {
                Ok(Some(head)) => head.escape_ascii().to_string(),
                other => other.in_a_word(),
            }
        }
        let [(_, ours), _] = self.ours(input, 0);
        let theirs = self.theirs(input).into_iter().map(|(name, verdict)| (name, show(verdict)));
        [("here", show(ours))].into_iter().chain(theirs).collect()
    }

    fn engine(&mut self, input: &Input, pieces: &[&[u8]]) -> Ours {
        let mut connection = if input.is_response {
            let mut client = Connection::new(Role::Client);
            let host = [("Host", "a")];
            self.asked.clear();
            client
                .send_request(&RequestHead::new("GET", "/", &host), &["foo/2"], &mut self.asked)
                .expect("a request");
            client
        } else {
            Connection::with_config(Role::Server, Config { secure: true, ..Config::default() })
        };
        for piece in pieces {
            connection.receive(piece).expect("room for a head");
            match connection.advance() {
                Ok(Step::NeedData) => continue,
                Ok(Step::Event) => return Ok(Some(shown(&connection))),
                Ok(Step::Paused(why)) => panic!("a pause before the first event: {why:?}"),
                Err(error) => {
                    return Err((error.kind(), error.offset().expect("a place") as usize));
                }
            }
        }
        Ok(None)
    }
}

fn shown(connection: &Connection) -> Vec<u8> {
    match connection.event().expect("an event") {
        Event::Request(request) => {
            let (method, target) = request_line(&request);
            text(method, target, request.minor_version(), 0, pairs(request.fields()))
        }
        Event::Response(response) | Event::Informational(response) => {
            text(b"", b"", response.minor_version(), response.status(), pairs(response.fields()))
        }
        Event::Switched(switched) => {
            let response = switched.response.expect("a client's switch");
            text(b"", b"", response.minor_version(), response.status(), pairs(response.fields()))
        }
        other => panic!("{other:?} is no head"),
    }
}

fn pairs(fields: Fields<'_>) -> impl Iterator<Item = (&[u8], &[u8])> {
    fields.iter().map(|field| (field.name, field.value))
}

fn httparse(input: &Input) -> Theirs {
    let mut fields = [const { MaybeUninit::uninit() }; 160];
    let pairs = |fields: &[httparse::Header<'_>]| -> Vec<(Vec<u8>, Vec<u8>)> {
        fields.iter().map(|field| (field.name.into(), field.value.into())).collect()
    };
    let of =
        |minor: Option<u8>, method: &str, target: &str, status, fields: &[httparse::Header<'_>]| {
            let pairs = pairs(fields);
            let pairs = pairs.iter().map(|(name, value)| (&name[..], &value[..]));
            text(method.as_bytes(), target.as_bytes(), minor.unwrap_or_default(), status, pairs)
        };
    let outcome = if input.is_response {
        let mut head = httparse::Response::new(&mut []);
        let outcome = httparse::ParserConfig::default().parse_response_with_uninit_headers(
            &mut head,
            &input.bytes,
            &mut fields,
        );
        outcome.map(|status| {
            status
                .is_complete()
                .then(|| of(head.version, "", "", head.code.unwrap_or_default(), head.headers))
        })
    } else {
        let mut head = httparse::Request::new(&mut []);
        let outcome = head.parse_with_uninit_headers(&input.bytes, &mut fields);
        let line = (head.method.unwrap_or_default(), head.path.unwrap_or_default());
        outcome.map(|status| {
            status.is_complete().then(|| of(head.version, line.0, line.1, 0, head.headers))
        })
    };
    outcome.map_err(|error| format!("{error:?}"))
}

fn llhttp(llhttp: &Peer, input: &Input) -> Theirs {
    let head = llhttp.head(&input.bytes, input.is_response)?;
    Ok(head.map(|head| {
        text(head.method, head.target, head.minor, head.status, head.fields.into_iter())
    }))
}

/// Returns a head as text, in the same form for all parsers.
///
/// A folded line is joined with spaces, as a client does (RFC 9112, section 5.2).
fn text<'a>(
    method: &[u8],
    target: &[u8],
    minor: u8,
    status: u16,
    fields: impl Iterator<Item = (&'a [u8], &'a [u8])>,
) -> Vec<u8> {
    let mut text = [method, b" ", target].concat();
    let mut line = String::new();
    write!(line, " {minor} {status}").expect("a string");
    text.extend_from_slice(line.as_bytes());
    for (name, value) in fields {
        text.push(b'\n');
        text.extend_from_slice(name);
        text.push(b':');
        let start = value.iter().position(|&byte| !is_blank(byte)).unwrap_or(value.len());
        let end = value.iter().rposition(|&byte| !is_blank(byte)).map_or(start, |last| last + 1);
        text.extend(
            value[start..end]
                .iter()
                .map(|&byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { byte }),
        );
    }
    text
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}
