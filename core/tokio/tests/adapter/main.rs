//! Tests of the adapter: servers and clients, most of them in memory.
//!
//! They are one program, since separate programs would each link the adapter and tokio.

mod answers;
mod bodies;
mod cancellation;
mod client;
mod common;
mod disconnect;
mod field_names;
#[cfg(feature = "h2c")]
mod http2_client;
mod http2_server;
mod intermediary;
mod listen;
mod listener;
mod observer;
mod server;
mod timeouts;
mod upgrade;
