//! An HTTP/1.1 connection engine without I/O, for clients and servers.
//!
//! It specialises in the `Upgrade` mechanism, by which a connection switches to another protocol.
//!
//! # The contract
//!
//! Create one [`Connection`] for each transport connection. It never blocks and reads no clock.
//! Your code reads and writes the transport.
//!
//! 1. **Bytes in.** Pass the bytes that the peer sent to [`receive`](Connection::receive), which
//!    copies them. Or read your socket straight into
//!    [`receive_buffer`](Connection::receive_buffer), then call [`commit`](Connection::commit) with
//!    the number of bytes read. Call [`receive_eof`](Connection::receive_eof) when no more will
//!    come. Read the transport when the engine returns [`Next::NeedData`]. Code that reads at other
//!    times checks [`wants_input`](Connection::wants_input) first.
//! 2. **Events out.** Call [`next_event`](Connection::next_event) until it returns something other
//!    than [`Next::Event`]. An event borrows from the connection until the next inbound call. That
//!    call frees the request's head, unless it has an offer or is a CONNECT: copy what you still
//!    need. A client that sent `Expect: 100-continue` may wait for a 100. So before you read,
//!    check [`owes`](Connection::owes): if it returns [`Owes::Continue`], send a 100 with
//!    [`send_informational`](Connection::send_informational).
//! 3. **Decisions in, bytes out.** At [`Next::Paused`] the caller must act:
//!    [`respond`](Connection::respond), [`accept`](Connection::accept) or
//!    [`require`](Connection::require). Each of these methods writes all of its bytes into your
//!    buffer, or nothing. A call that returns an error has changed nothing. Send the bytes, then
//!    continue with step 2. You may respond later: stop at the pause, and continue once you have
//!    responded.
//! 4. **The end.** After an error by the peer, or to give up, a server calls
//!    [`reject`](Connection::reject): it sends the response that is owed. If a response has already
//!    begun, `reject` returns an error: then call [`abandon`](Connection::abandon). Close the
//!    transport at [`Paused::Closed`]. A server also closes it once nothing is owed, if the
//!    connection has not switched and does not [persist](Connection::persists). Close it as
//!    [`closing`](Connection::closing) returns. If you close it with unread bytes, TCP resets the
//!    connection, and the peer may lose the last response (RFC 9112, section 9.6).
//!
//! A 2xx to CONNECT opens a tunnel: a server without tunnels responds with 501.
//!
//! `examples/server.rs` and `examples/client.rs` are complete programs on blocking sockets.
//!
//! # Accept an upgrade
//!
//! ```
//! use switchover::{Connection, Event, Next, Order, Paused, ResponseHead, Role};
//!
//! # fn main() -> Result<(), switchover::Error> {
//! let mut server = Connection::new(Role::Server);
//! server.receive(
//!     b"GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: foo/2, bar\r\nConnection: upgrade\r\n\r\nhello",
//! )?;
//!
//! let mut out = Vec::new();
//! loop {
//!     match server.next_event()? {
//!         Next::Event(Event::Request(request)) => assert_eq!(request.target(), "/chat"),
//!         Next::Event(Event::Switched(switched)) => {
//!             assert_eq!(switched.protocols.to_string(), "foo/2");
//!             // All bytes of the new protocol received so far, not parsed.
//!             assert_eq!(switched.leftover, b"hello");
//!             break;
//!         }
//!         Next::Event(_) => {}
//!         Next::NeedData | Next::Paused(Paused::Closed) => break,
//!         // Accepts the first of the client's offers that this server supports. Any response
//!         // other than a 101 declines the offer.
//!         Next::Paused(_) => match server.select(&["bar", "foo/2"], Order::Client) {
//!             Some(selection) => server.accept(selection, &[("Server", "example")], &mut out)?,
//!             None => server.respond(&ResponseHead::new(404, &()), b"only /chat\n", &mut out)?,
//!         },
//!     }
//! }
//! assert!(out.starts_with(b"HTTP/1.1 101 Switching Protocols\r\n"));
//! # Ok(())
//! # }
//! ```
//!
//! # Offer an upgrade
//!
//! A client can find out whether its offer was accepted and, if not, why. A server declines an
//! offer with an ordinary response, and the connection remains HTTP/1.1:
//!
//! ```
//! use switchover::{Connection, Event, Next, RequestHead, Role, Why};
//!
//! # fn main() -> Result<(), switchover::Error> {
//! let mut client = Connection::new(Role::Client);
//! let request = RequestHead::new("GET", "/chat", &[("Host", "example.org")]);
//! let mut out = Vec::new();
//! client.send_request(&request, &["foo/2", "bar"], &mut out)?;
//! assert!(out.ends_with(b"Upgrade: foo/2, bar\r\nConnection: Upgrade\r\n\r\n"));
//!
//! client.receive(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")?;
//! let mut content = Vec::new();
//! while let Next::Event(event) = client.next_event()? {
//!     match event {
//!         Event::Response(response) => assert_eq!(response.status(), 200),
//!         Event::Data(data) => content.extend_from_slice(data),
//!         // `switched.leftover` has the first bytes of the new protocol. `may_speak` returns
//!         // whether the client may send it.
//!         Event::Switched(_) => break,
//!         _ => {}
//!     }
//! }
//! assert_eq!(content, b"hello");
//! assert_eq!(client.why(), Some(Why::Declined));
//!
//! // The connection persists: the next request may be sent, with an offer or without.
//! client.send_request(&request, &[], &mut out)?;
//! # Ok(())
//! # }
//! ```
//!
//! # Protocols with rules
//!
//! You can upgrade to any protocol name. For the protocols in this section, both client and server
//! also check the protocol's own rules. If an offer breaks them, respond to the request as if it
//! had no offer; [`Request::offers`] gives the reason. A WebSocket handshake also negotiates a
//! subprotocol and extensions:
//!
//! ```
//! # #[cfg(feature = "websocket")] {
//! use switchover::{Connection, Event, Order, RequestHead, Role, websocket};
//!
//! # fn main() -> Result<(), switchover::Error> {
//! let (mut client, mut server) = (Connection::new(Role::Client), Connection::new(Role::Server));
//! let (mut to_server, mut to_client) = (Vec::new(), Vec::new());
//! let key = websocket::key(b"16 random bytes.");
//! let fields = [
//!     ("Host", "example.org"),
//!     ("Sec-WebSocket-Key", &key),
//!     ("Sec-WebSocket-Version", "13"),
//!     ("Sec-WebSocket-Protocol", "chat, superchat"),
//!     ("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"),
//! ];
//! let request = RequestHead::new("GET", "/chat", &fields);
//! client.send_request(&request, &["websocket"], &mut to_server)?;
//!
//! server.receive(&to_server)?;
//! server.advance()?;
//! let selection = server.select(&["websocket"], Order::Client).expect("a valid handshake");
//! let request = server.request().expect("a request with an offer is kept");
//! let subprotocol = websocket::select_subprotocol(&request, &["superchat"], Order::Client);
//! let subprotocol = subprotocol.expect("it is offered");
//! let deflate = websocket::select_deflate(&request, &websocket::Deflate::default());
//! let deflate = deflate.expect("it is offered").to_string();
//! let fields = [("Sec-WebSocket-Protocol", subprotocol), ("Sec-WebSocket-Extensions", &deflate)];
//! server.accept(selection, &fields, &mut to_client)?;
//!
//! // The engine checks that the 101 proves knowledge of the key, and that it chooses only the
//! // subprotocol and extensions that were offered.
//! client.receive(&to_client)?;
//! client.advance()?;
//! let Some(Event::Switched(switched)) = client.event() else { panic!("a switch") };
//! let response = switched.response.expect("a client's switch has a 101");
//! assert_eq!(websocket::Deflate::of(&response.fields()), Some(websocket::Deflate::default()));
//! # Ok(())
//! # }
//! # main().unwrap()
//! # }
//! ```
//!
//! The other protocols have examples of their own:
//!
//! | for | use |
//! |---|---|
//! | HTTP/2 by upgrade | [`h2c::Splice`], for an HTTP/2 engine that does not know upgrades |
//! | UDP and IP (MASQUE) | [`masque`]: the target's variables, and capsules |
//! | TLS by upgrade | [`resume_http`](Connection::resume_http), after the TLS handshake |
//! | intermediaries | [`gateway`] and [`bridge`] |
//!
//! # Errors
//!
//! An [`Error`] from `next_event`, unless it is `OutOfMemory`, means that the peer broke the
//! protocol; receiving has ended. If [`owes`](Connection::owes) returns [`Owes::Response`], respond
//! once, with [`respond`](Connection::respond) and the status [`Error::status`]. The error's number
//! and offset are the same however the input is split. [`ErrorKind::clause`] names the broken rule,
//! [`ErrorKind::advice`] says what to do. An error with [`Blame::Local`] is a mistake of the
//! caller, or a lack of memory. The call has changed nothing, but an inbound one has ended the
//! current event. No input and no order of calls causes a panic.
//!
//! # Features
//!
//! | feature | default | what it adds | what it needs |
//! |---|---|---|---|
//! | `std` | yes | faster searches (`memchr`) and sorting, more variants of the scanner | – |
//! | `websocket` | yes | [`websocket`], and the rules of its handshake | `sha1`, `base64` |
//! | `h2c` | yes | [`h2c`], and the rules of its offer | – |
//! | `http` | no | `switchover::http`: conversions for types of the `http` crate | `http`, `std` |
//!
//! Without the feature `websocket` or `h2c`, the protocol name of that feature has no rules. The
//! crate is `no_std` and needs `alloc`. The oldest Rust is 1.88. A later version may need a newer
//! one, but none that is less than a year old.
//!
//! # Versions
//!
//! Semantic versioning:
//!
//! | breaking | not breaking |
//! |---|---|
//! | an item or a method is removed, or its signature changes | a new method |
//! | an error number changes its meaning | a new error number, another text or advice |
//! | a new variant of an exhaustive enum | a new variant of a `#[non_exhaustive]` enum |
//! | a message that the RFC allows is now rejected | one that the RFC forbids is now rejected |
//! | | any change in [`state`] |
//!
//! [`Event`], [`Step`], [`Next`] and [`Paused`] are exhaustive: a loop that matches all their
//! variants stays complete. Enums of reasons, such as [`Why`], are `#[non_exhaustive]`.
//!
//! `core/api.txt` lists the stable API, and a test compares it with the code. End literals of
//! [`Config`], [`Limits`] and [`Lenient`] with `..Default::default()`: a later version may add
//! fields.
//!
//! # Reading the code
//!
//! | folder | what it has |
//! |---|---|
//! | `wire` | the syntax of messages: parsing received bytes, encoding messages |
//! | `machine` | the state machine: a connection's state, and all of its transitions |
//! | `upgrade` | offers of protocols: their names, their rules, the server's selection |
//! | `event` | the events that a connection emits |
//! | `connection` | the connection: `inbound` emits events, `outbound` encodes what is sent |
//! | `beside` | helpers around a connection: h2c splice, capsules, bridge, gateway |
//! | `binding` | functions for bindings to other languages, which are not a part of the API |
//!
//! Each folder uses only those above it in this table, and `error`, `limits`, `trace` and `enums`.
//! `docs/architecture.md` has a diagram.

#![no_std]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

// The modules in layers, the lowest first; `tests/rust/tests/floors.rs` checks which may use which.
mod enums;
mod error;
mod limits;
pub mod trace;

mod wire;

mod machine;

mod upgrade;

mod event;

mod connection;

mod beside;

#[cfg(feature = "http")]
pub mod http;

#[doc(hidden)]
pub mod binding;

/// The state of a connection in detail, for logs and debugging tools.
///
/// Any version may change these types. Base decisions on [`Connection::awaiting`],
/// [`owes`](Connection::owes), [`persists`](Connection::persists) and the events instead.
pub mod state {
    pub use crate::machine::{ClientVersion, Expect, Phase, Rx, State, Tx, UpgradeState};
}

#[cfg(feature = "h2c")]
pub use beside::h2c;
pub use beside::{bridge, gateway, masque};
pub use connection::{Block, Closing, Connection, End, Next, Owes, Prepared};
pub use error::{Blame, Error, ErrorKind, Ineligible};
pub use event::{Event, Paused, Response, Step, Switched, SwitchedBy};
pub use limits::{Config, Lenient, Limits};
pub use machine::{Awaiting, Role};
#[cfg(feature = "websocket")]
pub use upgrade::websocket;
pub use upgrade::{NoOffer, Offer, Order, Protocols, Request, Selection, Why};
pub use wire::body::Content;
pub use wire::fields::{Field, Fields};
pub use wire::message::{DataParts, RequestHead, ResponseHead};
pub use wire::protocol::Protocol;
pub use wire::source::FieldSource;

/// The examples of the README, compiled and run as doctests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
