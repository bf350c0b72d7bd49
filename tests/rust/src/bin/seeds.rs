//! Writes the inputs that fuzzing begins with.
//!
//! `seeds FOLDER` makes `FOLDER/TARGET/…`, a file for each.

use std::path::Path;

use switchover_tests::fuzz::TARGETS;

fn main() -> std::io::Result<()> {
    let folder = std::env::args().nth(1).expect("seeds FOLDER");
    for target in TARGETS {
        let folder = Path::new(&folder).join(target.name);
        std::fs::create_dir_all(&folder)?;
        let seeds = (target.seeds)();
        for (index, seed) in seeds.iter().enumerate() {
            std::fs::write(folder.join(format!("{index:04}")), seed)?;
        }
        println!("{}: {} seeds", target.name, seeds.len());
    }
    Ok(())
}
