//! HTTP/1.1 connections that can become something else: an engine without I/O for both roles, with the `Upgrade`
//! mechanism as its speciality.
//!
//! # The contract
//!
//! One [`Connection`] per transport connection. It never blocks, polls, wakes or reads a clock; your code moves the bytes.
//!
//! 1. **Bytes in.** [`receive`](Connection::receive) copies what the peer sent, or your code reads its socket straight
//!    into [`receive_buffer`](Connection::receive_buffer) and says how much with [`commit`](Connection::commit).
//!    [`receive_eof`](Connection::receive_eof) says that no more will come. Code that reads ahead of the events asks
//!    [`wants_input`](Connection::wants_input) first; one that reads only on [`Step::NeedData`] need not.
//! 2. **Events out.** [`advance`](Connection::advance) until it is anything but [`Step::Event`]; look at each with [`event`](Connection::event) as often as wanted. It borrows
//!    from the connection's buffer until the next inbound call; decisions do not end it, so an echo may send the very
//!    slice it was shown ([`send_data_parts`](Connection::send_data_parts)). Of a request without an offer the head is gone
//!    with the next call: copy what the answer will need.
//!    A client that sent `Expect: 100-continue` may wait for a 100 before it sends its content: before you read on, ask
//!    [`owes`](Connection::owes), and send one with [`send_informational`](Connection::send_informational)
//!    or answer at once.
//! 3. **Decisions in, bytes out.** The `send_*` methods and the upgrade verbs write into whatever your code gives them.
//!    They write all of it or nothing: a refused one has changed nothing. Send what was written, then go on at 2.
//! 4. **The end.** Once our direction is closed ([`State::tx`](state::State::tx)), shut down the transport's sending side and read on; at
//!    [`Paused::Closed`] close it. To close with bytes of the peer unread resets the connection, and takes our last answer
//!    away from it (RFC 9112, 9.6). If you close before an answer is complete, ask [`must_reset`](Connection::must_reset)
//!    first. A 2xx to CONNECT opens a tunnel: a server that has none answers 501.
//!
//! `examples/server.rs` and `examples/client.rs` are programs of two screens each, on blocking sockets.
//!
//! A request offers, your code selects, the engine answers:
//!
//! ```
//! use switchover::{Connection, Event, Order, Role, Step};
//!
//! # fn main() -> Result<(), switchover::Error> {
//! let mut server = Connection::new(Role::Server);
//! server.receive(b"GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: foo/2, bar\r\nConnection: upgrade\r\n\r\nhello")?;
//!
//! let mut out = Vec::new();
//! assert_eq!(server.advance()?, Step::Event);
//! if let Some(Event::Request(request)) = server.event() {
//!     assert_eq!(request.target(), "/chat");
//!     // The first of the client's offers that this server speaks; without one, any other response declines.
//!     let selection = server.select(&["bar", "foo/2"], Order::Client).expect("foo/2 is offered");
//!     server.accept(selection, &[("Server", "example")], &mut out)?;
//! }
//! assert!(out.starts_with(b"HTTP/1.1 101 Switching Protocols\r\n"));
//!
//! while let Step::Event = server.advance()? {
//!     if let Some(Event::Switched(switched)) = server.event() {
//!         assert_eq!(switched.protocols.to_string(), "foo/2");
//!         // No byte of the new protocol is lost, and none has been looked at.
//!         assert_eq!(switched.leftover, b"hello");
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A client gets to know whether its offer was accepted, and why not. A refusal is an ordinary response, and the connection goes on:
//!
//! ```
//! use switchover::{Connection, Event, RequestHead, Role, Step, Why};
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
//! while let Step::Event = client.advance()? {
//!     match client.event() {
//!         Some(Event::Response(response)) => assert_eq!(response.status(), 200),
//!         Some(Event::Data(data)) => content.extend_from_slice(data),
//!         // The new protocol: `switched.leftover` is its beginning, `may_speak` says when to speak it.
//!         Some(Event::Switched(_)) => break,
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
//! A token needs nothing to be offered and accepted. Those that have rules are checked on both sides, and a request that
//! breaks them is served like any other: [`Request::offers`] says what is wrong. What is negotiated beside the token:
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
//! client.send_request(&RequestHead::new("GET", "/chat", &fields), &["websocket"], &mut to_server)?;
//!
//! server.receive(&to_server)?;
//! server.advance()?;
//! let selection = server.select(&["websocket"], Order::Client).expect("the handshake is in order");
//! let request = server.request().expect("a request with an offer is kept");
//! let subprotocol = websocket::select_subprotocol(&request, &["superchat"], Order::Client).expect("it is offered");
//! let deflate = websocket::select_deflate(&request, &websocket::Deflate::default()).expect("it is offered").to_string();
//! let fields = [("Sec-WebSocket-Protocol", subprotocol), ("Sec-WebSocket-Extensions", &deflate)];
//! server.accept(selection, &fields, &mut to_client)?;
//!
//! // The 101 proves that the server has read the key, and answers what was asked: the engine has checked both.
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
//! Each of the others has an example of its own: [`h2c::Splice`] stands between a client that was answered 101 for `h2c` and
//! an HTTP/2 engine that knows nothing of upgrades; [`masque`] has the variables of a target and the capsules after it;
//! after a 101 for TLS, [`resume_http`](Connection::resume_http) goes on above it. [`gateway`] and [`bridge`] are for
//! intermediaries.
//!
//! # Errors
//!
//! An [`Error`] from `advance` is the peer's: receiving has ended, [`Error::status`] says what a server may answer, once.
//! Its number and offset are the same however the input was cut; [`ErrorKind::clause`] says which rule it is about,
//! [`ErrorKind::advice`] what to do. Every other error is the caller's and has changed nothing. No input and no order of
//! calls panics.
//!
//! # Features
//!
//! | feature | default | what it adds | what it needs |
//! |---|---|---|---|
//! | `std` | yes | the standard library's faster look for bytes in `memchr` and `bytes`; nothing else changes | – |
//! | `websocket` | yes | [`websocket`], and the handshake's rules | `sha1`, `base64` |
//! | `h2c` | yes | [`h2c`], and the offer's rules | `base64` |
//! | `http` | no | `switchover::http`: to and from the types of the `http` crate | `http`, `std` |
//!
//! Without a feature its token is one like any other. The crate is `no_std` and needs `alloc`. The oldest Rust is 1.88. A
//! later version may need a newer one, but none that is less than a year old.
//!
//! # Versions
//!
//! Semantic versioning. Breaking: an item or a method that goes, another signature, an error's number that means something else, a
//! message that was taken and is refused though the RFC allows it. Not breaking: a new method, a new error number, a new reason
//! in the enums that are `#[non_exhaustive]` (of offers, of errors, of what a trace says), another text or advice, a message that
//! was taken and is refused because the RFC forbids it, anything in [`state`]. [`Event`], [`Step`], [`Next`] and [`Paused`] are
//! closed on purpose: a loop that handles them all stays complete. `core/api.txt` lists what is promised, and a test compares it.
//!
//! # Reading the code
//!
//! | folder | what it has |
//! |---|---|
//! | `wire` | bytes: what came is read (`buffer scan syntax known fields head framing body`), what goes out is written (`outgoing encode`) |
//! | `machine` | the state of a connection, and everything that changes it |
//! | `upgrade` | what the machine asks about an offer: tokens, their rules, the selection |
//! | `event` | what comes out of a connection |
//! | `connection` | a connection: `inbound` reads and shows events, `outbound` checks and sends decisions |
//! | `beside` | what your code may use beside a connection: the splice, capsules, the bridge, the gateway |
//!
//! Each uses only those above it here. `docs/architecture.md` draws it.

#![no_std]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

// The floors, the lowest first; `tests/floors.rs` holds which may use which. Errors, limits and the trace are for all.
mod error;
mod limits;
mod listed;
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

/// The state of the machine, for logs and for pages that show it. Its parts may change with any version: decide by
/// [`Connection::awaiting`], [`owes`](Connection::owes), [`persists`](Connection::persists) and the events.
pub mod state {
    pub use crate::machine::{Expect, Peer, Phase, Rx, State, Turn, Tx};
}

#[cfg(feature = "h2c")]
pub use beside::h2c;
pub use beside::{bridge, gateway, masque};
pub use connection::{Connection, End, Next, Owes, Prepared};
pub use error::{Blame, Error, ErrorKind, Ineligible};
pub use event::{Event, Paused, Response, Step, Switched, SwitchedBy};
pub use limits::{Config, Lenient, Limits};
pub use machine::{Awaiting, Role};
#[cfg(feature = "websocket")]
pub use upgrade::websocket;
pub use upgrade::{NoOffer, Offer, Order, Protocols, Request, Selection, Why};
pub use wire::body::Content;
pub use wire::fields::{Field, FieldSource, Fields, Protocol};
pub use wire::outgoing::{DataParts, RequestHead, ResponseHead};

/// The README's exchange, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
