//! What each path answers.

use switchover::{Ineligible, Request};

use crate::target::path;
use crate::{foo, live, play, tls, udp};

/// Who answers.
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
    /// `*`: TLS or HTTP/2 if it is offered, as CUPS and nghttp do before they ask for anything.
    Server,
    /// What RFC 9298 keeps for it: UDP to this machine.
    Udp,
    /// `/echo`: the content, as it comes.
    Echo,
    /// `/plain`: takes no offer.
    Plain,
    /// Anything else.
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

    /// The protocols that it can switch to, in the server's order of preference.
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

/// What is done with a resource here, and what else a method may be by its registration.
const METHODS: [&str; 5] = ["GET", "HEAD", "POST", "PUT", "OPTIONS"];
const OTHER_METHODS: [&str; 3] = ["DELETE", "PATCH", "TRACE"];

/// The value of Allow: `METHODS`.
pub(crate) const ALLOWED: &str = "GET, HEAD, POST, PUT, OPTIONS";

/// Why a request is turned away before its content has come: the status, and a text.
fn refusal(route: Route, method: &str) -> Option<(u16, &'static str)> {
    if OTHER_METHODS.contains(&method) {
        return Some((405, "Nothing here can be asked so.\n"));
    }
    if !METHODS.contains(&method) {
        // A 2xx to CONNECT would open a tunnel, and there is none.
        return Some((501, "This server does not know the method.\n"));
    }
    (route == Route::Missing).then_some((404, "There is nothing here. Try / instead.\n"))
}

/// What is kept of a request until it is answered. The engine keeps the head only as long as there is an offer to
/// decide on; the others are the caller's to copy.
pub(crate) struct Question {
    pub(crate) route: Route,
    pub(crate) method: String,
    pub(crate) target: String,
    /// It is turned away.
    pub(crate) refusal: Option<(u16, &'static str)>,
    /// Its Connection lists upgrade, and that is all of an offer that there is.
    pub(crate) lacks_upgrade: bool,
    /// It comes from another site's page.
    pub(crate) is_foreign: bool,
    /// The first rule that an offered protocol breaks.
    pub(crate) flaw: Option<Ineligible>,
    /// The content, where the new protocol will need it.
    pub(crate) content: Vec<u8>,
    /// How much content there was, kept or not.
    pub(crate) octets: u64,
}

impl Question {
    pub(crate) fn of(request: &Request<'_>) -> Self {
        let flaw = request.offers().ok().and_then(|mut offers| offers.find_map(|offer| offer.ineligible));
        let fields = request.fields();
        let lists_upgrade = fields.list("connection").any(|option| option.eq_ignore_ascii_case(b"upgrade"));
        let route = Route::of(request.target());
        Self {
            route,
            refusal: refusal(route, request.method()),
            method: request.method().into(),
            target: request.target().into(),
            lacks_upgrade: lists_upgrade && fields.get("upgrade").is_none(),
            is_foreign: fields.iter().any(|field| field.is("Origin") && !live::is_ours(field.value)),
            flaw,
            content: Vec::new(),
            octets: 0,
        }
    }
}
