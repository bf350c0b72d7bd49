//! A WASI component that switches protocols, as a server and as a client.
//!
//! ```text
//! guest serve ADDRESS                   serves foo/2 and WebSocket
//! guest ask URL PROTOCOL [LINE...]      offers PROTOCOL, and sends each LINE in it
//! ```
//!
//! The sockets of tokio on WASI need `--cfg tokio_unstable`, which `.cargo/config.toml` sets.

mod client;
mod server;

use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use switchover_tokio::BoxError;
use tokio::time::timeout;

/// The longest line of `foo/2` in bytes; a longer line is split.
const LINE: u64 = 65_536;

/// The timeout of a client's exchange, or of a server's read or write.
///
/// For a client it covers the whole exchange, for a server each read or write after a switch.
const TIMEOUT: Duration = Duration::from_secs(30);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve", address] => server::listen(&resolve(address)?).await,
        ["ask", url, protocol, ref lines @ ..] => {
            timeout(TIMEOUT, client::ask(url.parse()?, protocol, lines)).await?
        }
        _ => Err("guest serve ADDRESS | guest ask URL PROTOCOL [LINE...]".into()),
    }
}

/// Looks up addresses by the system's call.
///
/// That of tokio needs a thread, and WASI has none.
fn resolve(name: impl ToSocketAddrs) -> std::io::Result<Vec<SocketAddr>> {
    Ok(name.to_socket_addrs()?.collect())
}
