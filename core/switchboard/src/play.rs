//! The playground's files, which are served from the npm package's folder.
//!
//! The files are read on each request, so switchboard can be built without them.
//!
//! `/play/` serves the folder `playground`, `/dist/` the built module that its scripts import.

use std::fs;
use std::path::Path;

const MISSING: &str = "\
The playground is not here. Build the module with wasm/build, and start the switchboard in the
repository's folder, or with --play FOLDER, where FOLDER is the repository's `wasm`.
";

/// The Content-Security-Policy of the playground's files; it allows WebAssembly.
pub(crate) const POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; \
                                 img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'";

/// A response: status, media type, content.
pub(crate) type Answer = (u16, &'static str, Vec<u8>);

/// Returns whether a request path belongs to the playground.
///
/// That is `/play`, and every path below `/play/` or `/dist/`.
pub(crate) fn is_here(path: &str) -> bool {
    path == "/play" || path.starts_with("/play/") || path.starts_with("/dist/")
}

/// Returns the response to a request path: a file below `folder`, or a 404.
pub(crate) fn file(folder: &Path, path: &str) -> Answer {
    let inside = match path.strip_prefix("/play/") {
        Some("") => "playground/index.html".to_owned(),
        Some(file) => format!("playground/{file}"),
        None => path.trim_start_matches('/').to_owned(),
    };
    let found = kind(&inside).and_then(|kind| Some((kind, fs::read(folder.join(&inside)).ok()?)));
    match found {
        Some((kind, bytes)) => (200, kind, bytes),
        None => (404, "text/plain; charset=utf-8", MISSING.into()),
    }
}

/// Returns the media type of a file; `None` if it may not be served.
///
/// Paths that leave the folder, names that begin with a dot, and unknown endings are rejected.
fn kind(path: &str) -> Option<&'static str> {
    let is_name = |name: &str| {
        let is_plain =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        !name.is_empty() && !name.starts_with('.') && name.bytes().all(is_plain)
    };
    if !path.split('/').all(is_name) {
        return None;
    }
    match path.rsplit_once('.')?.1 {
        "html" => Some("text/html; charset=utf-8"),
        "css" => Some("text/css; charset=utf-8"),
        "js" => Some("text/javascript; charset=utf-8"),
        "wasm" => Some("application/wasm"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_outside_is_given() {
        for path in [
            "dist/../package.js",
            "dist//a.js",
            "dist/.secret.js",
            "dist/a%2e.js",
            "dist/readme",
            "dist/a.toml",
        ] {
            assert_eq!(kind(path), None, "{path}");
        }
        assert_eq!(kind("dist/switchover.wasm"), Some("application/wasm"));
        assert!(is_here("/play") && is_here("/dist/a.js") && !is_here("/player"));
        assert_eq!(file(Path::new("/nowhere"), "/play/").0, 404);
    }
}
