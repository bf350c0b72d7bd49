//! Plays the vectors of files, such as those that the page copies.
//!
//! Each is played whole, byte by byte, and cut in two at every place. The output says where one
//! differs.
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
