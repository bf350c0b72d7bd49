//! The targets of requests for `connect-udp` and `connect-ip`.

use switchover::masque::{self, IpTarget, UdpTarget};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::args::ArgReader;
use crate::handle::with_exchange;

/// Returns whether a message says that capsules follow.
///
/// `args` holds the fields.
#[wasm_bindgen]
pub fn says_capsules(args: &[u8]) -> bool {
    masque::says_capsules(&ArgReader::new(args).fields())
}

// What a target decodes to is UTF-8, unlike all other text here: it is left as bytes.

/// Writes port and host; false where there is no such target.
///
/// `args` holds template and request target.
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

/// Writes the protocol, and the target if there is one.
///
/// Returns false where there is no such target. `args` holds template and request target.
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
