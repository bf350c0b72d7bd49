//! Exports for `connect-udp` and `connect-ip`: `Capsule-Protocol`, and targets.

use switchover::masque::{self, IpTarget, UdpTarget};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::args::ArgReader;
use crate::handle::with_exchange;

/// Returns whether the fields in `args` announce that capsules follow.
#[wasm_bindgen]
pub fn says_capsules(args: &[u8]) -> bool {
    masque::says_capsules(&ArgReader::new(args).fields())
}

// A decoded target is UTF-8, unlike all other text here, so it is returned as bytes.

/// Parses a `connect-udp` target and writes its port and host to the result buffer.
///
/// `args` holds the template and the request target. Returns false if the target does not match.
#[wasm_bindgen]
pub fn udp_target(args: &[u8]) -> bool {
    let mut args = ArgReader::new(args);
    let target = UdpTarget::parse(&args.text(), &args.text());
    with_exchange(|out| {
        if let Some(UdpTarget { host, port }) = &target {
            out.number((*port).into());
            out.bytes.extend_from_slice(host.as_bytes());
        }
    });
    target.is_some()
}

/// Parses a `connect-ip` target; writes its IP protocol and optional destination.
///
/// `args` holds the template and the request target. Returns false if the target does not match.
#[wasm_bindgen]
pub fn ip_target(args: &[u8]) -> bool {
    let mut args = ArgReader::new(args);
    let target = IpTarget::parse(&args.text(), &args.text());
    with_exchange(|out| {
        if let Some(IpTarget { target, protocol }) = &target {
            out.option(protocol.map(u32::from));
            out.number(target.is_some().into());
            out.bytes.extend_from_slice(target.as_deref().unwrap_or_default().as_bytes());
        }
    });
    target.is_some()
}
