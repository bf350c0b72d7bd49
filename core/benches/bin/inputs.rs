//! A program that writes the inputs to a folder, for benches in other languages.
//!
//! Each input is a file.

use std::path::PathBuf;

fn main() -> std::io::Result<()> {
    let folder = std::env::args_os()
        .nth(1)
        .map_or_else(|| switchover_benches::folder().join("inputs"), PathBuf::from);
    std::fs::create_dir_all(&folder)?;
    for input in switchover_benches::inputs::all() {
        std::fs::write(folder.join(input.name), &input.bytes)?;
        println!("{:<3} {:>8} bytes  {}", input.name, input.bytes.len(), input.what);
    }
    Ok(())
}
