//! The tests of `switchover`, and what they share.
//!
//! `vector.rs` reads the Markdown of `vectors/`, `script.rs` runs one against the Rust API,
//! `text.rs` is the small escape language that both use. `corpus/` runs other projects' test
//! inputs. `fuzz/` checks any bytes, one of its targets by the second reader in `naive/`. `path.rs`
//! chooses how the engine scans meanwhile, `random.rs` what is random, `numbers.rs` holds how many
//! there are of everything, `names.rs` how each language spells it.

pub mod corpus;
pub mod export;
pub mod fuzz;
pub mod naive;
pub mod names;
pub mod numbers;
pub mod path;
mod plain;
pub mod random;
pub mod script;
pub mod suite;
pub mod tables;
pub mod text;
pub mod vector;
mod verbs;

use std::path::{Path, PathBuf};

/// Returns the folder `tests` of the repository.
pub fn home() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Returns every file below `folder` with that ending, in order.
pub fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in
        std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
    {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.file_name().is_some_and(|name| name == "README.md") {
            // A format's description shows examples that are not cases.
        } else if path.extension().is_some_and(|extension| extension == ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}
