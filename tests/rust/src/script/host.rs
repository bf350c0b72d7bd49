//! The caller in a test vector, which makes the calls of its decisions and queries.

use switchover::trace::TraceStep;
use switchover::{
    Config, Connection, Error, ErrorKind, Field, Order, Prepared, RequestHead, ResponseHead, Role,
    Selection,
};

use super::lines::FieldLine;
use super::profiles::Profiles;
use crate::plain::plain;
use crate::queries::query;
use crate::text::{escape, summary, unescape};
use crate::verbs::check_refusal;

/// A connection and the values that its caller keeps for later calls.
pub(super) struct Host {
    pub(super) connection: Connection,
    config: Config,
    selection: Option<Selection>,
    profiles: Profiles,
}

impl Host {
    pub(super) fn new(role: Role, config: Config) -> Self {
        let connection = Connection::with_config(role, config.clone());
        Self { connection, config, selection: None, profiles: Profiles::default() }
    }

    /// Makes the call of a `!` line; returns its lines of output, bytes and error.
    ///
    /// A call that writes is first tried with too little space, which must change nothing.
    pub(super) fn perform(&mut self, decision: &str) -> (Vec<String>, Vec<u8>, Option<Error>) {
        let mut lines = Vec::new();
        if self.query(decision, &mut lines) {
            return (lines, Vec::new(), None);
        }
        let before = self.connection.state();
        let mut nothing: &mut [u8] = &mut [];
        let needed = match self.decide(decision, &mut nothing, &mut lines) {
            Err(error) => error.needed(),
            Ok(()) => return (lines, Vec::new(), None),
        };
        let Some(needed) = needed else {
            lines.clear();
            let mut output = Vec::new();
            let error = self.decide(decision, &mut output, &mut lines).err();
            assert!(
                error.is_none() || (output.is_empty() && before == self.connection.state()),
                "a refusal changes nothing"
            );
            return (lines, output, error);
        };
        lines.clear();
        let mut short = vec![0xaa; needed - 1];
        let refused = self.decide(decision, &mut &mut short[..], &mut lines);
        assert_eq!(
            refused.err().and_then(|error| error.needed()),
            Some(needed),
            "{decision}: one byte too little"
        );
        assert!(
            short.iter().all(|&byte| byte == 0xaa),
            "{decision}: nothing is written into too little space"
        );
        assert_eq!(before, self.connection.state(), "{decision}: too little space changes nothing");
        lines.clear();
        let mut exact = vec![0; needed];
        let outcome = self.decide(decision, &mut &mut exact[..], &mut lines);
        match outcome {
            Ok(()) => (lines, exact, None),
            Err(error) => (lines, Vec::new(), Some(error)),
        }
    }

    fn query(&mut self, decision: &str, lines: &mut Vec<String>) -> bool {
        if let Some(answer) = self.profiles.answer(decision, &self.connection) {
            lines.extend(answer);
            return true;
        }
        let connection = &mut self.connection;
        lines.push(match decision {
            "take-end" => format!("taken {}", connection.take_end()),
            "request" => match connection.request() {
                Some(request) => format!("request {} {}", request.method(), request.target()),
                None => "request none".into(),
            },
            "take" => {
                connection.take_leftover();
                return true;
            }
            "release" => {
                connection.release();
                return true;
            }
            "trace" => {
                // `perform` tries each decision with too little space first. Languages without
                // output buffers of the caller cannot do that, so these entries are left out.
                let too_small = ErrorKind::OutputTooSmall.code().into();
                while let Some(entry) = connection.trace() {
                    if (entry.step, entry.number) == (TraceStep::Refused, too_small) {
                        continue;
                    }
                    lines.push(format!(
                        "trace {} {} @{}",
                        entry.step.name(),
                        entry.number,
                        entry.offset
                    ));
                }
                return true;
            }
            other => match query(other) {
                Some(query) => {
                    format!("{other} {}", (query.value)(connection)).trim_end().to_owned()
                }
                None => return false,
            },
        });
        true
    }

    fn decide(
        &mut self,
        decision: &str,
        out: &mut impl bytes::BufMut,
        lines: &mut Vec<String>,
    ) -> Result<(), Error> {
        let (verb, _) = decision.split_once(' ').unwrap_or((decision, ""));
        self.made(decision, out, lines).inspect_err(|error| check_refusal(verb_of(verb), error))
    }

    fn made(
        &mut self,
        decision: &str,
        out: &mut impl bytes::BufMut,
        lines: &mut Vec<String>,
    ) -> Result<(), Error> {
        let (verb, rest) = decision.split_once(' ').unwrap_or((decision, ""));
        let (what, fields) = split_fields(rest);
        let fields: Vec<Field<'_>> =
            fields.iter().map(|(name, value)| Field { name, value }).collect();
        let connection = &mut self.connection;
        match verb {
            "request" => {
                let (line, offer) = what.split_once(" offer ").unwrap_or((what, ""));
                let (method, target) = line.split_once(' ').unwrap_or((line, ""));
                let (method, target) = (text_of(method), text_of(target));
                let request = RequestHead::new(&method, &target, &fields);
                let offer: Vec<&str> =
                    offer.split(';').map(str::trim).filter(|entry| !entry.is_empty()).collect();
                connection.send_request(&request, &offer, out)
            }
            "response" | "respond" | "prepared" | "reject" => {
                let (head, content) = what.split_once(" content ").unwrap_or((what, ""));
                let (status, reason) = head.split_once(' ').unwrap_or((head, ""));
                let mut response = ResponseHead::new(status.parse().expect("a status"), &fields);
                let (reason, content) = (unescape(reason), unescape(content));
                if !reason.is_empty() {
                    response.reason = &reason;
                }
                match verb {
                    "response" => connection.send_response(&response, out),
                    "respond" => connection.respond(&response, &content, out),
                    "reject" => connection.reject(&response, &content, out),
                    _ => {
                        let prepared =
                            Prepared::with_config(&response, &content, self.config.clone())?;
                        connection.respond_prepared(&prepared, out)
                    }
                }
            }
            "note" => {
                let words: Vec<&str> = what.split(' ').collect();
                let status = words[0].parse().expect("a status");
                connection
                    .note_response(status, words.contains(&"content"), words.contains(&"closes"))
                    .map(|persists| {
                        lines.push(format!("persists {persists}"));
                    })
            }
            "limits" => {
                let mut limits = self.config.limits;
                for (name, value) in what.split(' ').filter_map(|limit| limit.split_once('=')) {
                    assert!(
                        limits.set(name, value.parse().expect("a bound")),
                        "{name} is no limit"
                    );
                }
                connection.set_limits(&limits)
            }
            "pass" => connection.pass_content(what.parse().expect("a length")),
            "hand-over" => connection
                .hand_over()
                .map(|bytes| lines.push(format!("handed {}", summary(&bytes)))),
            "inform" => connection.send_informational(
                &ResponseHead::new(what.parse().expect("a status"), &fields),
                out,
            ),
            "select" => {
                self.selection = select(connection, what, lines);
                Ok(())
            }
            "accept" | "accept-early" => {
                let selection =
                    if what.is_empty() { self.selection } else { select(connection, what, lines) };
                let Some(selection) = selection else { return Ok(()) };
                match verb {
                    "accept" => connection.accept(selection, &fields, out),
                    _ => connection.accept(selection.early(), &fields, out),
                }
            }
            "require" => connection.require(&entries(what), &fields, out),
            "advertise" => connection.advertise(&entries(what)),
            "data" => connection.send_data(&unescape(what), out),
            "parts" => connection.send_data_parts(what.parse().expect("a length")).map(|parts| {
                lines.push(format!(
                    "parts \"{}\" \"{}\"",
                    escape(parts.prefix()),
                    escape(parts.suffix())
                ));
            }),
            "end" => connection.send_end(&fields, out),
            "receive" => connection.receive(&unescape(what)),
            other => match plain(other) {
                Some(plain) => (plain.call)(connection),
                None => panic!("{other:?} is no decision"),
            },
        }
    }
}

fn select(connection: &Connection, what: &str, lines: &mut Vec<String>) -> Option<Selection> {
    let (preferences, by) = match what.strip_suffix(" by server") {
        Some(rest) => (rest, Order::Server),
        None => (what, Order::Client),
    };
    let selection = connection.select(&entries(preferences), by);
    let entries = entries(preferences);
    match selection {
        Some(selection) => {
            assert!(entries.get(selection.preference()).is_some(), "one of the preferences")
        }
        None => lines.push("selected nothing".into()),
    }
    selection
}

pub(crate) fn entries(list: &str) -> Vec<&str> {
    list.split(';').map(str::trim).filter(|entry| !entry.is_empty()).collect()
}

/// Splits `what | Name: value | Name: value` into `what` and the field lines.
pub(crate) fn split_fields(rest: &str) -> (&str, Vec<FieldLine>) {
    let mut parts = rest.split('|');
    let what = parts.next().unwrap_or_default().trim();
    let fields = parts.map(|field| {
        let (name, value) = field.split_once(':').unwrap_or((field, ""));
        (unescape(name.trim_start()), unescape(value.trim()))
    });
    (what, fields.collect())
}

fn text_of(text: &str) -> String {
    String::from_utf8(unescape(text)).expect("text")
}

/// Returns the method's name in the core's table `VERBS` for the verb of a vector.
fn verb_of(verb: &str) -> &str {
    match verb {
        "request" => "send_request",
        "response" => "send_response",
        // Errors of a prepared response occur already in its preparation.
        "prepared" => "respond",
        "note" => "note_response",
        "inform" => "send_informational",
        "accept-early" => "accept",
        "data" => "send_data",
        "parts" => "send_data_parts",
        "end" => "send_end",
        "hand-over" => "hand_over",
        "limits" => "set_limits",
        "pass" => "pass_content",
        short => plain(short).map_or(short, |plain| plain.name),
    }
}
