//! One vocabulary on four surfaces.
//!
//! The core's tables are compared with the C header, the Python stubs and the TypeScript
//! declarations. Names, numbers and order must agree, with nothing missing and nothing extra.

use switchover::binding::{KnownField, Method};
use switchover::{Lenient, Limits};
use switchover_tests::names::{camel, snake, upper_snake};
use switchover_tests::tables::{Table, read, section, tables};
use switchover_tests::{names, numbers, tables};

/// Parses `NAME<separator>NUMBER`, whatever follows.
fn value(line: &str, separator: &str) -> Option<(u64, String)> {
    let (name, rest) = line.split_once(separator)?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some((digits.parse().ok()?, name.trim_matches('"').to_owned()))
}

#[test]
fn the_c_header_has_the_tables() {
    let header = read("ffi-c/include/switchover.h");
    // Only C walks field lines by their index; the others look them up by name.
    for Table { name, values } in tables().into_iter().chain(tables!(KnownField, Method)) {
        let (enumeration, prefix) = match name {
            "ErrorKind" => ("result_code".into(), "SWO_ERROR_".into()),
            name => (snake(name), format!("SWO_{}_", snake(name).to_uppercase())),
        };
        let found: Vec<_> = section(&header, &format!("enum swo_{enumeration} {{"), "}")
            .iter()
            .filter_map(|line| value(line, " = "))
            // The binding's own numbers begin at 1000; a result of 0 is no error.
            .filter(|(number, constant)| *number < 1000 && constant != "SWO_OK")
            .collect();
        let wanted: Vec<_> = values
            .iter()
            .map(|(number, name)| (*number, prefix.clone() + &upper_snake(name)))
            .collect();
        assert_eq!(found, wanted, "{name}");
    }
}

#[test]
fn the_typescript_face_has_the_tables() {
    let face = read("wasm/js/generated/tables.ts");
    for Table { name, values } in tables() {
        let found = constants(&face, name);
        let wanted: Vec<_> =
            values.iter().map(|(number, name)| (*number, (*name).to_owned())).collect();
        assert_eq!(found, wanted, "{name}");
    }
}

/// Returns the names of a constant, each with its number.
fn constants(face: &str, name: &str) -> Vec<(u64, String)> {
    section(face, &format!("export const {name} = {{"), "}")
        .iter()
        .filter_map(|line| value(line, ": "))
        .collect()
}

#[test]
fn bounds_and_leniencies_have_their_names_and_defaults_everywhere() {
    let limits: Vec<_> = Limits::DEFAULT.table().collect();
    let flags: Vec<_> = Lenient::none().table().collect();
    let header = read("ffi-c/include/switchover.h");
    let face = read("wasm/js/generated/tables.ts");

    let in_c = |line: &str| {
        line.strip_prefix("uint32_t ")
            .or(line.strip_prefix("uint64_t "))?
            .strip_suffix(';')
            .map(str::to_owned)
    };
    let members: Vec<String> = header.lines().filter_map(|line| in_c(line.trim())).collect();
    let names = limits.iter().map(|(name, _)| *name).chain(flags.iter().map(|(name, _)| *name));
    let missing: Vec<_> =
        names.filter(|name| !members.iter().any(|member| member == name)).collect();
    assert!(missing.is_empty(), "the C header lacks {missing:?}");

    // The largest number that JavaScript counts with stands for what is larger.
    let wanted: Vec<_> =
        limits.iter().map(|(name, default)| ((*default).min((1 << 53) - 1), camel(name))).collect();
    assert_eq!(constants(&face, "Limits"), wanted);
    let found: Vec<_> = section(&face, "export const Lenient = {", "}")
        .iter()
        .filter_map(|line| line.strip_suffix(": false,").map(str::to_owned))
        .collect();
    assert_eq!(found, flags.iter().map(|(name, _)| camel(name)).collect::<Vec<_>>());
}

/// Returns the Rust names of a file's items that begin with one of these words.
fn items(file: &str, openings: &[&str]) -> Vec<String> {
    let name = |line: &str| {
        let rest = openings.iter().find_map(|opening| line.strip_prefix(opening))?;
        Some(rest[..rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?].to_owned())
    };
    read(&format!("core/src/{file}.rs")).lines().filter_map(name).collect()
}

/// Returns the public methods of `Connection`, from the list of the API.
fn methods() -> Vec<String> {
    let method = |line: &str| {
        let rest = line.strip_prefix("switchover::Connection: ")?.split_once("fn ")?.1;
        Some(rest[..rest.find(['(', '<'])?].to_owned())
    };
    read("core/api.txt").lines().filter_map(method).collect()
}

/// Returns the methods of `Connection`, and the helpers for particular protocols.
///
/// `Splice::client_sent` is `splice_client_sent` here.
fn verbs() -> Vec<String> {
    let profiles = [
        "beside/bridge",
        "beside/gateway",
        "upgrade/hop",
        "upgrade/http2",
        "upgrade/websocket",
        "beside/masque/mod",
    ]
    .map(|file| items(file, &["pub fn ", "pub struct ", "pub const "]));
    let splice = items("beside/h2c/splice", &["    pub fn "])
        .into_iter()
        .map(|name| format!("splice_{name}"));
    let capsules =
        ["capsules_new", "capsules_receive", "next_datagram", "capsules_finish", "datagram_write"];
    let types =
        ["deflate", "udp_target", "ip_target", "UDP_TEMPLATE", "IP_TEMPLATE", "UDP_PAYLOAD"];
    let listed = capsules.into_iter().chain(types).map(str::to_owned);
    methods()
        .into_iter()
        .chain(profiles.into_iter().flatten())
        .chain(splice)
        .chain(listed)
        .collect()
}

#[test]
fn every_verb_is_on_every_surface() {
    let header = read("ffi-c/include/switchover.h");
    let stubs = read("py/python/switchover/__init__.pyi");
    let face = read("wasm/api.txt") + &read("wasm/js/generated/tables.ts");
    let mut missing = Vec::new();
    for verb in verbs() {
        let (c, python, typescript) = spellings(&verb);
        let has_word = |text: &str, word: &str| {
            text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|found| found == word)
        };
        for (text, word, surface) in
            [(&header, c, "C"), (&stubs, python, "Python"), (&face, typescript, "TypeScript")]
        {
            if !word.is_empty() && !has_word(text, &word) {
                missing.push(format!("{surface}: {word}"));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

/// Returns a method's name in each language.
///
/// It is empty where a caller has no such thing; the comment says why.
fn spellings(verb: &str) -> (String, String, String) {
    let (c, python, typescript) = match verb {
        // Construction is each language's own.
        "new" | "with_config" => ("swo_conn_new", "Connection", "Connection"),
        // One call moves on and shows: across a boundary the pair would be two.
        "advance" | "event" | "next_event" => ("swo_next_event", "next_event", "nextEvent"),
        // What borrows in Rust is asked of the connection elsewhere.
        "EndToEnd" => ("swo_end_to_end", "end_to_end", "endToEnd"),
        // In C any list field is asked for by its name.
        "subprotocols" => ("swo_event_list", "subprotocols", "subprotocols"),
        "key" => ("swo_websocket_key", "websocket_key", "websocketKey"),
        "deflate" => ("swo_deflate", "Deflate", "Deflate"),
        "next_datagram" => ("swo_capsules_next", "Datagram", "Datagram"),
        "datagram_write" => ("swo_datagram_write", "Datagram", "Datagram"),
        "capsules_receive" => ("swo_capsules_receive", "receive_data", "receive"),
        "capsules_new" => ("swo_capsules_new", "Capsules", "Capsules"),
        "UDP_TEMPLATE" | "IP_TEMPLATE" | "UDP_PAYLOAD" => {
            return (format!("SWO_{verb}"), verb.into(), verb.into());
        }
        "splice_new" => ("swo_splice_new", "Splice", "Splice"),
        _ => {
            // A class has methods where C has a prefix.
            if let Some(method) =
                ["splice_", "capsules_"].iter().find_map(|class| verb.strip_prefix(class))
            {
                return (format!("swo_{verb}"), method.to_owned(), camel(method));
            }
            let (python, typescript) = (names::in_python(verb), names::in_javascript(verb));
            return (names::in_c(verb), python.unwrap_or_default(), typescript.unwrap_or_default());
        }
    };
    (c.to_owned(), python.to_owned(), typescript.to_owned())
}

/// Returns the public functions and members of a type, as its file has them.
fn members(file: &str, name: &str) -> Vec<String> {
    let source = read(&format!("core/src/{file}.rs"));
    let mut found = Vec::new();
    for opening in
        [format!("pub struct {name}"), format!("impl {name}"), format!("impl<'a> {name}<'a>")]
    {
        for block in source.split(&format!("\n{opening}")).skip(1) {
            // A longer name that begins alike is another type, and so is the trait of an
            // `impl … for`.
            let (head, body) = block.split_once(" {\n").unwrap_or_default();
            if !matches!(head, "" | "<'a>" | "<'_>") {
                continue;
            }
            let body = body.split("\n}").next().unwrap_or_default();
            let member = |line: &str| {
                let rest = line.strip_prefix("    pub ")?;
                let rest = ["const fn ", "fn "]
                    .iter()
                    .find_map(|opening| rest.strip_prefix(opening))
                    .unwrap_or(rest);
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
                (!rest.starts_with("const ")).then(|| rest[..end].to_owned())
            };
            found.extend(body.lines().filter_map(member));
        }
    }
    found
}

/// Returns the lines of a class, an interface or a struct.
fn class<'t>(text: &'t str, opening: &str) -> &'t str {
    let at = text.find(opening).unwrap_or_else(|| panic!("no {opening:?}"));
    let rest = &text[at + opening.len()..];
    // What stands at the beginning of a line is outside.
    let end = rest
        .match_indices('\n')
        .map(|(end, _)| end + 1)
        .find(|&end| rest[end..].starts_with(|c: char| c > ' ' && c != '}'));
    &rest[..end.unwrap_or(rest.len())]
}

/// A type of the core: name, file, and its openings in Python and TypeScript.
const TYPES: [(&str, &str, &str, &str); 10] = [
    ("Error", "error/mod", "class ProtocolError(", "class ProtocolError "),
    ("ErrorKind", "error/table", "class ErrorKind(", "class ProtocolError "),
    ("Request", "upgrade/request", "class Request:", "interface Request "),
    ("Offer", "upgrade/request", "class Offer:", "interface Offer "),
    ("Response", "event/mod", "class Response:", "interface Response "),
    ("Switched", "event/mod", "class Switched:", "interface SwitchedEvent "),
    ("Selection", "upgrade/selection", "class Selection:", "class Selection "),
    ("Prepared", "connection/outbound/prepared", "class Prepared:", "class Prepared "),
    ("Ineligible", "error/ineligible", "class Ineligible(", "interface Offer "),
    ("Datagram", "beside/masque/capsule", "class Datagram:", "class Datagram "),
];

/// Returns a member's name in each language.
///
/// It is empty where a language has no such thing; the comment says why.
fn spellings_of(name: &str, member: &str) -> (String, String, String) {
    let (c, python, typescript) = match (name, member) {
        // In C a result is the kind and its number, and what else there is to say stands in
        // `written` or swo_failure_info.
        ("Error", "kind" | "code") => ("swo_result", member, member),
        ("Error", "offset") => ("swo_failure_info", "offset", "offset"),
        ("Error", "field" | "ineligible") => ("written", member, member),
        // Python and JavaScript bring memory that grows.
        ("Error", "needed") => ("written", "", ""),
        // An enum of the language's own.
        ("ErrorKind", "from_code") => ("swo_result_code", "", ""),
        ("ErrorKind", "code" | "name") => ("swo_error_name", "label", "kind"),
        // JavaScript has it beside the error: it is the message.
        ("ErrorKind", "text") => ("swo_error_text", "text", ""),
        ("Error" | "ErrorKind", _) => {
            return (format!("swo_error_{member}"), member.into(), member.into());
        }
        ("Request", "fields") => ("swo_request_fields", "headers", "headers"),
        ("Request", "offers") => ("swo_offers", "offers", "offers"),
        ("Request", "offer_count") => ("offer_count", "offers", "offers"),
        // An event of JavaScript is plain data; the connection is asked.
        ("Request", "authority") => ("swo_request_authority", "authority", ""),
        // In TypeScript a question to the connection, as the authority is.
        ("Request", "path" | "query") => {
            return (format!("swo_target_{member}"), member.into(), String::new());
        }
        ("Response", "fields") => ("swo_event_fields", "headers", "headers"),
        ("Response", "advertised") => ("swo_advertised", "advertised", "advertised"),
        ("Switched", "protocols") => ("swo_agreed", "protocols", "protocols"),
        ("Prepared", "new" | "with_config") => ("swo_prepared_new", "__new__", "constructor"),
        // What a prepared answer holds, a caller in C has given it.
        ("Prepared", _) => ("", member, member),
        ("Selection", _) => {
            return (format!("swo_selection_{member}"), member.into(), member.into());
        }
        ("Ineligible", "status") => ("swo_offer", "status", "status"),
        ("Ineligible", "text") => ("swo_text", "text", ""),
        // How long it would be: for memory that is brought.
        ("Datagram", "written_len") => ("written", "", ""),
        ("Datagram", "parse" | "write") => ("swo_datagram_write", "write", "write"),
        _ => return (member.into(), member.into(), camel(member)),
    };
    (c.into(), python.into(), typescript.into())
}

#[test]
fn every_member_of_a_type_is_on_every_surface() {
    let header = read("ffi-c/include/switchover.h");
    let stubs = read("py/python/switchover/__init__.pyi") + &read("py/python/switchover/_base.py");
    let face = read("wasm/api.txt") + &read("wasm/js/generated/tables.ts");
    let (mut missing, mut count) = (Vec::new(), 0);
    for (name, file, in_python, in_typescript) in TYPES {
        let members = members(file, name);
        assert!(!members.is_empty(), "{name} has no members");
        for member in members {
            count += 1;
            let (c, python, typescript) = spellings_of(name, &member);
            let surfaces = [
                (header.as_str(), c, "C"),
                (class(&stubs, in_python), python, "Python"),
                (class(&face, in_typescript), typescript, "TypeScript"),
            ];
            for (text, word, surface) in surfaces {
                let is_there = text
                    .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                    .any(|found| found == word);
                if !word.is_empty() && !is_there {
                    missing.push(format!("{surface}: {name}.{word}"));
                }
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
    numbers::check("members of public types", count);
}
