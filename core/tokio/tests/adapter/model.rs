//! Tests of the adapter against the engine, with random requests.
//!
//! Some requests are invalid, and all arrive in random pieces. Apart from 100s, the adapter must
//! send the same bytes as an engine that receives everything at once. `SEED` repeats a run.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use switchover::{Connection, Content, End, Event, Next, Owes, ResponseHead, Role};
use switchover_tokio::{Body, BoxError, service_fn};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::common::{Frames, config, served_by, soon};

/// A random generator with a seed: splitmix64.
struct Chance(u64);

impl Chance {
    fn seed() -> u64 {
        let clock =
            || Duration::as_nanos(&std::time::UNIX_EPOCH.elapsed().expect("a clock")) as u64;
        std::env::var("SEED").map_or_else(
            |_| clock(),
            |told| {
                let (digits, radix) =
                    told.strip_prefix("0x").map_or((&told[..], 10), |digits| (digits, 16));
                u64::from_str_radix(digits, radix).expect("a number")
            },
        )
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    fn request(&mut self) -> String {
        let version = self.one_of(&["1.1", "1.1", "1.1", "1.0"]);
        let path = self.one_of(&["/echo", "/echo", "/chunks", "/deaf", "/none", "/"]);
        let field = self.one_of(&[
            "",
            "",
            "",
            "Connection: close\r\n",
            "Connection: upgrade\r\nUpgrade: foo\r\n",
            "Expect: 100-continue\r\n",
            "X: y\r\n",
        ]);
        let len = self.one_of(&[0, 1, 10, 300, 6000]);
        let content = "x".repeat(len);
        let (method, framing, content) = match self.below(4) {
            0 => (self.one_of(&["GET", "HEAD", "DELETE"]), String::new(), String::new()),
            1 if version == "1.1" && path != "/deaf" => {
                let size = 1 + self.below(400);
                let chunks: String = content
                    .as_bytes()
                    .chunks(size)
                    .map(|chunk| format!("{:x}\r\n{}\r\n", chunk.len(), "x".repeat(chunk.len())))
                    .collect();
                let trailer = self.one_of(&["", "T: x\r\n"]);
                (
                    "POST",
                    "Transfer-Encoding: chunked\r\n".into(),
                    format!("{chunks}0\r\n{trailer}\r\n"),
                )
            }
            _ => (
                self.one_of(&["POST", "PUT", "HEAD"]),
                format!("Content-Length: {len}\r\n"),
                content,
            ),
        };
        let line = self.one_of(&["", "", "", "\r\n"]);
        format!("{line}{method} {path} HTTP/{version}\r\nHost: a\r\n{field}{framing}\r\n{content}")
    }

    /// Returns the bytes of some requests; a third of the results are damaged.
    ///
    /// In a damaged one a byte is replaced, or the end is cut off.
    fn script(&mut self) -> Vec<u8> {
        let mut script: Vec<u8> =
            (0..1 + self.below(5)).flat_map(|_| self.request().into_bytes()).collect();
        let at = self.below(script.len());
        match self.below(6) {
            0 => script[at] = self.one_of(b"\0 \r\n:x9\xff"),
            1 => script.truncate(at),
            _ => {}
        }
        script
    }
}

/// The response to a request, chosen by its path and the content read.
enum Answer {
    Whole(u16, Vec<u8>),
    Chunks,
}

const PIECES: [&str; 3] = ["some", "of it", "and more"];

/// Returns whether the handler reads the content of a request.
///
/// Content that is chunked or waits for a 100 is always read. Otherwise the split of the input
/// would change the result: an early response is the last if too much content is missing.
fn reads(path: &str, is_special: bool) -> bool {
    is_special || matches!(path, "/echo" | "/chunks")
}

fn answer(path: &str, content: Vec<u8>) -> Answer {
    match path {
        "/echo" => Answer::Whole(200, content),
        "/chunks" => Answer::Chunks,
        "/none" => Answer::Whole(204, Vec::new()),
        _ => Answer::Whole(404, b"nothing".to_vec()),
    }
}

async fn handle(
    request: Request<Body>,
) -> Result<Response<UnsyncBoxBody<Bytes, BoxError>>, BoxError> {
    let path = request.uri().path().to_owned();
    let said =
        |name| request.version() == http::Version::HTTP_11 && request.headers().contains_key(name);
    let is_special = said("transfer-encoding") || said("expect");
    let content = if reads(&path, is_special) {
        request.into_body().collect().await?.to_bytes().to_vec()
    } else {
        Vec::new()
    };
    Ok(match answer(&path, content) {
        Answer::Whole(status, content) => Response::builder()
            .status(status)
            .body(Body::from(content).map_err(BoxError::from).boxed_unsync())?,
        Answer::Chunks => Response::new(Frames::of(PIECES).boxed_unsync()),
    })
}

/// Returns the bytes that the engine sends if it receives the input at once.
fn directly(script: &[u8]) -> Vec<u8> {
    let (mut http, mut out) = (Connection::new(Role::Server), Vec::new());
    http.receive(script).expect("room");
    http.receive_eof(End::Clean);
    if let Err(error) = exchanges(&mut http, &mut out) {
        let status = error.status().unwrap_or(500);
        // A response that has begun is truncated.
        let _ = http.reject(&ResponseHead::new(status, &()), b"", &mut out);
    }
    out
}

fn exchanges(http: &mut Connection, out: &mut Vec<u8>) -> Result<(), switchover::Error> {
    loop {
        let (path, is_head) = match http.next_event()? {
            Next::Event(Event::Request(request)) => {
                (request.target().to_string(), request.method() == "HEAD")
            }
            Next::Event(_) => continue,
            _ => return Ok(()),
        };
        let is_special =
            matches!(http.content(), Content::Chunked(_)) || http.owes() == Owes::Continue;
        let mut content = Vec::new();
        while reads(&path, is_special) {
            match http.next_event()? {
                Next::Event(Event::Data(data)) => content.extend_from_slice(data),
                _ => break,
            }
        }
        match answer(&path, content) {
            Answer::Whole(status, content) if is_head || status == 204 => {
                let length = content.len().to_string();
                let fields: &[(&str, &str)] =
                    if content.is_empty() { &[] } else { &[("content-length", &length)] };
                http.send_response(&ResponseHead::new(status, &fields), out)?;
                http.send_end(&(), out)?;
            }
            Answer::Whole(status, content) => {
                // Like the adapter, send long content in pieces.
                if content.len() < 4096 {
                    http.respond(&ResponseHead::new(status, &()), &content, out)?;
                } else {
                    let length = content.len().to_string();
                    let fields: [(&str, &str); 1] = [("content-length", &length)];
                    http.send_response(&ResponseHead::new(status, &fields), out)?;
                    http.send_data(&content, out)?;
                    http.send_end(&(), out)?;
                }
            }
            Answer::Chunks => {
                http.send_response(&ResponseHead::new(200, &()), out)?;
                for piece in PIECES.iter().filter(|_| !is_head) {
                    http.send_data(piece.as_bytes(), out)?;
                }
                http.send_end(&(), out)?;
            }
        }
        let _ = http.skip_content();
        if !http.persists() {
            return Ok(());
        }
    }
}

/// Formats bytes as readable text.
///
/// A byte that is repeated more than eight times is printed with a count.
fn short(bytes: &[u8]) -> String {
    let mut text = String::new();
    for run in bytes.chunk_by(|one, other| one == other) {
        let byte = run[..1].escape_ascii();
        text += &if run.len() > 8 {
            format!("{byte}*{}", run.len())
        } else {
            byte.to_string().repeat(run.len())
        };
    }
    text
}

#[tokio::test]
async fn the_adapter_says_what_the_engine_says() {
    let seed = Chance::seed();
    println!("again: SEED={seed:#x} cargo test -p switchover-tokio --test adapter model");
    let (mut chance, begun, mut cases) = (Chance(seed), Instant::now(), 0);
    let mut statuses = std::collections::BTreeSet::new();
    while cases < 100 || cases < 2000 && begun.elapsed() < Duration::from_secs(3) {
        let script = chance.script();
        let wanted = short(&directly(&script));
        let (client, serving) = served_by(1 + chance.below(5000), config(), service_fn(handle));
        let (mut reader, mut writer) = tokio::io::split(client);
        let sent = script.clone();
        let longest = 1 + chance.below(sent.len() + 1);
        let mut cuts = Chance(chance.below(usize::MAX) as u64);
        let writing = tokio::spawn(async move {
            let mut sent = &sent[..];
            while !sent.is_empty() {
                let (now, later) = sent.split_at(sent.len().min(1 + cuts.below(longest)));
                if writer.write_all(now).await.is_err() {
                    return;
                }
                sent = later;
                for _ in 0..cuts.below(4) {
                    tokio::task::yield_now().await;
                }
            }
            drop(writer.shutdown().await);
        });
        let mut said = Vec::new();
        soon(reader.read_to_end(&mut said)).await.expect("bytes");
        drop(reader);
        soon(writing).await.expect("no panic");
        drop(soon(serving).await.expect("no panic"));
        // The cuts decide whether a 100 is sent, so ignore it.
        let said = short(&said).replace("HTTP/1.1 100 Continue\\r\\n\\r\\n", "");
        assert_eq!(said, wanted, "case {cases}: {}", short(&script));
        statuses.extend(said.split("HTTP/1.1 ").skip(1).map(|answer| answer[..3].to_owned()));
        cases += 1;
    }
    println!("{cases} cases, {statuses:?}");
    assert!(
        ["200", "204", "400", "404"].iter().all(|status| statuses.contains(*status)),
        "{statuses:?}"
    );
}
