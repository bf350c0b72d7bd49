//! What requests for `connect-udp` and `connect-ip` say.

use switchover::masque::{self, IpTarget, UdpTarget};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::handle::with_exchange;
use crate::parcel::Parcel;

/// Whether a message says that capsules follow; the parcel is the fields.
#[wasm_bindgen]
pub fn says_capsules(parcel: &[u8]) -> bool {
    masque::says_capsules(&Parcel::new(parcel).fields())
}

// What a target decodes to is UTF-8, unlike all other text here: it is left as bytes.

/// Leaves port and host; false where there is no such target. The parcel is template and request target.
#[wasm_bindgen]
pub fn udp_target(parcel: &[u8]) -> bool {
    let mut parcel = Parcel::new(parcel);
    let target = UdpTarget::parse(&parcel.text(), &parcel.text());
    with_exchange(|out| {
        if let Some(UdpTarget { host, port }) = &target {
            out.number((*port).into());
            out.octets.extend_from_slice(host.as_bytes());
        }
    });
    target.is_some()
}

/// Leaves the protocol, whether there is a target, and that; false where there is no such target. The parcel is template
/// and request target.
#[wasm_bindgen]
pub fn ip_target(parcel: &[u8]) -> bool {
    let mut parcel = Parcel::new(parcel);
    let target = IpTarget::parse(&parcel.text(), &parcel.text());
    with_exchange(|out| {
        if let Some(IpTarget { target, protocol }) = &target {
            out.option(protocol.map(u32::from));
            out.number(target.is_some().into());
            out.octets.extend_from_slice(target.as_deref().unwrap_or_default().as_bytes());
        }
    });
    target.is_some()
}
