//! Events, as numbers and texts.

use switchover::{Event, Protocols, Request, Response, Switched};

use crate::exchange::Exchange;

/// All of an event; the kind comes first.
pub(crate) fn put(event: &Event<'_>, out: &mut Exchange) {
    out.number(event.kind().number());
    match event {
        Event::Request(request) => put_request(request, out),
        Event::Informational(response) | Event::Response(response) => put_response(response, out),
        Event::Data(data) => out.octets.extend_from_slice(data),
        Event::EndOfMessage(trailers) => out.fields(trailers),
        Event::Switched(switched) => put_switched(switched, out),
        Event::Closed { discarded } => out.number(*discarded as u32),
    }
}

pub(crate) fn put_request(request: &Request<'_>, out: &mut Exchange) {
    out.text(request.method().as_bytes());
    out.text(request.target().as_bytes());
    out.number(request.minor_version().into());
    put_offers(request, out);
    out.fields(&request.fields());
}

fn put_offers(request: &Request<'_>, out: &mut Exchange) {
    let (offers, none) = match request.offers() {
        Ok(offers) => (Some(offers), None),
        Err(reason) => (None, Some(reason)),
    };
    out.option(none.map(|reason| reason as u32));
    let offers: Vec<_> = offers.into_iter().flatten().collect();
    out.number(offers.len() as u32);
    for offer in offers {
        out.display(offer.protocol);
        out.option(offer.ineligible.map(|reason| reason as u32));
        out.option(offer.ineligible.map(|reason| reason.status().into()));
    }
}

fn put_response(response: &Response<'_>, out: &mut Exchange) {
    out.number(response.status().into());
    out.text(response.reason());
    out.number(response.minor_version().into());
    out.number(response.dropped().into());
    out.displays(response.advertised());
    out.fields(&response.fields());
}

fn put_switched(switched: &Switched<'_>, out: &mut Exchange) {
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
    out.octets.extend_from_slice(switched.leftover);
}

pub(crate) fn put_protocols(protocols: Protocols<'_>, out: &mut Exchange) {
    out.displays(protocols.iter());
}
