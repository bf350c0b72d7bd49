#![doc = include_str!("../README.md")]
//! # Which call
//!
//! | for | use |
//! |---|---|
//! | a listener: TCP, Unix, or your own | [`serve`], [`Listener`] |
//! | the address of the peer | [`PeerAddr`] |
//! | one connection, over any stream | [`serve_connection`], [`serve_connection_until`] |
//! | an offer, in a handler | [`upgrade`] |
//! | a client | [`client::connect`], [`client::upgrade`] |
//! | HTTP/2 after an upgrade | [`Http2Stream`] |
//! | HTTP/2 on the same port | [`Config::with_http2`]; with the feature `h2`, `Config::with_h2` |
//! | limits, timeouts | [`Config`] |
//! | the case and order of field names | [`FieldNames`] |
//! | the events of a connection | [`observe`] |

#[cfg(feature = "axum")]
mod axum;
mod body;
mod callback_slot;
pub mod client;
mod client_end;
mod config;
mod date;
mod error;
mod field_names;
mod handler;
#[cfg(feature = "h2")]
mod http2_options;
mod informational;
pub mod observe;
mod peer;
mod reason;
mod server;
mod shutdown;
mod socket;
mod sync;
mod timeouts;
mod trace;
pub mod upgrade;
mod wire;

#[cfg(feature = "h2c")]
mod http2;

#[cfg(feature = "h2")]
pub mod h2;
#[cfg(feature = "hyper")]
pub mod hyper;

#[cfg(feature = "axum")]
pub use axum::FromAxum;
pub use body::Body;
pub use client_end::ClientEnd;
pub use config::{Config, Http2Connection, Http2Handler};
pub use error::{BoxError, Error, Timeout};
pub use field_names::FieldNames;
pub use handler::{HttpService, ServiceFn, service_fn};
#[cfg(feature = "h2c")]
pub use http2::Http2Stream;
pub use informational::{InformationalSender, informational};
pub use peer::PeerAddr;
pub use reason::ReasonPhrase;
pub use server::{
    Limited, Listener, OnError, TapIo, accept, serve, serve_connection, serve_connection_until,
};
pub use shutdown::ShutdownSignal;
pub use socket::SocketBelow;
/// The engine, whose types an observer and [`Config::http`] use.
pub use switchover;
pub use timeouts::Timeouts;
pub use upgrade::Upgraded;

/// A byte stream for a connection: TCP, TLS, or an in-memory pipe.
pub trait Transport:
    tokio::io::AsyncRead + tokio::io::AsyncWrite + std::any::Any + Send + Unpin
{
}
impl<T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static> Transport for T {}
