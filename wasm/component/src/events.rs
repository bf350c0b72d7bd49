//! Events and values of the engine as the types of the component.

use switchover::binding::{ContentKind, EventKind, EventParts, content_kind, event_kind};
use switchover::{
    Awaiting, Blame, Closing, Connection, End, Error, Event, Fields, Next, Offer, Order, Owes,
    Paused, Protocols, Request, Response, Role, SwitchedBy,
};

use crate::wit::exports::switchover::http1::engine as wit;

/// Conversions between an enum of the engine and one of the component.
///
/// Both have the same cases in the same order.
macro_rules! same {
    ($($name:ident: $from:ty => $to:ty, [$($case:ident),+];)+) => {$(
        pub(crate) fn $name(value: $from) -> $to {
            [$(<$to>::$case),+][value as usize]
        }
    )+};
}

same! {
    role: wit::Role => Role, [Client, Server];
    end: wit::End => End, [Clean, Truncated];
    order: wit::Order => Order, [Client, Server];
    paused: Paused => wit::Paused, [Decision, Answer, Switched, Closed];
    awaiting: Awaiting => wit::Awaiting,
        [Caller, Request, Content, Response, Continue, Nothing, Head];
    owes: Owes => wit::Owes, [Nothing, Continue, Response, Content];
    closing: Closing => wit::Closing, [Close, Linger, Reset];
    kind_of_content: ContentKind => wit::ContentKind, [None, Length, Chunked, UntilClose];
    blame: Blame => wit::Blame, [Peer, Local];
    by: SwitchedBy => wit::SwitchedBy, [Upgrade, Connect, Http2Preface];
    kind: EventKind => wit::EventKind,
        [Request, Informational, Response, Data, EndOfMessage, Switched];
}

pub(crate) fn fault(error: Error) -> wit::Fault {
    wit::Fault {
        code: error.code(),
        kind: error.kind().name().into(),
        blame: blame(error.blame()),
        status: error.status(),
        offset: error.offset(),
        field: error.field().map(|index| index as u32),
        ineligible: error.ineligible().map(|reason| reason.name().into()),
        text: error.to_string(),
    }
}

/// Converts the name of a field, which the engine has checked to be a token.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub(crate) fn fields(fields: Fields<'_>) -> Vec<wit::Field> {
    fields.iter().map(|field| (text(field.name), field.value.to_vec())).collect()
}

pub(crate) fn protocols(protocols: Protocols<'_>) -> Vec<String> {
    protocols.iter().map(|protocol| protocol.to_string()).collect()
}

fn offer(offer: Offer<'_>) -> wit::Offer {
    wit::Offer {
        protocol: offer.protocol.to_string(),
        ineligible: offer.ineligible.map(|reason| reason.name().into()),
        status: offer.ineligible.map(|reason| reason.status()),
    }
}

pub(crate) fn request(request: Request<'_>) -> wit::Request {
    wit::Request {
        method: request.method().into(),
        target: request.target().into(),
        minor_version: request.minor_version(),
        fields: fields(request.fields()),
        offers: match request.offers() {
            Ok(offers) => Ok(offers.map(offer).collect()),
            Err(why) => Err(why.name().into()),
        },
    }
}

pub(crate) fn response(response: Response<'_>) -> wit::Response {
    wit::Response {
        status: response.status(),
        reason: response.reason().to_vec(),
        minor_version: response.minor_version(),
        fields: fields(response.fields()),
        dropped: response.dropped(),
        advertised: response.advertised().map(|protocol| protocol.to_string()).collect(),
    }
}

pub(crate) fn event(event: Event<'_>) -> wit::Event {
    match event {
        Event::Request(_) => wit::Event::Request,
        Event::Informational(_) => wit::Event::Informational,
        Event::Response(_) => wit::Event::Response,
        Event::Data(data) => wit::Event::Data(data.to_vec()),
        Event::EndOfMessage(trailers) => wit::Event::EndOfMessage(fields(trailers)),
        Event::Switched(switched) => wit::Event::Switched(wit::Switched {
            by: by(switched.by),
            protocols: protocols(switched.protocols),
            leftover: switched.leftover.to_vec(),
        }),
    }
}

/// Returns the response of the current event; `None` if the event has none.
pub(crate) fn current_response(connection: &Connection) -> Option<Response<'_>> {
    match connection.event()? {
        Event::Response(response) | Event::Informational(response) => Some(response),
        Event::Switched(switched) => switched.response,
        _ => None,
    }
}

/// Returns a current `Switched` event's request, or else the server's current one.
pub(crate) fn current_request(connection: &Connection) -> Option<Request<'_>> {
    match connection.event() {
        Some(Event::Switched(switched)) => switched.request,
        _ => connection.request(),
    }
}

pub(crate) fn step(next: &Next<'_>) -> wit::Step {
    match next {
        Next::NeedData => wit::Step::NeedData,
        Next::Paused(why) => wit::Step::Paused(paused(*why)),
        Next::Event(event) => wit::Step::Event(kind(event_kind(event))),
    }
}

/// Packs a step with its event's head, content or trailers.
///
/// The caller sets `is_whole` if the message ends with this step.
pub(crate) fn packed(next: &Next<'_>) -> wit::Packed {
    let mut packed = wit::Packed {
        step: step(next),
        status: 0,
        minor_version: 0,
        has_offers: false,
        is_whole: false,
        parts: Vec::new(),
        bytes: Vec::new(),
    };
    let Next::Event(event) = next else { return packed };
    let EventParts { response, fields, bytes, .. } = EventParts::of(event);
    let mut first: [&[u8]; 2] = [&[]; 2];
    let mut firsts = 0;
    if let Event::Request(request) = event {
        packed.minor_version = request.minor_version();
        packed.has_offers = request.offers().is_ok();
        (first, firsts) = ([request.method().as_bytes(), request.target().as_bytes()], 2);
    } else if let Some(response) = response {
        (packed.status, packed.minor_version) = (response.status(), response.minor_version());
        (first, firsts) = ([response.reason(), &[]], 1);
    }
    let Some(fields) = fields else {
        packed.bytes.extend_from_slice(bytes);
        return packed;
    };
    packed.parts.reserve(firsts + 2 * fields.len());
    packed
        .bytes
        .reserve(fields.as_bytes().len() + first.iter().map(|part| part.len()).sum::<usize>());
    let mut put = |part: &[u8]| {
        packed.parts.push(part.len() as u32);
        packed.bytes.extend_from_slice(part);
    };
    first[..firsts].iter().for_each(|part| put(part));
    for field in fields.iter() {
        put(field.name);
        put(field.value);
    }
    packed
}

pub(crate) fn standing(connection: &Connection) -> wit::Standing {
    let (kind, content_length) = content_kind(connection.content());
    wit::Standing {
        awaiting: awaiting(connection.awaiting()),
        owes: owes(connection.owes()),
        closing: closing(connection.closing()),
        content: kind_of_content(kind),
        content_length,
        persists: connection.persists(),
        wants_input: connection.wants_input(),
        may_speak: connection.may_speak(),
        unanswered: connection.unanswered(),
        position: connection.position(),
        why: connection.why().map(|why| why.name().into()),
    }
}
