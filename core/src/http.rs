//! Conversions for the types of the `http` crate (feature `http`).
//!
//! A received head becomes an `http::Request` or `http::Response` with `try_from`. The conversion
//! loses the case of field names, the order of lines with different names, the reason phrase, and a
//! minor version above 1. Equal lengths become one. It fails if the `http` crate does not accept
//! the target or a field: respond with 400, or use [`Request::target`]. An OPTIONS of the whole
//! server may have an absolute target without a path. It becomes `*`, with the target's authority
//! as Host (RFC 9112, section 3.2.4).
//!
//! A [`HeaderMap`] can be sent wherever field lines are expected, alone or in a pair with others.
//! Its names are sent in lower case.
//!
//! ```
//! use http::{HeaderMap, HeaderValue, Method, Request, Uri, header};
//! use switchover::http::target;
//! use switchover::{Connection, Event, Next, RequestHead, ResponseHead, Role};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (parts, ()) = Request::get("http://example.org/a?b")
//!     .header(header::ACCEPT, "*/*")
//!     .body(())?
//!     .into_parts();
//! let (mut client, mut to_server) = (Connection::new(Role::Client), Vec::new());
//! // The Host is the authority of the URI, as the headers have none.
//! let host =
//!     [("Host", parts.uri.authority().map_or("", |authority| authority.as_str()))];
//! let fields = (host, &parts.headers);
//! let target = target(&parts.method, &parts.uri);
//! client.send_request(
//!     &RequestHead::new(parts.method.as_str(), &target, &fields),
//!     &[],
//!     &mut to_server,
//! )?;
//! assert_eq!(
//!     to_server,
//!     b"GET /a?b HTTP/1.1\r\nHost: example.org\r\naccept: */*\r\n\r\n"
//! );
//!
//! let (mut server, mut to_client) = (Connection::new(Role::Server), Vec::new());
//! server.receive(&to_server)?;
//! let Next::Event(Event::Request(request)) = server.next_event()? else {
//!     panic!("a request")
//! };
//! let request = Request::try_from(request)?;
//! assert_eq!(
//!     (request.method(), request.uri()),
//!     (&Method::GET, &Uri::from_static("/a?b"))
//! );
//!
//! let mut headers = HeaderMap::new();
//! headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
//! server.respond(&ResponseHead::new(200, &headers), b"hello", &mut to_client)?;
//! assert_eq!(
//!     to_client,
//!     b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
//! );
//! # Ok(())
//! # }
//! ```

use alloc::borrow::Cow;
use alloc::string::ToString;

use bytes::{Bytes, BytesMut};

use ::http::{Error, HeaderMap, HeaderName, HeaderValue, Method, Uri, Version, header};

use crate::event::Response;
use crate::upgrade::Request;
use crate::wire::fields::{Field, Fields, one_length};
use crate::wire::known::KnownField;
use crate::wire::source::{FieldSource, Piece, Pieces};

/// Returns the request target that a client sends to the origin server for `uri`.
///
/// It is the path and query, `*` if the URI is that, or for CONNECT the authority. A missing path
/// becomes `/`. In a request to a proxy, send the whole URI instead. RFC 9112, section 3.2.
pub fn target<'a>(method: &Method, uri: &'a Uri) -> Cow<'a, str> {
    if method == Method::CONNECT {
        return uri
            .authority()
            .map_or(Cow::Borrowed(""), |authority| Cow::Borrowed(authority.as_str()));
    }
    match uri.path_and_query() {
        // The target of a URI without a path begins with `/`.
        Some(target) if target.as_str().starts_with('?') => {
            Cow::Owned("/".to_string() + target.as_str())
        }
        Some(target) => Cow::Borrowed(target.as_str()),
        None => Cow::Borrowed("/"),
    }
}

impl FieldSource for HeaderMap {
    fn each<'s>(&'s self, each: &mut dyn FnMut(Field<'s>)) {
        for (name, value) in self {
            each(Field { name: name.as_str().as_bytes(), value: value.as_bytes() });
        }
    }

    fn pieces(&self) -> Option<&dyn Pieces> {
        Some(self)
    }
}

/// Emits the field lines as already checked: a `HeaderMap` holds only valid ones.
///
/// A name is a token, and a value has no control character but HTAB.
impl Pieces for HeaderMap {
    fn each_piece<'s>(&'s self, each: &mut dyn FnMut(Piece<'s>)) {
        for (name, value) in self {
            each(Piece::Sound(Field { name: name.as_str().as_bytes(), value: value.as_bytes() }));
        }
    }
}

impl TryFrom<Request<'_>> for ::http::Request<()> {
    type Error = Error;

    fn try_from(received: Request<'_>) -> Result<Self, Error> {
        let mut request = Self::new(());
        fill_request(&mut request, received, Bytes::copy_from_slice(received.fields().as_bytes()))?;
        Ok(request)
    }
}

impl Request<'_> {
    /// Writes this request into an existing `http::Request`, and reuses its memory.
    ///
    /// All but the body and the extensions of `request` is replaced. The header values share
    /// `memory`, which grows if needed. A server that reuses both allocates nothing for most
    /// requests whose field names `http` knows. `http::Request::try_from` does the same with new
    /// memory.
    ///
    /// ```
    /// use bytes::BytesMut;
    /// use http::Request;
    /// use switchover::{Connection, Event, Next, Role};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let (mut request, mut memory) = (Request::new(()), BytesMut::new());
    /// let mut server = Connection::new(Role::Server);
    /// server.receive(b"GET /a HTTP/1.1\r\nHost: example.org\r\n\r\n")?;
    /// if let Next::Event(Event::Request(received)) = server.next_event()? {
    ///     received.write_to(&mut request, &mut memory)?;
    /// }
    /// assert_eq!(request.uri().path(), "/a");
    /// assert_eq!(request.headers()["host"], "example.org");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If `http` does not accept the target or a field. Respond with 400, or use [`Self::target`].
    pub fn write_to<B>(
        self,
        request: &mut ::http::Request<B>,
        memory: &mut BytesMut,
    ) -> Result<(), Error> {
        let head = self.fields().as_bytes();
        if memory.capacity() < head.len() {
            memory.reserve(head.len().max(PIECE));
        }
        memory.extend_from_slice(head);
        request.headers_mut().clear();
        // Those of a new request; another method or target is written where there is one.
        *request.method_mut() = Method::GET;
        *request.uri_mut() = Uri::default();
        fill_request(request, self, memory.split().freeze())
    }
}

/// The minimum of bytes reserved at a time for copied heads, enough for several.
const PIECE: usize = 2 * 1024;

/// Writes a received request into a new or cleared `http::Request`.
///
/// The header values share the bytes of `head`, a copy of the received head. Two are new: one
/// length of several, and the Host of an OPTIONS for a whole server. A new request already has the
/// method GET and the target `/`, so these are not written.
fn fill_request<B>(
    request: &mut ::http::Request<B>,
    received: Request<'_>,
    head: Bytes,
) -> Result<(), Error> {
    let fields = received.fields();
    fill(request.headers_mut(), fields, &head)?;
    let (method, target) = received.line_bytes();
    if method != b"GET" {
        *request.method_mut() = Method::from_bytes(method)?;
    }
    if let Some(authority) = whole_server(&received) {
        *request.uri_mut() = Uri::from_static("*");
        request.headers_mut().insert(header::HOST, HeaderValue::from_str(authority)?);
    } else if target != b"/" {
        *request.uri_mut() = Uri::from_maybe_shared(part(&head, fields.as_bytes(), target))?;
    }
    *request.version_mut() = version(received.minor_version());
    Ok(())
}

/// Returns the authority of an absolute target without path and query, in OPTIONS.
///
/// Such a request is for the whole server. `Uri` would make the path `/`, which is another target.
/// A target `*` with the authority as its Host means the same (RFC 9112, section 3.2.4).
fn whole_server<'a>(received: &Request<'a>) -> Option<&'a str> {
    let (method, target) = received.line_bytes();
    if method != b"OPTIONS" || target.first() == Some(&b'/') {
        return None;
    }
    let (_, rest) = received.target().split_once("://")?;
    received.authority().filter(|_| !rest.contains(['/', '?']))
}

/// Returns the bytes of `part`, as a slice of `copy` if possible.
///
/// `copy` is a copy of `whole`. If `part` is not within `whole`, the result is a new copy of it.
fn part(copy: &Bytes, whole: &[u8], part: &[u8]) -> Bytes {
    let start = (part.as_ptr() as usize).wrapping_sub(whole.as_ptr() as usize);
    match start.checked_add(part.len()) {
        Some(end) if end <= copy.len() => copy.slice(start..end),
        _ => Bytes::copy_from_slice(part),
    }
}

impl TryFrom<Response<'_>> for ::http::Response<()> {
    type Error = Error;

    fn try_from(received: Response<'_>) -> Result<Self, Error> {
        let mut response = Self::builder()
            .status(received.status())
            .version(version(received.minor_version()))
            .body(())?;
        *response.headers_mut() = received.fields().try_into()?;
        Ok(response)
    }
}

fn version(minor: u8) -> Version {
    if minor == 0 { Version::HTTP_10 } else { Version::HTTP_11 }
}

impl TryFrom<Fields<'_>> for HeaderMap {
    type Error = Error;

    fn try_from(received: Fields<'_>) -> Result<Self, Error> {
        let mut headers = Self::new();
        fill(&mut headers, received, &Bytes::copy_from_slice(received.as_bytes()))?;
        Ok(headers)
    }
}

/// Adds received field lines to a map; the values share the bytes of `copy`.
///
/// `copy` is a copy of the head or trailer section. Equal lengths become one.
fn fill(headers: &mut HeaderMap, received: Fields<'_>, copy: &Bytes) -> Result<(), Error> {
    let (_, spans) = received.spans();
    headers.try_reserve(spans.len())?;
    let host = received.index_of(KnownField::Host);
    for (index, [name, name_end, value, value_end]) in spans.enumerate() {
        let (name, value) = (name as usize..name_end as usize, value as usize..value_end as usize);
        // Nearly all requests have a Host, and the parser has already found it.
        let name =
            if host == Some(index) { header::HOST } else { HeaderName::from_bytes(&copy[name])? };
        headers.try_append(name, HeaderValue::from_maybe_shared(copy.slice(value))?)?;
    }
    if received.index_of(KnownField::ContentLength).is_some() {
        unify_lengths(headers);
    }
    Ok(())
}

/// Replaces equal `Content-Length` values by one (RFC 9110, section 8.6).
///
/// So the message may be forwarded. Lengths that differ stay unchanged.
fn unify_lengths(headers: &mut HeaderMap) {
    let lines = headers.get_all(header::CONTENT_LENGTH);
    let mut lengths = lines.iter().map(|line| one_length(line.as_bytes()));
    let Some(Some((first, length))) = lengths.next() else { return };
    let is_whole = lines.iter().next().is_some_and(|line| line.len() == first.len());
    if is_whole && lines.iter().nth(1).is_none() {
        return;
    }
    if lengths.all(|other| other.is_some_and(|(_, other)| other == length)) {
        headers.insert(header::CONTENT_LENGTH, length.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::encode::check;
    use crate::{Connection, ErrorKind, Event, Next, RequestHead, ResponseHead, Role};
    use alloc::format;
    use alloc::vec::Vec;

    #[test]
    fn targets_of_each_form() {
        for (method, uri, wanted) in [
            (Method::GET, "http://a/b?c", "/b?c"),
            (Method::GET, "http://a", "/"),
            (Method::GET, "http://a?c", "/?c"),
            (Method::GET, "/b", "/b"),
            (Method::OPTIONS, "*", "*"),
            (Method::CONNECT, "a:1", "a:1"),
        ] {
            assert_eq!(target(&method, &Uri::from_static(uri)), wanted, "{method} {uri}");
        }
    }

    /// Checks that a reused request has the method, target and Host of the new one.
    #[test]
    fn a_request_that_is_reused_has_the_new_line() {
        let mut server = Connection::new(Role::Server);
        let (mut request, mut memory) = (::http::Request::new(()), BytesMut::new());
        let heads =
            [("POST", "/x", "a"), ("GET", "/", "b"), ("OPTIONS", "*", "c"), ("GET", "/", "d")];
        for (method, target, host) in heads {
            let head = format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
            server.receive(head.as_bytes()).unwrap();
            let Next::Event(Event::Request(received)) = server.next_event().unwrap() else {
                panic!("no request");
            };
            received.write_to(&mut request, &mut memory).unwrap();
            assert_eq!(
                (request.method().as_str(), request.uri().to_string()),
                (method, target.into())
            );
            assert_eq!(request.headers()["host"], host);
            server.next_event().unwrap();
            server.respond(&ResponseHead::new(204, &()), b"", &mut Vec::new()).unwrap();
        }
    }

    /// Checks that the engine rejects no byte of names and values that `http` accepts.
    ///
    /// So a `HeaderMap` needs no second check. Every byte is tried alone, after an `a` and before
    /// one.
    #[test]
    fn a_header_map_holds_only_what_may_be_sent() {
        let check = |name: &[u8], value: &[u8]| check(Field { name, value });
        let (mut names, mut values) = (0, 0);
        for byte in 0..=255 {
            for piece in [&[byte][..], &[b'a', byte], &[byte, b'a']] {
                if let Ok(name) = HeaderName::from_bytes(piece) {
                    names += 1;
                    assert!(check(name.as_str().as_bytes(), b"").is_ok(), "{byte}");
                }
                if let Ok(value) = HeaderValue::from_bytes(piece) {
                    values += 1;
                    assert!(check(b"a", value.as_bytes()).is_ok(), "{byte}");
                }
            }
        }
        assert_eq!((names, values), (77 * 3, 224 * 3));
    }

    /// Checks that Upgrade, malformed Content-Length and malformed Connection fail.
    ///
    /// The bytes of a `HeaderMap` are not checked again, but these fields are.
    #[test]
    fn a_header_map_cannot_say_what_is_the_engines() {
        for (name, value, wanted) in [
            ("upgrade", "foo", ErrorKind::ReservedField),
            ("content-length", "1 2", ErrorKind::FramingConflict),
            ("connection", "a b", ErrorKind::InvalidValue),
        ] {
            let mut server = Connection::new(Role::Server);
            server.receive(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").expect("room");
            server.advance().expect("a request");
            let mut headers = HeaderMap::new();
            headers.insert("a", HeaderValue::from_static("b"));
            headers.insert(name, HeaderValue::from_static(value));
            let mut out = Vec::new();
            let error =
                server.respond(&ResponseHead::new(200, &headers), b"", &mut out).expect_err(name);
            assert_eq!((error.kind(), error.field(), out.len()), (wanted, Some(1), 0), "{name}");
        }
    }

    fn received(request: &str) -> Result<::http::Request<()>, Error> {
        let mut server = Connection::new(Role::Server);
        server.receive(request.as_bytes()).expect("room");
        let Ok(Next::Event(Event::Request(request))) = server.next_event() else {
            panic!("{request}")
        };
        ::http::Request::try_from(request)
    }

    /// Checks that equal lengths become one, which a proxy may forward.
    ///
    /// Proves: R9110-8.6-9.
    #[test]
    fn equal_lengths_become_one() {
        for lengths in ["3", "3, 3", "03,3", "3\r\nContent-Length: 003"] {
            let head =
                format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {lengths}\r\nA: 1\r\n\r\n");
            let request = received(&head).expect("a request");
            let values: Vec<_> = request.headers().get_all("content-length").iter().collect();
            assert_eq!(values, ["3"], "{lengths}");
            assert_eq!(request.headers().len(), 3);
        }
    }

    /// Checks that OPTIONS of `http://b` and of `http://b/` remain different.
    ///
    /// RFC 9112, section 3.2.4.
    #[test]
    fn options_of_a_server_as_a_whole_are_told_apart() {
        for (target, wanted) in [
            ("*", "* of a"),
            ("http://b:1", "* of b:1"),
            ("http://b/", "http://b/ of a"),
            ("/://", "/:// of a"),
        ] {
            let request =
                received(&format!("OPTIONS {target} HTTP/1.1\r\nHost: a\r\n\r\n")).expect("a URI");
            let got = format!(
                "{} of {}",
                request.uri(),
                request.headers()["host"].to_str().expect("text")
            );
            assert_eq!(got, wanted);
        }
    }

    #[test]
    fn a_request_keeps_its_lines_of_one_name_in_order() {
        let request =
            received("GET /a HTTP/1.0\r\nA: 1\r\nB: \u{e9}\r\na: 2\r\n\r\n").expect("a URI");
        assert_eq!((request.version(), request.uri().path()), (Version::HTTP_10, "/a"));
        let values: Vec<_> =
            request.headers().get_all("a").iter().map(|value| value.as_bytes()).collect();
        assert_eq!(values, [b"1", b"2"]);
        assert_eq!(request.headers()["b"].as_bytes(), "\u{e9}".as_bytes());
        assert!(
            received("GET /<a> HTTP/1.1\r\nHost: a\r\n\r\n")
                .is_err_and(|error| error.is::<::http::uri::InvalidUri>())
        );
    }

    #[test]
    fn a_response_keeps_its_status_and_lines() {
        let mut client = Connection::new(Role::Client);
        client
            .send_request(&RequestHead::new("GET", "/", &[("Host", "a")]), &[], &mut Vec::new())
            .expect("a request");
        client
            .receive(b"HTTP/1.1 299 Odd\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n\r\n")
            .expect("room");
        let Ok(Next::Event(Event::Response(response))) = client.next_event() else {
            panic!("a response")
        };
        let response = ::http::Response::try_from(response).expect("it has nothing that is lost");
        assert_eq!((response.status().as_u16(), response.version()), (299, Version::HTTP_11));
        assert_eq!(response.headers().get_all("set-cookie").iter().count(), 2);
    }
}
