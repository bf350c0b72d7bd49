//! A benchmark of inputs whose cost must not grow faster than their length.
//!
//! Each kind of input has several sizes, each at most four times the one before. The bench checks
//! the parsed result and prints the cost of a byte. It reports a cost that more than doubles from
//! one size to the next. That is a failure only if the variable `JUDGE` is set; otherwise no result
//! depends on the time.

use std::process::ExitCode;
use std::sync::Arc;

use switchover::{
    Config, Connection, Event, Limits, Paused, RequestHead, ResponseHead, Role, Step,
};
use switchover_benches::inputs::MINIMAL;
use switchover_benches::{Job, best};

/// The limit of growth in the cost of a byte from one size of input to the next.
const MOST: f64 = 2.0;
/// The most measurements of one kind of input, as noise must not count as growth.
const TRIES: usize = 4;
const ROUNDS: usize = 12;
const CHUNK: &[u8] = b"1\r\nx\r\n";
const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// The length of an input in bytes, and a function that parses it once.
struct Input {
    bytes: usize,
    run: Box<dyn FnMut()>,
}

/// A kind of input: its name, sizes in bytes or parts, and a constructor.
type Kind = (&'static str, &'static [usize], fn(usize) -> Input);

const KINDS: &[Kind] = &[
    ("a head as a whole", &[512, 2 * KIB, 8 * KIB], |size| head(size, |len| vec![len])),
    // Another parser reads heads of so many lines, at another cost of a byte.
    ("a head of many lines as a whole", &[32 * KIB, 128 * KIB, 512 * KIB], |size| {
        head(size, |len| vec![len])
    }),
    ("a head, byte by byte", &[512, 2 * KIB, 8 * KIB, 32 * KIB, 128 * KIB], |size| {
        head(size, |len| vec![1; len])
    }),
    (
        "a head in two pieces, a quarter first",
        &[512, 2 * KIB, 8 * KIB, 32 * KIB, 128 * KIB],
        |size| head(size, |len| vec![len / 4, len - len / 4]),
    ),
    (
        "a head in two pieces, three quarters first",
        &[512, 2 * KIB, 8 * KIB, 32 * KIB, 128 * KIB],
        |size| head(size, |len| vec![len - len / 4, len / 4]),
    ),
    (
        "a head in two pieces, all but a byte first",
        &[512, 2 * KIB, 8 * KIB, 32 * KIB, 128 * KIB],
        |size| head(size, |len| vec![len - 1, 1]),
    ),
    ("field lines `a:b`", &[8 * KIB, 32 * KIB, 128 * KIB, 512 * KIB, MIB], |size| {
        short_lines(size, usize::MAX)
    }),
    (
        "field lines `a:b`, a packet at a time",
        &[8 * KIB, 32 * KIB, 128 * KIB, 512 * KIB, MIB],
        |size| short_lines(size, 1460),
    ),
    ("folds of a response", &[8 * KIB, 32 * KIB, 128 * KIB, 512 * KIB, MIB], folds),
    ("chunks of one byte", &[62_500, 250_000, 1_000_000], chunks),
    ("bytes after a 101", &[64 * KIB, 256 * KIB, MIB], switch),
    ("minimal requests in one piece", &[100, 400, 1600, 6400, 25_600], pipeline),
];

/// Returns a configuration with limits that no input here reaches.
fn config() -> Arc<Config> {
    let most = 16 * MIB as u32;
    let limits =
        Limits { field_line: most, fields: most, head: most, buffered: most, ..Limits::DEFAULT };
    Arc::new(Config { limits, ..Config::default() })
}

/// Creates an input with a head of about `bytes` bytes, which `cut` cuts in pieces.
fn head(bytes: usize, cut: fn(usize) -> Vec<usize>) -> Input {
    let mut head = b"GET /where?q=now HTTP/1.1\r\nHost: www.example.com\r\n".to_vec();
    let mut number = 0;
    while head.len() < bytes {
        head.extend_from_slice(
            format!("X-Field-{number:03}: {}\r\n", "value, ".repeat(10) + "end").as_bytes(),
        );
        number += 1;
    }
    request(head, number + 1, &cut)
}

fn short_lines(bytes: usize, piece: usize) -> Input {
    let mut head = b"GET / HTTP/1.1\r\nHost: a\r\n".to_vec();
    let number = bytes / 5;
    head.extend_from_slice(&b"a:b\r\n".repeat(number));
    let cut = move |len: usize| vec![piece.min(len); len.div_ceil(piece)];
    request(head, number + 1, &cut)
}

/// Creates an input whose function receives a request in pieces, and responds.
///
/// `head` is the request without its empty line, and `fields` is the number of its fields. Each
/// call of the function uses the same connection.
fn request(mut head: Vec<u8>, fields: usize, cut: &dyn Fn(usize) -> Vec<usize>) -> Input {
    head.extend_from_slice(b"\r\n");
    let (bytes, pieces) = (head.len(), cut(head.len()));
    let (mut server, mut out) = (Connection::with_config(Role::Server, config()), Vec::new());
    let run = move || {
        let (mut found, mut rest) = (0, &head[..]);
        for &len in &pieces {
            let (piece, after) = rest.split_at(len.min(rest.len()));
            rest = after;
            server.receive(piece).expect("room");
            while let Ok(Step::Event) = server.advance() {
                if let Some(Event::Request(request)) = server.event() {
                    found = request.fields().len();
                }
            }
        }
        assert_eq!(found, fields, "the head was not parsed");
        out.clear();
        server.send_response(&ResponseHead::new(204, &()), &mut out).expect("an answer");
    };
    Input { bytes, run: Box::new(run) }
}

/// Sends a request that offers `foo/2`.
fn ask(client: &mut Connection, out: &mut Vec<u8>) {
    out.clear();
    client
        .send_request(&RequestHead::new("GET", "/", &[("Host", "a")]), &["foo/2"], out)
        .expect("a request");
}

fn folds(bytes: usize) -> Input {
    let mut head = b"HTTP/1.1 204 Folded\r\nA: b\r\n".to_vec();
    head.extend_from_slice(&b" c\r\n".repeat(bytes / 4));
    head.extend_from_slice(b"\r\n");
    let (bytes, config, mut out) = (head.len(), config(), Vec::new());
    let run = move || {
        let mut client = Connection::with_config(Role::Client, config.clone());
        ask(&mut client, &mut out);
        client.receive(&head).expect("room");
        assert_eq!(client.advance(), Ok(Step::Event));
        let Some(Event::Response(response)) = client.event() else { panic!("no response") };
        let value = response.fields().get("a").expect("the field");
        assert!(value.len() + 40 > head.len() && value.ends_with(b" c"));
    };
    Input { bytes, run: Box::new(run) }
}

fn chunks(number: usize) -> Input {
    let content = CHUNK.repeat(number);
    let (mut server, mut out) = (Connection::new(Role::Server), Vec::new());
    let run = move || {
        let mut found = 0;
        let head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
        for piece in
            [&head[..]].into_iter().chain(content.chunks(64 * KIB)).chain([&b"0\r\n\r\n"[..]])
        {
            server.receive(piece).expect("room");
            while let Ok(Step::Event) = server.advance() {
                if let Some(Event::Data(data)) = server.event() {
                    found += data.len();
                }
            }
        }
        assert_eq!(found, number);
        out.clear();
        server.send_response(&ResponseHead::new(204, &()), &mut out).expect("an answer");
    };
    Input { bytes: number * CHUNK.len(), run: Box::new(run) }
}

fn switch(bytes: usize) -> Input {
    let mut message =
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: foo/2\r\nConnection: upgrade\r\n\r\n"
            .to_vec();
    message.extend(std::iter::repeat_n(b"\r\n\r\nno HTTP", bytes / 11).flatten());
    let after = bytes / 11 * 11;
    let (bytes, config, mut out) = (message.len(), config(), Vec::new());
    let run = move || {
        let mut client = Connection::with_config(Role::Client, config.clone());
        ask(&mut client, &mut out);
        client.receive(&message).expect("room");
        let mut leftover = 0;
        while let Ok(Step::Event) = client.advance() {
            if let Some(Event::Switched(switched)) = client.event() {
                leftover = switched.leftover.len();
            }
        }
        assert_eq!(leftover, after);
    };
    Input { bytes, run: Box::new(run) }
}

fn pipeline(number: usize) -> Input {
    let message = MINIMAL.repeat(number);
    let (mut server, mut out) = (Connection::with_config(Role::Server, config()), Vec::new());
    let bytes = message.len();
    let run = move || {
        let mut found = 0;
        server.receive(&message).expect("room");
        loop {
            match server.advance() {
                Ok(Step::Event) => {
                    found += usize::from(matches!(server.event(), Some(Event::Request(_))))
                }
                Ok(Step::Paused(Paused::Answer)) => {
                    out.clear();
                    server
                        .send_response(&ResponseHead::new(204, &()), &mut out)
                        .expect("an answer");
                }
                Ok(Step::NeedData) => break,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(found, number);
    };
    Input { bytes, run: Box::new(run) }
}

/// Returns the length of each input and the cost of a byte in nanoseconds.
///
/// Small inputs are parsed several times.
fn measure((_, sizes, make): &Kind) -> Vec<(usize, f64)> {
    let mut inputs: Vec<Input> = sizes.iter().map(|&size| make(size)).collect();
    let all: Vec<usize> = inputs.iter().map(|input| input.bytes).collect();
    let most = all.iter().copied().max().unwrap_or_default().min(256 * KIB);
    let mut jobs: Vec<Job<'_>> = Vec::new();
    for Input { bytes, run } in &mut inputs {
        let times = most.div_ceil(*bytes);
        jobs.push(Job::whole("", times * *bytes, move || (0..times).for_each(|_| run())));
    }
    all.iter().copied().zip(best(ROUNDS, &mut jobs)).collect()
}

/// Returns the largest ratio of the cost in one size to that in the size before.
fn growth(costs: &[(usize, f64)]) -> f64 {
    costs.windows(2).map(|pair| pair[1].1 / pair[0].1).fold(0.0, f64::max)
}

fn main() -> ExitCode {
    let mut is_linear = true;
    for kind in KINDS {
        let mut costs = measure(kind);
        for _ in 1..TRIES {
            if growth(&costs) > MOST {
                // A slow measurement may be noise, so keep the fastest of several.
                let again = measure(kind);
                costs.iter_mut().zip(again).for_each(|(cost, again)| cost.1 = cost.1.min(again.1));
            }
        }
        println!("{}", kind.0);
        let mut before = None;
        for &(bytes, cost) in &costs {
            let growth = before.map_or(String::new(), |before| {
                format!("{:>8.2} times the size before", cost / before)
            });
            println!("{bytes:>12} bytes {cost:>8.3} ns each {growth}");
            before = Some(cost);
        }
        if growth(&costs) > MOST {
            println!(
                "    a byte costs more than {MOST} times as much as in an input of the size before"
            );
            is_linear = false;
        }
    }
    let is_judged = std::env::var_os("JUDGE").is_some();
    if is_linear || !is_judged { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
