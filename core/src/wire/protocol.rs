//! The names of protocols in the `Upgrade` field.
//!
//! RFC 9110, section 7.8.

use crate::wire::scan;

/// A protocol in `Upgrade`: `protocol-name ["/" protocol-version]`.
///
/// RFC 9110, section 7.8. Two values are equal if the names are equal without regard to case, and
/// the versions are equal exactly.
#[derive(Clone, Copy, Debug)]
pub struct Protocol<'a> {
    /// The name; compared without regard to case.
    pub name: &'a str,
    /// The version after the slash; compared exactly.
    pub version: Option<&'a str>,
}

impl<'a> Protocol<'a> {
    /// Parses one member of an `Upgrade` list; `None` if it is malformed.
    pub fn parse(member: &'a [u8]) -> Option<Self> {
        let (name, rest) = scan::token(member);
        let version = match rest.split_first() {
            None => None,
            Some((b'/', rest)) => match scan::token(rest) {
                (version, []) if !version.is_empty() => Some(version),
                _ => return None,
            },
            Some(_) => return None,
        };
        (!name.is_empty()).then_some(Self { name, version })
    }

    /// Returns whether both are the same protocol; case matters only in the version.
    pub fn same_as(&self, other: &Protocol<'_>) -> bool {
        self.name.eq_ignore_ascii_case(other.name) && self.version == other.version
    }
}

impl PartialEq for Protocol<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.same_as(other)
    }
}

impl Eq for Protocol<'_> {}

impl core::fmt::Display for Protocol<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name)?;
        match self.version {
            Some(version) => write!(f, "/{version}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn protocols() {
        assert_eq!(Protocol::parse(b"foo/2").map(|p| p.to_string()).as_deref(), Some("foo/2"));
        for bad in ["", "/1", "a/", "a/b/c", "a b", "a;b", "\u{e9}"] {
            assert_eq!(Protocol::parse(bad.as_bytes()), None, "{bad}");
        }
        let foo = Protocol::parse(b"Foo/a").unwrap();
        assert!(foo.same_as(&Protocol::parse(b"fOO/a").unwrap()));
        assert!(!foo.same_as(&Protocol::parse(b"foo/A").unwrap()));
        assert!(!foo.same_as(&Protocol::parse(b"foo").unwrap()));
    }
}
