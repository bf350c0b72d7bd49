//! Parsing of the URL of the probe or the audit, and of request targets.

use std::str::FromStr;

/// A parsed URL: the address to connect to, and the path to request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// Host and port as written in the URL, for the Host field.
    pub(crate) authority: String,
    /// Host and port to connect to; the port is the scheme's if the URL has none.
    pub(crate) address: String,
    /// True if the connection begins with TLS (https or wss).
    pub(crate) is_secure: bool,
    /// True if the scheme is ws or wss.
    pub(crate) is_websocket: bool,
    /// Path and query, for the request line.
    pub(crate) path: String,
}

impl Target {
    /// Returns the host without port and brackets, as the TLS server name.
    pub(crate) fn host(&self) -> &str {
        let end = self.address.rfind(':').unwrap_or(self.address.len());
        self.address[..end].trim_matches(['[', ']'])
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(url: &str) -> Result<Self, String> {
        let schemes = [("http://", false), ("ws://", false), ("https://", true), ("wss://", true)];
        let known =
            schemes.iter().find_map(|(scheme, secure)| Some((url.strip_prefix(scheme)?, *secure)));
        let (rest, is_secure) =
            known.ok_or("the URL must begin with http://, https://, ws:// or wss://")?;
        let rest = rest.split('#').next().unwrap_or_default();
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if authority.is_empty() || authority.contains('@') {
            return Err("the URL needs a host, and no user".into());
        }
        // A colon inside brackets belongs to an IPv6 address.
        let behind_host = authority.rfind(']').map_or(authority, |bracket| &authority[bracket..]);
        let has_port = behind_host.contains(':');
        Ok(Self {
            authority: authority.into(),
            address: if has_port {
                authority.into()
            } else {
                format!("{authority}:{}", if is_secure { 443 } else { 80 })
            },
            is_secure,
            is_websocket: url.starts_with("ws"),
            path: if path.starts_with('/') { path.into() } else { format!("/{path}") },
        })
    }
}

/// Returns the path of a request target.
///
/// The query and, in absolute-form, the scheme and authority are removed. An empty path becomes
/// `/`.
pub(crate) fn path(target: &str) -> &str {
    let path = match target.split_once("://") {
        Some((_, rest)) if !target.starts_with('/') => {
            rest.find(['/', '?']).map_or("/", |end| &rest[end..])
        }
        _ => target,
    };
    match path.split('?').next() {
        // An empty path is the root: RFC 9110, section 4.2.3.
        None | Some("") => "/",
        Some(path) => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        let parts = |url: &str| {
            url.parse::<Target>().map(|target| (target.authority, target.address, target.path))
        };
        assert_eq!(parts("wss://a/b"), Ok(("a".into(), "a:443".into(), "/b".into())));
        assert!(
            "https://a"
                .parse::<Target>()
                .is_ok_and(|target| target.is_secure && !target.is_websocket)
        );
        assert!(
            "ws://a".parse::<Target>().is_ok_and(|target| target.is_websocket && !target.is_secure)
        );
        assert!(
            "wss://a".parse::<Target>().is_ok_and(|target| target.is_websocket && target.is_secure)
        );
        let good = [
            ("http://a", ("a", "a:80", "/")),
            ("http://a:8080/b?c#d", ("a:8080", "a:8080", "/b?c")),
            ("ws://[::1]/b", ("[::1]", "[::1]:80", "/b")),
            ("http://[::1]:81?c", ("[::1]:81", "[::1]:81", "/?c")),
        ];
        for (url, (authority, address, path)) in good {
            assert_eq!(parts(url), Ok((authority.into(), address.into(), path.into())), "{url}");
        }
        for bad in ["ftp://a/", "a/b", "http://", "http:///a", "http://user@a/"] {
            assert!(parts(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn paths() {
        for (target, wanted) in [
            ("/a?b", "/a"),
            ("http://h/a?b", "/a"),
            ("http://h", "/"),
            ("http://h?x/y", "/"),
            ("*", "*"),
            ("/x://y", "/x://y"),
        ] {
            assert_eq!(path(target), wanted, "{target}");
        }
    }
}
