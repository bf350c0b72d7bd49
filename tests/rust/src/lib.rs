//! The code that the tests of `switchover` share.
//!
//! `vector.rs` parses the test vectors of `vectors/`, `script/` runs a vector against the Rust API,
//! and `text.rs` has the vectors' escapes. `corpus/` runs test inputs of other projects.
//! `fuzz/` has the fuzz targets; two of them compare the engine with the reader in `naive/`.
//! `message.rs` makes messages of events, for `corpus/` and `fuzz/`.
//! `path.rs` chooses the engine's scanning instructions and the share of cases to run, `random.rs`
//! makes random numbers.
//! `numbers.rs` checks that sets, such as all vectors, do not shrink. `names.rs` spells names for
//! other languages.
//! `export.rs` and `suite.rs` write vectors for other runners, `tables.rs` lists the core's enums.
//! `plain.rs` and `queries.rs` list methods that vectors call. `verbs.rs` checks that a method
//! returns only errors that the core lists for it.

pub mod corpus;
pub mod export;
pub mod fuzz;
pub mod message;
pub mod naive;
pub mod names;
pub mod numbers;
pub mod path;
pub mod plain;
pub mod queries;
pub mod random;
pub mod script;
pub mod suite;
pub mod tables;
pub mod text;
pub mod vector;
mod verbs;

use std::path::{Path, PathBuf};

/// Returns the path of the folder `tests` of the repository.
pub fn home() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Returns all files below `folder` with the extension `ending`, sorted.
///
/// Files named `README.md` are left out.
pub fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in
        std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
    {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.file_name().is_some_and(|name| name == "README.md") {
            // A README describes a format, with examples that are no cases.
        } else if path.extension().is_some_and(|extension| extension == ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}
