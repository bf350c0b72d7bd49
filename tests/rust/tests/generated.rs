//! Checks of committed files that are generated from the code.
//!
//! An outdated file fails the test; `BLESS=1` rewrites it, for review of the diff.

use std::fmt::Write;
use std::fs;

use switchover::{Blame, ErrorKind, Lenient, Limits};
use switchover_tests::numbers;
use switchover_tests::{home, suite};

fn compare(path: &str, wanted: &str) {
    let path = home().join("..").join(path);
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, wanted).expect("a writable file");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == wanted, "{} is stale; BLESS=1 rewrites it", path.display());
}

#[test]
fn the_table_of_errors() {
    let mut text = String::from(
        "# Errors\n\nPrinted from `core/src/error/table.rs`; `BLESS=1 cargo test -p switchover-tests --test generated` rewrites it.\n\n\
         The numbers are stable. 1xx: start line. 2xx: field lines. 3xx: what the head means. 4xx: content. 5xx: the\n\
         connection. 6xx: the switch. 8xx: decisions that the state refuses. 9xx: decisions that are malformed.\n\n\
         Status is what a server answers with. The contract is that of the crate's documentation.\n\n\
         | number | name | whose fault | status | rule | what is wrong | what to do |\n|---|---|---|---|---|---|---|\n",
    );
    for kind in ErrorKind::ALL {
        let blame = match kind.blame() {
            Blame::Peer => "the peer's",
            Blame::Local => "yours",
        };
        let status = kind.status().map_or("–".into(), |status| status.to_string());
        let (rule, wrong, todo) = (kind.clause(), kind.text(), kind.advice());
        writeln!(
            text,
            "| {} | `{}` | {blame} | {status} | {rule} | {wrong} | {todo} |",
            kind.code(),
            kind.name()
        )
        .unwrap();
        assert!(rule.starts_with("RFC ") || rule == "the contract", "{rule}");
        assert!(todo.ends_with('.') && !todo.contains('|'), "{todo}");
        assert_advice_is_about_what_there_is(todo);
    }
    compare("core/docs/errors.md", &text);
}

/// Checks that the limits and leniencies named in an error's advice exist.
fn assert_advice_is_about_what_there_is(advice: &str) {
    for word in advice.split('`') {
        match word.split_once('.') {
            Some(("limits", name)) => assert!(Limits::DEFAULT.clone().set(name, 1), "{advice}"),
            Some(("lenient", name)) => assert!(Lenient::none().set(name, true), "{advice}"),
            _ => {}
        }
    }
}

#[test]
fn the_cases_for_other_engines() {
    let cases = suite::cases();
    let refusals = suite::REFUSALS.iter().map(|(names, level, clause, _)| (names, level, clause));
    let rules = suite::EXCEPTIONS.iter().map(|(names, level, clause)| (names, level, clause));
    for (names, level, clause) in rules.chain(refusals) {
        for name in names.split(' ') {
            let case = cases.iter().find(|case| case.starts_with(&format!("{{\"id\": \"{name}\"")));
            let case = case.unwrap_or_else(|| panic!("{name} is no case"));
            assert!(
                case.contains(&format!("\"level\":\"{level}\""))
                    && case.contains(&format!("\"clause\":\"{clause}\""))
            );
        }
    }
    numbers::check("cases for other engines", cases.len());
}

#[test]
fn numbers_and_names_of_errors_are_unique_and_in_order() {
    let codes: Vec<u16> = ErrorKind::ALL.iter().map(|kind| kind.code()).collect();
    assert!(codes.windows(2).all(|pair| pair[0] < pair[1]), "{codes:?}");
    let mut names: Vec<&str> = ErrorKind::ALL.iter().map(|kind| kind.name()).collect();
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
}

/// Every error of a peer or a caller occurs in at least one test vector.
///
/// Left out are the errors that the test lists, each with its reason.
#[test]
fn every_error_has_a_vector() {
    let lines: Vec<String> = switchover_tests::files(&home().join("vectors"), "md")
        .iter()
        .flat_map(|file| {
            fs::read_to_string(file)
                .expect("a vector file")
                .lines()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect();
    let elsewhere = [
        // The runner tries each output with too little space, so no vector needs to say it.
        ErrorKind::OutputTooSmall,
        // Tested with an allocator that fails: `ffi-c/tests/memory.c`.
        ErrorKind::OutOfMemory,
        // Tested in `misuse.rs`: these need two connections, many requests, or unread input.
        ErrorKind::UnreadInput,
        ErrorKind::NotOffered,
        ErrorKind::PipelineFull,
        // Errors that no order of calls produces: a server sends no request, and a connection that
        // failed keeps the peer's error.
        ErrorKind::Unanswered,
        ErrorKind::Failed,
    ];
    let missing: Vec<&str> = ErrorKind::ALL
        .iter()
        .filter(|kind| !elsewhere.contains(kind))
        .map(|kind| kind.name())
        .filter(|name| {
            let refused = format!("? {name}");
            !lines.iter().any(|line| {
                *line == refused
                    || line.starts_with("= error") && line.contains(&format!(" {name} "))
            })
        })
        .collect();
    assert!(missing.is_empty(), "no vector shows {missing:?}");
}

/// Every upgrade token with rules of its own is offered in at least one vector.
#[test]
fn every_row_of_the_policies_has_a_vector() {
    let source = switchover_tests::tables::read("core/src/upgrade/policy.rs");
    let (_, rows) = source.split_once("static TABLE: &[Policy] = &[").expect("the rows");
    let name = |row: &str| {
        let (_, rest) = row.split_once("name: \"")?;
        Some(rest.split_once('"')?.0.to_lowercase())
    };
    let tokens: Vec<String> = rows.split("Policy {").skip(1).filter_map(name).collect();
    assert!(tokens.len() >= 6, "{tokens:?}");
    let texts: Vec<String> = switchover_tests::files(&home().join("vectors"), "md")
        .iter()
        .map(|file| fs::read_to_string(file).expect("a vector file").to_lowercase())
        .collect();
    // Either `Upgrade: TOKEN` on the wire or `offer TOKEN` as a call, with an optional version.
    let is_offered = |token: &&String| {
        let openings = [format!("upgrade: {token}"), format!(" offer {token}")];
        let is_end =
            |rest: &str| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-');
        texts.iter().flat_map(|text| text.lines()).any(|line| {
            openings.iter().any(|opening| {
                line.split_once(opening.as_str()).is_some_and(|(_, rest)| is_end(rest))
            })
        })
    };
    let missing: Vec<&String> = tokens.iter().filter(|token| !is_offered(token)).collect();
    assert!(missing.is_empty(), "no vector offers {missing:?}");
}

#[test]
fn every_limit_is_documented_with_its_default() {
    let source = fs::read_to_string(home().join("../core/src/limits.rs")).expect("limits.rs");
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let values: Vec<String> = Limits::DEFAULT.table().map(|(_, value)| value.to_string()).collect();
    let comments: Vec<&str> =
        source.lines().filter_map(|line| line.trim_start().strip_prefix("///")).collect();
    let text = comments.join("").split_whitespace().collect::<Vec<_>>().join(" ");
    let documented: Vec<String> = text
        .split("Default ")
        .skip(1)
        .map(|value| digits(value.split([' ', '.']).next().unwrap_or_default()))
        .collect();
    assert_eq!(documented, values);
}
