//! A generator of the list of errors in each method's documentation.
//!
//! The lists are written into the sources for four languages, and a table of names into
//! `coming-from.md`; both come from the core's tables. An outdated one fails the test; `BLESS=1
//! cargo test -p switchover-tests --test verbs` rewrites it.

use std::path::PathBuf;
use std::{env, fs};

use switchover::ErrorKind;
use switchover::binding::VERBS;
use switchover_tests::names::upper_snake;
use switchover_tests::tables::{WIDTH, wrapped};
use switchover_tests::{files, home, names};

/// The sources of one language, and the form of its documentation.
struct Language {
    folder: &'static str,
    ending: &'static str,
    /// The names of the files to search, without their endings; if empty, all files.
    only: &'static [&'static str],
    /// True if callers in this language provide the output memory.
    ///
    /// Otherwise no method lists `OutputTooSmall` among its errors.
    brings_memory: bool,
    /// The words that begin the list of errors, by which an old list is found.
    opening: &'static str,
    /// The indentation and comment marker of each line of documentation.
    margin: &'static str,
    /// Returns the beginning of the line that declares the method of that name.
    declares: fn(&str) -> String,
    /// Returns the name of a method in the language; `None` if it has no such method.
    name: fn(&str) -> Option<String>,
    /// Returns the name of a kind of error in the language.
    error: fn(ErrorKind) -> String,
}

impl Language {
    /// Returns the maximum length of a line: 100 for rustfmt, `WIDTH` for the others.
    fn width(&self) -> usize {
        if self.margin.trim_start().starts_with("///") { 100 } else { WIDTH }
    }
}

const LANGUAGES: [Language; 4] = [
    Language {
        folder: "core/src/connection",
        ending: "rs",
        only: &[],
        brings_memory: true,
        opening: "# Errors",
        margin: "    /// ",
        declares: |name| format!("    pub fn {name}("),
        name: |verb| Some(verb.into()),
        error: |kind| format!("`{kind:?}`"),
    },
    Language {
        folder: "ffi-c/src",
        ending: "rs",
        only: &[],
        brings_memory: true,
        opening: "Errors: ",
        margin: "    /// ",
        declares: |name| format!("    fn {name}("),
        name: |verb| Some(names::in_c(verb)),
        error: |kind| format!("SWO_ERROR_{}", upper_snake(kind.name())),
    },
    Language {
        folder: "py/python/switchover",
        ending: "pyi",
        only: &["__init__"],
        brings_memory: false,
        opening: "Raises LocalProtocolError: ",
        margin: "        ",
        declares: |name| format!("    def {name}("),
        name: names::in_python,
        error: |kind| upper_snake(kind.name()),
    },
    Language {
        folder: "wasm/js",
        ending: "ts",
        only: &["inbound", "outbound", "connection"],
        brings_memory: false,
        opening: "@throws ProtocolError: ",
        margin: "   * ",
        declares: |name| format!("  {name}("),
        name: names::in_javascript,
        error: |kind| format!("`{}`", kind.name()),
    },
];

/// Returns the positions of a doc comment's first line and of its end.
///
/// In Python that is the line with the closing quotes, elsewhere the line after the comment.
fn document(lines: &[String], declared: usize, language: &Language) -> (usize, usize) {
    if language.ending == "pyi" {
        // Only the last of several overloads is documented.
        let opens = (declared..lines.len())
            .find(|&at| lines[at].trim_start().starts_with("\"\"\""))
            .expect("a document");
        let text = lines[opens].trim_start().trim_start_matches("\"\"\"");
        let closes = if text.contains("\"\"\"") {
            opens
        } else {
            (opens + 1..lines.len())
                .find(|&at| lines[at].trim_end().ends_with("\"\"\""))
                .expect("its end")
        };
        return (opens, closes);
    }
    let is_of_it = |line: &String| {
        let line = line.trim_start();
        line.starts_with("///")
            || line.starts_with('*')
            || line.starts_with("/**")
            || line.starts_with("#[")
    };
    let begin = (0..declared).rev().find(|&at| !is_of_it(&lines[at])).map_or(0, |at| at + 1);
    let end =
        (begin..declared).find(|&at| lines[at].trim_start().starts_with("#[")).unwrap_or(declared);
    (begin, end)
}

/// Returns the source with the current list of errors in a method's documentation.
///
/// `None` if the source does not declare the method.
fn written(source: &str, language: &Language, name: &str, errors: &[ErrorKind]) -> Option<String> {
    let mut lines: Vec<String> = source.lines().map(str::to_owned).collect();
    let declares = (language.declares)(name);
    let generic = declares.replace('(', "<");
    let is_it = |line: &String| line.starts_with(&declares) || line.starts_with(&generic);
    // A Python stub also contains other classes.
    let from = lines.iter().position(|line| line == "class Connection:").unwrap_or(0);
    let is_class = |line: &String| line.starts_with("class ");
    let to = lines
        .iter()
        .skip(from + 1)
        .position(is_class)
        .filter(|_| from > 0)
        .map_or(lines.len(), |at| from + 1 + at);
    let declared = from + lines[from..to].iter().rposition(is_it)?;
    let (begin, end) = document(&lines, declared, language);
    let list: Vec<String> = errors.iter().map(|&kind| (language.error)(kind)).collect();
    let bare = language.margin.trim_end();
    // A Markdown heading is followed by an empty line.
    let (heading, opening) = match language.opening.starts_with('#') {
        true => (vec![format!("{}{}", language.margin, language.opening), bare.to_owned()], ""),
        false => (vec![], language.opening),
    };
    let text = format!("{opening}{}.", list.join(", "));
    let list = wrapped(language.margin, &text, language.margin, language.width());
    let below = heading.len();
    let paragraph = heading.into_iter().chain(list);
    let text_of = |line: &String| line.strip_prefix(bare).unwrap_or(line).trim().to_owned();
    // An old list ends at the next empty line, or with the documentation.
    let old = (begin..end.max(begin + 1))
        .find(|&at| text_of(&lines[at]).starts_with(language.opening.trim_end()));
    match language.ending {
        "rs" => {
            let first = old.unwrap_or(end);
            let is_empty = |at: &usize| text_of(&lines[*at]).is_empty();
            let last = (first + below..end).find(is_empty).unwrap_or(end);
            let gap = if old.is_none() && begin < end { vec![bare.to_owned()] } else { vec![] };
            lines.splice(first..last, gap.into_iter().chain(paragraph));
        }
        "ts" => {
            let one_line = lines[begin].trim_start().starts_with("/**")
                && lines[begin].trim_end().ends_with("*/");
            if one_line {
                let text = lines[begin]
                    .trim()
                    .trim_start_matches("/**")
                    .trim_end_matches("*/")
                    .trim()
                    .to_owned();
                let opened = [String::from("  /**")]
                    .into_iter()
                    .chain(wrapped("   * ", &text, "   * ", WIDTH));
                lines.splice(begin..=begin, opened.chain(paragraph).chain([String::from("   */")]));
            } else {
                let closes = end - 1;
                let first = old.unwrap_or(closes);
                lines.splice(first..closes, paragraph);
            }
        }
        _ => {
            let is_one_line = begin == end;
            if is_one_line {
                let text = lines[begin].trim().trim_matches('"').to_owned();
                let opened = [format!("        \"\"\"{text}"), String::new()].into_iter();
                lines.splice(
                    begin..=begin,
                    opened.chain(paragraph).chain([String::from("        \"\"\"")]),
                );
            } else {
                let first = old.unwrap_or(end);
                let gap = if old.is_none() { vec![String::new()] } else { vec![] };
                lines.splice(first..end, gap.into_iter().chain(paragraph));
            }
        }
    }
    Some(lines.join("\n") + "\n")
}

#[test]
fn every_verb_documents_what_it_is_refused_with() {
    let mut stale = Vec::new();
    for language in &LANGUAGES {
        let mut paths: Vec<PathBuf> =
            files(&home().join("..").join(language.folder), language.ending);
        paths.retain(|path| {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            language.only.is_empty() || language.only.contains(&&*name)
        });
        for verb in VERBS.iter().filter(|verb| !verb.errors.is_empty()) {
            let Some(name) = (language.name)(verb.name) else { continue };
            let mut is_found = false;
            for path in &paths {
                let source = fs::read_to_string(path).expect("a source");
                let given = |kind: &&ErrorKind| {
                    language.brings_memory || **kind != ErrorKind::OutputTooSmall
                };
                let errors: Vec<ErrorKind> = verb.errors.iter().filter(given).copied().collect();
                let Some(wanted) = written(&source, language, &name, &errors) else { continue };
                is_found = true;
                if wanted == source {
                    continue;
                }
                if env::var_os("BLESS").is_some() {
                    fs::write(path, wanted).expect("a writable source");
                } else {
                    stale.push(format!("{} in {}", name, path.display()));
                }
            }
            assert!(is_found, "{name} is not in {}", language.folder);
        }
    }
    assert!(stale.is_empty(), "stale, BLESS=1 rewrites them: {stale:#?}");
}

/// Checks the table of names in `coming-from.md`, between its two markers.
#[test]
fn the_table_of_names() {
    let path = home().join("../core/docs/coming-from.md");
    let page = fs::read_to_string(&path).expect("the page");
    let (open, close) = (
        "<!-- verbs: tests/rust/tests/verbs.rs writes this table -->\n",
        "<!-- end of verbs -->\n",
    );
    let (before, rest) = page.split_once(open).expect("the opening mark");
    let (_, after) = rest.split_once(close).expect("the closing mark");
    let mut table = String::from(
        "| Rust | C | Python | JavaScript | whose | next | rule |\n|---|---|---|---|---|---|---|\n",
    );
    for verb in VERBS {
        let code =
            |name: Option<String>| name.map_or_else(|| "–".to_owned(), |name| format!("`{name}`"));
        let whose = verb.role.map_or("both", |role| role.name());
        let names = LANGUAGES.each_ref().map(|language| (language.name)(verb.name));
        let names = names.map(code).join(" | ");
        table += &format!("| {names} | {whose} | {} | {} |\n", linked(verb.next), verb.clause);
    }
    let wanted = format!("{before}{open}\n{table}\n{close}{after}");
    if env::var_os("BLESS").is_some() {
        fs::write(&path, &wanted).expect("a writable page");
    } else {
        assert!(wanted == page, "the table of names is stale; BLESS=1 rewrites it");
    }
}

/// Returns the `next` text of a `VERBS` row, with names marked as code.
fn linked(next: &str) -> String {
    let is_code = |word: &str| VERBS.iter().any(|verb| verb.name == word) || word == "Switched";
    let marked = next.split(' ').map(|word| {
        let bare = word.trim_end_matches([',', ';']);
        if is_code(bare) { format!("`{bare}`{}", &word[bare.len()..]) } else { word.to_owned() }
    });
    marked.collect::<Vec<_>>().join(" ")
}

/// Each method that changes a connection and may fail is in the table `VERBS`.
///
/// `advance` shares the row of `next_event`.
#[test]
fn every_method_that_may_fail_has_a_row() {
    let api = switchover_tests::tables::read("core/api.txt");
    let method = |line: &str| {
        let signature = line.strip_prefix("switchover::Connection: fn ")?.to_owned();
        let is_verb = signature.contains("(&mut self") && signature.contains("-> Result<");
        is_verb.then(|| signature[..signature.find(['(', '<']).unwrap_or_default()].to_owned())
    };
    let methods: Vec<String> = api.lines().filter_map(method).collect();
    assert!(methods.len() > 20, "{methods:?}");
    // The row of `next_event` also stands for `advance`.
    let has_row = |name: &str| name == "advance" || VERBS.iter().any(|verb| verb.name == name);
    let missing: Vec<&String> = methods.iter().filter(|name| !has_row(name)).collect();
    assert!(missing.is_empty(), "no row in core/src/binding/verbs.rs: {missing:?}");
}

/// Each method in the table is declared in every language that has a name for it.
///
/// Those of one role, and no others, can return `WrongRole`.
#[test]
fn every_verb_is_there() {
    for language in &LANGUAGES {
        let sources: Vec<String> = files(&home().join("..").join(language.folder), language.ending)
            .iter()
            .map(|path| fs::read_to_string(path).expect("a source"))
            .collect();
        for verb in VERBS {
            let is_of_one = verb.role.is_some();
            assert_eq!(is_of_one, verb.errors.contains(&ErrorKind::WrongRole), "{}", verb.name);
            let Some(name) = (language.name)(verb.name) else { continue };
            let declares = (language.declares)(&name);
            let generic = declares.replace('(', "<");
            let is_there = |line: &str| line.starts_with(&declares) || line.starts_with(&generic);
            assert!(
                sources.iter().any(|source| source.lines().any(is_there)),
                "{name} is not in {}",
                language.folder
            );
        }
    }
}

/// The methods that the adapter for tokio does not call.
const NOT_OBSERVED: &[&str] =
    &["pass_content", "hand_over", "set_limits", "respond_prepared", "note_response"];

/// The observer in the adapter for tokio covers each method that the adapter calls.
#[test]
fn every_verb_of_the_adapter_is_observed() {
    let path = home().join("../core/tokio/src/observe.rs");
    let source = fs::read_to_string(path).expect("observe.rs");
    for verb in VERBS {
        let is_observed = source.contains(&format!("    pub fn {}(", verb.name));
        let is_left_out = NOT_OBSERVED.contains(&verb.name);
        assert!(is_observed != is_left_out, "core/tokio/src/observe.rs: {}", verb.name);
    }
}
