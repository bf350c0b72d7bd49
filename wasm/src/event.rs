//! Encoding of events as numbers, strings and bytes in the result buffer.

use switchover::binding::event_kind;
use switchover::{Event, Fields, Offer, Protocols, Request, Response, Switched};

use crate::result::{Place, ResultBuffer};

/// Writes an event to the result buffer, starting with the number of its kind.
pub(crate) fn put(event: &Event<'_>, out: &mut ResultBuffer) {
    out.number(event_kind(event).number());
    match event {
        Event::Request(request) => put_request(request, out),
        Event::Informational(response) | Event::Response(response) => put_response(response, out),
        Event::Data(data) => out.bytes.extend_from_slice(data),
        Event::EndOfMessage(trailers) => put_trailers(trailers, out),
        Event::Switched(switched) => put_switched(switched, out),
    }
}

pub(crate) fn put_request(request: &Request<'_>, out: &mut ResultBuffer) {
    let (method, target, fields) =
        (request.method().as_bytes(), request.target().as_bytes(), request.fields());
    let head = Place::of(&fields, target);
    let [start, end] = head.span(target);
    head.put(out);
    out.numbers([method.len() as u32, start, end, request.minor_version().into()]);
    match request.offers() {
        // Most requests offer nothing. The reason is written plus 1, because 0 means that there are
        // offers; the 0 after it is the length of the empty list of offers.
        Err(reason) => out.numbers([reason as u32 + 1, 0]),
        Ok(offers) => put_offers(offers, out),
    }
    out.lines(&head, &fields);
}

fn put_trailers(trailers: &Fields<'_>, out: &mut ResultBuffer) {
    let section = Place::of(trailers, trailers.as_bytes().get(..0).unwrap_or_default());
    section.put(out);
    out.lines(&section, trailers);
}

fn put_offers<'a>(offers: impl Iterator<Item = Offer<'a>>, out: &mut ResultBuffer) {
    out.option(None);
    out.list(offers, |offer, out| {
        out.display(offer.protocol);
        out.option(offer.ineligible.map(|reason| reason as u32));
        out.option(offer.ineligible.map(|reason| reason.status().into()));
    });
}

fn put_response(response: &Response<'_>, out: &mut ResultBuffer) {
    let (reason, fields) = (response.reason(), response.fields());
    let head = Place::of(&fields, reason);
    let [start, end] = head.span(reason);
    head.put(out);
    out.numbers([
        response.status().into(),
        start,
        end,
        response.minor_version().into(),
        response.dropped().into(),
    ]);
    out.displays(response.advertised());
    out.lines(&head, &fields);
}

fn put_switched(switched: &Switched<'_>, out: &mut ResultBuffer) {
    out.number(switched.by.number());
    out.displays(switched.protocols.iter());
    out.number(switched.request.is_some().into());
    if let Some(request) = &switched.request {
        put_request(request, out);
    }
    out.number(switched.response.is_some().into());
    if let Some(response) = &switched.response {
        put_response(response, out);
    }
    out.bytes.extend_from_slice(switched.leftover);
}

pub(crate) fn put_protocols(protocols: Protocols<'_>, out: &mut ResultBuffer) {
    out.displays(protocols.iter());
}
