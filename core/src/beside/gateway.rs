//! End-to-end fields and offers, for an intermediary (RFC 9110, section 7.6.1).
//!
//! ```
//! use switchover::gateway::{EndToEnd, forwardable};
//! use switchover::{Connection, RequestHead, Role};
//!
//! # fn main() -> Result<(), switchover::Error> {
//! let mut client_side = Connection::new(Role::Server);
//! let mut server_side = Connection::new(Role::Client);
//! client_side.receive(
//!     b"GET /chat HTTP/1.1\r\nHost: a\r\nX-Hop: 1\r\n\
//!       Upgrade: h2c, foo/2\r\nConnection: upgrade, x-hop\r\n\r\n",
//! )?;
//! client_side.advance()?;
//! let request = client_side.request().expect("a request with an offer is kept");
//!
//! // h2c is between two neighbours; foo/2 may be offered to the server.
//! let offer: Vec<String> = forwardable(&request).map(|protocol| protocol.to_string()).collect();
//! let offer: Vec<&str> = offer.iter().map(String::as_str).collect();
//! let fields = request.fields();
//! let fields = (EndToEnd(&fields), [("Via", "1.1 here")]);
//! let mut to_server = Vec::new();
//! let head = RequestHead::new(request.method(), request.target(), &fields);
//! server_side.send_request(&head, &offer, &mut to_server)?;
//! assert_eq!(
//!     to_server,
//!     b"GET /chat HTTP/1.1\r\nHost: a\r\nVia: 1.1 here\r\n\
//!       Upgrade: foo/2\r\nConnection: Upgrade\r\n\r\n"
//! );
//! // If the server's response is a 101, `accept` on the client's side with `EndToEnd` of its
//! // fields. `Config::tidy` there leaves out what belongs to the server's handshake alone. The
//! // engine makes the client's proof itself.
//! # Ok(())
//! # }
//! ```

pub use crate::upgrade::hop::EndToEnd;
use crate::upgrade::policy;
use crate::upgrade::request::{Request, offers};
use crate::wire::protocol::Protocol;

/// Returns whether an intermediary may forward an offer of `protocol`.
///
/// Call it for the `:protocol` of an extended CONNECT in HTTP/2, for which [`forwardable`] cannot
/// be called. Returns `false` unless the text is one valid protocol. Returns `false` too for a
/// protocol between two neighbours, like TLS and h2c.
pub fn may_forward(protocol: &str) -> bool {
    Protocol::parse(protocol.as_bytes()).is_some_and(|protocol| policy::may_be_forwarded(&protocol))
}

/// Returns the protocols of `request` that an intermediary may offer to its server.
///
/// They are in the client's order. There are none if the request has no valid offer. Left out are
/// ineligible protocols, and those between two neighbours, like TLS and h2c. A protocol whose rules
/// the engine knows is in its registered case.
pub fn forwardable<'a>(
    request: &Request<'a>,
) -> impl Iterator<Item = Protocol<'a>> + Clone + use<'a> {
    let request = *request;
    let has_offer = request.offers().is_ok();
    offers(request)
        .filter(move |offer| {
            has_offer && offer.ineligible.is_none() && policy::may_be_forwarded(&offer.protocol)
        })
        .map(|offer| policy::registered(offer.protocol))
}
