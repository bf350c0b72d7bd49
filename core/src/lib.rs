//! An engine without I/O for HTTP/1.1 connections that can switch protocols.
//!
//! For both roles, with the `Upgrade` mechanism as its speciality.
//!
//! # The contract
//!
//! Make one [`Connection`] for each transport connection. It never blocks and reads no clock. Your
//! code moves the bytes.
//!
//! 1. **Bytes in.** [`receive`](Connection::receive) copies what the peer sent. Or read your socket
//!    straight into [`receive_buffer`](Connection::receive_buffer), and say how much with
//!    [`commit`](Connection::commit). [`receive_eof`](Connection::receive_eof) says that no more
//!    will come. Read when the engine says [`Next::NeedData`]. Code that reads at other times asks
//!    [`wants_input`](Connection::wants_input) first.
//! 2. **Events out.** Call [`next_event`](Connection::next_event) until it gives something else
//!    than [`Next::Event`]. An event borrows from the connection until the next inbound call. The
//!    next call frees the request's head, unless the request offers an upgrade: copy what your
//!    answer needs. A client that sent `Expect: 100-continue` may wait for a 100. So before you
//!    read, ask [`owes`](Connection::owes): if it says [`Owes::Continue`], send a 100 with
//!    [`send_informational`](Connection::send_informational).
//! 3. **Decisions in, bytes out.** At [`Next::Paused`] it is your turn:
//!    [`respond`](Connection::respond), [`accept`](Connection::accept),
//!    [`require`](Connection::require). Each verb writes all of its bytes into your buffer, or
//!    nothing. A call that is refused has changed nothing. Send the bytes, then go on at 2. You may
//!    answer later: stop at the pause, and go on when you have answered.
//! 4. **The end.** After an error of the peer's, or when you give up, call
//!    [`reject`](Connection::reject): it answers whatever is owed. If a response has begun, it is
//!    refused: then [`abandon`](Connection::abandon). At [`Paused::Closed`], or when nothing is
//!    owed and the connection does not [persist](Connection::persists), close the transport as
//!    [`closing`](Connection::closing) says. If you close it with unread bytes, the connection is
//!    reset, and the peer may lose the last answer (RFC 9112, section 9.6).
//!
//! A 2xx to CONNECT opens a tunnel: a server without tunnels answers 501.
//!
//! `examples/server.rs` and `examples/client.rs` are programs on blocking sockets.
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
//!             // Every byte of the new protocol that has come; none has been looked at.
//!             assert_eq!(switched.leftover, b"hello");
//!             break;
//!         }
//!         Next::Event(_) => {}
//!         Next::NeedData | Next::Paused(Paused::Closed) => break,
//!         // The first of the client's offers that this server speaks; any other response
//!         // declines.
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
//! A client learns whether its offer was accepted, and why not. A refusal is an ordinary response,
//! and the connection goes on:
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
//!         // The new protocol: `switched.leftover` is its beginning, `may_speak` says when to
//!         // speak it.
//!         Event::Switched(_) => break,
//!         _ => {}
//!     }
//! }
//! assert_eq!(content, b"hello");
//! assert_eq!(client.why(), Some(Why::Declined));
//!
//! // Nothing else has changed: the next request may go out, with an offer or without.
//! client.send_request(&request, &[], &mut out)?;
//! # Ok(())
//! # }
//! ```
//!
//! # Protocols with rules
//!
//! You can upgrade to any protocol name. For those below the engine also checks the rules, on both
//! sides. If an offer breaks them, answer the request normally: [`Request::offers`] says what is
//! wrong. A WebSocket handshake has more to agree on:
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
//! // The 101 proves that the server has read the key, and answers what was asked. The engine has
//! // checked both.
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
//! Each of the others has its own example:
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
//! An [`Error`] from `next_event` is the peer's, and receiving has ended. If
//! [`owes`](Connection::owes) is [`Owes::Response`], answer it once, with
//! [`respond`](Connection::respond) and [`Error::status`]. The error's number and offset do not
//! depend on how the input was cut. [`ErrorKind::clause`] is the rule, [`ErrorKind::advice`] says
//! what to do. Every other error is your code's, and has changed nothing. No input and no order of
//! calls panics.
//!
//! # Features
//!
//! | feature | default | what it adds | what it needs |
//! |---|---|---|---|
//! | `std` | yes | faster searches in `memchr` and `bytes`, and more ways to scan | – |
//! | `websocket` | yes | [`websocket`], and the handshake's rules | `sha1`, `base64` |
//! | `h2c` | yes | [`h2c`], and the offer's rules | `base64` |
//! | `http` | no | `switchover::http`: to and from the types of the `http` crate | `http`, `std` |
//!
//! Without a feature its token is one like any other. The crate is `no_std` and needs `alloc`. The
//! oldest Rust is 1.88. A later version may need a newer one, but none that is less than a year
//! old.
//!
//! # Versions
//!
//! Semantic versioning:
//!
//! | breaking | not breaking |
//! |---|---|
//! | an item or a method goes, or has another signature | a new method |
//! | an error's number means something else | a new error number, another text or advice |
//! | a new variant of an exhaustive enum | one of a `#[non_exhaustive]` enum |
//! | a message that the RFC allows is rejected | one that the RFC forbids is rejected |
//! | | anything in [`state`] |
//!
//! [`Event`], [`Step`], [`Next`] and [`Paused`] are exhaustive: a loop that handles them all stays
//! complete. Enums of reasons are not.
//!
//! `core/api.txt` lists what is promised, and a test compares it. End literals of [`Config`],
//! [`Limits`] and [`Lenient`] with `..Default::default()`: they may get new members.
//!
//! # Reading the code
//!
//! | folder | what it has |
//! |---|---|
//! | `wire` | the syntax of messages: parsing what comes, encoding what goes out |
//! | `machine` | the state of a connection, and everything that changes it |
//! | `upgrade` | what the machine asks about an offer: tokens, their rules, the selection |
//! | `event` | what comes out of a connection |
//! | `connection` | a connection: `inbound` emits events, `outbound` sends decisions |
//! | `beside` | helpers beside a connection: the splice, capsules, the bridge, the gateway |
//!
//! Each uses only those above it here. `docs/architecture.md` draws it.

#![no_std]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

// The floors, the lowest first; `tests/rust/tests/floors.rs` holds which may use which. Errors,
// limits and the trace are for all.
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

/// The state of the machine, for logs and for pages that show it.
///
/// Its parts may change with any version: decide by [`Connection::awaiting`],
/// [`owes`](Connection::owes), [`persists`](Connection::persists) and the events.
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

/// The README's exchange, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
