//! Checks that each row of `requirements.md` has a proof that claims it.
//!
//! Left out are the rows that are the caller's duty or not implemented. A vector claims the ids on
//! its `Proves:` line. A Rust test, or a Python case with real programs, claims the ids after
//! `Proves:` in its documentation.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use switchover_tests::vector::load;
use switchover_tests::{files, home, numbers};

struct Row {
    id: String,
    proof: String,
}

fn rows() -> Vec<Row> {
    let text = fs::read_to_string(home().join("requirements.md")).expect("the table");
    let cells = |line: &str| {
        line.replace("\\|", "\u{1}").split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    text.lines()
        .filter(|line| line.starts_with("| R"))
        .map(|line| {
            let cells: Vec<String> = cells(line);
            Row { id: cells[1].clone(), proof: cells[5].clone() }
        })
        .collect()
}

/// The requirements that each vector, Rust test and Python case claims, by name.
type Claims = BTreeMap<String, Vec<String>>;

fn claims() -> Claims {
    let mut claims: Claims = load(&home().join("vectors"))
        .into_iter()
        .map(|vector| (vector.name, vector.proves))
        .collect();
    for source in files(&home().join("../core/src"), "rs").iter().chain(&files(home(), "rs")) {
        add_tests(&mut claims, source);
    }
    for source in files(&home().join("interop"), "py") {
        add_cases(&mut claims, &source);
    }
    claims
}

/// Adds the cases of a Python source file, which test with real programs.
///
/// The cases are the functions with the decorator `@case`; their docstrings may claim ids.
fn add_cases(claims: &mut Claims, source: &Path) {
    let text = fs::read_to_string(source).expect("a source file");
    for case in text.split("\n@case(").skip(1) {
        let name = case.split_once("\ndef ").and_then(|(_, rest)| rest.split_once('('));
        let (name, rest) = name.expect("a function after @case");
        let documentation =
            rest.trim_start_matches(|c| c != '\n').trim_start().strip_prefix("\"\"\"");
        let documentation =
            documentation.and_then(|rest| rest.split("\"\"\"").next()).unwrap_or_default();
        claims.entry(name.to_owned()).or_default().extend(claimed(documentation));
    }
}

/// Adds the functions of a Rust source file that have the attribute `#[test]`.
///
/// A test claims the ids in the doc comment right above it.
fn add_tests(claims: &mut Claims, source: &Path) {
    let text = fs::read_to_string(source).expect("a source file");
    let (mut documentation, mut is_test) = (String::new(), false);
    for line in text.lines().map(str::trim) {
        if let Some(words) = line.strip_prefix("///") {
            documentation.push_str(words);
        } else if line.starts_with("#[") {
            is_test |= line == "#[test]";
        } else {
            let name = line.strip_prefix("fn ").and_then(|rest| rest.split('(').next());
            if let Some(name) = name.filter(|_| is_test) {
                claims.entry(name.to_owned()).or_default().extend(claimed(&documentation));
            }
            documentation.clear();
            is_test = false;
        }
    }
}

/// Returns the ids after `Proves:` in a doc comment.
fn claimed(documentation: &str) -> impl Iterator<Item = String> {
    let list = documentation.split_once("Proves:").map_or("", |(_, list)| list);
    list.split(',').map(|id| id.trim().trim_end_matches('.').to_owned()).filter(|id| !id.is_empty())
}

#[test]
fn every_requirement_has_a_proof_that_claims_it() {
    let claims = claims();
    let (mut proven, mut duties, mut open, mut wrong) = (0, 0, 0, Vec::new());
    for Row { id, proof } in rows() {
        if proof.starts_with("caller's duty: ") {
            duties += 1;
        } else if proof.starts_with("not implemented: ") {
            open += 1;
        } else {
            proven += 1;
            // A remark in parentheses may follow the names of the proofs.
            let names = proof.split(" (").next().unwrap_or_default();
            for name in names.split(',').map(|name| name.trim().trim_matches('`')) {
                match claims.get(name) {
                    Some(ids) if ids.contains(&id) => {}
                    Some(_) => wrong.push(format!("{id}: {name} does not claim it")),
                    None => wrong.push(format!("{id}: {name:?} does not exist")),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    numbers::check("requirements with a proof", proven);
    numbers::check("requirements that are the caller's duty", duties);
    numbers::check("requirements that are not implemented", open);
}

#[test]
fn every_claim_is_about_a_known_requirement() {
    let known: BTreeSet<String> = rows().into_iter().map(|row| row.id).collect();
    for (name, ids) in claims() {
        for id in &ids {
            assert!(known.contains(id), "{name} claims {id}, which is not in the table");
        }
    }
}
