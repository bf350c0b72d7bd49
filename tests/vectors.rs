//! Runs every vector in every way its input can be cut. `BLESS=1` rewrites what the files say comes out; the diff is
//! to be read.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use switchover_tests::home;
use switchover_tests::path::sample;
use switchover_tests::script::{bless, feeds, run};
use switchover_tests::vector::{Vector, load};

fn vectors() -> Vec<Vector> {
    load(&home().join("vectors"))
}

#[test]
fn every_vector_in_every_cut() {
    if std::env::var_os("BLESS").is_some() {
        rewrite(&vectors());
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
    assert!(failures.is_empty(), "{} of {} fail:\n{}", failures.len(), vectors.len(), failures.join("\n"));
    let in_folder = |folder: &str| {
        vectors.iter().filter(|vector| vector.file.components().any(|part| part.as_os_str() == folder)).count()
    };
    let (captures, upgrade) = (in_folder("captures"), in_folder("upgrade"));
    assert!(vectors.len() - captures >= 500 && upgrade >= 150 && captures >= 276, "vectors have been lost");
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

fn rewrite(vectors: &[Vector]) {
    let mut files: BTreeMap<PathBuf, Vec<&Vector>> = BTreeMap::new();
    for vector in vectors {
        files.entry(vector.file.clone()).or_default().push(vector);
    }
    for (file, vectors) in files {
        let text = fs::read_to_string(&file).expect("a vector file");
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        for vector in vectors.iter().rev() {
            lines.splice(vector.lines.clone(), bless(vector).lines().map(str::to_owned)).for_each(drop);
        }
        fs::write(&file, lines.join("\n") + "\n").expect("a writable vector file");
    }
}
