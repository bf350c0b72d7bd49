//! The routes: the responses of each path.

use http::Method;

use crate::target::path;
use crate::{foo, live, play, tls, udp};

/// A route of the server.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    /// `/` and what it is made of: shows the server's connections.
    Page(&'static live::File),
    /// `/live`: what the page gets, in WebSocket.
    Live,
    /// `/play/`: the playground, where it is built.
    Play,
    /// `/ws`: WebSocket, and nothing else.
    Ws,
    /// `/foo`: `foo/2` or `foo/1` if they are offered, else a page.
    Foo,
    /// `/required`: the same and WebSocket; without an offer a 426.
    Required,
    /// `/h2c`: HTTP/2 if it is offered, else a page.
    H2c,
    /// `/tls`: for TLS alone; in clear a 426.
    Tls,
    /// The target `*`: TLS or HTTP/2 if it is offered.
    ///
    /// CUPS and nghttp request it before anything else.
    Server,
    /// The path that RFC 9298 keeps for it: UDP to this machine.
    Udp,
    /// `/echo`: the content, as it comes.
    Echo,
    /// `/plain`: takes no offer.
    Plain,
    /// Any other target.
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

    /// Returns the protocols that it can switch to, in order of preference.
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

/// The methods of the resources here, and what else may be allowed for one.
const METHODS: [&str; 5] = ["GET", "HEAD", "POST", "PUT", "OPTIONS"];
const OTHER_METHODS: [&str; 3] = ["DELETE", "PATCH", "TRACE"];

/// The value of Allow: `METHODS`.
pub(crate) const ALLOWED: &str = "GET, HEAD, POST, PUT, OPTIONS";

/// Returns the response to a request that is rejected before its content.
///
/// The status, and a text.
pub(crate) fn refusal(route: Route, method: &Method) -> Option<(u16, &'static str)> {
    if OTHER_METHODS.contains(&method.as_str()) {
        return Some((405, "Nothing here can be asked so.\n"));
    }
    if !METHODS.contains(&method.as_str()) {
        // A 2xx to CONNECT would open a tunnel, and there is none.
        return Some((501, "This server does not know the method.\n"));
    }
    (route == Route::Missing).then_some((404, "There is nothing here. Try / instead.\n"))
}
