#![doc = include_str!("../README.md")]
//!
//! # Which call
//!
//! | for | use |
//! |---|---|
//! | a listener | [`serve_all`] |
//! | one connection, over any stream | [`serve`], [`serve_until`] |
//! | an offer, in a handler | [`upgrade`] |
//! | a client | [`client::connect`], [`client::upgrade`] |
//! | HTTP/2 after a switch | [`Http2Stream`] |
//! | limits, deadlines | [`Config`] |
//! | what happens on the wire | [`observe`] |

mod body;
pub mod client;
mod config;
mod date;
mod error;
mod handler;
mod interim;
pub mod observe;
mod reason;
mod server;
mod sync;
mod taking;
mod trace;
pub mod upgrade;
mod wire;

#[cfg(feature = "h2c")]
mod http2;

#[cfg(feature = "hyper")]
pub mod hyper;

pub use body::Body;
pub use config::{Config, Patience};
pub use error::{BoxError, Error};
pub use handler::{Handler, ServiceFn, service_fn};
#[cfg(feature = "h2c")]
pub use http2::Http2Stream;
pub use interim::{Informer, informer};
pub use reason::Reason;
pub use server::{Stopping, accept_all, serve, serve_all, serve_until};
/// The engine, whose types an [observer](observe::Observer) and [`Config::http`] have.
pub use switchover;
pub use upgrade::Upgraded;

/// What a connection runs over: TCP, TLS, a pipe in memory.
pub trait Transport: tokio::io::AsyncRead + tokio::io::AsyncWrite + std::any::Any + Send + Unpin {}
impl<T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static> Transport for T {}
