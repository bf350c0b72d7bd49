//! A program that writes all test cases for the runners in other languages.
//!
//! `export [FOLDER]` writes `cases.txt` and `digests.txt` to FOLDER, by default `target/vectors`.

use std::fmt::Write;
use std::{env, fs, path::PathBuf};

use switchover_tests::export::{block, cases, digest};
use switchover_tests::numbers;

fn main() -> std::io::Result<()> {
    let folder = PathBuf::from(env::args().nth(1).unwrap_or_else(|| "target/vectors".into()));
    let (mut blocks, mut digests) = (String::new(), String::new());
    let cases = cases();
    for vector in &cases {
        blocks.push_str(&block(vector));
        writeln!(digests, "{} {:016x}", vector.name, digest(vector)).expect("a string");
    }
    numbers::check("cases for the other languages", cases.len());
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("cases.txt"), blocks)?;
    fs::write(folder.join("digests.txt"), digests)?;
    println!("{} cases in {}", cases.len(), folder.display());
    Ok(())
}
