//! What each path answers.

use switchover::{Ineligible, Request};

use crate::foo;
use crate::target::path;

/// What `/` shows.
pub(crate) const PAGE: &str = include_str!("index.html");

/// Who answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    /// `/`: says what is here.
    Page,
    /// `/ws`: WebSocket, and nothing else.
    Ws,
    /// `/foo`: `foo/2` or `foo/1` if they are offered, else a page.
    Foo,
    /// `/required`: the same and WebSocket; without an offer a 426.
    Required,
    /// `/echo`: the content, as it comes.
    Echo,
    /// `/plain`: takes no offer.
    Plain,
    /// Anything else.
    Missing,
}

impl Route {
    pub(crate) fn of(target: &str) -> Self {
        match path(target) {
            "/" | "*" => Self::Page,
            "/ws" => Self::Ws,
            "/foo" => Self::Foo,
            "/required" => Self::Required,
            "/echo" => Self::Echo,
            "/plain" => Self::Plain,
            _ => Self::Missing,
        }
    }

    /// The protocols that it can switch to, in the server's order of preference.
    pub(crate) fn tokens(self) -> &'static [&'static str] {
        match self {
            Self::Ws => &["websocket"],
            Self::Foo => &foo::TOKENS,
            Self::Required => &[foo::TOKENS[0], "websocket"],
            Self::Page | Self::Echo | Self::Plain | Self::Missing => &[],
        }
    }
}

/// What is kept of a request until it is answered. The engine keeps the head only as long as there is an offer to
/// decide on; the others are the host's to copy.
pub(crate) struct Question {
    pub(crate) route: Route,
    pub(crate) method: String,
    pub(crate) target: String,
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
        Self {
            route: Route::of(request.target()),
            method: request.method().into(),
            target: request.target().into(),
            flaw,
            content: Vec::new(),
            octets: 0,
        }
    }
}
