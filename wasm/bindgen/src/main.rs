//! Generates the wasm-bindgen glue code, and the core's tables as TypeScript.
//!
//! `glue MODULE FOLDER` writes the processed module and its JavaScript glue to a folder. `tables`
//! prints the core's enums, limits, flags and other constants as TypeScript.

mod tables;

use std::{env, process::ExitCode};

use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["glue", module, folder] => glue(module, folder),
        ["tables"] => {
            print!("{}", tables::typescript());
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("glue MODULE FOLDER | tables");
            ExitCode::FAILURE
        }
    }
}

fn glue(module: &str, folder: &str) -> ExitCode {
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(module)
        .out_name("glue")
        .typescript(true)
        // The TypeScript code locates the module; the glue must not name a file of its own.
        .omit_default_module_path(true)
        .remove_name_section(true)
        .remove_producers_section(true);
    match bindgen.web(true).and_then(|bindgen| bindgen.generate(folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:?}");
            ExitCode::FAILURE
        }
    }
}
