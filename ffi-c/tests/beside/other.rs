//! Another static Rust library, to be linked beside that of the C binding.
//!
//! It contains the standard library, and the symbols that every such library defines.

/// Returns 1 if memory can be allocated and a panic can be caught, else 0.
#[unsafe(no_mangle)]
pub extern "C" fn other_works() -> i32 {
    let squares: Vec<String> = (1..4).map(|number| (number * number).to_string()).collect();
    let panicked = std::panic::catch_unwind(|| squares[usize::MAX >> 1].len()).is_err();
    i32::from(panicked && squares.concat() == "149")
}
