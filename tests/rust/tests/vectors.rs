//! Tests that run every vector, with its input cut in many ways.
//!
//! Inputs over 4,096 bytes are cut in two only at some places. With `SAMPLE` set to a number `n`,
//! one in `n` vectors runs.
//!
//! `BLESS=1` rewrites the expected results in the files, and prints each changed line. A vector
//! that fails to run keeps its lines.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::PathBuf;

use switchover_tests::path::sample;
use switchover_tests::plain::PLAIN;
use switchover_tests::queries::QUERIES;
use switchover_tests::script::{Feed, changes, feeds, renewed, run};
use switchover_tests::vector::{Item, Vector, load};
use switchover_tests::{home, numbers};

fn vectors() -> Vec<Vector> {
    load(&home().join("vectors"))
}

#[test]
fn every_vector_in_every_cut() {
    if std::env::var_os("BLESS").is_some() {
        let refused = rewrite(&vectors());
        assert!(refused.is_empty(), "left as they are, because they fail:\n{}", refused.join("\n"));
    }
    let vectors = vectors();
    let (mut runs, mut failures) = (0, Vec::new());
    for vector in vectors.iter().step_by(sample()) {
        for feed in feeds(vector) {
            runs += 1;
            if let Err(failure) = run(vector, feed) {
                failures.push(failure);
                break;
            }
        }
    }
    println!("{} vectors, {runs} runs", vectors.len());
    assert!(
        failures.is_empty(),
        "{} of {} fail:\n{}",
        failures.len(),
        vectors.len(),
        failures.join("\n")
    );
    numbers::check("vectors", vectors.len());
    if sample() == 1 {
        numbers::check("runs of vectors, each cut in another way", runs);
    }
}

#[test]
fn no_vector_is_lost() {
    let mut folders: BTreeMap<String, usize> = BTreeMap::new();
    for vector in vectors() {
        let folder = vector.file.parent().and_then(|folder| folder.file_name()).expect("a folder");
        *folders.entry(folder.to_string_lossy().into_owned()).or_default() += 1;
    }
    for (folder, count) in folders {
        numbers::check(&format!("vectors in {folder}"), count);
    }
}

/// A vector without an error that `tidy` cures has the same result with `tidy`.
#[test]
fn tidy_changes_nothing_that_strict_takes() {
    let cured =
        ["invalid-host", "framing-conflict", "reserved-field", "trailer-forbidden", "host-differs"];
    let is_cured =
        |item: &Item| matches!(item, Item::Refused(error) if cured.contains(&error.as_str()));
    let mut strict: Vec<Vector> =
        vectors().into_iter().filter(|vector| !vector.items.iter().any(is_cured)).collect();
    for vector in &mut strict {
        vector.config.tidy = true;
        run(vector, Feed::Whole).unwrap_or_else(|failure| panic!("under tidy: {failure}"));
    }
    numbers::check("vectors that tidy changes nothing of", strict.len());
}

#[test]
fn names_are_unique_and_each_proves_something() {
    let mut seen = BTreeMap::new();
    for vector in vectors() {
        assert!(!vector.proves.is_empty(), "{} names no requirement", vector.name);
        if let Some(other) = seen.insert(vector.name.clone(), vector.file.clone()) {
            panic!("{} stands in {} and {}", vector.name, other.display(), vector.file.display());
        }
    }
}

#[test]
fn every_query_and_plain_decision_is_in_a_vector_and_documented() {
    let page = fs::read_to_string(home().join("vectors/README.md")).expect("the page");
    let vectors = vectors();
    let is_made = |verb: &str| {
        let mut items = vectors.iter().flat_map(|vector| &vector.items);
        items.any(|item| matches!(item, Item::Do(decision) if decision == verb))
    };
    let verbs =
        QUERIES.iter().map(|query| query.short).chain(PLAIN.iter().map(|plain| plain.short));
    for verb in verbs {
        assert!(is_made(verb), "no vector has `{verb}`");
        assert!(page.contains(&format!("`{verb}`")), "vectors/README.md does not name `{verb}`");
    }
}

/// Rewrites the expected results; returns the failures of vectors where it cannot.
fn rewrite(vectors: &[Vector]) -> Vec<String> {
    let mut files: BTreeMap<PathBuf, Vec<&Vector>> = BTreeMap::new();
    for vector in vectors {
        files.entry(vector.file.clone()).or_default().push(vector);
    }
    let mut refused = Vec::new();
    for (file, vectors) in files {
        let text = fs::read_to_string(&file).expect("a vector file");
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        for vector in vectors.iter().rev() {
            match renewed(vector) {
                Ok(block) => {
                    let old = lines
                        .splice(vector.lines.clone(), block.lines().map(str::to_owned))
                        .collect::<Vec<_>>();
                    show(&vector.name, &changes(&old.join("\n"), &block));
                }
                Err(failure) => refused.push(failure),
            }
        }
        fs::write(&file, lines.join("\n") + "\n").expect("a writable vector file");
    }
    refused
}

/// Prints a vector's changed lines; unlike `println!`, also in a test that passes.
fn show(name: &str, changes: &[String]) {
    if !changes.is_empty() {
        writeln!(std::io::stdout(), "# {name}:\n#   {}", changes.join("\n#   "))
            .expect("standard output");
    }
}
