//! A program that writes the test vectors for other engines, one case a line.
//!
//! `suite [FILE]` writes to FILE, by default `suite/cases.jsonl` in the target folder.

use std::{env, fs, path::PathBuf};

use switchover_tests::{home, suite};

fn main() -> std::io::Result<()> {
    let usual = || {
        let target = env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
        home().join("..").join(target).join("suite/cases.jsonl")
    };
    let file = env::args_os().nth(1).map_or_else(usual, PathBuf::from);
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let cases = suite::cases();
    fs::write(&file, cases.join("\n") + "\n")?;
    println!("{} cases in {}", cases.len(), file.display());
    Ok(())
}
