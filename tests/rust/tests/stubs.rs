//! A generator of the docstrings in Python's stubs.
//!
//! The docstrings of enums and options come from the core's tables and sources. An outdated stub
//! fails the test; `BLESS=1 cargo test -p switchover-tests --test stubs` rewrites it.

use std::fs;

use switchover::binding::{ContentKind, Language, Spelled};
use switchover::{Config, ErrorKind, Lenient, Limits};
use switchover_tests::names::upper_snake;
use switchover_tests::tables::{Table, WIDTH, read, section, tables, wrapped};
use switchover_tests::{home, tables};

const STUBS: &str = "py/python/switchover/__init__.pyi";
const DOCUMENTS: &str = "py/python/switchover/_documents.py";

#[test]
fn the_python_stubs_have_the_tables() {
    let stubs = with_options(with_enums(read(STUBS)));
    let of_rust = stubs.lines().find(|line| line.contains("::") && line.contains('`'));
    assert_eq!(of_rust, None, "a name that only Rust has");
    compare(STUBS, &stubs);
    compare(DOCUMENTS, &for_help(&stubs));
}

fn compare(path: &str, wanted: &str) {
    if std::env::var_os("BLESS").is_some() {
        fs::write(home().join("..").join(path), wanted).expect("a writable file");
    }
    assert!(wanted == read(path), "{path} is stale; BLESS=1 rewrites it");
}

/// Returns the Python module with the docstrings of enum members and options.
fn for_help(stubs: &str) -> String {
    let mut page = String::from(
        "\"\"\"The documentation of the members of enums and of the options.\n\n\
         Written by tests/rust/tests/stubs.rs.\n\"\"\"\n\n\
         # ruff: noqa: E501\n\nMEMBERS = {\n",
    );
    for class in stubs
        .split("\nclass ")
        .filter(|class| class.lines().next().is_some_and(|line| line.contains("(enum.")))
    {
        page += &format!("    \"{}\": {{\n", class.split('(').next().unwrap_or_default());
        for (name, document) in described(class, " = ") {
            page += &format!("        \"{name}\": {document:?},\n");
        }
        page += "    },\n";
    }
    page += "}\n\nOPTIONS = {\n";
    let config =
        stubs.split("\nclass ").find(|class| class.starts_with("Config:")).expect("the options");
    for (name, document) in described(config, ": Final[") {
        let argument = format!("\n        {name}: ");
        let default = config
            .split_once(&argument)
            .and_then(|(_, rest)| rest.split_once(" = ")?.1.split_once(",\n"));
        let (default, _) = default.unwrap_or_else(|| panic!("{name} has no default"));
        page += &format!("    \"{name}\": {:?},\n", format!("{document} Default {default}."));
    }
    page += "}\n\nLENIENT = [\n";
    for (name, _) in Lenient::none().table() {
        page += &format!("    \"{name}\",\n");
    }
    page + "]\n"
}

/// Returns the attributes of a class, each with its docstring in one line.
///
/// An attribute is a line that has `mark` after the name.
fn described<'s>(class: &'s str, mark: &str) -> Vec<(&'s str, String)> {
    let mut found = Vec::new();
    let mut lines = class.lines();
    while let Some(line) = lines.next() {
        let name =
            line.strip_prefix("    ").and_then(|line| line.split_once(mark)).map(|(name, _)| name);
        let Some(name) = name.filter(|name| name.chars().all(|c| c.is_alphanumeric() || c == '_'))
        else {
            continue;
        };
        let first = lines
            .next()
            .and_then(|line| line.trim_start().trim_start_matches('r').strip_prefix("\"\"\""))
            .expect("a document");
        let mut texts = vec![first];
        while !texts.last().is_some_and(|line| line.ends_with("\"\"\"")) {
            texts.push(lines.next().expect("the end of a document").trim_start());
        }
        let text = texts.join(" ").replace("\"\"\"", "");
        found.push((name, text.split_whitespace().collect::<Vec<_>>().join(" ")));
    }
    found
}

/// Returns the stubs with the members of enums replaced by the core's tables.
fn with_enums(mut stubs: String) -> String {
    let mut tables = tables();
    tables.extend(tables!(ContentKind));
    for Table { name, values } in tables {
        let (class, base) = match name {
            "ErrorKind" => ("ErrorKind", "IntEnum"),
            "Paused" => ("PausedReason", "Enum"),
            name => (name, "Enum"),
        };
        let documents = documents(name);
        assert_eq!(documents.len(), values.len(), "{name}");
        let mut members = String::new();
        for ((number, name), document) in values.into_iter().zip(documents) {
            let constant = upper_snake(name);
            // A Python name cannot begin with a digit.
            let version = if constant.starts_with(|c: char| c.is_ascii_digit()) { "V" } else { "" };
            members += &format!("    {version}{constant} = {number}\n{}", in_quotes(&document));
        }
        let opening = format!("class {class}(enum.{base}):\n");
        let from = stubs.find(&opening).unwrap_or_else(|| panic!("no {opening}")) + opening.len();
        // The members follow the docstring of the class and an empty line.
        let from =
            from + stubs[from..].find("\"\"\"\n\n").expect("a document") + "\"\"\"\n\n".len();
        let to = from + stubs[from..].find("\n    label: str\n").expect("the label");
        stubs.replace_range(from..to, &members);
    }
    stubs
}

/// Returns the core's documentation of each value of an enum, in their order.
///
/// Each has a summary, and perhaps further paragraphs.
fn documents(enumeration: &str) -> Vec<Vec<String>> {
    if enumeration == "ErrorKind" {
        return ErrorKind::ALL.iter().map(|kind| of_kind(kind.text())).collect();
    }
    let opening = format!("pub enum {enumeration} {{");
    let source = switchover_tests::files(&home().join("../core/src"), "rs")
        .iter()
        .map(|path| fs::read_to_string(path).expect("a source"))
        .find(|source| source.lines().any(|line| line == opening))
        .unwrap_or_else(|| panic!("no {opening}"));
    let (mut found, mut text) = (Vec::new(), Vec::new());
    for line in section(&source, &opening, "}") {
        match line.strip_prefix("///") {
            Some(words) => text.push(words),
            None if line.starts_with("#[") => {}
            None => found.push(paragraphs(&text.split_off(0))),
        }
    }
    found
}

/// Returns the text of an error's kind as paragraphs of whole sentences.
///
/// If it is longer than a summary may be, its explanation after a colon is a paragraph of its own.
fn of_kind(text: &str) -> Vec<String> {
    let sentence = |text: &str| text[..1].to_uppercase() + &text[1..] + ".";
    let pieces = if text.len() < 80 { None } else { text.split_once(": ") };
    match pieces {
        Some((summary, rest)) => vec![sentence(summary), sentence(rest)],
        None => vec![sentence(text)],
    }
}

/// Returns the paragraphs of the lines of a doc comment, as plain text.
fn paragraphs(lines: &[&str]) -> Vec<String> {
    let words = |lines: &[&str]| -> Vec<String> {
        lines.iter().flat_map(|line| line.split_whitespace()).map(str::to_owned).collect()
    };
    lines.split(|line| line.trim().is_empty()).map(|lines| plain(&words(lines).join(" "))).collect()
}

/// Converts documentation to plain text: no links, and names as in Python.
fn plain(text: &str) -> String {
    let mut pieces = text.split("[`");
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, rest) = piece.split_once("`]").unwrap_or((piece, ""));
        let rest = if rest.starts_with('(') {
            rest.split_once(')').map_or("", |(_, rest)| rest)
        } else {
            rest
        };
        out += &format!("`{name}`{rest}");
    }
    let spelled = |text| Spelled::new(text, Language::Python).as_str().to_owned();
    // The converter has room for one sentence at a time.
    out.split_inclusive(". ").map(spelled).collect()
}

/// Returns paragraphs as an indented docstring.
///
/// It is a raw string if it has a backslash.
fn in_quotes(paragraphs: &[String]) -> String {
    let is_raw = paragraphs.iter().any(|text| text.contains('\\'));
    let quotes = "\"\"\"";
    let opening = format!("    {}{quotes}", if is_raw { "r" } else { "" });
    let [summary, rest @ ..] = paragraphs else { panic!("no document") };
    if rest.is_empty() {
        // Leave room for the closing quotes in every line.
        let lines = wrapped(&opening, summary, "    ", WIDTH - quotes.len());
        return lines.join("\n") + quotes + "\n";
    }
    let mut lines = wrapped(&opening, summary, "    ", WIDTH);
    for text in rest {
        lines.push(String::new());
        lines.extend(wrapped("    ", text, "    ", WIDTH));
    }
    lines.join("\n") + "\n    " + quotes + "\n"
}

/// Returns the stubs with the arguments and attributes of `Config`.
///
/// Arguments show their default values, and attributes the core's documentation.
fn with_options(mut stubs: String) -> String {
    let (mut arguments, mut attributes) = (String::new(), String::new());
    let mut add = |name: &str, kind: &str, default: &str, document: &[String]| {
        arguments += &format!("        {name}: {kind} = {default},\n");
        attributes += &format!("    {name}: Final[{kind}]\n{}", in_quotes(document));
    };
    let source = read("core/src/limits.rs");
    for (name, default) in Limits::DEFAULT.table() {
        let mut document = field_document(&source, name);
        let last = document.pop().expect("a document");
        let (text, documented) =
            last.rsplit_once("Default ").unwrap_or_else(|| panic!("{name} has no default"));
        let digits: String = documented.chars().filter(char::is_ascii_digit).collect();
        assert_eq!(digits, default.to_string(), "the default of {name}");
        if !text.is_empty() {
            document.push(text.trim_end().to_owned());
        }
        add(name, "int", &with_underscores(default), &document);
    }
    for (name, _) in Lenient::none().table().chain(Config::default().flags()) {
        add(name, "bool", "False", &field_document(&source, name));
    }
    let between = |stubs: &str, opening: &str, closing: &str| {
        let class = stubs.find("class Config:\n").expect("the class");
        let from = class + stubs[class..].find(opening).expect("the opening") + opening.len();
        from..from + stubs[from..].find(closing).expect("the closing")
    };
    stubs.replace_range(between(&stubs, "        *,\n", "    ) -> Config: ...\n"), &arguments);
    stubs.replace_range(
        between(&stubs, "    ) -> Config: ...\n\n", "\n    def __eq__"),
        &attributes,
    );
    stubs
}

/// Returns the paragraphs of the documentation of the public field `name`.
fn field_document(source: &str, name: &str) -> Vec<String> {
    let declares = format!("    pub {name}: ");
    let lines: Vec<&str> = source.lines().collect();
    let at = lines
        .iter()
        .position(|line| line.starts_with(&declares))
        .unwrap_or_else(|| panic!("no {name}"));
    let begin = (0..at)
        .rev()
        .find(|&line| !lines[line].trim_start().starts_with("///"))
        .map_or(0, |line| line + 1);
    let text: Vec<&str> =
        lines[begin..at].iter().map(|line| line.trim_start().trim_start_matches("///")).collect();
    paragraphs(&text)
}

/// Formats a number with underscores, such as `65_536`.
fn with_underscores(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| str::from_utf8(group).expect("digits"))
        .collect();
    groups.join("_")
}
