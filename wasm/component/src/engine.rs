//! The interface `engine`: the connection and its prepared responses.

use std::cell::{RefCell, RefMut};

use switchover::binding::{Bound, TextLines};
use switchover::{Config, RequestHead, ResponseHead};

use crate::events;
use crate::wit::Component;
use crate::wit::exports::switchover::http1::engine as wit;

type Engine = switchover::Connection;
type Sent = Result<Vec<u8>, wit::Error>;
type Done = Result<(), wit::Error>;

/// The capacity in bytes of a new output buffer, which suffices for most heads.
const USUAL: usize = 512;

pub struct Connection(pub(crate) RefCell<Engine>);

pub struct Prepared(switchover::Prepared);

pub struct Error(switchover::Error);

impl wit::GuestError for Error {
    fn fault(&self) -> wit::Fault {
        events::fault(self.0)
    }
}

fn error(error: switchover::Error) -> wit::Error {
    wit::Error::new(Error(error))
}

pub struct Selection(switchover::Selection);

impl wit::GuestSelection for Selection {
    fn preference(&self) -> u32 {
        self.0.preference() as u32
    }
}

impl wit::Guest for Component {
    type Error = Error;
    type Selection = Selection;
    type Connection = Connection;
    type Prepared = Prepared;
}

/// Converts a configuration; the error is the last name in it that is unknown.
fn config(given: Option<wit::Config>) -> Result<Config, String> {
    let mut config = Config::default();
    let Some(given) = given else { return Ok(config) };
    let Config { limits, lenient, .. } = &mut config;
    let mut unknown = None;
    let mut note = |name: String, is_known: bool| {
        if !is_known {
            unknown = Some(name);
        }
    };
    for (name, value) in given.limits {
        let is_known = limits.set(&name, value);
        note(name, is_known);
    }
    for name in given.lenient {
        let is_known = lenient.set(&name, true);
        note(name, is_known);
    }
    for name in given.flags {
        let is_known = config.set_flag(&name, true);
        note(name, is_known);
    }
    unknown.map_or(Ok(config), Err)
}

/// Calls a function with the response head that a head of the component describes.
///
/// Without a reason phrase, the head gets the usual one of its status.
fn with_head<T>(head: &wit::Head, call: impl FnOnce(&ResponseHead<'_>) -> T) -> T {
    let usual = ResponseHead::new(head.status, &head.fields);
    call(&ResponseHead { reason: head.reason.as_deref().unwrap_or(usual.reason), ..usual })
}

pub(crate) fn borrowed(list: &[String]) -> Vec<&str> {
    list.iter().map(String::as_str).collect()
}

impl wit::GuestPrepared for Prepared {
    fn create(
        head: wit::Head,
        content: Vec<u8>,
        given: Option<wit::Config>,
    ) -> Result<wit::Prepared, wit::Error> {
        // A name that is unknown here was refused by the connection that this is for.
        let config = config(given).unwrap_or_default();
        with_head(&head, |head| switchover::Prepared::with_config(head, &content, config))
            .map(|prepared| wit::Prepared::new(Prepared(prepared)))
            .map_err(error)
    }
}

impl Connection {
    // One function has the panic of a call within a call, which no host can make.
    #[inline(never)]
    fn engine(&self) -> RefMut<'_, Engine> {
        self.0.borrow_mut()
    }

    fn ask<T>(&self, question: impl FnOnce(&Engine) -> T) -> T {
        question(&self.engine())
    }

    fn attempt<T>(
        &self,
        verb: impl FnOnce(&mut Engine) -> Result<T, switchover::Error>,
    ) -> Result<T, wit::Error> {
        verb(&mut self.engine()).map_err(error)
    }

    fn send(
        &self,
        verb: impl FnOnce(&mut Engine, &mut Vec<u8>) -> Result<(), switchover::Error>,
    ) -> Sent {
        let mut out = Vec::with_capacity(USUAL);
        self.attempt(|engine| verb(engine, &mut out)).map(|()| out)
    }

    fn respond_by(&self, head: &ResponseHead<'_>, content: &[u8]) -> Sent {
        self.send(|engine, out| engine.respond(head, content, out))
    }
}

/// Methods that pass a call on to the engine, and convert its result.
macro_rules! passed_on {
    ($($verb:ident),+; $($question:ident -> $answer:ty: $convert:expr;)+) => {
        $(fn $verb(&self) -> Done {
            self.attempt(Engine::$verb)
        })+
        $(fn $question(&self) -> $answer {
            self.ask($convert)
        })+
    };
}

impl wit::GuestConnection for Connection {
    passed_on! {
        skip_content, close_after_response, abandon, resume_http;
        standing -> wit::Standing: events::standing;
        event -> Option<wit::Event>: |engine| engine.event().map(events::event);
        request -> Option<wit::Request>: |engine| events::current_request(engine).map(events::request);
        response -> Option<wit::Response>: |engine| events::current_response(engine).map(events::response);
        unread -> Vec<u8>: |engine| engine.unread().to_vec();
        required -> Vec<String>: |engine| events::protocols(engine.required());
        agreed -> Vec<String>: |engine| events::protocols(engine.agreed());
    }

    fn create(role: wit::Role, given: Option<wit::Config>) -> Result<wit::Connection, String> {
        let engine = Engine::with_config(events::role(role), config(given)?);
        Ok(wit::Connection::new(Connection(RefCell::new(engine))))
    }

    fn receive(&self, bytes: Vec<u8>) -> Done {
        self.attempt(|engine| engine.receive(&bytes))
    }

    fn receive_eof(&self, end: wit::End) {
        self.engine().receive_eof(events::end(end));
    }

    fn next_event(&self) -> Result<wit::Step, wit::Error> {
        self.attempt(|engine| engine.next_event().map(|next| events::step(&next)))
    }

    fn next_packed(&self, bytes: Vec<u8>) -> Result<wit::Packed, wit::Error> {
        self.attempt(|engine| {
            if !bytes.is_empty() {
                engine.receive(&bytes)?;
            }
            let mut packed = events::packed(&engine.next_event()?);
            packed.is_whole = engine.take_end();
            Ok(packed)
        })
    }

    fn take_end(&self) -> bool {
        self.engine().take_end()
    }

    fn take_leftover(&self) -> Vec<u8> {
        self.engine().leave_leftover(<[u8]>::to_vec)
    }

    fn pass_content(&self, len: u64) -> Done {
        self.attempt(|engine| engine.pass_content(len))
    }

    fn hand_over(&self) -> Sent {
        self.send(|engine, out| engine.hand_over_into(out))
    }

    fn set_limits(&self, given: Vec<(String, u64)>) -> Done {
        self.attempt(|engine| {
            let mut limits = engine.limits();
            for (name, value) in &given {
                limits.set(name, *value);
            }
            engine.set_limits(&limits)
        })
    }

    fn send_request(
        &self,
        method: String,
        target: String,
        fields: Vec<wit::Field>,
        offer: Vec<String>,
    ) -> Sent {
        let head = RequestHead::new(&method, &target, &fields);
        self.send(|engine, out| engine.send_request(&head, &borrowed(&offer), out))
    }

    fn send_informational(&self, head: wit::Head) -> Sent {
        with_head(&head, |head| self.send(|engine, out| engine.send_informational(head, out)))
    }

    fn send_response(&self, head: wit::Head) -> Sent {
        with_head(&head, |head| self.send(|engine, out| engine.send_response(head, out)))
    }

    fn respond(&self, head: wit::Head, content: Vec<u8>) -> Sent {
        with_head(&head, |head| self.respond_by(head, &content))
    }

    fn respond_text(&self, status: u16, lines: Vec<u8>, content: Vec<u8>) -> Sent {
        self.respond_by(&ResponseHead::new(status, &TextLines(&lines)), &content)
    }

    fn respond_prepared(&self, response: wit::PreparedBorrow<'_>) -> Sent {
        let prepared = &response.get::<Prepared>().0;
        self.send(|engine, out| engine.respond_prepared(prepared, out))
    }

    fn reject(&self, head: wit::Head, content: Vec<u8>) -> Sent {
        with_head(&head, |head| self.send(|engine, out| engine.reject(head, &content, out)))
    }

    fn note_response(
        &self,
        status: u16,
        has_content: bool,
        closes: bool,
    ) -> Result<bool, wit::Error> {
        self.attempt(|engine| engine.note_response(status, has_content, closes))
    }

    fn select(&self, preferences: Vec<String>, order: wit::Order) -> Option<wit::Selection> {
        let selection =
            self.ask(|engine| engine.select(&borrowed(&preferences), events::order(order)))?;
        Some(wit::Selection::new(Selection(selection)))
    }

    fn accept(
        &self,
        selection: wit::SelectionBorrow<'_>,
        early: bool,
        fields: Vec<wit::Field>,
    ) -> Sent {
        let selection = selection.get::<Selection>().0;
        let selection = if early { selection.early() } else { selection };
        self.send(|engine, out| engine.accept(selection, &fields, out))
    }

    fn require(&self, protocols: Vec<String>, fields: Vec<wit::Field>) -> Sent {
        self.send(|engine, out| engine.require(&borrowed(&protocols), &fields, out))
    }

    fn advertise(&self, protocols: Vec<String>) -> Done {
        self.attempt(|engine| engine.advertise(&borrowed(&protocols)))
    }

    fn send_data(&self, data: Vec<u8>) -> Sent {
        self.send(|engine, out| engine.send_data(&data, out))
    }

    fn send_data_parts(&self, len: u64) -> Result<(Vec<u8>, Vec<u8>), wit::Error> {
        let parts = self.attempt(|engine| engine.send_data_parts(len))?;
        Ok((parts.prefix().to_vec(), parts.suffix().to_vec()))
    }

    fn send_end(&self, trailers: Vec<wit::Field>) -> Sent {
        self.send(|engine, out| engine.send_end(&trailers, out))
    }

    fn release(&self) {
        self.engine().release();
    }

    fn trace(&self) -> Vec<wit::Traced> {
        let mut engine = self.engine();
        let entries = std::iter::from_fn(|| engine.trace());
        entries
            .map(|entry| wit::Traced {
                step: entry.step.name().into(),
                number: entry.number,
                offset: entry.offset,
            })
            .collect()
    }
}
