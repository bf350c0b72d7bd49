//! The export of test vectors for runners in other languages.
//!
//! Every case is exported without Markdown and escapes, with the digest of its expected output.
//! `bin/export.rs` writes the cases to one file, and the digests to another.
//!
//! A case is a block of lines, ended by a line with a full stop. Bytes are in hex, `-` for none:
//!
//! ```text
//! case NAME client|server fields|- KEY=VALUE...     config: limits by name, flags as NAME=1
//! feed HEX
//! end clean|truncated
//! expect data LENGTH | expect leftover | expect line
//! do VERB ...
//! .
//! ```
//! A runner keeps a log of lines. `expect` waits for one line of output and logs it, whatever it
//! is. `do` logs the lines of a decision, `> HEX` if it wrote, and `? NAME` if it was rejected.
//! The digest is the checksum of the log, each line ended by LF. So a runner has the same digest
//! only if it had the same output.

use std::fmt::Write;

use switchover::{Config, Role};

use crate::corpus::{self, Case};
use crate::script::{self, entries, split_fields};
use crate::text::{checksum, hex, unescape};
use crate::vector::{Item, Vector};

/// Returns all test vectors, then all corpus cases converted to vectors.
pub fn cases() -> Vec<Vector> {
    let vectors = crate::vector::load(&crate::home().join("vectors"));
    vectors.into_iter().chain(corpus::load().iter().map(of_case)).collect()
}

/// Converts a corpus case to a vector.
///
/// As a client, the vector's caller sends the case's requests first. As a server, it responds to
/// every request with an empty 200, up to the first upgrade offer or CONNECT.
fn of_case(case: &Case) -> Vector {
    let mut lines = String::new();
    for asked in &case.asked {
        if case.role == Role::Client {
            let offer = if asked.offer.is_empty() {
                String::new()
            } else {
                format!(" offer {}", asked.offer.join("; "))
            };
            writeln!(lines, "! request {} {}{offer} | Host: a", asked.method, asked.target)
                .expect("a string");
        }
    }
    script::put_lines(&case.input, '<')
        .iter()
        .for_each(|line| writeln!(lines, "{line}").expect("a string"));
    if case.eof {
        lines.push_str("<end clean\n");
    }
    let secure = if case.secure { " secure" } else { "" };
    let info = format!("{} fields bare_h2c{secure}", case.role.name());
    // No case has as many as 20 requests.
    for _ in 0..20 {
        lines = script::bless(&Vector::of_lines(&case.id, &info, &lines))
            .unwrap_or_else(|error| panic!("{error}"));
        if !lines.ends_with("= paused answer\n") {
            break;
        }
        lines.push_str("! response 200 | Content-Length: 0\n");
    }
    Vector::of_lines(&format!("corpus-{}", case.id), &info, &lines)
}

/// Returns a vector as a block of lines in the export format.
pub fn block(vector: &Vector) -> String {
    let mut text = format!("case {} {}", vector.name, vector.role.name());
    text.push_str(if vector.shows_fields { " fields" } else { " -" });
    limits(&vector.config)
        .for_each(|(name, value)| write!(text, " {name}={value}").expect("a string"));
    flags(&vector.config).for_each(|name| write!(text, " {name}=1").expect("a string"));
    text.push('\n');
    for line in vector.items.iter().filter_map(item) {
        text.push_str(&line);
        text.push('\n');
    }
    text + ".\n"
}

/// Returns the names and values of the limits that differ from the default.
pub(crate) fn limits(config: &Config) -> impl Iterator<Item = (&'static str, u64)> {
    let defaults = Config::default().limits.table();
    config
        .limits
        .table()
        .zip(defaults)
        .filter(|((_, value), (_, default))| value != default)
        .map(|(limit, _)| limit)
}

/// Returns the names of the flags that are set, those of `Config::lenient` first.
pub(crate) fn flags(config: &Config) -> impl Iterator<Item = &'static str> {
    let flags = config.lenient.table().chain(config.flags());
    flags.filter(|(_, is_set)| *is_set).map(|(name, _)| name)
}

fn item(item: &Item) -> Option<String> {
    Some(match item {
        Item::Feed(bytes) => format!("feed {}", hex(bytes)),
        Item::End(end) => format!("end {}", end.name()),
        Item::Expect(line) => match (line.strip_prefix("data "), line.starts_with("leftover ")) {
            (Some(data), _) => format!("expect data {}", data_length(data)),
            (None, true) => "expect leftover".into(),
            (None, false) if script::is_answer(line) => return None,
            (None, false) => "expect line".into(),
        },
        Item::Do(decision) => decide(decision),
        Item::Output(_) | Item::Refused(_) => return None,
    })
}

fn data_length(data: &str) -> usize {
    match data.strip_prefix('"').and_then(|data| data.strip_suffix('"')) {
        Some(quoted) => unescape(quoted).len(),
        None => data.split(' ').next().and_then(|word| word.parse().ok()).expect("a length"),
    }
}

/// Returns the `do` line of a decision or a query of the vector's caller.
///
/// Its arguments are separated by spaces. Texts and lists are in hex, list members joined by
/// semicolons. Fields come last, as `HEX:HEX`.
fn decide(decision: &str) -> String {
    let (verb, rest) = decision.split_once(' ').unwrap_or((decision, ""));
    let (what, fields) = split_fields(rest);
    let list = |list: &str| hex(entries(list).join(";").as_bytes());
    let arguments = match verb {
        "request" => {
            let (line, offer) = what.split_once(" offer ").unwrap_or((what, ""));
            let (method, target) = line.split_once(' ').unwrap_or((line, ""));
            format!("{} {} {}", hex(&unescape(method)), hex(&unescape(target)), list(offer))
        }
        "response" | "respond" | "prepared" | "reject" => {
            let (head, content) = what.split_once(" content ").unwrap_or((what, ""));
            let (status, reason) = head.split_once(' ').unwrap_or((head, ""));
            let head = format!("{status} {}", hex(&unescape(reason)));
            if verb == "response" { head } else { format!("{head} {}", hex(&unescape(content))) }
        }
        "select" | "accept" | "accept-early" => match what.strip_suffix(" by server") {
            Some(what) => format!("server {}", list(what)),
            None => format!("client {}", list(what)),
        },
        "require" | "advertise" => list(what),
        "data" | "receive" => hex(&unescape(what)),
        _ if script::is_profile_question(verb) => hex(&unescape(what)),
        _ => what.to_owned(),
    };
    let mut text = format!("do {verb} {arguments}").trim_end().to_owned();
    for (name, value) in fields {
        write!(text, " {}:{}", hex(&name), hex(&value)).expect("a string");
    }
    text
}

/// Returns the digest of a vector's expected output.
///
/// It is computed from the lines of the vector, which the Rust runner compares with the output.
pub fn digest(vector: &Vector) -> u64 {
    let mut log = String::new();
    for item in &vector.items {
        match item {
            Item::Expect(line) => writeln!(log, "{line}"),
            Item::Output(bytes) => writeln!(log, "> {}", hex(bytes)),
            Item::Refused(name) => writeln!(log, "? {name}"),
            Item::Feed(_) | Item::End(_) | Item::Do(_) => Ok(()),
        }
        .expect("a string");
    }
    checksum(log.as_bytes())
}
