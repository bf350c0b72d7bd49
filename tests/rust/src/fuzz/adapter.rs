//! Invariant: the adapter for tokio sends what the engine alone sends.
//!
//! The engine receives the requests at once. The adapter receives them in pieces, and its transport
//! has room for little or much. The one exception is a 100, which a client gets only if its content
//! has not arrived yet.
//!
//! The fuzz input is the room, the length of pieces, the form of responses, and the client's bytes.
//! The handler responds with a summary of the request. It accepts an offer of `foo`, and then
//! returns what it receives.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body::{Frame, SizeHint};
use http_body_util::{BodyExt, Full};
use switchover::{Connection, End, Error, Event, Next, Order, Owes, ResponseHead, Role};
use switchover_tokio::{Body, BoxError, Config, serve_connection, service_fn, upgrade};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex, split};
use tokio::runtime::Builder;
use tokio::time::timeout;

use crate::text::summary;

/// The protocol that the handler supports.
const PROTOCOL: &str = "foo";

/// The maximum length in bytes of the client's input.
///
/// The engine receives the whole input in one call.
const LONGEST: usize = 32 * 1024;

/// The maximum length in bytes of content that a handler may leave unread.
///
/// After an early response, the engine closes the connection if much more content is still to
/// come. That would depend on how much has arrived, so it would differ between the two runs.
const UNREAD: u64 = 4096;

/// Checks the module's invariant for one fuzz input.
pub fn check(data: &[u8]) {
    let Some((&[room, piece, form], input)) = data.split_first_chunk() else { return };
    if input.len() > LONGEST {
        return;
    }
    let form = Form { is_deaf: form & 1 != 0, is_chunked: form & 2 != 0 };
    let wanted = without_continue(directly(form, input));
    let (room, piece) = (1 + 16 * usize::from(room), 1 + usize::from(piece));
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    let sent = runtime.expect("a runtime").block_on(served(form, room, piece, input));
    let sent = without_continue(sent);
    assert!(
        sent == wanted,
        "{}\n  the adapter: {}\n  the engine: {}",
        input.escape_ascii(),
        sent.escape_ascii(),
        wanted.escape_ascii()
    );
}

/// The handler's behaviour, which is the same for all requests of a run.
#[derive(Clone, Copy)]
struct Form {
    /// True if the handler does not read content of a known length up to `UNREAD`.
    ///
    /// It still reads content for which the client waits for a 100.
    is_deaf: bool,
    /// True if the length of a response's content is not known in advance.
    is_chunked: bool,
}

impl Form {
    /// Returns whether the handler reads a request's content before it responds.
    ///
    /// `length` is the content's length, `None` if it is chunked. `is_awaited` is true if the
    /// request has `Expect`: an early response would then differ from one after a 100.
    fn reads(self, length: Option<u64>, is_awaited: bool) -> bool {
        !self.is_deaf || is_awaited || length.is_none_or(|length| length > UNREAD)
    }
}

fn status(method: &Method) -> u16 {
    // A 2xx would open a tunnel.
    if method == Method::CONNECT { 405 } else { 200 }
}

fn answer(target: &str, content: &[u8]) -> String {
    format!("{target} {}", summary(content))
}

fn config() -> Config {
    Config { date: false, ..Config::default() }
}

fn without_continue(mut bytes: Vec<u8>) -> Vec<u8> {
    const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
    while let Some(at) = bytes.windows(CONTINUE.len()).position(|window| window == CONTINUE) {
        bytes.drain(at..at + CONTINUE.len());
    }
    bytes
}

// The adapter.

/// Returns the bytes that a client of the adapter receives.
async fn served(form: Form, room: usize, piece: usize, input: &[u8]) -> Vec<u8> {
    let (client, server) = duplex(room);
    let (config, handler) = (config(), service_fn(move |request| handle(form, request)));
    let serving = serve_connection(server, handler, &config);
    let (_, received) = timeout(Duration::from_secs(3600), async {
        tokio::join!(serving, exchanged(client, piece, input))
    })
    .await
    .expect("the connection ends");
    received
}

/// Sends `input` in pieces, and returns all bytes that the server sends.
async fn exchanged(client: DuplexStream, piece: usize, input: &[u8]) -> Vec<u8> {
    let (mut reader, mut writer) = split(client);
    let mut received = Vec::new();
    let sending = async move {
        for piece in input.chunks(piece) {
            if writer.write_all(piece).await.is_err() {
                return;
            }
            tokio::task::yield_now().await;
        }
        let _ = writer.shutdown().await;
    };
    let (_, read) = tokio::join!(sending, reader.read_to_end(&mut received));
    read.expect("bytes");
    received
}

async fn handle(form: Form, request: Request<Body>) -> Result<Response<Content>, BoxError> {
    let chosen = upgrade::select(&request, [PROTOCOL]);
    let (head, body) = request.into_parts();
    let length = http_body::Body::size_hint(&body).exact();
    let content = if form.reads(length, head.headers.contains_key("expect")) {
        body.collect().await?.to_bytes()
    } else {
        Bytes::new()
    };
    if let Some(chosen) = chosen {
        return Ok(chosen.accept(|mut stream| async move {
            let mut heard = Vec::new();
            stream.read_to_end(&mut heard).await.expect("bytes");
            stream.write_all(&heard).await.expect("a client");
        }));
    }
    let content = Full::from(answer(&head.uri.to_string(), &content));
    let content = Content { whole: content, has_length: !form.is_chunked };
    Ok(Response::builder().status(status(&head.method)).body(content)?)
}

/// The content of a response, whose length may be known.
#[derive(Default)]
struct Content {
    whole: Full<Bytes>,
    has_length: bool,
}

impl http_body::Body for Content {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Pin::new(&mut self.whole).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.has_length && self.whole.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        if self.has_length { self.whole.size_hint() } else { SizeHint::new() }
    }
}

// The engine.

/// Returns the bytes that the engine sends if it receives the input at once.
fn directly(form: Form, input: &[u8]) -> Vec<u8> {
    let mut http = Connection::with_config(Role::Server, (*config().http).clone());
    let mut out = Vec::new();
    http.receive(input).expect("room");
    http.receive_eof(End::Clean);
    if let Err(error) = exchanges(form, &mut http, &mut out) {
        let status = error.status().unwrap_or(500);
        // It fails if a response has begun.
        let _ = http.reject(&ResponseHead::new(status, &()), b"", &mut out);
    }
    out
}

fn exchanges(form: Form, http: &mut Connection, out: &mut Vec<u8>) -> Result<(), Error> {
    loop {
        let request = match http.next_event()? {
            Next::Event(Event::Request(request)) => Request::try_from(request),
            Next::Event(_) => continue,
            _ => return Ok(()),
        };
        let Ok(request) = request else {
            // `http` does not accept the target.
            return http.reject(&ResponseHead::new(400, &()), b"", out);
        };
        let selection = http.select(&[PROTOCOL], Order::Server);
        let is_awaited = request.headers().contains_key("expect") || http.owes() == Owes::Continue;
        let mut content = Vec::new();
        let length = match http.content() {
            switchover::Content::Length(length) => Some(length),
            switchover::Content::None => Some(0),
            _ => None,
        };
        // Without its end, a request cannot be accepted.
        let mut is_whole = selection.is_none() && !form.reads(length, is_awaited);
        while !is_whole {
            match http.next_event()? {
                Next::Event(Event::Data(data)) => content.extend_from_slice(data),
                Next::Event(_) => is_whole = true,
                _ => return Ok(()),
            }
        }
        if let Some(selection) = selection {
            http.accept(selection, &(), out)?;
            out.extend(http.take_leftover());
            return Ok(());
        }
        let content = answer(&request.uri().to_string(), &content);
        respond(form, request.method(), content.as_bytes(), http, out)?;
        let _ = http.skip_content();
        if !http.persists() {
            return Ok(());
        }
    }
}

fn respond(
    form: Form,
    method: &Method,
    content: &[u8],
    http: &mut Connection,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    let status = status(method);
    if !form.is_chunked && method != Method::HEAD {
        return http.respond(&ResponseHead::new(status, &()), content, out);
    }
    let length = content.len().to_string();
    let fields = [("content-length", &length[..])];
    let fields = if form.is_chunked { &fields[..0] } else { &fields[..] };
    http.send_response(&ResponseHead::new(status, &fields), out)?;
    if method != Method::HEAD {
        http.send_data(content, out)?;
    }
    http.send_end(&(), out)
}
