//! A second reader of HTTP/1.1 messages, written from the RFCs alone.
//!
//! It gets the whole input at once and returns the messages. It is slow, has no limits, and knows
//! no split input and no events. `fuzz/naive.rs` compares the engine with it.

mod grammar;

use grammar::{
    are_extensions, is_authority, is_coding, is_text, is_token, members, trimmed, values,
};

/// The name and the value of a field line.
pub type Line = (Vec<u8>, Vec<u8>);

/// A request or a response; fields that only the other one has are empty or 0.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// The method of a request.
    pub method: Vec<u8>,
    /// The target of a request.
    pub target: Vec<u8>,
    /// The status of a response.
    pub status: u16,
    /// The minor version: the y of HTTP/1.y.
    pub minor: u8,
    /// The header section.
    pub fields: Vec<Line>,
    /// The content, without its framing.
    pub content: Vec<u8>,
    /// The trailer section.
    pub trailers: Vec<Line>,
}

/// The reason why no further message was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The input ends between two messages.
    Between,
    /// The input ends inside a message, or before a response to a sent request.
    Inside,
    /// The last message ends the connection, so none follows it.
    Closed,
    /// A tunnel begins after the last message (CONNECT).
    Tunnel,
    /// The input violates a rule; the text has its section and the rule.
    Refused(&'static str),
}

/// The messages of an input, and the reason why reading stopped.
pub type Reading = (Vec<Message>, Ending);

/// Reads the requests of a client.
pub fn requests(input: &[u8]) -> Reading {
    let (mut reader, mut messages) = (Reader { input }, Vec::new());
    loop {
        // RFC 9112, 2.2: empty lines before a request line are ignored.
        while let Some(rest) = reader.input.strip_prefix(b"\r\n") {
            reader.input = rest;
        }
        if reader.input.is_empty() {
            return (messages, Ending::Between);
        }
        match reader.request() {
            Ok(message) => messages.push(message),
            Err(ending) => return (messages, ending),
        }
        let last = messages.last().expect("it was just read");
        if last.method == b"CONNECT" {
            return (messages, Ending::Tunnel);
        }
        if !persists(last) {
            return (messages, Ending::Closed);
        }
    }
}

/// Reads the responses of a server to requests with the methods `asked`.
///
/// `ended` is true if the input ends with EOF, so that no more bytes will arrive.
pub fn responses(input: &[u8], asked: &[&str], ended: bool) -> Reading {
    let (mut reader, mut messages) = (Reader { input }, Vec::new());
    for method in asked {
        loop {
            let (message, framing) = match reader.response(method, ended) {
                Ok(read) => read,
                Err(Ending::Inside) if ended => {
                    return (messages, Ending::Refused("8: the input ended too early"));
                }
                Err(ending) => return (messages, ending),
            };
            let (status, persists) =
                (message.status, persists(&message) && framing != Framing::UntilClose);
            // RFC 9110, 7.8: the client has sent no Upgrade.
            if status == 101 {
                return (messages, Ending::Refused("9110, 7.8: a 101 without an offer"));
            }
            messages.push(message);
            match status {
                // RFC 9110, 15.2: the final response is still to come.
                100..=199 => continue,
                200..=299 if *method == "CONNECT" => return (messages, Ending::Tunnel),
                _ if !persists => return (messages, Ending::Closed),
                _ => break,
            }
        }
    }
    // RFC 9112, 9.2: bytes after the last response belong to no request.
    (
        messages,
        if reader.input.is_empty() {
            Ending::Between
        } else {
            Ending::Refused("9.2: not asked for")
        },
    )
}

/// Returns whether the connection persists (RFC 9112, section 9.3).
fn persists(message: &Message) -> bool {
    let options = members(&message.fields, "connection");
    let has =
        |option: &str| options.iter().any(|member| member.eq_ignore_ascii_case(option.as_bytes()));
    !has("close") && (message.minor > 0 || has("keep-alive"))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Framing {
    Length(u64),
    Chunked,
    UntilClose,
}

/// A reader that holds the unread rest of the input.
struct Reader<'i> {
    input: &'i [u8],
}

impl<'i> Reader<'i> {
    fn request(&mut self) -> Result<Message, Ending> {
        // RFC 9112, 3: the request line.
        let line = self.line()?;
        let parts: Vec<&[u8]> = line.split(|&byte| byte == b' ').collect();
        let [method, target, version] = parts[..] else {
            return Err(Ending::Refused("3: a request line has three parts"));
        };
        if !is_token(method) {
            return Err(Ending::Refused("9110, 9.1: a method is a token"));
        }
        let minor = minor_version(version)?;
        let fields = self.fields(false)?;
        let mut message = Message {
            method: method.into(),
            target: target.into(),
            minor,
            fields,
            ..Message::default()
        };
        check_target(method, target)?;
        check_host(&message)?;
        let framing = request_framing(&message)?;
        (message.content, message.trailers) = self.content(framing, false, false)?;
        Ok(message)
    }

    fn response(&mut self, method: &str, ended: bool) -> Result<(Message, Framing), Ending> {
        // RFC 9112, 4: the status line.
        let line = self.line()?;
        let mut parts = line.splitn(3, |&byte| byte == b' ');
        let mut part = || parts.next().ok_or(Ending::Refused("4: a status line has three parts"));
        let (version, code, reason) = (part()?, part()?, part()?);
        let minor = minor_version(version)?;
        if code.len() != 3 || !code.iter().all(u8::is_ascii_digit) {
            return Err(Ending::Refused("4: a status code has three digits"));
        }
        if !reason.iter().all(is_text) {
            return Err(Ending::Refused("4: what a reason phrase holds"));
        }
        let status = code.iter().fold(0, |status, digit| status * 10 + u16::from(digit - b'0'));
        let mut message =
            Message { status, minor, fields: self.fields(true)?, ..Message::default() };
        let framing = response_framing(&message, method)?;
        (message.content, message.trailers) = self.content(framing, ended, true)?;
        Ok((message, framing))
    }

    /// Reads a line up to the next CRLF (RFC 9112, section 2.2).
    ///
    /// Rejects a CR or an LF that stands alone before it.
    fn line(&mut self) -> Result<&'i [u8], Ending> {
        let end = self.input.windows(2).position(|pair| pair == b"\r\n").ok_or(Ending::Inside)?;
        let line = &self.input[..end];
        if line.contains(&b'\r') || line.contains(&b'\n') {
            return Err(Ending::Refused("2.2: a CR or an LF alone"));
        }
        self.input = &self.input[end + 2..];
        Ok(line)
    }

    /// Reads field lines and the empty line after them (RFC 9112, section 5).
    ///
    /// With `takes_folds`, the line break of an obs-fold becomes a space. Otherwise an obs-fold is
    /// rejected (section 5.2).
    fn fields(&mut self, takes_folds: bool) -> Result<Vec<Line>, Ending> {
        let mut lines: Vec<Line> = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                return Ok(lines);
            }
            if line.starts_with(b" ") || line.starts_with(b"\t") {
                let (_, value) = match lines.last_mut() {
                    None => {
                        return Err(Ending::Refused("2.2: whitespace before the first field line"));
                    }
                    Some(_) if !takes_folds => {
                        return Err(Ending::Refused("5.2: a fold in a request"));
                    }
                    Some(last) => last,
                };
                value.push(b' ');
                value.extend_from_slice(line);
                *value = trimmed(value).to_vec();
            } else {
                let colon = line.iter().position(|&byte| byte == b':');
                let (name, value) =
                    line.split_at(colon.ok_or(Ending::Refused("5: a field line without a colon"))?);
                if !is_token(name) {
                    return Err(Ending::Refused("5.1: a field name is a token"));
                }
                lines.push((name.to_vec(), trimmed(&value[1..]).to_vec()));
            }
            if !line.iter().all(is_text) {
                return Err(Ending::Refused("9110, 5.5: what a field value holds"));
            }
        }
    }

    /// Reads content with the given framing, and trailers (RFC 9112, section 6.3).
    fn content(
        &mut self,
        framing: Framing,
        ended: bool,
        takes_folds: bool,
    ) -> Result<(Vec<u8>, Vec<Line>), Ending> {
        match framing {
            Framing::Length(length) => {
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                Ok((self.take(length)?.to_vec(), Vec::new()))
            }
            Framing::Chunked => self.chunks(takes_folds),
            Framing::UntilClose if ended => Ok((self.take(self.input.len())?.to_vec(), Vec::new())),
            Framing::UntilClose => Err(Ending::Inside),
        }
    }

    fn take(&mut self, length: usize) -> Result<&'i [u8], Ending> {
        let (taken, rest) = self.input.split_at_checked(length).ok_or(Ending::Inside)?;
        self.input = rest;
        Ok(taken)
    }

    /// Reads chunked content and its trailers (RFC 9112, section 7.1).
    fn chunks(&mut self, takes_folds: bool) -> Result<(Vec<u8>, Vec<Line>), Ending> {
        let mut content = Vec::new();
        loop {
            let line = self.line()?;
            let digits =
                line.iter().position(|byte| !byte.is_ascii_hexdigit()).unwrap_or(line.len());
            let (size, extensions) = line.split_at(digits);
            if size.is_empty() || !are_extensions(extensions) {
                return Err(Ending::Refused(
                    "7.1: a chunk begins with its size, then its extensions",
                ));
            }
            let significant = size.iter().position(|&digit| digit != b'0').unwrap_or(size.len());
            let size = std::str::from_utf8(&size[significant..]).expect("hex digits");
            if size.is_empty() {
                return Ok((content, self.fields(takes_folds)?));
            }
            let size = u64::from_str_radix(size, 16)
                .map_err(|_| Ending::Refused("7.1: a size that overflows"))?;
            content.extend_from_slice(self.take(usize::try_from(size).unwrap_or(usize::MAX))?);
            if self.take(2)? != b"\r\n" {
                return Err(Ending::Refused("7.1: a chunk ends with CRLF"));
            }
        }
    }
}

/// Returns the minor version of an `HTTP/1.x` (RFC 9112, section 2.3).
///
/// Any minor version is accepted (RFC 9110, section 2.5).
fn minor_version(version: &[u8]) -> Result<u8, Ending> {
    match version {
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', minor @ b'0'..=b'9'] => Ok(minor - b'0'),
        _ => Err(Ending::Refused("2.3: HTTP/1.x")),
    }
}

/// Checks that a target has a form for its method (RFC 9112, section 3.2).
fn check_target(method: &[u8], target: &[u8]) -> Result<(), Ending> {
    let refused = Err(Ending::Refused("3.2: the form of the target"));
    if target.is_empty() || !target.iter().all(u8::is_ascii_graphic) || target.contains(&b'#') {
        return refused;
    }
    let is_scheme = |scheme: &[u8]| {
        scheme.first().is_some_and(u8::is_ascii_alphabetic)
            && scheme.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte))
    };
    let is_fine = match (method, target) {
        // 3.2.3: authority-form with both a host and a port.
        (b"CONNECT", _) => {
            is_authority(target) && target.last().is_some_and(u8::is_ascii_digit) && {
                let after_host = target.iter().rposition(|byte| !byte.is_ascii_digit());
                after_host.is_some_and(|colon| colon > 0 && target[colon] == b':')
            }
        }
        // 3.2.1 and 3.2.4: origin-form and asterisk-form.
        (_, [b'/', ..]) => true,
        (_, b"*") => method == b"OPTIONS",
        // 3.2.2: absolute-form. RFC 9110, 4.2: an http URI has a host, and no userinfo.
        _ => match target.iter().position(|&byte| byte == b':').map(|colon| target.split_at(colon))
        {
            Some((scheme, rest)) if is_scheme(scheme) && is_http(scheme) => {
                rest.strip_prefix(b"://").is_some_and(|rest| {
                    let end =
                        rest.iter().position(|byte| b"/?".contains(byte)).unwrap_or(rest.len());
                    is_authority(&rest[..end]) && !rest[..end].is_empty() && rest[0] != b':'
                })
            }
            Some((scheme, _)) => is_scheme(scheme),
            None => false,
        },
    };
    if is_fine { Ok(()) } else { refused }
}

fn is_http(scheme: &[u8]) -> bool {
    scheme.eq_ignore_ascii_case(b"http") || scheme.eq_ignore_ascii_case(b"https")
}

/// Checks the Host field of a request (RFC 9112, section 3.2).
///
/// HTTP/1.0 may lack it; a repeated or invalid Host is rejected in any version.
fn check_host(message: &Message) -> Result<(), Ending> {
    match values(&message.fields, "host")[..] {
        [] if message.minor == 0 => Ok(()),
        [host] if is_authority(host) => Ok(()),
        _ => Err(Ending::Refused("3.2: one valid Host")),
    }
}

/// Returns the framing of a request (RFC 9112, section 6.3, items 3 to 7).
fn request_framing(message: &Message) -> Result<Framing, Ending> {
    let codings = codings(message)?;
    let length = if codings.is_some() { None } else { content_length(&message.fields)? };
    // RFC 9110, 9.3.6: a CONNECT request has no content.
    if message.method == b"CONNECT"
        && (codings.is_some() || length.is_some_and(|length| length > 0))
    {
        return Err(Ending::Refused("9110, 9.3.6: a CONNECT has no content"));
    }
    match codings.as_deref() {
        None => Ok(Framing::Length(length.unwrap_or(0))),
        Some([only]) if only == b"chunked" => Ok(Framing::Chunked),
        Some(_) => Err(Ending::Refused(
            "6.1 and 6.3: a request ends by chunked, and nothing else is known here",
        )),
    }
}

/// Returns the framing of a response.
///
/// RFC 9112, section 6.3, items 1 to 6 and 8.
fn response_framing(message: &Message, method: &str) -> Result<Framing, Ending> {
    let is_tunnel = method == "CONNECT" && (200..=299).contains(&message.status);
    if method == "HEAD" || matches!(message.status, 100..=199 | 204 | 304) || is_tunnel {
        return Ok(Framing::Length(0));
    }
    match codings(message)? {
        None => Ok(content_length(&message.fields)?.map_or(Framing::UntilClose, Framing::Length)),
        Some(codings) if codings.last().is_some_and(|last| last == b"chunked") => {
            Ok(Framing::Chunked)
        }
        Some(_) => Ok(Framing::UntilClose),
    }
}

/// Returns the transfer codings, in lower case (RFC 9112, section 6.1).
///
/// `None` means that the message has no Transfer-Encoding.
fn codings(message: &Message) -> Result<Option<Vec<Vec<u8>>>, Ending> {
    if values(&message.fields, "transfer-encoding").is_empty() {
        return Ok(None);
    }
    if message.minor == 0 {
        return Err(Ending::Refused("6.1: a Transfer-Encoding in HTTP/1.0"));
    }
    if !values(&message.fields, "content-length").is_empty() {
        return Err(Ending::Refused("6.3: both framings"));
    }
    let codings: Vec<_> = members(&message.fields, "transfer-encoding")
        .iter()
        .map(|coding| coding.to_ascii_lowercase())
        .collect();
    if !codings.iter().all(|coding| is_coding(coding)) {
        return Err(Ending::Refused("7: a transfer coding is a token and its parameters"));
    }
    let is_chunked = |coding: &[u8]| {
        trimmed(coding.split(|&byte| byte == b';').next().unwrap_or_default()) == b"chunked"
    };
    if codings.iter().any(|coding| coding.contains(&b';') && is_chunked(coding)) {
        return Err(Ending::Refused("7.1: chunked has no parameters"));
    }
    if codings.iter().filter(|coding| *coding == b"chunked").count() > 1 {
        return Err(Ending::Refused("6.1: chunked twice"));
    }
    Ok(Some(codings))
}

/// Returns the length in bytes from Content-Length; `None` without the field.
///
/// Repeated values must all be equal (RFC 9112, section 6.3, item 5).
fn content_length(fields: &[Line]) -> Result<Option<u64>, Ending> {
    if values(fields, "content-length").is_empty() {
        return Ok(None);
    }
    let lengths = members(fields, "content-length");
    let is_number = |value: &&[u8]| value.iter().all(u8::is_ascii_digit);
    if lengths.is_empty() || !lengths.iter().all(is_number) {
        return Err(Ending::Refused("6.3: a Content-Length that is no number"));
    }
    let number = |digits: &&[u8]| {
        std::str::from_utf8(digits).ok().and_then(|digits| digits.parse::<u64>().ok())
    };
    match number(&lengths[0]) {
        Some(first) if lengths.iter().all(|length| number(length) == Some(first)) => {
            Ok(Some(first))
        }
        _ => Err(Ending::Refused("6.3: Content-Lengths that differ, or overflow")),
    }
}
