//! The heads that a caller sends, and the framing of content that it writes itself.

use crate::wire::source::FieldSource;

/// A request to send.
///
/// The version is always HTTP/1.1.
#[derive(Clone, Copy)]
pub struct RequestHead<'a> {
    /// The method, a token.
    pub method: &'a str,
    /// The request target, in the form that fits the method (RFC 9112, section 3.2).
    pub target: &'a str,
    /// The field lines of the request.
    ///
    /// Pass an array or a `Vec` of name and value pairs by reference, `&slice` for a slice of them,
    /// or `&()` for none. `Host` is required and is sent first. `Connection` is merged with the
    /// engine's connection options; it is sent unchanged if the merged list is the same. `Upgrade`
    /// is not permitted here: pass the offer to `send_request`. Content follows if `Content-Length`
    /// is above 0 or the last coding of `Transfer-Encoding` is chunked.
    pub fields: &'a dyn FieldSource,
}

impl<'a> RequestHead<'a> {
    /// Creates a request head from its parts.
    pub const fn new(method: &'a str, target: &'a str, fields: &'a dyn FieldSource) -> Self {
        Self { method, target, fields }
    }
}

/// A response to send.
#[derive(Clone, Copy)]
pub struct ResponseHead<'a> {
    /// The status code, in the range that the called function permits.
    ///
    /// 100 to 199 but not 101 for `send_informational`, 400 to 599 for `reject`, else 200 to 599.
    pub status: u16,
    /// The bytes of the reason phrase; it may be empty, and need not be UTF-8.
    pub reason: &'a [u8],
    /// The field lines of the response.
    ///
    /// Pass an array or a `Vec` of name and value pairs by reference, `&slice` for a slice of them,
    /// or `&()` for none. `Connection` is merged with the engine's connection options. If neither
    /// `Content-Length` nor `Transfer-Encoding` is given, content that is sent whole gets a
    /// `Content-Length`. Other content is sent chunked, and to an HTTP/1.0 client close-delimited.
    pub fields: &'a dyn FieldSource,
}

impl<'a> ResponseHead<'a> {
    /// Creates a response head with the registered reason phrase of its status.
    ///
    /// ```
    /// use switchover::ResponseHead;
    /// let lines = vec![("Content-Type", "text/plain")];
    /// let slice = lines.as_slice();
    /// for head in [
    ///     ResponseHead::new(200, &lines),
    ///     ResponseHead::new(200, &slice),
    ///     ResponseHead::new(200, &()),
    /// ] {
    ///     assert_eq!(head.reason, b"OK");
    /// }
    /// ```
    pub const fn new(status: u16, fields: &'a dyn FieldSource) -> Self {
        Self { status, reason: Self::usual_reason(status).as_bytes(), fields }
    }

    /// Returns the registered reason phrase of a status code, or an empty string.
    ///
    /// The phrases are those of RFC 9110, section 15, and of the IANA registry.
    pub const fn usual_reason(status: u16) -> &'static str {
        let line = standard_status_line(status);
        // Not sliced: the panic of a slice out of bounds is much code in WebAssembly.
        let Some((line, _)) = line.split_at_checked(line.len().saturating_sub(2)) else {
            return "";
        };
        match line.split_at_checked(REASON_OFFSET) {
            Some((_, reason)) => reason,
            None => "",
        }
    }
}

/// The offset of the reason phrase in a status line.
pub(crate) const REASON_OFFSET: usize = 13;

/// Returns the status line with the registered reason phrase, including its CRLF.
///
/// Returns an empty string if the status code has no registered reason phrase.
pub(crate) const fn standard_status_line(status: u16) -> &'static str {
    match status {
        100 => "HTTP/1.1 100 Continue\r\n",
        101 => "HTTP/1.1 101 Switching Protocols\r\n",
        102 => "HTTP/1.1 102 Processing\r\n",
        103 => "HTTP/1.1 103 Early Hints\r\n",
        200 => "HTTP/1.1 200 OK\r\n",
        201 => "HTTP/1.1 201 Created\r\n",
        202 => "HTTP/1.1 202 Accepted\r\n",
        203 => "HTTP/1.1 203 Non-Authoritative Information\r\n",
        204 => "HTTP/1.1 204 No Content\r\n",
        205 => "HTTP/1.1 205 Reset Content\r\n",
        206 => "HTTP/1.1 206 Partial Content\r\n",
        207 => "HTTP/1.1 207 Multi-Status\r\n",
        208 => "HTTP/1.1 208 Already Reported\r\n",
        226 => "HTTP/1.1 226 IM Used\r\n",
        300 => "HTTP/1.1 300 Multiple Choices\r\n",
        301 => "HTTP/1.1 301 Moved Permanently\r\n",
        302 => "HTTP/1.1 302 Found\r\n",
        303 => "HTTP/1.1 303 See Other\r\n",
        304 => "HTTP/1.1 304 Not Modified\r\n",
        305 => "HTTP/1.1 305 Use Proxy\r\n",
        307 => "HTTP/1.1 307 Temporary Redirect\r\n",
        308 => "HTTP/1.1 308 Permanent Redirect\r\n",
        400 => "HTTP/1.1 400 Bad Request\r\n",
        401 => "HTTP/1.1 401 Unauthorized\r\n",
        402 => "HTTP/1.1 402 Payment Required\r\n",
        403 => "HTTP/1.1 403 Forbidden\r\n",
        404 => "HTTP/1.1 404 Not Found\r\n",
        405 => "HTTP/1.1 405 Method Not Allowed\r\n",
        406 => "HTTP/1.1 406 Not Acceptable\r\n",
        407 => "HTTP/1.1 407 Proxy Authentication Required\r\n",
        408 => "HTTP/1.1 408 Request Timeout\r\n",
        409 => "HTTP/1.1 409 Conflict\r\n",
        410 => "HTTP/1.1 410 Gone\r\n",
        411 => "HTTP/1.1 411 Length Required\r\n",
        412 => "HTTP/1.1 412 Precondition Failed\r\n",
        413 => "HTTP/1.1 413 Content Too Large\r\n",
        414 => "HTTP/1.1 414 URI Too Long\r\n",
        415 => "HTTP/1.1 415 Unsupported Media Type\r\n",
        416 => "HTTP/1.1 416 Range Not Satisfiable\r\n",
        417 => "HTTP/1.1 417 Expectation Failed\r\n",
        421 => "HTTP/1.1 421 Misdirected Request\r\n",
        422 => "HTTP/1.1 422 Unprocessable Content\r\n",
        423 => "HTTP/1.1 423 Locked\r\n",
        424 => "HTTP/1.1 424 Failed Dependency\r\n",
        425 => "HTTP/1.1 425 Too Early\r\n",
        426 => "HTTP/1.1 426 Upgrade Required\r\n",
        428 => "HTTP/1.1 428 Precondition Required\r\n",
        429 => "HTTP/1.1 429 Too Many Requests\r\n",
        431 => "HTTP/1.1 431 Request Header Fields Too Large\r\n",
        451 => "HTTP/1.1 451 Unavailable For Legal Reasons\r\n",
        500 => "HTTP/1.1 500 Internal Server Error\r\n",
        501 => "HTTP/1.1 501 Not Implemented\r\n",
        502 => "HTTP/1.1 502 Bad Gateway\r\n",
        503 => "HTTP/1.1 503 Service Unavailable\r\n",
        504 => "HTTP/1.1 504 Gateway Timeout\r\n",
        505 => "HTTP/1.1 505 HTTP Version Not Supported\r\n",
        506 => "HTTP/1.1 506 Variant Also Negotiates\r\n",
        507 => "HTTP/1.1 507 Insufficient Storage\r\n",
        508 => "HTTP/1.1 508 Loop Detected\r\n",
        510 => "HTTP/1.1 510 Not Extended\r\n",
        511 => "HTTP/1.1 511 Network Authentication Required\r\n",
        _ => "",
    }
}

/// The framing of a piece of content that the caller writes itself.
///
/// Write the prefix, the content, then the suffix, for example with one vectored write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataParts {
    prefix: [u8; Self::LONGEST],
    len: u8,
    suffix: &'static [u8],
}

impl DataParts {
    /// The length of the longest prefix: sixteen hex digits and CRLF.
    const LONGEST: usize = 18;

    pub(crate) fn plain() -> Self {
        Self { prefix: [0; Self::LONGEST], len: 0, suffix: b"" }
    }

    /// Returns the framing of a chunk: `chunk-size CRLF` and `CRLF`.
    ///
    /// RFC 9112, section 7.1.
    pub(crate) fn chunk(len: u64) -> Self {
        let mut parts = Self { prefix: [0; Self::LONGEST], len: 0, suffix: b"\r\n" };
        let digits = (u64::BITS - len.leading_zeros()).div_ceil(4).max(1);
        for digit in (0..digits).rev() {
            parts.push(b"0123456789abcdef"[(len >> (digit * 4) & 0xf) as usize]);
        }
        parts.push(b'\r');
        parts.push(b'\n');
        parts
    }

    fn push(&mut self, byte: u8) {
        self.prefix[self.len as usize] = byte;
        self.len += 1;
    }

    /// Returns the bytes to send before the content; empty unless it is chunked.
    pub fn prefix(&self) -> &[u8] {
        &self.prefix[..self.len as usize]
    }

    /// Returns the bytes to send after the content; empty unless it is chunked.
    pub fn suffix(&self) -> &'static [u8] {
        self.suffix
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The registered status codes with a reason phrase.
    ///
    /// 104 (temporary), 306 and 418 are left out.
    const REGISTERED: [u16; 61] = [
        100, 101, 102, 103, 200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303,
        304, 305, 307, 308, 400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413,
        414, 415, 416, 417, 421, 422, 423, 424, 425, 426, 428, 429, 431, 451, 500, 501, 502, 503,
        504, 505, 506, 507, 508, 510, 511,
    ];

    #[test]
    fn every_registered_status_has_its_reason() {
        for status in 0..=999 {
            let line = standard_status_line(status);
            assert_eq!(!line.is_empty(), REGISTERED.contains(&status), "{status}");
            if !line.is_empty() {
                assert_eq!(
                    line,
                    alloc::format!("HTTP/1.1 {status} {}\r\n", ResponseHead::usual_reason(status))
                );
                assert!(ResponseHead::usual_reason(status).len() > 1, "{status}");
            }
        }
        assert_eq!(ResponseHead::usual_reason(416), "Range Not Satisfiable");
        assert_eq!(ResponseHead::usual_reason(203), "Non-Authoritative Information");
    }

    #[test]
    fn chunk_sizes() {
        for (len, prefix) in [(1, "1\r\n"), (15, "f\r\n"), (16, "10\r\n"), (65_536, "10000\r\n")] {
            assert_eq!(DataParts::chunk(len).prefix(), prefix.as_bytes());
        }
        assert_eq!(DataParts::chunk(u64::MAX).prefix().len(), DataParts::LONGEST);
    }
}
