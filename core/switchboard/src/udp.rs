//! UDP proxying over an upgraded connection (RFC 9298).
//!
//! Relays datagrams in capsules to and from a UDP socket on this machine.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use switchover::masque::{Capsules, Datagram, UdpTarget};
use switchover_tokio::Upgraded;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UdpSocket;

use crate::idle_timeout::IdleTimeout;

/// The upgrade tokens of UDP proxying: one.
pub(crate) const TOKENS: [&str; 1] = ["connect-udp"];

/// The time without a read or write after which a client's connection fails.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The most bytes of one read from the client.
const PIECE: usize = 16 * 1024;

/// Returns whether the proxy relays datagrams to that target: this machine only.
///
/// The proxy is an example and must not open a way into other networks.
pub(crate) fn is_allowed(target: &UdpTarget) -> bool {
    target.host.eq_ignore_ascii_case("localhost") || target.host == Ipv4Addr::LOCALHOST.to_string()
}

/// Starts a UDP echo server on `address`, for trying out `connect-udp`.
///
/// Returns whether it runs: the address can be bound, and a thread started.
pub(crate) fn echo(address: SocketAddr) -> bool {
    let Ok(socket) = std::net::UdpSocket::bind(address) else { return false };
    let echo = move || {
        let mut payload = [0; Capsules::UDP_PAYLOAD];
        loop {
            if let Ok((len, from)) = socket.recv_from(&mut payload) {
                // UDP may lose datagrams, so a failed send is ignored.
                let _ = socket.send_to(&payload[..len], from);
            }
        }
    };
    std::thread::Builder::new().spawn(echo).is_ok()
}

/// Relays datagrams between client and target until the client's EOF.
///
/// Returns the number of datagrams in both directions. Only the port of `target` is used, on this
/// machine. Fails if the client's connection fails, or sends malformed capsules.
pub(crate) async fn relay(target: &UdpTarget, stream: &mut Upgraded) -> io::Result<u64> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    socket.connect((Ipv4Addr::LOCALHOST, target.port)).await?;
    let (mut reader, mut writer) = tokio::io::split(IdleTimeout::new(stream, TIMEOUT));
    let mut capsules = Capsules::new(Capsules::UDP_PAYLOAD);
    let (mut bytes, mut payload) = (vec![0; PIECE], vec![0; Capsules::UDP_PAYLOAD]);
    let mut datagrams = 0;
    loop {
        while let Some(Datagram { context, payload }) =
            capsules.next_datagram().map_err(io::Error::other)?
        {
            // RFC 9298 4: other context IDs have no agreed meaning, so their datagrams are dropped.
            if context == 0 {
                datagrams += 1;
                // UDP may lose datagrams. If the port is closed, a later call fails.
                let _ = socket.send(payload).await;
            }
        }
        tokio::select! {
            len = reader.read(&mut bytes) => match len? {
                0 => return capsules.finish().map(|()| datagrams).map_err(io::Error::other),
                len => capsules.receive(&bytes[..len]),
            },
            received = socket.recv(&mut payload) => {
                // An earlier datagram was refused, as its port is closed. The next may come.
                let Ok(len) = received else { continue };
                datagrams += 1;
                let mut out = Vec::new();
                Datagram { context: 0, payload: &payload[..len] }.write(&mut out);
                writer.write_all(&out).await?;
            }
        }
    }
}
