//! Field lines that are checked once, and sent in many heads.

use crate::error::{Error, ErrorKind};
use crate::upgrade;
use crate::wire::encode;
use crate::wire::fields::Field;
use crate::wire::known::KnownField;
use crate::wire::memory::Draft;
use crate::wire::source::{CheckedFields, FieldSource, Piece, Pieces};
use crate::wire::syntax::trim;

/// Field lines as text, checked once.
///
/// For fields that every response has, and for programs that store their fields as text. A block is
/// a [`FieldSource`] like any other, alone or in a pair, and is copied into a head as a whole.
///
/// ```
/// use switchover::{Block, Connection, ResponseHead, Role, Step};
///
/// # fn main() -> Result<(), switchover::Error> {
/// let common = Block::new("Server: example\r\nX-Frame-Options: DENY\r\n")?;
/// let mut server = Connection::new(Role::Server);
/// server.receive(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")?;
/// assert_eq!(server.advance()?, Step::Event);
/// let mut out = Vec::new();
/// let fields = (&common, [("Content-Type", "text/plain")]);
/// server.respond(&ResponseHead::new(404, &fields), b"", &mut out)?;
/// assert!(out.starts_with(
///     b"HTTP/1.1 404 Not Found\r\nServer: example\r\nX-Frame-Options: DENY\r\nContent-Type: "
/// ));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Block {
    text: Draft,
    count: usize,
}

impl Block {
    /// Checks lines of the form `Name: value`, each ended by CRLF.
    ///
    /// The CRLF of the last line is optional.
    ///
    /// A block may not have fields that depend on the connection or the message: pass them beside
    /// the block. These are fields of framing, hop-by-hop fields (RFC 9110, section 7.6.1), fields
    /// of a handshake, `Host` and `Expect`. Where an error has the index of a head's field line, a
    /// block counts as one line.
    ///
    /// # Errors
    ///
    /// Each error has the index of the line in the block.
    ///
    /// - `InvalidName` if a line has no colon, is empty, or its name is not a token.
    /// - `InvalidValue` if a value has a forbidden byte, such as a lone LF.
    /// - `ReservedField` if a field depends on the connection or the message.
    /// - `OutOfMemory`, without an index.
    pub fn new(text: impl AsRef<[u8]>) -> Result<Self, Error> {
        let text = text.as_ref();
        let mut block = Self { text: Draft::new(), count: 0 };
        block.text.reserve(text.len() + 2).map_err(Error::local)?;
        let mut rest = text;
        while !rest.is_empty() {
            let end = rest.windows(2).position(|pair| pair == b"\r\n").unwrap_or(rest.len());
            block.add(&rest[..end]).map_err(|kind| Error::in_field(kind, block.count))?;
            block.count += 1;
            rest = rest.get(end + 2..).unwrap_or_default();
        }
        block.text.whole().map_err(Error::local)?;
        Ok(block)
    }

    fn add(&mut self, line: &[u8]) -> Result<(), ErrorKind> {
        let colon = memchr::memchr(b':', line).ok_or(ErrorKind::InvalidName)?;
        let field = Field { name: &line[..colon], value: trim(&line[colon + 1..]) };
        match encode::check(field)? {
            None | Some(KnownField::ContentType)
                if !upgrade::is_own(field) && !upgrade::is_for_one_hop(field) =>
            {
                encode::line(&mut self.text, field);
            }
            _ => return Err(ErrorKind::ReservedField),
        }
        Ok(())
    }

    /// Returns the number of field lines.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Returns whether the block has no field lines.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    fn written(&self) -> CheckedFields<'_> {
        CheckedFields::new(&self.text)
    }
}

impl FieldSource for Block {
    fn each<'s>(&'s self, each: &mut dyn FnMut(Field<'s>)) {
        self.written().each_line(each);
    }

    fn pieces(&self) -> Option<&dyn Pieces> {
        Some(self)
    }
}

impl Pieces for Block {
    fn each_piece<'s>(&'s self, each: &mut dyn FnMut(Piece<'s>)) {
        each(Piece::Block(self.written()));
    }
}

/// Formats the field lines without the values of secret fields.
impl core::fmt::Debug for Block {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let mut list = f.debug_list();
        self.each(&mut |field| {
            list.entry(&field);
        });
        list.finish()
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::{Connection, RequestHead, ResponseHead, Role, Step};
    use alloc::format;
    use std::vec;

    fn asked() -> Connection {
        let mut server = Connection::new(Role::Server);
        server.receive(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        assert_eq!(server.advance(), Ok(Step::Event));
        server
    }

    fn sent(fields: &dyn FieldSource) -> Vec<u8> {
        let mut out = vec![];
        asked().respond(&ResponseHead::new(200, fields), b"hello", &mut out).unwrap();
        out
    }

    #[test]
    fn a_block_is_sent_as_its_lines_are() {
        let lines =
            [("Server", "a b"), ("Set-Cookie", "c=d"), ("Content-Type", "text/plain"), ("X", "")];
        for text in [
            "Server: a b\r\nSet-Cookie: c=d\r\nContent-Type: text/plain\r\nX: \r\n",
            "Server:a b\r\nSet-Cookie: \t c=d  \r\nContent-Type: text/plain\r\nX:",
        ] {
            let block = Block::new(text).unwrap();
            assert_eq!((block.len(), block.is_empty()), (4, false));
            assert_eq!(sent(&block), sent(&lines));
            let more = [("Y", "1"), ("Connection", "close"), ("Transfer-Encoding", "chunked")];
            let mut all = vec![("Z", "0")];
            all.extend(lines);
            all.extend(&more[..2]);
            assert_eq!(sent(&([("Z", "0")], (&block, &more[..2]))), sent(&all));
            // Trailers are checked line by line.
            let (mut out, mut server) = (vec![], asked());
            server.send_response(&ResponseHead::new(200, &(&block, &more[2..])), &mut out).unwrap();
            let refused = server.send_end(&block, &mut out).unwrap_err();
            assert_eq!((refused.kind(), refused.field()), (ErrorKind::TrailerForbidden, Some(0)));
        }
        let none = Block::new("").unwrap();
        assert_eq!(sent(&none), sent(&()));
        // An empty block is also accepted as no trailers, after content of known length.
        let (mut out, mut server) = (vec![], asked());
        server
            .send_response(&ResponseHead::new(200, &[("Content-Length", "0")]), &mut out)
            .unwrap();
        server.send_end(&none, &mut out).unwrap();
    }

    #[test]
    fn the_index_of_a_refused_line_counts_a_block_as_one() {
        let block = Block::new("A: b\r\nC: d\r\n").unwrap();
        for (fields, kind) in [
            (("E ", "f"), ErrorKind::InvalidName),
            (("E", "f\r\ng: h"), ErrorKind::InvalidValue),
            (("Sec-WebSocket-Accept", "a"), ErrorKind::ReservedField),
        ] {
            let error = asked()
                .respond(&ResponseHead::new(200, &(&block, [fields])), b"", &mut vec![])
                .unwrap_err();
            assert_eq!((error.kind(), error.field()), (kind, Some(1)));
        }
    }

    #[test]
    fn a_request_may_have_one() {
        let block = Block::new("User-Agent: me").unwrap();
        let (mut client, mut out) = (Connection::new(Role::Client), vec![]);
        client
            .send_request(&RequestHead::new("GET", "/", &(&block, [("Host", "a")])), &[], &mut out)
            .unwrap();
        assert_eq!(out, b"GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: me\r\n\r\n");
    }

    #[test]
    fn what_no_block_may_have_is_refused() {
        let refusal = |text: &str| Block::new(text).map_err(|error| (error.kind(), error.field()));
        for (line, kind) in [
            ("", ErrorKind::InvalidName),
            ("A", ErrorKind::InvalidName),
            (": b", ErrorKind::InvalidName),
            ("A : b", ErrorKind::InvalidName),
            (" A: b", ErrorKind::InvalidName),
            ("A: b\nC: d", ErrorKind::InvalidValue),
            ("A: b\rC: d", ErrorKind::InvalidValue),
            ("A: \0", ErrorKind::InvalidValue),
            ("Content-Length: 5", ErrorKind::ReservedField),
            ("transfer-encoding: chunked", ErrorKind::ReservedField),
            ("Connection: close", ErrorKind::ReservedField),
            ("Upgrade: foo/2", ErrorKind::ReservedField),
            ("Host: a", ErrorKind::ReservedField),
            ("TE: trailers", ErrorKind::ReservedField),
            ("Expect: 100-continue", ErrorKind::ReservedField),
            ("Sec-WebSocket-Protocol: a", ErrorKind::ReservedField),
            ("HTTP2-Settings: a", ErrorKind::ReservedField),
            ("Keep-Alive: timeout=5", ErrorKind::ReservedField),
            ("Proxy-Connection: close", ErrorKind::ReservedField),
            ("Capsule-Protocol: ?1", ErrorKind::ReservedField),
        ] {
            assert_eq!(refusal(&format!("A: b\r\n{line}\r\n")), Err((kind, Some(1))), "{line}");
        }
        assert_eq!(refusal("A: b\r\n\r\n"), Err((ErrorKind::InvalidName, Some(1))));
    }

    #[test]
    fn a_secret_is_not_shown() {
        let shown = format!("{:?}", Block::new("A: b\r\nSet-Cookie: s3cret").unwrap());
        assert!(
            shown.contains("\"b\"") && shown.contains("Set-Cookie") && !shown.contains("s3cret"),
            "{shown}"
        );
    }
}
