//! HTTP/1.1 connections that can become something else: an engine without I/O for both roles, with the `Upgrade`
//! mechanism as its speciality.
//!
//! # The contract
//!
//! One [`Connection`] per transport connection. It never blocks, polls, wakes or reads a clock; the host moves the octets.
//!
//! 1. **Octets in.** [`receive`](Connection::receive) copies what the peer sent, or the host reads its socket straight
//!    into [`receive_buffer`](Connection::receive_buffer) and says how much with [`commit`](Connection::commit).
//!    [`receive_eof`](Connection::receive_eof) says that no more will come. While
//!    [`wants_input`](Connection::wants_input) is false, do not read.
//! 2. **Events out.** [`advance`](Connection::advance) until it is anything but [`Step::Event`], or the event is
//!    [`Event::Closed`], which repeats; look at each with [`event`](Connection::event) as often as wanted. It borrows
//!    from the connection's buffer until the next inbound call; decisions do not end it, so an echo may send the very
//!    slice it was shown.
//! 3. **Decisions in, octets out.** The `send_*` methods and the upgrade verbs write into whatever the host gives them.
//!    They write all of it or nothing: a refused one has changed nothing. Send what was written, then go on at 2.
//!
//! A request offers, the host selects, the engine answers:
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
//!     match server.event() {
//!         Some(Event::Switched(switched)) => {
//!             assert_eq!(switched.protocols.to_string(), "foo/2");
//!             // No octet of the new protocol is lost, and none has been looked at.
//!             assert_eq!(switched.leftover, b"hello");
//!         }
//!         Some(Event::Closed { .. }) => break,
//!         _ => {}
//!     }
//! }
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
//! let key = websocket::key(b"16 random octets");
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
//! let subprotocol = server.select_subprotocol(&["superchat"], Order::Client).expect("it is offered");
//! let deflate = server.select_deflate(&websocket::Deflate::default()).expect("it is offered").to_string();
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
//! [`h2c::Splice`] stands between a client that was answered 101 for `h2c` and an HTTP/2 engine that knows nothing of
//! upgrades; [`masque`] has the variables of a target and the capsules behind it; after a 101 for TLS,
//! [`resume_http`](Connection::resume_http) goes on above it. [`gateway`] and [`bridge`] are for intermediaries.
//!
//! # Errors
//!
//! An [`Error`] from `advance` is the peer's: receiving has ended, [`Error::status`] says what a server may answer, once.
//! Its number and offset are the same however the input was cut. Every other error is the caller's and has changed
//! nothing. No input and no order of calls panics.
//!
//! # Reading the code
//!
//! The modules stand in the order in which the data passes them:
//! `buffer scan syntax known fields head framing body upgrade connection`, then back out through `decision` and `encode`.
//! `state` is the machine. `docs/architecture.md` draws it.

#![no_std]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

// The vocabulary.
mod listed;

mod decision;
mod error;
mod event;
mod limits;
mod state;
mod trace;

// Inbound, in order.
mod buffer;
mod scan;
mod syntax;

mod diagnose;
mod known;

mod fields;
mod head;

mod body;
mod framing;

mod upgrade;

// Outbound.
mod encode;

mod connection;

pub use connection::{Connection, End, Next};
pub use decision::{DataParts, RequestHead, ResponseHead, reason};
pub use error::{Blame, Error, ErrorKind};
pub use event::{Event, EventKind, OwnedEvent, Paused, Request, Response, Step, Switched, SwitchedBy};
pub use fields::{Field, FieldSource, Fields, Protocol};
pub use known::KnownField;
pub use limits::{Config, Lenient, Limits};
#[doc(hidden)]
pub use scan::Path as ScanPath;
pub use state::{Awaiting, Expect, Peer, Phase, Role, Rx, State, Turn, Tx};
pub use trace::{Trace, TraceStep};
#[cfg(feature = "h2c")]
pub use upgrade::h2c;
#[cfg(feature = "websocket")]
pub use upgrade::websocket;
pub use upgrade::{Ineligible, NoOffer, Offer, Order, Protocols, Selection, Why, bridge, gateway, masque};

/// The README's exchange, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
