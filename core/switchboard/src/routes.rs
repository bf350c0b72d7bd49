//! The routes of the server, and the rejections by route and method.

use http::Method;

use crate::target::path;
use crate::{foo, live, play, tls, udp};

/// A route of the server.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    /// `/` and its files: the page that shows the server's connections.
    ///
    /// The files include `/errors` and the documents below `/docs/`.
    Page(&'static live::File),
    /// `/live`: the WebSocket on which the server sends its transcripts to the page.
    Live,
    /// `/play/` and `/dist/`: the playground, if it was built.
    Play,
    /// `/ws`: switches to WebSocket if offered, else a 426.
    ///
    /// An offer that breaks a rule of WebSocket gets the status for that, such as 400.
    Ws,
    /// `/foo`: switches to `foo/2` or `foo/1` if offered, else a text.
    Foo,
    /// `/required`: switches to `foo/2` or WebSocket if offered, else a 426.
    ///
    /// An offer that breaks a rule of WebSocket gets the status for that, such as 400.
    Required,
    /// `/h2c`: switches to HTTP/2 if offered, else a text.
    H2c,
    /// `/tls`: switches to TLS if offered, else a 426; inside TLS a text.
    Tls,
    /// The target `*`: switches to TLS or HTTP/2 if offered, else a text.
    ///
    /// CUPS, and nghttp if it has content, send `OPTIONS *` with their offer before other requests.
    Server,
    /// `/.well-known/masque/udp/`: switches to UDP proxying (RFC 9298) if offered.
    ///
    /// Only targets on this machine are allowed; others get a 403.
    Udp,
    /// `/echo`: declines every offer, and sends the request's content back.
    Echo,
    /// `/plain`: declines every offer, and tells the length of the request's content.
    Plain,
    /// Any other target, which gets a 404 unless the method is rejected.
    Missing,
}

impl Route {
    pub(crate) fn of(target: &str) -> Self {
        let path = path(target);
        if let Some(file) = live::file(path) {
            return Self::Page(file);
        }
        match path {
            "/live" => Self::Live,
            path if play::is_here(path) => Self::Play,
            "*" => Self::Server,
            "/ws" => Self::Ws,
            "/foo" => Self::Foo,
            "/required" => Self::Required,
            "/h2c" => Self::H2c,
            "/tls" => Self::Tls,
            "/echo" => Self::Echo,
            "/plain" => Self::Plain,
            path if path.starts_with("/.well-known/masque/udp/") => Self::Udp,
            _ => Self::Missing,
        }
    }

    /// Returns the protocols that the route can switch to, in the server's order.
    ///
    /// With the target `*`, an offer of h2c takes precedence over this order.
    pub(crate) fn tokens(self) -> &'static [&'static str] {
        match self {
            Self::Ws | Self::Live => &["websocket"],
            Self::Foo => &foo::TOKENS,
            Self::Required => &[foo::TOKENS[0], "websocket"],
            Self::H2c => &["h2c"],
            Self::Tls => &tls::TOKENS,
            Self::Server => &[tls::TOKENS[0], tls::TOKENS[1], "h2c"],
            Self::Udp => &udp::TOKENS,
            Self::Page(_) | Self::Play | Self::Echo | Self::Plain | Self::Missing => &[],
        }
    }
}

/// The methods that the server implements; others get a 405 or 501.
const METHODS: [&str; 5] = ["GET", "HEAD", "POST", "PUT", "OPTIONS"];
/// Known methods that no resource of the server allows: the response is a 405.
const OTHER_METHODS: [&str; 3] = ["DELETE", "PATCH", "TRACE"];

/// The value of the Allow field: all of `METHODS`.
pub(crate) const ALLOWED: &str = "GET, HEAD, POST, PUT, OPTIONS";

/// Returns the status and text of a rejection that needs only the head.
///
/// `None` if the request is not rejected.
pub(crate) fn refusal(route: Route, method: &Method) -> Option<(u16, &'static str)> {
    if OTHER_METHODS.contains(&method.as_str()) {
        return Some((405, "Nothing here can be asked so.\n"));
    }
    if !METHODS.contains(&method.as_str()) {
        // A 2xx to CONNECT would open a tunnel, which this server does not offer.
        return Some((501, "This server does not know the method.\n"));
    }
    (route == Route::Missing).then_some((404, "There is nothing here. Try / instead.\n"))
}
