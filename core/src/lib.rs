//! lib
#![no_std]
extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

mod listed;

mod body;
mod buffer;
mod connection;
mod decision;
mod diagnose;
mod encode;
mod error;
mod event;
mod fields;
mod framing;
mod head;
mod limits;
mod scan;
mod state;
mod syntax;
mod trace;
mod upgrade;

pub use connection::{Connection, End, Next};
pub use decision::{DataParts, RequestHead, ResponseHead, reason};
pub use error::{Blame, Error, ErrorKind};
pub use event::{Event, OwnedEvent, Paused, Request, Response, Step, Switched, SwitchedBy};
pub use fields::{Field, FieldSource, Fields, Protocol};
pub use limits::{Config, Lenient, Limits};
pub use state::{Awaiting, Expect, Peer, Phase, Role, Rx, State, Turn, Tx};
pub use trace::{Trace, TraceStep};
pub use upgrade::{Ineligible, NoOffer, Offer, Order, Protocols, Selection, Why};
