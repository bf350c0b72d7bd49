//! Tests of `h2c::Splice` with real HTTP/2 servers that do not know of upgrades.
//!
//! The servers ("engines") are `h2` and nghttpd. The client respects its flow-control windows and
//! sends further requests on streams 3 and 5. An engine that receives a misplaced frame or too much
//! content sends GOAWAY, which fails the test.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use h2::server::SendResponse;
use switchover::h2c::Splice;
use switchover::{Connection, Order, Role, Step};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The requests of a client in one exchange, with lengths in bytes.
#[derive(Clone, Copy, Debug)]
struct Plan {
    /// The length of the content of the upgraded request.
    body: usize,
    /// The lengths of the content on streams 3 and 5; `None` sends no such request.
    uploads: [Option<usize>; 2],
    /// The number of bytes that the client sends at a time.
    piece: usize,
    /// True if the client sends its preface only once the engine has fallen silent.
    late_preface: bool,
}

/// Accepts an upgrade to h2c with `body` bytes of content, and returns the splice.
fn upgrade(body: usize, target: &str) -> Splice {
    let mut server = Connection::new(Role::Server);
    let mut out = Vec::new();
    let head = format!(
        "POST {target} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\
         HTTP2-Settings: AAMAAABkAAQAAP__\r\nContent-Length: {body}\r\n\r\n"
    );
    server.receive(head.as_bytes()).expect("room");
    assert_eq!(server.advance(), Ok(Step::Event));
    let content = vec![b'a'; body];
    let splice = Splice::new(&server.request().expect("the request"), &content, &())
        .expect("it can be taken along");
    let selection = server.select(&["h2c"], Order::Client).expect("h2c is offered");
    server.receive(&content).expect("room");
    while server.advance() == Ok(Step::Event) {}
    server.accept(selection, &(), &mut out).expect("a 101");
    splice
}

/// A client that speaks HTTP/2 after the 101; its upgraded request is stream 1.
struct Client {
    plan: Plan,
    /// The bytes that the client has not sent yet.
    outgoing: Vec<u8>,
    received: Vec<u8>,
    connection_window: i64,
    initial_window: i64,
    is_acknowledged: bool,
    /// The content left to send on streams 3 and 5, with the window of each.
    uploads: [Option<Upload>; 2],
    answers: [Answer; 3],
}

#[derive(Clone, Copy)]
struct Upload {
    left: usize,
    window: i64,
}

#[derive(Clone, Default)]
struct Answer {
    head: Vec<u8>,
    body: Vec<u8>,
    is_whole: bool,
}

impl Client {
    fn new(plan: Plan, path: &str) -> Self {
        let mut outgoing = PREFACE.to_vec();
        // Settings and window for large responses; the header table keeps its default size.
        put(4, 0, 0, &[0, 4, 0, 0x10, 0, 0], &mut outgoing);
        put(8, 0, 0, &[0, 0x10, 0, 0], &mut outgoing);
        for (index, upload) in plan.uploads.iter().enumerate() {
            if let Some(len) = upload {
                let mut block = vec![0x83, 0x86, 0x04, path.len() as u8];
                block.extend_from_slice(path.as_bytes());
                block.extend_from_slice(b"\x01\x09localhost");
                put(1, if *len == 0 { 5 } else { 4 }, 2 * index as u32 + 3, &block, &mut outgoing);
            }
        }
        Self {
            plan,
            outgoing,
            received: Vec::new(),
            connection_window: 65_535,
            initial_window: 65_535,
            is_acknowledged: false,
            uploads: plan.uploads.map(|upload| upload.map(|left| Upload { left, window: 65_535 })),
            answers: Default::default(),
        }
    }

    fn is_answered(&self) -> bool {
        let wanted = [true, self.plan.uploads[0].is_some(), self.plan.uploads[1].is_some()];
        wanted.iter().zip(&self.answers).all(|(wanted, answer)| !wanted || answer.is_whole)
    }

    /// Sends as much content as the windows of stream and connection allow.
    ///
    /// The frames have at most 9,999 bytes of content, and the streams take turns.
    fn upload(&mut self) {
        loop {
            let mut has_sent = false;
            for (index, upload) in self.uploads.iter_mut().enumerate() {
                let Some(upload) = upload.as_mut().filter(|upload| upload.left > 0) else {
                    continue;
                };
                let room = upload.window.min(self.connection_window).clamp(0, 9_999) as usize;
                let len = room.min(upload.left);
                if len == 0 {
                    continue;
                }
                upload.left -= len;
                upload.window -= len as i64;
                self.connection_window -= len as i64;
                put(
                    0,
                    u8::from(upload.left == 0),
                    2 * index as u32 + 3,
                    &vec![b'u'; len],
                    &mut self.outgoing,
                );
                has_sent = true;
            }
            if !has_sent {
                return;
            }
        }
    }

    fn receive(&mut self, bytes: &[u8]) {
        self.received.extend_from_slice(bytes);
        while self.received.len() >= 9 {
            let len = u32::from_be_bytes([0, self.received[0], self.received[1], self.received[2]])
                as usize;
            if self.received.len() < 9 + len {
                return;
            }
            let frame: Vec<u8> = self.received.drain(..9 + len).collect();
            let stream = u32::from_be_bytes([frame[5] & 0x7f, frame[6], frame[7], frame[8]]);
            self.take(frame[3], frame[4], stream, &frame[9..]);
        }
    }

    fn take(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        match kind {
            0 | 1 => {
                let answer = &mut self.answers[(stream as usize - 1) / 2];
                if kind == 0 { &mut answer.body } else { &mut answer.head }
                    .extend_from_slice(payload);
                answer.is_whole |= flags & 1 != 0;
            }
            3 => panic!("stream {stream} was reset: {payload:?}"),
            4 if flags & 1 != 0 => {
                assert!(
                    !self.is_acknowledged,
                    "one ACK for the one SETTINGS that the client has sent"
                );
                self.is_acknowledged = true;
            }
            4 => self.take_settings(payload),
            7 => panic!(
                "the engine has given up: {:?} {}",
                payload,
                String::from_utf8_lossy(&payload[8..])
            ),
            8 => {
                let given = i64::from(u32::from_be_bytes(payload.try_into().expect("four bytes")));
                match stream {
                    0 => self.connection_window += given,
                    1 => {}
                    stream => {
                        let upload = &mut self.uploads[(stream as usize - 3) / 2];
                        upload.as_mut().expect("its own stream").window += given;
                    }
                }
            }
            _ => {}
        }
    }

    fn take_settings(&mut self, payload: &[u8]) {
        for setting in payload.as_chunks::<6>().0 {
            if setting[..2] == [0, 4] {
                let window =
                    i64::from(u32::from_be_bytes([setting[2], setting[3], setting[4], setting[5]]));
                let change = window - self.initial_window;
                self.initial_window += change;
                self.uploads.iter_mut().flatten().for_each(|upload| upload.window += change);
            }
        }
        put(4, 1, 0, &[], &mut self.outgoing);
    }
}

fn put(kind: u8, flags: u8, stream: u32, payload: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&(payload.len() as u32).to_be_bytes()[1..]);
    out.extend_from_slice(&[kind, flags]);
    out.extend_from_slice(&stream.to_be_bytes());
    out.extend_from_slice(payload);
}

/// Runs client, splice and engine until all responses are complete.
///
/// `io` is the engine's transport.
async fn exchange(
    plan: Plan,
    target: &str,
    mut io: impl AsyncRead + AsyncWrite + Unpin,
) -> [Answer; 3] {
    let mut splice = upgrade(plan.body, target);
    let mut client = Client::new(plan, target);
    let mut space = vec![0; 1 << 16];
    let mut has_spoken = false;
    // A limit that no exchange reaches.
    for _ in 0..2_000_000 {
        client.upload();
        let may_speak = has_spoken || !plan.late_preface;
        if may_speak && splice.wants_client() && !client.outgoing.is_empty() {
            let piece: Vec<u8> =
                client.outgoing.drain(..plan.piece.min(client.outgoing.len())).collect();
            splice.client_sent(&piece);
        }
        let for_engine = splice.take_for_engine();
        if !for_engine.is_empty() {
            io.write_all(&for_engine).await.expect("the engine reads");
        }
        if client.is_answered() && client.outgoing.is_empty() {
            break;
        }
        // Wait long for the engine only when the client has nothing left to send.
        let millis = if client.outgoing.is_empty() { 5_000 } else { 1 };
        match timeout(Duration::from_millis(millis), io.read(&mut space)).await {
            Ok(Ok(0)) => panic!("{plan:?}: the engine has closed"),
            Ok(Ok(len)) => splice.engine_sent(&space[..len]),
            Ok(Err(error)) => panic!("{plan:?}: {error}"),
            Err(_) if client.outgoing.is_empty() => panic!("{plan:?}: nothing moves"),
            Err(_) => has_spoken = true,
        }
        client.receive(&splice.take_for_client());
    }
    settle(&mut splice, &mut client, &mut io).await;
    // An engine returns window in large pieces. One with a window smaller than the default does so
    // only after more data; until then the splice still owes it.
    let uploaded = plan.uploads.iter().flatten().sum::<usize>();
    let must_be_done = plan.body == 0 || uploaded >= 100_000;
    assert!(
        splice.is_done() || !must_be_done,
        "{plan:?}: the splice is still in the way: {splice:?}"
    );
    assert!(!splice.is_waiting(), "{plan:?}: something was left after: {splice:?}");
    client.answers
}

/// Runs the splice after the last response, until the engine is silent for 100 ms.
///
/// The engine may still send WINDOW_UPDATE frames.
async fn settle(
    splice: &mut Splice,
    client: &mut Client,
    io: &mut (impl AsyncRead + AsyncWrite + Unpin),
) {
    let mut space = vec![0; 1 << 16];
    while let Ok(Ok(len @ 1..)) = timeout(Duration::from_millis(100), io.read(&mut space)).await {
        splice.engine_sent(&space[..len]);
        client.receive(&splice.take_for_client());
        splice.client_sent(&std::mem::take(&mut client.outgoing));
        io.write_all(&splice.take_for_engine()).await.expect("the engine reads");
    }
}

// The HTTP/2 servers that serve as engines.

/// Serves requests with the crate `h2`.
///
/// A response has the request's method, its path and the length of its content.
async fn h2_engine(io: tokio::io::DuplexStream, window: u32) {
    let mut builder = h2::server::Builder::new();
    builder.initial_window_size(window).initial_connection_window_size(window);
    let mut connection = builder.handshake::<_, bytes::Bytes>(io).await.expect("HTTP/2");
    while let Some(Ok((request, respond))) = connection.accept().await {
        tokio::spawn(answer(request, respond));
    }
}

async fn answer(request: http::Request<h2::RecvStream>, mut respond: SendResponse<bytes::Bytes>) {
    let (head, mut content) = request.into_parts();
    let mut len = 0;
    while let Some(Ok(data)) = content.data().await {
        len += data.len();
        content.flow_control().release_capacity(data.len()).expect("what was read");
    }
    let text = format!("{} {} {len}", head.method, head.uri.path());
    let mut body =
        respond.send_response(http::Response::new(()), false).expect("a stream that is open");
    body.send_data(text.into(), true).expect("a stream that is open");
}

async fn with_h2(plan: Plan, window: u32) {
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    tokio::spawn(h2_engine(theirs, window));
    let answers = exchange(plan, "/a", ours).await;
    let text = |answer: &Answer| String::from_utf8_lossy(&answer.body).into_owned();
    assert_eq!(text(&answers[0]), format!("POST /a {}", plan.body), "{plan:?}");
    for (answer, upload) in answers[1..].iter().zip(plan.uploads) {
        if let Some(len) = upload {
            assert_eq!(text(answer), format!("POST /a {len}"), "{plan:?}");
            assert_eq!(answer.head[0], 0x88, "200 as the static table has it");
        }
    }
}

/// Checks that stream 1 and later ones are answered, for many contents and windows.
///
/// The contents are those of the requests, the windows the engine's (R7540-3.2-7).
#[tokio::test(start_paused = true)]
async fn h2_answers_and_goes_on() {
    for window in [16_384, 65_535, 1 << 20] {
        for body in [0, 1, 60_000, 65_535] {
            for uploads in [
                [None, None],
                [Some(0), None],
                [Some(200_000), None],
                [Some(120_000), Some(120_000)],
            ] {
                with_h2(Plan { body, uploads, piece: usize::MAX, late_preface: false }, window)
                    .await;
            }
        }
    }
}

/// Checks that the exchange works for pieces of many sizes from the client.
#[tokio::test(start_paused = true)]
async fn h2_answers_at_every_split() {
    for piece in (1..140).chain([1_000, 9_999, 16_393]) {
        let uploads = if piece < 140 { [Some(3), Some(0)] } else { [Some(100_000), Some(100_000)] };
        with_h2(Plan { body: 60_000, uploads, piece, late_preface: false }, 65_535).await;
    }
}

/// Checks that a client may send its HTTP/2 preface after the server's SETTINGS.
///
/// The client waits until the server is silent.
#[tokio::test(start_paused = true)]
async fn h2_answers_a_late_preface() {
    for window in [16_384, 65_535, 1 << 20] {
        let plan = Plan {
            body: 60_000,
            uploads: [Some(120_000), Some(120_000)],
            piece: 7_777,
            late_preface: true,
        };
        with_h2(plan, window).await;
    }
}

/// Checks the exchange with nghttpd, which sends back the content of each request.
#[tokio::test]
#[ignore = "needs nghttpd; `tests/run` runs it where that can be had"]
async fn nghttpd_answers_and_goes_on() {
    let nghttpd = Nghttpd::start().expect("nghttpd");
    for body in [0, 60_000, 65_535] {
        for uploads in [[None, None], [Some(200_000), None], [Some(120_000), Some(120_000)]] {
            for piece in [usize::MAX, 1_000] {
                let plan = Plan { body, uploads, piece, late_preface: false };
                let io = tokio::net::TcpStream::connect(("127.0.0.1", nghttpd.port))
                    .await
                    .expect("nghttpd");
                let answers = exchange(plan, "/echo", io).await;
                assert_eq!(answers[0].body, vec![b'a'; body], "{plan:?}");
                for (answer, upload) in answers[1..].iter().zip(uploads) {
                    assert_eq!(answer.body.len(), upload.unwrap_or_default(), "{plan:?}");
                }
            }
        }
    }
}

/// A process of nghttpd on a free port; dropping it ends the process.
struct Nghttpd {
    process: Child,
    port: u16,
}

impl Nghttpd {
    fn start() -> Option<Self> {
        // The port is free again at once, and nothing else asks for a port in between.
        let port = std::net::TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
        let process = Command::new("nghttpd")
            .args(["--no-tls", "--echo-upload", "-a", "127.0.0.1", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        for _ in 0..500 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Some(Self { process, port });
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("nghttpd does not listen");
    }
}

impl Drop for Nghttpd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
