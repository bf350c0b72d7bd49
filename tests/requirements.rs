//! Holds `requirements.md` to the truth: every row has a proof that exists and claims it, or says whose duty it is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use switchover_tests::vector::load;
use switchover_tests::{files, home};

/// How many rows may stand unimplemented.
const OPEN: usize = 10;

struct Row {
    id: String,
    proof: String,
}

fn rows() -> Vec<Row> {
    let text = fs::read_to_string(home().join("requirements.md")).expect("the table");
    let cells = |line: &str| line.replace("\\|", "\u{1}").split('|').map(|cell| cell.trim().to_owned()).collect();
    text.lines()
        .filter(|line| line.starts_with("| R"))
        .map(|line| {
            let cells: Vec<String> = cells(line);
            Row { id: cells[1].clone(), proof: cells[5].clone() }
        })
        .collect()
}

/// Which requirements each vector claims.
fn claims() -> BTreeMap<String, Vec<String>> {
    load(&home().join("vectors")).into_iter().map(|vector| (vector.name, vector.proves)).collect()
}

/// The names of all Rust tests of the workspace.
fn rust_tests() -> BTreeSet<String> {
    let core = home().join("../core/src");
    let sources = files(&core, "rs").into_iter().chain(files(home(), "rs"));
    let mut names = BTreeSet::new();
    for source in sources {
        let text = fs::read_to_string(&source).expect("a source file");
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if line.trim() == "#[test]"
                && let Some(name) = lines.next().and_then(|next| next.trim().strip_prefix("fn ")?.split('(').next())
            {
                names.insert(name.to_owned());
            }
        }
    }
    names
}

#[test]
fn every_requirement_has_a_proof_that_exists() {
    let (claims, tests) = (claims(), rust_tests());
    let (mut proven, mut duties, mut open, mut wrong) = (0, 0, 0, Vec::new());
    for Row { id, proof } in rows() {
        if proof.starts_with("host's duty: ") {
            duties += 1;
        } else if proof.starts_with("not implemented: ") {
            open += 1;
        } else {
            proven += 1;
            // A remark in parentheses may follow the names.
            let names = proof.split(" (").next().unwrap_or_default();
            for name in names.split(',').map(|name| name.trim().trim_matches('`')) {
                match claims.get(name) {
                    Some(ids) if ids.contains(&id) => {}
                    Some(_) => wrong.push(format!("{id}: {name} does not claim it")),
                    None if tests.contains(name) => {}
                    None => wrong.push(format!("{id}: {name:?} does not exist")),
                }
            }
        }
    }
    println!("{proven} requirements proven, {duties} the host's duty, {open} not implemented");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(proven + duties + open, 401, "rows have come or gone");
    assert!(open <= OPEN, "{open} are not implemented");
}

#[test]
fn every_claim_is_about_a_known_requirement() {
    let known: BTreeSet<String> = rows().into_iter().map(|row| row.id).collect();
    for (vector, ids) in claims() {
        for id in &ids {
            assert!(known.contains(id), "{vector} claims {id}, which is not in the table");
        }
    }
}
