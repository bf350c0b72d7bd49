//! Comparison of the names in C, Python and TypeScript with those of the Rust core.
//!
//! The core's tables are compared with the C header and the TypeScript declarations. Names, numbers
//! and order must agree, with nothing missing and nothing extra; `stubs.rs` writes those of Python.
//! Methods and the members of types must be in all three languages, except where `spellings` and
//! `spellings_of` have an empty name.

use switchover::binding::{ContentKind, KnownField, Method};
use switchover::{Config, Lenient, Limits};
use switchover_tests::names::{camel, snake, upper_snake};
use switchover_tests::tables::{Table, read, section, tables};
use switchover_tests::{names, numbers, tables};

/// Parses `NAME<separator>NUMBER` at the start of a line, and ignores the rest.
fn value(line: &str, separator: &str) -> Option<(u64, String)> {
    let (name, rest) = line.split_once(separator)?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some((digits.parse().ok()?, name.trim_matches('"').to_owned()))
}

/// Returns the text of both C headers.
fn header() -> String {
    read("ffi-c/include/switchover.h") + &read("ffi-c/include/switchover_profiles.h")
}

#[test]
fn the_c_header_has_the_tables() {
    let header = header();
    // Only C reads known fields by index; Python and JavaScript look them up by name.
    for Table { name, values } in tables().into_iter().chain(tables!(KnownField, Method)) {
        let (enumeration, prefix) = match name {
            "ErrorKind" => ("result_code".into(), "SWO_ERROR_".into()),
            name => (snake(name), format!("SWO_{}_", snake(name).to_uppercase())),
        };
        let found: Vec<_> = section(&header, &format!("enum swo_{enumeration} {{"), "}")
            .iter()
            .filter_map(|line| value(line, " = "))
            // The C binding's own error numbers begin at 1000; `SWO_OK` (0) is not an error.
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

/// Returns the entries of an exported TypeScript object, each with its number.
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
    let header = header();
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

    // Larger defaults are given as the largest integer that is exact in JavaScript.
    let wanted: Vec<_> =
        limits.iter().map(|(name, default)| ((*default).min((1 << 53) - 1), camel(name))).collect();
    assert_eq!(constants(&face, "Limits"), wanted);
    let found: Vec<_> = section(&face, "export const Lenient = {", "}")
        .iter()
        .filter_map(|line| line.strip_suffix(": false,").map(str::to_owned))
        .collect();
    assert_eq!(found, flags.iter().map(|(name, _)| camel(name)).collect::<Vec<_>>());
}

#[test]
fn the_playground_knows_the_flags_of_a_configuration() {
    let words = read("wasm/playground/code/words.js");
    let flags: Vec<_> = Config::default().flags().map(|(name, _)| format!("{name:?}")).collect();
    let line = format!("export const FLAGS = [{}];", flags.join(", "));
    assert!(words.contains(&line), "words.js lacks `{line}`");
}

/// Returns the names of a file's items whose lines begin with one of `openings`.
fn items(file: &str, openings: &[&str]) -> Vec<String> {
    let name = |line: &str| {
        let rest = openings.iter().find_map(|opening| line.strip_prefix(opening))?;
        Some(rest[..rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?].to_owned())
    };
    read(&format!("core/src/{file}.rs")).lines().filter_map(name).collect()
}

/// Returns the public methods of `Connection` that `core/api.txt` lists.
fn methods() -> Vec<String> {
    let method = |line: &str| {
        let rest = line.strip_prefix("switchover::Connection: ")?.split_once("fn ")?.1;
        Some(rest[..rest.find(['(', '<'])?].to_owned())
    };
    read("core/api.txt").lines().filter_map(method).collect()
}

/// Returns the methods of `Connection`, and the items of the protocol helpers.
///
/// `Splice::client_sent` is named `splice_client_sent` here.
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
    let header = header();
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

/// Returns the name of a method, type or constant in C, Python and TypeScript.
///
/// A name is empty if the language has no such item; the module `names` says why.
fn spellings(verb: &str) -> (String, String, String) {
    let (c, python, typescript) = match verb {
        // Each language has its own form of constructor.
        "new" | "with_config" => ("swo_conn_new", "Connection", "Connection"),
        // The bindings have one call for both, to cross the language boundary only once.
        "advance" | "event" | "next_event" => ("swo_next_event", "next_event", "nextEvent"),
        // In Rust this is a borrowed view; in the bindings it is a method of the connection.
        "EndToEnd" => ("swo_end_to_end", "end_to_end", "endToEnd"),
        // C reads any list field by its name.
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
            // C prefixes the function's name; Python and JavaScript have a method of a class.
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

/// Returns the names of a type's public functions and fields.
fn members(file: &str, name: &str) -> Vec<String> {
    let source = read(&format!("core/src/{file}.rs"));
    let mut found = Vec::new();
    for opening in
        [format!("pub struct {name}"), format!("impl {name}"), format!("impl<'a> {name}<'a>")]
    {
        for block in source.split(&format!("\n{opening}")).skip(1) {
            // A longer name with the same beginning is another type. `impl … for` belongs to a
            // trait.
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

/// Returns the lines of a class or an interface, up to its end.
fn class<'t>(text: &'t str, opening: &str) -> &'t str {
    let at = text.find(opening).unwrap_or_else(|| panic!("no {opening:?}"));
    let rest = &text[at + opening.len()..];
    // A line without indentation, other than a closing brace, is outside the class.
    let end = rest
        .match_indices('\n')
        .map(|(end, _)| end + 1)
        .find(|&end| rest[end..].starts_with(|c: char| c > ' ' && c != '}'));
    &rest[..end.unwrap_or(rest.len())]
}

/// The compared types: name, file, and declarations in Python and TypeScript.
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

/// Returns the name of a type's member in C, Python and TypeScript.
///
/// A name is empty if the language has no such member; most have a comment that says why.
fn spellings_of(name: &str, member: &str) -> (String, String, String) {
    let (c, python, typescript) = match (name, member) {
        // C returns the kind and its number. The other details are in `written` or in
        // swo_failure_info.
        ("Error", "kind" | "code") => ("swo_result", member, member),
        ("Error", "offset") => ("swo_failure_info", "offset", "offset"),
        ("Error", "field" | "ineligible") => ("written", member, member),
        // Python and JavaScript allocate the output themselves, so it cannot be too small.
        ("Error", "needed") => ("written", "", ""),
        // Python and JavaScript have an enum of their own.
        ("ErrorKind", "from_code") => ("swo_result_code", "", ""),
        ("ErrorKind", "code" | "name") => ("swo_error_name", "label", "kind"),
        // In JavaScript the text is the message of the error.
        ("ErrorKind", "text") => ("swo_error_text", "text", ""),
        ("Error" | "ErrorKind", _) => {
            return (format!("swo_error_{member}"), member.into(), member.into());
        }
        ("Request", "fields") => ("swo_request_fields", "headers", "headers"),
        ("Request", "offers") => ("swo_offers", "offers", "offers"),
        ("Request", "offer_count") => ("offer_count", "offers", "offers"),
        // Events in JavaScript are plain data; the authority is a method of the connection.
        ("Request", "authority") => ("swo_request_authority", "authority", ""),
        // In TypeScript this is a method of the connection, as is the authority.
        ("Request", "path" | "query") => {
            return (format!("swo_target_{member}"), member.into(), String::new());
        }
        ("Response", "fields") => ("swo_event_fields", "headers", "headers"),
        ("Response", "advertised") => ("swo_advertised", "advertised", "advertised"),
        ("Switched", "protocols") => ("swo_agreed", "protocols", "protocols"),
        ("Prepared", "new" | "with_config") => ("swo_prepared_new", "__new__", "constructor"),
        // A caller in C has passed these values itself, so C has no functions to read them.
        ("Prepared", _) => ("", member, member),
        ("Selection", _) => {
            return (format!("swo_selection_{member}"), member.into(), member.into());
        }
        ("Ineligible", "status") => ("swo_offer", "status", "status"),
        ("Ineligible", "text") => ("swo_text", "text", ""),
        // Only a caller that provides the memory needs the length beforehand.
        ("Datagram", "written_len") => ("written", "", ""),
        ("Datagram", "parse" | "write") => ("swo_datagram_write", "write", "write"),
        _ => return (member.into(), member.into(), camel(member)),
    };
    (c.into(), python.into(), typescript.into())
}

#[test]
fn every_member_of_a_type_is_on_every_surface() {
    let header = header();
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

/// The methods of `Connection` that the component lacks or has in another form.
///
/// The WebAssembly component has `create` for `new` and `with_config`, `standing` for `state`, and
/// `next-event` for `advance`. It shares no memory with its caller, so it lacks `receive_buffer`
/// and `commit`.
const NOT_IN_WIT: [&str; 6] =
    ["advance", "commit", "new", "receive_buffer", "state", "with_config"];

#[test]
fn the_component_has_the_tables_and_the_methods() {
    let wit = read("wasm/component/wit/http1.wit");
    let tables: Vec<_> = tables().into_iter().chain(tables!(ContentKind)).collect();
    let mut enums = 0;
    for line in wit.lines() {
        let Some((name, cases)) =
            line.trim().strip_prefix("enum ").and_then(|rest| rest.split_once(" { "))
        else {
            continue;
        };
        let table = tables.iter().find(|table| snake(table.name).replace('_', "-") == name);
        let wanted: Vec<_> = table
            .unwrap_or_else(|| panic!("{name} is no table"))
            .values
            .iter()
            .map(|(_, name)| *name)
            .collect();
        assert_eq!(cases.trim_end_matches(" }").split(", ").collect::<Vec<_>>(), wanted, "{name}");
        enums += 1;
    }
    assert_eq!(enums, 11, "each enum stands in one line");
    let verb = |line: &str| Some(line.trim().split_once(": func")?.0.replace('-', "_"));
    let verbs: Vec<_> = wit.lines().filter_map(verb).collect();
    let standing: Vec<_> = section(&wit, "    record standing {", "    }")
        .iter()
        .filter_map(|line| Some(line.split_once(':')?.0.replace('-', "_")))
        .collect();
    let missing: Vec<_> = methods()
        .into_iter()
        .filter(|method| !verbs.contains(method) && !standing.contains(method))
        .collect();
    assert_eq!(missing, NOT_IN_WIT);
}
