//! A program that runs the test vectors of files, as the playground copies them.
//!
//! Each vector is run with its input split in all the ways that the tests use. They are: as given,
//! byte by byte, through `receive_buffer`, and in two pieces. For each vector that fails, the first
//! difference is printed.
//!
//! ```text
//! cargo run -p switchover-tests --bin play -- FILE...
//! ```

use std::path::Path;
use std::process::ExitCode;

use switchover_tests::script::{feeds, run};
use switchover_tests::vector::parse;

fn main() -> ExitCode {
    let (mut vectors, mut failures) = (0, 0);
    for file in std::env::args().skip(1) {
        for vector in parse(Path::new(&file)) {
            vectors += 1;
            if let Some(failure) =
                feeds(&vector).into_iter().find_map(|feed| run(&vector, feed).err())
            {
                failures += 1;
                println!("{failure}");
            }
        }
    }
    println!("{vectors} vectors, {failures} of them fail");
    if failures == 0 && vectors > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
