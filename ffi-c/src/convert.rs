//! Conversion of the engine's values to the structs of switchover.h.

use switchover::binding::{content_kind, event_kind, request_line};
use switchover::masque::Datagram;
use switchover::state::State;
use switchover::trace::Trace;
use switchover::{
    Content, DataParts, Event, Field, Offer, Paused, Protocol, Request, Response, Switched,
};

use crate::error::Done;
use crate::out::Out;
use crate::types::{
    NEED_DATA, PAUSED, SWO_NONE, swo_content_left, swo_data_parts, swo_datagram, swo_event,
    swo_event_detail, swo_field, swo_offer, swo_protocol, swo_request, swo_response, swo_slice,
    swo_state_info, swo_switched, swo_trace_entry,
};

/// Converts a status to the engine's type.
///
/// A status above 65535 becomes 65535, which is no valid status either.
pub(crate) fn status(status: u32) -> u16 {
    u16::try_from(status).unwrap_or(u16::MAX)
}

impl swo_slice {
    pub(crate) const NONE: Self = Self { data: core::ptr::null(), len: 0 };

    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self { data: bytes.as_ptr(), len: bytes.len() }
    }
}

impl From<&[u8]> for swo_slice {
    fn from(bytes: &[u8]) -> Self {
        Self::of(bytes)
    }
}

impl From<Field<'_>> for swo_field {
    fn from(field: Field<'_>) -> Self {
        Self { name: swo_slice::of(field.name), value: swo_slice::of(field.value) }
    }
}

impl From<Protocol<'_>> for swo_protocol {
    fn from(protocol: Protocol<'_>) -> Self {
        let version =
            protocol.version.map_or(swo_slice::NONE, |version| swo_slice::of(version.as_bytes()));
        Self { name: swo_slice::of(protocol.name.as_bytes()), version }
    }
}

impl From<Offer<'_>> for swo_offer {
    fn from(offer: Offer<'_>) -> Self {
        Self {
            protocol: offer.protocol.into(),
            ineligible: offer.ineligible.map_or(SWO_NONE, |reason| reason.number()),
            status: offer.ineligible.map_or(0, |reason| u32::from(reason.status())),
            reserved: [0; 2],
        }
    }
}

impl From<Trace> for swo_trace_entry {
    fn from(entry: Trace) -> Self {
        Self {
            step: entry.step.number(),
            number: entry.number,
            offset: entry.offset,
            reserved: [0],
        }
    }
}

impl swo_request {
    const NONE: Self = Self {
        method: swo_slice::NONE,
        target: swo_slice::NONE,
        field_count: 0,
        offer_count: 0,
        no_offer: 0,
        minor_version: 0,
        reserved: [0; 2],
    };
}

impl From<Content> for swo_content_left {
    fn from(content: Content) -> Self {
        let (kind, len) = content_kind(content);
        Self { kind: kind.number(), len }
    }
}

impl From<Request<'_>> for swo_request {
    fn from(request: Request<'_>) -> Self {
        let (offer_count, no_offer) = match request.offer_count() {
            Ok(count) => (count, SWO_NONE),
            Err(reason) => (0, reason.number()),
        };
        let (method, target) = request_line(&request);
        Self {
            method: swo_slice::of(method),
            target: swo_slice::of(target),
            field_count: request.fields().len(),
            offer_count,
            no_offer,
            minor_version: u32::from(request.minor_version()),
            reserved: [0; 2],
        }
    }
}

impl swo_response {
    const NONE: Self = Self {
        reason: swo_slice::NONE,
        field_count: 0,
        status: 0,
        minor_version: 0,
        dropped: 0,
        reserved: [0; 2],
    };
}

impl From<Response<'_>> for swo_response {
    fn from(response: Response<'_>) -> Self {
        Self {
            reason: swo_slice::of(response.reason()),
            field_count: response.fields().len(),
            status: u32::from(response.status()),
            minor_version: u32::from(response.minor_version()),
            dropped: u32::from(response.dropped()),
            reserved: [0; 2],
        }
    }
}

impl From<Switched<'_>> for swo_switched {
    fn from(switched: Switched<'_>) -> Self {
        Self {
            by: switched.by.number(),
            protocol_count: switched.protocols.iter().count(),
            request: switched.request.map_or(swo_request::NONE, Into::into),
            response: switched.response.map_or(swo_response::NONE, Into::into),
            leftover: swo_slice::of(switched.leftover),
            reserved: [0; 2],
        }
    }
}

impl swo_event {
    /// Writes an event into the caller's struct.
    ///
    /// Each member of the union has its own branch, so that a small one does not pay for copying
    /// the large `switched`.
    #[inline(always)]
    pub(crate) fn write(event: Event<'_>, position: u64, out: Out<'_, Self>) -> Done {
        let kind = event_kind(&event).number();
        match event {
            Event::Request(request) => {
                out.set(Self { kind, position, u: swo_event_detail { request: request.into() } })
            }
            Event::Informational(response) | Event::Response(response) => {
                out.set(Self { kind, position, u: swo_event_detail { response: response.into() } })
            }
            Event::Data(data) => {
                out.set(Self { kind, position, u: swo_event_detail { data: swo_slice::of(data) } })
            }
            Event::EndOfMessage(trailers) => out.set(Self {
                kind,
                position,
                u: swo_event_detail { trailer_count: trailers.len() },
            }),
            Event::Switched(switched) => {
                out.set(Self { kind, position, u: swo_event_detail { switched: switched.into() } })
            }
        }
    }

    #[inline]
    pub(crate) fn need_data(position: u64) -> Self {
        Self { kind: NEED_DATA, position, u: swo_event_detail { paused: 0 } }
    }

    #[inline]
    pub(crate) fn paused(paused: Paused, position: u64) -> Self {
        Self { kind: PAUSED, position, u: swo_event_detail { paused: paused.number() } }
    }
}

impl From<State> for swo_state_info {
    fn from(state: State) -> Self {
        // Destructured, so that a field that is added to the state does not compile until it is
        // here.
        let State {
            request,
            response,
            rx,
            tx,
            upgrade,
            expect,
            persist,
            client_version,
            pipelined,
        } = state;
        Self {
            request: request.number(),
            response: response.number(),
            rx: rx.number(),
            tx: tx.number(),
            upgrade: upgrade.number(),
            expect: expect.number(),
            persist: u32::from(persist),
            client_version: client_version.number(),
            pipelined: u32::from(pipelined),
            reserved: [0; 7],
        }
    }
}

impl From<DataParts> for swo_data_parts {
    fn from(parts: DataParts) -> Self {
        let mut prefix = [0; 24];
        let given = parts.prefix();
        prefix.iter_mut().zip(given).for_each(|(place, byte)| *place = *byte);
        Self { prefix, prefix_len: given.len(), suffix: swo_slice::of(parts.suffix()) }
    }
}

impl From<Datagram<'_>> for swo_datagram {
    fn from(datagram: Datagram<'_>) -> Self {
        Self { context: datagram.context, payload: swo_slice::of(datagram.payload) }
    }
}
