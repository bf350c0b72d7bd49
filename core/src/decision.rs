//! What goes in: the heads that a host sends, in the words of the events that its peer receives.

use crate::fields::FieldSource;

/// A request to send. The version is always HTTP/1.1.
#[derive(Clone, Copy)]
pub struct RequestHead<'a> {
    /// The method, a token.
    pub method: &'a str,
    /// The target in the form that fits the method (RFC 9112, 3.2).
    pub target: &'a str,
    /// The field lines; a slice of name and value pairs will do, and `&()` is none. `Host` is needed and goes out first;
    /// `Connection` is merged with what the engine has to say; `Upgrade` is not given here but as the offer. Content follows
    /// if there is a `Content-Length` above 0 or a `Transfer-Encoding` that ends in chunked.
    pub fields: &'a dyn FieldSource,
}

impl<'a> RequestHead<'a> {
    /// A request of these parts.
    pub const fn new(method: &'a str, target: &'a str, fields: &'a dyn FieldSource) -> Self {
        Self { method, target, fields }
    }
}

/// A response to send.
#[derive(Clone, Copy)]
pub struct ResponseHead<'a> {
    /// The status, 200 to 599.
    pub status: u16,
    /// The reason phrase, as octets like those of a received one; it may be empty.
    pub reason: &'a [u8],
    /// The field lines; a slice of name and value pairs will do, and `&()` is none. `Connection` is merged with what the engine
    /// has to say. Without `Content-Length` and `Transfer-Encoding` a response that has content is sent chunked, to an
    /// HTTP/1.0 client until close.
    pub fields: &'a dyn FieldSource,
}

impl<'a> ResponseHead<'a> {
    /// A response of these parts, with the usual reason phrase.
    pub const fn new(status: u16, fields: &'a dyn FieldSource) -> Self {
        Self { status, reason: reason(status).as_bytes(), fields }
    }
}

/// The reason phrase that goes with a status (RFC 9110, 15); empty for others.
pub const fn reason(status: u16) -> &'static str {
    match status {
        100 => "Continue",
        101 => "Switching Protocols",
        102 => "Processing",
        103 => "Early Hints",
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        205 => "Reset Content",
        206 => "Partial Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        409 => "Conflict",
        411 => "Length Required",
        413 => "Content Too Large",
        414 => "URI Too Long",
        417 => "Expectation Failed",
        421 => "Misdirected Request",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        _ => "",
    }
}

/// What to write around a piece of content that the host sends itself, for vectored writes: the prefix, the content,
/// the suffix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataParts {
    prefix: [u8; Self::LONGEST],
    len: u8,
    suffix: &'static [u8],
}

impl DataParts {
    /// Sixteen hex digits and CRLF.
    const LONGEST: usize = 18;

    pub(crate) fn plain() -> Self {
        Self { prefix: [0; Self::LONGEST], len: 0, suffix: b"" }
    }

    /// `chunk-size CRLF` and `CRLF` (RFC 9112, 7.1).
    pub(crate) fn chunk(len: usize) -> Self {
        let mut parts = Self { prefix: [0; Self::LONGEST], len: 0, suffix: b"\r\n" };
        let digits = (usize::BITS - len.leading_zeros()).div_ceil(4).max(1);
        for digit in (0..digits).rev() {
            parts.push(b"0123456789abcdef"[len >> (digit * 4) & 0xf]);
        }
        parts.push(b'\r');
        parts.push(b'\n');
        parts
    }

    fn push(&mut self, octet: u8) {
        self.prefix[self.len as usize] = octet;
        self.len += 1;
    }

    /// What goes before the content.
    pub fn prefix(&self) -> &[u8] {
        &self.prefix[..self.len as usize]
    }

    /// What goes behind the content.
    pub fn suffix(&self) -> &'static [u8] {
        self.suffix
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunk_sizes() {
        for (len, prefix) in [(1, "1\r\n"), (15, "f\r\n"), (16, "10\r\n"), (65_536, "10000\r\n")] {
            assert_eq!(DataParts::chunk(len).prefix(), prefix.as_bytes());
        }
        assert_eq!(DataParts::chunk(usize::MAX).prefix().len(), DataParts::LONGEST);
    }
}
