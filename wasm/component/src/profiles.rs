//! The interface `profiles`: WebSocket, h2c, MASQUE and gateways.

use std::cell::{Ref, RefCell};

use switchover::binding::Bound;
use switchover::gateway::EndToEnd;
use switchover::{FieldSource, RequestHead, bridge, gateway, h2c, masque, websocket};

use crate::engine::{Connection, borrowed};
use crate::events;
use crate::wit::Component;
use crate::wit::exports::switchover::http1::engine::{ConnectionBorrow, Field, Order};
use crate::wit::exports::switchover::http1::profiles as wit;

type Fields = Option<Vec<Field>>;

pub struct Capsules(RefCell<masque::Capsules>);

pub struct Splice(RefCell<h2c::Splice>);

fn fields(source: &dyn FieldSource) -> Vec<Field> {
    let mut fields = Vec::new();
    source.each(&mut |field| {
        fields.push((String::from_utf8_lossy(field.name).into_owned(), field.value.to_vec()));
    });
    fields
}

fn engine<'c>(connection: &'c ConnectionBorrow<'_>) -> Ref<'c, switchover::Connection> {
    connection.get::<Connection>().0.borrow()
}

/// Converts the fields of the current head.
///
/// It is the head of the current event's response, or else of the server's current request.
fn head(
    connection: &ConnectionBorrow<'_>,
    convert: impl Fn(&dyn FieldSource) -> Vec<Field>,
) -> Fields {
    let engine = engine(connection);
    match events::current_response(&engine) {
        Some(response) => Some(convert(&response.fields())),
        None => engine.request().map(|request| convert(&request.fields())),
    }
}

fn deflate(agreed: websocket::Deflate) -> (String, wit::Deflate) {
    let parameters = wit::Deflate {
        server_no_context_takeover: agreed.server_no_context_takeover,
        client_no_context_takeover: agreed.client_no_context_takeover,
        server_max_window_bits: agreed.server_max_window_bits,
        client_max_window_bits: agreed.client_max_window_bits,
    };
    (agreed.to_string(), parameters)
}

impl wit::Guest for Component {
    type Capsules = Capsules;
    type Splice = Splice;

    fn websocket_key(nonce: Vec<u8>) -> Option<String> {
        Some(websocket::key(nonce.as_slice().try_into().ok()?).to_string())
    }

    fn select_subprotocol(
        connection: ConnectionBorrow<'_>,
        preferences: Vec<String>,
        order: Order,
    ) -> Option<u32> {
        let (engine, preferences) = (engine(&connection), borrowed(&preferences));
        let name =
            websocket::select_subprotocol(&engine.request()?, &preferences, events::order(order))?;
        preferences.iter().position(|&preference| preference == name).map(|index| index as u32)
    }

    fn select_deflate(
        connection: ConnectionBorrow<'_>,
        own: wit::Deflate,
    ) -> Option<(String, wit::Deflate)> {
        let own = websocket::Deflate {
            server_no_context_takeover: own.server_no_context_takeover,
            client_no_context_takeover: own.client_no_context_takeover,
            server_max_window_bits: own.server_max_window_bits,
            client_max_window_bits: own.client_max_window_bits,
        };
        websocket::select_deflate(&engine(&connection).request()?, &own).map(deflate)
    }

    fn agreed_deflate(given: Vec<Field>) -> Option<(String, wit::Deflate)> {
        websocket::Deflate::of(&given).map(deflate)
    }

    fn says_capsules(given: Vec<Field>) -> bool {
        masque::says_capsules(&given)
    }

    fn udp_target(template: String, target: String) -> Option<(String, u16)> {
        masque::UdpTarget::parse(&template, &target).map(|target| (target.host, target.port))
    }

    fn ip_target_of(template: String, target: String) -> Option<wit::IpTarget> {
        let masque::IpTarget { target, protocol } = masque::IpTarget::parse(&template, &target)?;
        Some(wit::IpTarget { target, protocol })
    }

    fn write_datagram(datagram: wit::Datagram) -> Option<Vec<u8>> {
        let (context, payload) = (datagram.context, &datagram.payload);
        let mut out = Vec::new();
        masque::Datagram { context, payload }.write(&mut out);
        (context < 1 << 62).then_some(out)
    }

    fn may_forward(protocol: String) -> bool {
        gateway::may_forward(&protocol)
    }

    fn forwardable(connection: ConnectionBorrow<'_>) -> Vec<String> {
        let engine = engine(&connection);
        engine
            .request()
            .iter()
            .flat_map(gateway::forwardable)
            .map(|protocol| protocol.to_string())
            .collect()
    }

    fn end_to_end(connection: ConnectionBorrow<'_>) -> Fields {
        head(&connection, |lines| fields(&EndToEnd(lines)))
    }

    fn http2_fields(connection: ConnectionBorrow<'_>) -> Fields {
        head(&connection, |lines| fields(&bridge::http2_fields(lines)))
    }

    fn http2_request(connection: ConnectionBorrow<'_>, protocol: Option<String>) -> Fields {
        let engine = engine(&connection);
        let (request, is_secure) = (engine.request()?, engine.is_secure());
        let lines = request.fields();
        let head = RequestHead::new(request.method(), request.target(), &lines);
        Some(fields(&match protocol {
            Some(protocol) => bridge::extended_connect(&head, &protocol, is_secure),
            None => bridge::http2_request(&head, is_secure),
        }))
    }

    fn check_http2(status: Option<u16>, given: Vec<Field>) -> Option<String> {
        bridge::check_http2(status, &given).err().map(|fault| fault.name().into())
    }

    fn http1_fields(
        authority: String,
        given: Vec<Field>,
        key: Option<String>,
    ) -> Result<Vec<Field>, String> {
        let lines = bridge::http1_fields(&authority, &given, key.as_deref());
        lines.map(|lines| fields(&lines)).map_err(|fault| fault.name().into())
    }
}

impl wit::GuestCapsules for Capsules {
    fn new(longest: u64) -> Self {
        let longest = usize::try_from(longest).unwrap_or(usize::MAX);
        Self(RefCell::new(masque::Capsules::new(longest)))
    }

    fn receive(&self, bytes: Vec<u8>) {
        self.0.borrow_mut().receive(&bytes);
    }

    fn next_datagram(&self) -> Result<Option<wit::Datagram>, String> {
        let mut capsules = self.0.borrow_mut();
        let next = capsules.next_datagram().map_err(|fault| fault.name())?;
        Ok(next.map(|datagram| wit::Datagram {
            context: datagram.context,
            payload: datagram.payload.to_vec(),
        }))
    }

    fn finish(&self) -> Result<(), String> {
        self.0.borrow_mut().finish().map_err(|fault| fault.name().into())
    }
}

impl wit::GuestSplice for Splice {
    fn create(
        connection: ConnectionBorrow<'_>,
        content: Vec<u8>,
        trailers: Vec<Field>,
    ) -> Result<wit::Splice, String> {
        let engine = engine(&connection);
        let request = engine.request().ok_or("there is no current request")?;
        let splice =
            h2c::Splice::new(&request, &content, &trailers).map_err(|reason| reason.name())?;
        Ok(wit::Splice::new(Splice(RefCell::new(splice))))
    }

    fn client_sent(&self, bytes: Vec<u8>) {
        self.0.borrow_mut().client_sent(&bytes);
    }

    fn client_ended(&self) {
        self.0.borrow_mut().client_ended();
    }

    fn engine_sent(&self, bytes: Vec<u8>) {
        self.0.borrow_mut().engine_sent(&bytes);
    }

    fn take_for_engine(&self) -> Vec<u8> {
        self.0.borrow_mut().take_for_engine().to_vec()
    }

    fn take_for_client(&self) -> Vec<u8> {
        self.0.borrow_mut().take_for_client().to_vec()
    }

    fn standing(&self) -> wit::Relay {
        let splice = self.0.borrow();
        wit::Relay {
            wants_client: splice.wants_client(),
            is_waiting: splice.is_waiting(),
            is_done: splice.is_done(),
        }
    }
}
